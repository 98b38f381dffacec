//! The training of some networks of a plan, each in a directory of its own.

use super::notice::{Listener, Notice, TrainingStage};
use super::register::stamp;
use crate::config::Plan;
use crate::engine::{BatchState, Device, Engine, EngineDescription, NetworkState, StopReason};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::train::{
    CheckpointInterval, HistoryRow, Observer, RunDirectory, RunWriter, Schedule, Settled, Stamp, TrainingPlan,
    last_good, settle, train,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A checkpoint is at most this old.
const CHECKPOINT_TIME: Duration = Duration::from_secs(30);

/// What is no setting of the run, but of this start of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Pause after this step.
    pub stop_after: Option<u32>,
    /// Bytes to stay within on the device.
    pub memory: Option<u64>,
}

/// One network of a plan, where it is kept, and how far it is.
pub(super) struct Member {
    /// Its number in the plan.
    pub(super) network: usize,
    pub(super) directory: RunDirectory,
    /// What its files carry.
    pub(super) stamp: Stamp,
    /// Its last step.
    pub(super) step: u32,
    pub(super) state: NetworkState,
    /// Seconds of training until now.
    pub(super) seconds: f64,
    /// The step of the checkpoint that is kept.
    pub(super) checkpoint: u32,
    /// What is wrong with a newer checkpoint than the one it goes on from.
    newer: Option<String>,
}

impl Member {
    /// The network as its newest intact checkpoint has it, or before there is one with its initial values.
    ///
    /// # Errors
    /// If no checkpoint is intact, or it lies beyond the plan.
    pub(super) fn read(plan: &Plan, network: usize, directory: &RunDirectory) -> Result<Self> {
        let stamp = stamp(plan, network, directory)?;
        let found = last_good(directory, &Layout::new(&plan.problem.dims), &stamp)?;
        let (step, state, rows, newer) = match found {
            Some(found) => (found.checkpoint.step, found.checkpoint.network, found.rows, found.newer),
            None => (0, NetworkState::fresh(plan.initial(network)), Vec::new(), None),
        };
        let planned = plan.config.training.n_trials;
        if step > planned {
            return Err(Error::input(format!(
                "`n_trials = {planned}`: the run in {} has done {step} steps already. Plan at least as many (`n_trials = {step}`).",
                directory.path().display()
            )));
        }
        let seconds = rows.last().map_or(0.0, |row| row.seconds);
        Ok(Self { network, directory: directory.clone(), stamp, step, state, seconds, checkpoint: step, newer })
    }

    /// Tells of a checkpoint that was passed over.
    pub(super) fn say_damage(&self, listener: &mut dyn Listener) {
        if let Some(damage) = &self.newer {
            let text = format!("{damage} Going on from the checkpoint before, of step {}.", self.step);
            listener.notice(&Notice::Advice(&text));
        }
    }

    /// Whether nothing is left to train.
    pub(super) fn has_ended(&self, plan: &Plan) -> bool {
        !self.is_training(plan.config.training.n_trials)
    }

    pub(super) fn has_diverged(&self) -> bool {
        self.state.stop == Some(StopReason::Diverged)
    }

    fn is_training(&self, planned: u32) -> bool {
        self.state.stop.is_none() && self.step < planned
    }
}

/// A network after its training.
pub(super) struct TrainedNetwork {
    pub(super) settled: Settled,
    /// Modelled rates of the weights that are reported, `[C][B][N]`.
    pub(super) rates: Vec<f32>,
    pub(super) steps: u32,
    pub(super) stop: Option<StopReason>,
    pub(super) seconds: f64,
    pub(super) engine: EngineDescription,
}

/// What the training of networks needs besides them.
pub(super) struct Session<'a> {
    pub(super) plan: &'a Plan,
    pub(super) device: &'a Device,
    pub(super) options: Options,
    pub(super) stop: &'a AtomicBool,
    pub(super) stage: TrainingStage,
    /// The directory that continues it.
    pub(super) directory: &'a RunDirectory,
}

/// How far a training came.
pub(super) struct Advance {
    /// Whether it was asked to pause before its end.
    pub(super) paused: bool,
    /// The engine that holds all the networks at the end, in their order, if one does.
    engine: Option<Box<dyn Engine>>,
}

impl Session<'_> {
    /// Trains `members` to the end of the plan, or to the pause that was asked for.
    ///
    /// Those that stand at the same step are trained together. A crash may leave some a checkpoint behind the others:
    /// these are trained up to the others first. Whoever is in the same engine changes no network's bits.
    ///
    /// # Errors
    /// If the device or a directory fails. A divergence is a state of the network.
    pub(super) fn advance(&self, members: &mut [Member], listener: &mut dyn Listener) -> Result<Advance> {
        let mut engine = None;
        while let Some((round, until)) = self.next_round(members) {
            let pause = self.options.stop_after;
            let reached = pause.is_some_and(|p| p <= members[round[0]].step);
            if reached || self.stop.load(Ordering::Relaxed) {
                return Ok(Advance { paused: true, engine: None });
            }
            // Two engines at once may not fit.
            drop(engine.take());
            let last = self.train_round(members, &round, pause.map_or(until, |p| p.min(until)), listener)?;
            engine = (round.len() == members.len()).then_some(last);
        }
        Ok(Advance { paused: false, engine })
    }

    /// The members that are furthest behind, and the step where they meet others or end.
    fn next_round(&self, members: &[Member]) -> Option<(Vec<usize>, u32)> {
        let planned = self.plan.config.training.n_trials;
        let steps = || members.iter().filter(|m| m.is_training(planned)).map(|m| m.step);
        let first = steps().min()?;
        let until = steps().filter(|s| *s > first).min().unwrap_or(planned);
        let is_in = |k: &usize| members[*k].is_training(planned) && members[*k].step == first;
        Some(((0..members.len()).filter(is_in).collect(), until))
    }

    /// Trains the members that `round` lists, all at the same step, up to step `until`.
    fn train_round(
        &self,
        members: &mut [Member],
        round: &[usize],
        until: u32,
        listener: &mut dyn Listener,
    ) -> Result<Box<dyn Engine>> {
        let (plan, step) = (self.plan, members[round[0]].step);
        let taken = |k: &usize| std::mem::replace(&mut members[*k].state, NetworkState::fresh(Vec::new()));
        let start = BatchState { step, networks: round.iter().map(taken).collect() };
        let settings: Vec<_> = round.iter().map(|k| plan.settings[members[*k].network].clone()).collect();
        let mut engine = self.device.open(&plan.training_problem(round.len()), &settings, &start)?;

        let (mut writers, mut schedules, mut seconds) = (Vec::new(), Vec::new(), 0.0_f64);
        for (k, network) in round.iter().zip(&start.networks) {
            let place = writers.len();
            let member = &members[*k];
            let (writer, rows) =
                RunWriter::begin(&member.directory, &plan.problem, place, step, network, &member.stamp)?;
            seconds = seconds.max(rows.last().map_or(0.0, |row| row.seconds));
            schedules.push(schedule_after(plan, &rows));
            writers.push(writer);
        }
        // Whole, with their first checkpoints: from here on they take the place of what was there.
        self.directory.commit()?;
        let outcome = {
            let planned = plan.config.training.n_trials;
            let mut progress = listener.observer(self.stage, planned, step, round.len());
            let mut observers: Vec<&mut dyn Observer> = writers.iter_mut().map(|w| w as &mut dyn Observer).collect();
            observers.extend(progress.as_mut().map(|p| p.as_mut() as &mut dyn Observer));
            let training = TrainingPlan {
                planned_steps: planned,
                stop_after: Some(until),
                checkpoint: CheckpointInterval { steps: plan.config.training.checkpoint_every, time: CHECKPOINT_TIME },
                schedules,
                seconds_before: seconds,
            };
            train(engine.as_mut(), &start, training, &mut observers, self.stop)
        };
        drop(start);
        let kept = writers.iter().map(RunWriter::checkpoint_step).min().unwrap_or(step);
        let outcome = outcome.map_err(|e| self.with_way_back(e, kept))?;
        for (place, state) in engine.state()?.networks.into_iter().enumerate() {
            let member = &mut members[round[place]];
            (member.step, member.state, member.seconds) = (outcome.steps[place], state, outcome.seconds);
            member.checkpoint = writers[place].checkpoint_step();
        }
        Ok(engine)
    }

    /// Evaluates networks that have ended their training, in their order: their losses over the conditions that they
    /// were trained on, their rates in all.
    ///
    /// # Errors
    /// If the device fails.
    pub(super) fn evaluate(&self, members: &mut [Member], advance: Advance) -> Result<Vec<TrainedNetwork>> {
        let plan = self.plan;
        // The engine has them.
        let take = |m: &mut Member| {
            let stop = m.state.stop;
            std::mem::replace(&mut m.state, NetworkState { stop, ..NetworkState::fresh(Vec::new()) })
        };
        let networks: Vec<NetworkState> = members.iter_mut().map(take).collect();
        let settings: Vec<_> = members.iter().map(|m| plan.settings[m.network].clone()).collect();
        let mut engine = if let Some(engine) = advance.engine {
            drop(networks);
            engine
        } else {
            let state = BatchState { step: plan.config.training.n_trials, networks };
            self.device.open(&plan.training_problem(members.len()), &settings, &state)?
        };
        let settled = settle(engine.as_mut())?;
        let description = engine.describe();
        if !plan.held_out.is_empty() {
            // Two engines at once may not fit.
            drop(engine);
            let state = BatchState::fresh(settled.iter().map(|s| s.best.clone()).collect());
            engine = self.device.open(&plan.problem_for(members.len()), &settings, &state)?;
            engine.evaluate()?;
        }
        let trained = |(place, (member, settled)): (usize, (&Member, Settled))| {
            Ok(TrainedNetwork {
                settled,
                rates: engine.binned_rates(place)?,
                steps: member.step,
                stop: member.state.stop,
                seconds: member.seconds,
                engine: description.clone(),
            })
        };
        members.iter().zip(settled).enumerate().map(trained).collect()
    }

    fn with_way_back(&self, error: Error, step: u32) -> Error {
        match error {
            // Fewer networks may fit.
            Error::OutOfMemory(_) => error,
            _ if self.directory.awaits_commit() => error,
            _ => Error::run(format!(
                "{error} The checkpoint of step {step} is kept; continue with `resume = {}`.",
                self.directory.path().display()
            )),
        }
    }
}

/// The learning rates of a network that has done the steps of these rows.
fn schedule_after(plan: &Plan, rows: &[HistoryRow]) -> Schedule {
    let mut schedule = plan.schedule();
    for row in rows {
        schedule.observe(row.step, row.loss);
    }
    schedule
}
