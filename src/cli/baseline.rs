//! The input-only baseline of a run.

use super::output;
use crate::config::Plan;
use crate::engine::{BatchState, Engine, cpu::CpuEngine};
use crate::error::Result;
use crate::train::{CheckpointInterval, Observer, Progress, TrainingPlan, settle, train};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What the baseline reached.
pub(super) struct BaselineResult {
    /// Modelled rates, `[C][B][N]`.
    pub(super) rates: Vec<f32>,
    /// Their loss.
    pub(super) loss: Option<f64>,
    /// Steps it was trained.
    pub(super) steps: u32,
}

/// Trains the baseline of `plan` on the CPU, where a network without recurrence takes little time; nothing if it is
/// switched off, if the run is such a network itself, or if it is interrupted.
///
/// # Errors
/// If the engine fails.
pub(super) fn train_baseline(plan: &Plan, interrupt: &AtomicBool, quiet: bool) -> Result<Option<BaselineResult>> {
    if !plan.config.training.baseline || !plan.problem.recurrent {
        return Ok(None);
    }
    let baseline = plan.baseline();
    let start = BatchState::fresh(vec![baseline.initial]);
    let threads = plan.config.engine.threads.unwrap_or(0);
    let mut engine = CpuEngine::<f32>::new(baseline.problem, baseline.settings, &start, threads)?;
    let training = TrainingPlan {
        planned_steps: baseline.steps,
        stop_after: None,
        checkpoint: CheckpointInterval { steps: u32::MAX, time: Duration::MAX },
        schedules: vec![baseline.schedule],
        seconds_before: 0.0,
    };
    let mut progress = (!quiet).then(|| Progress::new("input-only baseline", baseline.steps, 0));
    let mut observers: Vec<&mut dyn Observer> = Vec::new();
    if let Some(progress) = &mut progress {
        observers.push(progress);
    }
    let outcome = train(&mut engine, &start, training, &mut observers, interrupt)?;
    if outcome.paused {
        output::warn("the input-only baseline was interrupted; the fit is reported without it.");
        return Ok(None);
    }
    let settled = settle(&mut engine)?.remove(0);
    Ok(Some(BaselineResult { rates: engine.binned_rates(0)?, loss: settled.best_note.loss, steps: outcome.steps[0] }))
}
