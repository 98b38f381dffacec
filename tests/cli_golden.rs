//! The published training run from the command line, against the golden losses and gradient norms (float64).

mod cli_support;

use cli_support::{aon, data_flags, history, small};
use std::path::{Path, PathBuf};

/// Tolerances of the golden arrays' README: f32 against float64, over ten updates.
const LOSSES: f64 = 5e-6;
const NORMS: f64 = 2e-5;

fn numbers(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn reproduces_golden_case(case: &Path, engine: &[&str]) {
    let expected = std::fs::read_to_string(case.join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let (losses, norms) = (numbers(&expected["losses"]), numbers(&expected["global_norms"]));
    let areas: Vec<String> =
        numbers(&expected["areas"]).iter().zip(["A", "B", "C"]).map(|(n, a)| format!("{a}={n}")).collect();

    let directory = tempfile::tempdir().unwrap();
    let mut command = aon();
    command.args(["train", "--preset", "published", "--n-trials", "10", "--no-baseline", "--init"]);
    command.arg(case.join("init.mat")).args(data_flags(case, &areas.join(","))).args(engine);
    command.arg("--output-dir").arg(directory.path()).assert().success();

    let rows = history(directory.path());
    assert_eq!(rows.len(), 10);
    for (k, row) in rows.iter().enumerate() {
        let value = |column: usize| row[column].parse::<f64>().unwrap();
        assert_eq!(row[0], (k + 1).to_string());
        close("loss", k, value(1), losses[k], LOSSES);
        close("gradient norm", k, value(4), norms[k], NORMS);
        close("data term and regulariser", k, value(2) + value(3), value(1), 1e-6);
    }
    let summary = std::fs::read_to_string(directory.path().join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    close("final loss", 10, summary["last_loss"].as_f64().unwrap(), losses[10], LOSSES);
    close("reported loss", 10, summary["loss"].as_f64().unwrap(), losses[10], LOSSES);
    assert_eq!((summary["steps"].as_u64(), summary["stop_reason"].as_str()), (Some(10), Some("planned")));
}

fn close(what: &str, k: usize, found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs();
    assert!(error <= tolerance, "{what} after {k} updates: {found}, expected {expected}, relative error {error:.1e}");
}

/// The case of the reference size holds the published mask, and is no part of the project.
fn reference_case() -> Option<PathBuf> {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/golden/cli/full_live_A");
    if case.is_dir() {
        return Some(case);
    }
    println!("NOT TESTED: {} is missing, so the reference size is not compared.", case.display());
    None
}

/// The command of the published program's README, with only the program's name, the files and the sizes changed.
#[test]
fn the_published_command_line_runs() {
    let directory = tempfile::tempdir().unwrap();
    let (rates, mask) = (small().join("Firing_Rates.mat"), small().join("InhibitoryMask.mat"));
    let line = format!(
        "--firing_rates_mat {} --inhibitory_mask_mat {} --mode train --n_trials 3 --learning_rate 1e-3 --loss_fn l2 --N1 4 --N2 3 --N3 5 --thermal 100 --output_dir {}",
        rates.display(),
        mask.display(),
        directory.path().join("run").display()
    );
    aon().args(line.split(' ')).args(["--engine", "cpu", "--no-baseline"]).assert().success();
    assert_eq!(history(&directory.path().join("run")).len(), 3);
}

#[test]
fn small_case_on_the_cpu() {
    reproduces_golden_case(&small(), &["--engine", "cpu"]);
}

#[test]
fn small_case_on_one_thread() {
    reproduces_golden_case(&small(), &["--engine", "cpu", "--threads", "1"]);
}

/// Any adapter will do for numbers; a machine without one cannot test the GPU engine.
fn has_adapter() -> bool {
    let found = !aon::engine::gpu::adapters().is_empty();
    if !found {
        println!("NOT TESTED: there is no graphics adapter, so the GPU engine is not compared.");
    }
    found
}

#[test]
fn small_case_on_a_gpu() {
    if has_adapter() {
        reproduces_golden_case(&small(), &["--engine", "gpu"]);
    }
}

/// Ten steps of the reference size: seconds on the CPU engine and on a GPU, a dozen on a software adapter.
#[test]
fn reference_case_on_a_gpu() {
    if let Some(case) = reference_case()
        && has_adapter()
    {
        reproduces_golden_case(&case, &["--engine", "gpu"]);
    }
}

#[test]
fn reference_case_on_the_cpu() {
    if let Some(case) = reference_case() {
        reproduces_golden_case(&case, &["--engine", "cpu"]);
    }
}
