//! Whether covariates stand for what neurons share.

use super::super::undefined;
use super::design::SessionDesign;
use super::models::Models;
use crate::analysis::glm::{Family, FitSettings};
use crate::data::recording::Agent;
use crate::error::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// Neurons share this much at least for anything to be said of it, and of that a poor proxy leaves this share at least.
const SHARED: f64 = 0.1;
const POOR: f64 = 0.25;

/// What covariates leave of the fluctuations that neurons share and behaviours do not explain.
///
/// The neurons are dealt to two halves in turn; the covariance of both mean activities holds what they share and none of the noise of single
/// neurons. If the animal's state drives activity, a covariate that shows it well leaves little of that covariance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proxy {
    /// The covariates.
    pub covariates: Vec<String>,
    /// Correlation of both halves, and that times what covariates leave of their covariance over what it was: given behaviours alone, and given
    /// covariates, too.
    #[serde(with = "undefined")]
    shared: Vec<f64>,
}

impl Proxy {
    /// Correlation of the mean activities of two halves of the neurons, given behaviours.
    pub fn shared(&self) -> f64 {
        self.shared.first().copied().unwrap_or(f64::NAN)
    }

    /// The share of their covariance that covariates leave; NaN where there is hardly any.
    pub fn remaining(&self) -> f64 {
        if self.shared() >= SHARED { self.shared.get(1).copied().unwrap_or(f64::NAN) } else { f64::NAN }
    }

    /// Whether what covariates should stand for is left: a neuron that is still tuned may be driven by it.
    pub fn is_poor(&self) -> bool {
        self.remaining() >= POOR
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let names = self.covariates.join(", ");
        let remaining = self.remaining();
        if remaining.is_nan() {
            return format!(
                "Neurons share hardly anything beside behaviours, so that nothing can be said of how well {names} stands for it."
            );
        }
        let percent = (100.0 * remaining).round();
        let poor = if self.is_poor() {
            "a poor proxy: neurons that stay tuned may still follow a state that was not measured well"
        } else {
            "a good proxy of it"
        };
        format!("{names} leaves {percent} % of what neurons share beside behaviours: {poor}.")
    }

    /// Whether anything can be said: there are covariates, and two neurons.
    pub(super) fn is_known(session: &SessionDesign, responses: &Array2<f32>) -> bool {
        !session.covariates.is_empty() && responses.nrows() > 1
    }

    /// Of the neurons `responses`, `[N × frames]`; `None` if it was asked to stop.
    pub(super) fn new(session: &SessionDesign, responses: &Array2<f32>, stop: &AtomicBool) -> Result<Option<Self>> {
        let halves = halves(responses);
        let models =
            Models { design: &session.design, responses: halves.view(), settings: FitSettings::new(Family::Gaussian) };
        let behaviours: Vec<usize> = Agent::ALL.into_iter().flat_map(|agent| session.of_agent(agent)).collect();
        let contexts: Vec<usize> = session.contexts.clone().chain(behaviours.iter().copied()).collect();
        let all: Vec<usize> = session.base.clone().chain(behaviours).collect();
        let mut covariances = Vec::new();
        for columns in [contexts, all] {
            let Some(left) = models.residuals(&columns, stop)? else { return Ok(None) };
            let product = |a: usize, b: usize| -> f64 {
                left.row(a).iter().zip(left.row(b)).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
            };
            covariances.push((product(0, 1), (product(0, 0) * product(1, 1)).sqrt()));
        }
        let shared = covariances[0].0 / covariances[0].1;
        let remaining = covariances[1].0 / covariances[0].0;
        Ok(Some(Self { covariates: session.covariates.clone(), shared: vec![shared, remaining] }))
    }
}

/// Means of both halves, each neuron in units of its standard deviation, `[2 × frames]`.
fn halves(responses: &Array2<f32>) -> Array2<f32> {
    let mut halves = Array2::<f32>::zeros((2, responses.ncols()));
    for (i, row) in responses.rows().into_iter().enumerate() {
        let n = row.len() as f64;
        let mean = row.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let sd = (row.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / n).sqrt();
        if sd > 0.0 && sd.is_finite() {
            halves.row_mut(i % 2).iter_mut().zip(row).for_each(|(h, v)| *h += ((f64::from(*v) - mean) / sd) as f32);
        }
    }
    halves
}
