//! How arrays are laid out for the vector instructions in use.

use super::real::{Isa, Kernel, Real};
use super::simd::Vector;
use crate::dims::Dims;
use std::ops::Range;

/// Longest padded row of a small network.
pub(super) const SMALL: usize = 128;

/// A block of rows that one tile covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Panel {
    /// First row.
    pub start: usize,
    /// Registers of rows.
    pub vectors: usize,
    /// `vectors · LANES`.
    pub rows: usize,
}

/// Sizes and panels. Rows of neurons are padded with zeros to a multiple of 64 bytes.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub dims: Dims,
    /// Length of a padded row of neurons.
    pub padded: usize,
    /// The panels, which cover `padded` or a little less.
    pub panels: Vec<Panel>,
    /// Most columns of a tile.
    pub columns: usize,
}

impl Shape {
    /// The tiles have as many rows as the neurons fill: those need the fewest loads.
    pub(super) fn new<T: Real>(isa: Isa, dims: Dims) -> Self {
        struct Sizes;
        impl<T: Real> Kernel<T> for Sizes {
            type Output = (usize, &'static [(usize, usize)]);
            #[inline(always)]
            unsafe fn run<V: Vector<Real = T>>(self) -> Self::Output {
                (V::LANES, V::TILES)
            }
        }
        let (lanes, tiles) = T::dispatch(isa, Sizes);
        let vectors = dims.neurons.div_ceil(lanes);
        let (rows, columns) = *tiles.iter().find(|tile| tile.0 <= vectors).unwrap_or(&tiles[tiles.len() - 1]);
        let rows = vectors.div_ceil(vectors.div_ceil(rows));
        let panels = (0..vectors.div_ceil(rows))
            .map(|p| {
                let vectors = rows.min(vectors - p * rows);
                Panel { start: p * rows * lanes, vectors, rows: vectors * lanes }
            })
            .collect();
        Self { dims, padded: dims.neurons.next_multiple_of(16), panels, columns }
    }

    /// Numbers in an array packed as `[panel][depth][rows]`.
    pub(super) fn packed_len(&self, depth: usize) -> usize {
        self.panels.iter().map(|p| p.rows).sum::<usize>() * depth
    }

    /// From one condition's trajectory `[T][padded]` to the next one's: a little longer than one, so that the rows of
    /// all conditions at a step lie in the cache as if they were neighbours. Trajectories of a whole number of pages,
    /// which 800 steps of 32 or 96 neurons are, would share the same few lines of it.
    pub(super) fn trajectory(&self) -> usize {
        const PAGE: usize = 4096 / size_of::<f32>();
        let numbers = self.dims.time_steps * self.padded;
        numbers + (self.padded + PAGE - numbers % PAGE) % PAGE
    }

    /// Conditions, in order, whose weight gradient follows their adjoint while part of their r and δ is still in the cache: a
    /// tile's, for one thread and a small network. Several threads, which share the one by weights and the other by conditions,
    /// take all at once, and so do large networks, of which a condition alone fills the cache.
    pub(super) fn blocks(&self, threads: usize) -> impl Iterator<Item = Range<usize>> {
        let most = if threads > 1 || self.padded > SMALL { usize::MAX } else { self.columns };
        even_runs(self.dims.conditions, most).map(|(first, count)| first..first + count)
    }
}

/// Cuts `count` things into the fewest runs of at most `most`, as even as can be: `(start, length)`.
pub(super) fn even_runs(count: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let runs = count.div_ceil(most);
    (0..runs).map(move |k| {
        let (start, end) = (k * count / runs, (k + 1) * count / runs);
        (start, end - start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_runs_cover_everything_once() {
        for count in 0..30 {
            for most in 1..9 {
                let runs: Vec<_> = even_runs(count, most).collect();
                let mut next = 0;
                for (start, length) in &runs {
                    assert!(*start == next && (1..=most).contains(length));
                    next += length;
                }
                assert_eq!(next, count);
            }
        }
    }
}
