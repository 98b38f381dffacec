//! Whether items keep their labels from one occasion to another.

use super::permutation_p;
use crate::rng::Draws;
use crate::rng::{Rng, Stream};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// How many items have the same label twice, beside identities dealt anew.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Agreement {
    /// Items that were seen twice.
    pub items: usize,
    /// The share that has the same label both times.
    pub share: f64,
    /// The share expected if identities said nothing: exact, not drawn.
    pub expected: f64,
    /// (share − expected) / (1 − expected) (Cohen 1960): 1 where all labels are kept, 0 where no more are than by chance.
    pub kappa: f64,
    /// The probability of as large a share if identities said nothing.
    pub p: f64,
}

/// Tests whether items keep their labels: `first` and `second` are those of the same items on two occasions, `strata` says
/// which two (a pair of sessions, say).
///
/// Under the null hypothesis, whose label is whose on the second occasion is chance, within a stratum: labels are dealt anew to
/// its items, `shuffles` times, by `seed` and `number`. How frequent a label is on either occasion is kept, so that many
/// items without a tuning do not count as stability. p is exact up to the number of shuffles.
///
/// All shares are NaN without items and where lengths differ; `kappa` and `p` where labels could not have agreed otherwise.
pub fn agreement(
    first: &[usize],
    second: &[usize],
    strata: &[usize],
    shuffles: usize,
    seed: u64,
    number: u32,
) -> Agreement {
    let none = Agreement { items: 0, share: f64::NAN, expected: f64::NAN, kappa: f64::NAN, p: f64::NAN };
    if first.is_empty() || first.len() != second.len() || first.len() != strata.len() {
        return none;
    }
    let pairs = in_strata(first, second, strata);
    let items = first.len();
    let equal = pairs.iter().map(|(a, b)| equal(a, b)).sum::<usize>();
    let expected = pairs.iter().map(|(a, b)| expected(a, b)).sum::<f64>() / items as f64;
    let share = equal as f64 / items as f64;
    let known = Agreement { items, share, expected, ..none };
    if !pairs.iter().any(|(a, b)| may_differ(a, b)) {
        return known;
    }
    let rng = Rng::new(seed, number, Stream::Identities);
    let null: Vec<f64> =
        (0..shuffles).into_par_iter().map(|k| equal_when_dealt(&pairs, rng.at_step(k as u32)) as f64).collect();
    Agreement { kappa: (share - expected) / (1.0 - expected), p: permutation_p(equal as f64, &null), ..known }
}

/// Labels of both occasions, stratum by stratum.
fn in_strata(first: &[usize], second: &[usize], strata: &[usize]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut pairs = BTreeMap::<usize, (Vec<usize>, Vec<usize>)>::new();
    for ((a, b), stratum) in first.iter().zip(second).zip(strata) {
        let (first, second) = pairs.entry(*stratum).or_default();
        first.push(*a);
        second.push(*b);
    }
    pairs.into_values().collect()
}

fn equal(a: &[usize], b: &[usize]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a == b).count()
}

/// The mean number of equal labels over all orders of one side: Σ n_a n_b / n over labels.
fn expected(a: &[usize], b: &[usize]) -> f64 {
    let count = |labels: &[usize], label: usize| labels.iter().filter(|l| **l == label).count() as f64;
    a.iter().map(|label| count(b, *label)).sum::<f64>() / a.len() as f64
}

/// Whether some order of labels has another number of equal ones: both sides vary, and share a label.
fn may_differ(a: &[usize], b: &[usize]) -> bool {
    let varies = |labels: &[usize]| labels.iter().any(|l| *l != labels[0]);
    varies(a) && varies(b) && a.iter().any(|label| b.contains(label))
}

fn equal_when_dealt(pairs: &[(Vec<usize>, Vec<usize>)], rng: Rng) -> usize {
    let mut draws = Draws::new(rng);
    let mut dealt = |(a, b): &(Vec<usize>, Vec<usize>)| {
        let mut b = b.clone();
        draws.shuffle(&mut b);
        equal(a, &b)
    };
    pairs.iter().map(&mut dealt).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the 24 orders of 0 0 1 2, 2 put all where they were; the share of 4 equal is 2/24.
    #[test]
    fn labels_that_are_kept_are_found_as_often_as_orders_say() {
        let labels = [0, 0, 1, 2];
        let found = agreement(&labels, &labels, &[5; 4], 4000, 1, 0);
        assert_eq!((found.items, found.share, found.kappa), (4, 1.0, 1.0));
        assert!((found.expected - 6.0 / 16.0).abs() < 1e-15);
        // Standard error 0.0044.
        assert!((found.p - 2.0 / 24.0).abs() < 0.015, "{}", found.p);
        assert_eq!(found, agreement(&labels, &labels, &[5; 4], 4000, 1, 0));
    }

    /// One session has tuned neurons only, the other none: which belongs to which says nothing of neurons.
    #[test]
    fn what_belongs_to_strata_is_not_stability() {
        let labels: Vec<usize> = (0..40).map(|i| usize::from(i >= 20)).collect();
        let within = agreement(&labels, &labels, &labels, 100, 1, 0);
        assert!(within.share == 1.0 && within.expected == 1.0 && within.kappa.is_nan() && within.p.is_nan());
        let pooled = agreement(&labels, &labels, &[0; 40], 100, 1, 0);
        assert!(pooled.p < 0.01 && pooled.kappa == 1.0);
    }

    #[test]
    fn nothing_unequal_lengths_and_labels_never_shared_are_not_tested() {
        assert!(agreement(&[], &[], &[], 10, 1, 0).share.is_nan());
        assert!(agreement(&[1], &[1, 2], &[0], 10, 1, 0).share.is_nan());
        let apart = agreement(&[0, 1], &[2, 3], &[0, 0], 10, 1, 0);
        assert!(apart.share == 0.0 && apart.p.is_nan());
        assert_eq!(agreement(&[0, 1], &[0, 1], &[0, 0], 0, 1, 0).p, 1.0);
    }

    /// Labels of five kinds, independent on two occasions, in strata in which their frequencies differ. p has steps.
    #[test]
    fn p_is_uniform_where_identities_say_nothing() {
        let p: Vec<f64> = (0..300)
            .map(|recording| {
                let rng = Rng::new(3, recording, Stream::Synthetic);
                let strata: Vec<usize> = (0..90).map(|i| i / 30).collect();
                let label = |i: usize, occasion: u32| {
                    let u = rng.at_step(occasion).uniform(i as u32);
                    (5.0 * u.powi(1 + strata[i] as i32)) as usize
                };
                let side = |occasion| (0..90).map(|i| label(i, occasion)).collect::<Vec<_>>();
                let (first, second) = (side(1), side(2));
                agreement(&first, &second, &strata, 199, 9, recording).p
            })
            .collect();
        let at_most = |level: f64| p.iter().filter(|p| **p <= level).count() as f64 / 300.0;
        // Standard errors 0.013 and 0.023; valid, and not far from uniform.
        assert!(at_most(0.05) < 0.09 && at_most(0.2) < 0.27 && at_most(0.5) > 0.35, "{p:?}");
    }
}
