//! The speed of a card at one size, in one way.

use super::super::{Case, Measurement, measure};
use crate::engine::gpu::{Candidate, GpuDevice, GpuEngine, GpuOptions, Trajectory};
use crate::engine::{BatchState, NetworkSettings, Problem, available_memory};
use crate::error::Result;
use std::time::Instant;

/// What a measurement belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Series {
    /// More and more networks of the size that was asked for.
    Networks,
    /// Many small networks.
    Small,
    /// A few wide ones.
    Wide,
}

/// A measurement and how it came about.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Speed {
    /// The series.
    pub series: Series,
    /// Whether this is what tuning chose; else its strategy was forced, with the tiles that tuning found best for it.
    pub tuned: bool,
    /// Strategy, loads and tiles in words.
    pub choice: String,
    /// Bytes of trajectories that a step moves to and from memory, per second, in 10⁹: a lower bound of its traffic, and
    /// beyond what copies reach where caches hold them.
    pub trajectory_gb_per_s: f64,
    /// The figures, as `aon bench --json` has them.
    #[serde(flatten)]
    pub measurement: Measurement,
}

/// What tuning tried at one size, the fastest first.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Tried {
    /// The series.
    pub series: Series,
    /// K.
    pub networks: usize,
    /// Seconds that the tuning took.
    pub seconds: f64,
    /// Choices in words, and the seconds a step that the tuning expects of them.
    pub candidates: Vec<(String, f64)>,
}

/// How often a step writes or reads one of its two trajectories, in all: forward writes both, the loss reads the rates
/// and writes the residuals of every fourth step, the adjoint reads both and these and writes over one, the weight gradient
/// reads both.
const PASSES: f64 = 2.0 + 1.25 + 3.25 + 2.0;

/// Measures `case` with the choice of `candidate`.
///
/// # Errors
/// If it does not fit, or the device fails.
pub(super) fn speed(
    device: &GpuDevice,
    options: &GpuOptions,
    (series, case, tuned): (Series, Case, bool),
    candidate: &Candidate,
    steps: usize,
) -> Result<Speed> {
    let (problem, settings, start) = pose(case)?;
    let options = candidate.choice.apply(options);
    check_memory(device, &problem, &options)?;
    let settings = vec![settings; case.networks];
    let state = BatchState::fresh(vec![start; case.networks]);
    let started = Instant::now();
    let mut engine = GpuEngine::new(device, &problem, &settings, &state, &options)?;
    drop((problem, settings, state));
    let measurement = measure(&mut engine, steps, started)?;
    let bytes = match options.trajectory {
        Trajectory::F32 => 4.0,
        Trajectory::F16 => 2.0,
    };
    let numbers = (case.networks * case.neurons * case.conditions * case.time_steps) as f64;
    Ok(Speed {
        series,
        tuned,
        choice: candidate.choice.to_string(),
        trajectory_gb_per_s: PASSES * numbers * bytes / measurement.seconds_per_step / 1e9,
        measurement,
    })
}

/// The problem of [`Case::pose`] with settings and start of one network, which stand for all: how fast they are does not
/// depend on them.
pub(super) fn pose(case: Case) -> Result<(Problem, NetworkSettings, Vec<f32>)> {
    case.check()?;
    let (mut problem, mut settings, mut state) = Case { networks: 1, ..case }.pose()?;
    problem.dims.networks = case.networks;
    Ok((problem, settings.remove(0), state.networks.remove(0).parameters))
}

/// What shares its memory with the processor takes the program with it when it runs out: refused before.
fn check_memory(device: &GpuDevice, problem: &Problem, options: &GpuOptions) -> Result<()> {
    let info = device.info();
    let shares = info.software || info.kind == "integrated";
    let Some(limit) = available_memory().filter(|_| shares) else { return Ok(()) };
    let need = GpuEngine::memory(device, problem, options)?;
    need.check(problem.dims.networks, limit / 4 * 3, &info.name)
}
