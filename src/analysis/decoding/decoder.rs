//! A decoder trained once and read out often.

use super::logistic;
use super::projection::Projection;
use super::score::DecodingScore;
use super::trials::{Settings, Trials, check_classes, check_labels};
use crate::error::{Result, ensure};
use rayon::prelude::*;

/// Read-outs of one label, one for each window.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    classes: usize,
    components: usize,
    linear: Linear,
}

/// A read-out as one product with the rates: score = weights · rates + intercept.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    windows: usize,
    outputs: usize,
    neurons: usize,
    weights: Vec<f64>,
    intercepts: Vec<f64>,
}

impl Decoder {
    /// Trains a decoder of `classes` classes on all `trials`, whose classes are `labels` `[trials]`; see the module for
    /// the pipeline. Neurons may be constant; with all of them constant only the frequencies of the classes are learned.
    ///
    /// # Errors
    /// When labels and trials do not fit together, a class has no trial, or a setting is impossible.
    pub fn fit(trials: &Trials, labels: &[usize], classes: usize, settings: &Settings) -> Result<Self> {
        settings.check()?;
        check_labels(labels, classes, trials.trials())?;
        check_classes(labels, classes, 0..labels.len(), "the training set")?;
        let all: Vec<usize> = (0..trials.trials()).collect();
        let projection = Projection::fit(trials, &all, settings.components)?;
        let weights = settings.weights(labels, classes);
        let windows: Vec<Vec<(Vec<f64>, f64)>> = (0..trials.windows())
            .into_par_iter()
            .map(|window| {
                let features = projection.features(trials, &all, window);
                let coefficients = logistic::fit(&features, labels, &weights, classes, settings.l2)?;
                let outputs = coefficients.chunks_exact(projection.components() + 1);
                Ok(outputs.map(|output| projection.fold(output, window)).collect())
            })
            .collect::<Result<_>>()?;
        let (weights, intercepts): (Vec<Vec<f64>>, Vec<f64>) = windows.into_iter().flatten().unzip();
        let linear = Linear {
            windows: trials.windows(),
            outputs: logistic::outputs(classes),
            neurons: trials.neurons(),
            weights: weights.concat(),
            intercepts,
        };
        Ok(Self { classes, components: projection.components(), linear })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The principal components that the classifiers see: as many as asked for, or the rank of the training trials.
    pub fn components(&self) -> usize {
        self.components
    }

    /// The read-out as a product with the rates.
    pub fn linear(&self) -> &Linear {
        &self.linear
    }

    /// Accuracy and AUC on other trials, `[windows]`.
    ///
    /// # Errors
    /// When the trials have other windows or neurons than those of the training, or labels do not fit them.
    pub fn evaluate(&self, trials: &Trials, labels: &[usize]) -> Result<Vec<DecodingScore>> {
        check_labels(labels, self.classes, trials.trials())?;
        Ok(self.score(&self.linear.scores(trials)?, labels))
    }

    /// Accuracy and AUC, `[windows]`, of decision scores `[trials][windows][outputs]` of trials with `labels`.
    pub fn score(&self, scores: &[f64], labels: &[usize]) -> Vec<DecodingScore> {
        let (windows, outputs) = (self.linear.windows, self.linear.outputs);
        let rows: Vec<&[f64]> = scores.chunks_exact(outputs).collect();
        let of_window = |window: usize| {
            let scores: Vec<f64> = rows.iter().skip(window).step_by(windows).copied().flatten().copied().collect();
            DecodingScore::of(&scores, labels, self.classes)
        };
        (0..windows).map(of_window).collect()
    }
}

impl Linear {
    /// Outputs of each window: one for two classes (the log odds of class 1), otherwise one for each class.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// `[windows][outputs][neurons]`, per unit of rate.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// `[windows][outputs]`.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// Decision scores of `trials`, `[trials][windows][outputs]`; [`super::probabilities`] turns them into probabilities.
    ///
    /// # Errors
    /// When the trials have other windows or neurons than those of the training.
    pub fn scores(&self, trials: &Trials) -> Result<Vec<f64>> {
        ensure!(
            (trials.windows(), trials.neurons()) == (self.windows, self.neurons),
            "The decoder was trained on {} windows of {} neurons; these trials have {} windows of {}.",
            self.windows,
            self.neurons,
            trials.windows(),
            trials.neurons()
        );
        let size = self.windows * self.outputs;
        let mut scores = vec![0.0; trials.trials() * size];
        scores
            .par_chunks_exact_mut(size)
            .enumerate()
            .for_each(|(trial, scores)| self.score_trial(trials, trial, scores));
        Ok(scores)
    }

    /// Writes the scores of one trial, `[windows][outputs]`.
    fn score_trial(&self, trials: &Trials, trial: usize, scores: &mut [f64]) {
        let outputs = self.weights.chunks_exact(self.neurons).zip(&self.intercepts);
        for (at, (score, (weights, intercept))) in scores.iter_mut().zip(outputs).enumerate() {
            *score = intercept + dot(weights, trials.row(trial, at / self.outputs));
        }
    }
}

/// Σ weights · rates in eight partial sums, which the compiler can keep in one or two registers.
fn dot(weights: &[f64], rates: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    let (blocks, of_rates) = (weights.chunks_exact(8), rates.chunks_exact(8));
    let rest: f64 = blocks.remainder().iter().zip(of_rates.remainder()).map(|(w, r)| w * f64::from(*r)).sum();
    for (weights, rates) in blocks.zip(of_rates) {
        for lane in 0..8 {
            sums[lane] += weights[lane] * f64::from(rates[lane]);
        }
    }
    sums.iter().sum::<f64>() + rest
}
