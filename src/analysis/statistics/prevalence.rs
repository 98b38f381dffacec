//! How many of a population have a property, from how many tested positive, the rate of false positives and the power.
//!
//! Of a prevalence π, a share θ = π β + (1 − π) α is expected to test positive: β is the power, α the rate of false positives
//! among those without the property. Those that were tested are taken as independent.

use super::beta::{self, bisect};

/// The probability that a test is positive for one that has the property.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Power {
    /// Known, 0 … 1.
    Known(f64),
    /// `detected` of `planted` independent ones that were known to have it.
    Estimated {
        /// That tested positive.
        detected: usize,
        /// All of them.
        planted: usize,
    },
}

/// The share of 1 − level that is spent on the power where that is estimated. Stated beforehand, it may be any; the power
/// usually comes from more tests than the prevalence does, so that a small share widens the bound least.
const SPENT_ON_POWER: f64 = 0.2;

/// An upper bound of the prevalence where `positives` of `tested` were positive, which covers it with a probability of at least
/// `level` (0.95, say), whatever it is.
///
/// It is the one-sided bound of θ (Clopper and Pearson 1934) put into π = (θ − α) / (β − α), and within 0 … 1; 1 where the
/// power is not above α, since positives tell nothing then. Where the power is estimated, its lower bound stands for it,
/// and both miss with a probability of (1 − level) together, a fifth of that the power's: conservative, as such sums are (Bonferroni).
///
/// The larger `alpha`, the smaller the bound: where it is not known exactly (after a correction for many tests, say), a smaller one
/// is safe, 0 always. NaN without tests, of more positives than tests, and of rates, powers and levels that are none.
pub fn prevalence_upper(positives: usize, tested: usize, alpha: f64, power: Power, level: f64) -> f64 {
    let Some(limits) = Limits::of(positives, tested, alpha, power, level) else { return f64::NAN };
    let (rate, power) = (upper_rate(positives, tested, limits.rate_level), limits.power_low);
    if power <= alpha { 1.0 } else { ((rate - alpha) / (power - alpha)).clamp(0.0, 1.0) }
}

/// A lower bound of the prevalence, likewise; 0 where the power is not above α. The smaller `alpha`, the larger this bound:
/// where it is not known exactly, a larger one is safe.
pub fn prevalence_lower(positives: usize, tested: usize, alpha: f64, power: Power, level: f64) -> f64 {
    let Some(limits) = Limits::of(positives, tested, alpha, power, level) else { return f64::NAN };
    let (rate, power) = (lower_rate(positives, tested, limits.rate_level), limits.power_high);
    if power <= alpha { 0.0 } else { ((rate - alpha) / (power - alpha)).clamp(0.0, 1.0) }
}

struct Limits {
    /// The level of the bound of θ.
    rate_level: f64,
    power_low: f64,
    power_high: f64,
}

impl Limits {
    /// None of numbers that are none.
    fn of(positives: usize, tested: usize, alpha: f64, power: Power, level: f64) -> Option<Self> {
        let rate = |v: f64| (0.0..=1.0).contains(&v);
        if tested == 0 || positives > tested || !rate(alpha) || !(level > 0.0 && level < 1.0) {
            return None;
        }
        match power {
            Power::Known(power) => {
                rate(power).then_some(Self { rate_level: level, power_low: power, power_high: power })
            }
            Power::Estimated { detected, planted } => {
                let of_power = 1.0 - SPENT_ON_POWER * (1.0 - level);
                (detected <= planted).then(|| Self {
                    rate_level: 1.0 - (1.0 - SPENT_ON_POWER) * (1.0 - level),
                    power_low: lower_rate(detected, planted, of_power),
                    power_high: upper_rate(detected, planted, of_power),
                })
            }
        }
    }
}

/// Clopper and Pearson's upper bound of a rate; 1 without trials.
fn upper_rate(successes: usize, trials: usize, level: f64) -> f64 {
    let (hits, misses) = (successes as f64, (trials - successes) as f64);
    if successes == trials { 1.0 } else { beta::quantile(hits + 1.0, misses, level) }
}

/// Clopper and Pearson's lower bound of a rate; 0 without trials.
fn lower_rate(successes: usize, trials: usize, level: f64) -> f64 {
    1.0 - upper_rate(trials - successes, trials, level)
}

/// What is known of the prevalence after the tests, if all prevalences were alike probable before (Ince, Paton, Kay and
/// Schyns 2021).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Posterior {
    /// The most probable prevalence.
    pub map: f64,
    /// The lower end of the shortest interval that holds the prevalence with probability `level`.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The prevalence is above this with probability `level`.
    pub at_least: f64,
    /// The prevalence is below this with probability `level`.
    pub at_most: f64,
}

/// The posterior of the prevalence where `positives` of `tested` were positive: θ follows the beta distribution of shapes
/// positives + 1 and tested − positives + 1, cut off at α and at the power. `map`, `low` and `high`, and `at_least` are `map`,
/// `hpdi` and `bound` of the package `bayesprev`; `at_most` is its bound of 1 − level.
///
/// All NaN as [`prevalence_upper`], and where the power is not above α.
pub fn prevalence_posterior(positives: usize, tested: usize, alpha: f64, power: f64, level: f64) -> Posterior {
    let possible = Limits::of(positives, tested, alpha, Power::Known(power), level).is_some();
    if !possible || power <= alpha {
        let none = f64::NAN;
        return Posterior { map: none, low: none, high: none, at_least: none, at_most: none };
    }
    let (hits, misses) = (positives as f64, (tested - positives) as f64);
    let theta = Truncated::new(hits, misses, alpha, power);
    let (low, high) = theta.shortest(level);
    Posterior {
        map: ((hits / tested as f64 - alpha) / (power - alpha)).clamp(0.0, 1.0),
        low,
        high,
        at_least: theta.quantile(1.0 - level),
        at_most: theta.quantile(level),
    }
}

/// Beta(hits + 1, misses + 1) between two limits.
struct Truncated {
    hits: f64,
    misses: f64,
    low: f64,
    high: f64,
    /// ln P(X < high) and P(X < low) / P(X < high) before truncation.
    ln_high: f64,
    below_low: f64,
    /// This is the distribution of 1 − θ: the tail that is cut off must not hold most of the probability, which would leave
    /// differences of numbers that round to 1.
    mirrored: bool,
}

impl Truncated {
    fn new(hits: f64, misses: f64, low: f64, high: f64) -> Self {
        let mirrored = beta::cdf(hits + 1.0, misses + 1.0, low) > 0.5;
        let (hits, misses, low, high) =
            if mirrored { (misses, hits, 1.0 - high, 1.0 - low) } else { (hits, misses, low, high) };
        let ln_cdf = |x: f64| beta::ln_cdf(hits + 1.0, misses + 1.0, x);
        let ln_high = ln_cdf(high);
        Self { hits, misses, low, high, ln_high, below_low: (ln_cdf(low) - ln_high).exp(), mirrored }
    }

    /// The quantile of the variable that is held, 1 − θ where mirrored.
    fn held_quantile(&self, p: f64) -> f64 {
        if p <= 0.0 || p >= 1.0 {
            return if p <= 0.0 { self.low } else { self.high };
        }
        let below = self.below_low + p * (1.0 - self.below_low);
        let cdf = |x: f64| (beta::ln_cdf(self.hits + 1.0, self.misses + 1.0, x) - self.ln_high).exp();
        bisect(self.low, self.high, |x| cdf(x) < below)
    }

    /// Where a value of the variable that is held lies between the limits of θ.
    fn prevalence(&self, held: f64) -> f64 {
        let from = if self.mirrored { self.high - held } else { held - self.low };
        from / (self.high - self.low)
    }

    /// The prevalence below which the prevalence is with probability p.
    fn quantile(&self, p: f64) -> f64 {
        self.prevalence(self.held_quantile(if self.mirrored { 1.0 - p } else { p }))
    }

    /// The shortest interval of prevalences of probability `level`. The density has one peak: as the interval moves up, its
    /// lower end comes to have the larger density once, and there it is shortest.
    fn shortest(&self, level: f64) -> (f64, f64) {
        let ends = |below: f64| (self.held_quantile(below), self.held_quantile(below + level));
        let rises = |below: f64| {
            let (low, high) = ends(below);
            self.ln_density(low) < self.ln_density(high)
        };
        let (low, high) = if !rises(0.0) {
            ends(0.0)
        } else if rises(1.0 - level) {
            (self.held_quantile(1.0 - level), self.high)
        } else {
            ends(bisect(0.0, 1.0 - level, rises))
        };
        let (low, high) = (self.prevalence(low), self.prevalence(high));
        if self.mirrored { (high, low) } else { (low, high) }
    }

    fn ln_density(&self, x: f64) -> f64 {
        let power = |count: f64, ln: f64| if count > 0.0 { count * ln } else { 0.0 };
        power(self.hits, x.ln()) + power(self.misses, (-x).ln_1p())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_of_no_positives_have_a_closed_form() {
        // 1 − 0.05^(1/20) of θ.
        let theta = 1.0 - 0.05_f64.powf(1.0 / 20.0);
        let bound = prevalence_upper(0, 20, 0.01, Power::Known(0.8), 0.95);
        assert!((bound - (theta - 0.01) / 0.79).abs() < 1e-14);
        assert!((prevalence_upper(0, 20, 0.0, Power::Known(1.0), 0.95) - theta).abs() < 1e-14);
        assert_eq!(prevalence_lower(0, 20, 0.01, Power::Known(0.8), 0.95), 0.0);
        // Fewer positives than false ones are expected.
        assert_eq!(prevalence_upper(0, 1000, 0.05, Power::Known(0.8), 0.95), 0.0);
    }

    #[test]
    fn without_power_nothing_is_excluded() {
        for power in [Power::Known(0.05), Power::Known(0.0), Power::Estimated { detected: 0, planted: 0 }] {
            assert_eq!(prevalence_upper(3, 90, 0.05, power, 0.95), 1.0);
        }
        assert_eq!(prevalence_lower(30, 90, 0.05, Power::Known(0.05), 0.95), 0.0);
        // Nine of ten found might be a power of 54 %, at 99 %.
        let (known, estimated) = (Power::Known(0.9), Power::Estimated { detected: 9, planted: 10 });
        let [known, estimated] = [known, estimated].map(|power| prevalence_upper(3, 90, 0.01, power, 0.95));
        assert!(estimated > 1.5 * known, "{estimated} {known}");
    }

    #[test]
    fn impossible_counts_and_rates_have_no_bound_and_no_posterior() {
        let known = Power::Known(0.8);
        let impossible = [
            (0, 0, 0.05, known, 0.95),
            (3, 2, 0.05, known, 0.95),
            (1, 2, -0.1, known, 0.95),
            (1, 2, f64::NAN, known, 0.95),
            (1, 2, 0.05, Power::Known(1.1), 0.95),
            (1, 2, 0.05, Power::Known(f64::NAN), 0.95),
            (1, 2, 0.05, Power::Estimated { detected: 2, planted: 1 }, 0.95),
            (1, 2, 0.05, known, 1.0),
            (1, 2, 0.05, known, f64::NAN),
        ];
        for (k, n, alpha, power, level) in impossible {
            assert!(prevalence_upper(k, n, alpha, power, level).is_nan(), "{k} {n} {alpha} {power:?} {level}");
            assert!(prevalence_lower(k, n, alpha, power, level).is_nan());
            if let Power::Known(power) = power {
                assert!(prevalence_posterior(k, n, alpha, power, level).map.is_nan());
            }
        }
        assert!(prevalence_posterior(1, 2, 0.05, 0.05, 0.95).at_most.is_nan());
    }

    /// P(X = k), X ~ Binomial(n, p).
    fn binomial(n: usize, p: f64) -> Vec<f64> {
        let mut pmf = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; pmf.len() + 1];
            for (k, v) in pmf.iter().enumerate() {
                next[k] += v * (1.0 - p);
                next[k + 1] += v * p;
            }
            pmf = next;
        }
        pmf
    }

    /// Not simulated: summed over all counts.
    #[test]
    fn bounds_cover_the_prevalence_as_often_as_they_say() {
        let alpha = 0.05;
        for (n, planted) in [(20, 15), (50, 30)] {
            for power in [0.2, 0.6, 0.95] {
                let (mut known, mut estimated) = (Vec::new(), Vec::new());
                for k in 0..=n {
                    let bounds = |power| {
                        (prevalence_lower(k, n, alpha, power, 0.95), prevalence_upper(k, n, alpha, power, 0.95))
                    };
                    known.push(bounds(Power::Known(power)));
                    let of = |detected| bounds(Power::Estimated { detected, planted });
                    estimated.push((0..=planted).map(of).collect::<Vec<_>>());
                }
                for prevalence in [0.0, 0.03, 0.1, 0.4, 1.0] {
                    let counts = binomial(n, prevalence * power + (1.0 - prevalence) * alpha);
                    let detected = binomial(planted, power);
                    let (mut covered, mut covered_by) = ([0.0; 2], [0.0; 2]);
                    let add = |covered: &mut [f64; 2], (low, high): (f64, f64), p: f64| {
                        covered[0] += if low <= prevalence + 1e-12 { p } else { 0.0 };
                        covered[1] += if high >= prevalence - 1e-12 { p } else { 0.0 };
                    };
                    for (k, p) in counts.iter().enumerate() {
                        add(&mut covered, known[k], *p);
                        for (m, q) in detected.iter().enumerate() {
                            add(&mut covered_by, estimated[k][m], p * q);
                        }
                    }
                    let least = covered.iter().chain(&covered_by).copied().fold(1.0, f64::min);
                    assert!(least >= 0.95 - 1e-9, "{n} {power} {prevalence}: {covered:?} {covered_by:?}");
                }
            }
        }
    }

    /// Far below α: the mass that is left is 10⁻¹¹¹⁴, the density falls as exp(−misses · θ / (1 − α)).
    #[test]
    fn posteriors_whose_mass_underflows_are_found_all_the_same() {
        let found = prevalence_posterior(0, 50_000, 0.05, 0.9, 0.95);
        assert_eq!((found.map, found.low), (0.0, 0.0));
        let exponential = -(0.05_f64.ln()) * 0.95 / 50_000.0 / 0.85;
        assert!(
            (found.high / exponential - 1.0).abs() < 1e-3 && (found.at_most - found.high).abs() < 1e-9,
            "{found:?}"
        );
        let mirrored = prevalence_posterior(50_000, 50_000, 0.1, 0.95, 0.95);
        assert_eq!((mirrored.map, mirrored.high), (1.0, 1.0));
        assert!((1.0 - mirrored.at_least - found.at_most).abs() < 1e-9, "{mirrored:?}");
    }

    proptest! {
        #[test]
        fn bounds_rise_with_positives_and_fall_with_power_and_alpha(
            n in 1..300_usize, part in 0.0..1.0, alpha in 0.0..0.2, power in 0.21..0.95, planted in 1..300_usize
        ) {
            let k = (part * n as f64) as usize;
            let upper = |k, alpha, power| prevalence_upper(k, n, alpha, Power::Known(power), 0.95);
            let bound = upper(k, alpha, power);
            prop_assert!(upper(k + 1, alpha, power) >= bound);
            prop_assert!(upper(k, alpha, power + 0.05) <= bound && upper(k, alpha + 0.01, power) <= bound + 1e-12);
            prop_assert!(prevalence_lower(k, n, alpha, Power::Known(power), 0.95) <= bound);
            let detected = (power * planted as f64) as usize;
            let estimated = |detected| prevalence_upper(k, n, alpha, Power::Estimated { detected, planted }, 0.95);
            prop_assert!(estimated(detected) >= estimated(detected + 1));
            // A power that is estimated costs something beside the same power known.
            prop_assert!(estimated(detected) + 1e-12 >= upper(k, alpha, detected as f64 / planted as f64));
        }

        #[test]
        fn the_shortest_interval_holds_its_mass_and_the_most_probable_prevalence(
            n in 1..200_usize, part in 0.0..1.0, alpha in 0.0..0.2, power in 0.4..1.0
        ) {
            let k = (part * (n + 1) as f64) as usize;
            let found = prevalence_posterior(k, n, alpha, power, 0.9);
            prop_assert!(found.low <= found.map + 1e-6 && found.map <= found.high + 1e-6, "{found:?}");
            prop_assert!(found.at_least <= found.at_most);
            let theta = Truncated::new(k as f64, (n - k) as f64, alpha, power);
            for below in [0.0, 0.03, 0.05, 0.1] {
                let width = (theta.held_quantile(below + 0.9) - theta.held_quantile(below)) / (power - alpha);
                prop_assert!(found.high - found.low <= width + 1e-9);
            }
        }
    }
}
