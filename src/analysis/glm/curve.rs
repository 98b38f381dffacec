//! The log-likelihood of a stretch of frames with its first two derivatives, in vectors as wide as the processor has.

use super::family::Family;
use crate::engine::cpu::Real;
use crate::engine::cpu::real::Kernel;
use crate::engine::cpu::simd::Vector;

/// What is asked of one response in a stretch of frames.
pub(super) struct Stretch<'a> {
    pub(super) family: Family,
    pub(super) dispersion: f64,
    /// Linear predictors; replaced by weight × first derivative of the log-likelihood.
    pub(super) eta: &'a mut [f64],
    pub(super) y: &'a [f32],
    pub(super) weights: &'a [f64],
    /// Weight × curvature, the negative second derivative; empty where that is not asked.
    pub(super) curvature: &'a mut [f32],
}

impl Stretch<'_> {
    /// The sum of weight × log-likelihood, without what does not depend on the predictor.
    pub(super) fn evaluate(self) -> f64 {
        <f32 as Real>::dispatch(<f32 as Real>::detect(), self)
    }
}

/// Sums that do not wait for each other.
const LANES: usize = 8;

/// Calls `at` with chunks of `LANES` frames: predictors, responses, weights, and the derivatives that it writes; what is left over
/// is filled up with frames without weight.
#[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
#[inline(always)]
fn each(s: &mut Stretch, at: impl Fn([f64; LANES], [f64; LANES]) -> [[f64; LANES]; 3]) -> f64 {
    let mut sums = [0.0; LANES];
    let frames = s.eta.len();
    let mut first = 0;
    while first < frames {
        let here = LANES.min(frames - first);
        let (mut eta, mut y, mut w) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        if here == LANES {
            eta.copy_from_slice(&s.eta[first..first + LANES]);
            w.copy_from_slice(&s.weights[first..first + LANES]);
            let values = &s.y[first..first + LANES];
            y = std::array::from_fn(|k| f64::from(values[k]));
        } else {
            for k in 0..here {
                (eta[k], y[k], w[k]) = (s.eta[first + k], f64::from(s.y[first + k]), s.weights[first + k]);
            }
        }
        let [value, slope, curvature] = at(eta, y);
        for k in 0..LANES {
            sums[k] += w[k] * value[k];
        }
        let slope: [f64; LANES] = std::array::from_fn(|k| w[k] * slope[k]);
        s.eta[first..first + here].copy_from_slice(&slope[..here]);
        if !s.curvature.is_empty() {
            let curvature: [f32; LANES] = std::array::from_fn(|k| (w[k] * curvature[k]) as f32);
            s.curvature[first..first + here].copy_from_slice(&curvature[..here]);
        }
        first += here;
    }
    sums.iter().sum()
}

impl Kernel<f32> for Stretch<'_> {
    type Output = f64;

    #[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
    #[inline(always)]
    unsafe fn run<V: Vector<Real = f32>>(mut self) -> f64 {
        let alpha = self.dispersion;
        match self.family {
            Family::Gaussian => each(&mut self, |eta, y| {
                let slope: [f64; LANES] = std::array::from_fn(|k| y[k] - eta[k]);
                [slope.map(|r| -0.5 * r * r), slope, [1.0; LANES]]
            }),
            Family::Poisson => each(&mut self, |eta, y| {
                let mean = exp(eta);
                let value = std::array::from_fn(|k| y[k] * eta[k] - mean[k]);
                [value, std::array::from_fn(|k| y[k] - mean[k]), mean]
            }),
            Family::Bernoulli => each(&mut self, |eta, y| {
                let small = exp(eta.map(|e| -e.abs()));
                let mean: [f64; LANES] =
                    std::array::from_fn(|k| if eta[k] >= 0.0 { 1.0 } else { small[k] } / (1.0 + small[k]));
                let value = std::array::from_fn(|k| y[k] * eta[k] - eta[k].max(0.0) - small[k].ln_1p());
                let curvature = std::array::from_fn(|k| small[k] / ((1.0 + small[k]) * (1.0 + small[k])));
                [value, std::array::from_fn(|k| y[k] - mean[k]), curvature]
            }),
            Family::NegativeBinomial { .. } => each(&mut self, |eta, y| {
                let mean = exp(eta);
                let whole: [f64; LANES] = std::array::from_fn(|k| 1.0 + alpha * mean[k]);
                let value = std::array::from_fn(|k| y[k] * eta[k] - (y[k] + 1.0 / alpha) * (alpha * mean[k]).ln_1p());
                let slope = std::array::from_fn(|k| (y[k] - mean[k]) / whole[k]);
                let curvature = std::array::from_fn(|k| mean[k] * (1.0 + alpha * y[k]) / (whole[k] * whole[k]));
                [value, slope, curvature]
            }),
        }
    }
}

/// `eˣ` of numbers from −700 to 700, others as the nearer of these, to two units in the last place: x = n ln 2 + f, a polynomial
/// (Taylor's, whose first omitted term is below 4·10⁻¹⁸) in f, and 2ⁿ by the bits of the exponent. NaN stays NaN.
#[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
#[inline(always)]
fn exp(x: [f64; LANES]) -> [f64; LANES] {
    /// 1.5 · 2⁵²: what is added to it is rounded to a whole number, which stands in its last bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    /// ln 2 in two parts, the first of which has few enough bits for its product with n to be exact.
    const LN_2: [f64; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
    const TERMS: [f64; 14] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ];
    let mut out = [0.0; LANES];
    for k in 0..LANES {
        // NaN comes through: comparisons with it fail.
        let x = if x[k] > 700.0 { 700.0 } else { x[k] };
        let x = if x < -700.0 { -700.0 } else { x };
        let shifted = x * std::f64::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let f = (x - n * LN_2[0]) - n * LN_2[1];
        let mut p = TERMS[0];
        for term in &TERMS[1..] {
            p = p * f + term;
        }
        out[k] = p * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_the_standard_library() {
        for step in -69_000_i32..69_000 {
            let x = f64::from(step) * 0.010_137;
            let found = exp([x; LANES])[step.unsigned_abs() as usize % LANES];
            // Two units in the last place.
            assert!((found / x.exp() - 1.0).abs() < 4.5e-16, "{x}: {found}, not {}", x.exp());
        }
        assert!(exp([f64::NAN; LANES])[0].is_nan() && exp([1e9; LANES])[1].is_finite() && exp([-1e9; LANES])[2] > 0.0);
    }

    /// Slope and curvature against finite differences of the value, of stretches that do not fill a vector.
    #[test]
    fn derivatives_are_those_of_the_likelihood() {
        let families =
            [Family::Gaussian, Family::Poisson, Family::Bernoulli, Family::NegativeBinomial { dispersion: None }];
        for family in families {
            let y = [0.0, 1.0, 1.0, 0.0, 0.0_f32, 1.0, 0.5, 1.0, 0.0, 1.0, 0.25];
            let weights: Vec<f64> = (0..11).map(|k| f64::from(k % 3) * 0.5).collect();
            let evaluate = |by: f64| {
                let mut eta: Vec<f64> = (0..11).map(|k| 0.7 * f64::from(k) - 3.0 + by).collect();
                let mut curvature = vec![0.0; 11];
                let value = Stretch {
                    family,
                    dispersion: 0.4,
                    eta: &mut eta,
                    y: &y,
                    weights: &weights,
                    curvature: &mut curvature,
                }
                .evaluate();
                (value, eta.iter().sum::<f64>(), curvature.iter().map(|c| f64::from(*c)).sum::<f64>())
            };
            let (before, now, after) = (evaluate(-1e-5), evaluate(0.0), evaluate(1e-5));
            let (slope, curvature) = ((after.0 - before.0) / 2e-5, -(after.1 - before.1) / 2e-5);
            // Differences lose half of the digits; curvatures have 32 bits.
            assert!((slope - now.1).abs() < 1e-7 * now.1.abs().max(1.0), "{family:?}: {slope}, {now:?}");
            assert!((curvature - now.2).abs() < 1e-6 * now.2, "{family:?}: {curvature}, {now:?}");
        }
    }
}
