//! The projection that all windows share.

use super::trials::Trials;
use crate::analysis::pca::{Scatter, centred, column_means, product_transposed};
use crate::error::Result;

/// Window means and whitened principal axes of a set of training trials.
pub(super) struct Projection {
    neurons: usize,
    /// `[windows][neurons]`.
    means: Vec<Vec<f64>>,
    /// Principal axes over their standard deviation, `[K][neurons]`.
    axes: Vec<f64>,
}

impl Projection {
    /// The projection of the training trials numbered `chosen`.
    pub(super) fn fit(trials: &Trials, chosen: &[usize], components: usize) -> Result<Self> {
        let neurons = trials.neurons();
        let mut scatter = Scatter::new(neurons);
        let means = (0..trials.windows())
            .map(|window| {
                let rows = || chosen.iter().map(|i| trials.row(*i, window));
                let mean = column_means(rows(), neurons);
                scatter.add(&centred(rows(), &mean));
                mean
            })
            .collect();
        let principal = scatter.axes(components)?;
        let mut axes = principal.components;
        for (axis, variance) in axes.chunks_exact_mut(neurons).zip(&principal.variance) {
            for loading in axis {
                *loading /= variance.sqrt();
            }
        }
        Ok(Self { neurons, means, axes })
    }

    /// The number of components K.
    pub(super) fn components(&self) -> usize {
        self.axes.len() / self.neurons
    }

    /// What the classifier of `window` sees of the trials numbered `chosen`: K scores and a one for the intercept,
    /// `[chosen][K + 1]`.
    pub(super) fn features(&self, trials: &Trials, chosen: &[usize], window: usize) -> Vec<f64> {
        let rows = centred(chosen.iter().map(|i| trials.row(*i, window)), &self.means[window]);
        let k = self.components();
        let scores = product_transposed(&rows, &self.axes, self.neurons);
        (0..chosen.len()).flat_map(|i| scores[i * k..(i + 1) * k].iter().copied().chain([1.0])).collect()
    }

    /// The coefficients `[K + 1]` of one output in `window` as weights on rates, `[neurons]`, and their intercept.
    pub(super) fn fold(&self, coefficients: &[f64], window: usize) -> (Vec<f64>, f64) {
        let mut weights = vec![0.0; self.neurons];
        for (axis, coefficient) in self.axes.chunks_exact(self.neurons).zip(coefficients) {
            weights.iter_mut().zip(axis).for_each(|(w, a)| *w += coefficient * a);
        }
        let offset: f64 = weights.iter().zip(&self.means[window]).map(|(w, m)| w * m).sum();
        (weights, coefficients[self.components()] - offset)
    }
}
