//! What decoders are trained on.

use crate::error::{Error, Result, ensure};

/// Rates of trials in time windows, `[trials][windows][neurons]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trials {
    values: Vec<f32>,
    number: usize,
    windows: usize,
    neurons: usize,
}

/// How decoders are trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Principal components that the classifiers see, at most; fewer where the rank is lower.
    pub components: usize,
    /// The weight of ½ ‖coefficients‖² beside the summed loss (1 / C of scikit-learn), positive.
    pub l2: f64,
    /// Whether the loss of a trial counts inversely to the number of trials of its class (`class_weight = "balanced"` of
    /// scikit-learn): else a decoder prefers the class that it saw most.
    pub balanced: bool,
    /// Parts that cross-validation leaves out in turn.
    pub folds: usize,
    /// Seed of the folds and of the permutations.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { components: 30, l2: 1.0, balanced: false, folds: 5, seed: 0 }
    }
}

impl Trials {
    /// Rates `[trials][windows][neurons]`.
    ///
    /// # Errors
    /// When the number of values is not the product of the sizes, a size is zero, or a rate is not finite.
    pub fn new(values: Vec<f32>, trials: usize, windows: usize, neurons: usize) -> Result<Self> {
        let expected = trials.checked_mul(windows).and_then(|n| n.checked_mul(neurons)).unwrap_or(0);
        let found = values.len();
        ensure!(
            expected > 0 && found == expected,
            "Trials for decoding: {trials} trials × {windows} windows × {neurons} neurons need that many rates, at \
             least one; found {found}."
        );
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let (row, neuron, rate) = (at / neurons, at % neurons + 1, values[at]);
            let (trial, window) = (row / windows + 1, row % windows + 1);
            return Err(Error::input(format!(
                "Trials for decoding: the rate of neuron {neuron} in trial {trial}, window {window} is {rate}; leave out \
                 trials that diverged."
            )));
        }
        Ok(Self { values, number: trials, windows, neurons })
    }

    /// The number of trials.
    pub fn trials(&self) -> usize {
        self.number
    }

    /// The number of windows of each trial.
    pub fn windows(&self) -> usize {
        self.windows
    }

    /// The number of neurons.
    pub fn neurons(&self) -> usize {
        self.neurons
    }

    /// The rates of one trial in one window, `[neurons]`; both numbers must be in range.
    pub fn row(&self, trial: usize, window: usize) -> &[f32] {
        let row = trial * self.windows + window;
        &self.values[row * self.neurons..(row + 1) * self.neurons]
    }

    /// The trials with the numbers `chosen`, in that order; numbers may repeat.
    ///
    /// # Errors
    /// When none is chosen, or a number is out of range.
    pub fn select(&self, chosen: &[usize]) -> Result<Self> {
        if let Some(missing) = chosen.iter().find(|i| **i >= self.number) {
            return Err(Error::input(format!(
                "There is no trial number {missing}: there are {}, from 0.",
                self.number
            )));
        }
        let size = self.windows * self.neurons;
        let values = chosen.iter().flat_map(|i| &self.values[i * size..(i + 1) * size]).copied().collect();
        Self::new(values, chosen.len(), self.windows, self.neurons)
    }
}

/// Whether `labels` name the class of each of `trials`, every class among 0 … `classes` − 1.
pub(super) fn check_labels(labels: &[usize], classes: usize, trials: usize) -> Result<()> {
    ensure!(classes >= 2, "A decoder needs at least two classes; found {classes}.");
    ensure!(labels.len() == trials, "{trials} trials need as many labels; found {}.", labels.len());
    let last = classes - 1;
    match labels.iter().find(|label| **label > last) {
        Some(label) => Err(Error::input(format!("With {classes} classes labels run from 0 to {last}; found {label}."))),
        None => Ok(()),
    }
}

/// Whether every class has a trial among the `chosen` ones; `what` names them in the error.
pub(super) fn check_classes(
    labels: &[usize],
    classes: usize,
    chosen: impl Iterator<Item = usize>,
    what: &str,
) -> Result<()> {
    let mut seen = vec![false; classes];
    chosen.for_each(|i| seen[labels[i]] = true);
    match seen.iter().position(|seen| !seen) {
        Some(class) => Err(Error::input(format!(
            "A decoder of {classes} classes needs training trials of each, and {what} holds none of class {class}: \
             record more of its trials, or leave the class out."
        ))),
        None => Ok(()),
    }
}

impl Settings {
    /// How much the loss of each trial of `labels` counts: trials / (classes · trials of its class), or 1.
    pub(super) fn weights(&self, labels: &[usize], classes: usize) -> Vec<f64> {
        let mut counts = vec![0_usize; classes];
        for label in labels {
            counts[*label] += 1;
        }
        let weight = |label: &usize| labels.len() as f64 / (classes * counts[*label]) as f64;
        if self.balanced { labels.iter().map(weight).collect() } else { vec![1.0; labels.len()] }
    }

    /// Whether decoders can be trained with these.
    pub(super) fn check(&self) -> Result<()> {
        let l2 = self.l2;
        ensure!(
            l2 > 0.0 && l2.is_finite(),
            "The l2 penalty of a decoder must be positive, or classes that a plane separates have no solution; found {l2}."
        );
        Ok(())
    }
}
