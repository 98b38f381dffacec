//! From decision scores to probabilities, accuracy and the area under the ROC curve.

use super::logistic::{link, outputs};
use crate::analysis::statistics::{mean, ranks};

/// How well a decoder tells classes apart in one window.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct DecodingScore {
    /// The fraction of trials whose most probable class is theirs.
    pub accuracy: f64,
    /// The area under the ROC curve; with more than two classes the mean over classes of each against the rest. NaN
    /// where a class has no trial.
    pub auc: f64,
}

impl DecodingScore {
    /// The score of decision scores `[trials][outputs]` of trials with `labels`; NaN without trials.
    pub(super) fn of(scores: &[f64], labels: &[usize], classes: usize) -> Self {
        let correct = decisions(scores, classes).into_iter().zip(labels).filter(|(class, label)| class == *label);
        Self { accuracy: correct.count() as f64 / labels.len() as f64, auc: mean_auc(scores, labels, classes) }
    }

    /// The mean of each measure.
    pub(super) fn mean_of(scores: &[Self]) -> Self {
        let over = |measure: fn(&Self) -> f64| mean(&scores.iter().map(measure).collect::<Vec<_>>());
        Self { accuracy: over(|s| s.accuracy), auc: over(|s| s.auc) }
    }
}

/// The class that scores `[outputs]` speak for; equal ones for the first.
fn decision(scores: &[f64]) -> usize {
    match scores {
        [log_odds] => usize::from(*log_odds > 0.0),
        _ => (1..scores.len()).fold(0, |best, c| if scores[c] > scores[best] { c } else { best }),
    }
}

/// The class that each trial is taken for, `[trials]`, by decision scores `[trials][outputs]` of a decoder of `classes`
/// classes.
pub fn decisions(scores: &[f64], classes: usize) -> Vec<usize> {
    scores.chunks_exact(outputs(classes)).map(decision).collect()
}

/// The mean over classes of the share of their trials that are taken for them: 1 / classes by chance, however many trials each
/// has. Classes without a trial among `labels` do not count; NaN without trials, and where lengths differ.
pub fn balanced_accuracy(labels: &[usize], predicted: &[usize]) -> f64 {
    if labels.len() != predicted.len() {
        return f64::NAN;
    }
    let mut of_class = std::collections::BTreeMap::<usize, (f64, f64)>::new();
    for (label, predicted) in labels.iter().zip(predicted) {
        let (right, all) = of_class.entry(*label).or_default();
        *all += 1.0;
        *right += f64::from(label == predicted);
    }
    mean(&of_class.values().map(|(right, all)| right / all).collect::<Vec<_>>())
}

fn mean_auc(scores: &[f64], labels: &[usize], classes: usize) -> f64 {
    if classes == 2 {
        return auc(scores, &labels.iter().map(|l| *l == 1).collect::<Vec<_>>());
    }
    // One class is ranked by its probability: its score alone says nothing without those of the others.
    let probabilities = probabilities(scores, classes);
    let one_against_rest = |class: usize| {
        let column: Vec<f64> = probabilities.iter().skip(class).step_by(classes).copied().collect();
        auc(&column, &labels.iter().map(|l| *l == class).collect::<Vec<_>>())
    };
    mean(&(0..classes).map(one_against_rest).collect::<Vec<_>>())
}

/// The area under the ROC curve: the probability that a positive trial scores above a negative one, ties counting half
/// (Mann and Whitney's U over the number of pairs). NaN where either kind is missing, a score is NaN, or the lengths
/// differ.
pub fn auc(scores: &[f64], positive: &[bool]) -> f64 {
    let positives = positive.iter().filter(|p| **p).count() as f64;
    let negatives = positive.len() as f64 - positives;
    if scores.len() != positive.len() || positives * negatives == 0.0 || scores.iter().any(|s| s.is_nan()) {
        return f64::NAN;
    }
    let rank_sum: f64 = ranks(scores).iter().zip(positive).filter(|(_, p)| **p).map(|(r, _)| r).sum();
    (rank_sum - positives * (positives + 1.0) / 2.0) / (positives * negatives)
}

/// The probabilities of the classes, `[trials][classes]`, from decision scores `[trials][outputs]` of a decoder of
/// `classes` classes (one output, the log odds of class 1, for two).
pub fn probabilities(scores: &[f64], classes: usize) -> Vec<f64> {
    let mut p = scores.to_vec();
    p.chunks_exact_mut(outputs(classes)).for_each(|s| _ = link(s));
    if classes == 2 { p.iter().flat_map(|p| [1.0 - p, *p]).collect() } else { p }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_counts_pairs_and_halves_ties() {
        // Pairs (positive, negative): 3 > 1, 3 > 2, 2 > 1, 2 = 2.
        assert_eq!(auc(&[1.0, 2.0, 2.0, 3.0], &[false, false, true, true]), 3.5 / 4.0);
        assert!(auc(&[1.0, 2.0], &[true, true]).is_nan() && auc(&[], &[]).is_nan());
        assert!(auc(&[f64::NAN, 2.0], &[true, false]).is_nan());
    }

    #[test]
    fn probabilities_neither_overflow_nor_leave_their_simplex() {
        assert_eq!(probabilities(&[0.0, 800.0, -800.0], 2), [0.5, 0.5, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!(probabilities(&[900.0, 900.0, -900.0], 3), [0.5, 0.5, 0.0]);
    }

    #[test]
    fn a_class_without_trials_leaves_the_accuracy_and_no_area() {
        let score = DecodingScore::of(&[1.0, -1.0, 2.0], &[1, 1, 1], 2);
        assert!((score.accuracy - 2.0 / 3.0).abs() < 1e-15 && score.auc.is_nan());
        assert!(DecodingScore::of(&[], &[], 3).accuracy.is_nan());
    }
}
