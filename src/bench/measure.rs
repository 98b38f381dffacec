//! Timing an engine.

use crate::dims::Dims;
use crate::engine::{Engine, Peak, StageTime};
use crate::error::{Result, at_most};
use std::time::Instant;

/// One benchmark's figures, as `--json` prints them.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Measurement {
    /// `cpu` or `gpu`.
    pub engine: String,
    /// The device.
    pub adapter: String,
    /// How it computes.
    pub strategy: String,
    /// K.
    pub networks: usize,
    /// N.
    pub neurons: usize,
    /// C.
    pub conditions: usize,
    /// T.
    pub time_steps: usize,
    /// From the moment given until the first training step was done: device, memory, shaders and the step itself.
    pub startup_seconds: f64,
    /// Training steps that were timed, after the warm-up.
    pub steps: usize,
    /// Median over the timed steps: loss, gradient, clipping, Adam and Dale's projection of all networks.
    pub seconds_per_step: f64,
    /// Fastest and slowest timed step.
    pub seconds_range: [f64; 2],
    /// `K · C / seconds_per_step`.
    pub trials_per_second: f64,
    /// Operations of both recurrences and the weight gradient per second, in 10⁹.
    pub gflops: f64,
    /// The device's own measured limit in fused multiply-adds, in 10⁹ operations per second; absent where not measured.
    pub peak_gflops: Option<f64>,
    /// The device's own measured limit in copies, in 10⁹ bytes per second; absent where not measured.
    pub peak_copy_gb_per_s: Option<f64>,
    /// Most memory that the process held so far, in bytes; absent where the system does not say.
    pub peak_memory_bytes: Option<u64>,
    /// Memory of the engine's own arrays on its device, in bytes.
    pub device_memory_bytes: u64,
    /// The stages, in a step of its own that is waited for after every stage.
    pub stages: Vec<StageSpeed>,
}

/// One stage of a step, all networks together.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct StageSpeed {
    /// The stage's name, as its shader file and its twin are called; fused stages are joined by `+`.
    pub stage: String,
    /// Seconds.
    pub seconds: f64,
    /// Operations per second, in 10⁹; absent for stages whose operations are not counted.
    pub gflops: Option<f64>,
}

impl StageSpeed {
    fn new(StageTime { stage, seconds }: StageTime, dims: &Dims) -> Self {
        let operations = dims.flops_of(&stage).map(|flops| dims.networks as f64 * flops);
        Self { gflops: operations.filter(|_| seconds > 0.0).map(|flops| flops / seconds / 1e9), stage, seconds }
    }
}

impl Measurement {
    /// The same, held against what the device can do at most.
    #[must_use]
    pub fn with_peak(self, peak: Peak) -> Self {
        Self { peak_gflops: Some(peak.gflops), peak_copy_gb_per_s: Some(peak.copy_gb_per_s), ..self }
    }
}

/// Times `steps` training steps of `engine` after two to warm up (shaders are compiled at their first use, memory is
/// touched for the first time). Every step is waited for. The making of the engine began at `started`.
///
/// # Errors
/// If the device fails.
pub fn measure(engine: &mut dyn Engine, steps: usize, started: Instant) -> Result<Measurement> {
    at_most("steps", steps, 1_000_000)?;
    let dims = *engine.dims();
    let rates = vec![Some(1e-3); dims.networks];
    let mut timed = Vec::with_capacity(steps);
    let mut startup = 0.0;
    for k in 0..steps.max(1) + 2 {
        let start = Instant::now();
        engine.step(&rates)?;
        engine.take_records(true)?;
        if k == 0 {
            startup = started.elapsed().as_secs_f64();
        } else if k >= 2 {
            timed.push(start.elapsed().as_secs_f64());
        }
    }
    timed.sort_by(f64::total_cmp);
    let median = f64::midpoint(timed[(timed.len() - 1) / 2], timed[timed.len() / 2]);
    let description = engine.describe();
    Ok(Measurement {
        engine: description.engine,
        adapter: description.adapter,
        strategy: description.strategy,
        networks: dims.networks,
        neurons: dims.neurons,
        conditions: dims.conditions,
        time_steps: dims.time_steps,
        startup_seconds: startup,
        steps: timed.len(),
        seconds_per_step: median,
        seconds_range: [timed[0], timed[timed.len() - 1]],
        trials_per_second: (dims.networks * dims.conditions) as f64 / median,
        gflops: dims.networks as f64 * dims.flops_per_step() / median / 1e9,
        peak_gflops: None,
        peak_copy_gb_per_s: None,
        peak_memory_bytes: peak_resident_bytes(),
        device_memory_bytes: engine.memory_bytes(),
        stages: engine.profile(&rates)?.into_iter().map(|time| StageSpeed::new(time, &dims)).collect(),
    })
}

/// The most resident memory that this process has held, where the system tells (Linux).
pub fn peak_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Case;
    use crate::engine::cpu::CpuEngine;

    #[test]
    fn a_measurement_names_its_sizes_and_adds_up() {
        let case = Case { networks: 2, neurons: 24, conditions: 4, time_steps: 60 };
        let (problem, settings, state) = case.pose().unwrap();
        let started = Instant::now();
        let mut engine = CpuEngine::<f32>::new(problem, settings, &state, 1).unwrap();
        let m = measure(&mut engine, 3, started).unwrap();
        assert_eq!((m.networks, m.neurons, m.conditions, m.time_steps, m.steps), (2, 24, 4, 60, 3));
        assert!((m.trials_per_second * m.seconds_per_step - 8.0).abs() < 1e-9);
        let operations = 2.0 * 6.0 * 24.0 * 24.0 * 4.0 * 59.0;
        assert!((m.gflops * 1e9 * m.seconds_per_step / operations - 1.0).abs() < 1e-9);
        assert!(m.seconds_range[0] <= m.seconds_per_step && m.seconds_per_step <= m.seconds_range[1]);
        assert!(m.startup_seconds > 0.0 && m.device_memory_bytes > 24 * 24 * 4);
        let counted: f64 = m.stages.iter().filter_map(|s| Some(s.gflops? * s.seconds * 1e9)).sum();
        assert!((counted / operations - 1.0).abs() < 1e-9, "the stages' operations are the step's");
        let named: Vec<_> = m.stages.iter().filter(|s| s.gflops.is_some()).map(|s| s.stage.as_str()).collect();
        assert_eq!(named, ["forward+loss", "adjoint", "weight_gradient"]);
    }
}
