//! How read-outs are trained and tested.

use crate::analysis::decoding;
use crate::engine::TrialNoise;

/// How read-outs are trained and tested.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadoutSettings {
    /// Noisy trials of each condition, for training and for testing lesions.
    pub trials: usize,
    /// Noisy trials of each condition of a control lesion.
    pub control_trials: usize,
    /// Standard deviation of the noise on every stimulus value and step.
    pub stimulus_sd: f32,
    /// Standard deviation of the noise on the state at t = 0.
    pub initial_sd: f32,
    /// Length of a window in ms.
    pub window_ms: f64,
    /// Label permutations that say what chance is.
    pub permutations: usize,
    /// Seed of noise, folds and permutations.
    pub seed: u64,
}

impl Default for ReadoutSettings {
    fn default() -> Self {
        Self {
            trials: 50,
            control_trials: 8,
            stimulus_sd: 0.5,
            initial_sd: 0.5,
            window_ms: 100.0,
            permutations: 20,
            seed: 0,
        }
    }
}

/// The first trial number of noise that no read-out was trained on.
pub(super) const TEST: u32 = 1 << 20;

impl ReadoutSettings {
    /// The noise of test trial `k`.
    pub fn test_noise(&self, k: usize) -> TrialNoise {
        self.noise(TEST, k)
    }

    /// The noise of trial `k` of a stream that starts at `first`.
    pub(super) fn noise(&self, first: u32, k: usize) -> TrialNoise {
        TrialNoise {
            stimulus_sd: self.stimulus_sd,
            initial_sd: self.initial_sd,
            seed: self.seed,
            trial: first + k as u32,
        }
    }

    pub(super) fn decoder(&self) -> decoding::Settings {
        decoding::Settings { seed: self.seed, ..decoding::Settings::default() }
    }
}
