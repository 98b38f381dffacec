//! Keeps one network's run directory up to date while it trains.

use super::{Checkpoint, HistoryRow, HistoryWriter, RunDirectory, Stamp, WeightsNote, read_history_of, write_weights};
use crate::engine::{NetworkState, Problem, StepRecord, StopReason};
use crate::error::{Error, Result};

/// File of the state that a resume starts from.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The one before, for when that is damaged.
pub const PREVIOUS: &str = "checkpoint.previous.safetensors";

/// What is kept of a network while it trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Its state, from the beginning on, and copies of its weights for others to look at.
    Everything,
    /// Its state, once there is one.
    State,
}

/// Writes `history.csv`, `checkpoint.safetensors`, `last.safetensors` and `best.safetensors` of one network.
#[derive(Debug)]
pub struct RunWriter<'a> {
    directory: RunDirectory,
    problem: &'a Problem,
    stamp: Stamp,
    keeping: Keeping,
    history: HistoryWriter,
    /// The step of the checkpoint that is kept; none before there is one.
    checkpoint_step: Option<u32>,
}

impl<'a> RunWriter<'a> {
    /// Begins to write the run of a network that goes on from `state` into `directory`. The history is cut to the steps
    /// that the state knows; its rows are returned.
    ///
    /// # Errors
    /// If the history lacks steps that the state has done, or the directory cannot be written.
    pub fn begin(
        directory: &RunDirectory,
        problem: &'a Problem,
        state: &NetworkState,
        stamp: &Stamp,
        keeping: Keeping,
    ) -> Result<(Self, Vec<HistoryRow>)> {
        let (step, mut rows) = (state.step, read_history_of(directory)?);
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
        let mut writer = Self { directory, problem, stamp, keeping, history, checkpoint_step: None };
        match keeping {
            Keeping::Everything => writer.keep(state)?,
            // What there is was kept before.
            Keeping::State => writer.checkpoint_step = (step > 0).then_some(step),
        }
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
    fn write_checkpoint(&self, state: &NetworkState) -> Result<()> {
        let (path, previous) = (self.directory.file(CHECKPOINT), self.directory.file(PREVIOUS));
        self.directory.check_place()?;
        if self.checkpoint_step.is_some_and(|kept| kept != state.step) {
            match std::fs::rename(&path, &previous) {
                // Who was killed between this and the write below left the one before alone.
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                renamed => renamed.map_err(Error::io("write", &previous))?,
            }
        }
        let checkpoint = Checkpoint { network: state.clone(), history: Some(self.history.digest()) };
        checkpoint.write(&path, &self.stamp.run)
    }

    /// History first, then the checkpoint, then the copies for others: a crash between any two leaves a history that
    /// is at least as long as the checkpoint, and weights that the next checkpoint replaces.
    ///
    /// A network that diverged keeps the checkpoint before: that is the last good one.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn keep(&mut self, state: &NetworkState) -> Result<()> {
        self.history.sync()?;
        if state.stop == Some(StopReason::Diverged) {
            return Ok(());
        }
        if self.keeping == Keeping::State {
            // The state is of no use without them.
            self.directory.sync()?;
        }
        self.write_checkpoint(state)?;
        self.checkpoint_step = Some(state.step);
        if self.keeping == Keeping::State {
            return Ok(());
        }
        let loss = state.best_loss.is_finite().then(|| f64::from(state.best_loss));
        let best = WeightsNote { updates: state.best_step.saturating_sub(1), loss };
        self.write_weights("best", &state.best_parameters, best)?;
        let last = WeightsNote { updates: state.updates(), loss: None };
        self.write_weights("last", &state.parameters, last)
    }

    /// Writes what the history still holds back.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.history.flush()
    }

    /// A step was done, `seconds` into the training.
    ///
    /// # Errors
    /// If the history cannot be written.
    pub fn on_step(&mut self, record: &StepRecord, seconds: f64) -> Result<()> {
        // A step that diverged was not done.
        if record.stop == Some(StopReason::Diverged) {
            return Ok(());
        }
        self.history.append(&HistoryRow::new(record, seconds))
    }
}
