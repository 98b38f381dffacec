//! The models of all neurons of a session: those that share a design together, those with a history of their own one by one.

use super::super::axis::Axis;
use super::folds::Fold;
use super::models::Models;
use super::regressors::history;
use crate::analysis::glm::{Design, Fit, FitSettings, Score};
use crate::error::Result;
use ndarray::{Array2, Axis as Dimension, concatenate, s};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

/// The neurons of a session that can be fitted.
pub(super) struct Neurons<'a> {
    pub(super) design: &'a Design,
    /// `[N × frames]`.
    pub(super) responses: &'a Array2<f32>,
    pub(super) settings: FitSettings,
    /// Cosines of a neuron's own past, and how many frames that lasts; 0 for none.
    pub(super) history: (usize, usize),
    pub(super) parts: Vec<Range<usize>>,
    pub(super) stop: &'a AtomicBool,
}

/// Scores, `[models][folds][N]`.
pub(super) type Scores = Vec<Vec<Vec<Score>>>;

impl Neurons<'_> {
    pub(super) fn parts_of(axis: &Axis) -> Vec<Range<usize>> {
        axis.parts.iter().map(|part| part.frames.clone()).collect()
    }

    /// Runs `run` on all neurons at once or, with a history, on each by itself; it gets the columns of the history.
    fn each<T: Send>(
        &self,
        with_history: bool,
        run: impl Fn(&Models, &[usize]) -> Result<Option<T>> + Sync,
    ) -> Result<Option<Vec<T>>> {
        let (cosines, most) = self.history;
        if !with_history || cosines == 0 {
            let models = Models { design: self.design, responses: self.responses.view(), settings: self.settings };
            return Ok(run(&models, &[])?.map(|found| vec![found]));
        }
        let own: Vec<usize> = (self.design.columns()..self.design.columns() + cosines).collect();
        let of_neuron = |i: usize| {
            let counts = self.responses.row(i);
            let past = history(counts.to_slice().unwrap_or_default(), &self.parts, cosines, most);
            let design = self.design.with(&past)?;
            let responses = self.responses.slice(s![i..=i, ..]);
            run(&Models { design: &design, responses, settings: self.settings }, &own)
        };
        (0..self.responses.nrows()).into_par_iter().map(of_neuron).collect()
    }

    /// Scores of tested frames under models of these columns; `None` if it was asked to stop.
    pub(super) fn held_out(&self, models: &[Vec<usize>], folds: &[Fold]) -> Result<Option<Scores>> {
        let found = self.each(true, |neurons, own| {
            let with: Vec<Vec<usize>> = models.iter().map(|columns| [columns, own].concat()).collect();
            neurons.held_out(&with, folds, self.stop)
        })?;
        let Some(found) = found else { return Ok(None) };
        let of = |m: usize, f: usize| found.iter().flat_map(|own| own[m][f].iter().copied()).collect();
        Ok(Some((0..models.len()).map(|m| (0..folds.len()).map(|f| of(m, f)).collect()).collect()))
    }

    /// What a model of these columns leaves, `[N × frames]`; `None` if it was asked to stop.
    pub(super) fn residuals(&self, columns: &[usize], with_history: bool) -> Result<Option<Array2<f32>>> {
        let found = self.each(with_history, |neurons, own| neurons.residuals(&[columns, own].concat(), self.stop))?;
        let Some(found) = found else { return Ok(None) };
        let rows: Vec<_> = found.iter().map(|own| own.view()).collect();
        let none = || Array2::zeros((0, self.design.frames()));
        Ok(Some(concatenate(Dimension(0), &rows).unwrap_or_else(|_| none())))
    }

    /// Fits of all frames, `[N]`; coefficients of the history are last. `None` if it was asked to stop.
    pub(super) fn fits(&self, columns: &[usize]) -> Result<Option<Vec<Fit>>> {
        let found = self.each(true, |neurons, own| neurons.fits(&[columns, own].concat(), None, self.stop))?;
        Ok(found.map(|found| found.into_iter().flatten().collect()))
    }
}
