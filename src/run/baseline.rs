//! The input-only baselines of runs.

use super::notice::{Listener, Notice, Stage};
use crate::config::Plan;
use crate::engine::{BatchState, Engine, cpu::CpuEngine};
use crate::error::Result;
use crate::train::{CheckpointInterval, Observer, Settled, TrainingPlan, settle, train};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a baseline reached.
#[derive(Clone, Debug)]
pub struct BaselineResult {
    /// Modelled rates in all conditions, `[C][B][N]`.
    pub rates: Vec<f32>,
    /// Their loss in those that were trained on.
    pub loss: Option<f64>,
    /// Steps it was trained.
    pub steps: u32,
}

/// Whether the runs of `plan` have a baseline: unless it is switched off, or they are such networks themselves.
pub(super) fn has_baseline(plan: &Plan) -> bool {
    plan.config.training.baseline && plan.problem.recurrent
}

/// Trains the baselines of some networks of `plan` together, on the CPU, where networks without recurrence take little
/// time; nothing if they have none, or if it is interrupted.
///
/// # Errors
/// If the engine fails.
pub fn train_baselines(
    plan: &Plan,
    networks: &[usize],
    stop: &AtomicBool,
    listener: &mut dyn Listener,
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
    let mut progress = listener.observer(Stage::Baselines, baseline.steps, 0, networks.len());
    let mut observers: Vec<&mut dyn Observer> = progress.iter_mut().map(|p| p.as_mut() as &mut dyn Observer).collect();
    let outcome = train(&mut engine, &start, training, &mut observers, stop)?;
    drop((start, progress));
    if outcome.paused {
        listener.notice(&Notice::BaselineInterrupted);
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
