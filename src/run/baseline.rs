//! The input-only baselines of runs.

use crate::cli::output;
use crate::config::Plan;
use crate::engine::{BatchState, Engine, cpu::CpuEngine};
use crate::error::Result;
use crate::train::{CheckpointInterval, Observer, Settled, TrainingPlan, settle, train};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a baseline reached.
pub(crate) struct BaselineResult {
    /// Modelled rates in all conditions, `[C][B][N]`.
    pub(crate) rates: Vec<f32>,
    /// Their loss in those that were trained on.
    pub(crate) loss: Option<f64>,
    /// Steps it was trained.
    pub(crate) steps: u32,
}

/// Whether the runs of `plan` have a baseline: unless it is switched off, or they are such networks themselves.
pub(crate) fn has_baseline(plan: &Plan) -> bool {
    plan.config.training.baseline && plan.problem.recurrent
}

/// Trains the baselines of some networks of `plan` together, on the CPU, where networks without recurrence take little
/// time; nothing if they have none, or if it is interrupted.
///
/// # Errors
/// If the engine fails.
pub(crate) fn train_baselines(
    plan: &Plan,
    networks: &[usize],
    interrupt: &AtomicBool,
    quiet: bool,
) -> Result<Option<Vec<BaselineResult>>> {
    if !has_baseline(plan) || networks.is_empty() {
        return Ok(None);
    }
    let baseline = plan.baseline(networks);
    let start = BatchState::fresh(baseline.initial);
    let threads = plan.config.engine.threads.unwrap_or(0);
    let mut engine = CpuEngine::<f32>::new(baseline.problem, baseline.settings.clone(), &start, threads)?;
    let training = TrainingPlan {
        planned_steps: baseline.steps,
        stop_after: None,
        checkpoint: CheckpointInterval { steps: u32::MAX, time: Duration::MAX },
        schedules: vec![baseline.schedule; networks.len()],
        seconds_before: 0.0,
    };
    let label = if networks.len() == 1 { "input-only baseline" } else { "input-only baselines" };
    let mut progress =
        (!quiet).then(|| crate::cli::training_progress::Progress::new(label, baseline.steps, 0, networks.len()));
    let mut observers: Vec<&mut dyn Observer> = Vec::new();
    if let Some(progress) = &mut progress {
        observers.push(progress);
    }
    let outcome = train(&mut engine, &start, training, &mut observers, interrupt)?;
    drop(start);
    if outcome.paused {
        output::warn("the input-only baseline was interrupted; the fit is reported without it.");
        return Ok(None);
    }
    let settled = settle(&mut engine)?;
    if !plan.held_out.is_empty() {
        let state = BatchState::fresh(settled.iter().map(|s| s.best.clone()).collect());
        engine = CpuEngine::<f32>::new(baseline.whole, baseline.settings, &state, threads)?;
        engine.evaluate()?;
    }
    let result = |(place, (settled, steps)): (usize, (Settled, &u32))| {
        Ok(BaselineResult { rates: engine.binned_rates(place)?, loss: settled.best_note.loss, steps: *steps })
    };
    settled.into_iter().zip(&outcome.steps).enumerate().map(result).collect::<Result<_>>().map(Some)
}
