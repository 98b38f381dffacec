//! `aon bench`: its figures on the CPU and on a GPU, its table, its sweeps.

mod cli_support;

use cli_support::aon;
use serde_json::Value;

const TINY: [&str; 8] = ["--neurons", "24", "--conditions", "2", "--time-steps", "80", "--steps", "1"];

fn lines(engine: &str, extra: &[&str]) -> Vec<Value> {
    let output = aon().args(["bench", "--json", "--engine", engine]).args(TINY).args(extra).assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn positive(value: &Value) -> f64 {
    value.as_f64().filter(|v| *v > 0.0 && v.is_finite()).unwrap_or_else(|| panic!("{value} is no positive number"))
}

/// Every figure is there, the device's limits too, and the stages that have operations have their speed.
fn check(engine: &str, stages: [&str; 3]) {
    let [line] = &lines(engine, &["--networks", "2"])[..] else { panic!("one case is one line") };
    assert_eq!(line["engine"], engine);
    for (name, size) in [("networks", 2), ("neurons", 24), ("conditions", 2), ("time_steps", 80)] {
        assert_eq!(line[name], size, "{name}");
    }
    for name in ["seconds_per_step", "trials_per_second", "gflops", "startup_seconds", "device_memory_bytes"] {
        positive(&line[name]);
    }
    for name in ["peak_gflops", "peak_copy_gb_per_s"] {
        assert!(positive(&line[name]) > 0.1, "{name}: no device is as slow as {}", line[name]);
    }
    assert!(positive(&line["share_of_peak"]) < 1.5, "no step beats the limit");
    assert_eq!(line["peak_pairs"], u64::from(engine == "cpu"), "one step, one pair");
    for stage in line["stages"].as_array().unwrap() {
        let name = stage["stage"].as_str().unwrap();
        let operations = stage["gflops"].as_f64().map(|gflops| 1e9 * gflops * positive(&stage["seconds"]));
        let expected = stages.contains(&name).then_some(2.0 * 2.0 * 24.0 * 24.0 * 2.0 * 79.0);
        let differs = operations.unwrap_or(0.0) / expected.unwrap_or(1.0) - f64::from(u8::from(expected.is_some()));
        assert!(differs.abs() < 1e-9, "{name}: {operations:?} operations, not {expected:?}");
    }
}

#[test]
fn the_cpu_is_held_against_its_limits() {
    check("cpu", ["forward+loss", "adjoint", "weight_gradient"]);
}

#[test]
fn a_gpu_is_held_against_its_limits() {
    if aon::engine::gpu::adapters().is_empty() {
        eprintln!("NOT TESTED: there is no graphics adapter.");
        return;
    }
    check("gpu", ["forward", "adjoint", "weight_gradient"]);
}

#[test]
fn sweeps_are_printed_and_drawn_with_what_they_were_measured_on() {
    let folder = tempfile::tempdir().unwrap();
    let figure = folder.path().join("new/scale.svg");
    let sweeps = lines("cpu", &["--threads", "1", "--scale", "--figure", figure.to_str().unwrap()]);
    let varied = |name: &str| sweeps.iter().map(|m| m[name].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(varied("networks")[..5], [1, 2, 4, 8, 16]);
    assert_eq!(varied("neurons")[5..10], [3, 6, 12, 24, 48]);
    assert_eq!(varied("time_steps")[10..], [20, 40, 80, 160, 320]);
    let svg = std::fs::read_to_string(figure).unwrap();
    for text in ["Full training step on CPU (1 thread)", "N = 24, T = 80, 2 conditions", "measured limit", "networks K"]
    {
        assert!(svg.contains(text), "the figure lacks '{text}'");
    }
}

#[test]
fn the_table_gives_each_stage_its_share_of_the_limit() {
    let output = aon().args(["bench", "--engine", "cpu"]).args(TINY).assert().success();
    let text = String::from_utf8(output.get_output().stdout.clone()).unwrap();
    let columns = |stage: &str| text.lines().find(|l| l.starts_with(stage)).unwrap().matches(" %").count();
    assert_eq!((columns("adjoint"), columns("weights")), (2, 1), "{text}");
}
