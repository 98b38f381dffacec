//! A finished run keeps its meaning: whatever is opened is read as it was trained, or refused.
#![allow(missing_docs)]

mod cli_support;
mod project;

use aon::data::{ArrayFile, NamedArray, write_arrays};
use aon::network::Layout;
use aon::run::{Opening, TrainedRun};
use aon::train::Checkpoint;
use cli_support::{aon, copy_directory, json, resume, table};
use ndarray::Array2;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use project::{Project, turn};
use std::path::Path;

/// A change of a file.
type Change<'a> = &'a dyn Fn(&Path);

#[test]
fn inputs_that_decide_the_network_are_those_of_the_training() {
    let project = Project::new(&[]);
    let change: [(&str, Change); 3] = [
        ("InhibitoryMask.mat", &|path| turn(path, "inhibitory", 2)),
        ("stim.mat", &|path| {
            let stimulus = ArrayFile::open(path).unwrap().array("stim").unwrap();
            write_arrays(path, &[NamedArray::new("stim", stimulus * 0.5)]).unwrap();
        }),
        ("Firing_Rates.mat", &|path| {
            // The same numbers in another file: what matters is found by its content.
            let mut bytes = std::fs::read(path).unwrap();
            bytes[3] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
    ];
    for (name, change) in change {
        let path = project.data(name);
        let whole = std::fs::read(&path).unwrap();
        change(&path);
        project.refused_by_all(&[name, "has changed"]);
        std::fs::write(&path, whole).unwrap();
    }
    project.openings()[0].assert().success();
}

#[test]
fn labels_that_change_no_network_are_taken_and_said() {
    let project = Project::new(&[]);
    turn(&project.data("Mirror.mat"), "mirror", 1);
    project.taken_by_all("Mirror.mat has changed since the training");
    let report = std::fs::read_to_string(project.run().join("perturb/report.html")).unwrap();
    assert!(report.contains("has changed since the training"));

    let project = Project::new(&[]);
    project.edit_config("name = \"C\"", "name = \"F6\"");
    project.openings()[0].assert().success().stderr(contains("labels of the task have changed"));
}

#[test]
fn settings_that_decide_the_network_are_those_of_the_training() {
    let edits = [
        ("tau_max = 100.0", "tau_max = 30.0", "network.tau_max is 30"),
        ("dale = \"presynaptic\"", "dale = \"postsynaptic\"", "network.dale"),
        ("regularisation = 0.1", "regularisation = 0.01", "training.regularisation"),
        ("thermal = 100", "thermal = 90", "task.time.thermal"),
    ];
    let project = Project::new(&[]);
    let whole = std::fs::read(project.run().join("config.toml")).unwrap();
    for (from, to, named) in edits {
        project.edit_config(from, to);
        project.refused_by_all(&[named, "trained with"]);
        std::fs::write(project.run().join("config.toml"), &whole).unwrap();
    }
    project.edit_config("n_trials = 4", "n_trials = 400");
    project.refused_by_all(&["training.n_trials is 400", "--resume"]);
    std::fs::write(project.run().join("config.toml"), &whole).unwrap();
    // The sizes of two areas change places: the mask is the same file.
    project.edit_config("size = 4", "size = 3");
    project.refused_by_all(&["task.areas[1].size"]);
}

/// A project that is moved, and a file that is moved alone.
#[test]
fn files_are_found_by_their_content() {
    let mut project = Project::new(&["--normalize", "peak"]);
    let moved = project.parent.path().join("elsewhere");
    std::fs::rename(&project.place, &moved).unwrap();
    project.place = moved;
    for mut command in project.openings() {
        command.assert().success();
    }

    let (old, new) = (project.data("InhibitoryMask.mat"), project.parent.path().join("mask.mat"));
    std::fs::rename(&old, &new).unwrap();
    project.refused_by_all(&["InhibitoryMask.mat is not there", "inhibitory-mask", "config.toml"]);
    project.edit_config(&old.display().to_string(), &new.display().to_string());
    for mut command in project.openings() {
        command.assert().success();
    }
    turn(&new, "inhibitory", 0);
    project.refused_by_all(&["mask.mat has changed"]);
}

/// Rates of another file are divided by what those of the training were.
#[test]
fn other_data_are_scaled_as_those_of_the_training() {
    let project = Project::new(&["--normalize", "soft"]);
    let (file, half) = (project.data("Firing_Rates.mat"), project.data("half.npz"));
    let rates = ArrayFile::open(&file).unwrap();
    let halved =
        |name: &str| NamedArray::new(name, rates.array(name).unwrap() * if name.contains('X') { 1.0 } else { 0.5 });
    write_arrays(&half, &rates.names().into_iter().map(halved).collect::<Vec<_>>()).unwrap();
    let fit = |data: &Path| {
        let csv = project.parent.path().join("fit.csv");
        let mut command = aon();
        command.args(["eval", "--engine", "cpu", "--firing-rates-mat"]).arg(data).arg("--fit").arg(&csv);
        command.arg(project.run()).assert().success();
        table(&csv)
    };
    let column = |rows: &[Vec<String>], name: &str| -> Vec<f64> {
        let k = rows[0].iter().position(|c| c == name).unwrap();
        rows[1..].iter().map(|r| r[k].parse().unwrap_or(f64::NAN)).collect()
    };
    let (own, other) = (fit(&file), fit(&half));
    let known = fit(&project.data("Firing_Rates.mat"));
    assert_eq!(own, known);
    let [a, b] = [&own, &other].map(|rows| column(rows, "r2"));
    assert!(a.iter().zip(&b).all(|(a, b)| a.is_nan() || a != b), "half the rates are not the same rates");
    // The data of the training are not needed for that.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(fit(&half), other);
    aon().args(["export", "--engine", "cpu"]).arg(project.run()).assert().code(2);
}

#[test]
fn exports_carry_divisors_time_constants_and_state() {
    let project = Project::new(&["--normalize", "peak", "--tau-max", "60", "--stop-after", "2"]);
    let [_, mut export, ..] = project.openings();
    let said = contains("not finished (paused after step 2 of 4)");
    export.args(["--format", "npz"]).assert().success().stderr(said);
    let file = ArrayFile::open(&project.run().join("weights.npz")).unwrap();
    let range = file.vector("tau_range", "values", None).unwrap();
    let divisors = file.vector("divisors", "values", Some(12)).unwrap();
    let written = table(&project.run().join("normalization.csv"));
    assert!(written[1..].iter().zip(&divisors).all(|(row, d)| (row[1].parse::<f64>().unwrap() - d).abs() < 1e-6));
    assert_eq!(range, [1.0, 60.0]);
    let state: String = file.array("state").unwrap().iter().map(|c| *c as u8 as char).collect();
    assert!(state.contains("paused after step 2 of 4"));
}

#[test]
fn what_is_not_finished_is_said() {
    let project = Project::new(&["--stop-after", "2"]);
    let [mut eval, _, mut perturb, _] = project.openings();
    let paused = "not finished (paused after step 2 of 4)";
    eval.assert().success().stdout(contains(paused)).stderr(contains("warning").and(contains(paused)));
    perturb.assert().success().stderr(contains(paused));
    let report = std::fs::read_to_string(project.run().join("perturb/report.html")).unwrap();
    assert!(report.contains(paused));
    // Among others, too.
    let (other, place) = (project.place.join("other"), project.place.join("both"));
    project.train(&other, &["--seed", "3"]).assert().success();
    let mut both = aon();
    both.arg("perturb").arg(project.run()).arg(&other).args(["--quiet", "--controls", "0", "--trials", "0"]);
    both.arg("--output-dir").arg(&place).assert().success();
    let report = std::fs::read_to_string(place.join("report.html")).unwrap();
    assert_eq!(report.matches(paused).count(), 1);
    assert!(report.contains("none, and no comparison"));
    resume(&project.run(), &["--quiet"]).assert().success();
    project.openings()[0].assert().success().stdout(contains("run        finished")).stderr("");
    // A longer training of it is not finished until it is.
    resume(&project.run(), &["--quiet", "--n-trials", "9", "--stop-after", "6"]).assert().success();
    project.openings()[0].assert().success().stderr(contains("paused after step 6 of 9"));
    // Cut off: nothing was written about its end.
    let path = project.run().join("manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"end\": \"paused\""));
}

/// By weights beyond all bounds.
#[test]
fn what_diverged_is_said() {
    let project = Project::new(&["--stop-after", "2"]);
    let path = project.run().join("checkpoint.safetensors");
    let layout = Layout { neurons: 12, channels: 10, input_groups: 2 };
    let run = json(&project.run().join("manifest.json"))["run"].as_str().unwrap().to_string();
    let mut checkpoint = Checkpoint::read(&path, &layout, &run).unwrap();
    checkpoint.network.parameters[..144].fill(f32::MAX);
    checkpoint.write(&path, &run).unwrap();
    resume(&project.run(), &[]).assert().code(1).stderr(contains("diverged"));
    let [mut eval, mut export, mut perturb, _] = project.openings();
    for command in [&mut eval, &mut export, &mut perturb] {
        command.assert().success().stderr(contains("it diverged; the last state before is of step 2"));
    }
}

/// The same numbers under other types, areas or time constants are another network.
#[test]
fn a_start_from_weights_of_another_reading_is_refused() {
    let project = Project::new(&[]);
    aon().args(["export", "--engine", "cpu"]).arg(project.run()).assert().success();
    let run = project.run();
    let starts = [run.clone(), run.join("best.safetensors"), run.join("weights.mat")];
    let mask = project.data("InhibitoryMask.mat");
    let whole = std::fs::read(&mask).unwrap();
    for start in starts.map(|path| path.display().to_string()) {
        let next = |k: &str, flags: &[&str]| {
            project.train(&project.place.join(k), &[&["--overwrite", "--init", &start], flags].concat())
        };
        next("next", &[]).assert().success();
        turn(&mask, "inhibitory", 1);
        next("refused", &[]).assert().code(2);
        std::fs::write(&mask, &whole).unwrap();
        next("refused", &["--tau-max", "50"]).assert().code(2);
        next("refused", &["--areas", "A=5,B=3,C=4"]).assert().code(2);
        next("next", &[]).assert().success();
    }
}

#[test]
fn no_network_counts_twice() {
    let project = Project::new(&[]);
    let run = project.run();
    let around = run.join("..").join("run");
    let mut command = aon();
    command.arg("perturb").arg(&run).arg(&around).args(["--controls", "0", "--trials", "0"]);
    command.assert().code(2).stderr(contains("named twice, also as"));
    #[cfg(unix)]
    {
        let link = project.place.join("link");
        std::os::unix::fs::symlink(&run, &link).unwrap();
        let mut command = aon();
        command.arg("perturb").arg(&link).arg(&run).args(["--controls", "0", "--trials", "0"]);
        command.assert().code(2).stderr(contains("named twice"));
    }
}

/// Finished lesions are those of a network with all that reads it, by content: the same weights under other time constants,
/// or with other rates to fit, are another network.
#[test]
fn lesions_of_another_network_are_not_served() {
    // Before its first update the best weights are those that a network starts with.
    let start = ["--stop-after", "1"];
    let first = Project::new(&start);
    let weights = |run: &Path| TrainedRun::open(run, &Opening::default()).unwrap().parameters;
    let perturb = |run: &Path| {
        let mut command = aon();
        command.arg("perturb").arg(run).args(["--quiet", "--controls", "0", "--trials", "0"]);
        command.assert().success();
        std::fs::read(run.join("perturb/effects.csv")).unwrap()
    };
    perturb(&first.run());
    let others: [(&[&str], bool); 4] = [
        (&["--tau-max", "50"], true),
        (&["--tau-min", "5"], true),
        (&["--dale", "postsynaptic"], false),
        (&["--normalize", "peak"], false),
    ];
    for (flags, has_same_weights) in others {
        let run = first.place.join("other");
        first.train(&run, &[&["--overwrite"], &start[..], flags].concat()).assert().success();
        assert!(!has_same_weights || weights(&run) == weights(&first.run()), "{flags:?}");
        // What is stored lies where it would be looked for.
        copy_directory(&first.run().join("perturb"), &run.join("perturb"), &|_, bytes| bytes);
        let found = perturb(&run);
        std::fs::remove_dir_all(run.join("perturb")).unwrap();
        assert!(found == perturb(&run), "{flags:?}");
    }
}

#[test]
fn a_run_without_its_checkpoint_does_not_begin_again() {
    let project = Project::new(&["--stop-after", "3"]);
    let (run, history) = (project.run(), std::fs::read(project.run().join("history.csv")).unwrap());
    let missing = contains("checkpoint.safetensors is missing");
    std::fs::remove_file(run.join("checkpoint.safetensors")).unwrap();
    let copy = project.place.join("copy");
    copy_directory(&run, &copy, &|_, bytes| bytes);
    // The checkpoint before is that of the beginning.
    resume(&copy, &[]).assert().success().stderr(missing.clone().and(contains("the checkpoint before, of step 0")));
    std::fs::remove_file(run.join("checkpoint.previous.safetensors")).unwrap();
    resume(&run, &[]).assert().code(1).stderr(missing);
    assert_eq!(std::fs::read(run.join("history.csv")).unwrap(), history);
}

#[test]
fn a_manifest_says_what_the_run_was_trained_with() {
    let project = Project::new(&[]);
    let manifest = json(&project.run().join("manifest.json"));
    assert_eq!(manifest["settings"]["network"]["tau_max"], 100.0);
    assert_eq!(manifest["starts"][0]["end"], "reported");
    assert_eq!(manifest["run"].as_str().map(str::len), Some(64));
    let matrix: Array2<f64> = Array2::zeros((1, 1));
    write_arrays(&project.run().join("best.npz"), &[NamedArray::new("W", matrix)]).unwrap();
    std::fs::rename(project.run().join("best.npz"), project.run().join("best.safetensors")).unwrap();
    project.openings()[0].assert().code(1).stderr(contains("best.safetensors is damaged"));
}
