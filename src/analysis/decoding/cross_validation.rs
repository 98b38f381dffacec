//! Cross-validated decoding, and what it would be by chance.

use super::folds::{permuted, stratified_folds};
use super::logistic;
use super::projection::Projection;
use super::score::{DecodingScore, decisions};
use super::trials::{Settings, Trials, check_classes, check_labels};
use crate::analysis::pca::product_transposed;
use crate::error::{Result, ensure};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Scores of cross-validated decoding with permuted labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Chance {
    /// `[permutations][windows]`.
    pub accuracy: Vec<Vec<f64>>,
    /// `[permutations][windows]`.
    pub auc: Vec<Vec<f64>>,
}

/// Cross-validated scores, `[windows]`, on the folds that [`stratified_folds`] draws; see [`cross_validate_on`].
///
/// # Errors
/// As [`stratified_folds`] and [`cross_validate_on`].
pub fn cross_validate(
    trials: &Trials,
    labels: &[usize],
    classes: usize,
    settings: &Settings,
) -> Result<Vec<DecodingScore>> {
    let folds = stratified_folds(labels, classes, settings.folds, settings.seed)?;
    cross_validate_on(trials, labels, classes, &folds, settings)
}

/// Cross-validated scores, `[windows]`: each fold is decoded by a decoder that was trained (projection and classifiers)
/// on the other folds only, scored by itself, and the scores of the folds are averaged.
///
/// `folds` `[trials]` numbers the fold of each trial from 0; trials that belong together (repeats of one noise, say) go
/// into one. A fold without a trial of some class has no AUC, and then nor has the mean.
///
/// # Errors
/// When labels or folds do not fit the trials, the trials outside a fold lack a class, or a setting is impossible.
pub fn cross_validate_on(
    trials: &Trials,
    labels: &[usize],
    classes: usize,
    folds: &[usize],
    settings: &Settings,
) -> Result<Vec<DecodingScore>> {
    settings.check()?;
    check_labels(labels, classes, trials.trials())?;
    Prepared::new(trials, folds, settings)?.scores(labels, classes, settings)
}

/// The scores of [`cross_validate`] with labels that say nothing: in each of `permutations` the labels are permuted among
/// the trials of each fold, the same way for every window, and everything that depends on labels is repeated.
///
/// Permuting within folds leaves every fold, and every training set, the classes it has under the true labels; the null
/// distribution is exact for labels that are exchangeable among trials. A quantile over permutations of one window is
/// pointwise; for the largest score of any window take the maximum over the windows of each permutation first.
///
/// # Errors
/// As [`cross_validate`].
pub fn chance(
    trials: &Trials,
    labels: &[usize],
    classes: usize,
    settings: &Settings,
    permutations: usize,
) -> Result<Chance> {
    settings.check()?;
    check_labels(labels, classes, trials.trials())?;
    let folds = stratified_folds(labels, classes, settings.folds, settings.seed)?;
    let prepared = Prepared::new(trials, &folds, settings)?;
    let scores: Vec<Vec<DecodingScore>> = (0..permutations)
        .into_par_iter()
        .map(|p| prepared.scores(&permuted(labels, &folds, settings.seed, p), classes, settings))
        .collect::<Result<_>>()?;
    let measure =
        |of: fn(&DecodingScore) -> f64| scores.iter().map(|windows| windows.iter().map(of).collect()).collect();
    Ok(Chance { accuracy: measure(|s| s.accuracy), auc: measure(|s| s.auc) })
}

/// Decoders of trials of one window, each trained on all folds but one. What they see does not depend on labels: permuted
/// ones are decoded quickly.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOutDecoding {
    prepared: Prepared,
    settings: Settings,
    trials: usize,
}

impl HeldOutDecoding {
    /// Of the first window of `trials`, in `folds` as [`cross_validate_on`] takes them.
    ///
    /// # Errors
    /// When folds do not fit the trials, or a setting is impossible.
    pub fn new(trials: &Trials, folds: &[usize], settings: &Settings) -> Result<Self> {
        settings.check()?;
        let prepared = Prepared::new(trials, folds, settings)?;
        Ok(Self { prepared, settings: *settings, trials: trials.trials() })
    }

    /// The class that each trial is taken for by the decoder that did not see its fold, `[trials]`.
    ///
    /// # Errors
    /// When labels do not fit the trials, or the trials outside a fold lack a class.
    pub fn predict(&self, labels: &[usize], classes: usize) -> Result<Vec<usize>> {
        check_labels(labels, classes, self.trials)?;
        self.prepared.check(labels, classes)?;
        let mut predicted = vec![0; self.trials];
        for fold in &self.prepared.folds {
            let scores = fold.scores(0, labels, classes, &self.settings)?;
            fold.test.iter().zip(decisions(&scores, classes)).for_each(|(i, class)| predicted[*i] = class);
        }
        Ok(predicted)
    }
}

/// What classifiers see of each fold. It does not depend on the labels, so permutations share it.
#[derive(Clone, Debug, PartialEq)]
struct Prepared {
    windows: usize,
    folds: Vec<Fold>,
}

/// One fold left out.
#[derive(Clone, Debug, PartialEq)]
struct Fold {
    training: Vec<usize>,
    test: Vec<usize>,
    /// The columns of the features: the components of this fold's projection and a one.
    columns: usize,
    /// Of the training trials, `[windows][training · columns]`.
    training_features: Vec<Vec<f64>>,
    /// Of the others, `[windows][test · columns]`.
    test_features: Vec<Vec<f64>>,
}

impl Prepared {
    fn new(trials: &Trials, fold_of: &[usize], settings: &Settings) -> Result<Self> {
        let numbers: BTreeSet<usize> = fold_of.iter().copied().collect();
        let count = numbers.len();
        ensure!(
            fold_of.len() == trials.trials() && count >= 2 && numbers.into_iter().eq(0..count),
            "Cross-validation needs the fold of each of {} trials, numbered from 0 without gaps, two folds at least; \
                 found {} numbers from {} to {}.",
            trials.trials(),
            fold_of.len(),
            fold_of.iter().min().unwrap_or(&0),
            fold_of.iter().max().unwrap_or(&0)
        );
        let fold = |fold: usize| Fold::new(trials, fold_of, fold, settings.components);
        let folds = (0..count).into_par_iter().map(fold).collect::<Result<_>>()?;
        Ok(Self { windows: trials.windows(), folds })
    }

    /// Whether every class is in each training set.
    fn check(&self, labels: &[usize], classes: usize) -> Result<()> {
        self.folds.iter().enumerate().try_for_each(|(number, fold)| {
            let what = format!("the training set of fold {number}");
            check_classes(labels, classes, fold.training.iter().copied(), &what)
        })
    }

    /// The score of each window, averaged over folds.
    fn scores(&self, labels: &[usize], classes: usize, settings: &Settings) -> Result<Vec<DecodingScore>> {
        self.check(labels, classes)?;
        let window = |window: usize| {
            let of_folds: Vec<DecodingScore> =
                self.folds.iter().map(|fold| fold.score(window, labels, classes, settings)).collect::<Result<_>>()?;
            Ok(DecodingScore::mean_of(&of_folds))
        };
        (0..self.windows).into_par_iter().map(window).collect()
    }
}

impl Fold {
    fn new(trials: &Trials, fold_of: &[usize], fold: usize, components: usize) -> Result<Self> {
        let (test, training): (Vec<usize>, Vec<usize>) = (0..fold_of.len()).partition(|i| fold_of[*i] == fold);
        let projection = Projection::fit(trials, &training, components)?;
        let features = |chosen: &[usize]| -> Vec<Vec<f64>> {
            (0..trials.windows()).map(|window| projection.features(trials, chosen, window)).collect()
        };
        Ok(Self {
            columns: projection.components() + 1,
            training_features: features(&training),
            test_features: features(&test),
            training,
            test,
        })
    }

    /// Decision scores of the trials left out, `[test][outputs]`.
    fn scores(&self, window: usize, labels: &[usize], classes: usize, settings: &Settings) -> Result<Vec<f64>> {
        let labels: Vec<usize> = self.training.iter().map(|i| labels[*i]).collect();
        let weights = settings.weights(&labels, classes);
        let features = &self.training_features[window];
        let coefficients = logistic::fit(features, &labels, &weights, classes, settings.l2)?;
        Ok(product_transposed(&self.test_features[window], &coefficients, self.columns))
    }

    fn score(&self, window: usize, labels: &[usize], classes: usize, settings: &Settings) -> Result<DecodingScore> {
        let test: Vec<usize> = self.test.iter().map(|i| labels[*i]).collect();
        Ok(DecodingScore::of(&self.scores(window, labels, classes, settings)?, &test, classes))
    }
}
