//! Whether a label tells which values are large: ranks, and labels dealt anew.

use super::summary::ranks;
use crate::rng::{Rng, Stream};

/// One-sided rank-sum tests of values in strata against labels dealt anew.
///
/// In each stratum some items are labelled. Their rank sum among all items of the stratum (Wilcoxon 1945; Mann and Whitney
/// 1947), strata weighted by 1 / (items + 1) (van Elteren 1960), is ranked among the sums that random labellings of as
/// many items give. If labels say nothing about values, each labelling is as likely as any other: p is exact up to the
/// number of labellings that are drawn, whatever the distribution of values, their ties, and the sizes of strata. The same
/// labellings serve every set of values. Values must not be made from the labels.
#[derive(Clone, Debug)]
pub struct RankSum {
    strata: Vec<Stratum>,
    labellings: usize,
}

#[derive(Clone, Debug)]
struct Stratum {
    labelled: usize,
    items: usize,
    /// Items of each labelling, `[labellings][labelled]`.
    dealt: Vec<u32>,
}

/// Sums that differ by less are equal.
const TIE: f64 = 1e-9;

/// What a test of labels found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// `(1 + #{labellings with at least this rank sum}) / (labellings + 1)`.
    pub p: f64,
    /// Probability that a labelled item has a larger value than another of its stratum, ties counting half: 1 where all
    /// labelled values are larger, 0.5 where labels say nothing. Over several strata a share of all pairs; p weighs strata
    /// otherwise.
    pub superiority: f64,
}

impl RankSum {
    /// Tests of strata that hold (labelled items, items), with `labellings` random labellings drawn by `seed` and `number`.
    pub fn new(strata: &[(usize, usize)], labellings: usize, seed: u64, number: u32) -> Self {
        let rng = Rng::new(seed, number, Stream::Labels);
        let mut first = 0;
        let deal = |(labelled, items): &(usize, usize)| {
            let (labelled, items) = (*labelled.min(items), *items);
            let all: Vec<usize> = (0..items).collect();
            let draw = |k: usize| rng.at_step(k as u32).subset(&all, labelled, first);
            let dealt = (0..labellings).flat_map(draw).map(|i| i as u32).collect();
            first += labelled as u32;
            Stratum { labelled, items, dealt }
        };
        Self { strata: strata.iter().map(deal).collect(), labellings }
    }

    /// Tests several sets of values of the same items as one, by each item's mean rank in its stratum: what one set shows
    /// may belong to it, the labels are the same for all. NaN as [`Self::test`], and without sets.
    pub fn test_together(&self, sets: &[Vec<f64>]) -> Ranked {
        let items: usize = self.strata.iter().map(|s| s.items).sum();
        if sets.iter().any(|values| values.len() != items || values.iter().any(|v| v.is_nan())) {
            return Ranked { p: f64::NAN, superiority: f64::NAN };
        }
        let mut means = vec![0.0; items];
        for values in sets {
            let mut first = 0;
            for stratum in &self.strata {
                let own = first..first + stratum.items;
                let ranks = ranks(&values[own.clone()]);
                means[own].iter_mut().zip(ranks).for_each(|(mean, rank)| *mean += rank / sets.len() as f64);
                first += stratum.items;
            }
        }
        self.test(if sets.is_empty() { &[] } else { &means })
    }

    /// Tests `values`: of each stratum in turn the labelled items, then the others. Both numbers are NaN where a value is
    /// NaN, where their number is not that of the strata's items, and where no stratum has both kinds.
    pub fn test(&self, values: &[f64]) -> Ranked {
        let items: usize = self.strata.iter().map(|s| s.items).sum();
        let pairs: usize = self.strata.iter().map(|s| s.labelled * (s.items - s.labelled)).sum();
        if values.len() != items || pairs == 0 || values.iter().any(|v| v.is_nan()) {
            return Ranked { p: f64::NAN, superiority: f64::NAN };
        }
        let (mut rest, mut own, mut won) = (values, 0.0, 0.0);
        let mut dealt = vec![0.0; self.labellings];
        for stratum in &self.strata {
            let (of_stratum, others) = rest.split_at(stratum.items);
            rest = others;
            let (ranks, weight) = (ranks(of_stratum), 1.0 / (stratum.items + 1) as f64);
            let sum: f64 = ranks[..stratum.labelled].iter().sum();
            own += weight * sum;
            won += sum - (stratum.labelled * (stratum.labelled + 1)) as f64 / 2.0;
            if stratum.labelled > 0 {
                let sums = stratum.dealt.chunks_exact(stratum.labelled);
                for (total, set) in dealt.iter_mut().zip(sums) {
                    *total += weight * set.iter().map(|i| ranks[*i as usize]).sum::<f64>();
                }
            }
        }
        // Sums of several weighted strata that are equal may differ by a rounding: they are ties.
        Ranked { p: super::permutation_p(own - TIE, &dealt), superiority: won / pairs as f64 }
    }
}

/// In how many ways so many labels can be dealt to the items of the strata, as (labelled items, items): 1 over it is the
/// smallest p that their test can give.
pub fn labellings(strata: &[(usize, usize)]) -> f64 {
    let choose = |(k, n): &(usize, usize)| (0..*k).fold(1.0, |ways, i| ways * (n - i) as f64 / (i + 1) as f64);
    strata.iter().map(choose).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 19_999;

    /// All 20 labellings of three of six, by hand: rank sums 15, 14, 13, 13, … of 6 5 4, 6 5 3, 6 5 2, 6 4 3, …
    #[test]
    fn p_is_the_share_of_labellings_with_as_large_a_rank_sum() {
        let test = RankSum::new(&[(3, 6)], DRAWS, 0, 0);
        // Standard error of a share of 0.2 of 19 999: 0.003. Four of them.
        for (values, p, superiority) in [
            ([9.0, 8.0, 7.0, 3.0, 2.0, 1.0], 1.0 / 20.0, 1.0),
            ([9.0, 8.0, 3.0, 7.0, 2.0, 1.0], 2.0 / 20.0, 8.0 / 9.0),
            ([9.0, 8.0, 2.0, 7.0, 3.0, 1.0], 4.0 / 20.0, 7.0 / 9.0),
            ([1.0, 2.0, 3.0, 7.0, 8.0, 9.0], 1.0, 0.0),
            ([5.0; 6], 1.0, 0.5),
        ] {
            let found = test.test(&values);
            assert!((found.p - p).abs() < 0.012 && (found.superiority - superiority).abs() < 1e-12, "{found:?}");
        }
    }

    /// Two strata whose values have nothing to do with each other: only ranks inside each count.
    #[test]
    fn strata_are_ranked_apart() {
        let test = RankSum::new(&[(2, 4), (1, 2)], DRAWS, 0, 0);
        // The largest sum of 6 × 2 labellings.
        let found = test.test(&[4.0, 3.0, 2.0, 1.0, 0.2, 0.1]);
        assert!((found.p - 1.0 / 12.0).abs() < 0.01 && found.superiority == 1.0, "{found:?}");
        assert_eq!(test.test(&[4.0, 3.0, 2.0, 1.0, 2000.0, 1000.0]), found);
        assert_eq!(labellings(&[(2, 4), (1, 2)]), 12.0);
        assert_eq!(labellings(&[(66, 136)]).log10().floor(), 39.0);
    }

    /// The lower of two and the highest of nine: 1/3 + 9/10. Five of 18 labellings have as much, the highest of nine with
    /// either of two, and ranks 6 to 8 of nine with the higher; of plain rank sums three.
    #[test]
    fn strata_are_weighted_by_their_items() {
        let test = RankSum::new(&[(1, 2), (1, 9)], DRAWS, 0, 0);
        let found = test.test(&[1.0, 2.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert!((found.p - 5.0 / 18.0).abs() < 0.013 && (found.superiority - 8.0 / 9.0).abs() < 1e-12, "{found:?}");
    }

    /// scipy 1.17: mannwhitneyu(x, y, alternative = 'greater', method = 'exact') of the same numbers: p = 0.0095238095.
    #[test]
    fn it_agrees_with_the_exact_test() {
        let values = [2.9, 4.1, 3.3, 3.8, 1.1, 2.2, 3.0, 0.4, 1.7, 2.0];
        let found = RankSum::new(&[(4, 10)], 199_999, 3, 1).test(&values);
        // Standard error 0.0002.
        assert!((found.p - 2.0 / 210.0).abs() < 0.001 && (found.superiority - 23.0 / 24.0).abs() < 1e-12, "{found:?}");
    }

    /// Three sets whose first item is largest in turn: by mean rank the labelled two come first.
    #[test]
    fn sets_of_the_same_items_are_tested_by_mean_ranks() {
        let test = RankSum::new(&[(2, 6)], DRAWS, 0, 0);
        let sets =
            [[9.0, 5.0, 7.0, 1.0, 2.0, 3.0], [0.9, 0.8, 0.1, 0.7, 0.2, 0.3], [60.0, 70.0, 10.0, 20.0, 50.0, 40.0]];
        let found = test.test_together(&sets.map(|s| s.to_vec()));
        // The largest of 15 sums; the first set alone has the second largest.
        assert!((found.p - 1.0 / 15.0).abs() < 0.01 && found.superiority == 1.0, "{found:?}");
        assert!((test.test(&sets[0]).p - 2.0 / 15.0).abs() < 0.01);
        assert_eq!(test.test_together(&[sets[0].to_vec()]), test.test(&sets[0]));
        assert!(test.test_together(&[]).p.is_nan() && test.test_together(&[vec![f64::NAN; 6]]).p.is_nan());
    }

    #[test]
    fn what_cannot_be_ranked_is_undefined() {
        let test = RankSum::new(&[(1, 2), (0, 3)], 99, 0, 0);
        assert!(test.test(&[1.0, f64::NAN, 0.0, 0.0, 0.0]).p.is_nan() && test.test(&[1.0]).p.is_nan());
        assert_eq!(test.test(&[2.0, 1.0, 0.0, 9.0, 0.0]).superiority, 1.0);
        assert!(RankSum::new(&[(2, 2), (0, 3)], 99, 0, 0).test(&[1.0; 5]).superiority.is_nan());
        assert!(RankSum::new(&[], 99, 0, 0).test(&[]).p.is_nan());
    }
}
