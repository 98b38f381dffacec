//! The settings of a run.

use super::task_source::TaskSource;
use crate::data::Normalization;
use crate::engine::{Adam, EngineConfig, LossKind};
use crate::network::{Dale, InitScheme, MagnitudeDistribution, SignConstraint};
use crate::train::ScheduleKind;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A named set of settings, any of which can be overridden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The recipe that fits: true Dale through softplus, a balanced start, Adam at 0.1 with a cosine.
    #[default]
    Default,
    /// What the published program does: signs by rows kept by reflection, its saturated start, Adam at 0.001.
    Published,
}

/// The settings of a run. Numbers are f64 here, so that the file shows what was typed; engines compute in f32.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What all settings that were not given come from.
    pub preset: Preset,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Networks that are trained together, with the seeds `seed`, `seed + 1`, …; of several each keeps a run of its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub networks: usize,
    /// Input files.
    pub data: DataConfig,
    /// The network.
    pub network: NetworkConfig,
    /// The optimiser and when it ends.
    pub training: TrainingConfig,
    /// What computes.
    pub engine: EngineConfig,
    /// The task: a name, a file, or the task itself.
    pub task: TaskSource,
}

fn one() -> usize {
    1
}

fn is_one(networks: &usize) -> bool {
    *networks == 1
}

/// Input files. Relative paths are resolved when the run starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Recorded rates (`FR1`, …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firing_rates: Option<PathBuf>,
    /// Which neurons are inhibitory (`inhibitory`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inhibitory_mask: Option<PathBuf>,
    /// Which are mirror neurons (`mirror`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<PathBuf>,
    /// A ready-made stimulus (`stim`), used as it is in place of the task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stimulus: Option<PathBuf>,
    /// How rates outside 0…1 are brought there.
    pub normalize: Normalization,
}

/// The network: constraints, initial values, what is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Which neuron a weight's sign belongs to.
    pub dale: Dale,
    /// How it is kept.
    pub sign_constraint: SignConstraint,
    /// Initial values from a file, in place of a scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
    /// How to draw them otherwise.
    pub init_scheme: InitScheme,
    /// Distribution of the weights' magnitudes under the published scheme.
    pub weight_distribution: MagnitudeDistribution,
    /// Size of the initial weights: times 1/√N.
    pub gain: f64,
    /// Shortest time constant, in steps.
    pub tau_min: f64,
    /// Longest time constant, in steps.
    pub tau_max: f64,
    /// Parameter groups that are not trained, by name (`W`, `W_in`, …).
    pub freeze: Vec<String>,
}

/// The optimiser and when it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Conditions that are not trained on, by name or number from 1; a resolved file has the names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hold_out: Vec<String>,
    /// Training steps; each simulates every condition that is trained on once.
    pub n_trials: u32,
    /// Adam's learning rate at the first step.
    pub learning_rate: f64,
    /// How it moves.
    pub schedule: ScheduleKind,
    /// Steps without improvement after which the plateau schedule halves it.
    pub plateau_patience: u32,
    /// The data term of the loss.
    pub loss_fn: LossKind,
    /// λ.
    pub regularisation: f64,
    /// Global norm to which gradients are clipped; `inf` for none.
    pub clip_norm: f64,
    /// Loss at which training ends; 0 for none.
    pub target: f64,
    /// Steps without improvement after which it ends; the largest number (4294967295) for never.
    pub patience: u32,
    /// What counts as an improvement to `patience`.
    pub min_improvement: f64,
    /// The state is kept after every so many steps, besides from time to time; the largest number (4294967295) for no such
    /// steps.
    pub checkpoint_every: u32,
    /// Whether the input-only baseline is trained beside the run.
    pub baseline: bool,
    /// Whether the stimulus noise is part of the stimulus or drawn anew for every step.
    pub stimulus_noise: StimulusNoise,
    /// Adam's constants.
    pub adam: Adam,
}

/// When the noise on the stimulus, Normal(0, the task's standard deviation) on every value, is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum StimulusNoise {
    /// Once: it is a part of the task's stimulus, and every network sees the same.
    #[default]
    Frozen,
    /// Anew for every training step and network; evaluations see the stimulus without it.
    Fresh,
}
