//! Wilcoxon's signed-rank test.

use super::summary::ranks;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// A signed-rank test of differences (Wilcoxon 1945): whether they lie about 0, if their distribution is symmetric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedRank {
    /// The sum of the ranks of positive differences, among the magnitudes of all that are not 0.
    pub positive: f64,
    /// Two-sided; NaN where a difference is, and without differences.
    pub p: f64,
    /// Of the alternative that differences lie above 0.
    pub greater: f64,
}

/// Up to this many differences, zeros among them, p is exact; with ties or zeros up to [`COUNTED`].
const EXACT: usize = 50;
const COUNTED: usize = 13;

/// Tests `differences` as SciPy does by default. Zeros are left out. p is exact for up to 50 differences without ties and zeros, and for
/// up to 13 with them (over all signs); otherwise it is of the normal distribution, with the correction for ties and without one for continuity.
pub fn signed_rank(differences: &[f64]) -> SignedRank {
    let undefined = SignedRank { positive: f64::NAN, p: f64::NAN, greater: f64::NAN };
    if differences.is_empty() || differences.iter().any(|d| d.is_nan()) {
        return undefined;
    }
    let counted: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let magnitudes: Vec<f64> = counted.iter().map(|d| d.abs()).collect();
    let ranks = ranks(&magnitudes);
    let positive: f64 = ranks.iter().zip(&counted).filter(|(_, d)| **d > 0.0).map(|(r, _)| r).sum();
    let mut sorted = magnitudes;
    sorted.sort_by(f64::total_cmp);
    let ties: Vec<usize> = sorted.chunk_by(|a, b| a == b).map(<[f64]>::len).collect();
    let even = counted.len() == differences.len() && ties.iter().all(|t| *t == 1);
    if differences.len() <= if even { EXACT } else { COUNTED } {
        let [above, below] = tails(&ranks, positive);
        return SignedRank { positive, p: (2.0 * above.min(below)).min(1.0), greater: above };
    }
    let n = counted.len() as f64;
    let mean = n * (n + 1.0) / 4.0;
    let of_ties: f64 = ties.iter().map(|t| (*t as f64).powi(3) - *t as f64).sum();
    let sd = ((n * (n + 1.0) * (2.0 * n + 1.0) - of_ties / 2.0) / 24.0).sqrt();
    let z = (positive - mean) / sd;
    // Of zeros alone nothing is known.
    if sd.is_nan() || sd <= 0.0 {
        return SignedRank { positive, ..undefined };
    }
    let normal = Normal::standard();
    SignedRank { positive, p: (2.0 * normal.sf(z.abs())).min(1.0), greater: normal.sf(z) }
}

/// The shares of all signs whose sum of positive ranks is at least, and at most, `positive`. Ranks are multiples of one half.
fn tails(ranks: &[f64], positive: f64) -> [f64; 2] {
    let halves = |rank: f64| (2.0 * rank).round() as usize;
    let mut share = vec![0.0; ranks.iter().map(|r| halves(*r)).sum::<usize>() + 1];
    share[0] = 1.0;
    let mut largest = 0;
    for rank in ranks.iter().map(|r| halves(*r)) {
        largest += rank;
        for sum in (0..=largest).rev() {
            let with = if sum >= rank { share[sum - rank] } else { 0.0 };
            share[sum] = f64::midpoint(share[sum], with);
        }
    }
    let at = halves(positive);
    [share[at..].iter().sum(), share[..=at].iter().sum()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_nan_say_nothing_and_zeros_say_there_is_no_difference() {
        assert!(signed_rank(&[]).p.is_nan() && signed_rank(&[1.0, f64::NAN]).p.is_nan());
        assert_eq!(signed_rank(&[0.0; 4]).p, 1.0);
        assert!(signed_rank(&[0.0; 40]).p.is_nan());
        // All of ten above 0: two of 1024 signs.
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(signed_rank(&ten), SignedRank { positive: 55.0, p: 2.0 / 1024.0, greater: 1.0 / 1024.0 });
    }
}
