//! Whether two labels meet in the same items more often than chance, among items alike in what both depend on.

use super::summary::ranks;
use std::collections::BTreeMap;

/// How often two labels meet, beside how often they would if they were independent within strata.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Overlap {
    /// Items that have both labels.
    pub observed: usize,
    /// How many are expected.
    pub expected: f64,
    /// The standard deviation of their number, if the labels are independent within strata.
    pub sd: f64,
    /// The probability of at least as many: exact, and conservative, since numbers are whole.
    pub p: f64,
    /// The same with the number that was observed counted half: nearer to uniform, and not guaranteed.
    pub mid_p: f64,
    /// Odds of the second label with the first, over those without it, common to all strata (Mantel and Haenszel 1959):
    /// 1 where labels are independent, infinite where no item has one label alone.
    pub odds_ratio: f64,
    /// Strata in which the number could have been another.
    pub informative: usize,
}

/// Tests whether items with the `first` label have the `second` more often than others of their stratum.
///
/// In each stratum the number of items with both follows the hypergeometric distribution, if its labels are independent;
/// over strata, the convolution. Labels that both depend on a third quantity (of active neurons more are found to be tuned to
/// anything) meet more often than that in items at large, but not among items that are alike in it: see [`strata_of_like`].
///
/// `p`, `mid_p` and `odds_ratio` are NaN where no stratum is informative, all but the counts where lengths differ.
pub fn overlap(first: &[bool], second: &[bool], strata: &[usize]) -> Overlap {
    let none = f64::NAN;
    let mut found =
        Overlap { observed: 0, expected: none, sd: none, p: none, mid_p: none, odds_ratio: none, informative: 0 };
    if first.len() != second.len() || first.len() != strata.len() {
        return found;
    }
    let tables = Table::of_strata(first, second, strata);
    found.observed = tables.iter().map(|t| t.both).sum();
    found.expected = tables.iter().map(Table::expected).sum();
    found.sd = tables.iter().map(Table::variance).sum::<f64>().sqrt();
    let informative: Vec<&Table> = tables.iter().filter(|t| t.variance() > 0.0).collect();
    found.informative = informative.len();
    if informative.is_empty() {
        return found;
    }
    let (mut least, mut probability) = (0, vec![1.0]);
    for table in &informative {
        least += table.least();
        probability = convolve(&probability, &table.probability());
    }
    let observed = informative.iter().map(|t| t.both).sum::<usize>() - least;
    // The smallest terms first.
    let at_least: f64 = probability[observed..].iter().rev().sum();
    found.p = at_least.min(1.0);
    found.mid_p = (at_least - probability[observed] / 2.0).min(1.0);
    let odds = |pairs: fn(&Table) -> f64| tables.iter().map(|t| pairs(t) / t.items as f64).sum::<f64>();
    let alone = |t: &Table| ((t.first - t.both) * (t.second - t.both)) as f64;
    found.odds_ratio = odds(|t| (t.both * (t.items + t.both - t.first - t.second)) as f64) / odds(alone);
    found
}

/// Counts of one stratum.
#[derive(Clone, Copy, Default)]
struct Table {
    items: usize,
    first: usize,
    second: usize,
    both: usize,
}

impl Table {
    fn of_strata(first: &[bool], second: &[bool], strata: &[usize]) -> Vec<Self> {
        let mut tables = BTreeMap::<usize, Self>::new();
        for ((first, second), stratum) in first.iter().zip(second).zip(strata) {
            let table = tables.entry(*stratum).or_default();
            table.items += 1;
            table.first += usize::from(*first);
            table.second += usize::from(*second);
            table.both += usize::from(*first && *second);
        }
        tables.into_values().collect()
    }

    fn least(&self) -> usize {
        (self.first + self.second).saturating_sub(self.items)
    }

    fn expected(&self) -> f64 {
        self.first as f64 * self.second as f64 / self.items as f64
    }

    fn variance(&self) -> f64 {
        let n = self.items as f64;
        if self.items < 2 {
            return 0.0;
        }
        self.expected() * (n - self.first as f64) / n * (n - self.second as f64) / (n - 1.0)
    }

    /// Probabilities of `least()`, `least()` + 1, … items with both. From the mode outwards by ratios of neighbours: nothing
    /// overflows, and what underflows does not matter.
    fn probability(&self) -> Vec<f64> {
        let (least, most) = (self.least(), self.first.min(self.second));
        let mode = ((self.first + 1) * (self.second + 1) / (self.items + 2)).clamp(least, most);
        let (n, first, second) = (self.items as f64, self.first as f64, self.second as f64);
        // P(j + 1) / P(j)
        let ratio = |j: f64| (first - j) * (second - j) / ((j + 1.0) * (n - first - second + j + 1.0));
        let mut p = vec![1.0; most - least + 1];
        for j in mode..most {
            p[j + 1 - least] = p[j - least] * ratio(j as f64);
        }
        for j in (least..mode).rev() {
            p[j - least] = p[j + 1 - least] / ratio(j as f64);
        }
        let whole: f64 = p.iter().sum();
        p.iter().map(|v| v / whole).collect()
    }
}

/// The distribution of a sum.
fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, a) in a.iter().enumerate() {
        for (sum, b) in sum[i..].iter_mut().zip(b) {
            *sum += a * b;
        }
    }
    sum
}

/// A stratum for each item, such that the items of one belong to one `group` (a session, say), are neighbours in the order of
/// `covariate` (the rate of events, say), and are at most `largest`: as few strata as that allows, of sizes that differ by at
/// most one in a group. Equal covariates keep the order of items. Items whose covariate is NaN have strata of their own.
/// None where lengths differ; a `largest` of 0 is taken as 1.
pub fn strata_of_like(group: &[usize], covariate: &[f64], largest: usize) -> Option<Vec<usize>> {
    if group.len() != covariate.len() {
        return None;
    }
    let mut members = BTreeMap::<(usize, bool), Vec<usize>>::new();
    for (i, (group, value)) in group.iter().zip(covariate).enumerate() {
        members.entry((*group, value.is_nan())).or_default().push(i);
    }
    let mut strata = vec![0; group.len()];
    let mut first = 0;
    for mut items in members.into_values() {
        let rank = ranks(&items.iter().map(|i| covariate[*i]).collect::<Vec<_>>());
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by(|a, b| rank[*a].total_cmp(&rank[*b]));
        items = order.iter().map(|k| items[*k]).collect();
        let count = items.len().div_ceil(largest.max(1));
        for (place, i) in items.iter().enumerate() {
            strata[*i] = first + place * count / items.len();
        }
        first += count;
    }
    Some(strata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    /// Of 4 items 2 and 2: P(2) = 1/6, P(1) = 4/6. In two such strata, P(≥ 3) = 1/36 + 2 · 4/36.
    #[test]
    fn two_small_strata_have_the_distribution_counted_by_hand() {
        let first = [true, true, false, false, true, true, false, false];
        let second = [true, true, false, false, true, false, true, false];
        let found = overlap(&first, &second, &[7, 7, 7, 7, 3, 3, 3, 3]);
        assert_eq!((found.observed, found.expected, found.informative), (3, 2.0, 2));
        assert!((found.p - 9.0 / 36.0).abs() < 1e-15 && (found.mid_p - 5.0 / 36.0).abs() < 1e-15);
        assert!((found.sd - (2.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        // (2·2/4 + 1·1/4) / (0 + 1·1/4)
        assert!((found.odds_ratio - 5.0).abs() < 1e-14);
    }

    #[test]
    fn labels_that_could_not_meet_otherwise_are_not_tested() {
        let all = overlap(&[true; 4], &[true, false, true, false], &[0; 4]);
        assert_eq!((all.observed, all.expected, all.informative), (2, 2.0, 0));
        assert!(all.p.is_nan() && all.mid_p.is_nan() && all.odds_ratio.is_nan() && all.sd == 0.0);
        let alone = overlap(&[true, false], &[true, false], &[0, 1]);
        assert!(alone.p.is_nan() && alone.observed == 1);
        assert!(overlap(&[], &[], &[]).p.is_nan() && overlap(&[true], &[], &[0]).expected.is_nan());
        let apart = overlap(&[true, false], &[true, false], &[0; 2]);
        assert!(apart.p == 0.5 && apart.odds_ratio.is_infinite());
    }

    #[test]
    fn large_strata_neither_overflow_nor_lose_mass() {
        let n = 20_000;
        let first: Vec<bool> = (0..n).map(|i| i % 2 == 0).collect();
        let second: Vec<bool> = (0..n).map(|i| i % 3 == 0).collect();
        let found = overlap(&first, &second, &vec![0; n]);
        assert!((found.p - 0.5).abs() < 0.01 && found.mid_p < found.p, "{found:?}");
        let same = overlap(&first, &first, &vec![0; n]);
        assert!(same.p >= 0.0 && same.p < 1e-300);
    }

    #[test]
    fn strata_hold_neighbours_of_one_group_and_are_of_near_equal_size() {
        let group: Vec<usize> = (0..70).map(|i| usize::from(i >= 45)).collect();
        let rate: Vec<f64> = (0..70).map(|i| f64::from((i * 37) % 71)).collect();
        let strata = strata_of_like(&group, &rate, 20).unwrap();
        let members = |s: usize| (0..70).filter(|i| strata[*i] == s).collect::<Vec<_>>();
        assert_eq!((0..5).map(|s| members(s).len()).collect::<Vec<_>>(), [15, 15, 15, 13, 12]);
        for s in [0, 1, 3] {
            let highest = members(s).iter().map(|i| rate[*i]).fold(0.0, f64::max);
            assert!(members(s + 1).iter().all(|i| rate[*i] > highest));
        }
        assert!((0..70).all(|i| (strata[i] >= 3) == (group[i] == 1)));
    }

    #[test]
    fn unknown_rates_and_odd_sizes_are_kept_apart() {
        let found = strata_of_like(&[0; 5], &[2.0, f64::NAN, 1.0, f64::NAN, -0.0], 2).unwrap();
        assert_eq!(found, [1, 2, 0, 2, 0]);
        assert_eq!(strata_of_like(&[1, 0], &[1.0, 1.0], 0), Some(vec![1, 0]));
        assert_eq!(strata_of_like(&[], &[], 20), Some(vec![]));
        assert_eq!(strata_of_like(&[0], &[], 20), None);
    }

    /// Shares of `recordings` in which p is below 0.01, 0.05, 0.2 and 0.5: with strata, with mid-p, without strata. The labels of
    /// 400 neurons are independent given their rate, on which both depend steeply.
    fn shares(recordings: u32) -> [[f64; 4]; 3] {
        const NEURONS: usize = 400;
        let mut below = [[0.0; 4]; 3];
        for recording in 0..recordings {
            let rng = Rng::new(17, recording, Stream::Synthetic);
            let ln_rate: Vec<f64> = (0..NEURONS as u32).map(|i| rng.normal(i)).collect();
            let label = |step: u32, middle: f64| -> Vec<bool> {
                let draws = rng.at_step(step);
                let power = |i: usize| 0.9 / (1.0 + (-1.5 * (ln_rate[i] - middle)).exp());
                (0..NEURONS).map(|i| draws.uniform(i as u32) < power(i)).collect()
            };
            let (first, second) = (label(1, 0.0), label(2, 1.0));
            let strata = strata_of_like(&[0; NEURONS], &ln_rate, 20).unwrap();
            let (within, plain) = (overlap(&first, &second, &strata), overlap(&first, &second, &[0; NEURONS]));
            for (p, below) in [within.p, within.mid_p, plain.p].iter().zip(&mut below) {
                for (level, below) in [0.01, 0.05, 0.2, 0.5].iter().zip(below) {
                    *below += f64::from(u8::from(p <= level)) / f64::from(recordings);
                }
            }
        }
        below
    }

    /// Standard errors of 1 500 recordings: 0.003, 0.006, 0.010, 0.013.
    #[test]
    fn p_is_uniform_though_both_labels_follow_the_rate_and_the_plain_test_always_finds_overlap() {
        let [within, mid, plain] = shares(1500);
        for (share, limit) in within.iter().zip([0.018, 0.065, 0.23, 0.54]) {
            assert!(*share <= limit, "{within:?}");
        }
        for (share, (least, most)) in mid.iter().zip([(0.002, 0.02), (0.03, 0.07), (0.16, 0.25), (0.45, 0.58)]) {
            assert!((least..=most).contains(share), "{mid:?}");
        }
        assert!(plain[1] > 0.95, "{plain:?}");
    }
}
