//! Networks that are trained together: each is the network that it would be alone, whatever happens to the others.

mod cli_support;

use aon::network::Layout;
use aon::train::Checkpoint;
use cli_support::{aon, data_flags, json, result, resume, small, train_small};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::{Path, PathBuf};

fn member(batch: &Path, seed: u64) -> PathBuf {
    batch.join(format!("seed-{seed}"))
}

fn summary(directory: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(directory.join("summary.json")).unwrap()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten().filter(|e| e.path().is_file()) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Histories, checkpoints, weights and fits of the runs in two batches.
fn same_runs(a: &Path, b: &Path, seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let (a, b) = (result(&member(a, seed)), result(&member(b, seed)));
        assert_eq!(a.0, b.0, "history of seed {seed}");
        assert!(a.1 == b.1, "checkpoint, weights or fit of seed {seed} differ");
    }
}

/// `--networks 3 --seed 5` against three runs, byte for byte. Returns the steps that each did.
fn is_three_runs(flags: &[&str]) -> [usize; 3] {
    let parent = tempfile::tempdir().unwrap();
    let (batch, singles) = (parent.path().join("batch"), parent.path().join("singles"));
    let together = [flags, &["--networks", "3", "--seed", "5"]].concat();
    train_small(&batch, &together).assert().success().stdout(contains("median R²").and(contains("seeds 5 to 7")));
    for seed in [5, 6, 7] {
        let text = seed.to_string();
        train_small(&member(&singles, seed), &[flags, &["--seed", &text]].concat()).assert().success();
        let config = |d: &Path| std::fs::read_to_string(member(d, seed).join("config.toml")).unwrap();
        assert_eq!(config(&batch), config(&singles));
    }
    same_runs(&batch, &singles, [5, 6, 7]);
    let histories = [5, 6, 7].map(|seed| cli_support::history(&member(&batch, seed)));
    assert!(histories[0][0] != histories[1][0] && histories[1][0] != histories[2][0], "the seeds differ");
    histories.map(|rows| rows.len())
}

#[test]
fn a_batch_is_its_networks_trained_alone() {
    is_three_runs(&["--n-trials", "12"]);
}

/// Fresh noise, learning rates that fall at different steps, and networks that stop at different ones.
const APART: [&str; 10] = [
    "--schedule",
    "plateau",
    "--plateau-patience",
    "1",
    "--patience",
    "2",
    "--stimulus-noise",
    "fresh",
    "--stimulus-sd",
    "1",
];

#[test]
fn so_it_is_with_fresh_noise_and_networks_that_stop_at_different_steps() {
    let steps = is_three_runs(&[&APART[..], &["--n-trials", "40", "--checkpoint-every", "3"]].concat());
    assert!(steps[0] != steps[1] && steps.iter().all(|s| *s < 40), "{steps:?}");
}

#[test]
fn so_it_is_on_a_gpu() {
    if aon::engine::gpu::adapters().is_empty() {
        println!("NOT TESTED: there is no graphics adapter, so batches on a GPU are not tested.");
        return;
    }
    let steps = is_three_runs(&[&APART[..], &["--n-trials", "20", "--engine", "gpu"]].concat());
    assert!(steps[0] != steps[1] && steps.iter().all(|s| *s < 20), "{steps:?}");
}

/// Each run stands on its own, baseline and report included.
#[test]
fn the_runs_of_a_batch_are_complete_runs() {
    let parent = tempfile::tempdir().unwrap();
    let (batch, alone) = (parent.path().join("batch"), parent.path().join("alone"));
    let flags = |seed: &'static str| [&["train", "--engine", "cpu", "--n-trials", "5", "--seed", seed][..]].concat();
    let data = data_flags(&small(), "A=4,B=3,C=5");
    let mut command = aon();
    command.args(flags("0")).args(["--networks", "2", "--output-dir"]).arg(&batch).args(&data).assert().success();
    let mut command = aon();
    command.args(flags("1")).arg("--output-dir").arg(&alone).args(&data).assert().success();

    let run = member(&batch, 1);
    let (ours, its) = (summary(&run), summary(&alone));
    for key in ["median_r2", "loss", "last_loss", "steps", "seed", "stop_reason", "baseline", "groups"] {
        assert_eq!(ours[key], its[key], "{key}");
    }
    assert!(ours["baseline"]["input_only"]["median_r2"].is_number() && run.join("report.html").is_file());
    aon().args(["eval", "--engine", "cpu"]).arg(&run).assert().success();
    aon().args(["export", "--engine", "cpu"]).arg(&run).assert().success();
    resume(&run, &["--n-trials", "6"]).assert().success();
    assert_eq!(cli_support::history(&run).len(), 6);

    let whole = summary(&batch);
    assert_eq!((&whole["networks"][1]["loss"], &whole["diverged"]), (&its["loss"], &serde_json::json!([])));
    let losses = [0, 1].map(|k| whole["networks"][k]["loss"].as_f64().unwrap());
    assert_eq!(whole["median"]["loss"].as_f64().unwrap(), f64::midpoint(losses[0], losses[1]));
    let csv = std::fs::read_to_string(batch.join("summary.csv")).unwrap();
    assert!(csv.lines().count() == 3 && csv.lines().nth(2).unwrap().starts_with("1,seed-1,5,planned,"), "{csv}");
    for command in ["eval", "export"] {
        aon().arg(command).arg(&batch).assert().code(2).stderr(contains("seed-0"));
    }
}

/// Runs whose checkpoints a crash left at different steps, or not begun at all, come together again.
#[test]
fn a_batch_resumes_bit_for_bit_from_checkpoints_of_different_steps() {
    let parent = tempfile::tempdir().unwrap();
    let [straight, parts, early] = ["straight", "parts", "early"].map(|d| parent.path().join(d));
    let flags = ["--networks", "4", "--n-trials", "20", "--schedule", "plateau", "--plateau-patience", "1"];
    train_small(&straight, &flags).assert().success();
    let mut paused = train_small(&parts, &[&flags[..], &["--stop-after", "6"]].concat());
    paused.assert().success().stdout(contains("paused after step 6 of 20"));
    for seed in [0, 3] {
        copy(&member(&parts, seed), &member(&early, seed));
    }
    resume(&parts, &["--stop-after", "11"]).assert().success().stdout(contains("resumed after step 6"));
    assert!(!parts.join("summary.csv").exists());
    for seed in [0, 3] {
        copy(&member(&early, seed), &member(&parts, seed));
    }
    std::fs::remove_dir_all(member(&parts, 2)).unwrap();
    resume(&member(&parts, 1), &["--stop-after", "13"]).assert().success();
    resume(&parts, &[]).assert().success();
    same_runs(&straight, &parts, 0..4);

    // One that has ended stays as it is; one that is to be longer goes on.
    resume(&parts, &[]).assert().success().stdout(contains("4 of 4 have ended already"));
    same_runs(&straight, &parts, 0..4);
    resume(&parts, &["--n-trials", "23"]).assert().success();
    assert_eq!(cli_support::history(&member(&parts, 3)).len(), 23);
}

/// The bytes that one network needs, as the refusal says them.
fn bytes_of_one(flags: &[&str]) -> f64 {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let refused = train_small(&run, &[flags, &["--memory", "0.000001"]].concat()).assert().code(2);
    let text = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(!run.join("config.toml").exists() && text.contains("one network needs"), "{text}");
    let megabytes = text.split(" MB").next().unwrap().split(' ').next_back().unwrap();
    megabytes.parse::<f64>().unwrap_or_else(|_| panic!("{text}")) * 1e6
}

fn turns_change_no_bit(flags: &[&str]) {
    let parent = tempfile::tempdir().unwrap();
    let (whole, turns) = (parent.path().join("whole"), parent.path().join("turns"));
    let flags = [flags, &["--networks", "3"]].concat();
    train_small(&whole, &flags).assert().success().stdout(contains("places  ").not());
    // One network and a half.
    let memory = format!("{}", 1.5e-9 * bytes_of_one(&flags));
    let limited = [&flags[..], &["--memory", &memory]].concat();
    let mut paused = train_small(&turns, &[&limited[..], &["--stop-after", "3"]].concat());
    paused.assert().success().stdout(contains("3 networks, at most 1 at once").and(contains("paused after step 3")));
    assert!((0..3).all(|seed| cli_support::history(&member(&turns, seed)).len() == 3), "each had its turn");
    resume(&turns, &["--memory", &memory]).assert().success();
    same_runs(&whole, &turns, 0..3);
}

#[test]
fn turns_change_no_bit_on_the_cpu() {
    turns_change_no_bit(&["--n-trials", "8", "--threads", "2"]);
}

#[test]
fn turns_change_no_bit_on_a_gpu() {
    if aon::engine::gpu::adapters().is_empty() {
        println!("NOT TESTED: there is no graphics adapter, so places of a GPU are not tested.");
        return;
    }
    turns_change_no_bit(&["--n-trials", "4", "--engine", "gpu"]);
}

/// One network is made to diverge by a checkpoint with weights beyond all bounds.
#[test]
fn a_network_that_diverges_is_reported_and_the_others_finish() {
    let parent = tempfile::tempdir().unwrap();
    let (straight, broken) = (parent.path().join("straight"), parent.path().join("broken"));
    let flags = ["--networks", "3", "--n-trials", "10"];
    train_small(&straight, &flags).assert().success();
    train_small(&broken, &[&flags[..], &["--stop-after", "4"]].concat()).assert().success();
    let path = member(&broken, 1).join("checkpoint.safetensors");
    let layout = Layout { neurons: 12, channels: 10, input_groups: 2 };
    let run = json(&member(&broken, 1).join("manifest.json"))["run"].as_str().unwrap().to_string();
    let mut checkpoint = Checkpoint::read(&path, &layout, &run).unwrap();
    checkpoint.network.parameters[..144].fill(f32::MAX);
    checkpoint.write(&path, &run).unwrap();

    for _ in 0..2 {
        let said = contains("seed 1 diverged: at step 5").and(contains("1 diverged (seed 1)"));
        resume(&broken, &[]).assert().code(1).stderr(said);
        same_runs(&straight, &broken, [0, 2]);
        let csv = std::fs::read_to_string(broken.join("summary.csv")).unwrap();
        assert_eq!(csv.lines().nth(2), Some("1,seed-1,5,diverged,,,,"));
        assert_eq!(summary(&broken)["diverged"], serde_json::json!([1]));
        assert!(!member(&broken, 1).join("summary.json").exists());
        assert_eq!(cli_support::history(&member(&broken, 1)).len(), 4);
    }
}

#[test]
fn a_batch_is_repeated_by_its_configuration_and_replaced_as_a_whole() {
    let parent = tempfile::tempdir().unwrap();
    let (first, again) = (parent.path().join("first"), parent.path().join("again"));
    train_small(&first, &["--networks", "2", "--n-trials", "3"]).assert().success();
    let mut command = aon();
    command.arg("train").arg("--config").arg(first.join("config.toml")).arg("--output-dir").arg(&again);
    command.assert().success();
    same_runs(&first, &again, 0..2);

    train_small(&first, &["--networks", "2", "--n-trials", "3"]).assert().code(2).stderr(contains("--overwrite"));
    train_small(&first, &["--n-trials", "3", "--overwrite"]).assert().success();
    assert!(!member(&first, 0).exists() && first.join("best.safetensors").exists());

    // Runs that lie where those of a batch would, but are of none.
    let other = parent.path().join("other");
    train_small(&member(&other, 1), &["--n-trials", "2", "--seed", "9"]).assert().success();
    train_small(&other, &["--networks", "2"]).assert().code(2).stderr(contains("of no batch"));
    assert_eq!(cli_support::history(&member(&other, 1)).len(), 2);
}

#[test]
fn batches_that_make_no_sense_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let init = small().join("init.mat");
    let same = ["--preset", "published", "--networks", "2", "--init", init.to_str().unwrap()];
    train_small(&run, &same).assert().code(2).stderr(contains("differ in nothing"));
    train_small(&run, &["--networks", "0"]).assert().code(2).stderr(contains("networks"));
    train_small(&run, &["--memory", "0"]).assert().code(2).stderr(contains("GB above 0"));
    aon().args(["train", "--resume", "x", "--networks", "2"]).assert().code(2).stderr(contains("--resume"));
    assert!(!run.join("config.toml").exists());
}

/// A batch has more networks than a process may have open files.
#[cfg(unix)]
#[test]
fn a_batch_needs_no_file_per_network() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 24 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_aon")]);
    command.args(["train", "--no-baseline", "--quiet", "--engine", "cpu", "--n-trials", "1", "--networks", "32"]);
    command.args(data_flags(&small(), "A=4,B=3,C=5")).arg("--output-dir").arg(&run);
    assert_cmd::Command::from_std(command).assert().success();
    assert!((0..32).all(|seed| member(&run, seed).join("summary.json").exists()));
}
