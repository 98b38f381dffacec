//! Who may write to a run directory, and what a new run there replaces.
#![allow(missing_docs)]

use aon::engine::EngineDescription;
use aon::train::*;
use std::path::{Path, PathBuf};

fn begin(directory: &RunDirectory, seed: u64) {
    begin_batch(directory, seed, 1);
}

fn begin_batch(directory: &RunDirectory, seed: u64, networks: usize) {
    let engine = EngineDescription { engine: "toy".into(), adapter: String::new(), strategy: String::new() };
    let mut manifest = Manifest::new(seed, [].into());
    manifest.starts.push(Start::now(0, 3, networks, engine));
    directory.write_manifest(&manifest).unwrap();
    directory.write("history.csv", &format!("of {seed}")).unwrap();
    directory.write(CONFIG, &format!("seed = {seed}\nnetworks = {networks}")).unwrap();
}

fn seed_in(path: &Path) -> String {
    std::fs::read_to_string(path.join(CONFIG)).unwrap().lines().next().unwrap().into()
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
    begin_batch(&batch, 3, 2);
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

/// Runs that lie below a run by their names are its own only if it is their batch.
#[test]
fn runs_that_only_lie_below_stay() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("out");
    begin_batch(&RunDirectory::create(&path, false).unwrap(), 3, 2);
    // One of the batch, one beyond it, and one of another spelling.
    for name in ["seed-3", "seed-5", "seed-003"] {
        begin(&RunDirectory::create(&path.join(name), false).unwrap(), 5);
    }
    let next = RunDirectory::create(&path, true).unwrap();
    begin(&next, 9);
    next.commit().unwrap();
    assert!(!path.join("seed-3").exists() && seed_in(&path.join("seed-5")) == "seed = 5");
    assert_eq!(seed_in(&path.join("seed-003")), "seed = 5");
}

/// The run of a batch is no batch, whatever its manifest says of the one that it belongs to.
#[test]
fn runs_below_the_run_of_a_batch_stay() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("seed-3");
    let run = RunDirectory::create(&path, false).unwrap();
    begin_batch(&run, 3, 2);
    run.write(CONFIG, "seed = 3").unwrap();
    drop(run);
    begin(&RunDirectory::create(&path.join("seed-4"), false).unwrap(), 4);
    let next = RunDirectory::create(&path, true).unwrap();
    begin(&next, 9);
    next.commit().unwrap();
    assert_eq!((seed_in(&path), seed_in(&path.join("seed-4"))), ("seed = 9".into(), "seed = 4".into()));
}

/// What cannot be removed or replaced later is found at first, and figures are the user's where there was no run.
#[test]
fn directories_and_files_in_each_others_place_keep_the_old_run() {
    for (obstacle, is_directory) in [("weights.npz", true), ("perturb/effects.csv", true), ("figures", false)] {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        begin(&RunDirectory::create(&path, false).unwrap(), 1);
        let place = path.join(obstacle);
        if is_directory {
            std::fs::create_dir_all(place.join("mine")).unwrap();
        } else {
            std::fs::write(&place, "mine").unwrap();
        }
        let next = RunDirectory::create(&path, true).unwrap();
        begin(&next, 2);
        let error = next.commit().unwrap_err().to_string();
        assert!(error.contains(obstacle) && error.contains("in the way"), "{error}");
        drop(next);
        assert_eq!(seed_in(&path), "seed = 1");
    }
    let parent = tempfile::tempdir().unwrap();
    std::fs::create_dir(parent.path().join("figures")).unwrap();
    std::fs::write(parent.path().join("figures/loss.svg"), "mine").unwrap();
    let error = RunDirectory::create(parent.path(), true).unwrap_err().to_string();
    assert!(error.contains("figures/loss.svg"), "{error}");
}

/// A replacement that is cut off while it removes goes on as it began: with the runs and the inputs that were there then.
#[test]
fn a_removal_that_was_cut_off_goes_on() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("batch");
    let batch = RunDirectory::create(&path, false).unwrap();
    begin_batch(&batch, 3, 2);
    let rates = path.join("weights.mat");
    std::fs::write(&rates, "the rates").unwrap();
    let mut manifest = Manifest::read(&path.join(MANIFEST)).unwrap();
    manifest.inputs.insert(rates.clone(), "00".into());
    batch.write_manifest(&manifest).unwrap();
    batch.member(3).prepare().unwrap();
    begin(&batch.member(3), 3);
    batch.member(3).write("summary.json", "of the old run").unwrap();
    drop(batch);
    // As far as the moment at which the new run counts, by a directory with all of it but its replacement.
    let next = RunDirectory::create(&path, true).unwrap();
    begin_batch(&next, 3, 2);
    next.member(3).prepare().unwrap();
    begin(&next.member(3), 3);
    std::fs::write(
        path.join(".aon-new/.replaced.json"),
        format!(r#"{{"members": ["seed-3"], "kept": [{:?}]}}"#, rates.canonicalize().unwrap()),
    )
    .unwrap();
    std::fs::rename(path.join(".aon-new"), path.join(".aon-commit")).unwrap();
    drop(next);
    for gone in [CONFIG, MANIFEST, "seed-3/config.toml", "seed-3/manifest.json"] {
        std::fs::remove_file(path.join(gone)).unwrap();
    }
    finish_replacement(&path).unwrap();
    assert!(rates.exists() && !path.join("seed-3/summary.json").exists());
    assert!(listing(&path).iter().all(|file| !file.contains(".replaced")));
    assert_eq!(seed_in(&path.join("seed-3")), "seed = 3");
}

/// What is done to a place.
type Obstacle<'a> = &'a dyn Fn(&Path);

/// What is in the way of the new run is found before the old one is touched.
#[test]
fn what_is_in_the_way_of_a_replacement_keeps_the_old_run() {
    let obstacles: [(&str, Obstacle); 4] = [
        ("a file", &|path| std::fs::write(path, "mine").unwrap()),
        ("a directory of files", &|path| {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("report.html"), "mine").unwrap();
        }),
        ("a link to a run", &|path| {
            let far = path.with_file_name("far");
            begin(&RunDirectory::create(&far, false).unwrap(), 7);
            #[cfg(unix)]
            std::os::unix::fs::symlink(far, path).unwrap();
            #[cfg(not(unix))]
            std::fs::write(path, "mine").unwrap();
        }),
        ("a run of its own", &|path| begin(&RunDirectory::create(path, false).unwrap(), 7)),
    ];
    for (what, obstruct) in obstacles {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        begin(&RunDirectory::create(&path, false).unwrap(), 1);
        obstruct(&path.join("seed-4"));
        let before = listing(&path);
        let next = RunDirectory::create(&path, true).unwrap();
        begin_batch(&next, 4, 1);
        next.member(4).prepare().unwrap();
        begin(&next.member(4), 4);
        let error = next.commit().unwrap_err();
        assert!(error.to_string().contains("in the way") && error.exit_code() == 2, "{what}: {error}");
        drop(next);
        assert_eq!((listing(&path), seed_in(&path)), (before, "seed = 1".into()), "{what}");
    }
}

/// A run of the old batch that is being studied is not taken from under the study.
#[test]
fn a_batch_in_use_is_not_replaced() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("batch");
    // Its run began before there was a batch around it.
    let run = RunDirectory::create(&path.join("seed-3"), false).unwrap();
    begin(&run, 3);
    begin_batch(&RunDirectory::create(&path, false).unwrap(), 3, 2);
    let next = RunDirectory::create(&path, true).unwrap();
    begin(&next, 9);
    assert!(next.commit().unwrap_err().to_string().contains("another process"));
    drop(next);
    assert_eq!((seed_in(&path), seed_in(&path.join("seed-3"))), ("seed = 3".into(), "seed = 3".into()));
}

/// The run of a batch whose replacement was cut off is that of the new batch.
#[test]
fn a_run_of_a_batch_that_is_being_replaced_is_that_of_the_new_one() {
    let parent = tempfile::tempdir().unwrap();
    let (path, other) = (parent.path().join("batch"), parent.path().join("other"));
    for (place, seed) in [(&path, 1), (&other, 2)] {
        let batch = RunDirectory::create(place, false).unwrap();
        begin_batch(&batch, 4, 2);
        batch.member(4).prepare().unwrap();
        begin(&batch.member(4), seed);
    }
    std::fs::remove_file(other.join(".lock")).unwrap();
    std::fs::write(other.join(".replaced.json"), r#"{"members": ["seed-4"], "kept": []}"#).unwrap();
    std::fs::rename(&other, path.join(".aon-commit")).unwrap();
    let run = path.join("seed-4");
    finish_replacement(&run).unwrap();
    assert_eq!(seed_in(&run), "seed = 2");
    drop(RunDirectory::open(&run).unwrap());
}

/// A configuration may be the user's own, who trains from it.
#[test]
fn a_configuration_alone_is_no_run() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("project");
    std::fs::create_dir(&path).unwrap();
    for file in [CONFIG, "weights.mat", "report.html"] {
        std::fs::write(path.join(file), "mine").unwrap();
    }
    for overwrite in [false, true] {
        let error = RunDirectory::create(&path, overwrite).unwrap_err();
        assert!(error.to_string().contains("but no run"), "{error}");
    }
    assert!(RunDirectory::open(&path).is_err());
    assert_eq!(listing(&path), [CONFIG, "report.html", "weights.mat"]);
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
