//! Timing an engine.

use crate::dims::Dims;
use crate::engine::{Engine, Peak, PeakMeter, StageTime};
use crate::error::{Result, at_most};
use std::time::Instant;

/// The limit is measured for at least so many seconds a time, that starting the threads does not count …
const SHORTEST_PEAK: f64 = 1e-3;
/// … and at most so many.
const LONGEST_PEAK: f64 = 0.5;

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
    /// Where it was measured in turns with the steps, the median of those.
    pub peak_gflops: Option<f64>,
    /// Share of that limit that a step reaches; where both were measured in turns, the median of the pairs' ratios, so
    /// that what else the machine does disturbs both alike.
    pub share_of_peak: Option<f64>,
    /// Pairs of a step and the limit measured in turns; 0 where the limit was measured on its own.
    pub peak_pairs: usize,
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
    /// The same, held against what the device can do at most. A limit measured in turns with the steps stays.
    #[must_use]
    pub fn with_peak(self, peak: Peak) -> Self {
        Self {
            share_of_peak: self.share_of_peak.or(Some(self.gflops / peak.gflops)),
            peak_gflops: self.peak_gflops.or(Some(peak.gflops)),
            peak_copy_gb_per_s: Some(peak.copy_gb_per_s),
            ..self
        }
    }
}

/// Times `steps` training steps of `engine` after two to warm up (shaders are compiled at their first use, memory is
/// touched for the first time). Every step is waited for. The making of the engine began at `started`.
///
/// # Errors
/// If the device fails.
pub fn measure(engine: &mut dyn Engine, steps: usize, started: Instant) -> Result<Measurement> {
    measure_in_turns(engine, steps, started, None)
}

/// As [`measure`], and after each timed step `peak` measures the device's limit for about as long
/// ([`Device::peak_meter`](crate::engine::Device::peak_meter)).
///
/// # Errors
/// If the device fails.
pub fn measure_in_turns(
    engine: &mut dyn Engine,
    steps: usize,
    started: Instant,
    mut peak: Option<PeakMeter>,
) -> Result<Measurement> {
    at_most("steps", steps, 1_000_000)?;
    let dims = *engine.dims();
    let rates = vec![Some(1e-3); dims.networks];
    let mut timed = Vec::with_capacity(steps);
    let operations = dims.networks as f64 * dims.flops_per_step() / 1e9;
    let (mut startup, mut peaks, mut shares) = (0.0, Vec::new(), Vec::new());
    for k in 0..steps.max(1) + 2 {
        let start = Instant::now();
        engine.step(&rates)?;
        engine.take_records(true)?;
        if k == 0 {
            startup = started.elapsed().as_secs_f64();
        } else if k >= 2 {
            let seconds = start.elapsed().as_secs_f64();
            timed.push(seconds);
            if let Some(peak) = &mut peak {
                let limit = peak(seconds.clamp(SHORTEST_PEAK, LONGEST_PEAK));
                peaks.push(limit);
                shares.push(operations / seconds / limit);
            }
        }
    }
    let median = median_of(&mut timed).unwrap_or_default();
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
        gflops: operations / median,
        peak_gflops: median_of(&mut peaks),
        share_of_peak: median_of(&mut shares),
        peak_pairs: peaks.len(),
        peak_copy_gb_per_s: None,
        peak_memory_bytes: peak_resident_bytes(),
        device_memory_bytes: engine.memory_bytes(),
        stages: engine.profile(&rates)?.into_iter().map(|time| StageSpeed::new(time, &dims)).collect(),
    })
}

/// Sorts; none of nothing.
fn median_of(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| f64::midpoint(values[(n - 1) / 2], values[n / 2]))
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
    fn a_limit_in_turns_gives_the_median_of_the_pairs() {
        let case = Case { networks: 1, neurons: 24, conditions: 2, time_steps: 40 };
        let (problem, settings, state) = case.pose().unwrap();
        let mut engine = CpuEngine::<f32>::new(problem, settings, &state, 1).unwrap();
        let mut limits = [1e3, 3e3, 2e3].into_iter();
        let peak = move |seconds: f64| {
            assert!((SHORTEST_PEAK..=LONGEST_PEAK).contains(&seconds));
            limits.next().unwrap()
        };
        let m = measure_in_turns(&mut engine, 3, Instant::now(), Some(Box::new(peak))).unwrap();
        let m = m.with_peak(Peak { gflops: 1.0, copy_gb_per_s: 5.0 });
        assert_eq!((m.peak_pairs, m.peak_gflops, m.peak_copy_gb_per_s), (3, Some(2e3), Some(5.0)));
        let [fast, slow] = m.seconds_range.map(|seconds| m.gflops * m.seconds_per_step / seconds);
        let share = m.share_of_peak.unwrap();
        assert!(slow / 3e3 <= share && share <= fast / 1e3, "{share}");

        let alone = measure(&mut engine, 1, Instant::now()).unwrap();
        assert_eq!((alone.peak_pairs, alone.peak_gflops, alone.share_of_peak), (0, None, None));
        let alone = alone.with_peak(Peak { gflops: 50.0, copy_gb_per_s: 5.0 });
        assert_eq!((alone.peak_gflops, alone.share_of_peak), (Some(50.0), Some(alone.gflops / 50.0)));
    }

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
