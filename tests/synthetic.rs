//! Synthetic data: repeatable, consistent, and made so that only recurrence explains them.
#![allow(missing_docs)]

mod cli_support;

use aon::synthetic::{Synthetic, SyntheticSettings};
use cli_support::{aon, synthetic_flags};
use std::path::Path;

/// Median R² of the model and of the input-only network after 100 steps of the default recipe.
fn medians(run: &Path) -> (f64, f64) {
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(run.join("summary.json")).unwrap()).unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    (number(&summary["median_r2"]), number(&summary["baseline"]["input_only"]["median_r2"]))
}

/// Measured: 0.98 and 0.59.
#[test]
fn the_reference_size_is_fitted_in_100_steps_and_not_without_recurrence() {
    let parent = tempfile::tempdir().unwrap();
    let (data, run) = (parent.path().join("data"), parent.path().join("run"));
    aon().args(["synth", "--output-dir"]).arg(&data).assert().success();
    let mut train = aon();
    train.arg("train").args(synthetic_flags(&data));
    train.args(["--engine", "cpu", "--n-trials", "100", "--output-dir"]).arg(&run).assert().success();
    let (model, input_only) = medians(&run);
    assert!(model >= 0.97 && input_only <= model - 0.2, "median R² {model}, input-only {input_only}");
}

#[test]
fn the_same_settings_give_the_same_data_and_another_seed_others() {
    let generate = |seed| Synthetic::generate(&SyntheticSettings::small(seed)).unwrap();
    assert!(generate(1) == generate(1));
    assert!(generate(1).recording != generate(2).recording);
}

#[test]
fn rates_lie_in_their_range_and_the_given_states_belong_together() {
    let synthetic = Synthetic::generate(&SyntheticSettings::small(3)).unwrap();
    assert_eq!(synthetic.recording.conditions.len(), 12);
    for condition in &synthetic.recording.conditions {
        assert!(condition.rates.iter().all(|r| (0.0..=1.0).contains(r)), "{}", condition.variable);
        let (r, x) = (condition.initial_r.as_ref().unwrap(), condition.initial_x.as_ref().unwrap());
        for (r, x) in r.iter().zip(x) {
            // x is the logit of r, both rounded to f32.
            assert!((1.0 / (1.0 + (-x).exp()) - r).abs() < 1e-5, "x {x}, r {r}");
        }
    }
}

#[test]
fn a_circuit_without_time_is_refused() {
    let changes: [fn(&mut SyntheticSettings); 3] =
        [|s| s.circuit.period = 0.0, |s| s.circuit.ring_time = -1.0, |s| s.circuit.input_time.0 = f64::NAN];
    for change in changes {
        let mut settings = SyntheticSettings::small(0);
        change(&mut settings);
        assert_eq!(Synthetic::generate(&settings).unwrap_err().exit_code(), 2);
    }
}
