//! Stage `weight_gradient`: `∂W_eff = Σ_{c,t} δ_t r_{t−1}ᵀ` and `∂W_in = Σ_{c,t} δ_t u_{t−1}ᵀ` as tiled products
//! (MATH.md, "Reverse-time gradient"). The sums run over conditions, then time, in order.

use super::aligned::Aligned;
use super::real::{Kernel, Real};
use super::shape::{Panel, Shape, even_runs};
use super::shared::Shared;
use super::simd::Vector;
use super::tile::Tile;

/// Time steps whose δ are copied together before they are used N times: 128 × 48 rows × 4 B = half of a 48 KiB
/// first-level cache.
const BLOCK: usize = 128;

/// The gradients of one panel of postsynaptic neurons.
pub(super) struct WeightGradient<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    pub panel: Panel,
    /// Whether `∂W_eff` is wanted at all.
    pub recurrent: bool,
    /// δ, `[C][T][padded]` (t ≥ 1).
    pub delta: &'a [T],
    /// r, `[C][T][padded]`.
    pub r: &'a [T],
    /// `∂W_eff` of the panel, `[N pre][rows]`.
    pub recurrent_out: &'a mut [T],
    /// `∂W_in` of the panel, `[G][U][rows]`.
    pub input_out: &'a mut [T],
}

impl<T: Real> Kernel<T> for WeightGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(mut self) {
        let d = self.shape.dims;
        self.input_out.fill(T::ZERO);
        if self.recurrent {
            self.recurrent_out.fill(T::ZERO);
            let mut block = Aligned::zeros(BLOCK * self.panel.rows);
            for c in 0..d.conditions {
                for from in (1..d.time_steps).step_by(BLOCK) {
                    let steps = BLOCK.min(d.time_steps - from);
                    // SAFETY: the caller's promise about V; steps from…from+steps are below T.
                    unsafe { self.recurrent_block::<V>(c, from, steps, &mut block) };
                }
            }
        }
        for c in 0..d.conditions {
            // SAFETY: the caller's promise about V.
            unsafe { self.inputs::<V>(c) };
        }
    }
}

impl<T: Real> WeightGradient<'_, T> {
    /// # Safety
    /// The processor must have V's instructions; `1 ≤ from`, `from + steps ≤ T`.
    #[inline(always)]
    unsafe fn recurrent_block<V: Vector<Real = T>>(&mut self, c: usize, from: usize, steps: usize, block: &mut [T]) {
        let (n, np, rows) = (self.shape.dims.neurons, self.shape.padded, self.panel.rows);
        let first = c * self.shape.trajectory() + from * np;
        let delta = self.delta[first..first + steps * np].chunks_exact(np);
        for (to, step) in block.chunks_exact_mut(rows).zip(delta) {
            to.copy_from_slice(&step[self.panel.start..self.panel.start + rows]);
        }
        for (j, cols) in even_runs(n, self.shape.columns) {
            // SAFETY: the caller's promise; r has `steps` rows from `from − 1`, and column j + cols ≤ N.
            unsafe {
                V::tile(&Tile {
                    a: block.as_ptr(),
                    a_stride: rows,
                    b: self.r.as_ptr().add(first - np + j),
                    b_depth_stride: np,
                    b_col_stride: 1,
                    depth: steps,
                    vectors: self.panel.vectors,
                    cols,
                    out: self.recurrent_out.as_mut_ptr().add(j * rows),
                    out_stride: rows,
                    accumulate: true,
                });
            }
        }
    }

    /// # Safety
    /// The processor must have V's instructions.
    #[inline(always)]
    unsafe fn inputs<V: Vector<Real = T>>(&mut self, c: usize) {
        let (d, np, rows) = (self.shape.dims, self.shape.padded, self.panel.rows);
        let stimulus = self.shared.sequence[c] * d.time_steps * d.channels;
        for (u, cols) in even_runs(d.channels, self.shape.columns) {
            let out = (self.shared.input_group[c] * d.channels + u) * rows;
            // SAFETY: the caller's promise; T − 1 rows of δ and of the stimulus, channels u…u+cols ≤ U.
            unsafe {
                V::tile(&Tile {
                    a: self.delta.as_ptr().add(c * self.shape.trajectory() + np + self.panel.start),
                    a_stride: np,
                    b: self.shared.stimulus.as_ptr().add(stimulus + u),
                    b_depth_stride: d.channels,
                    b_col_stride: 1,
                    depth: d.time_steps - 1,
                    vectors: self.panel.vectors,
                    cols,
                    out: self.input_out.as_mut_ptr().add(out),
                    out_stride: rows,
                    accumulate: true,
                });
            }
        }
    }
}
