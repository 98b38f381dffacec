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
        let bin = t.checked_sub(d.thermal).map(|after| after / d.steps_per_bin);
        let next =
            bin.filter(|bin| t + 1 == d.thermal + (bin + 1) * d.steps_per_bin).and_then(|bin| bin.checked_sub(1));
        if next.is_some() {
            // SAFETY: the caller's promise.
            unsafe { self.prefetch_bin::<V>(next) };
        }
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
                        self.update::<V>(t, bin, *panel, first + k, sums.0.as_ptr().add(k * panel.rows));
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

    /// Fetches the residuals of a bin where it counts, long before they are read.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn prefetch_bin<V: Vector<Real = T>>(&self, bin: Option<usize>) {
        for k in 0..self.conditions.len() {
            if let Some(row) = self.residual_row(k, bin) {
                for i in (row..row + self.shape.padded).step_by(LINE / size_of::<T>()) {
                    // SAFETY: the caller's promise; the bin is one of condition k's.
                    unsafe { V::prefetch(self.residual.as_ptr().add(i)) };
                }
            }
        }
    }

    /// Where the residuals of local condition `k` in bin `bin` start, if that bin counts.
    #[inline(always)]
    fn residual_row(&self, k: usize, bin: Option<usize>) -> Option<usize> {
        let bin = bin.filter(|bin| *bin < self.shared.bins[self.conditions.start + k])?;
        Some((k * self.shape.dims.bins + bin) * self.shape.padded)
    }

    /// The panel's neurons of local condition `k` in bin `bin`, if it is in one; `rho` is `W_effᵀ δ_{t+1}` there.
    ///
    /// # Safety
    /// As for [`Self::step`]; `rho` has the panel's rows.
    #[inline(always)]
    unsafe fn update<V: Vector<Real = T>>(
        &mut self,
        t: usize,
        bin: Option<usize>,
        panel: Panel,
        k: usize,
        rho: *const T,
    ) {
        let np = self.shape.padded;
        let (sums, row) = (k * np + panel.start, k * self.shape.trajectory() + t * np + panel.start);
        // Taken once: a compiler that does not know them from what is stored below would read them again each time.
        // SAFETY: the caller's promise; all offsets are inside the arrays of those shapes.
        unsafe {
            let (scale, one) = (V::splat(self.scale), V::splat(T::ONE));
            let residual = self.residual_row(k, bin).map(|row| self.residual.as_ptr().add(row + panel.start));
            let (r, x) = (self.r.as_ptr().add(row), self.x.as_mut_ptr().add(row));
            let before = x.sub(np).cast_const();
            let alpha = self.derived.alpha.as_ptr().add(panel.start);
            let lambda = self.lambda.as_mut_ptr().add(sums);
            let d_alpha = self.d_alpha.as_mut_ptr().add(sums);
            let d_current = self.d_current.as_mut_ptr().add(sums);
            for v in (0..panel.rows).step_by(V::LANES) {
                let mut rho = V::load(rho.add(v));
                if let Some(residual) = residual {
                    rho = V::load(residual.add(v)).mul_add(scale, rho);
                }
                let r = V::load(r.add(v));
                let s = rho.mul(r.mul(one.sub(r)));
                let alpha = V::load(alpha.add(v));
                let after = V::load(lambda.add(v));
                // (1 − α) λ + s
                let now = after.sub(alpha.mul(after)).add(s);
                now.store(lambda.add(v));
                let change = V::load(x.add(v)).sub(V::load(before.add(v)));
                now.mul_add(change, V::load(d_alpha.add(v))).store(d_alpha.add(v));
                V::load(d_current.add(v)).add(s).store(d_current.add(v));
                alpha.mul(now).store(x.add(v));
            }
        }
    }
}
