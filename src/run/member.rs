//! One network of a plan: where it is kept, and how far it is.

use super::notice::{Listener, Notice};
use super::register::stamp;
use crate::config::Plan;
use crate::engine::{EngineDescription, NetworkState, StopReason};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::train::{HistoryRow, RunDirectory, Schedule, Settled, Stamp, last_good};

/// One network of a plan, where it is kept, and how far it is.
pub(crate) struct Member {
    /// Its number in the plan.
    pub(crate) network: usize,
    pub(crate) directory: RunDirectory,
    /// What its files carry.
    pub(crate) stamp: Stamp,
    pub(crate) state: NetworkState,
    /// Its history until now.
    pub(crate) rows: Vec<HistoryRow>,
    /// What is wrong with a newer checkpoint than the one it goes on from.
    newer: Option<String>,
}

impl Member {
    /// The network as its newest intact checkpoint has it, or before there is one with its initial values.
    ///
    /// # Errors
    /// If no checkpoint is intact, or it lies beyond the plan.
    pub(crate) fn read(plan: &Plan, network: usize, directory: &RunDirectory) -> Result<Self> {
        let stamp = stamp(plan, network, directory)?;
        let found = last_good(directory, &Layout::new(&plan.problem.dims), &stamp)?;
        let (state, rows, newer) = match found {
            Some(found) => (found.checkpoint.network, found.rows, found.newer),
            None => (NetworkState::fresh(plan.initial(network)), Vec::new(), None),
        };
        let (step, planned) = (state.step, plan.config.training.n_trials);
        if step > planned {
            return Err(Error::input(format!(
                "`n_trials = {planned}`: the run in {} has done {step} steps already. Plan at least as many (`n_trials = {step}`).",
                directory.path().display()
            )));
        }
        Ok(Self { network, directory: directory.clone(), stamp, state, rows, newer })
    }

    /// Tells of a checkpoint that was passed over.
    pub(crate) fn say_damage(&self, listener: &mut dyn Listener) {
        if let Some(damage) = &self.newer {
            let text = format!("{damage} Going on from the checkpoint before, of step {}.", self.state.step);
            listener.notice(&Notice::Advice(&text));
        }
    }

    /// Whether nothing is left to train.
    pub(crate) fn has_ended(&self, plan: &Plan) -> bool {
        self.state.stop.is_some() || self.state.step >= plan.config.training.n_trials
    }

    /// Seconds of training until now.
    pub(crate) fn seconds(&self) -> f64 {
        self.rows.last().map_or(0.0, |row| row.seconds)
    }

    /// Its learning rates after what it has done.
    pub(crate) fn schedule(&self, plan: &Plan) -> Schedule {
        let mut schedule = plan.schedule();
        for row in &self.rows {
            schedule.observe(row.step, row.loss);
        }
        schedule
    }
}

/// A network after its training.
pub(crate) struct TrainedNetwork {
    pub(crate) settled: Settled,
    /// Modelled rates of the weights that are reported, `[C][B][N]`.
    pub(crate) rates: Vec<f32>,
    pub(crate) steps: u32,
    pub(crate) stop: Option<StopReason>,
    pub(crate) seconds: f64,
    pub(crate) engine: EngineDescription,
}

/// A network that is to be reported.
pub(crate) struct Trained {
    pub(crate) member: Member,
    pub(crate) network: TrainedNetwork,
}
