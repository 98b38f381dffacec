//! Observations against null distributions, and families of tests.

use super::summary::{mean, sd};

/// q values of a family of p values (Benjamini and Hochberg 1995): the smallest false discovery rate at which each is
/// significant, `[p]`. A NaN (a test that could not be made) stays NaN and is not counted in the family.
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|i| !p[*i].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let family = order.len() as f64;
    let mut q = vec![f64::NAN; p.len()];
    let mut smallest = 1.0_f64;
    for (rank, i) in order.iter().enumerate().rev() {
        smallest = smallest.min(p[*i] / ((rank + 1) as f64 / family));
        q[*i] = smallest;
    }
    q
}

/// p values corrected for the number of tests (Holm 1979): the smallest level of the whole family at which each is
/// rejected, `[p]`. A NaN (a test that could not be made) stays NaN and is not counted in the family.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|i| !p[*i].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![f64::NAN; p.len()];
    let mut largest = 0.0_f64;
    for (rank, i) in order.iter().enumerate() {
        largest = largest.max(p[*i] * (order.len() - rank) as f64).min(1.0);
        corrected[*i] = largest;
    }
    corrected
}

/// The one-sided p value of an observation against draws of its null distribution, (1 + #{null ≥ observed}) / (n + 1)
/// (Phipson and Smyth 2010): never zero, and valid for any n.
///
/// NaN when the observation, or any draw, is NaN: a draw that could not be computed is neither above nor below, and
/// leaving it out would be a choice for the caller to make. Without draws p is 1.
pub fn permutation_p(observed: f64, null: &[f64]) -> f64 {
    if observed.is_nan() || null.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    (1 + null.iter().filter(|v| **v >= observed).count()) as f64 / (null.len() + 1) as f64
}

/// How many standard deviations of the null distribution an observation lies above its mean; the deviation has n − 1 in
/// its denominator. NaN where that is zero or undefined (equal draws, fewer than two, a NaN).
pub fn effect_size(observed: f64, null: &[f64]) -> f64 {
    // The mean of equal draws rounds, which would leave them a tiny deviation.
    if null.iter().all(|v| *v == null[0]) { f64::NAN } else { standardised_difference(observed, mean(null), sd(null)) }
}

/// (a − b) / `pooled_sd`; NaN where that is not a positive number.
pub fn standardised_difference(a: f64, b: f64, pooled_sd: f64) -> f64 {
    if pooled_sd > 0.0 { (a - b) / pooled_sd } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_p_values_are_not_counted_in_the_family() {
        let q = benjamini_hochberg(&[0.01, f64::NAN, 0.04, 0.03]);
        assert!(q[1].is_nan());
        assert_eq!([q[0], q[2], q[3]].to_vec(), benjamini_hochberg(&[0.01, 0.04, 0.03]));
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    /// Holm's own steps: 3 × 0.01, 2 × 0.03, and what came before where a later product is smaller.
    #[test]
    fn holm_multiplies_by_what_is_left_and_never_falls() {
        assert_eq!(holm(&[0.03, f64::NAN, 0.01, 0.05])[..1], [0.06]);
        let found = holm(&[0.03, 0.01, 0.05]);
        assert_eq!(found, [0.06, 0.03, 0.06]);
        assert!(holm(&[f64::NAN])[0].is_nan() && holm(&[0.6, 0.9]) == [1.0, 1.0]);
    }

    #[test]
    fn permutation_p_counts_ties_and_is_never_zero() {
        assert_eq!(permutation_p(2.0, &[1.0, 2.0, 3.0]), 0.75);
        assert_eq!(permutation_p(9.0, &[1.0, 2.0, 3.0]), 0.25);
        assert_eq!(permutation_p(9.0, &[]), 1.0);
        assert!(permutation_p(f64::NAN, &[1.0]).is_nan() && permutation_p(1.0, &[f64::NAN]).is_nan());
    }

    #[test]
    fn effect_sizes_are_in_standard_deviations_and_undefined_without_any() {
        // Mean 2, standard deviation 1.
        assert_eq!(effect_size(5.0, &[1.0, 2.0, 3.0]), 3.0);
        assert!(effect_size(5.0, &[0.1; 3]).is_nan() && effect_size(5.0, &[]).is_nan());
        assert!(effect_size(5.0, &[1.0, f64::NAN]).is_nan());
        assert_eq!(standardised_difference(3.0, 1.0, 4.0), 0.5);
        assert!(standardised_difference(3.0, 1.0, 0.0).is_nan());
    }
}
