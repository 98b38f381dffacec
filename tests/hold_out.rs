//! Conditions that are held out: nothing of them enters the training, and their fit is what the exported rates say.

mod cli_support;

use aon::data::{ArrayFile, NamedArray, write_arrays};
use aon::network::{Constraint, Layout};
use aon::run::RunSummary;
use aon::task::TaskSpec;
use aon::train::{Checkpoint, Manifest, WeightsFile};
use cli_support::{aon, data_flags, history, resume, small, train_small};
use ndarray::{ArrayD, Ix2};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use std::path::{Path, PathBuf};

/// The conditions that are held out here, FR3 and FR8.
const HELD_OUT: [&str; 3] = ["--hold-out", "execute go object 3", "8"];

/// The rates of the small case as a file, after `change` to each variable.
fn rates_file(path: &Path, change: impl Fn(&str, &mut ArrayD<f64>)) -> PathBuf {
    let source = ArrayFile::open(&small().join("Firing_Rates.mat")).unwrap();
    let arrays: Vec<NamedArray> = source
        .names()
        .into_iter()
        .filter(|name| name.starts_with("FR") || name.starts_with("IC"))
        .map(|name| {
            let mut values = source.array(name).unwrap();
            change(name, &mut values);
            NamedArray::new(name, values.into_dimensionality::<Ix2>().unwrap())
        })
        .collect();
    write_arrays(path, &arrays).unwrap();
    path.to_path_buf()
}

/// Flags that train on other rates.
fn train_on(rates: &Path, directory: &Path, extra: &[&str]) -> assert_cmd::Command {
    let mut command = aon();
    command.args(["train", "--output-dir"]).arg(directory);
    command.arg("--firing-rates-mat").arg(rates).args(&data_flags(&small(), "A=4,B=3,C=5")[2..]).args(extra);
    command
}

fn json(directory: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(directory.join("summary.json")).unwrap()).unwrap()
}

/// State and weights.
type Numbers = (Checkpoint, Vec<Vec<f32>>);

/// Everything that training leaves: losses, state and weights. (The files also say which run they belong to.)
fn trained(directory: &Path) -> (Vec<Vec<String>>, Numbers) {
    let layout = Layout { neurons: 12, channels: 10, input_groups: 2 };
    let manifest = Manifest::read(&directory.join("manifest.json")).unwrap();
    let checkpoint = Checkpoint::read(&directory.join("checkpoint.safetensors"), &layout, &manifest.run).unwrap();
    let weights = ["best.safetensors", "last.safetensors"].map(|file| {
        WeightsFile::read(&directory.join(file)).unwrap().parameters(&layout, &Constraint::default()).unwrap()
    });
    (history(directory), (checkpoint, weights.into()))
}

/// The rates of a held-out condition may be anything: they enter neither the loss, nor the start, nor the normalisation.
#[test]
fn nothing_of_a_held_out_condition_enters_the_training() {
    let parent = tempfile::tempdir().unwrap();
    let path = |name: &str| parent.path().join(name);
    // In spikes/s, so that there is something to normalise; the other file's held-out rates are higher and run backwards.
    let spikes = rates_file(&path("spikes.npz"), |_, rates| *rates *= 40.0);
    let other = rates_file(&path("other.npz"), |name, rates| {
        *rates *= 40.0;
        if ["FR3", "IC_FR3", "IC_X3", "FR8", "IC_FR8", "IC_X8"].contains(&name) {
            rates.invert_axis(ndarray::Axis(1));
            *rates *= 3.0;
        }
    });
    let flags = [&HELD_OUT[..], &["--engine", "cpu", "--normalize", "soft", "--n-trials", "6"]].concat();
    for (file, run) in [(&spikes, "a"), (&other, "b")] {
        train_on(file, &path(run), &flags).assert().success().stdout(contains("held out   execute go object 3, "));
    }
    assert!(trained(&path("a")) == trained(&path("b")));
    let divisors = |run: &str| std::fs::read(path(run).join("normalization.csv")).unwrap();
    assert_eq!(divisors("a"), divisors("b"));
    let (a, b) = (json(&path("a")), json(&path("b")));
    for key in ["loss", "median_r2", "baseline"] {
        assert_eq!(a[key], b[key], "{key}");
    }
    assert_ne!(a["held_out"]["r2"], b["held_out"]["r2"]);

    // What is not held out does matter.
    train_on(&other, &path("c"), &["--engine", "cpu", "--normalize", "soft", "--n-trials", "6"]).assert().success();
    train_on(&spikes, &path("d"), &["--engine", "cpu", "--normalize", "soft", "--n-trials", "6"]).assert().success();
    assert!(trained(&path("c")).1 != trained(&path("d")).1 && trained(&path("d")).1 != trained(&path("a")).1);
}

/// Holding out a condition trains the network that a task without it trains.
#[test]
fn holding_out_is_training_on_a_task_without_the_condition() {
    let parent = tempfile::tempdir().unwrap();
    let (held, without) = (parent.path().join("held"), parent.path().join("without"));
    let mut task = TaskSpec::load("go-nogo").unwrap();
    task.conditions.retain(|c| !["FR3", "FR8"].contains(&&*c.firing_rates));
    let file = parent.path().join("task.toml");
    std::fs::write(&file, task.to_toml().unwrap()).unwrap();
    let steps = ["--n-trials", "8"];
    train_small(&held, &[&HELD_OUT[..], &steps].concat()).assert().success();
    train_small(&without, &[&["--task", file.to_str().unwrap()][..], &steps].concat()).assert().success();
    assert!(trained(&held) == trained(&without));
    let (held, without) = (json(&held), json(&without));
    for key in ["loss", "last_loss", "median_r2", "mean_r2", "fraction_above_0_8"] {
        assert_eq!(held[key], without[key], "{key}");
    }
    assert!(without.get("held_out").is_none());
}

#[test]
fn so_it_is_on_a_gpu() {
    if aon::engine::gpu::adapters().is_empty() {
        println!("NOT TESTED: there is no graphics adapter, so held-out conditions on a GPU are not tested.");
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let (gpu, cpu) = (parent.path().join("gpu"), parent.path().join("cpu"));
    // Only a held-out condition is as long as the stimulus.
    let ragged = rates_file(&parent.path().join("ragged.npz"), |name, rates| {
        if name.starts_with("FR") && name != "FR3" {
            *rates = rates.slice_axis(ndarray::Axis(1), (..rates.shape()[1] - 7).into()).to_owned();
        }
    });
    let flags = [&HELD_OUT[..], &["--n-trials", "5", "--no-baseline"]].concat();
    train_on(&ragged, &gpu, &[&flags[..], &["--engine", "gpu"]].concat()).assert().success();
    train_on(&ragged, &cpu, &[&flags[..], &["--engine", "cpu"]].concat()).assert().success();
    let r2 = |run: &Path| json(run)["held_out"]["r2"].as_f64().unwrap();
    // Five steps of two engines in 32 bits; the losses agree within 2e-6.
    assert!((r2(&gpu) - r2(&cpu)).abs() < 1e-4, "{} on the GPU, {} on the CPU", r2(&gpu), r2(&cpu));
}

fn array(file: &ArrayFile, name: &str) -> ndarray::Array2<f64> {
    file.array(name).unwrap().into_dimensionality::<Ix2>().unwrap()
}

/// 1 − Σ SSE / Σ SST over `conditions` (from 1), SST about the means over all others, from the exported rates.
fn r2_of_exported(run: &Path, conditions: &[usize], held_out: &[usize]) -> f64 {
    let exported = ArrayFile::open(&run.join("weights.npz")).unwrap();
    let recorded = ArrayFile::open(&small().join("Firing_Rates.mat")).unwrap();
    let training: Vec<_> =
        (1..=12).filter(|c| !held_out.contains(c)).map(|c| array(&recorded, &format!("FR{c}"))).collect();
    let (mut sse, mut sst) = (0.0, 0.0);
    for i in 0..12 {
        let rates: Vec<f64> = training.iter().flat_map(|fr| fr.row(i).to_vec()).collect();
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        for c in conditions {
            let recorded = array(&recorded, &format!("FR{c}"));
            let modelled = array(&exported, &format!("modelled_FR{c}"));
            sse += recorded.row(i).iter().zip(modelled.row(i)).map(|(r, m)| (r - m).powi(2)).sum::<f64>();
            sst += recorded.row(i).iter().map(|r| (r - mean).powi(2)).sum::<f64>();
        }
    }
    1.0 - sse / sst
}

#[test]
fn the_summary_holds_what_the_exported_rates_say() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let table = parent.path().join("fit.csv");
    train_small(&run, &[&HELD_OUT[..], &["--n-trials", "10"]].concat()).assert().success();
    aon().args(["export", "--format", "npz"]).arg(&run).assert().success();
    let summary = RunSummary::read(&run).unwrap().unwrap().held_out.unwrap();
    assert_eq!(summary.conditions, ["execute go object 3", "observe go object 2"]);
    assert_eq!(summary.siblings[1], ["observe go object 1", "observe go object 3"]);
    // Rates are exported in 32 bits.
    let close = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1e-5;
    assert!(close(summary.model.r2, r2_of_exported(&run, &[3, 8], &[3, 8])), "{summary:?}");
    for (found, condition) in summary.model.r2_by_condition.iter().zip([3, 8]) {
        assert!(close(*found, r2_of_exported(&run, &[condition], &[3, 8])), "{summary:?}");
    }
    assert!(close(summary.baseline.mean_rate.r2, 0.0));

    // The evaluation says the same, and the loss is that of the training.
    let said = contains(format!("loss       {:.6}", json(&run)["loss"].as_f64().unwrap())).and(contains(format!(
        "together             {:>9}",
        format!("{:.3}", summary.model.r2.unwrap()).replace('-', "−")
    )));
    aon().args(["eval", "--engine", "cpu"]).arg(&run).arg("--fit").arg(&table).assert().success().stdout(said);
    let fit = std::fs::read_to_string(&table).unwrap();
    assert_eq!(fit, std::fs::read_to_string(run.join("fit.csv")).unwrap());
    assert_eq!(fit.lines().filter(|line| line.contains(",held out,")).count(), 12);
    assert!(std::fs::read_to_string(run.join("report.html")).unwrap().contains("Held-out conditions"));
}

#[test]
fn resumed_runs_and_batches_are_those_that_were_not_interrupted() {
    let parent = tempfile::tempdir().unwrap();
    let [straight, parts, batch, again] = ["straight", "parts", "batch", "again"].map(|d| parent.path().join(d));
    let flags = [&HELD_OUT[..], &["--n-trials", "9", "--seed", "4"]].concat();
    train_small(&straight, &flags).assert().success();
    train_small(&parts, &[&flags[..], &["--stop-after", "4"]].concat()).assert().success();
    resume(&parts, &[]).assert().success();
    assert!(cli_support::result(&straight) == cli_support::result(&parts));
    assert_eq!(json(&straight)["held_out"], json(&parts)["held_out"]);

    let config = std::fs::read_to_string(straight.join("config.toml")).unwrap();
    assert!(config.contains(r#"hold_out = ["execute go object 3", "observe go object 2"]"#), "{config}");
    let mut command = aon();
    command.arg("train").arg("--config").arg(straight.join("config.toml")).arg("--output-dir").arg(&again);
    command.assert().success();
    assert!(cli_support::result(&straight) == cli_support::result(&again));
    resume(&parts, &["--hold-out", "1"]).assert().code(2).stderr(contains("--resume"));

    let mut command = train_small(&batch, &[&flags[..5], &["--seed", "3", "--networks", "2"]].concat());
    command.assert().success().stdout(contains("held-out R²"));
    assert!(cli_support::result(&straight) == cli_support::result(&batch.join("seed-4")));
    assert_eq!(json(&batch)["networks"][1]["held_out_r2"], json(&straight)["held_out"]["r2"]);
    let csv = std::fs::read_to_string(batch.join("summary.csv")).unwrap();
    assert!(csv.lines().next().unwrap().ends_with(",seconds,held_out_r2"), "{csv}");
}

#[test]
fn conditions_that_cannot_be_held_out_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let all: Vec<String> = (1..=12).map(|c| c.to_string()).collect();
    let cases = [
        (
            "execute go object 4",
            "has no condition `execute go object 4`. Give names or numbers of: 1 `execute go object 1`, 2",
        ),
        ("13", "has no condition `13`"),
        ("0", "has no condition `0`"),
        (&all.join(","), "leaves nothing to train on"),
        (&all[6..].join(","), "W_in2"),
    ];
    for (list, named) in cases {
        train_small(&run, &["--hold-out", list]).assert().code(2).stderr(contains(named));
    }
    assert!(!run.join("config.toml").exists());
    // An input matrix that is not trained may belong to held-out conditions alone.
    let frozen = ["--hold-out", &all[6..].join(","), "--freeze", "W_in2", "--n-trials", "2"];
    train_small(&run, &frozen).assert().success();

    // A neuron that fires in held-out conditions only has nothing to be divided by.
    let silent = rates_file(&parent.path().join("silent.npz"), |name, rates| {
        if name.starts_with("FR") && name != "FR3" || name.starts_with("IC_FR") && name != "IC_FR3" {
            rates.index_axis_mut(ndarray::Axis(0), 4).fill(0.0);
        }
    });
    let mut command = train_on(&silent, &parent.path().join("silent"), &["--hold-out", "3", "--normalize", "peak"]);
    command.assert().code(2).stderr(contains("row 5").and(contains("held-out condition")));
}

/// The recordings are not part of the project: the test reads them where they are.
#[test]
fn recorded_grips_are_held_out_and_held_against_their_siblings() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/real/jerjian2020");
    if !directory.is_dir() {
        println!(
            "NOT TESTED: {} is not there, so recorded data with ragged conditions are not tested.",
            directory.display()
        );
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let task = Path::new(env!("CARGO_MANIFEST_DIR")).join("tasks/jerjian2020.toml");
    let mut command = aon();
    command.args(["train", "--engine", "cpu", "--normalize", "soft", "--n-trials", "30", "--task"]).arg(task);
    command.args(["--hold-out", "execute precision grip", "--output-dir"]).arg(&run);
    command.arg("--firing-rates-mat").arg(directory.join("Firing_Rates.mat"));
    command.arg("--inhibitory-mask-mat").arg(directory.join("InhibitoryMask.mat")).assert().success();
    let summary = RunSummary::read(&run).unwrap().unwrap().held_out.unwrap();
    assert_eq!(summary.siblings, [["execute whole-hand grip"]]);
    let r2 = |scores: Option<aon::analysis::HeldOutScores>| scores.unwrap().r2.unwrap();
    // Of the data alone: the whole-hand grip explains a quarter of what the precision grip differs from the mean by.
    assert!((r2(summary.baseline.siblings) - 0.260).abs() < 0.001);
    assert!(r2(summary.baseline.input_only).is_finite() && summary.model.r2.unwrap() < 1.0);
}
