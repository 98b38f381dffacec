//! Stage `loss`: bins and residuals (docs/model.md#loss).

use super::real::Real;
use super::simd::Vector;
use crate::engine::LossKind;

/// One bin of one condition: `y = mean of the rates`, `residual = y − F` (its sign under L1). Returns Σ (y − F)²
/// or Σ |y − F| over the neurons, in an order that depends on nothing but their number.
///
/// `rates [w × padded]`, `target [padded]` (zero in the padding), `residual [padded]`.
///
/// # Safety
/// The processor must have V's instructions; `target` and `residual` hold `padded` numbers, `rates` some times as many.
#[inline(always)]
pub(super) unsafe fn bin<V: Vector>(
    kind: LossKind,
    rates: &[V::Real],
    target: &[V::Real],
    residual: &mut [V::Real],
) -> f64 {
    const LANES: usize = 16;
    let np = target.len();
    debug_assert!(np.is_multiple_of(LANES) && residual.len() == np);
    let mut sums = [V::Real::ZERO; LANES];
    // SAFETY: the caller's promise; i + LANES ≤ np, and V has at most 16 lanes, of which 16 is a multiple.
    unsafe {
        let scale = V::splat(V::Real::from_f64(1.0 / (rates.len() / np) as f64));
        for lane in (0..LANES).step_by(V::LANES) {
            let mut sum = V::splat(V::Real::ZERO);
            for i in (lane..np).step_by(LANES) {
                let mut y = V::splat(V::Real::ZERO);
                for step in (0..rates.len()).step_by(np) {
                    y = y.add(V::load(rates.as_ptr().add(step + i)));
                }
                let difference = y.mul(scale).sub(V::load(target.as_ptr().add(i)));
                difference.store(residual.as_mut_ptr().add(i));
                sum = sum.add(match kind {
                    LossKind::L2 => difference.mul(difference),
                    LossKind::L1 => difference.max(V::splat(V::Real::ZERO).sub(difference)),
                });
            }
            sum.store(sums.as_mut_ptr().add(lane));
        }
    }
    if kind == LossKind::L1 {
        for difference in residual {
            *difference = sign(*difference);
        }
    }
    sums.iter().map(|s| s.to_f64()).sum()
}

fn sign<T: Real>(difference: T) -> T {
    let sign = if difference > T::ZERO { T::ONE } else { -T::ONE };
    if difference == T::ZERO { T::ZERO } else { sign }
}
