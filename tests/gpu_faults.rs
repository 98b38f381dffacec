//! What devices do in the worst hour: they are lost, hang, refuse commands, run out of memory. Each ends in a sentence, and
//! the run continues to the bits of one that nothing happened to.

mod cli_support;
mod sweep_support;

use cli_support::{aon, history, result, resume, train_small};
use predicates::prelude::*;
use std::path::Path;
use sweep_support::{Lab, essences, of, runs_csv};

/// A run of twenty steps whose state is kept after every fifth.
const FLAGS: [&str; 6] = ["--engine", "gpu", "--n-trials", "20", "--checkpoint-every", "5"];

fn train(directory: &Path, fault: &str) -> assert_cmd::assert::Assert {
    train_small(directory, &FLAGS).env("AON_GPU_FAULT", fault).assert()
}

fn has_adapter() -> bool {
    let there_is = !aon::engine::gpu::adapters().is_empty();
    if !there_is {
        println!("NOT TESTED: there is no graphics adapter, so nothing is known of its faults.");
    }
    there_is
}

/// The number of submissions of the whole run, by halving: a fault at a later one does not happen.
fn happens(fault: &str, at: u64) -> bool {
    let directory = tempfile::tempdir().unwrap();
    let output = train(&directory.path().join("run"), &format!("{fault}@{at}")).get_output().clone();
    !output.status.success()
}

/// A submission in the middle of training: half of the last at which a fault still happens.
fn halfway() -> u64 {
    let (mut happening, mut not) = (1, 4096);
    while not - happening > 8 {
        let middle = u64::midpoint(happening, not);
        if happens("lost", middle) { happening = middle } else { not = middle }
    }
    happening * 3 / 4
}

#[test]
fn a_run_whose_device_fails_says_so_and_continues_to_the_same_bits() {
    if !has_adapter() {
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let straight = parent.path().join("straight");
    train(&straight, "").success();
    let middle = halfway();
    for (fault, says) in [
        ("lost", "was lost"),
        ("gone", "was lost: as was asked for"),
        ("hang", "does not answer any more"),
        ("invalid", "reports"),
    ] {
        let directory = parent.path().join(fault);
        let told = predicate::str::contains(says).and(predicate::str::contains("continue with --resume"));
        let told = told.and(predicate::str::contains("panicked").not());
        train(&directory, &format!("{fault}@{middle}")).code(1).stderr(told);
        let kept = history(&directory).len();
        assert!((5..20).contains(&kept), "{fault}: {kept} steps were kept");
        assert!(!directory.join("summary.json").exists());
        resume(&directory, &[]).assert().success();
        let (a, b) = (result(&straight), result(&directory));
        assert_eq!(a.0, b.0, "{fault}: history.csv");
        assert!(a.1 == b.1, "{fault}: checkpoint, weights or fit differ");
    }
}

#[test]
fn memory_that_is_not_there_is_told_with_what_to_do() {
    if !has_adapter() {
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    for at in [1, 9, 18, 20] {
        let directory = parent.path().join(at.to_string());
        let told = predicate::str::contains("ran out of memory").and(predicate::str::contains("Use fewer networks"));
        train(&directory, &format!("memory@{at}")).code(1).stderr(told);
        // What was begun is gone on with, or begun again.
        if directory.join("checkpoint.safetensors").exists() {
            resume(&directory, &[]).assert().success();
        }
    }
    let refused =
        predicate::str::contains("`AON_GPU_FAULT = late@3`: expected a fault (lost, gone, hang, invalid, memory)");
    train(&parent.path().join("refused"), "late@3").code(2).stderr(refused);
    aon().args(["devices"]).assert().success();
}

#[test]
fn a_sweep_whose_device_is_lost_goes_on_to_the_same_runs() {
    if !has_adapter() {
        return;
    }
    let (lab, text) = (Lab::new(), "[grid]\ntraining.learning_rate = [0.01, 0.03, 0.1, 0.3, 1.0]");
    let flags = ["--engine", "gpu", "--places", "2"];
    let straight = lab.trained("straight", text, &flags);
    let mut ended_in_time = 0;
    for at in [20, 60, 100] {
        let mut broken = lab.run("broken", text, &flags);
        let output = broken.env("AON_GPU_FAULT", format!("lost@{at}")).assert().get_output().clone();
        let told = String::from_utf8(output.stderr).unwrap();
        ended_in_time += u32::from(output.status.success());
        assert!(output.status.success() || (output.status.code() == Some(1) && told.contains("was lost")), "{told}");
    }
    assert!(ended_in_time < 3, "nothing was lost");
    let broken = lab.trained("broken", text, &flags);
    assert!(essences(&straight) == essences(&broken));
    assert!(runs_csv(&broken).values().all(|row| row["state"] == "ended"));
    of("status", &broken, &[]).assert().success();
}
