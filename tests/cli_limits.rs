//! Numbers that nobody means are refused in a sentence, before anything is made of them.

mod cli_support;

use cli_support::{aon, data_flags, small, train_small};
use predicates::str::contains;
use std::time::Duration;

/// Flags whose values are no counts.
const NO_COUNTS: [&str; 42] = [
    "firing-rates-mat",
    "inhibitory-mask-mat",
    "mirror-mat",
    "normalize",
    "task",
    "stimulus",
    "stimulus-sd",
    "stimulus-noise",
    "areas",
    "dale",
    "sign-constraint",
    "init",
    "init-scheme",
    "gain",
    "weight-distribution",
    "freeze",
    "tau-min",
    "tau-max",
    "hold-out",
    "learning-rate",
    "schedule",
    "loss-fn",
    "regularisation",
    "clip-norm",
    "target",
    "preset",
    "config",
    "output-dir",
    "resume",
    "memory",
    "mode",
    "engine",
    "adapter",
    "strategy",
    "trajectory",
    "weights",
    "fit",
    "format",
    "output",
    "figure",
    "lesions",
    "export",
];

/// Counts of steps after which something happens: never, where they are large.
const NEVER: [&str; 4] = ["patience", "plateau-patience", "checkpoint-every", "stop-after"];

/// The flags of `command` that take a value, from its help.
fn flags(command: &str) -> Vec<String> {
    let output = aon().args([command, "--help"]).assert().success();
    let help = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
    let flag = |line: &str| Some(line.trim().strip_prefix("--")?.split_once(" <")?.0.to_string());
    help.lines().filter_map(flag).collect()
}

#[test]
fn absurd_counts_are_refused_by_every_flag_that_takes_one() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "1"]).assert().success();
    let run = run.display().to_string();
    let mut seen = 0;
    for command in ["train", "eval", "demo", "bench", "autotune", "synth", "perturb", "validate", "export"] {
        // Sizes of the task are held against the data, every seed is a seed, and every number the name of a file.
        let others =
            ["N1", "N2", "N3", "thermal", "seed", "stimulus-sd", "initial-sd", "window-ms", "observed", "gpu-report"];
        for flag in flags(command) {
            if NO_COUNTS.contains(&&flag[..]) || others.contains(&&flag[..]) {
                continue;
            }
            for value in ["4294967295", "4294967296", "9223372036854775807", "18446744073709551615"] {
                if NEVER.contains(&&flag[..]) && value == "4294967295" {
                    continue;
                }
                let place = parent.path().join("new").display().to_string();
                let mut line = aon();
                line.arg(command).timeout(Duration::from_secs(20));
                match command {
                    "train" => drop(line.args(data_flags(&small(), "A=4,B=3,C=5")).args(["--output-dir", &place])),
                    "eval" | "perturb" | "export" => drop(line.arg(&run)),
                    "demo" | "validate" | "synth" => drop(line.args(["--output-dir", &place])),
                    _ => {}
                }
                line.args([&format!("--{flag}"), value]);
                line.assert().code(2).stderr(contains(format!("--{flag}")));
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// Within every bound, and together more than a machine has.
#[test]
fn sizes_that_memory_does_not_hold_are_refused_before_they_are_made() {
    let small_machine = aon::engine::available_memory().is_some_and(|bytes| bytes < 200_000_000_000);
    if !small_machine {
        println!("NOT TESTED: this machine has too much memory, or does not say how much.");
        return;
    }
    for line in [
        "bench --engine cpu --neurons 100000",
        "bench --engine cpu --networks 100000 --neurons 1000",
        "bench --engine cpu --conditions 100000 --time-steps 1000000",
        "bench --engine cpu --scale --time-steps 10000000 --neurons 50000",
    ] {
        aon().args(line.split(' ')).timeout(Duration::from_secs(20)).assert().code(2).stderr(contains("but there are"));
    }
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "1"]).assert().success();
    aon().arg("perturb").arg(&run).args(["--at-once", "4097"]).assert().code(2).stderr(contains("--at-once"));
}

#[test]
fn seeds_that_no_configuration_holds_are_refused_and_others_work() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "1", "--seed", "18446744073709551615"])
        .assert()
        .code(2)
        .stderr(contains("--seed"));
    train_small(&run, &["--n-trials", "1", "--seed", "9223372036854775807"]).assert().success();
    let last = "18446744073709551615";
    aon().arg("perturb").arg(&run).args(["--trials", "0", "--controls", "0", "--seed", last]).assert().success();
    aon().args(["synth", "--small", "--seed", last, "--output-dir"]).arg(parent.path().join("d")).assert().success();
    let validate = ["validate", "--seed", last, "--output-dir"];
    aon().args(validate).arg(parent.path().join("v")).assert().code(2).stderr(contains("--seed"));
}
