//! Settings that cannot be meant.

use super::{Config, StimulusNoise, TrainingConfig};
use crate::engine::check_threads;
use crate::error::{Error, Result, at_most, ensure};
use crate::network::Dale;

/// Most training steps: more than any machine does.
pub const MOST_STEPS: usize = 1_000_000_000;

/// Above it a training only saturates its neurons, slowly: most of its numbers are too small for fast arithmetic.
const MOST_LEARNING_RATE: f64 = 10.0;

impl Config {
    /// Refuses values out of range and settings that contradict each other. Files are looked at by [`super::Plan`].
    ///
    /// # Errors
    /// Naming the setting, its value and what is allowed.
    pub fn check(&self) -> Result<()> {
        let (n, t) = (&self.network, &self.training);
        let positive = |v: f64| v > 0.0 && v.is_finite();
        let not_negative = |v: f64| v >= 0.0 && v.is_finite();
        require("learning_rate", t.learning_rate, positive(t.learning_rate), "a positive number")?;
        let (rate, is_moderate) = (t.learning_rate, t.learning_rate <= MOST_LEARNING_RATE);
        ensure!(
            is_moderate,
            "`learning_rate = {rate}`: expected at most {MOST_LEARNING_RATE}. Adam moves every parameter by about that much in each step, which saturates every neuron; 0.1 to 0.3 suit all data tried."
        );
        require("regularisation", t.regularisation, not_negative(t.regularisation), "0 or a positive number")?;
        require("clip_norm", t.clip_norm, t.clip_norm > 0.0, "a positive number or none")?;
        require("target", t.target, not_negative(t.target), "a positive number or none")?;
        require("min_improvement", t.min_improvement, not_negative(t.min_improvement), "0 or a positive number")?;
        require("gain", n.gain, not_negative(n.gain), "0 or a positive number")?;
        require("tau_min", n.tau_min, n.tau_min >= 1.0 && n.tau_min.is_finite(), "at least 1 step, the Euler step")?;
        require("tau_max", n.tau_max, n.tau_max >= n.tau_min && n.tau_max.is_finite(), "at least `tau_min`")?;
        for (name, value) in [
            ("n_trials", t.n_trials),
            ("patience", t.patience),
            ("plateau_patience", t.plateau_patience),
            ("checkpoint_every", t.checkpoint_every),
        ] {
            require(name, value, value > 0, "at least 1")?;
        }
        at_most("n_trials", t.n_trials as usize, MOST_STEPS)?;
        check_threads(self.engine.threads)?;
        check_adam(t)?;
        self.check_seeds()?;
        if n.sign_constraint.is_implied() && n.dale == Dale::None {
            return Err(Error::input(
                "`sign_constraint = softplus` keeps a sign, but `dale = none` gives none to keep. Choose `dale = presynaptic`, or `sign_constraint = reflect` (which then only clears the diagonal).",
            ));
        }
        Ok(())
    }

    /// Refuses networks without a seed of their own, and those that would all be the same.
    fn check_seeds(&self) -> Result<()> {
        require("networks", self.networks, self.networks > 0, "at least 1")?;
        // Each has a directory.
        at_most("networks", self.networks, 100_000)?;
        // A configuration file holds no larger number.
        let last = self.seed.checked_add(self.networks as u64 - 1).filter(|s| i64::try_from(*s).is_ok());
        let networks = if self.networks == 1 { "one network".into() } else { format!("{} networks", self.networks) };
        ensure!(
            last.is_some(),
            "`seed = {}` leaves no seed for {networks}: the last one must stay below 2^63.",
            self.seed
        );
        self.check_start(self.network.init.is_some())
    }

    /// Refuses several networks with a start that is given to all of them, and nothing else to differ in.
    pub(super) fn check_start(&self, is_given: bool) -> Result<()> {
        let frozen = self.training.stimulus_noise == StimulusNoise::Frozen;
        ensure!(
            !(is_given && frozen && self.networks > 1),
            "`networks` with `init`: networks that start from the same file differ in nothing. Leave `init` out, or have each draw noise of its own with `stimulus_noise = fresh`."
        );
        Ok(())
    }
}

fn check_adam(t: &TrainingConfig) -> Result<()> {
    let decay = |b: f64| (0.0..1.0).contains(&b);
    require("adam.beta1", t.adam.beta1, decay(t.adam.beta1), "at least 0 and below 1")?;
    require("adam.beta2", t.adam.beta2, decay(t.adam.beta2), "at least 0 and below 1")?;
    require("adam.epsilon", t.adam.epsilon, t.adam.epsilon > 0.0 && t.adam.epsilon.is_finite(), "a positive number")
}

fn require(setting: &str, value: impl std::fmt::Display, good: bool, expected: &str) -> Result<()> {
    if good { Ok(()) } else { Err(Error::input(format!("`{setting}`: expected {expected}, found {value}."))) }
}

#[cfg(test)]
mod tests {
    use super::super::Preset;
    use super::*;

    type Change = fn(&mut Config);

    #[test]
    fn presets_are_sound_and_nonsense_is_named() {
        Preset::Default.config().check().unwrap();
        Preset::Published.config().check().unwrap();
        let cases: [(Change, &str); 15] = [
            (|c| c.training.learning_rate = 1e18, "learning_rate"),
            (|c| c.training.n_trials = u32::MAX, "n_trials"),
            (|c| c.networks = 1_000_000_000, "networks"),
            (|c| c.engine.threads = Some(usize::MAX), "threads"),
            (|c| c.training.learning_rate = -1.0, "learning_rate"),
            (|c| c.training.learning_rate = f64::NAN, "learning_rate"),
            (|c| c.training.n_trials = 0, "n_trials"),
            (|c| c.training.clip_norm = 0.0, "clip_norm"),
            (|c| c.network.tau_min = 0.5, "tau_min"),
            (|c| c.network.tau_max = 0.5, "tau_max"),
            (|c| c.network.dale = Dale::None, "`dale = none`"),
            (|c| c.training.adam.beta2 = 1.0, "beta2"),
            (|c| c.networks = 0, "networks"),
            (|c| (c.networks, c.seed) = (2, i64::MAX as u64), "`seed"),
            (|c| (c.networks, c.network.init) = (2, Some("weights.mat".into())), "`init`"),
        ];
        for (change, named) in cases {
            let mut config = Preset::Default.config();
            change(&mut config);
            let error = config.check().unwrap_err();
            assert!(error.to_string().contains(named) && error.exit_code() == 2, "{error}");
        }
    }
}
