//! Who may write to a run directory, what a new run there replaces, and what its files say of themselves.
#![allow(missing_docs)]

use aon::dims::Dims;
use aon::engine::{Adam, LossKind, Problem, TimeConstants};
use aon::network::{Area, Constraint, Dale, Layout, Population, SignConstraint};
use aon::train::*;
use std::path::{Path, PathBuf};

fn begin(directory: &RunDirectory, seed: u64) {
    directory.write_manifest(&Manifest::new(seed, [].into())).unwrap();
    directory.write("history.csv", &format!("of {seed}")).unwrap();
    directory.write(CONFIG, &format!("seed = {seed}")).unwrap();
}

fn seed_in(path: &Path) -> String {
    std::fs::read_to_string(path.join(CONFIG)).unwrap()
}

/// Every file below `path` but locks, by name.
fn listing(path: &Path) -> Vec<String> {
    fn gather(root: &Path, path: &Path, all: &mut Vec<String>) {
        for entry in std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                gather(root, &entry, all);
            } else if entry.file_name().unwrap() != ".lock" {
                all.push(entry.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut all = Vec::new();
    gather(path, path, &mut all);
    all.sort();
    all
}

#[test]
fn one_writer_at_a_time_and_no_run_is_overwritten_by_accident() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("out/run");
    assert!(RunDirectory::open(&path).unwrap_err().to_string().contains("holds no run"));

    let first = RunDirectory::create(&path, false).unwrap();
    assert!(RunDirectory::create(&path, false).unwrap_err().to_string().contains("another process"));
    begin(&first, 1);
    drop(first);

    let error = RunDirectory::create(&path, false).unwrap_err();
    assert!(error.to_string().contains("`resume = ") && error.exit_code() == 2, "{error}");
    for place in ["", "figures", "perturb", "perturb/lesions", "perturb/figures"] {
        std::fs::create_dir_all(path.join(place)).unwrap();
        std::fs::write(path.join(place).join(".aon-123.tmp"), "half").unwrap();
    }
    drop(RunDirectory::open(&path).unwrap());
    assert_eq!(listing(&path), ["config.toml", "history.csv", "manifest.json"]);
}

/// A directory without a run is nobody's to clear, whatever is asked for.
#[test]
fn files_of_others_stay() {
    let parent = tempfile::tempdir().unwrap();
    for file in ["weights.mat", "report.html", "summary.csv"] {
        let path = parent.path().join(file.replace('.', "-"));
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join(file), "mine").unwrap();
        for overwrite in [false, true] {
            let error = RunDirectory::create(&path, overwrite).unwrap_err();
            assert!(error.to_string().contains(file) && error.exit_code() == 2, "{error}");
        }
        assert_eq!(listing(&path), [file]);
    }
}

#[test]
fn a_run_stays_until_the_one_that_replaces_it_is_whole() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    begin(&RunDirectory::create(&path, false).unwrap(), 1);
    let before = listing(&path);

    let withdrawn = RunDirectory::create(&path, true).unwrap();
    assert!(withdrawn.awaits_commit() && !withdrawn.holds_a_run());
    begin(&withdrawn, 2);
    assert_eq!(seed_in(&path), "seed = 1");
    drop(withdrawn);
    assert_eq!((listing(&path), seed_in(&path)), (before, "seed = 1".into()));

    let next = RunDirectory::create(&path, true).unwrap();
    let copy = next.clone();
    begin(&next, 2);
    next.commit().unwrap();
    assert!(!copy.awaits_commit() && copy.file(CONFIG) == path.join(CONFIG));
    assert_eq!(seed_in(&path), "seed = 2");
    assert_eq!(std::fs::read_to_string(path.join("history.csv")).unwrap(), "of 2");
}

/// A replacement that is cut off after any of its parts is finished by whoever opens the run next.
#[test]
fn a_crash_in_a_replacement_leaves_one_run_or_the_other() {
    let stages = [(".aon-new", "seed = 1"), (".aon-commit", "seed = 2"), (".aon-arrive", "seed = 2")];
    for (stage, expected) in stages {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        begin(&RunDirectory::create(&path, false).unwrap(), 1);
        std::fs::write(path.join("fit.csv"), "of 1").unwrap();
        let other = parent.path().join("other");
        begin(&RunDirectory::create(&other, false).unwrap(), 2);
        std::fs::remove_file(other.join(".lock")).unwrap();
        std::fs::rename(&other, path.join(stage)).unwrap();
        if stage == ".aon-arrive" {
            // The old run is gone by then, and some files of the new one have arrived.
            for file in ["fit.csv", CONFIG, MANIFEST, "history.csv"] {
                std::fs::remove_file(path.join(file)).unwrap();
            }
            std::fs::rename(path.join(stage).join("history.csv"), path.join("history.csv")).unwrap();
        }
        finish_replacement(&path).unwrap();
        assert_eq!(seed_in(&path), expected, "{stage}");
        drop(RunDirectory::open(&path).unwrap());
        let files = listing(&path);
        assert_eq!(files.contains(&"fit.csv".into()), expected == "seed = 1", "{files:?}");
        assert!(files.iter().all(|f| !f.contains(".aon")), "{files:?}");
    }
}

#[test]
fn a_replacement_takes_the_whole_run_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let (path, far) = (parent.path().join("batch"), parent.path().join("far"));
    let batch = RunDirectory::create(&path, false).unwrap();
    begin(&batch, 3);
    for seed in [3, 4] {
        let run = batch.member(seed);
        run.prepare().unwrap();
        begin(&run, seed);
    }
    drop(batch);
    let write = |file: &str| {
        std::fs::create_dir_all(path.join(file).parent().unwrap()).unwrap();
        std::fs::write(path.join(file), "…").unwrap();
    };
    let ours = [
        "report.html",
        "weights.mat",
        "figures/fit.svg",
        "perturb/effects.csv",
        "perturb/lesions/001.npz",
        "perturb/lesions/cells-002.npz",
        "perturb/figures/effects.svg",
        "seed-3/figures/loss.svg",
        "seed-3/perturb/report.html",
    ];
    let theirs = [
        "notes.txt",
        "figures/mine.svg",
        "figures/poster.pdf",
        "perturb/mine.csv",
        "perturb/lesions/draft.npz",
        "seed-4/notes.txt",
        "seed-5/history.csv",
        "perturb/figures/mine.svg",
    ];
    ours.iter().chain(&theirs).for_each(|file| write(file));
    // Figures that are a link lead to someone else's.
    #[cfg(unix)]
    {
        std::fs::create_dir(&far).unwrap();
        std::fs::write(far.join("fit.svg"), "mine").unwrap();
        std::os::unix::fs::symlink(&far, path.join("seed-4/figures")).unwrap();
    }

    let next = RunDirectory::create(&path, true).unwrap();
    begin(&next, 9);
    next.commit().unwrap();
    let mut expected: Vec<String> = theirs.iter().map(ToString::to_string).collect();
    expected.extend([CONFIG, MANIFEST, "history.csv"].map(String::from));
    if cfg!(unix) {
        expected.push("seed-4/figures/fit.svg".into());
        assert!(far.join("fit.svg").exists());
    }
    expected.sort();
    assert_eq!(listing(&path), expected);
}

/// Input files stay, also under names of ours.
#[test]
fn inputs_of_either_run_stay() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("run");
    begin(&RunDirectory::create(&path, false).unwrap(), 1);
    std::fs::write(path.join("weights.mat"), "the rates").unwrap();
    std::fs::write(path.join("weights.npz"), "an export").unwrap();
    let next = RunDirectory::create(&path, true).unwrap();
    next.write_manifest(&Manifest::new(2, [(path.join("weights.mat"), "00".to_string())].into())).unwrap();
    next.write(CONFIG, "seed = 2").unwrap();
    next.commit().unwrap();
    assert!(path.join("weights.mat").exists() && !path.join("weights.npz").exists());
}

#[cfg(unix)]
#[test]
fn a_run_that_was_moved_writes_nothing_where_it_was() {
    let parent = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (parent.path().join("run"), parent.path().join("elsewhere"));
    let moved = RunDirectory::create(&path, false).unwrap();
    begin(&moved, 1);
    std::fs::rename(&path, &elsewhere).unwrap();
    let refused = |moved: &RunDirectory| {
        let error = moved.write("fit.csv", "of 1").unwrap_err();
        assert!(error.to_string().contains("moved") && error.exit_code() == 1, "{error}");
    };
    refused(&moved);
    begin(&RunDirectory::create(&path, false).unwrap(), 2);
    refused(&moved);
    assert_eq!((seed_in(&path), seed_in(&elsewhere)), ("seed = 2".into(), "seed = 1".into()));
    // A batch whose directory is another now, seen from its runs.
    refused(&moved.member(4));
}

/// A batch that is being trained keeps its runs, and one of them that is being studied keeps the batch from it.
#[test]
fn a_batch_and_its_runs_are_held_together() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("batch");
    let batch = RunDirectory::create(&path, false).unwrap();
    begin(&batch, 1);
    for seed in [1, 2] {
        batch.member(seed).prepare().unwrap();
        begin(&batch.member(seed), seed);
    }
    let run = |seed: u64| RunDirectory::open(&path.join(member_name(seed)));
    assert!(run(1).unwrap_err().to_string().contains("another process"));
    drop(batch);
    let (first, second) = (run(1).unwrap(), run(2).unwrap());
    assert!(RunDirectory::open(&path).is_err() && run(1).is_err());
    drop((first, second));
    RunDirectory::open(&path).unwrap();
}

fn problem(sign: SignConstraint) -> Problem {
    let areas = vec![Area { name: "A".into(), size: 3 }, Area { name: "B".into(), size: 1 }];
    let dims = Dims {
        networks: 1,
        neurons: 4,
        conditions: 2,
        time_steps: 2,
        thermal: 0,
        steps_per_bin: 1,
        bins: 2,
        channels: 3,
        sequences: 1,
        input_groups: 2,
    };
    Problem {
        dims,
        population: Population::new(areas, vec![false, true, false, true], None).unwrap(),
        constraint: Constraint { dale: Dale::Presynaptic, sign },
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: vec![0, 1],
        sequence: vec![0, 0],
        bins: vec![2, 2],
        stimulus: vec![0.0; 6],
        targets: vec![0.0; 16],
        initial_x: vec![0.0; 8],
        initial_r: vec![0.0; 8],
        recurrent: true,
    }
}

#[test]
fn weights_come_back_exactly_under_every_constraint() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("best.safetensors");
    for sign in [SignConstraint::Softplus, SignConstraint::Reflect, SignConstraint::Clamp] {
        let problem = problem(sign);
        let layout = Layout::new(&problem.dims);
        let parameters: Vec<f32> = (0..layout.len()).map(|i| 0.3 - i as f32 / 7.0).collect();
        let note = WeightsNote { updates: 5, loss: Some(1.0 / 3.0) };
        let stamp = Stamp { run: "this".into(), divisors: Some(vec![1.0, 2.5, 3.0, 4.0]) };
        write_weights(&path, "best", &problem, &parameters, note, &stamp).unwrap();
        let file = WeightsFile::read(&path).unwrap();
        assert_eq!((file.note(), file.divisors()), (note, stamp.divisors.as_deref()));
        assert_eq!(file.reading(), Some(&Reading::of(&problem)));
        file.check_origin("best", "this").unwrap();
        assert!(file.check_origin("last", "this").unwrap_err().to_string().contains("best.safetensors"));
        assert!(file.check_origin("best", "that").unwrap_err().to_string().contains("another run"));
        // Plain W, not V, is what other programs find under "W".
        assert_eq!(file.weights().unwrap(), problem.constraint.weights(&problem.population, &parameters[..16]));
        assert_eq!(file.parameters(&layout, &problem.constraint).unwrap(), parameters);

        let mut bad = parameters.clone();
        bad[20] = f32::NAN;
        write_weights(&path, "best", &problem, &bad, note, &stamp).unwrap();
        let error = WeightsFile::read(&path).unwrap().parameters(&layout, &problem.constraint).unwrap_err();
        assert!(error.to_string().contains("finite"), "{error}");
    }
}

#[test]
fn no_flipped_bit_of_weights_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("best.safetensors");
    let problem = problem(SignConstraint::Softplus);
    let parameters = vec![0.25; Layout::new(&problem.dims).len()];
    let note = WeightsNote { updates: 5, loss: Some(0.5) };
    write_weights(&path, "best", &problem, &parameters, note, &Stamp::default()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&path, &bytes).unwrap();
        assert!(WeightsFile::read(&path).is_err(), "bit {} of byte {at}", at % 8);
    }
}

#[test]
fn readings_differ_by_what_makes_another_network_of_the_same_numbers() {
    let then = Reading::of(&problem(SignConstraint::Softplus));
    let of = |change: &dyn Fn(&mut Problem)| {
        let mut now = problem(SignConstraint::Softplus);
        change(&mut now);
        then.difference(&Reading::of(&now)).map(|(then, now)| format!("{then}; {now}"))
    };
    let areas = |sizes: [usize; 2]| {
        let area = |(name, size): (&str, usize)| Area { name: name.into(), size };
        ["C", "D"].into_iter().zip(sizes).map(area).collect::<Vec<_>>()
    };
    let types = vec![false, true, false, true];
    assert_eq!(of(&|_| ()), None);
    assert_eq!(of(&|p| p.constraint.sign = SignConstraint::Reflect), None);
    assert_eq!(of(&|p| p.population = Population::new(areas([3, 1]), types.clone(), None).unwrap()), None);
    let moved = of(&|p| p.population = Population::new(areas([2, 2]), types.clone(), None).unwrap());
    assert_eq!(moved.unwrap(), "areas of 3, 1 neurons; areas of 2, 2 neurons");
    let turned = of(&|p| p.population = Population::new(areas([3, 1]), vec![true; 4], None).unwrap());
    assert!(turned.unwrap().contains("rows 1, 3"));
    assert!(of(&|p| p.time_constants.max = 50.0).unwrap().contains("1 to 50 steps"));
    assert!(of(&|p| p.constraint.dale = Dale::None).unwrap().contains("dale = none"));
}

/// The names of what is removed are those of what is written: see the tests of reports and studies.
#[test]
fn copies_of_a_directory_share_its_state() {
    let parent = tempfile::tempdir().unwrap();
    let path: PathBuf = parent.path().join("run");
    let directory = RunDirectory::create(&path, false).unwrap();
    let copy = directory.clone();
    drop(directory);
    assert!(RunDirectory::create(&path, false).unwrap_err().to_string().contains("another process"));
    assert!(copy.warnings().next().is_none());
}
