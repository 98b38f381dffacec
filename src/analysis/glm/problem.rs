//! What is fitted to what, and what is found.

use super::design::Design;
use super::family::Family;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// What is fitted to what.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// P columns over T frames.
    pub design: &'a Design,
    /// `[N × T]`, rows contiguous.
    pub responses: ArrayView2<'a, f32>,
    /// What each frame counts, from 0 on, `[T]`: 0 leaves it out.
    pub weights: &'a [f64],
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitSettings {
    /// The distribution of the responses.
    pub family: Family,
    /// The penalty: `ridge / 2` times the sum of squared coefficients is taken off the mean log-likelihood (of the Gaussian family: off
    /// minus half the mean squared residual, as if its variance were 1).
    pub ridge: f64,
    /// Of which coefficients.
    pub penalty: Penalty,
    /// A fit has converged when no coefficient of uncorrelated columns is farther than about this from its value, in units of the
    /// linear predictor.
    pub tolerance: f64,
    /// Evaluations at most.
    pub most_iterations: usize,
}

impl FitSettings {
    /// Of a family, without penalty.
    pub fn new(family: Family) -> Self {
        Self { family, ridge: 0.0, penalty: Penalty::Standardised, tolerance: 1e-9, most_iterations: 100 }
    }
}

/// Whose squares the penalty sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Penalty {
    /// Of columns in standard units: mean 0 and standard deviation 1 over all frames.
    Standardised,
    /// Of columns as they are.
    Raw,
}

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At the maximum.
    Converged,
    /// The likelihood rises for ever as a coefficient grows (separable classes; a column of which no event was recorded): its value
    /// is where the gain had become rounding, and means nothing.
    Unbounded,
    /// The response never changes in the frames that have a weight. Coefficients are 0; where it is always 0 (or always 1), the mean
    /// is taken for half an event (or half a miss), so that likelihoods elsewhere are finite.
    Constant,
    /// Stopped before.
    Unconverged,
    /// There is nothing to fit: no frame, or a response that is none of the family. All is NaN.
    Undefined,
}

/// The fit of one response.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// How it ended.
    pub status: Status,
    /// In the columns' own units.
    pub constant: f64,
    /// In the columns' own units, `[P]`; 0 for columns that were not used, and that are constant.
    pub coefficients: Vec<f64>,
    /// Mean squared residual of the Gaussian family, α of the negative binomial; 1 otherwise.
    pub dispersion: f64,
    /// The weighted mean of the response: what a model of a constant alone predicts.
    pub mean: f64,
    /// Mean squared deviation from it: the variance of that model of the Gaussian family; NaN of the others.
    pub variance: f64,
    /// Evaluations of the likelihood.
    pub iterations: usize,
}

impl Fit {
    pub(super) fn undefined(columns: usize) -> Self {
        Self {
            status: Status::Undefined,
            constant: f64::NAN,
            coefficients: vec![f64::NAN; columns],
            dispersion: f64::NAN,
            mean: f64::NAN,
            variance: f64::NAN,
            iterations: 0,
        }
    }
}
