//! Runs that are opened again after something happened to them: a longer training, a batch around them, another place.
#![allow(missing_docs)]

mod cli_support;
mod project;

use aon::data::{ArrayFile, NamedArray, write_arrays};
use cli_support::{aon, copy_directory, resume, table};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use project::Project;
use std::path::Path;

/// A training that is planned longer, and killed between its two first files.
#[test]
fn a_longer_plan_that_was_cut_off_opens() {
    let project = Project::new(&[]);
    let config = project.run().join("config.toml");
    let before = std::fs::read(&config).unwrap();
    // Twice in a row.
    for steps in ["9", "11"] {
        resume(&project.run(), &["--quiet", "--n-trials", steps, "--stop-after", "4"]).assert().success();
        std::fs::write(&config, &before).unwrap();
    }
    for mut command in project.openings().into_iter().take(2) {
        command.assert().success();
    }
    resume(&project.run(), &["--quiet", "--n-trials", "9"]).assert().success();
    // But one that was done in part is what it is.
    resume(&project.run(), &["--quiet", "--n-trials", "20", "--stop-after", "12"]).assert().success();
    project.edit_config("n_trials = 20", "n_trials = 9");
    project.refused_by_all(&["training.n_trials is 9"]);
}

#[test]
fn an_export_replaces_no_input() {
    let project = Project::new(&[]);
    let rates = std::fs::read(project.data("Firing_Rates.mat")).unwrap();
    let own = project.place.join("own");
    std::fs::create_dir(&own).unwrap();
    let mut export = aon();
    export.args(["export", "--engine", "cpu", "--output"]).arg(project.data("Firing_Rates.mat")).arg(project.run());
    export.assert().code(2).stderr(contains("is an input of the run"));
    for file in [project.data("stim.mat"), project.run().join("config.toml"), project.run().join("history.csv")] {
        let before = std::fs::read(&file).unwrap();
        let mut fit = aon();
        fit.args(["eval", "--engine", "cpu", "--fit"]).arg(&file).arg(project.run());
        fit.assert().code(2).stderr(contains("of the run. Choose another"));
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
    assert_eq!(std::fs::read(project.data("Firing_Rates.mat")).unwrap(), rates);
}

/// What a study says of held-out conditions is about the weights that it studied.
#[test]
fn a_held_out_fit_is_that_of_the_weights() {
    let project = Project::new(&["--hold-out", "3"]);
    let perturb = |extra: &[&str]| {
        let mut command = aon();
        command.arg("perturb").arg(project.run()).args(["--quiet", "--controls", "0", "--trials", "0"]).args(extra);
        command.assert().success();
        let page = std::fs::read_to_string(project.run().join("perturb/report.html")).unwrap();
        let line = page.lines().find(|l| l.contains("held-out condition: R²")).unwrap().to_string();
        line.split("held-out condition: R²").nth(1).unwrap().split('.').take(2).collect::<Vec<_>>().join(".")
    };
    let finished = perturb(&[]);
    resume(&project.run(), &["--quiet", "--n-trials", "500", "--stop-after", "400"]).assert().success();
    let paused = perturb(&[]);
    assert_ne!(paused, finished);
    // Once it has ended there, the run says so itself.
    resume(&project.run(), &["--quiet", "--n-trials", "500"]).assert().success();
    assert_ne!(perturb(&[]), finished);
}

/// Files stand for the settings that named them, no other.
#[test]
fn files_are_those_of_their_settings() {
    let project = Project::new(&[]);
    let config = std::fs::read_to_string(project.run().join("config.toml")).unwrap();
    let lines = |keep: &dyn Fn(&str) -> bool| config.lines().filter(|l| keep(l)).collect::<Vec<_>>().join("\n");
    let path = project.run().join("config.toml");
    for setting in ["stimulus", "inhibitory_mask"] {
        std::fs::write(&path, lines(&|l| !l.starts_with(&format!("{setting} = \"")))).unwrap();
        project.refused_by_all(&["no longer names the file of", "config.toml"]);
    }
    // Another input of the run, which holds such rates, too.
    let both = project.data("both.npz");
    let mask = ArrayFile::open(&project.data("InhibitoryMask.mat")).unwrap().array("inhibitory").unwrap();
    write_arrays(&both, &[NamedArray::new("inhibitory", mask)]).unwrap();
    let name = |file: &str| project.data(file).display().to_string();
    std::fs::write(&path, config.replacen(&name("stim.mat"), &name("InhibitoryMask.mat"), 1)).unwrap();
    project.refused_by_all(&["InhibitoryMask.mat has changed", "--stimulus"]);
    std::fs::write(&path, config.replacen(&name("InhibitoryMask.mat"), &both.display().to_string(), 1)).unwrap();
    project.refused_by_all(&["both.npz has changed"]);
}

/// Data of a demonstration are its own only if it made them.
#[test]
fn a_demonstration_replaces_no_data_of_others() {
    let parent = tempfile::tempdir().unwrap();
    let place = parent.path().join("demo");
    let demo = |flags: &[&str]| {
        let mut command = aon();
        command.args(["demo", "--engine", "cpu", "--n-trials", "2", "--output-dir"]).arg(&place).args(flags);
        command
    };
    let rates = place.join("data/Firing_Rates.mat");
    std::fs::create_dir_all(rates.parent().unwrap()).unwrap();
    std::fs::write(&rates, "mine").unwrap();
    demo(&[]).assert().code(2).stderr(contains("Firing_Rates.mat is there"));
    std::fs::remove_dir_all(&place).unwrap();
    demo(&[]).assert().success();
    demo(&["--overwrite", "--seed", "2"]).assert().success();
    aon().args(["eval", "--engine", "cpu"]).arg(&place).assert().success();
    let again = parent.path().join("again");
    let config = place.join("config.toml");
    aon().args(["train", "--quiet", "--config"]).arg(config).arg("--output-dir").arg(&again).assert().success();
}

#[test]
fn a_batch_takes_no_run_of_other_settings() {
    let project = Project::new(&[]);
    let [batch, other] = ["batch", "other"].map(|name| project.place.join(name));
    project.train(&batch, &["--networks", "2", "--stop-after", "2"]).assert().success();
    project.train(&other, &["--seed", "1", "--regularisation", "0.5", "--stop-after", "2"]).assert().success();
    let member = batch.join("seed-1");
    let whole = project.place.join("whole");
    copy_directory(&member, &whole, &|_, bytes| bytes);
    for change in ["other settings", "another constant in its configuration"] {
        std::fs::remove_dir_all(&member).unwrap();
        copy_directory(if change == "other settings" { &other } else { &whole }, &member, &|name, bytes| {
            let text = String::from_utf8_lossy(&bytes).replace("tau_max = 100.0", "tau_max = 50.0");
            if name == "config.toml" && change != "other settings" { text.into_bytes() } else { bytes }
        });
        resume(&batch, &["--quiet"]).assert().code(2).stderr(contains("seed-1").and(contains("trained with")));
    }
    std::fs::remove_dir_all(&member).unwrap();
    copy_directory(&whole, &member, &|_, bytes| bytes);
    resume(&batch, &["--quiet"]).assert().success();
}

/// What networks started from is not asked for once all have begun.
#[test]
fn a_batch_goes_on_without_its_start() {
    let project = Project::new(&[]);
    let (batch, start) = (project.place.join("batch"), project.run().display().to_string());
    let flags = ["--networks", "2", "--stimulus-noise", "fresh", "--init", &start, "--stop-after", "2"];
    project.train(&batch, &flags).assert().success();
    resume(&project.run(), &["--quiet", "--n-trials", "9"]).assert().success();
    resume(&batch, &["--quiet"]).assert().success();
    let starts = contains("Name one of them").and(contains("seed-0"));
    let mut again = project.train(&project.place.join("next"), &["--init", &batch.display().to_string()]);
    again.assert().code(2).stderr(starts);
}

/// Results on another disk, behind a link.
#[cfg(unix)]
#[test]
fn a_project_whose_results_are_a_link_may_move() {
    let project = Project::new(&[]);
    let far = project.parent.path().join("scratch");
    std::fs::create_dir(&far).unwrap();
    std::os::unix::fs::symlink(&far, project.place.join("out")).unwrap();
    project.train(&project.place.join("out/run"), &[]).assert().success();
    let moved = project.parent.path().join("moved");
    std::fs::rename(&project.place, &moved).unwrap();
    aon().args(["eval", "--engine", "cpu"]).arg(moved.join("out/run")).assert().success();
}

#[test]
fn held_out_conditions_may_be_renamed() {
    let project = Project::new(&["--hold-out", "execute go object 3"]);
    let path = project.run().join("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let fit = |run: &Path| {
        let csv = project.place.join("fit.csv");
        aon().args(["eval", "--engine", "cpu", "--fit"]).arg(&csv).arg(run).assert().success();
        table(&csv).into_iter().map(|row| row[5].clone()).collect::<Vec<_>>()
    };
    let before = fit(&project.run());
    // In the task alone, and wherever it stands.
    let in_task = config.replacen("name = \"execute go object 3\"", "name = \"lift\"", 1);
    for text in [in_task, config.replace("\"execute go object 3\"", "\"lift\"")] {
        assert_ne!(text, config);
        std::fs::write(&path, text).unwrap();
        assert_eq!(fit(&project.run()), before);
    }
    std::fs::write(
        &path,
        config.replacen("hold_out = [\"execute go object 3\"]", "hold_out = [\"execute go object 2\"]", 1),
    )
    .unwrap();
    project.refused_by_all(&["training.hold_out"]);
}

#[test]
fn a_run_goes_on_without_its_mirror_labels() {
    let project = Project::new(&[]);
    std::fs::remove_file(project.data("Mirror.mat")).unwrap();
    let [eval, export, perturb, mut go_on] = project.openings();
    for mut command in [eval, export, perturb] {
        command.assert().success().stderr(contains("Mirror.mat is not there; its labels"));
    }
    // A resume would leave them out for good.
    go_on.assert().code(2).stderr(contains("Mirror.mat is not there").and(contains("config.toml")));
}

#[test]
fn what_has_not_begun_or_ended_is_said_wherever_it_is_opened() {
    let project = Project::new(&["--stop-after", "2"]);
    let (run, next) = (project.run().display().to_string(), project.place.join("next"));
    let said = contains("not finished (paused after step 2 of 4)");
    project.train(&next, &["--init", &run]).assert().success().stderr(said);
    let fresh = project.place.join("fresh");
    project.train(&fresh, &["--stop-after", "0"]).assert().success();
    aon().args(["eval", "--engine", "cpu"]).arg(&fresh).assert().code(2).stderr(contains("the run has not begun"));
}

/// The published program's way to evaluate: flags that say the same are taken, others refused.
#[test]
fn an_evaluation_takes_no_setting_that_the_training_had_not() {
    let project = Project::new(&[]);
    let eval = |flags: &[&str]| project.train(&project.run(), &[&["--mode", "eval"], flags].concat());
    eval(&[]).assert().success();
    eval(&["--tau-max", "100"]).assert().success();
    for flags in [["--tau-max", "3"], ["--hold-out", "1"], ["--seed", "4"], ["--preset", "published"]] {
        eval(&flags).assert().code(2).stderr(contains("trained with"));
    }
    let held = project.place.join("held");
    project.train(&held, &["--hold-out", "2"]).assert().success();
    project.train(&held, &["--hold-out", "2", "--mode", "eval"]).assert().success();
    // Labels are taken as they are.
    project::turn(&project.data("Mirror.mat"), "mirror", 1);
    eval(&[]).assert().success();
    let mask = project.data("mask.mat");
    std::fs::copy(project.data("InhibitoryMask.mat"), &mask).unwrap();
    project::turn(&mask, "inhibitory", 0);
    let mut other = aon();
    other.args(["--mode", "eval", "--engine", "cpu", "--output-dir"]).arg(project.run());
    other
        .arg("--inhibitory-mask-mat")
        .arg(&mask)
        .assert()
        .code(2)
        .stderr(contains("mask.mat").and(contains("is not the file")));
}
