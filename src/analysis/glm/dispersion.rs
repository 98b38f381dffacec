//! The dispersion of the negative binomial family.

use ndarray::{Array1, ArrayView1};
use statrs::function::gamma::digamma;
use std::collections::BTreeMap;

/// The smallest dispersion that is told from none, and the largest.
pub(super) const LEAST: f64 = 1e-6;
const MOST: f64 = 1e4;

/// α of the largest likelihood of the responses `y`, given their linear predictors, near `from`; [`LEAST`] where responses vary no
/// more than Poisson's.
pub(super) fn most_likely(y: &ArrayView1<f32>, eta: &Array1<f64>, weights: &[f64], from: f64) -> f64 {
    let frames: Vec<(f64, f64, f64)> = y
        .iter()
        .zip(eta)
        .zip(weights)
        .filter(|(_, w)| **w > 0.0)
        .map(|((y, eta), w)| (f64::from(*y), eta.min(700.0).exp(), *w))
        .collect();
    // What depends on the response alone is asked once for each value.
    let mut values: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
    for (y, _, w) in frames.iter().filter(|(y, ..)| *y > 0.0) {
        values.entry(y.to_bits()).or_insert((*y, 0.0)).1 += w;
    }
    // Derivative of the log-likelihood by ln α.
    let slope = |ln_alpha: f64| {
        let alpha = ln_alpha.exp();
        let size = 1.0 / alpha;
        let of_values: f64 = values.values().map(|(y, w)| w * (digamma(y + size) - digamma(size))).sum();
        let of_frames: f64 = frames
            .iter()
            .map(|(y, mean, w)| {
                let more = alpha * mean;
                w * (y + size * more.ln_1p() - (y + size) * more / (1.0 + more))
            })
            .sum();
        of_frames - size * of_values
    };
    root(slope, from.clamp(LEAST, MOST).ln(), [LEAST.ln(), MOST.ln()]).exp()
}

/// Where `f` falls through 0, within bounds: a bracket around `from` that grows, then regula falsi (Illinois).
fn root(f: impl Fn(f64) -> f64, from: f64, [least, most]: [f64; 2]) -> f64 {
    let (mut low, mut high, mut reach) = (from, from, 0.1);
    let at = f(from);
    let (mut f_low, mut f_high) = (at, at);
    while f_low < 0.0 && low > least {
        (high, f_high) = (low, f_low);
        low = (low - reach).max(least);
        f_low = f(low);
        reach *= 2.0;
    }
    while f_high > 0.0 && high < most {
        (low, f_low) = (high, f_high);
        high = (high + reach).min(most);
        f_high = f(high);
        reach *= 2.0;
    }
    if f_low <= 0.0 {
        return low;
    }
    if f_high >= 0.0 {
        return high;
    }
    for _ in 0..200 {
        let next = (low * f_high - high * f_low) / (f_high - f_low);
        let value = f(next);
        if value == 0.0 || high - low < 1e-13 * (1.0 + next.abs()) {
            return next;
        }
        if value > 0.0 {
            // The other end has stayed: half of its value, so that it moves.
            if f_low != value {
                f_high /= 2.0;
            }
            (low, f_low) = (next, value);
        } else {
            f_low /= 2.0;
            (high, f_high) = (next, value);
        }
    }
    0.5 * (low + high)
}
