//! Interrupted runs continue bit for bit.

mod cli_support;

use cli_support::{history, result, resume, small, train_small};
use predicates::prelude::*;
use std::path::Path;

fn same_result(straight: &Path, interrupted: &Path) {
    let (a, b) = (result(straight), result(interrupted));
    assert_eq!(a.0, b.0, "history.csv");
    assert!(a.1 == b.1, "checkpoint, weights or fit differ");
}

/// `--n-trials 20` equals `--n-trials 20 --stop-after 10` and a resume.
fn resumes_bit_for_bit(flags: &[&str]) {
    let parent = tempfile::tempdir().unwrap();
    let (straight, parts) = (parent.path().join("straight"), parent.path().join("parts"));
    let flags: Vec<&str> = flags.iter().copied().chain(["--n-trials", "20"]).collect();
    train_small(&straight, &flags).assert().success();
    let paused: Vec<&str> = flags.iter().copied().chain(["--stop-after", "10"]).collect();
    let says_how = predicate::str::contains("paused after step 10 of 20").and(predicate::str::contains("--resume"));
    train_small(&parts, &paused).assert().success().stdout(says_how);
    assert_eq!(history(&parts).len(), 10);
    assert!(!parts.join("summary.json").exists());
    resume(&parts, &[]).assert().success();
    same_result(&straight, &parts);
}

#[test]
fn the_default_recipe_resumes_bit_for_bit() {
    resumes_bit_for_bit(&[]);
}

#[test]
fn a_gpu_run_resumes_bit_for_bit() {
    if aon::engine::gpu::adapters().is_empty() {
        println!("NOT TESTED: there is no graphics adapter, so resuming on a GPU is not tested.");
        return;
    }
    resumes_bit_for_bit(&["--engine", "gpu"]);
    resumes_bit_for_bit(&["--engine", "gpu", "--schedule", "plateau", "--plateau-patience", "1"]);
}

#[test]
fn the_published_preset_resumes_bit_for_bit() {
    let init = small().join("init.mat");
    resumes_bit_for_bit(&["--preset", "published", "--init", init.to_str().unwrap()]);
}

#[test]
fn a_plateau_schedule_resumes_bit_for_bit() {
    resumes_bit_for_bit(&["--schedule", "plateau", "--plateau-patience", "1", "--learning-rate", "0.9"]);
}

/// Noise is keyed by the step: a resumed run draws what it would have drawn.
#[test]
fn fresh_noise_resumes_bit_for_bit() {
    resumes_bit_for_bit(&["--stimulus-noise", "fresh", "--stimulus-sd", "0.1"]);
}

#[test]
fn a_finished_run_that_is_resumed_stays_as_it_is() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "5"]).assert().success();
    let before = result(&run);
    resume(&run, &[]).assert().success();
    assert!(result(&run) == before);
}

/// A run that ended can be made longer; with a constant learning rate it is the run that was longer from the start.
/// The evaluation at the end of the shorter one must not leak into it.
#[test]
fn a_longer_plan_continues_a_finished_run() {
    let parent = tempfile::tempdir().unwrap();
    let (straight, longer) = (parent.path().join("straight"), parent.path().join("longer"));
    train_small(&straight, &["--schedule", "constant", "--n-trials", "12"]).assert().success();
    train_small(&longer, &["--schedule", "constant", "--n-trials", "7"]).assert().success();
    resume(&longer, &["--n-trials", "12"]).assert().success();
    same_result(&straight, &longer);
    resume(&longer, &["--n-trials", "3"]).assert().code(2).stderr(predicate::str::contains("12 steps already"));
}

#[test]
fn the_resolved_configuration_repeats_the_run() {
    let parent = tempfile::tempdir().unwrap();
    let (first, again) = (parent.path().join("first"), parent.path().join("again"));
    train_small(&first, &["--n-trials", "6", "--seed", "3", "--freeze", "I_ext"]).assert().success();
    let mut command = cli_support::aon();
    command.arg("train").arg("--config").arg(first.join("config.toml")).arg("--output-dir").arg(&again);
    command.assert().success();
    same_result(&first, &again);
    let config = |d: &Path| std::fs::read_to_string(d.join("config.toml")).unwrap();
    assert_eq!(config(&first), config(&again));
}

#[test]
fn changed_inputs_and_other_settings_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let rates = parent.path().join("rates.mat");
    std::fs::copy(small().join("Firing_Rates.mat"), &rates).unwrap();
    let mut command = cli_support::aon();
    command.args(["train", "--engine", "cpu", "--n-trials", "6", "--stop-after", "3", "--output-dir"]).arg(&run);
    command.arg("--firing-rates-mat").arg(&rates).args(&cli_support::data_flags(&small(), "A=4,B=3,C=5")[2..]);
    command.assert().success();

    resume(&run, &["--learning-rate", "0.2"]).assert().code(2).stderr(predicate::str::contains("--resume"));
    let mut bytes = std::fs::read(&rates).unwrap();
    bytes[20] ^= 1; // In the file's descriptive text: the numbers are the same, the file is not.
    std::fs::write(&rates, bytes).unwrap();
    resume(&run, &[]).assert().code(2).stderr(predicate::str::contains("rates.mat has changed"));
}
