//! The Gaussian filter along time.

use super::Smoothing;

impl Smoothing {
    /// Filters `signal` in place.
    ///
    /// Each pass sums in f64 and rounds its result to f32, as the published program does. Edges are reflected half a
    /// sample beyond the ends (`d c b a | a b c d | d c b a`), again and again where the filter is longer than the signal.
    pub(super) fn apply(&self, signal: &mut [f32]) {
        let taps = self.taps();
        for _ in 0..self.passes {
            pass(&taps, signal);
        }
    }

    /// One side of the symmetric filter, from its centre outwards: `exp(−j²/2σ²)` for j up to 4σ, the whole filter
    /// normalised to 1.
    fn taps(&self) -> Vec<f64> {
        let radius = (4.0 * self.sigma).round() as usize;
        let tap = |j: usize| (-0.5 * (j as f64 / self.sigma).powi(2)).exp();
        let side: f64 = (1..=radius).map(tap).sum();
        (0..=radius).map(|j| tap(j) / (1.0 + 2.0 * side)).collect()
    }
}

fn pass(taps: &[f64], signal: &mut [f32]) {
    let n = signal.len();
    if n == 0 {
        return;
    }
    let radius = taps.len() - 1;
    // The extended signal repeats with period 2n: forwards, then backwards.
    let reflected = |k: usize| {
        let phase = k % (2 * n);
        f64::from(signal[if phase < n { phase } else { 2 * n - 1 - phase }])
    };
    // The first sample of the extension is sample −radius, moved into the range of usize by whole periods.
    let first = radius.div_ceil(2 * n) * 2 * n - radius;
    let extended: Vec<f64> = (first..first + n + 2 * radius).map(reflected).collect();
    for (t, value) in signal.iter_mut().enumerate() {
        let centre = t + radius;
        let sides: f64 = (1..=radius).map(|j| taps[j] * (extended[centre - j] + extended[centre + j])).sum();
        *value = (taps[0] * extended[centre] + sides) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_taps_sum_to_one_and_end_at_four_sigma() {
        for (sigma, count) in [(20.0, 81), (0.1, 1), (1.0, 5), (7.4, 31)] {
            let taps = Smoothing { sigma, passes: 1 }.taps();
            let sum = taps[0] + 2.0 * taps[1..].iter().sum::<f64>();
            assert_eq!(taps.len(), count, "σ = {sigma}");
            assert!((sum - 1.0).abs() < 1e-14, "σ = {sigma}: the taps sum to {sum}");
        }
    }

    #[test]
    fn a_constant_stays_and_the_sum_is_kept() {
        for n in [1, 2, 7, 300] {
            let smoothing = Smoothing { sigma: 20.0, passes: 2 };
            let mut constant = vec![0.7_f32; n];
            smoothing.apply(&mut constant);
            // Sums in f64, one rounding to f32 a pass.
            assert!(constant.iter().all(|v| (v - 0.7).abs() < 1.2e-7));

            let mut impulse = vec![0.0_f32; n];
            impulse[n / 3] = 1.0;
            smoothing.apply(&mut impulse);
            let sum: f64 = impulse.iter().copied().map(f64::from).sum();
            // Reflection loses nothing; n values are each rounded twice by at most 6e-8 of themselves.
            assert!((sum - 1.0).abs() < 2e-7, "{n} samples: the impulse's sum became {sum}");
        }
    }

    /// The definition, written out: every tap, every reflection one step at a time.
    #[test]
    fn signals_shorter_than_the_filter_are_reflected_again_and_again() {
        let smoothing = Smoothing { sigma: 5.0, passes: 1 };
        let taps = smoothing.taps();
        for n in [1_i64, 2, 3, 5, 11] {
            let signal: Vec<f32> = (0..n).map(|t| (t * t) as f32 * 0.1 - 1.0).collect();
            let mut filtered = signal.clone();
            smoothing.apply(&mut filtered);
            for t in 0..n {
                let mut expected = 0.0;
                for j in -20..=20_i64 {
                    let mut k = t + j;
                    while !(0..n).contains(&k) {
                        k = if k < 0 { -1 - k } else { 2 * n - 1 - k };
                    }
                    expected += taps[j.unsigned_abs() as usize] * f64::from(signal[k as usize]);
                }
                let difference = (f64::from(filtered[t as usize]) - expected).abs();
                assert!(difference <= 6e-8 * expected.abs().max(1.0), "{n} samples, sample {t}: off by {difference}");
            }
        }
    }
}
