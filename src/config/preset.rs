//! Named sets of settings.

use super::{Config, DataConfig, EngineConfig, NetworkConfig, StimulusNoise, TaskSource, TrainingConfig};
use crate::engine::{Adam, LossKind};
use crate::network::{Dale, InitScheme, MagnitudeDistribution, SignConstraint};
use crate::train::ScheduleKind;
use clap::ValueEnum;
use std::fmt::Write as _;

/// A named set of settings, any of which can be overridden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The recipe that fits: true Dale through softplus, a balanced start, Adam at 0.1 with a cosine.
    #[default]
    Default,
    /// What the published program does: signs by rows kept by reflection, its saturated start, Adam at 0.001.
    Published,
}

impl Preset {
    /// The settings.
    pub fn config(self) -> Config {
        match self {
            Self::Default => recipe(),
            Self::Published => published(),
        }
    }
}

/// Where the presets differ, and what they have in common, flag by flag.
pub fn preset_table() -> String {
    let mut text = String::from("Settings of --preset, which --config overrides, and flags override both:\n");
    let mut common = Vec::new();
    for ((flag, ours), (_, theirs)) in recipe().flags().into_iter().zip(published().flags()) {
        if ours == theirs {
            common.push(format!("--{flag} {ours}"));
        } else {
            let _ = writeln!(text, "  --{flag:<18} {ours:<14} {theirs}");
        }
    }
    text + "  " + &common.join(" ")
}

impl Config {
    /// The settings that presets choose, as flags spell them.
    fn flags(&self) -> Vec<(&'static str, String)> {
        let (n, t) = (&self.network, &self.training);
        let task = match &self.task {
            TaskSource::Named(name) => name.clone(),
            TaskSource::Spec(task) => task.name.clone(),
        };
        vec![
            ("preset", value_name(&self.preset)),
            ("task", task),
            ("dale", value_name(&n.dale)),
            ("sign-constraint", value_name(&n.sign_constraint)),
            ("init-scheme", value_name(&n.init_scheme)),
            ("gain", n.gain.to_string()),
            ("n-trials", t.n_trials.to_string()),
            ("learning-rate", t.learning_rate.to_string()),
            ("schedule", value_name(&t.schedule)),
            ("target", if t.target > 0.0 { t.target.to_string() } else { "none".into() }),
            ("patience", t.patience.to_string()),
            ("loss-fn", value_name(&t.loss_fn)),
            ("regularisation", t.regularisation.to_string()),
            ("clip-norm", t.clip_norm.to_string()),
            ("stimulus-noise", value_name(&t.stimulus_noise)),
            ("tau-min", n.tau_min.to_string()),
            ("tau-max", n.tau_max.to_string()),
            ("plateau-patience", t.plateau_patience.to_string()),
            ("checkpoint-every", t.checkpoint_every.to_string()),
            ("weight-distribution", value_name(&n.weight_distribution)),
            ("normalize", value_name(&self.data.normalize)),
            ("seed", self.seed.to_string()),
            ("networks", self.networks.to_string()),
        ]
    }
}

/// A choice as its flag spells it.
pub(super) fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|v| v.get_name().to_string()).unwrap_or_default()
}

/// docs/model.md#the-default-recipe-and-why.
fn recipe() -> Config {
    Config {
        preset: Preset::Default,
        seed: 0,
        networks: 1,
        data: DataConfig::default(),
        network: NetworkConfig {
            dale: Dale::Presynaptic,
            sign_constraint: SignConstraint::Softplus,
            init: None,
            init_scheme: InitScheme::Balanced,
            weight_distribution: MagnitudeDistribution::Normal,
            gain: 0.1,
            tau_min: 1.0,
            tau_max: 100.0,
            freeze: Vec::new(),
        },
        training: TrainingConfig {
            hold_out: Vec::new(),
            n_trials: 300,
            learning_rate: 0.1,
            schedule: ScheduleKind::Cosine,
            plateau_patience: 20,
            loss_fn: LossKind::L2,
            regularisation: 1e-3,
            clip_norm: 1.0,
            // Recordings are noisy, and the loss of the best possible fit is not known beforehand.
            target: 0.0,
            patience: 200,
            min_improvement: 1e-6,
            checkpoint_every: 100,
            baseline: true,
            stimulus_noise: StimulusNoise::Frozen,
            adam: Adam::default(),
        },
        engine: EngineConfig::default(),
        task: TaskSource::Named("go-nogo".into()),
    }
}

/// docs/model.md#dales-sign, docs/model.md#three-ways-to-keep-a-sign, docs/model.md#initial-values, docs/model.md#step.
fn published() -> Config {
    let mut config = recipe();
    config.preset = Preset::Published;
    config.task = TaskSource::Named("go-nogo-published".into());
    let network = &mut config.network;
    network.dale = Dale::Postsynaptic;
    network.sign_constraint = SignConstraint::Reflect;
    network.init_scheme = InitScheme::Published;
    network.gain = 1.0;
    let training = &mut config.training;
    training.n_trials = 100_000;
    training.learning_rate = 1e-3;
    training.schedule = ScheduleKind::Constant;
    training.target = 1.0;
    config
}
