//! The beta distribution: tails that neither underflow nor cancel, and quantiles to the last digits.

use statrs::function::beta::ln_beta;

/// P(X < x) of X ~ Beta(a, b); shapes above 0.
pub(super) fn cdf(a: f64, b: f64, x: f64) -> f64 {
    ln_cdf(a, b, x).exp()
}

/// ln P(X < x): finite where the probability itself would underflow. NaN of a NaN and of shapes not above 0.
pub(super) fn ln_cdf(a: f64, b: f64, x: f64) -> f64 {
    if !(a > 0.0 && b > 0.0) || x.is_nan() {
        f64::NAN
    } else if x <= 0.0 {
        f64::NEG_INFINITY
    } else if x >= 1.0 {
        0.0
    } else if x < (a + 1.0) / (a + b + 2.0) {
        ln_tail(a, b, x)
    } else {
        (-ln_tail(b, a, 1.0 - x).exp()).ln_1p()
    }
}

/// The x with P(X < x) = p: 0 and 1 for p outside (0, 1), NaN of a NaN. Halving finds it whatever the shapes; where it ends,
/// the rounding of the distribution decides.
pub(super) fn quantile(a: f64, b: f64, p: f64) -> f64 {
    if p.is_nan() || !(a > 0.0 && b > 0.0) {
        return f64::NAN;
    }
    if p <= 0.0 || p >= 1.0 {
        return p.clamp(0.0, 1.0);
    }
    bisect(0.0, 1.0, |x| cdf(a, b, x) < p)
}

/// Where `below`, true up to some x in (low, high) and false from there on, turns: two neighbouring numbers, or nearly.
pub(super) fn bisect(mut low: f64, mut high: f64, below: impl Fn(f64) -> bool) -> f64 {
    const MOST: usize = 120;
    for _ in 0..MOST {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// ln P(X < x) below the mean: the continued fraction of the incomplete beta function (DLMF 8.17.22), by the method of
/// Lentz. It needs about √(a + b) terms at most.
fn ln_tail(a: f64, b: f64, x: f64) -> f64 {
    const MOST: usize = 100_000;
    const TINY: f64 = 1e-300;
    let away = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..MOST {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    a * x.ln() + b * (-x).ln_1p() - a.ln() - ln_beta(a, b) + fraction.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, relative: f64) {
        assert!((a - b).abs() <= relative * b.abs(), "{a} {b}");
    }

    #[test]
    fn closed_forms_are_met_far_into_both_tails() {
        // Beta(a, 1) has P(X < x) = x^a, Beta(1, b) has 1 − (1 − x)^b.
        for x in [1e-12, 0.01, 0.5, 0.99] {
            close(ln_cdf(300.0, 1.0, x), 300.0 * x.ln(), 1e-12);
            close(cdf(1.0, 7.0, x), -(7.0 * (-x).ln_1p()).exp_m1(), 1e-13);
        }
        // exp of it would be zero.
        close(ln_cdf(50_001.0, 1.0, 0.05), 50_001.0 * 0.05_f64.ln(), 1e-13);
        close(quantile(1.0, 20.0, 0.95), 1.0 - 0.05_f64.powf(0.05), 1e-14);
        close(quantile(9.0, 1.0, 1e-30), 1e-30_f64.powf(1.0 / 9.0), 1e-14);
    }

    /// The median of a symmetric one is ½, also where the fraction needs many terms.
    #[test]
    fn symmetric_ones_are_halved_at_one_half() {
        for a in [0.5, 3.0, 1e3, 1e5, 1e6] {
            close(cdf(a, a, 0.5), 0.5, 1e-8);
            close(quantile(a, a, 0.5), 0.5, 1e-11);
        }
    }

    #[test]
    fn what_is_no_distribution_and_no_probability_gives_no_number() {
        assert!(cdf(0.0, 1.0, 0.5).is_nan() && cdf(1.0, f64::NAN, 0.5).is_nan() && cdf(1.0, 1.0, f64::NAN).is_nan());
        assert!(quantile(1.0, 1.0, f64::NAN).is_nan() && quantile(-1.0, 1.0, 0.5).is_nan());
        assert_eq!((cdf(2.0, 3.0, -1.0), cdf(2.0, 3.0, 2.0)), (0.0, 1.0));
        assert_eq!((quantile(2.0, 3.0, 0.0), quantile(2.0, 3.0, 1.5)), (0.0, 1.0));
    }
}
