//! Sums over frames of several neurons at once.

use crate::engine::cpu::Real;
use crate::engine::cpu::real::Kernel;
use crate::engine::cpu::simd::Vector;
use ndarray::{Array2, ArrayView1};
use std::borrow::Cow;
use std::ops::Range;

/// Neurons that are summed side by side.
pub(super) const LANES: usize = 8;

/// A number of each of them, in one line of cache.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub(super) struct Line(pub(super) [f64; LANES]);

/// The sums of activity over the frames before each, `[frames + 1]`.
#[derive(Default)]
pub(super) struct RunningSums(Vec<Line>);

impl RunningSums {
    /// Sums of up to `LANES` neurons over runs of frames, from `before` on, in the place of what was here: memory is asked for
    /// once.
    pub(super) fn fill(&mut self, neurons: &[Cow<[f32]>], frames: &[Range<usize>], before: Line) {
        self.0.clear();
        self.0.push(before);
        for run in frames {
            // Of fewer neurons than lanes, the last stands for those that are missing, and nobody asks for them.
            let rows = std::array::from_fn(|lane| &neurons[lane.min(neurons.len() - 1)][run.clone()]);
            <f32 as Real>::dispatch(<f32 as Real>::detect(), Summing { rows, sums: &mut self.0 });
        }
    }

    /// The sums over the frames before a place.
    pub(super) fn before(&self, place: usize) -> &[f64; LANES] {
        &self.0[place].0
    }

    /// The sums over all frames.
    pub(super) fn last(&self) -> Line {
        self.0.last().copied().unwrap_or_default()
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Line] {
        &self.0
    }
}

/// Appends the sums of further frames.
struct Summing<'a> {
    rows: [&'a [f32]; LANES],
    sums: &'a mut Vec<Line>,
}

impl Kernel<f32> for Summing<'_> {
    type Output = ();

    #[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
    #[inline(always)]
    unsafe fn run<V: Vector<Real = f32>>(self) {
        /// Frames that are read at once.
        const FRAMES: usize = 8;
        let Self { rows, sums } = self;
        let frames = rows[0].len();
        let mut sum = sums.last().copied().unwrap_or_default();
        sums.reserve(frames);
        for first in (0..frames).step_by(FRAMES) {
            let mut values = [[0.0_f32; FRAMES]; LANES];
            let here = FRAMES.min(frames - first);
            for (values, row) in values.iter_mut().zip(rows) {
                values[..here].copy_from_slice(&row[first..first + here]);
            }
            sums.extend((0..here).map(|k| {
                sum = Line(std::array::from_fn(|lane| sum.0[lane] + f64::from(values[lane][k])));
                sum
            }));
        }
    }
}

/// A row as memory holds it, or a copy where it is spread.
pub(super) fn contiguous<'a>(row: &ArrayView1<'a, f32>) -> Cow<'a, [f32]> {
    row.to_slice().map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed)
}

/// Rows of `activity`, `LANES` at a time.
pub(super) fn blocks<'a>(activity: &'a Array2<f32>, neurons: &[usize]) -> Vec<(Vec<usize>, Vec<ArrayView1<'a, f32>>)> {
    neurons.chunks(LANES).map(|block| (block.to_vec(), block.iter().map(|i| activity.row(*i)).collect())).collect()
}
