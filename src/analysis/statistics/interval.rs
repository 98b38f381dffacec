//! Confidence intervals of means over statistical units, and of rates.

use super::beta;
use super::summary::{mean, sd};
use statrs::distribution::{ContinuousCDF, StudentsT};

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

/// The mean of `values`, independent units (trained networks, say), with Student's t interval at `level` (0.95, say): it covers
/// as often as it says for any number of units from two on, if they are normally distributed.
///
/// The ends are NaN of fewer than two values and for a level outside (0, 1); all is NaN where a value is.
pub fn t_interval(values: &[f64], level: f64) -> Interval {
    let (middle, n) = (mean(values), values.len() as f64);
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok().filter(|_| level > 0.0 && level < 1.0);
    let half = t.map_or(f64::NAN, |t| -t.inverse_cdf((1.0 - level) / 2.0) * sd(values) / n.sqrt());
    Interval { mean: middle, low: middle - half, high: middle + half }
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
    Interval {
        mean: hits / trials as f64,
        low: if successes == 0 { 0.0 } else { beta::quantile(hits, misses + 1.0, tail) },
        high: if successes == trials { 1.0 } else { beta::quantile(hits + 1.0, misses, 1.0 - tail) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of Student's t by scipy 1.17, `t.ppf(1 - (1 - level) / 2, n - 1)`: ordinary ones, and as far out as those of
    /// large families.
    #[test]
    fn intervals_of_means_are_those_of_students_t() {
        let far = 1.0 - 0.05 / 300.0;
        for (n, level, t) in [
            (2, 0.95, 12.706_204_736_174_7),
            (5, 0.95, 2.776_445_105_197_79),
            (5, far, 13.653_122_408_958_2),
            (10, far, 6.160_154_532_982_26),
            (40, 1.0 - 1e-5, 5.071_247_135_11),
        ] {
            // Mean 0, standard deviation 1.
            let spread = ((n - 1) as f64 / 2.0).sqrt();
            let values: Vec<f64> = [-spread, spread].into_iter().chain(std::iter::repeat_n(0.0, n - 2)).collect();
            let interval = t_interval(&values, level);
            let expected = t / (n as f64).sqrt();
            assert!(
                (interval.high - expected).abs() < 1e-8 * expected && interval.low == -interval.high,
                "{interval:?}"
            );
        }
    }

    #[test]
    fn a_single_value_has_no_interval_and_equal_ones_have_one_of_no_width() {
        let one = t_interval(&[2.0], 0.95);
        assert!(one.mean == 2.0 && one.low.is_nan() && one.high.is_nan());
        assert!(t_interval(&[], 0.95).mean.is_nan() && t_interval(&[1.0, 2.0], 1.0).low.is_nan());
        assert!(t_interval(&[1.0, f64::NAN], 0.95).mean.is_nan());
        assert_eq!(t_interval(&[0.5; 5], 0.95), Interval { mean: 0.5, low: 0.5, high: 0.5 });
    }

    #[test]
    fn impossible_counts_have_no_rate() {
        assert!(clopper_pearson(0, 0, 0.95).mean.is_nan() && clopper_pearson(3, 2, 0.95).low.is_nan());
        assert!(clopper_pearson(1, 2, 1.0).high.is_nan());
    }
}
