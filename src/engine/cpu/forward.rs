//! Stage `forward`: the batched recurrent update (MATH.md, "Dynamics"), with stage `loss` at the end of every bin.

use super::loss;
use super::real::{Kernel, Real};
use super::shape::{Shape, even_runs};
use super::shared::{Lesion, Shared};
use super::simd::Vector;
use super::tile::Tile;
use super::weights::Derived;
use std::ops::Range;

/// Most numbers of one tile's sums: 3 AVX-512 registers × 8 columns.
pub(super) const SUMS: usize = 512;

/// Scratch for a tile's sums, aligned like its registers.
#[repr(C, align(64))]
pub(super) struct Sums<T>(pub [T; SUMS]);

/// Simulates some conditions of one network from t = 0 to T − 1:
/// `x_t = x_{t−1} + α ⊙ (W_eff r_{t−1} + W_in u_{t−1} − x_{t−1})`, `r_t = keep ⊙ σ(x_t + I_ext)`.
pub(super) struct Forward<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    pub derived: &'a Derived<T>,
    pub lesion: &'a Lesion<T>,
    /// Stimulus, `[S][T][U]`.
    pub stimulus: &'a [T],
    /// Which conditions; the slices below are theirs.
    pub conditions: Range<usize>,
    /// x, `[conditions][T][padded]`.
    pub x: &'a mut [T],
    /// r, `[conditions][T][padded]`.
    pub r: &'a mut [T],
    /// Residuals, `[conditions][B][padded]`.
    pub residual: &'a mut [T],
    /// Data term before the root, `[conditions]`.
    pub data: &'a mut [f64],
}

impl<T: Real> Kernel<T> for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(mut self) {
        let d = self.shape.dims;
        self.start();
        for t in 0..d.time_steps {
            if t > 0 {
                // SAFETY: the caller's promise about V; the slices hold all conditions' trajectories.
                unsafe { self.step::<V>(t) };
            }
            let in_bins = (t + 1).saturating_sub(d.thermal);
            if in_bins > 0 && in_bins.is_multiple_of(d.steps_per_bin) && in_bins / d.steps_per_bin <= d.bins {
                self.bin(in_bins / d.steps_per_bin - 1);
            }
        }
    }
}

impl<T: Real> Forward<'_, T> {
    /// The given state at t = 0.
    fn start(&mut self) {
        let (np, stride) = (self.shape.padded, self.shape.trajectory());
        let keep = self.lesion.keep(0);
        for (k, c) in self.conditions.clone().enumerate() {
            self.x[k * stride..k * stride + np].copy_from_slice(&self.shared.initial_x[c * np..(c + 1) * np]);
            let given = &self.shared.initial_r[c * np..(c + 1) * np];
            for ((r, g), keep) in self.r[k * stride..k * stride + np].iter_mut().zip(given).zip(keep) {
                *r = *g * *keep;
            }
            self.data[k] = 0.0;
        }
    }

    /// # Safety
    /// The processor must have V's instructions, `t ≥ 1`.
    #[inline(always)]
    unsafe fn step<V: Vector<Real = T>>(&mut self, t: usize) {
        let (d, np, stride) = (self.shape.dims, self.shape.padded, self.shape.trajectory());
        let keep = self.lesion.keep(t);
        let mut sums = Sums([T::ZERO; SUMS]);
        for panel in &self.shape.panels {
            for (first, cols) in even_runs(self.conditions.len(), self.shape.columns) {
                // SAFETY: the caller's promise; every pointer below stays inside its slice: rows of `padded` numbers,
                // `T` of them a condition, and the panel's rows end at or before `padded`.
                unsafe {
                    if self.shared.recurrent {
                        V::tile(&Tile {
                            a: self.derived.forward.as_ptr().add(panel.start * d.neurons),
                            a_stride: panel.rows,
                            b: self.r.as_ptr().add(first * stride + (t - 1) * np),
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
                        for v in 0..panel.vectors {
                            let (i, s) = (panel.start + v * V::LANES, k * panel.rows + v * V::LANES);
                            let drive = V::load(sums.0.as_ptr().add(s));
                            self.update::<V>(first + k, t, i, drive, keep);
                        }
                    }
                }
            }
        }
    }

    /// One register of neurons from `i` of local condition `k`: adds the input to the recurrent drive and integrates.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn update<V: Vector<Real = T>>(&mut self, k: usize, t: usize, i: usize, recurrent: V, keep: &[T]) {
        let (d, np) = (self.shape.dims, self.shape.padded);
        let c = self.conditions.start + k;
        let row = k * self.shape.trajectory() + t * np + i;
        let stimulus = (self.shared.sequence[c] * d.time_steps + t - 1) * d.channels;
        let inputs = self.shared.input_group[c] * d.channels * np + i;
        // SAFETY: the caller's promise; all offsets are inside the arrays of those shapes.
        unsafe {
            let mut core = recurrent;
            for u in 0..d.channels {
                let value = *self.stimulus.get_unchecked(stimulus + u);
                core = V::load(self.derived.inputs.as_ptr().add(inputs + u * np)).mul_add(V::splat(value), core);
            }
            let before = V::load(self.x.as_ptr().add(row - np));
            let x = V::load(self.derived.alpha.as_ptr().add(i)).mul_add(core.sub(before), before);
            let rate = x.add(V::load(self.derived.current.as_ptr().add(i))).sigmoid();
            x.store(self.x.as_mut_ptr().add(row));
            rate.mul(V::load(keep.as_ptr().add(i))).store(self.r.as_mut_ptr().add(row));
        }
    }

    /// Residual and data term of bin `b`, whose last step was just simulated.
    fn bin(&mut self, b: usize) {
        let (d, np, stride) = (self.shape.dims, self.shape.padded, self.shape.trajectory());
        let from = (d.thermal + b * d.steps_per_bin) * np;
        for (k, c) in self.conditions.clone().enumerate() {
            if b < self.shared.bins[c] {
                let rates = &self.r[k * stride + from..k * stride + from + d.steps_per_bin * np];
                let target = &self.shared.targets[(c * d.bins + b) * np..(c * d.bins + b + 1) * np];
                let residual = &mut self.residual[(k * d.bins + b) * np..(k * d.bins + b + 1) * np];
                self.data[k] += loss::bin(self.shared.loss, rates, target, residual);
            }
        }
    }
}
