//! A network's way through an engine, and what is kept of it meanwhile.

use super::member::{Member, Trained, TrainedNetwork};
use crate::config::Plan;
use crate::engine::{EngineDescription, NetworkState, Problem, StepRecord, StopReason};
use crate::error::Result;
use crate::train::{Entrant, Keeping, RunWriter, Settled};
use std::time::{Duration, Instant};

/// A network in a place of an engine.
pub(crate) struct Passage<'a> {
    pub(crate) member: Member,
    /// None of one that has nothing left to train.
    writer: Option<RunWriter<'a>>,
    since: Instant,
    /// Its last record, and the one before.
    records: [Option<StepRecord>; 2],
}

impl<'a> Passage<'a> {
    /// A network of `plan` goes on to step `until`, as far as it is not there already; `problem` is that of its weights.
    ///
    /// # Errors
    /// If its directory cannot be written.
    pub(crate) fn begin(
        plan: &Plan,
        problem: &'a Problem,
        mut member: Member,
        until: u32,
        keeping: Keeping,
    ) -> Result<(Self, Entrant)> {
        let trains = !member.has_ended(plan) && member.state.step < until;
        let begin = || RunWriter::begin(&member.directory, problem, &member.state, &member.stamp, keeping);
        let begun = trains.then(begin).transpose()?;
        let writer = begun.map(|(writer, rows)| {
            member.rows = rows;
            writer
        });
        let entrant = Entrant {
            network: member.network,
            settings: plan.settings[member.network].clone(),
            schedule: member.schedule(plan),
            until,
            keep_every: plan.config.training.checkpoint_every,
            state: std::mem::replace(&mut member.state, NetworkState::fresh(Vec::new())),
        };
        // How far it was, until it leaves.
        (member.state.step, member.state.stop) = (entrant.state.step, entrant.state.stop);
        Ok((Self { member, writer, since: Instant::now(), records: [None; 2] }, entrant))
    }

    fn seconds(&self) -> f64 {
        let here = if self.writer.is_some() { self.since.elapsed().as_secs_f64() } else { 0.0 };
        self.member.seconds() + here
    }

    /// Takes a record, and returns the seconds of its training until now.
    ///
    /// # Errors
    /// If the history cannot be written.
    pub(crate) fn on_step(&mut self, record: &StepRecord) -> Result<f64> {
        let seconds = self.seconds();
        self.records = [Some(*record), self.records[0]];
        self.writer.as_mut().map_or(Ok(()), |writer| writer.on_step(record, seconds))?;
        Ok(seconds)
    }

    /// Keeps its state.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn keep(&mut self, state: &NetworkState) -> Result<()> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.keep(state))
    }

    /// Writes what its history still holds back.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.writer.as_mut().map_or(Ok(()), RunWriter::flush)
    }

    /// How long it has been here.
    pub(crate) fn here(&self) -> Duration {
        self.since.elapsed()
    }

    /// The step of the state that is kept.
    pub(crate) fn kept(&self) -> u32 {
        self.writer.as_ref().map_or(self.member.state.step, RunWriter::checkpoint_step)
    }

    /// It leaves in `state`.
    pub(crate) fn leave(self, state: &NetworkState) -> Left {
        let (seconds, kept, before) = (self.seconds(), self.kept(), self.member.state.step);
        let (step, stop, records) = (state.step, state.stop, self.records);
        Left { member: self.member, step, stop, seconds, kept, done: step - before, records }
    }
}

/// A network that has left its place.
pub(crate) struct Left {
    pub(crate) member: Member,
    /// Its last step.
    pub(crate) step: u32,
    pub(crate) stop: Option<StopReason>,
    /// Seconds of its training.
    pub(crate) seconds: f64,
    /// The step of the state that is kept.
    pub(crate) kept: u32,
    /// Steps that it did here.
    pub(crate) done: u32,
    /// Its last record here, and the one before.
    pub(crate) records: [Option<StepRecord>; 2],
}

impl Left {
    /// It is settled.
    pub(crate) fn settled(self, settled: Settled, rates: Vec<f32>, engine: EngineDescription) -> Trained {
        let network =
            TrainedNetwork { settled, rates, steps: self.step, stop: self.stop, seconds: self.seconds, engine };
        Trained { member: self.member, network }
    }
}
