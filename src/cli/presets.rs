//! The settings of the presets, for the help.

use crate::config::{Config, Preset, TaskSource};
use clap::ValueEnum;
use std::fmt::Write as _;

/// Where the presets differ, and what they have in common, flag by flag.
pub(super) fn preset_table() -> String {
    let mut text = String::from("Settings of --preset, which --config overrides, and flags override both:\n");
    let mut common = Vec::new();
    for ((flag, ours), (_, theirs)) in
        flags(&Preset::Default.config()).into_iter().zip(flags(&Preset::Published.config()))
    {
        if ours == theirs {
            common.push(format!("--{flag} {ours}"));
        } else {
            let _ = writeln!(text, "  --{flag:<18} {ours:<14} {theirs}");
        }
    }
    text + "  " + &common.join(" ")
}

/// The settings that presets choose, as flags spell them.
fn flags(config: &Config) -> Vec<(&'static str, String)> {
    let (n, t) = (&config.network, &config.training);
    let task = match &config.task {
        TaskSource::Named(name) => name.clone(),
        TaskSource::Spec(task) => task.name.clone(),
    };
    vec![
        ("preset", value_name(&config.preset)),
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
        ("normalize", value_name(&config.data.normalize)),
        ("seed", config.seed.to_string()),
        ("networks", config.networks.to_string()),
    ]
}

/// A choice as its flag spells it.
fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|v| v.get_name().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ArrayFormat;
    use crate::engine::LossKind;

    #[test]
    fn lists_of_all_values_lack_none() {
        assert_eq!(ArrayFormat::value_variants(), ArrayFormat::ALL);
        assert_eq!(LossKind::value_variants(), LossKind::ALL);
    }
}
