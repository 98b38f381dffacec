//! Folds and permutations of labels.

use super::trials::check_labels;
use crate::error::{Result, ensure};
use crate::rng::{Draws, Rng, Stream};

/// The fold of each trial, 0 … `folds` − 1, `[trials]`: random, with the trials of every class dealt evenly.
///
/// # Errors
/// When there are fewer than two folds, or fewer trials of a class than folds.
pub fn stratified_folds(labels: &[usize], classes: usize, folds: usize, seed: u64) -> Result<Vec<usize>> {
    check_labels(labels, classes, labels.len())?;
    ensure!(folds >= 2, "Cross-validation needs at least two folds; found {folds}.");
    let mut draws = Draws::new(Rng::new(seed, 0, Stream::Decoding));
    let mut fold_of = vec![0; labels.len()];
    let mut dealt = 0;
    for class in 0..classes {
        let mut members: Vec<usize> = (0..labels.len()).filter(|i| labels[*i] == class).collect();
        let found = members.len();
        ensure!(
            found >= folds,
            "Cross-validation in {folds} folds needs {folds} trials of every class; class {class} has {found}. Ask for \
             fewer folds, or record more trials."
        );
        draws.shuffle(&mut members);
        for trial in members {
            // The deal goes on where the last class ended, so that the folds are of one size.
            fold_of[trial] = dealt % folds;
            dealt += 1;
        }
    }
    Ok(fold_of)
}

/// Permutation number `permutation` of the labels, `[trials]`, each within its fold: every fold keeps its classes.
pub(super) fn permuted(labels: &[usize], folds: &[usize], seed: u64, permutation: usize) -> Vec<usize> {
    // Step 0 draws the folds.
    let mut draws = Draws::new(Rng::new(seed, 0, Stream::Decoding).at_step(permutation as u32 + 1));
    let mut permuted = labels.to_vec();
    for fold in 0..folds.iter().max().map_or(0, |last| last + 1) {
        let members: Vec<usize> = (0..labels.len()).filter(|i| folds[*i] == fold).collect();
        let mut of_fold: Vec<usize> = members.iter().map(|i| labels[*i]).collect();
        draws.shuffle(&mut of_fold);
        members.iter().zip(of_fold).for_each(|(i, label)| permuted[*i] = label);
    }
    permuted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_hold_every_class_evenly() {
        let labels: Vec<usize> = (0..103).map(|i| usize::from(i % 4 == 0) + usize::from(i % 8 == 0)).collect();
        let folds = stratified_folds(&labels, 3, 5, 1).unwrap();
        for class in 0..3 {
            let total = labels.iter().filter(|l| **l == class).count();
            for fold in 0..5 {
                let n = (0..103).filter(|i| folds[*i] == fold && labels[*i] == class).count();
                assert!(n == total / 5 || n == total / 5 + 1);
            }
        }
        let size = |fold| folds.iter().filter(|f| **f == fold).count();
        assert!((0..5).all(|fold| size(fold) == 20 || size(fold) == 21));
        assert_eq!(folds, stratified_folds(&labels, 3, 5, 1).unwrap());
        assert_ne!(folds, stratified_folds(&labels, 3, 5, 2).unwrap());
    }

    #[test]
    fn too_few_trials_of_a_class_are_refused() {
        let message = stratified_folds(&[0, 0, 0, 1, 1], 2, 3, 1).unwrap_err().to_string();
        assert!(message.contains("class 1 has 2"), "{message}");
        assert!(stratified_folds(&[0, 1], 2, 1, 1).is_err() && stratified_folds(&[0, 2], 2, 2, 1).is_err());
    }

    #[test]
    fn permutations_keep_the_classes_of_every_fold_and_differ() {
        let labels: Vec<usize> = (0..60).map(|i| i % 3).collect();
        let folds: Vec<usize> = (0..60).map(|i| i / 12).collect();
        let [a, b] = [0, 1].map(|p| permuted(&labels, &folds, 1, p));
        assert!(a != b && a != labels);
        for fold in 0..5 {
            let mut of_fold = a[fold * 12..(fold + 1) * 12].to_vec();
            of_fold.sort_unstable();
            assert_eq!(of_fold, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
        }
    }
}
