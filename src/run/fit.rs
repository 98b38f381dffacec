//! Networks that are trained in memory, with nothing kept on disk: fits that others look at, and the input-only baselines
//! of runs.

use super::notice::{Listener, Notice, TrainingStage};
use crate::config::{FitPlan, Plan};
use crate::engine::{BatchState, Device};
use crate::error::Result;
use crate::lab::{OpenEngine, Subject};
use crate::train::{CheckpointInterval, Observer, Settled, TrainingPlan, settle, train};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A network that was trained in memory.
#[derive(Clone, Debug)]
pub struct FittedNetwork {
    /// Its weights.
    pub settled: Settled,
    /// Modelled rates of the best of them in all conditions, `[C][B][N]`.
    pub rates: Vec<f32>,
    /// Steps it was trained.
    pub steps: u32,
}

/// Trains the networks of `plan` together, `[K]`, until they end or `stop` is set: then `None`.
///
/// # Errors
/// If there is no such device, or it fails.
pub fn fit(plan: &Plan, stop: &AtomicBool, listener: &mut dyn Listener) -> Result<Option<Vec<FittedNetwork>>> {
    let device = Device::choose(&plan.config.engine, &mut |notice| listener.notice(&Notice::Device(notice)))?;
    train_in_memory(plan.fit(), &device, TrainingStage::Networks, stop, listener)
}

/// The network of `plan` with these parameters, as laboratories examine it.
///
/// # Errors
/// If the engine fails.
pub fn subject(plan: &Plan, parameters: Vec<f32>, open: &OpenEngine) -> Result<Subject> {
    let held_out: Vec<usize> = plan.held_out.iter().map(|h| h.condition).collect();
    Subject::new(&plan.problem, parameters, plan.task.conditions.clone(), &held_out, plan.task.time.step_ms, open)
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
) -> Result<Option<Vec<FittedNetwork>>> {
    if !has_baseline(plan) || networks.is_empty() {
        return Ok(None);
    }
    let device = Device::Cpu { threads: plan.config.engine.threads.unwrap_or(0) };
    let fitted = train_in_memory(plan.baseline(networks), &device, TrainingStage::Baselines, stop, listener)?;
    if fitted.is_none() {
        listener.notice(&Notice::BaselineInterrupted);
    }
    Ok(fitted)
}

fn train_in_memory(
    plan: FitPlan,
    device: &Device,
    stage: TrainingStage,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Vec<FittedNetwork>>> {
    let start = BatchState::fresh(plan.initial);
    let mut engine = device.open(&plan.problem, &plan.settings, &start)?;
    let training = TrainingPlan {
        planned_steps: plan.steps,
        stop_after: None,
        checkpoint: CheckpointInterval { steps: u32::MAX, time: Duration::MAX },
        schedules: vec![plan.schedule; plan.settings.len()],
        seconds_before: 0.0,
    };
    let mut progress = listener.observer(stage, plan.steps, 0, plan.settings.len());
    let mut observers: Vec<&mut dyn Observer> = progress.iter_mut().map(|p| p.as_mut() as &mut dyn Observer).collect();
    let outcome = train(engine.as_mut(), &start, training, &mut observers, stop)?;
    drop((start, progress));
    if outcome.paused {
        return Ok(None);
    }
    let settled = settle(engine.as_mut())?;
    if let Some(whole) = &plan.whole {
        // Two engines at once may not fit.
        drop(engine);
        let state = BatchState::fresh(settled.iter().map(|s| s.best.clone()).collect());
        engine = device.open(whole, &plan.settings, &state)?;
        engine.evaluate()?;
    }
    let fitted = |(place, (settled, steps)): (usize, (Settled, &u32))| {
        Ok(FittedNetwork { settled, rates: engine.binned_rates(place)?, steps: *steps })
    };
    settled.into_iter().zip(&outcome.steps).enumerate().map(fitted).collect::<Result<_>>().map(Some)
}
