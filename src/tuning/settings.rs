//! How tuning is tested.

use super::null::Null;
use crate::error::{Result, ensure};
use serde::{Deserialize, Serialize};

/// How tuning is tested. Every setting has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TuningSettings {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// The null distribution.
    pub null: Null,
    /// Its draws, for all tests.
    pub shifts: usize,
    /// Its draws at most, for tests that fewer leave open.
    pub most_shifts: usize,
    /// Length of the windows within which activity is shifted, in s; longer where bouts are longer than a tenth of it.
    pub window_s: f64,
    /// The least distance of a shift of `circular`, in s; more where five autocorrelation times are longer.
    pub least_shift_s: f64,
    /// From when to when the baseline of `trials` lasts, in ms from the start of a bout.
    pub baseline_ms: [f64; 2],
    /// The rate of false discoveries among what is called tuned.
    pub false_discoveries: f64,
    /// The level at which neurons are counted, without correction.
    pub count_level: f64,
    /// Behaviours with fewer bouts are untestable.
    pub least_bouts: usize,
    /// Observed "behaviours" that are none: objects that come into view. They are what a neuron that sees answers to.
    pub objects: Vec<String>,
    /// Without them: how long from the start of an observed bout on a neuron that sees may answer to it, in ms.
    pub onset_ms: f64,
    /// Covariates are regressed out as they are up to so many ms earlier and later.
    pub lag_ms: f64,
    /// In so many steps either way.
    pub lags: usize,
}

impl Default for TuningSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            null: Null::default(),
            shifts: 1000,
            most_shifts: 1_000_000,
            window_s: 60.0,
            least_shift_s: 20.0,
            baseline_ms: [-1000.0, 0.0],
            false_discoveries: 0.05,
            count_level: 0.01,
            least_bouts: 10,
            objects: vec!["object".into()],
            onset_ms: 500.0,
            lag_ms: 2000.0,
            lags: 4,
        }
    }
}

impl TuningSettings {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        let [from, to] = self.baseline_ms;
        let share = |v: f64| v > 0.0 && v < 1.0;
        let time = |v: f64| v.is_finite() && v > 0.0;
        // All of them are held for all behaviours at once.
        ensure!(
            (1..=20_000).contains(&self.shifts),
            "`shifts = {}`: expected 1 to 20000. Tests that these leave open are drawn for up to `most_shifts` times.",
            self.shifts
        );
        ensure!(self.most_shifts <= 100_000_000, "`most_shifts = {}`: expected at most 100000000.", self.most_shifts);
        ensure!(time(self.window_s), "`window_s = {}`: expected a time above 0, in s.", self.window_s);
        ensure!(
            self.least_shift_s.is_finite() && self.least_shift_s >= 0.0,
            "`least_shift_s = {}`: expected a time from 0 on, in s.",
            self.least_shift_s
        );
        ensure!(
            from.is_finite() && to.is_finite() && from < to && to <= 0.0,
            "`baseline_ms = [{from}, {to}]`: expected two times in ms, the first before the second, and the second not after the start of a bout, which is 0."
        );
        ensure!(
            share(self.false_discoveries),
            "`false_discoveries = {}`: expected a share between 0 and 1.",
            self.false_discoveries
        );
        ensure!(share(self.count_level), "`count_level = {}`: expected a share between 0 and 1.", self.count_level);
        ensure!(time(self.onset_ms), "`onset_ms = {}`: expected a time above 0, in ms.", self.onset_ms);
        ensure!(time(self.lag_ms), "`lag_ms = {}`: expected a time above 0, in ms.", self.lag_ms);
        ensure!(self.lags <= 20, "`lags = {}`: expected at most 20.", self.lags);
        ensure!(self.least_bouts >= 2, "`least_bouts = {}`: expected at least 2.", self.least_bouts);
        Ok(())
    }
}
