//! What of measured rates is rounding. Whoever asks whether rates are silent, constant or negative asks here.
//!
//! Smoothing by FFT mixes all numbers that it is given: where nothing fires it leaves not 0 but some 1e-16 of the largest of
//! them in double precision, some 1e-7 in single, of either sign. Limits are a few powers of ten above these errors, and far
//! below any rate that is one: a neuron whose peak is one spike in an hour, beside others of 100 spikes/s, is at 3e-6.

/// The largest rounding error of numbers in double precision, as a share of the largest of them.
const DOUBLE: f64 = 1e-12;

/// The same in single precision.
pub(crate) const SINGLE: f64 = 1e-6;

/// The largest of `values`, all finite, and the largest number that is a rounding error beside it. Numbers that single
/// precision holds exactly were made in it.
pub(crate) fn limit(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (largest, is_single) =
        values.fold((0.0_f64, true), |(most, single), v| (most.max(v), single && f64::from(v as f32) == v));
    (largest, largest * if is_single { SINGLE } else { DOUBLE })
}

/// Whether rates between `least` and `largest`, kept in single precision, differ by rounding only.
pub(crate) fn is_constant(least: f32, largest: f32) -> bool {
    f64::from(largest) - f64::from(least) <= SINGLE * f64::from(largest.abs().max(least.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_the_precision() {
        assert_eq!(limit([0.1, 40.0, 1e-14].into_iter()), (40.0, 40.0 * DOUBLE));
        assert_eq!(limit([0.1_f32, 40.0].into_iter().map(f64::from)), (40.0, 40.0 * SINGLE));
        assert_eq!(limit(std::iter::empty()), (0.0, 0.0));
        // A spike in an hour beside 100 a second.
        assert!(limit([1.0 / 3600.0, 100.0].into_iter()).1 < 1.0 / 3600.0);
        assert!(limit([(1.0_f32 / 3600.0).into(), 100.0].into_iter()).1 < 1.0 / 3600.0);
    }

    #[test]
    fn constant_is_relative_to_the_rates() {
        let next = |v: f32| f32::from_bits(v.to_bits() + 1);
        for rate in [0.0, 1e-30, 0.3, 1.0, 4e7] {
            assert!(is_constant(rate, rate) && is_constant(rate, next(rate)) == (rate > 0.0), "{rate}");
            assert!(!is_constant(rate, 1.0001 * rate + f32::MIN_POSITIVE), "{rate}");
        }
        // No bins at all.
        assert!(is_constant(f32::INFINITY, f32::NEG_INFINITY));
    }
}
