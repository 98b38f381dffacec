//! Stage `forward`: the batched recurrent update (docs/model.md#dynamics), with stage `loss` at the end of every bin.

use super::aligned::Aligned;
use super::course::Course;
use super::loss;
use super::real::{Kernel, Real};
use super::shape::{Panel, Shape, even_runs};
use super::shared::Shared;
use super::simd::Vector;
use super::tile::Tile;
use super::weights::Derived;
use std::ops::Range;

/// Most numbers of one tile's sums: 24 AVX-512 registers.
pub(super) const SUMS: usize = 384;

/// Bytes of a cache line, or a divisor of it.
pub(super) const LINE: usize = 64;

/// Scratch for a tile's sums, aligned like its registers.
#[repr(C, align(64))]
pub(super) struct Sums<T>(pub [T; SUMS]);

/// Simulates some conditions of one network from t = 0 to T − 1:
/// `x_t = x_{t−1} + α ⊙ (W_eff r_{t−1} + W_in u_{t−1} − x_{t−1})`, `r_t = σ(x_t + I_ext)`, or what
/// the course of a perturbation makes of it.
pub(super) struct Forward<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    pub derived: &'a Derived<T>,
    pub course: &'a Course<T>,
    /// Packed weights of each of the course's sets of cuts.
    pub cut_weights: &'a [Aligned<T>],
    /// Stimulus, `[S][T][U]`.
    pub stimulus: &'a [T],
    /// x at t = 0, `[C][padded]`.
    pub initial_x: &'a [T],
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
        let mut inputs = vec![T::ZERO; self.conditions.len() * d.channels];
        let mut sums = Sums([T::ZERO; SUMS]);
        for t in 0..d.time_steps {
            if t > 0 {
                // SAFETY: the caller's promise about V; the slices hold all conditions' trajectories.
                unsafe { self.step::<V>(t, &mut inputs, &mut sums) };
            }
            let in_bins = (t + 1).saturating_sub(d.thermal);
            if in_bins > 0 && in_bins.is_multiple_of(d.steps_per_bin) && in_bins / d.steps_per_bin <= d.bins {
                // SAFETY: the caller's promise about V.
                unsafe {
                    self.bin::<V>(in_bins / d.steps_per_bin - 1);
                    self.prefetch_bin::<V>(in_bins / d.steps_per_bin);
                }
            }
        }
    }
}

impl<T: Real> Forward<'_, T> {
    /// The given state at t = 0.
    fn start(&mut self) {
        let (np, stride) = (self.shape.padded, self.shape.trajectory());
        let output = self.course.at(0);
        for (k, c) in self.conditions.clone().enumerate() {
            self.x[k * stride..k * stride + np].copy_from_slice(&self.initial_x[c * np..(c + 1) * np]);
            let given = &self.shared.initial_r[c * np..(c + 1) * np];
            let r = &mut self.r[k * stride..k * stride + np];
            for i in 0..np {
                r[i] = given[i] * output.gain[i] + output.offset[i];
            }
            self.data[k] = 0.0;
        }
    }

    /// # Safety
    /// The processor must have V's instructions, `t ≥ 1`.
    #[inline(always)]
    unsafe fn step<V: Vector<Real = T>>(&mut self, t: usize, inputs: &mut [T], sums: &mut Sums<T>) {
        self.gather_inputs(t, inputs);
        for panel in &self.shape.panels {
            for (first, cols) in even_runs(self.conditions.len(), self.shape.columns) {
                // SAFETY: the caller's promise.
                unsafe {
                    self.prefetch::<V>(t, *panel, first..first + cols);
                    self.drive::<V>(t, *panel, first..first + cols, inputs, sums);
                    self.integrate::<V>(t, *panel, first..first + cols, sums);
                }
            }
        }
    }

    /// Collects `u_{t−1}` of each condition, `[conditions][U]`.
    #[inline(always)]
    fn gather_inputs(&self, t: usize, inputs: &mut [T]) {
        let d = self.shape.dims;
        for (c, to) in self.conditions.clone().zip(inputs.chunks_exact_mut(d.channels.max(1))) {
            let from = (self.shared.sequence[c] * d.time_steps + t - 1) * d.channels;
            to.copy_from_slice(&self.stimulus[from..from + d.channels]);
        }
    }

    /// Fetches the lines that [`Self::integrate`] will write, while the product keeps the processor busy.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn prefetch<V: Vector<Real = T>>(&self, t: usize, panel: Panel, columns: Range<usize>) {
        for k in columns {
            let row = k * self.shape.trajectory() + t * self.shape.padded + panel.start;
            for i in (row..row + panel.rows).step_by(LINE / size_of::<T>()) {
                // SAFETY: the caller's promise; row t of condition k is inside both arrays.
                unsafe {
                    V::prefetch(self.x.as_ptr().add(i));
                    V::prefetch(self.r.as_ptr().add(i));
                }
            }
        }
    }

    /// `W_eff r_{t−1} + W_in u_{t−1}` of the panel's rows, `[columns][rows]`.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn drive<V: Vector<Real = T>>(
        &self,
        t: usize,
        panel: Panel,
        columns: Range<usize>,
        inputs: &[T],
        sums: &mut Sums<T>,
    ) {
        let (d, np, stride) = (self.shape.dims, self.shape.padded, self.shape.trajectory());
        let weights = self.course.at(t).cut_set.map_or(&self.derived.forward, |set| &self.cut_weights[set]);
        let mut tile = Tile {
            a: weights.as_ptr().wrapping_add(panel.start * d.neurons),
            a_stride: panel.rows,
            b: self.r.as_ptr().wrapping_add(columns.start * stride + (t - 1) * np),
            b_depth_stride: 1,
            b_col_stride: stride,
            depth: d.neurons,
            vectors: panel.vectors,
            cols: columns.len(),
            out: sums.0.as_mut_ptr(),
            out_stride: panel.rows,
            accumulate: false,
        };
        if self.shared.recurrent {
            // SAFETY: the caller's promise; packed weights have `depth` rows, rates `padded` numbers a step and condition.
            unsafe { V::tile(&tile) };
        }
        // Neighbouring conditions that share an input matrix are one product.
        let group = |k: usize| self.shared.input_group[self.conditions.start + k];
        let mut first = columns.start;
        while first < columns.end {
            let last = (first..columns.end).find(|k| group(*k) != group(first)).unwrap_or(columns.end);
            tile.a = self.derived.inputs.as_ptr().wrapping_add(group(first) * d.channels * np + panel.start);
            tile.a_stride = np;
            tile.b = inputs.as_ptr().wrapping_add(first * d.channels);
            tile.b_col_stride = d.channels;
            tile.depth = d.channels;
            tile.cols = last - first;
            tile.out = sums.0.as_mut_ptr().wrapping_add((first - columns.start) * panel.rows);
            tile.accumulate = self.shared.recurrent;
            // SAFETY: the caller's promise; matrices have `channels` rows of `padded`, `inputs` `channels` a condition.
            unsafe { V::tile(&tile) };
            first = last;
        }
    }

    /// From the drive of the panel's neurons to x and r at step `t`.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn integrate<V: Vector<Real = T>>(&mut self, t: usize, panel: Panel, columns: Range<usize>, sums: &Sums<T>) {
        let (np, stride) = (self.shape.padded, self.shape.trajectory());
        let output = self.course.at(t);
        for v in (0..panel.rows).step_by(V::LANES) {
            let i = panel.start + v;
            // SAFETY: the caller's promise; all offsets are inside the arrays of those shapes.
            unsafe {
                let alpha = V::load(self.derived.alpha.as_ptr().add(i));
                let current = V::load(self.derived.current.as_ptr().add(i));
                let current = current.add(V::load(output.current.as_ptr().add(i)));
                let gain = V::load(output.gain.as_ptr().add(i));
                let offset = V::load(output.offset.as_ptr().add(i));
                for (local, k) in columns.clone().enumerate() {
                    let row = k * stride + t * np + i;
                    let core = V::load(sums.0.as_ptr().add(local * panel.rows + v));
                    let before = V::load(self.x.as_ptr().add(row - np));
                    let x = alpha.mul_add(core.sub(before), before);
                    x.store(self.x.as_mut_ptr().add(row));
                    gain.mul_add(x.add(current).sigmoid(), offset).store(self.r.as_mut_ptr().add(row));
                }
            }
        }
    }

    /// Residual and data term of bin `b`, whose last step was just simulated.
    ///
    /// # Safety
    /// As for [`Self::step`].
    #[inline(always)]
    unsafe fn bin<V: Vector<Real = T>>(&mut self, b: usize) {
        let (d, np, stride) = (self.shape.dims, self.shape.padded, self.shape.trajectory());
        let from = (d.thermal + b * d.steps_per_bin) * np;
        for (k, c) in self.conditions.clone().enumerate() {
            if b < self.shared.bins[c] {
                let rates = &self.r[k * stride + from..k * stride + from + d.steps_per_bin * np];
                let target = &self.shared.targets[(c * d.bins + b) * np..(c * d.bins + b + 1) * np];
                let residual = &mut self.residual[(k * d.bins + b) * np..(k * d.bins + b + 1) * np];
                // SAFETY: the caller's promise; the slices are of `padded` numbers a step.
                self.data[k] += unsafe { loss::bin::<V>(self.shared.loss, rates, target, residual) };
            }
        }
    }

    /// Fetches what [`Self::bin`] will read and write of bin `b`, where it counts, long before.
    ///
    /// # Safety
    /// The processor must have V's instructions.
    #[inline(always)]
    unsafe fn prefetch_bin<V: Vector<Real = T>>(&self, b: usize) {
        let (d, np) = (self.shape.dims, self.shape.padded);
        for (k, c) in self.conditions.clone().enumerate() {
            if b < self.shared.bins[c] {
                for i in (0..np).step_by(LINE / size_of::<T>()) {
                    // SAFETY: the caller's promise; both arrays have that bin.
                    unsafe {
                        V::prefetch(self.shared.targets.as_ptr().add((c * d.bins + b) * np + i));
                        V::prefetch(self.residual.as_ptr().add((k * d.bins + b) * np + i));
                    }
                }
            }
        }
    }
}
