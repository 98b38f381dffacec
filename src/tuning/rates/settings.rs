//! How rates are made of recordings.

use crate::error::{Result, ensure};
use serde::{Deserialize, Serialize};

/// How rates are made of recordings. Every setting has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatesSettings {
    /// The event that trials are aligned to; by default one that is called as the onset of the movement is. Bouts, where
    /// there are no trials, are aligned to their starts.
    pub align: Option<String>,
    /// The event by which No-Go trials without that one are aligned; by default the end of the sound.
    pub fallback: Option<String>,
    /// The event at which the signal begins that tells Go from No-Go, and that ends at `fallback`; by default the start of
    /// the sound, or else it lasts from before the window on.
    pub signal_from: Option<String>,
    /// The event from which on the object is seen; by default one that is called so, or else it is seen all the time.
    pub object_from: Option<String>,
    /// From when to when rates last, in ms from the alignment; by default −2500 to 1000 for trials, −1000 to 2000 for bouts.
    pub window_ms: Option<[f64; 2]>,
    /// Length of a bin, in ms; by default 10 for spikes, 50 for frames.
    pub bin_ms: Option<f64>,
    /// Standard deviation of the Gaussian filter along time, in ms; 0 for none.
    pub smoothing_ms: f64,
    /// Trials, or bouts, that a neuron needs of each condition.
    pub least_trials: usize,
    /// Conditions that are left out, by name.
    pub leave_out: Vec<String>,
    /// The share of the neurons of unknown type that are drawn as inhibitory, in each area.
    pub inhibitory_share: f64,
}

impl Default for RatesSettings {
    fn default() -> Self {
        Self {
            align: None,
            fallback: None,
            signal_from: None,
            object_from: None,
            window_ms: None,
            bin_ms: None,
            smoothing_ms: 50.0,
            least_trials: 5,
            leave_out: Vec::new(),
            inhibitory_share: 0.2,
        }
    }
}

/// Most bins of a condition, and longest filter: beyond what anybody means.
const MOST_BINS: f64 = 1e5;
const LONGEST_MS: f64 = 1e4;

impl RatesSettings {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        let (smoothing, share) = (self.smoothing_ms, self.inhibitory_share);
        ensure!(
            (0.0..=LONGEST_MS).contains(&smoothing),
            "`smoothing_ms = {smoothing}`: expected a standard deviation from 0 to {LONGEST_MS} ms."
        );
        ensure!(self.least_trials >= 1, "`least_trials = 0`: expected at least 1.");
        ensure!((0.0..1.0).contains(&share), "`inhibitory_share = {share}`: expected a share from 0 to below 1.");
        if let Some(bin) = self.bin_ms {
            ensure!((0.1..=LONGEST_MS).contains(&bin), "`bin_ms = {bin}`: expected 0.1 to {LONGEST_MS} ms.");
        }
        if let Some([from, to]) = self.window_ms {
            ensure!(
                from.is_finite() && to.is_finite() && from < to,
                "`window_ms = [{from}, {to}]`: expected two times in ms, the first before the second."
            );
        }
        Ok(())
    }

    /// The number of bins of `bin_ms` in a window.
    ///
    /// # Errors
    /// If they do not fill it, or are fewer than two, or more than can be meant.
    pub(super) fn bins([from, to]: [f64; 2], bin_ms: f64) -> Result<usize> {
        let bins = (to - from) / bin_ms;
        let is_whole = (bins - bins.round()).abs() < 1e-6 * bins;
        ensure!(
            is_whole,
            "`window_ms = [{from}, {to}]`: expected a whole number of bins of {bin_ms} ms (`bin_ms`), found {bins:.3}."
        );
        ensure!(
            (1.5..=MOST_BINS).contains(&bins),
            "`window_ms = [{from}, {to}]`: expected 2 to {MOST_BINS} bins of {bin_ms} ms (`bin_ms`), found {bins:.0}."
        );
        Ok(bins.round() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut RatesSettings);

    #[test]
    fn defaults_are_sound_and_nonsense_is_named() {
        RatesSettings::default().check().unwrap();
        let cases: [(Change, &str); 6] = [
            (|s| s.smoothing_ms = f64::NAN, "`smoothing_ms = NaN`"),
            (|s| s.least_trials = 0, "`least_trials = 0`"),
            (|s| s.inhibitory_share = 1.0, "`inhibitory_share = 1`"),
            (|s| s.bin_ms = Some(0.0), "`bin_ms = 0`"),
            (|s| s.window_ms = Some([1.0, 1.0]), "`window_ms = [1, 1]`"),
            (|s| s.window_ms = Some([f64::NEG_INFINITY, 1.0]), "`window_ms"),
        ];
        for (change, named) in cases {
            let mut settings = RatesSettings::default();
            change(&mut settings);
            let error = settings.check().unwrap_err();
            assert!(error.to_string().contains(named) && error.exit_code() == 2, "{error}");
        }
        assert_eq!(RatesSettings::bins([-500.0, 500.0], 0.1).unwrap(), 10_000);
        assert_eq!(RatesSettings::bins([-1.1, 2.2], 1.1).unwrap(), 3);
        for (window, bin) in [([0.0, 25.0], 10.0), ([0.0, 10.0], 10.0), ([0.0, 1e9], 0.1)] {
            assert!(RatesSettings::bins(window, bin).unwrap_err().to_string().contains("`window_ms"));
        }
        assert!(toml::from_str::<RatesSettings>("smoothing = 3").is_err());
    }
}
