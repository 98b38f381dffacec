//! Nested models of some neurons: likelihoods of frames that they were not made from, and what they leave.

use super::folds::Fold;
use crate::analysis::glm::{
    Design, Family, Fit, FitSettings, Moments, Problem, Score, fit, linear_predictors, score, score_gaussian,
};
use crate::error::Result;
use ndarray::{Array2, ArrayView2, s};
use std::sync::atomic::AtomicBool;

/// Neurons that share a design.
pub(super) struct Models<'a> {
    pub(super) design: &'a Design,
    /// `[N × frames]`.
    pub(super) responses: ArrayView2<'a, f32>,
    pub(super) settings: FitSettings,
}

impl Models<'_> {
    fn problem<'b>(&'b self, weights: &'b [f64]) -> Problem<'b> {
        Problem { design: self.design, responses: self.responses.view(), weights }
    }

    /// Fits of all frames by some columns, `[N]`.
    pub(super) fn fits(&self, columns: &[usize], start: Option<&[Fit]>, stop: &AtomicBool) -> Result<Option<Vec<Fit>>> {
        let all = vec![1.0; self.design.frames()];
        fit(&self.problem(&all), columns, start, &self.settings, stop)
    }

    /// Scores of the tested frames of each fold under each model, whose columns are given, `[models][folds][N]`; `None` if it was asked to
    /// stop.
    pub(super) fn held_out(
        &self,
        models: &[Vec<usize>],
        folds: &[Fold],
        stop: &AtomicBool,
    ) -> Result<Option<Vec<Vec<Vec<Score>>>>> {
        let mut found = vec![Vec::new(); models.len()];
        if self.settings.family == Family::Gaussian {
            let origin = Moments::origin(&self.problem(&[]));
            for fold in folds {
                let of = |weights: &[f64]| Moments::new(&self.problem(weights), &origin, stop);
                let Some((train, test)) = of(&fold.train).zip(of(&fold.test)) else { return Ok(None) };
                for (scores, columns) in found.iter_mut().zip(models) {
                    let fits = train.fit(self.design, columns, &self.settings);
                    scores.push(score_gaussian(&test, self.design, &fits));
                }
            }
            return Ok(Some(found));
        }
        for (scores, columns) in found.iter_mut().zip(models) {
            let Some(whole) = self.fits(columns, None, stop)? else { return Ok(None) };
            for fold in folds {
                let fits = fit(&self.problem(&fold.train), columns, Some(&whole), &self.settings, stop)?;
                let Some(fits) = fits else { return Ok(None) };
                let Some(of_fold) = score(&self.problem(&fold.test), &fits, self.settings.family, stop) else {
                    return Ok(None);
                };
                scores.push(of_fold);
            }
        }
        Ok(Some(found))
    }

    /// What a model of some columns leaves of each neuron, activity less its mean, `[N × frames]`; NaN where there is no fit.
    pub(super) fn residuals(&self, columns: &[usize], stop: &AtomicBool) -> Result<Option<Array2<f32>>> {
        const FRAMES: usize = 4096;
        let Some(fits) = self.fits(columns, None, stop)? else { return Ok(None) };
        let mut left = Array2::zeros(self.responses.dim());
        let frames = self.design.frames();
        for first in (0..frames).step_by(FRAMES) {
            let span = first..frames.min(first + FRAMES);
            let eta = linear_predictors(self.design, &fits, span.clone());
            let values = self.responses.slice(s![.., span.clone()]);
            let family = self.settings.family;
            left.slice_mut(s![.., span]).iter_mut().zip(values.iter().zip(&eta)).for_each(|(left, (y, eta))| {
                *left = (f64::from(*y) - family.mean(*eta)) as f32;
            });
        }
        Ok(Some(left))
    }
}
