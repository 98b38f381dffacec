//! What cannot be done ends in a sentence and the right exit code.

mod cli_support;

use cli_support::{aon, small, train_small};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

#[test]
fn bad_flags_are_usage_errors() {
    for line in [
        "train --learning-rate fast",
        "train --dale sideways",
        "train --areas A",
        "train --areas A=many",
        "train --engine abacus",
        "train --stimulus-noise 0.1",
        "train --no-such-flag",
        "--no_such_flag 3",
        "train --resume out/x --learning-rate 1",
        "train --resume out/x --areas A=3",
        "train --config a.toml --preset published",
        "train --N1 3 --areas A=3",
        "frobnicate",
    ] {
        aon().args(line.split(' ')).assert().code(2).stderr(contains("error"));
    }
}

#[test]
fn missing_files_and_settings_are_named() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    aon().arg("train").assert().code(2).stderr(contains("--firing-rates-mat"));
    aon().args(["train", "--resume", "no/such/run"]).assert().code(2).stderr(contains("holds no run"));
    aon().args(["eval", "no/such/run"]).assert().code(2).stderr(contains("holds no run"));
    aon().args(["export", "no/such/run"]).assert().code(2).stderr(contains("holds no run"));
    aon().args(["--mode", "eval"]).assert().code(2).stderr(contains("--output-dir"));
    aon().args(["train", "--config", "no.toml"]).assert().code(2).stderr(contains("no.toml"));
    let cases: [(&[&str], &str); 12] = [
        (&["--firing-rates-mat", "no/such/file.mat"], "no/such/file.mat"),
        (&["--task", "no-such-task"], "no-such-task"),
        (&["--init", "no/such/init.npz"], "no/such/init.npz"),
        (&["--areas", "A=4,B=3,C=6"], "A 4, B 3, C 6"),
        (&["--thermal", "60"], "stim"),
        (&["--freeze", "W_out"], "W_out"),
        (&["--dale", "none"], "softplus"),
        (&["--n-trials", "0"], "n-trials"),
        (&["--tau-min", "0.2"], "tau-min"),
        (&["--engine", "cpu", "--trajectory", "f16"], "--trajectory f16"),
        (&["--stimulus-sd", "0.1"], "--stimulus-noise fresh"),
        (&["--stimulus-noise", "fresh", "--stimulus-sd", "off"], "nothing to draw"),
    ];
    for (flags, named) in cases {
        // The last of two equal flags counts.
        let line: Vec<String> = {
            let mut base = vec!["train".to_string(), "--output-dir".into(), run.display().to_string()];
            let data = cli_support::data_flags(&small(), "A=4,B=3,C=5");
            let kept = data.chunks(2).filter(|pair| pair[0] != flags[0]).flatten().cloned();
            base.extend(kept);
            base.extend(flags.iter().map(ToString::to_string));
            base
        };
        aon().args(line).assert().code(2).stderr(contains(named));
    }
    // Nothing that was refused leaves a run behind.
    assert!(!run.join("config.toml").exists());
}

#[test]
fn a_run_is_not_overwritten_by_accident() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    train_small(&run, &["--n-trials", "2"]).assert().success();
    train_small(&run, &["--n-trials", "3"]).assert().code(2).stderr(contains("--overwrite"));
    train_small(&run, &["--n-trials", "3", "--overwrite"]).assert().success();
    assert_eq!(cli_support::history(&run).len(), 3);
}

#[test]
fn a_divergence_is_named_and_keeps_the_last_good_checkpoint() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let flags = ["--n-trials", "50", "--gain", "1e39", "--schedule", "constant", "--checkpoint-every", "1"];
    train_small(&run, &flags).assert().code(1).stderr(contains("diverged").and(contains("best.safetensors")));
    let rows = cli_support::history(&run);
    assert!(rows.iter().all(|row| row[1].parse::<f64>().unwrap().is_finite()));
    assert!(run.join("checkpoint.safetensors").exists() && run.join("best.safetensors").exists());
}

#[test]
fn help_and_version_are_no_errors() {
    for flag in ["--help", "--version", "-h", "-V"] {
        aon().arg(flag).assert().success().stdout(contains("aon"));
    }
    for command in ["train", "eval", "demo", "devices", "synth", "export"] {
        aon().args([command, "--help"]).assert().success();
    }
    aon().assert().code(2);
}
