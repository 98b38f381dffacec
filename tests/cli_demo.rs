//! The commands for somebody who has no data yet.

mod cli_support;

use cli_support::{aon, history};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

#[test]
fn the_demo_leaves_a_report_of_a_fit_that_needs_recurrence() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("demo");
    // Fewer than its 200 steps, and enough to be far above what inputs explain.
    let flags = ["demo", "--engine", "cpu", "--n-trials", "120", "--output-dir"];
    aon().args(flags).arg(&run).assert().success().stdout(contains("report.html").and(contains("input-only")));
    let summary = std::fs::read_to_string(run.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    let input_only = summary["baseline"]["input_only"]["median_r2"].as_f64().unwrap();
    let median = summary["median_r2"].as_f64().unwrap();
    // Measured: 0.97 and 0.62.
    assert!(median > 0.85 && median > input_only + 0.2, "median R² {median}, input-only {input_only}");
    assert_eq!(history(&run).len(), 120);
    let html = std::fs::read_to_string(run.join("report.html")).unwrap();
    assert!(html.contains("<svg") && !html.contains("src=\"http"));
}

#[test]
fn synthetic_data_train_with_the_flags_that_synth_prints() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let assert = aon().args(["synth", "--small", "--output-dir"]).arg(&data).assert().success();
    let said = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    let flags = said.lines().last().unwrap().trim().strip_prefix("aon ").unwrap();
    let mut command = aon();
    command.args(flags.split(' ')).args(["--engine", "cpu", "--n-trials", "3", "--no-baseline", "--output-dir"]);
    command.arg(parent.path().join("run")).assert().success();
    aon().args(["synth", "--output-dir"]).arg(&data).assert().code(2).stderr(contains("--overwrite"));
}

#[test]
fn a_run_without_a_directory_gets_one_under_out() {
    let parent = tempfile::tempdir().unwrap();
    aon().current_dir(parent.path()).args(["demo", "--engine", "cpu", "--n-trials", "1"]).assert().success();
    let name = std::fs::read_dir(parent.path().join("out")).unwrap().next().unwrap().unwrap().file_name();
    assert!(name.to_string_lossy().starts_with("demo-"), "{name:?}");
}
