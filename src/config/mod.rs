//! What a run is: a preset, overridden by a file, overridden by flags; written to the run directory as `config.toml`,
//! which reruns as it is.

mod check;
mod describe;
mod hold_out;
mod inputs;
mod plan;
#[cfg(test)]
mod plan_tests;
mod preset;
mod task_source;
mod warnings;

pub use inputs::Inputs;
pub use plan::{Baseline, Plan};
pub use preset::Preset;
pub use task_source::TaskSource;
pub use warnings::warnings;

use crate::data::Normalization;
use crate::engine::{Adam, EngineConfig, LossKind};
use crate::error::{Error, Result};
use crate::network::{Dale, InitScheme, MagnitudeDistribution, SignConstraint};
use crate::train::ScheduleKind;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    /// Steps between checkpoints (and never more than half a minute).
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

impl Config {
    /// Reads a configuration file: its preset, and what the file says in place of it.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, or holds an unknown setting or value.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        Self::from_toml(&text).map_err(|e| Error::input(format!("{}: {e}", path.display())))
    }

    /// The configuration that `text` states.
    ///
    /// # Errors
    /// If it is not TOML or holds an unknown setting or value.
    fn from_toml(text: &str) -> std::result::Result<Self, String> {
        let one_line = |e: &dyn std::fmt::Display| e.to_string().trim_end().replace('\n', " ");
        let file: toml::Table = toml::from_str(text).map_err(|e: toml::de::Error| {
            let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            format!("line {}: {}.", 1 + before.matches('\n').count(), e.message().replace('\n', ", "))
        })?;
        let preset = match file.get("preset") {
            Some(value) => value.clone().try_into().map_err(|e| one_line(&e))?,
            None => Preset::Default,
        };
        let mut settings = toml::Table::try_from(preset.config()).map_err(|e| one_line(&e))?;
        for (key, value) in file {
            match (settings.get_mut(&key), value) {
                // A task is stated whole; other sections override setting by setting.
                (Some(toml::Value::Table(section)), toml::Value::Table(given)) if key != "task" => {
                    section.extend(given);
                }
                (_, value) => {
                    settings.insert(key, value);
                }
            }
        }
        settings.try_into().map_err(|e| one_line(&e))
    }

    /// The configuration as a file that reruns as it is.
    ///
    /// # Errors
    /// If it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        let text = toml::to_string(self).map_err(|e| Error::run(format!("cannot write config.toml: {e}")))?;
        Ok(format!("# A resolved run: `aon train --config` this file repeats it.\n\n{text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_its_file() {
        let mut config = Preset::Published.config();
        config.data.firing_rates = Some("/data/Firing_Rates.mat".into());
        config.training.clip_norm = f64::INFINITY;
        config.training.learning_rate = 0.1 + 0.2;
        config.network.freeze = vec!["W".into()];
        assert_eq!(Config::from_toml(&config.to_toml().unwrap()).unwrap(), config);
    }

    #[test]
    fn a_short_file_overrides_its_preset_only_where_it_speaks() {
        let config = Config::from_toml("preset = 'published'\n[training]\nn_trials = 7\n").unwrap();
        let mut expected = Preset::Published.config();
        expected.training.n_trials = 7;
        assert_eq!(config, expected);
        assert_eq!(Config::from_toml("").unwrap(), Preset::Default.config());
    }

    #[test]
    fn unknown_settings_and_values_are_named() {
        for (text, named) in [
            ("[training]\nlerning_rate = 1", "lerning_rate"),
            ("[network]\ndale = 'sideways'", "sideways"),
            ("preset = 'mine'", "mine"),
            ("seed = -1", "-1"),
            ("seed = ", "line 1"),
        ] {
            let message = Config::from_toml(text).unwrap_err();
            assert!(message.contains(named), "{text}: {message}");
        }
    }
}
