//! Stage `adjoint`: the reverse-time recurrence (docs/model.md#reverse-time-gradient).

use super::forward::{LINE, SUMS, Sums};
use super::real::{Kernel, Real};
use super::shape::{Panel, Shape, even_runs};
use super::shared::Shared;
use super::simd::Vector;
use super::tile::Tile;
use super::weights::Derived;
use std::ops::Range;

/// Runs some conditions of one network from t = T − 1 down to 1:
/// `ρ_t = g_t + W_effᵀ δ_{t+1}`, `s_t = ρ_t ⊙ r_t ⊙ (1 − r_t)`, `λ_t = (1 − α) ⊙ λ_{t+1} + s_t`, `δ_t = α ⊙ λ_t`.
///
/// δ_t takes the place of x_t, which nothing needs once step t is done.
pub(super) struct Adjoint<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    pub derived: &'a Derived<T>,
    /// Which conditions; the slices below are theirs.
    pub conditions: Range<usize>,
    /// Factor of the residuals in `g_t`.
    pub scale: T,
    /// x on entry, δ on return (t ≥ 1), `[conditions][T][padded]`.
    pub x: &'a mut [T],
    /// r, `[conditions][T][padded]`.
    pub r: &'a [T],
    /// Residuals, `[conditions][B][padded]`.
    pub residual: &'a [T],
    /// λ, `[conditions][padded]`; zeroed here.
    pub lambda: &'a mut [T],
    /// Σ_t s_t, `[conditions][padded]`.
    pub d_current: &'a mut [T],
    /// Σ_t λ_t ⊙ (x_t − x_{t−1}), `[conditions][padded]`.
    pub d_alpha: &'a mut [T],
}

impl<T: Real> Kernel<T> for Adjoint<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(mut self) {
        self.lambda.fill(T::ZERO);
        self.d_current.fill(T::ZERO);
        self.d_alpha.fill(T::ZERO);
        let mut sums = Sums([T::ZERO; SUMS]);
        for t in (1..self.shape.dims.time_steps).rev() {
            // SAFETY: the caller's promise about V; the slices hold all conditions' trajectories.
            unsafe { self.step::<V>(t, &mut sums) };
        }
    }
}

impl<T: Real> Adjoint<'_, T> {
    /// # Safety
    /// The processor must have V's instructions, `1 ≤ t < T`.
    #[inline(always)]
    unsafe fn step<V: Vector<Real = T>>(&mut self, t: usize, sums: &mut Sums<T>) {
        let (d, np, stride) = (self.shape.dims, self.shape.padded, self.shape.trajectory());
        let recurrent = self.shared.recurrent && t + 1 < d.time_steps;
        for panel in &self.shape.panels {
            for (first, cols) in even_runs(self.conditions.len(), self.shape.columns) {
                // SAFETY: the caller's promise; as in the forward stage, every pointer stays inside its slice.
                unsafe {
                    self.prefetch::<V>(t, *panel, first..first + cols);
                    if recurrent {
                        V::tile(&Tile {
                            a: self.derived.adjoint.as_ptr().add(panel.start * d.neurons),
                            a_stride: panel.rows,
                            b: self.x.as_ptr().add(first * stride + (t + 1) * np),
                            b_depth_stride: 1,
                            b_col_stride: stride,
                            depth: d.neurons,
                            vectors: panel.vectors,
                            cols,
                            out: sums.0.as_mut_ptr(),
                            out_stride: panel.rows,
                            accumulate: false,
                        });
                    }
                    for k in 0..cols {
                        self.update::<V>(t, *panel, first + k, sums.0.as_ptr().add(k * panel.rows));
                    }
                }
            }
        }
    }

    /// Fetches what [`Self::update`] will read for the first time, while the product keeps the processor busy.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn prefetch<V: Vector<Real = T>>(&self, t: usize, panel: Panel, columns: Range<usize>) {
        let np = self.shape.padded;
        for k in columns {
            let row = k * self.shape.trajectory() + t * np + panel.start;
            for i in (row..row + panel.rows).step_by(LINE / size_of::<T>()) {
                // SAFETY: the caller's promise; rows t and t − 1 of condition k are inside the arrays.
                unsafe {
                    V::prefetch(self.r.as_ptr().add(i));
                    V::prefetch(self.x.as_ptr().add(i - np));
                }
            }
        }
    }

    /// Where the residuals of local condition `k` at step `t` start, if that step counts.
    #[inline(always)]
    fn residual_row(&self, k: usize, t: usize) -> Option<usize> {
        let d = self.shape.dims;
        let bin = t.checked_sub(d.thermal)? / d.steps_per_bin;
        let counts = bin < self.shared.bins[self.conditions.start + k];
        counts.then_some((k * d.bins + bin) * self.shape.padded)
    }

    /// The panel's neurons of local condition `k`; `rho` is `W_effᵀ δ_{t+1}` there.
    ///
    /// # Safety
    /// As for [`Self::step`]; `rho` has the panel's rows.
    #[inline(always)]
    unsafe fn update<V: Vector<Real = T>>(&mut self, t: usize, panel: Panel, k: usize, rho: *const T) {
        let np = self.shape.padded;
        let residual = self.residual_row(k, t);
        let scale = self.scale;
        for v in (0..panel.rows).step_by(V::LANES) {
            let i = panel.start + v;
            let row = k * self.shape.trajectory() + t * np + i;
            // SAFETY: the caller's promise; all offsets are inside the arrays of those shapes.
            unsafe {
                let mut rho = V::load(rho.add(v));
                if let Some(residual) = residual {
                    rho = V::load(self.residual.as_ptr().add(residual + i)).mul_add(V::splat(scale), rho);
                }
                let r = V::load(self.r.as_ptr().add(row));
                let s = rho.mul(r.mul(V::splat(T::ONE).sub(r)));
                let alpha = V::load(self.derived.alpha.as_ptr().add(i));
                let lambda_at = self.lambda.as_mut_ptr().add(k * np + i);
                let after = V::load(lambda_at);
                // (1 − α) λ + s
                let lambda = after.sub(alpha.mul(after)).add(s);
                lambda.store(lambda_at);

                let x = V::load(self.x.as_ptr().add(row));
                let before = V::load(self.x.as_ptr().add(row - np));
                let d_alpha = self.d_alpha.as_mut_ptr().add(k * np + i);
                lambda.mul_add(x.sub(before), V::load(d_alpha)).store(d_alpha);
                let d_current = self.d_current.as_mut_ptr().add(k * np + i);
                V::load(d_current).add(s).store(d_current);
                alpha.mul(lambda).store(self.x.as_mut_ptr().add(row));
            }
        }
    }
}
