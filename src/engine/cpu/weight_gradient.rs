//! Stage `weight_gradient`: `∂W_eff = Σ_{c,t} δ_t r_{t−1}ᵀ` and `∂W_in = Σ_{c,t} δ_t u_{t−1}ᵀ` as tiled products
//! (docs/model.md#reverse-time-gradient). The sums run over conditions, then time, in order.

use super::aligned::Aligned;
use super::forward::LINE;
use super::real::{Kernel, Real};
use super::shape::{Panel, SMALL, Shape, even_runs};
use super::shared::Shared;
use super::simd::Vector;
use super::tile::Tile;
use std::ops::Range;

/// Most time steps that are summed before the next panel's turn. Their r and δ (355 neurons: 2 × 94 KB) stay in the
/// second-level cache while every panel uses them, and one panel's δ (16 KB) with a tile's columns of r (a line a step,
/// 4 KB), what is fetched meanwhile and the sums in the first.
const BLOCK: usize = 64;

/// A thread's share of one panel of postsynaptic neurons.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// The postsynaptic neurons.
    pub panel: Panel,
    /// The presynaptic neurons. The part that ends at the last one has the panel's `∂W_in` too.
    pub columns: Range<usize>,
}

impl Part {
    /// Numbers of `∂W_eff` in it.
    pub(super) fn recurrent_len(&self) -> usize {
        self.columns.len() * self.panel.rows
    }

    /// Numbers of `∂W_in` in it, for `columns` inputs.
    pub(super) fn input_len(&self, shape: &Shape) -> usize {
        let last = self.columns.end == shape.dims.neurons;
        if last { shape.dims.input_groups * shape.dims.channels * self.panel.rows } else { 0 }
    }
}

/// Cuts `∂W_eff` into shares of `team` threads, as even as whole tiles allow: panel after panel, in order.
pub(super) fn shares(shape: &Shape, team: usize) -> Vec<Vec<Part>> {
    let n = shape.dims.neurons;
    let total: usize = shape.panels.iter().map(|p| p.vectors * n).sum();
    let mut shares = vec![Vec::new(); team];
    let mut before = 0;
    for panel in &shape.panels {
        let mut start = 0;
        for (k, share) in shares.iter_mut().enumerate() {
            // The first column of this panel that is past the share's part of all work.
            let end = ((k + 1) * total / team).saturating_sub(before) / panel.vectors;
            let whole_tiles = end.next_multiple_of(shape.columns);
            let end = if k + 1 == team { n } else { whole_tiles.min(n) };
            if end > start {
                share.push(Part { panel: *panel, columns: start..end });
                start = end;
            }
        }
        before += panel.vectors * n;
    }
    shares.retain(|share| !share.is_empty());
    shares
}

/// Some time steps of one condition.
#[derive(Clone, Copy)]
struct Block {
    condition: usize,
    from: usize,
    steps: usize,
}

/// One thread's share of the weight gradients.
pub(super) struct WeightGradient<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    /// The share; the two outputs below are its own.
    pub parts: &'a [Part],
    /// Which conditions are added. The sums start with the first one.
    pub conditions: Range<usize>,
    /// Whether `∂W_eff` is wanted at all.
    pub recurrent: bool,
    /// Stimulus, `[S][T][U]`.
    pub stimulus: &'a [T],
    /// δ, `[C][T][padded]` (t ≥ 1).
    pub delta: &'a [T],
    /// r, `[C][T][padded]`.
    pub r: &'a [T],
    /// `∂W_eff`, `[part][columns][rows]`.
    pub recurrent_out: &'a mut [T],
    /// `∂W_in`, `[panel that ends here][G][U][rows]`.
    pub input_out: &'a mut [T],
}

impl<T: Real> Kernel<T> for WeightGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(mut self) {
        let d = self.shape.dims;
        if self.conditions.start == 0 {
            self.input_out.fill(T::ZERO);
            self.recurrent_out.fill(T::ZERO);
        }
        let widest = self.parts.iter().map(|p| p.panel.rows).max().unwrap_or(0);
        let mut delta = Aligned::zeros(BLOCK * widest);
        let of = |condition| {
            even_runs(d.time_steps - 1, BLOCK).map(move |(from, steps)| Block { condition, from: from + 1, steps })
        };
        let mut blocks = self.conditions.clone().flat_map(of).peekable();
        while let Some(block) = blocks.next() {
            // SAFETY: the caller's promise about V; the blocks' steps are 1…T−1.
            unsafe { self.block::<V>(block, blocks.peek().copied(), &mut delta) };
        }
    }
}

impl<T: Real> WeightGradient<'_, T> {
    /// Tiles of a block.
    fn turns(&self) -> usize {
        self.parts.iter().map(|p| p.columns.len().div_ceil(self.shape.columns)).sum()
    }

    /// Where the block's first row starts in r and δ.
    fn row(&self, block: Block) -> usize {
        block.condition * self.shape.trajectory() + block.from * self.shape.padded
    }

    /// Adds one block to every part, while the next one comes into the cache.
    ///
    /// # Safety
    /// The processor must have V's instructions; the steps of both blocks must be within 1…T−1.
    #[inline(always)]
    unsafe fn block<V: Vector<Real = T>>(&mut self, block: Block, next: Option<Block>, delta: &mut [T]) {
        let (np, turns) = (self.shape.padded, self.turns());
        let first = self.row(block);
        let (mut turn, mut recurrent_at, mut input_at) = (0, 0, 0);
        for part in self.parts {
            let Panel { start, vectors, rows } = part.panel;
            let here = &self.delta[first..first + block.steps * np];
            // Of small networks δ is read where it lies. Longer rows are copied: whole pages from step to step would share a few
            // lines of the first-level cache.
            let (a, a_stride) = if np <= SMALL {
                (here.as_ptr().wrapping_add(start), np)
            } else {
                for (to, step) in delta.chunks_exact_mut(rows).zip(here.chunks_exact(np)) {
                    to.copy_from_slice(&step[start..start + rows]);
                }
                (delta.as_ptr(), rows)
            };
            let mut tile = Tile {
                a,
                a_stride,
                b: self.r.as_ptr(),
                b_depth_stride: np,
                b_col_stride: 1,
                depth: block.steps,
                vectors,
                cols: 0,
                out: self.recurrent_out.as_mut_ptr(),
                out_stride: rows,
                accumulate: true,
            };
            for (j, cols) in even_runs(part.columns.len(), self.shape.columns) {
                // SAFETY: the caller's promise; r has `steps` rows from `from − 1`, and its column stays below N.
                unsafe {
                    if let Some(next) = next {
                        let share = |turn| turn * next.steps / turns;
                        self.prefetch::<V>(next, share(turn)..share(turn + 1));
                    }
                    if self.recurrent {
                        tile.b = self.r.as_ptr().add(first - np + part.columns.start + j);
                        tile.cols = cols;
                        tile.out = self.recurrent_out.as_mut_ptr().add(recurrent_at + j * rows);
                        V::tile(&tile);
                    }
                }
                turn += 1;
            }
            recurrent_at += part.recurrent_len();
            if part.input_len(self.shape) > 0 {
                // SAFETY: the caller's promise; the tile's δ are those of `block`.
                unsafe { self.inputs::<V>(block, tile, input_at) };
                input_at += part.input_len(self.shape);
            }
        }
    }

    /// Adds one block to the `∂W_in` at `out`; `tile` holds its δ.
    ///
    /// # Safety
    /// As for [`Self::block`].
    #[inline(always)]
    unsafe fn inputs<V: Vector<Real = T>>(&mut self, block: Block, mut tile: Tile<T>, out: usize) {
        let d = self.shape.dims;
        let group = self.shared.input_group[block.condition] * d.channels;
        let stimulus = (self.shared.sequence[block.condition] * d.time_steps + block.from - 1) * d.channels;
        tile.b_depth_stride = d.channels;
        for (u, cols) in even_runs(d.channels, self.shape.columns) {
            // SAFETY: the caller's promise; `steps` rows of the stimulus, channels u…u+cols ≤ U.
            unsafe {
                tile.b = self.stimulus.as_ptr().add(stimulus + u);
                tile.cols = cols;
                tile.out = self.input_out.as_mut_ptr().add(out + (group + u) * tile.out_stride);
                V::tile(&tile);
            }
        }
    }

    /// Fetches r and δ of these steps of a block.
    ///
    /// # Safety
    /// As for [`Self::block`].
    #[inline(always)]
    unsafe fn prefetch<V: Vector<Real = T>>(&self, block: Block, steps: Range<usize>) {
        let (np, line) = (self.shape.padded, LINE / size_of::<T>());
        let (Some(first), Some(last)) = (self.parts.first(), self.parts.last()) else { return };
        let (start, end) = (first.panel.start, last.panel.start + last.panel.rows);
        for step in steps {
            let row = self.row(block) + step * np;
            // SAFETY: the caller's promise; both rows are inside their arrays.
            unsafe {
                for i in (0..np).step_by(line) {
                    V::prefetch(self.r.as_ptr().add(row - np + i));
                }
                for i in (start..end).step_by(line) {
                    V::prefetch(self.delta.as_ptr().add(row + i));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cpu::real::Isa;

    #[test]
    fn shares_cover_every_weight_once_and_evenly() {
        for (neurons, team) in [(355, 1), (355, 2), (355, 16), (8, 4), (3, 3), (129, 7)] {
            let case = crate::bench::Case { neurons, ..crate::bench::Case::default() };
            let dims = case.pose().unwrap().0.dims;
            for isa in Isa::available() {
                let shape = Shape::new::<f32>(isa, dims);
                let shares = shares(&shape, team);
                let parts: Vec<_> = shares.iter().flatten().collect();
                let mut expected = shape.panels.iter().flat_map(|p| (0..neurons).map(|j| (p.start, j)));
                for part in &parts {
                    for j in part.columns.clone() {
                        assert_eq!(expected.next(), Some((part.panel.start, j)));
                    }
                }
                assert_eq!(expected.next(), None);
                let inputs: usize = parts.iter().map(|p| p.input_len(&shape)).sum();
                assert_eq!(inputs, shape.packed_len(dims.input_groups * dims.channels));
                let work = |share: &Vec<Part>| share.iter().map(|p| p.panel.vectors * p.columns.len()).sum::<usize>();
                let (most, total) = (shares.iter().map(work).max().unwrap(), shares.iter().map(work).sum::<usize>());
                let tile = shape.columns * shape.panels.iter().map(|p| p.vectors).max().unwrap();
                assert!(most <= total.div_ceil(team) + 2 * tile, "{isa:?}: {most} of {total} for {team}");
            }
        }
    }
}
