//! Confidence intervals of means over statistical units, and of rates.

use super::resample::Draws;
use super::summary::{mean, quantile};
use crate::rng::{Rng, Stream};
use rayon::prelude::*;
use statrs::distribution::{Beta, ContinuousCDF};

/// An estimate with a confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The estimate.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The mean of the means of `groups`, with the percentile interval at `level` (0.95, say) of `resamples` hierarchical
/// bootstrap resamples (Saravanan, Berman and Sober 2020): groups are drawn with replacement, then values inside each.
///
/// The group (a trained seed, an animal) is the statistical unit; its values (lesions, conditions) are not independent.
/// Groups without values say nothing and are left out. With one group the interval is NaN: the variation between units,
/// which it stands for, cannot be known from one. It is NaN as well where a value is NaN, without resamples, and for a
/// level outside (0, 1). With few groups percentile intervals are too narrow: with 5, expect about 85 % at level 0.95.
pub fn hierarchical_bootstrap(groups: &[Vec<f64>], level: f64, resamples: usize, seed: u64) -> Interval {
    let groups: Vec<&[f64]> = groups.iter().filter(|g| !g.is_empty()).map(Vec::as_slice).collect();
    let estimate = mean(&groups.iter().map(|g| mean(g)).collect::<Vec<f64>>());
    if groups.len() < 2 || !(level > 0.0 && level < 1.0) {
        return Interval { mean: estimate, low: f64::NAN, high: f64::NAN };
    }
    let rng = Rng::new(seed, 0, Stream::Bootstrap);
    let means: Vec<f64> =
        (0..resamples).into_par_iter().map(|r| resampled_mean(&groups, rng.at_step(r as u32))).collect();
    let tail = (1.0 - level) / 2.0;
    Interval { mean: estimate, low: quantile(&means, tail), high: quantile(&means, 1.0 - tail) }
}

fn resampled_mean(groups: &[&[f64]], rng: Rng) -> f64 {
    let mut draws = Draws::new(rng);
    let mut sum = 0.0;
    for _ in 0..groups.len() {
        let group = groups[draws.below(groups.len())];
        sum += (0..group.len()).map(|_| group[draws.below(group.len())]).sum::<f64>() / group.len() as f64;
    }
    sum / groups.len() as f64
}

/// The rate of `successes` in `trials` with its exact interval at `level` (Clopper and Pearson 1934), which covers at
/// least that often whatever the true rate.
///
/// All NaN without trials, with more successes than trials, or for a level outside (0, 1).
pub fn clopper_pearson(successes: usize, trials: usize, level: f64) -> Interval {
    if trials == 0 || successes > trials || !(level > 0.0 && level < 1.0) {
        return Interval { mean: f64::NAN, low: f64::NAN, high: f64::NAN };
    }
    let (hits, misses, tail) = (successes as f64, (trials - successes) as f64, (1.0 - level) / 2.0);
    let beta = |a: f64, b: f64, p: f64| Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p));
    Interval {
        mean: hits / trials as f64,
        low: if successes == 0 { 0.0 } else { beta(hits, misses + 1.0, tail) },
        high: if successes == trials { 1.0 } else { beta(hits + 1.0, misses, 1.0 - tail) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_group_has_a_mean_and_no_interval() {
        let interval = hierarchical_bootstrap(&[vec![1.0, 3.0], vec![]], 0.95, 100, 1);
        assert!(interval.mean == 2.0 && interval.low.is_nan() && interval.high.is_nan());
        assert!(hierarchical_bootstrap(&[], 0.95, 100, 1).mean.is_nan());
        let nan = hierarchical_bootstrap(&[vec![1.0], vec![f64::NAN]], 0.95, 100, 1);
        assert!(nan.mean.is_nan() && nan.low.is_nan());
    }

    /// Groups of one value each: the resampled means are those of the ordinary bootstrap, whose standard deviation is
    /// √(Σ (x − x̄)² / n²) and whose interval is then nearly that of the normal distribution.
    #[test]
    fn groups_of_one_value_give_the_ordinary_bootstrap() {
        let groups: Vec<Vec<f64>> = (0..40).map(|i| vec![f64::from(i)]).collect();
        let interval = hierarchical_bootstrap(&groups, 0.95, 4000, 3);
        let standard_error = (groups.iter().map(|g| (g[0] - 19.5).powi(2)).sum::<f64>() / 1600.0).sqrt();
        assert_eq!(interval.mean, 19.5);
        // The ends of 4000 resamples scatter by about 0.04 standard errors.
        assert!((interval.low - (19.5 - 1.96 * standard_error)).abs() < 0.2 * standard_error, "{interval:?}");
        assert!((interval.high - (19.5 + 1.96 * standard_error)).abs() < 0.2 * standard_error, "{interval:?}");
        assert_eq!(interval, hierarchical_bootstrap(&groups, 0.95, 4000, 3));
        assert_ne!(interval, hierarchical_bootstrap(&groups, 0.95, 4000, 4));
    }

    /// A thousand values in each of ten groups that differ: the interval is as wide as that of ten values.
    #[test]
    fn many_values_inside_a_group_do_not_narrow_the_interval() {
        let groups = |size: usize| (0..10).map(|g| vec![f64::from(g); size]).collect::<Vec<_>>();
        let width = |i: Interval| i.high - i.low;
        let (few, many) =
            (hierarchical_bootstrap(&groups(1), 0.95, 2000, 1), hierarchical_bootstrap(&groups(1000), 0.95, 2000, 1));
        assert!(width(many) > 0.9 * width(few), "{few:?} {many:?}");
    }

    #[test]
    fn impossible_counts_have_no_rate() {
        assert!(clopper_pearson(0, 0, 0.95).mean.is_nan() && clopper_pearson(3, 2, 0.95).low.is_nan());
        assert!(clopper_pearson(1, 2, 1.0).high.is_nan());
    }
}
