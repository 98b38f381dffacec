//! A number of a session, how it would vary, and what it would be if labels said nothing.

use crate::analysis::statistics::{permutation_p, quantile};
use crate::rng::{Draws, Rng, Stream};
use serde::{Deserialize, Serialize};

/// Whose bouts a number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// What the animal does itself.
    #[serde(rename = "self")]
    Own,
    /// What it observes.
    Other,
    /// Decoders that learned from execution, read out in observation.
    #[serde(rename = "self to other")]
    OwnToOther,
    /// The reverse.
    #[serde(rename = "other to self")]
    OtherToOwn,
    /// Execution less observation.
    #[serde(rename = "self - other")]
    Difference,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// The mean silhouette of bout means by behaviour.
    Silhouette,
    /// The balanced accuracy with which behaviour is decoded in bouts that the decoder did not see.
    Decoding,
    /// The mean silhouette of bouts that are matched between execution and observation.
    Matched,
}

/// A number, its values for weights of bouts that are drawn anew, and for labels that are dealt anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Whose bouts.
    pub who: Who,
    /// What.
    pub measure: Measure,
    /// Bouts that it is of.
    pub bouts: usize,
    /// Behaviours.
    pub behaviours: usize,
    /// The value.
    pub value: f64,
    /// Its standard error; only differences have one, by which they are tested.
    pub error: Option<f64>,
    /// The value with weights of bouts drawn anew, `[draws]`.
    #[serde(with = "crate::tuning::undefined")]
    pub spread: Vec<f64>,
    /// The value with labels dealt anew, `[draws]`; empty where it is not tested.
    #[serde(with = "crate::tuning::undefined")]
    pub null: Vec<f64>,
    /// The standard error of each of these, where the value has one.
    #[serde(with = "crate::tuning::undefined")]
    pub null_error: Vec<f64>,
}

impl Who {
    /// As tables spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Other => "other",
            Self::OwnToOther => "self to other",
            Self::OtherToOwn => "other to self",
            Self::Difference => "self - other",
        }
    }
}

impl Measure {
    /// As tables spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silhouette => "silhouette",
            Self::Decoding => "balanced accuracy",
            Self::Matched => "matched silhouette",
        }
    }
}

impl Measured {
    /// The 95 % interval: quantiles over weights drawn anew.
    pub fn interval(&self) -> [f64; 2] {
        interval(&self.spread)
    }

    /// The probability of as large a value if labels said nothing; of a difference, of one as far from 0 in standard errors.
    pub fn p(&self) -> f64 {
        match self.error {
            None => permutation_p(self.value, &self.null),
            Some(error) => studentised_p(self.value, error, &self.null, &self.null_error),
        }
    }
}

/// The probability of a difference as far from 0, in its standard errors, as `value` is; NaN without draws.
pub(super) fn studentised_p(value: f64, error: f64, null: &[f64], errors: &[f64]) -> f64 {
    let far = |value: f64, error: f64| if error > 0.0 { (value / error).abs() } else { f64::NAN };
    let null: Vec<f64> = null.iter().zip(errors).map(|(value, error)| far(*value, *error)).collect();
    if null.is_empty() { f64::NAN } else { permutation_p(far(value, error), &null) }
}

/// The middle 95 % of values.
pub(super) fn interval(spread: &[f64]) -> [f64; 2] {
    [0.025, 0.975].map(|q| quantile(spread, q))
}

/// What random numbers are for: a part of the key of [`Stream::Population`].
#[derive(Clone, Copy)]
pub(super) enum Draw {
    /// Labels dealt anew.
    Labels = 1,
    /// Weights of bouts.
    Weights,
    /// Labels of bouts that decoders read out.
    Decoded,
    /// Agents of bouts dealt anew, and subsets of them.
    Agents,
    /// Sessions and animals drawn anew.
    Sessions,
    /// Neurons dealt anew and random subspaces, of one pair of sets after another.
    Axes,
}

/// The random numbers of draw `number` for a purpose, of `who`.
pub(super) fn draws(key: u64, draw: Draw, who: u32, number: usize) -> Draws {
    Draws::new(Rng::new(key, who << 8 | draw as u32, Stream::Population).at_step(number as u32))
}

/// Weights of mean 1, as of the Bayesian bootstrap (Rubin 1981): unlike whole numbers of copies they never leave a behaviour
/// with one bout, and nothing is its own neighbour.
pub(super) fn weights(draws: &mut Draws, count: usize) -> Vec<f64> {
    let drawn: Vec<f64> = (0..count).map(|_| draws.exponential()).collect();
    let mean = drawn.iter().sum::<f64>() / count as f64;
    drawn.into_iter().map(|w| w / mean).collect()
}

/// Labels dealt anew among the items of each stratum.
pub(super) fn dealt(labels: &[usize], strata: &[usize], draws: &mut Draws) -> Vec<usize> {
    let mut dealt = labels.to_vec();
    for stratum in 0..strata.iter().max().map_or(0, |last| last + 1) {
        let members: Vec<usize> = (0..labels.len()).filter(|i| strata[*i] == stratum).collect();
        let mut own: Vec<usize> = members.iter().map(|i| labels[*i]).collect();
        draws.shuffle(&mut own);
        members.iter().zip(own).for_each(|(i, label)| dealt[*i] = label);
    }
    dealt
}
