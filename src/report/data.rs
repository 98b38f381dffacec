//! What the report of a run shows.

use super::conditions::ConditionInfo;
use crate::analysis::Comparison;
use crate::engine::{EngineDescription, Problem};
use crate::error::{Error, Result};

/// One step of training, as the curves show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistoryPoint {
    /// Number of the step, from 1.
    pub step: u32,
    /// L before the update.
    pub loss: f64,
    /// Its data term.
    pub data_term: f64,
    /// Its regulariser.
    pub reg_term: f64,
    /// Global norm of the gradients before clipping.
    pub grad_norm: f64,
}

/// Everything that the report of one trained network shows.
#[derive(Clone, Copy, Debug)]
pub struct ReportData<'a> {
    /// The run's name.
    pub title: &'a str,
    /// What was chosen, as label and value: data, task, constraints, start, optimiser, seed, …
    pub choices: &'a [(String, String)],
    /// What it ran on.
    pub engine: &'a EngineDescription,
    /// Duration of the training in seconds.
    pub seconds: f64,
    /// The steps, in order.
    pub history: &'a [HistoryPoint],
    /// The problem that was trained: recorded rates, bins, population, sizes.
    pub problem: &'a Problem,
    /// The conditions, `[C]`.
    pub conditions: &'a [ConditionInfo],
    /// Length of a step in ms.
    pub step_ms: f64,
    /// Modelled rates `[C][B][N]`.
    pub modelled: &'a [f32],
    /// The fit, beside its baselines.
    pub comparison: &'a Comparison,
    /// W, `[N post × N pre]`, before the rectification between areas.
    pub weights: &'a [f32],
    /// τ in steps, `[N]`.
    pub taus: &'a [f32],
}

impl ReportData<'_> {
    /// Length of a bin in seconds.
    pub(super) fn bin_seconds(&self) -> f64 {
        self.problem.dims.steps_per_bin as f64 * self.step_ms / 1000.0
    }

    /// The conditions' names, `[C]`.
    pub(super) fn condition_names(&self) -> Vec<String> {
        self.conditions.iter().map(|c| c.name.clone()).collect()
    }

    /// Refuses arrays that do not belong together.
    pub(super) fn check(&self) -> Result<()> {
        let d = &self.problem.dims;
        let lengths = [
            ("conditions", self.conditions.len(), d.conditions),
            ("modelled rates", self.modelled.len(), d.conditions * d.bins * d.neurons),
            ("neurons in the fit", self.comparison.model.overall.len(), d.neurons),
            ("weights", self.weights.len(), d.neurons * d.neurons),
            ("time constants", self.taus.len(), d.neurons),
        ];
        for (name, found, expected) in lengths {
            if found != expected {
                return Err(Error::run(format!("report: expected {expected} {name}, found {found}.")));
            }
        }
        Ok(())
    }
}
