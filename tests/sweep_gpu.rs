//! Networks of a sweep on a graphics device: in few places, of different age and setting, each is the run that it would be
//! alone.
#![allow(missing_docs)]

mod cli_support;
mod sweep_support;

use cli_support::aon;
use sweep_support::{Lab, essence, runs, runs_csv};

const SWEEP: &str = r#"
seeds = 2
[grid]
training.n_trials = [4, 7]
training.learning_rate = [0.03, 0.3]
network.freeze = [[], ["I_ext"]]
"#;

#[test]
fn networks_in_places_of_a_gpu_are_the_runs_that_they_would_be_alone() {
    if aon::engine::gpu::adapters().is_empty() {
        println!("NOT TESTED: there is no graphics adapter, so sweeps on a GPU are not tested.");
        return;
    }
    let lab = Lab::new();
    let sweep = lab.trained("gpu", SWEEP, &["--engine", "gpu", "--places", "5"]);
    let table = runs_csv(&sweep);
    assert_eq!(table.len(), 16);
    assert!(table.values().all(|row| row["state"] == "ended" && row["engine"].starts_with("gpu")));
    for (number, run) in runs(&sweep).iter().enumerate() {
        let alone = lab.path(&format!("alone-{number}"));
        let mut train = aon();
        train.args(["train", "--quiet", "--no-baseline", "--config"]).arg(run.join("config.toml"));
        train.arg("--output-dir").arg(&alone).assert().success();
        assert!(essence(&alone) == essence(run), "{}", run.display());
    }
}
