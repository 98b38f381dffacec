//! Keeps one network's run directory up to date while it trains.

use super::trainer::{last_step, updates};
use super::{
    Checkpoint, HistoryRow, HistoryWriter, Observer, RunDirectory, Stamp, WeightsNote, read_history_of, write_weights,
};
use crate::engine::{BatchState, NetworkState, Problem, StepRecord, StopReason};
use crate::error::{Error, Result};

/// File of the state that a resume starts from.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The one before, for when that is damaged.
pub(super) const PREVIOUS: &str = "checkpoint.previous.safetensors";

/// Writes `history.csv`, `checkpoint.safetensors`, `last.safetensors` and `best.safetensors` of one network of a batch.
#[derive(Debug)]
pub struct RunWriter<'a> {
    directory: RunDirectory,
    network: usize,
    problem: &'a Problem,
    stamp: Stamp,
    history: HistoryWriter,
    /// The step of the checkpoint that is kept; none before there is one.
    checkpoint_step: Option<u32>,
    /// Whether the state that is kept is that of a network that stopped: there will be no other.
    stopped: bool,
}

impl<'a> RunWriter<'a> {
    /// Begins to write the run of `network`, whose state after `step` steps is `state`, into `directory`. The history
    /// is cut to the steps that the state knows; its rows are returned.
    ///
    /// # Errors
    /// If the history lacks steps that the state has done, or the directory cannot be written.
    pub fn begin(
        directory: &RunDirectory,
        problem: &'a Problem,
        network: usize,
        step: u32,
        state: &NetworkState,
        stamp: &Stamp,
    ) -> Result<(Self, Vec<HistoryRow>)> {
        let mut rows = read_history_of(directory)?;
        rows.retain(|row| row.step <= step);
        let complete = rows.iter().zip(1..).all(|(row, k)| row.step == k);
        if !complete || (rows.len() as u32) < step && state.stop.is_none() {
            return Err(Error::run(format!(
                "{}: expected a row for each of {step} steps, found {}. The run cannot be resumed; its weights can be used (`init`).",
                directory.file("history.csv").display(),
                rows.len()
            )));
        }
        let history = HistoryWriter::create(directory, &rows)?;
        let (directory, stamp) = (directory.clone(), stamp.clone());
        let mut writer = Self { directory, network, problem, stamp, history, checkpoint_step: None, stopped: false };
        writer.keep(step, state)?;
        Ok((writer, rows))
    }

    /// The step of the last checkpoint.
    pub fn checkpoint_step(&self) -> u32 {
        self.checkpoint_step.unwrap_or(0)
    }

    fn write_weights(&self, file: &str, parameters: &[f32], note: WeightsNote) -> Result<()> {
        let path = self.directory.file(&format!("{file}.safetensors"));
        write_weights(&path, file, self.problem, parameters, note, &self.stamp)
    }

    /// The checkpoint that was written before stays beside the new one.
    fn write_checkpoint(&self, step: u32, state: &NetworkState) -> Result<()> {
        let (path, previous) = (self.directory.file(CHECKPOINT), self.directory.file(PREVIOUS));
        self.directory.check_place()?;
        if self.checkpoint_step.is_some_and(|kept| kept != step) {
            std::fs::rename(&path, &previous).map_err(Error::io("write", &previous))?;
        }
        let checkpoint = Checkpoint { step, network: state.clone(), history: Some(self.history.digest()) };
        checkpoint.write(&path, &self.stamp.run)
    }

    /// History first, then the checkpoint, then the copies for others: a crash between any two leaves a history that
    /// is at least as long as the checkpoint, and weights that the next checkpoint replaces.
    ///
    /// `step` is the batch's; a network that stopped before is kept as of its own last step, as it would be alone.
    fn keep(&mut self, step: u32, state: &NetworkState) -> Result<()> {
        let step = last_step(state, step);
        self.history.sync()?;
        self.write_checkpoint(step, state)?;
        let loss = state.best_loss.is_finite().then(|| f64::from(state.best_loss));
        let best = WeightsNote { updates: state.best_step.saturating_sub(1), loss };
        self.write_weights("best", &state.best_parameters, best)?;
        let updates = updates(state, step);
        self.write_weights("last", &state.parameters, WeightsNote { updates, loss: None })?;
        (self.checkpoint_step, self.stopped) = (Some(step), state.stop.is_some());
        Ok(())
    }
}

impl Observer for RunWriter<'_> {
    fn on_step(&mut self, network: usize, record: &StepRecord, seconds: f64) -> Result<()> {
        // A step that diverged was not done.
        if network != self.network || record.stop == Some(StopReason::Diverged) {
            return Ok(());
        }
        self.history.append(&HistoryRow::new(record, seconds))
    }

    fn on_checkpoint(&mut self, state: &BatchState) -> Result<()> {
        let network = &state.networks[self.network];
        match network.stop {
            // The last checkpoint before a divergence is the last good one.
            Some(StopReason::Diverged) => self.history.sync(),
            Some(_) if self.stopped => Ok(()),
            _ => self.keep(state.step, network),
        }
    }
}
