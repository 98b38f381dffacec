//! Stage `loss`: bins and residuals (docs/model.md#loss).

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
