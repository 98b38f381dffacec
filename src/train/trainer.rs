//! The loop over training steps.

use super::Schedule;
use crate::engine::{BatchState, Engine, NetworkState, StepRecord, StopReason};
use crate::error::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What happens while networks train. All methods do nothing unless they are written.
pub trait Observer {
    /// `network` has done the step of `record`, `seconds` into the training of this run.
    ///
    /// # Errors
    /// Ends the training.
    fn on_step(&mut self, network: usize, record: &StepRecord, seconds: f64) -> Result<()> {
        let _ = (network, record, seconds);
        Ok(())
    }

    /// The batch is at rest in `state`; the records of all its steps were handed over.
    ///
    /// # Errors
    /// Ends the training.
    fn on_checkpoint(&mut self, state: &BatchState) -> Result<()> {
        let _ = state;
        Ok(())
    }
}

/// When a run is checkpointed: whichever comes first. It always is at its end.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointInterval {
    /// After a step whose number is a multiple of this.
    pub steps: u32,
    /// After this much time without one.
    pub time: Duration,
}

/// What the trainer needs to know besides the engine.
#[derive(Debug)]
pub struct TrainingPlan {
    /// Steps of the whole run, those before a resume included.
    pub planned_steps: u32,
    /// The run pauses after this step, to be resumed.
    pub stop_after: Option<u32>,
    /// How often the state is kept.
    pub checkpoint: CheckpointInterval,
    /// Learning rates, one schedule per network.
    pub schedules: Vec<Schedule>,
    /// Seconds of training before this start (of a resumed run).
    pub seconds_before: f64,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether it paused before its end: by `stop_after` or an interrupt.
    pub paused: bool,
    /// The last step of each network, `[K]`.
    pub steps: Vec<u32>,
    /// Why each network stopped before its planned steps, `[K]`.
    pub stop: Vec<Option<StopReason>>,
    /// Seconds of training, those before a resume included.
    pub seconds: f64,
}

/// Trains the networks of `engine` from `start`, the state it was given, to the end of `plan` or until `interrupt` is set.
///
/// Records of a device lag behind its steps; observers get each exactly once, in order, and all of them before a
/// checkpoint. A network that diverged is an outcome, not an error: others of its batch may go on.
///
/// # Errors
/// If the engine or an observer fails.
pub fn train(
    engine: &mut dyn Engine,
    start: &BatchState,
    plan: TrainingPlan,
    observers: &mut [&mut dyn Observer],
    interrupt: &AtomicBool,
) -> Result<Outcome> {
    Trainer {
        engine,
        observers,
        steps: start.networks.iter().map(|n| last_step(n, start.step)).collect(),
        stop: start.networks.iter().map(|n| n.stop).collect(),
        handed_over: start.step,
        started: Instant::now(),
        plan,
    }
    .run(start.step, interrupt)
}

/// The last step of a network of a batch that has done `step` steps: where it stopped, if it did.
pub(super) fn last_step(network: &NetworkState, step: u32) -> u32 {
    if network.stop.is_some() { network.best_step + network.steps_since_best } else { step }
}

/// How often its parameters were updated: the step that stops a network leaves them alone.
pub(super) fn updates(network: &NetworkState, step: u32) -> u32 {
    last_step(network, step).saturating_sub(u32::from(network.stop.is_some()))
}

struct Trainer<'a, 'b> {
    engine: &'a mut dyn Engine,
    observers: &'a mut [&'b mut dyn Observer],
    plan: TrainingPlan,
    steps: Vec<u32>,
    stop: Vec<Option<StopReason>>,
    handed_over: u32,
    started: Instant,
}

impl Trainer<'_, '_> {
    fn run(mut self, done: u32, interrupt: &AtomicBool) -> Result<Outcome> {
        let mut step = done;
        let mut last_checkpoint = Instant::now();
        let mut paused = false;
        while step < self.plan.planned_steps && self.stop.contains(&None) {
            // Asked before the step: a run whose pause lies behind it does nothing.
            if interrupt.load(Ordering::Relaxed) || self.plan.stop_after.is_some_and(|s| s <= step) {
                paused = true;
                break;
            }
            step += 1;
            if !self.plan.schedules.iter().all(|s| s.is_ready(step)) {
                self.hand_over(true)?;
            }
            let rates: Vec<f64> = self.plan.schedules.iter_mut().map(|s| s.rate(step)).collect();
            self.engine.step(&rates)?;
            self.hand_over(false)?;
            let due = step.is_multiple_of(self.plan.checkpoint.steps.max(1))
                || last_checkpoint.elapsed() >= self.plan.checkpoint.time;
            if due && step < self.plan.planned_steps {
                self.checkpoint()?;
                last_checkpoint = Instant::now();
            }
        }
        self.checkpoint()?;
        let seconds = self.seconds();
        Ok(Outcome { paused: paused && self.stop.contains(&None), steps: self.steps, stop: self.stop, seconds })
    }

    fn seconds(&self) -> f64 {
        self.plan.seconds_before + self.started.elapsed().as_secs_f64()
    }

    /// Passes on the records that arrived, with `wait` those of all steps.
    fn hand_over(&mut self, wait: bool) -> Result<()> {
        for records in self.engine.take_records(wait)? {
            let seconds = self.seconds();
            self.handed_over += 1;
            for (k, record) in records.iter().enumerate() {
                self.plan.schedules[k].observe(self.handed_over, record.loss.loss);
                // A network that had stopped repeats its last record.
                if self.stop[k].is_none() {
                    self.steps[k] = record.step;
                    self.stop[k] = record.stop;
                    for observer in self.observers.iter_mut() {
                        observer.on_step(k, record, seconds)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<()> {
        self.hand_over(true)?;
        let state = self.engine.state()?;
        self.observers.iter_mut().try_for_each(|o| o.on_checkpoint(&state))
    }
}
