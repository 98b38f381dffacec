//! Distributions of responses, as likelihoods of a linear predictor.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;

/// A distribution, with its usual link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Normal, identity link. Its variance is the mean squared residual, without regard to the number of columns.
    Gaussian,
    /// Poisson, logarithmic link. Numbers that are not whole, such as deconvolved events, are taken as a quasi-likelihood: the
    /// coefficients are consistent where the mean is right, whatever the variance.
    Poisson,
    /// Bernoulli, logit link; responses from 0 to 1.
    Bernoulli,
    /// Negative binomial, logarithmic link, variance `μ + α μ²` (NB2); α is estimated by maximum likelihood unless it is given.
    NegativeBinomial {
        /// α.
        dispersion: Option<f64>,
    },
}

impl Family {
    /// As tables spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::Poisson => "poisson",
            Self::Bernoulli => "bernoulli",
            Self::NegativeBinomial { .. } => "negativebinomial",
        }
    }

    /// Whether a response can be of the family.
    pub fn admits(self, y: f32) -> bool {
        match self {
            Self::Gaussian => y.is_finite(),
            Self::Poisson | Self::NegativeBinomial { .. } => y.is_finite() && y >= 0.0,
            Self::Bernoulli => (0.0..=1.0).contains(&y),
        }
    }

    /// The mean for a linear predictor.
    pub fn mean(self, eta: f64) -> f64 {
        match self {
            Self::Gaussian => eta,
            Self::Poisson | Self::NegativeBinomial { .. } => eta.exp(),
            Self::Bernoulli => 1.0 / (1.0 + (-eta).exp()),
        }
    }

    /// The linear predictor for a mean; of means that no linear predictor gives, nothing finite.
    pub(super) fn link(self, mean: f64) -> f64 {
        match self {
            Self::Gaussian => mean,
            Self::Poisson | Self::NegativeBinomial { .. } => mean.ln(),
            Self::Bernoulli => (mean / (1.0 - mean)).ln(),
        }
    }

    /// Curvature of the log-likelihood at a mean: what a step of the predictor is measured by.
    pub(super) fn curvature(self, mean: f64, dispersion: f64) -> f64 {
        match self {
            Self::Gaussian => 1.0,
            Self::Poisson => mean,
            Self::Bernoulli => mean * (1.0 - mean),
            Self::NegativeBinomial { .. } => mean / (1.0 + dispersion * mean),
        }
    }

    /// What of the log-likelihood of a response does not depend on its mean; not of the Gaussian family.
    pub(super) fn normaliser(self, y: f64, dispersion: f64) -> f64 {
        match self {
            Self::Gaussian | Self::Bernoulli => 0.0,
            // ln 0! = ln 1! = 0: most counts.
            Self::Poisson if y == 0.0 || y == 1.0 => 0.0,
            Self::Poisson => -ln_gamma(y + 1.0),
            Self::NegativeBinomial { .. } if y == 0.0 => 0.0,
            Self::NegativeBinomial { .. } => {
                let size = 1.0 / dispersion;
                ln_gamma(y + size) - ln_gamma(size) - ln_gamma(y + 1.0) + y * dispersion.ln()
            }
        }
    }

    /// The log-likelihood, without [`Self::normaliser`], of a response whose mean it is itself: none is larger.
    pub(super) fn saturated(self, y: f64, dispersion: f64) -> f64 {
        let y_ln_y = if y > 0.0 { y * y.ln() } else { 0.0 };
        match self {
            Self::Gaussian => 0.0,
            Self::Poisson => y_ln_y - y,
            Self::Bernoulli => y_ln_y + if y < 1.0 { (1.0 - y) * (1.0 - y).ln() } else { 0.0 },
            Self::NegativeBinomial { .. } => y_ln_y - (y + 1.0 / dispersion) * (dispersion * y).ln_1p(),
        }
    }
}
