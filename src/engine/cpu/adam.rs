//! Stage `adam`: the optimiser as Keras states it (docs/model.md#step).

use super::real::{Kernel, Real};
use super::simd::Vector;
use crate::engine::Adam;

/// Updates a run of parameters: `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `p ← p − lr_t m / (√v + ε)`.
pub(super) struct Update<'a, T> {
    pub adam: Adam,
    /// `lr_t`, bias correction included.
    pub step_size: f32,
    /// Clipping factor of the gradient.
    pub factor: f64,
    pub gradient: &'a [T],
    pub parameters: &'a mut [T],
    pub first_moment: &'a mut [T],
    pub second_moment: &'a mut [T],
}

impl<T: Real> Kernel<T> for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(self) {
        let [b1, b2, c1, c2, epsilon, step, factor] = [
            self.adam.beta1,
            self.adam.beta2,
            1.0 - self.adam.beta1,
            1.0 - self.adam.beta2,
            self.adam.epsilon,
            f64::from(self.step_size),
            self.factor,
        ]
        .map(T::from_f64);
        let moments = self.first_moment.iter_mut().zip(self.second_moment);
        for ((p, g), (m, v)) in self.parameters.iter_mut().zip(self.gradient).zip(moments) {
            let g = *g * factor;
            *m = b1 * *m + c1 * g;
            *v = b2 * *v + c2 * g * g;
            *p = *p - step * *m / (v.sqrt() + epsilon);
        }
    }
}
