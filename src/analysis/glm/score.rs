//! How well fits predict.

use super::curve::Stretch;
use super::design::Design;
use super::family::Family;
use super::fit::linear_predictors;
use super::moments::{Moments, spans};
use super::problem::{Fit, Problem, Status};
use nalgebra::DVector;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Add;
use std::sync::atomic::{AtomicBool, Ordering};

/// Likelihoods of frames under a fit, and under the constant that fits best where the fit was made (null). Scores of different frames
/// add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Σ w ln p.
    pub log_likelihood: f64,
    /// Twice what is missing to the likelihood of means that are the responses themselves (Gaussian: the sum of squared residuals).
    pub deviance: f64,
    /// Of the constant.
    pub null_log_likelihood: f64,
    /// Of the constant.
    pub null_deviance: f64,
    /// Σ w y.
    pub events: f64,
    /// Σ w.
    pub frames: f64,
}

impl Score {
    /// 1 − deviance / null deviance: Cohen's pseudo-R², R² of the Gaussian family.
    pub fn deviance_explained(&self) -> f64 {
        1.0 - self.deviance / self.null_deviance
    }

    /// McFadden's pseudo-R²: 1 − log-likelihood / null log-likelihood.
    pub fn mcfadden(&self) -> f64 {
        1.0 - self.log_likelihood / self.null_log_likelihood
    }

    /// What the fit knows more than the constant, in bits a second; `interval` is that of frames, in s.
    pub fn bits_per_second(&self, interval: f64) -> f64 {
        self.bits() / (self.frames * interval)
    }

    /// What the fit knows more than the constant, in bits an event.
    pub fn bits_per_event(&self) -> f64 {
        self.bits() / self.events
    }

    /// What the fit knows more than the constant, in bits.
    pub fn bits(&self) -> f64 {
        (self.log_likelihood - self.null_log_likelihood) / std::f64::consts::LN_2
    }
}

impl Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            log_likelihood: self.log_likelihood + other.log_likelihood,
            deviance: self.deviance + other.deviance,
            null_log_likelihood: self.null_log_likelihood + other.null_log_likelihood,
            null_deviance: self.null_deviance + other.null_deviance,
            events: self.events + other.events,
            frames: self.frames + other.frames,
        }
    }
}

/// Scores of `fits` (`[N]`) in the frames that have a weight in `problem`, `[N]`; NaN where a fit is undefined, or a response is none of
/// its family. `None` if it was asked to stop.
pub fn score(problem: &Problem, fits: &[Fit], family: Family, stop: &AtomicBool) -> Option<Vec<Score>> {
    let spans = spans(problem.weights);
    let numbers: Vec<usize> = (0..fits.len().min(problem.responses.nrows())).collect();
    let of_block = |block: &[usize]| {
        let own = &fits[block[0]..=block[block.len() - 1]];
        let mut scores = vec![Score::default(); block.len()];
        let mut none = Vec::new();
        for span in &spans {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let mut eta = linear_predictors(problem.design, own, span.clone());
            let weights = &problem.weights[span.clone()];
            for (k, i) in block.iter().enumerate() {
                let values = problem.responses.row(*i);
                let y = &values.to_slice().unwrap_or_default()[span.clone()];
                let mut row = eta.row_mut(k);
                let mut value = |eta: &mut [f64]| {
                    Stretch { family, dispersion: own[k].dispersion, eta, y, weights, curvature: &mut none }.evaluate()
                };
                let model = value(row.as_slice_mut().unwrap_or_default());
                let mut constant = vec![family.link(own[k].mean); span.len()];
                scores[k] = scores[k] + of_span(family, &own[k], y, weights, [model, value(&mut constant)]);
            }
        }
        Some(scores)
    };
    let found: Option<Vec<_>> = numbers.par_chunks(32).map(of_block).collect();
    let mut scores: Vec<Score> = found?.into_iter().flatten().collect();
    for (score, fit) in scores.iter_mut().zip(fits) {
        if fit.status == Status::Undefined || !score.log_likelihood.is_finite() {
            *score = undefined();
        }
    }
    Some(scores)
}

fn undefined() -> Score {
    let nan = f64::NAN;
    Score { log_likelihood: nan, deviance: nan, null_log_likelihood: nan, null_deviance: nan, events: nan, frames: nan }
}

/// Of the sums of a stretch, without what does not depend on predictors: of the model and the constant.
fn of_span(family: Family, fit: &Fit, y: &[f32], weights: &[f64], [model, null]: [f64; 2]) -> Score {
    let (mut normaliser, mut saturated, mut events, mut frames) = (0.0, 0.0, 0.0, 0.0);
    for (y, w) in y.iter().zip(weights) {
        if !family.admits(*y) {
            return undefined();
        }
        let y = f64::from(*y);
        frames += w;
        events += w * y;
        // Of most counts, which are 0, both are.
        if y != 0.0 {
            normaliser += w * family.normaliser(y, fit.dispersion);
            saturated += w * family.saturated(y, fit.dispersion);
        }
    }
    let mut score = Score {
        log_likelihood: model + normaliser,
        deviance: 2.0 * (saturated - model),
        null_log_likelihood: null + normaliser,
        null_deviance: 2.0 * (saturated - null),
        events,
        frames,
    };
    if family == Family::Gaussian {
        score.log_likelihood = normal(score.deviance, frames, fit.dispersion);
        score.null_log_likelihood = normal(score.null_deviance, frames, fit.variance);
    }
    score
}

/// Log-likelihood of `frames` residuals with this sum of squares.
fn normal(squares: f64, frames: f64, variance: f64) -> f64 {
    -0.5 * (frames * (std::f64::consts::TAU * variance).ln() + squares / variance)
}

/// [`score`] of Gaussian fits from the moments of the frames, whatever their number, `[N]`; NaN where a fit is undefined.
pub fn score_gaussian(moments: &Moments, design: &Design, fits: &[Fit]) -> Vec<Score> {
    let n = moments.weight;
    let of_fit = |(i, fit): (usize, &Fit)| {
        if fit.status == Status::Undefined {
            return undefined();
        }
        let origin = moments.origin[i];
        let used: Vec<usize> = (0..fit.coefficients.len()).filter(|k| fit.coefficients[*k] != 0.0).collect();
        let (constant, standard) = design.to_standard(fit.constant - origin, &fit.coefficients);
        let (sum, square) = (moments.responses[i], moments.squares[i]);
        // Σ w (y − a)², and with the columns.
        let about = |a: f64| square - 2.0 * a * sum + a * a * n;
        let along: f64 =
            used.iter().map(|k| standard[*k] * (moments.products[[i, *k]] - constant * moments.columns[*k])).sum();
        let values = DVector::from_iterator(used.len(), used.iter().map(|k| standard[*k]));
        let explained: f64 = used
            .iter()
            .enumerate()
            .map(|(a, k)| {
                values[a] * used.iter().zip(values.iter()).map(|(l, v)| moments.gram[[*k, *l]] * v).sum::<f64>()
            })
            .sum();
        let deviance = (about(constant) - 2.0 * along + explained).max(0.0);
        let null_deviance = about(fit.mean - origin).max(0.0);
        Score {
            log_likelihood: normal(deviance, n, fit.dispersion),
            deviance,
            null_log_likelihood: normal(null_deviance, n, fit.variance),
            null_deviance,
            events: sum + origin * n,
            frames: n,
        }
    };
    fits.par_iter().enumerate().map(of_fit).collect()
}
