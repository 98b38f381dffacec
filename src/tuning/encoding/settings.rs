//! How encoding models are fitted and tested.

use crate::analysis::glm::Family;
use crate::error::{Result, ensure};
use serde::{Deserialize, Serialize};

/// How encoding models are fitted and tested. Every setting has a default. Shifts, windows, lags, objects, levels and the seed are those
/// of [`TuningSettings`](crate::tuning::TuningSettings).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EncodingSettings {
    /// The distribution of the activity.
    pub family: FamilyChoice,
    /// `ridge / 2` times the sum of squared coefficients, of columns in standard units, is taken off the mean log-likelihood of a frame.
    pub ridge: f64,
    /// Folds.
    pub folds: usize,
    /// Length of the blocks that are dealt to folds in turn, in s; longer where five autocorrelation times are.
    pub block_s: f64,
    /// From how long before the start of a bout on activity may follow it, in ms.
    pub before_ms: f64,
    /// Until how long after its start, in ms; and as long as it lasts.
    pub after_ms: f64,
    /// Raised cosines in between; 0 leaves the bouts as boxcars alone.
    pub cosines: usize,
    /// Knots of the natural splines of covariates, at quantiles; fewer than 3 leave covariates linear.
    pub knots: usize,
    /// Raised cosines, spaced by the logarithm of time, of a neuron's own counts in the past; of spikes alone. 0 for none.
    pub history: usize,
    /// How long the past lasts, in ms.
    pub history_ms: f64,
    /// Draws in which bouts are matched between execution and observation.
    pub matchings: usize,
    /// Resamplings of animals, sessions and neurons.
    pub resamplings: usize,
}

/// The distribution of the activity, as settings name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FamilyChoice {
    /// Poisson of spikes and whole numbers, Bernoulli of zeros and ones, Gaussian otherwise.
    #[default]
    Auto,
    /// Normal.
    Gaussian,
    /// Poisson; of numbers that are not whole a quasi-likelihood.
    Poisson,
    /// Zeros and ones.
    Bernoulli,
    /// Counts that vary more than Poisson's; slow.
    NegativeBinomial,
}

impl FamilyChoice {
    /// The family for activity of which each value is given.
    pub(super) fn family<'a>(self, spikes: bool, mut values: impl Iterator<Item = &'a f32>) -> Family {
        match self {
            Self::Gaussian => Family::Gaussian,
            Self::Poisson => Family::Poisson,
            Self::Bernoulli => Family::Bernoulli,
            Self::NegativeBinomial => Family::NegativeBinomial { dispersion: None },
            Self::Auto if spikes => Family::Poisson,
            Self::Auto => {
                let mut most = 0.0_f32;
                if values.any(|v| {
                    most = most.max(*v);
                    !(*v >= 0.0 && v.fract() == 0.0)
                }) {
                    Family::Gaussian
                } else if most <= 1.0 {
                    Family::Bernoulli
                } else {
                    Family::Poisson
                }
            }
        }
    }
}

impl Default for EncodingSettings {
    fn default() -> Self {
        Self {
            family: FamilyChoice::default(),
            ridge: 1e-3,
            folds: 10,
            block_s: 10.0,
            before_ms: 500.0,
            after_ms: 2000.0,
            cosines: 5,
            knots: 4,
            history: 4,
            history_ms: 500.0,
            matchings: 5,
            resamplings: 10_000,
        }
    }
}

impl EncodingSettings {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        let time = |name: &str, v: f64| -> Result<()> {
            ensure!(v.is_finite() && v > 0.0, "`{name} = {v}`: expected a time above 0.");
            Ok(())
        };
        let at_most = |name: &str, v: usize, most: usize| -> Result<()> {
            ensure!(v <= most, "`{name} = {v}`: expected at most {most}.");
            Ok(())
        };
        ensure!(self.ridge.is_finite() && self.ridge >= 0.0, "`ridge = {}`: expected a number from 0 on.", self.ridge);
        ensure!((2..=100).contains(&self.folds), "`folds = {}`: expected 2 to 100.", self.folds);
        time("block_s", self.block_s)?;
        time("after_ms", self.after_ms)?;
        time("history_ms", self.history_ms)?;
        ensure!(
            self.before_ms.is_finite() && self.before_ms >= 0.0,
            "`before_ms = {}`: expected a time from 0 on, in ms before the start of a bout.",
            self.before_ms
        );
        at_most("cosines", self.cosines, 30)?;
        at_most("knots", self.knots, 10)?;
        at_most("history", self.history, 10)?;
        at_most("matchings", self.matchings, 1000)?;
        at_most("resamplings", self.resamplings, 1_000_000)
    }
}
