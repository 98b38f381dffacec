//! Stage `loss`: bins, residuals and the data term (docs/model.md#loss).

use super::real::Real;
use crate::engine::LossKind;

/// One bin of one condition: `y = mean of the rates`, `residual = y − F` (its sign under L1). Returns Σ (y − F)²
/// or Σ |y − F| over the neurons, in an order that depends on nothing but their number.
///
/// `rates [w × padded]`, `target [padded]` (zero in the padding), `residual [padded]`.
#[inline(always)]
pub(super) fn bin<T: Real>(kind: LossKind, rates: &[T], target: &[T], residual: &mut [T]) -> f64 {
    const LANES: usize = 16;
    let np = target.len();
    let scale = T::from_f64(1.0 / (rates.len() / np) as f64);
    let mut sums = [T::ZERO; LANES];
    for i in (0..np).step_by(LANES) {
        let mut y = [T::ZERO; LANES];
        for step in rates.chunks_exact(np) {
            for l in 0..LANES {
                y[l] += step[i + l];
            }
        }
        for l in 0..LANES {
            let difference = y[l] * scale - target[i + l];
            match kind {
                LossKind::L2 => {
                    residual[i + l] = difference;
                    sums[l] += difference * difference;
                }
                LossKind::L1 => {
                    let sign = if difference > T::ZERO { T::ONE } else { -T::ONE };
                    residual[i + l] = if difference == T::ZERO { T::ZERO } else { sign };
                    sums[l] += difference.abs();
                }
            }
        }
    }
    sums.iter().map(|s| s.to_f64()).sum()
}

/// The data term from its per-condition sums, and the factor of the residuals in the direct term `g_t` of the
/// adjoint: `1/(w √E)`, or `1/w` under L1; zero where the fit is perfect.
pub(super) fn data_term(kind: LossKind, sums: &[f64], steps_per_bin: usize) -> (f64, f64) {
    let total: f64 = sums.iter().sum();
    let w = steps_per_bin as f64;
    match kind {
        LossKind::L1 => (total, 1.0 / w),
        LossKind::L2 if total == 0.0 => (0.0, 0.0),
        LossKind::L2 => (total.sqrt(), 1.0 / (w * total.sqrt())),
    }
}
