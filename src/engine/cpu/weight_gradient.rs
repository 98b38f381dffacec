//! Stage `weight_gradient`: `∂W_eff = Σ_{c,t} δ_t r_{t−1}ᵀ` and `∂W_in = Σ_{c,t} δ_t u_{t−1}ᵀ` as tiled products
//! (MATH.md, "Reverse-time gradient"). The sums run over conditions, then time, in order.

use super::aligned::Aligned;
use super::real::{Kernel, Real};
use super::shape::{Panel, Shape, even_runs};
use super::shared::Shared;
use super::simd::Vector;
use super::tile::Tile;

/// Time steps that are summed before the next panel's turn. Their r and δ (355 neurons: 2 × 188 KB) stay in the second-level
/// cache while every panel uses them, and one panel's δ (24 KB) in the first.
const BLOCK: usize = 128;

/// The gradients of a run of panels of postsynaptic neurons.
pub(super) struct WeightGradient<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    /// The panels; the two outputs below are theirs.
    pub panels: &'a [Panel],
    /// Whether `∂W_eff` is wanted at all.
    pub recurrent: bool,
    /// Stimulus, `[S][T][U]`.
    pub stimulus: &'a [T],
    /// δ, `[C][T][padded]` (t ≥ 1).
    pub delta: &'a [T],
    /// r, `[C][T][padded]`.
    pub r: &'a [T],
    /// `∂W_eff`, `[panel][N pre][rows]`.
    pub recurrent_out: &'a mut [T],
    /// `∂W_in`, `[panel][G][U][rows]`.
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
            let widest = self.panels.iter().map(|p| p.rows).max().unwrap_or(0);
            let mut block = Aligned::zeros(BLOCK * widest);
            for c in 0..d.conditions {
                for from in (1..d.time_steps).step_by(BLOCK) {
                    let steps = BLOCK.min(d.time_steps - from);
                    for panel in self.panels {
                        // SAFETY: the caller's promise about V; steps from…from+steps are below T.
                        unsafe { self.recurrent_block::<V>(*panel, c, from, steps, &mut block) };
                    }
                }
            }
        }
        for c in 0..d.conditions {
            for panel in self.panels {
                // SAFETY: the caller's promise about V.
                unsafe { self.inputs::<V>(*panel, c) };
            }
        }
    }
}

impl<T: Real> WeightGradient<'_, T> {
    /// Rows of the panels before `panel`.
    fn rows_before(&self, panel: Panel) -> usize {
        panel.start - self.panels[0].start
    }

    /// # Safety
    /// The processor must have V's instructions; `1 ≤ from`, `from + steps ≤ T`.
    #[inline(always)]
    unsafe fn recurrent_block<V: Vector<Real = T>>(
        &mut self,
        panel: Panel,
        c: usize,
        from: usize,
        steps: usize,
        block: &mut [T],
    ) {
        let (n, np, rows) = (self.shape.dims.neurons, self.shape.padded, panel.rows);
        let first = c * self.shape.trajectory() + from * np;
        let delta = self.delta[first..first + steps * np].chunks_exact(np);
        for (to, step) in block.chunks_exact_mut(rows).zip(delta) {
            to.copy_from_slice(&step[panel.start..panel.start + rows]);
        }
        let out = self.rows_before(panel) * n;
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
                    vectors: panel.vectors,
                    cols,
                    out: self.recurrent_out.as_mut_ptr().add(out + j * rows),
                    out_stride: rows,
                    accumulate: true,
                });
            }
        }
    }

    /// # Safety
    /// The processor must have V's instructions.
    #[inline(always)]
    unsafe fn inputs<V: Vector<Real = T>>(&mut self, panel: Panel, c: usize) {
        let (d, np, rows) = (self.shape.dims, self.shape.padded, panel.rows);
        let before = self.rows_before(panel) * d.input_groups * d.channels;
        let stimulus = self.shared.sequence[c] * d.time_steps * d.channels;
        for (u, cols) in even_runs(d.channels, self.shape.columns) {
            let out = before + (self.shared.input_group[c] * d.channels + u) * rows;
            // SAFETY: the caller's promise; T − 1 rows of δ and of the stimulus, channels u…u+cols ≤ U.
            unsafe {
                V::tile(&Tile {
                    a: self.delta.as_ptr().add(c * self.shape.trajectory() + np + panel.start),
                    a_stride: np,
                    b: self.stimulus.as_ptr().add(stimulus + u),
                    b_depth_stride: d.channels,
                    b_col_stride: 1,
                    depth: d.time_steps - 1,
                    vectors: panel.vectors,
                    cols,
                    out: self.input_out.as_mut_ptr().add(out),
                    out_stride: rows,
                    accumulate: true,
                });
            }
        }
    }
}
