//! The networks of a plan on their way through an engine: from their directories to the weights that they report.

use super::context::Context;
use super::finish::Reported;
use super::member::{Trained, TrainedNetwork};
use super::notice::{Divergence, Listener, Notice};
use super::passage::{Left, Passage};
use crate::engine::{EngineDescription, NetworkState, StepRecord, StopReason};
use crate::error::{Error, Result};
use crate::train::{End, Entrant, Feed, Keeping, Observer, Settled};
use std::collections::BTreeMap;
use std::time::Instant;

/// Networks that are reported together: their baselines are trained side by side.
const REPORT_TOGETHER: usize = 64;

/// Feeds the networks of a training to an engine.
pub(super) struct RunFeed<'a, 'l> {
    training: &'a Context<'a>,
    listener: &'l mut dyn Listener,
    progress: Option<Box<dyn Observer>>,
    /// What computes.
    pub(super) engine: EngineDescription,
    /// Those to come, the next one last.
    pending: Vec<usize>,
    active: BTreeMap<usize, Passage<'a>>,
    left: BTreeMap<usize, Left>,
    /// Steps of those that were paused.
    pub(super) paused: Vec<u32>,
    pub(super) trained: Vec<Trained>,
    pub(super) diverged: Vec<(usize, Divergence)>,
    /// What came of those that were reported.
    pub(super) reported: Vec<(usize, Reported)>,
    /// Seeds of those of which no step improved on the weights that they began with: these look like a fit.
    unimproved: Vec<u64>,
    /// Networks that have left, and the steps that they did meanwhile.
    together: usize,
    steps: u64,
    start: Instant,
}

impl<'a, 'l> RunFeed<'a, 'l> {
    pub(super) fn new(
        training: &'a Context<'a>,
        pending: &[usize],
        progress: Option<Box<dyn Observer>>,
        listener: &'l mut dyn Listener,
    ) -> Self {
        Self {
            training,
            listener,
            progress,
            engine: training.engine.clone(),
            pending: pending.iter().rev().copied().collect(),
            active: BTreeMap::new(),
            left: BTreeMap::new(),
            paused: Vec::new(),
            trained: Vec::new(),
            diverged: Vec::new(),
            reported: Vec::new(),
            unimproved: Vec::new(),
            together: 0,
            steps: 0,
            start: Instant::now(),
        }
    }

    /// Where what happens is said.
    pub(super) fn listener(&mut self) -> &mut dyn Listener {
        self.listener
    }

    /// Networks that have no results yet.
    pub(super) fn unfinished(&self) -> usize {
        self.pending.len() + self.active.len() + self.left.len()
    }

    /// Takes back the networks that are in an engine, which failed: they go on from their checkpoints.
    pub(super) fn take_back(&mut self) {
        let back = std::mem::take(&mut self.left).into_keys().chain(std::mem::take(&mut self.active).into_keys());
        self.pending.extend(back);
        self.pending.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Writes down that the networks in the engine were paused, and returns the step of the one that is furthest behind.
    pub(super) fn pause(&mut self) -> Result<u32> {
        let mut step = self.paused.iter().copied().min();
        for active in self.active.values() {
            active.member.directory.write_end(End::Paused)?;
            step = Some(step.map_or(active.kept(), |step| step.min(active.kept())));
        }
        self.left.values().try_for_each(|left| left.member.directory.write_end(End::Paused))?;
        let behind = self.pending.iter().filter_map(|k| self.training.step_of(*k));
        Ok(behind.chain(step).min().unwrap_or(0))
    }

    /// The step of the oldest checkpoint that the networks in the engine go on from.
    pub(super) fn kept(&self) -> u32 {
        self.active.values().map(Passage::kept).min().unwrap_or(0)
    }

    /// Reports what was trained.
    ///
    /// # Errors
    /// If a baseline cannot be trained, or a file not be written.
    pub(super) fn report(&mut self) -> Result<()> {
        let trained = std::mem::take(&mut self.trained);
        self.reported.extend(self.training.finish(trained, self.listener)?);
        Ok(())
    }

    /// Says what was trained, all of it.
    pub(super) fn end_of_training(&mut self) {
        let plan = self.training.plan;
        if let ([Trained { network, .. }], true) = (&self.trained[..], self.training.is_single()) {
            let TrainedNetwork { settled, steps, stop, seconds, .. } = network;
            let (steps, seconds, stop) = (*steps, *seconds, *stop);
            self.listener.notice(&Notice::Trained { plan, steps, seconds, stop, settled });
        } else if self.together > 0 {
            let (networks, seconds) = (self.together, self.start.elapsed().as_secs_f64());
            let trials = self.steps as f64 * plan.training_conditions().len() as f64;
            self.listener.notice(&Notice::TrainedTogether { networks, trials, seconds });
        }
        if !self.unimproved.is_empty() {
            self.listener.notice(&Notice::NeverImproved { seeds: &self.unimproved });
        }
    }

    fn active(&mut self, network: usize) -> Result<&mut Passage<'a>> {
        self.active.get_mut(&network).ok_or_else(|| Error::run(format!("network {network} is in no place.")))
    }
}

impl Feed for RunFeed<'_, '_> {
    fn next(&mut self) -> Result<Option<Entrant>> {
        let Some(network) = self.pending.pop() else { return Ok(None) };
        let plan = self.training.plan;
        let member = self.training.member(network)?;
        member.say_damage(self.listener);
        let planned = plan.config.training.n_trials;
        let until = self.training.options.stop_after.map_or(planned, |step| step.min(planned));
        let (passage, entrant) = Passage::begin(plan, &plan.problem, member, until, Keeping::Everything)?;
        self.active.insert(network, passage);
        Ok(Some(entrant))
    }

    fn on_filled(&mut self) -> Result<()> {
        // Whole, with their first checkpoints: from here on they take the place of what was there.
        self.training.directory.commit()
    }

    fn on_step(&mut self, network: usize, record: &StepRecord) -> Result<()> {
        let seconds = self.active(network)?.on_step(record)?;
        self.progress.as_mut().map_or(Ok(()), |progress| progress.on_step(network, record, seconds))
    }

    fn on_checkpoint(&mut self, network: usize, state: &NetworkState) -> Result<()> {
        self.active(network)?.keep(state)
    }

    fn on_leave(&mut self, network: usize, state: &NetworkState) -> Result<bool> {
        let planned = self.training.plan.config.training.n_trials;
        self.active(network)?.keep(state)?;
        let Some(passage) = self.active.remove(&network) else { return Ok(false) };
        let left = passage.leave(state);
        self.together += 1;
        self.steps += u64::from(left.done);
        if state.stop.is_some() {
            self.progress.iter_mut().for_each(|progress| progress.on_end(network, planned - state.step));
        }
        if state.stop == Some(StopReason::Diverged) {
            left.member.directory.write_end(End::Diverged)?;
            let divergence = Divergence {
                seed: self.training.plan.seeds[network],
                step: state.step,
                checkpoint: left.kept,
                directory: left.member.directory.path().to_path_buf(),
            };
            if !self.training.is_single() {
                self.listener.notice(&Notice::Diverged(&divergence));
            }
            self.diverged.push((network, divergence));
            return Ok(false);
        }
        if state.stop.is_none() && state.step < planned {
            left.member.directory.write_end(End::Paused)?;
            self.paused.push(state.step);
            return Ok(false);
        }
        self.left.insert(network, left);
        Ok(true)
    }

    fn on_settled(&mut self, network: usize, settled: Settled, rates: Vec<f32>) -> Result<()> {
        let Some(left) = self.left.remove(&network) else { return Ok(()) };
        if settled.best_note.updates == 0 && left.step > 1 {
            self.unimproved.push(self.training.plan.seeds[network]);
        }
        self.trained.push(left.settled(settled, rates, self.engine.clone()));
        if self.trained.len() >= REPORT_TOGETHER && !self.training.is_stopped() { self.report() } else { Ok(()) }
    }
}
