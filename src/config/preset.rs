//! Named sets of settings.

use super::settings::{Config, DataConfig, NetworkConfig, Preset, StimulusNoise, TrainingConfig};
use super::task_source::TaskSource;
use crate::engine::{Adam, EngineConfig, LossKind};
use crate::network::{Dale, InitScheme, MagnitudeDistribution, SignConstraint};
use crate::train::ScheduleKind;
use serde::Serialize;

impl Preset {
    /// The settings.
    pub fn config(self) -> Config {
        match self {
            Self::Default => recipe(),
            Self::Published => published(),
        }
    }
}

impl Config {
    /// A configuration in which no setting is absent, for lists of all settings; its values mean nothing.
    pub(crate) fn of_every_setting() -> Self {
        let path = || Some("FILE".into());
        let mut config = recipe();
        // Each is named, so that one that is added is thought of.
        config.data = DataConfig {
            firing_rates: path(),
            inhibitory_mask: path(),
            mirror: path(),
            stimulus: path(),
            normalize: config.data.normalize,
        };
        config.network.init = path();
        config.training.hold_out = vec!["1".into()];
        config.networks = 2;
        config
    }
}

/// A choice as files, and flags, spell it.
pub(super) fn value_name(value: &impl Serialize) -> String {
    match toml::Value::try_from(value) {
        Ok(toml::Value::String(name)) => name,
        _ => String::new(),
    }
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
            regularisation: 0.1,
            clip_norm: 1.0,
            // Recordings are noisy, and the loss of the best possible fit is not known beforehand.
            target: 0.0,
            patience: 200,
            min_improvement: 1e-6,
            checkpoint_every: u32::MAX,
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
    training.regularisation = 1e-3;
    training.target = 1.0;
    config
}
