//! Recorded firing rates.

use ndarray::{Array1, Array2};
use std::path::PathBuf;

/// The rates of one condition.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionRates {
    /// Name of the variable they were read from, e.g. `FR1`.
    pub variable: String,
    /// Rates in 0…1 (after normalisation), `[N × bins]`.
    pub rates: Array2<f32>,
    /// Given r at t = 0, `[N]`, where the file has it (`IC_FR1`).
    pub initial_r: Option<Array1<f32>>,
    /// Given x at t = 0, `[N]`, where the file has it (`IC_X1`).
    pub initial_x: Option<Array1<f32>>,
}

/// Recorded rates of one population in all conditions of a task, which may be ragged (different bin counts).
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The file they were read from.
    pub file: PathBuf,
    /// The conditions, in the task's order.
    pub conditions: Vec<ConditionRates>,
    /// What the rates of each neuron were divided by, where a normalisation was asked for.
    pub factors: Option<NormalizationFactors>,
}

/// How rates outside 0…1 are brought there, per neuron over all conditions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Normalization {
    /// Rates must be in 0…1 already.
    #[default]
    None,
    /// Divided by the neuron's largest rate.
    Peak,
    /// Divided by the neuron's largest rate plus 5 (in the file's unit, usually spikes/s), so that weakly firing
    /// neurons are not blown up.
    Soft,
}

/// What each neuron's rates were divided by, `[N]`, in the file's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalizationFactors(pub Vec<f32>);
