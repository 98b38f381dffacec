//! What is done with a finished run: evaluation, export, a new start from its weights.

mod cli_support;

use cli_support::{aon, data_flags, history, small, train_small};
use predicates::str::contains;
use std::path::Path;

fn summary(directory: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(directory.join("summary.json")).unwrap()).unwrap()
}

/// The number after `label` in what the program printed.
fn number_after(text: &str, label: &str) -> f64 {
    let rest = text.split(label).nth(1).unwrap_or_else(|| panic!("{label} is missing in {text}"));
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

fn stdout(command: &mut assert_cmd::Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

#[test]
fn an_evaluation_repeats_the_loss_and_the_fit_of_the_run() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "8"]).assert().success();
    let table = parent.path().join("fit.csv");
    let text = stdout(aon().args(["eval", "--engine", "cpu"]).arg(&run).arg("--fit").arg(&table));
    let loss = summary(&run)["loss"].as_f64().unwrap();
    // Six decimals are printed.
    assert!((number_after(&text, "loss ") - loss).abs() < 1e-6, "{text}");
    assert_eq!(std::fs::read(&table).unwrap(), std::fs::read(run.join("fit.csv")).unwrap());
    // As the published program says it.
    let published = stdout(aon().args(["--mode", "eval", "--engine", "cpu", "--output_dir"]).arg(&run));
    assert_eq!(published, text);

    let last = stdout(aon().args(["eval", "--engine", "cpu", "--weights", "last"]).arg(&run));
    assert!((number_after(&last, "loss ") - summary(&run)["last_loss"].as_f64().unwrap()).abs() < 1e-6);
}

#[test]
fn exported_and_kept_weights_start_a_run_where_the_other_ended() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    // Published signs: W itself is trained, so that a file of W loses nothing.
    train_small(&run, &["--preset", "published", "--n-trials", "4"]).assert().success();
    let loss = summary(&run)["loss"].as_f64().unwrap();
    for format in ["mat", "npz"] {
        aon()
            .args(["export", "--engine", "cpu", "--format", format])
            .arg(&run)
            .assert()
            .success()
            .stdout(contains(format));
    }
    for file in ["weights.mat", "weights.npz", "best.safetensors"] {
        let next = parent.path().join(file);
        let init = run.join(file);
        let flags = ["--preset", "published", "--n-trials", "1", "--init", init.to_str().unwrap()];
        train_small(&next, &flags).assert().success();
        assert_eq!(history(&next)[0][1].parse::<f64>().unwrap().to_bits(), loss.to_bits(), "{file}");
    }
}

#[test]
fn frozen_recurrent_weights_stay_at_zero_and_the_run_is_its_own_baseline() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let mut command = aon();
    command.args(["train", "--engine", "cpu", "--n-trials", "5", "--freeze", "W", "--output-dir"]).arg(&run);
    command.args(data_flags(&small(), "A=4,B=3,C=5")).assert().success().stdout(contains("input-only one"));
    assert!(summary(&run)["baseline"]["input_only"].is_null());
    // No weights and the same seed: a run's own baseline by the same recipe is the same network.
    let whole = parent.path().join("whole");
    let mut command = aon();
    command.args(["train", "--engine", "cpu", "--n-trials", "5", "--output-dir"]).arg(&whole);
    command.args(data_flags(&small(), "A=4,B=3,C=5")).assert().success();
    let baseline = &summary(&whole)["baseline"]["input_only"];
    assert_eq!(baseline["steps"], 5);
    let (alone, beside) = (summary(&run)["loss"].as_f64().unwrap(), baseline["loss"].as_f64().unwrap());
    assert_eq!(alone.to_bits(), beside.to_bits());
}

#[test]
fn weights_of_the_wrong_sign_are_not_turned_around() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let init = small().join("init.mat");
    // These weights have the signs of the receiving neurons; the default reads signs of the sending ones.
    let command = train_small(&run, &["--init", init.to_str().unwrap()]).assert();
    command.code(2).stderr(contains("with the other sign"));
}

#[test]
fn devices_lists_the_processor_and_the_choice() {
    let text = stdout(aon().arg("devices"));
    assert!(text.contains("cpu ") && text.contains("--engine auto takes"), "{text}");
}
