//! Sums over frames of several neurons at once.

use super::ranges::runs;
use super::terms::Term;
use crate::engine::cpu::Real;
use crate::engine::cpu::real::Kernel;
use crate::engine::cpu::simd::Vector;
use ndarray::{Array2, ArrayView1};
use std::borrow::Cow;

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
    /// Of up to `LANES` neurons; `frames` are the numbers of an axis' frames in the recording.
    pub(super) fn new(neurons: &[ArrayView1<f32>], frames: &[usize]) -> Self {
        let mut sums = Self::default();
        sums.fill(neurons, frames);
        sums
    }

    /// Puts the sums of other neurons in their place: memory is asked for once.
    pub(super) fn fill(&mut self, neurons: &[ArrayView1<f32>], frames: &[usize]) {
        self.0.clear();
        self.0.reserve(frames.len() + 1);
        let mut sum = Line::default();
        self.0.push(sum);
        let rows: Vec<Cow<[f32]>> = neurons.iter().map(contiguous).collect();
        for run in runs(frames) {
            // Of fewer neurons than lanes, the last stands for those that are missing, and nobody asks for them.
            let rows: [&[f32]; LANES] = std::array::from_fn(|lane| &rows[lane.min(rows.len() - 1)][run.clone()]);
            self.0.extend((0..run.len()).map(|frame| {
                sum = Line(std::array::from_fn(|lane| sum.0[lane] + f64::from(rows[lane][frame])));
                sum
            }));
        }
    }

    /// The sums over the frames before a place.
    pub(super) fn before(&self, place: usize) -> &[f64; LANES] {
        &self.0[place].0
    }

    /// The statistics of `draws` draws, `[draws]`.
    pub(super) fn statistics(&self, terms: &[Term], draws: usize) -> Vec<Line> {
        let mut found = Vec::new();
        self.add(terms, draws, &mut found);
        found
    }

    /// The same, in the place of what was `found` before.
    pub(super) fn add(&self, terms: &[Term], draws: usize, found: &mut Vec<Line>) {
        found.clear();
        found.resize(draws, Line::default());
        <f32 as Real>::dispatch(<f32 as Real>::detect(), Adding { sums: &self.0, terms, found });
    }
}

/// Adds terms up, compiled for the widest vectors that the processor has. Products are rounded before they are added, so that
/// all processors find the same bits.
struct Adding<'a> {
    sums: &'a [Line],
    terms: &'a [Term],
    found: &'a mut [Line],
}

impl Kernel<f32> for Adding<'_> {
    type Output = ();

    #[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
    #[inline(always)]
    unsafe fn run<V: Vector<Real = f32>>(self) {
        for term in self.terms {
            let (sums, weight) = (self.sums[term.at as usize].0, term.weight);
            let statistic = &mut self.found[term.draw as usize].0;
            // Read whole before any is written: then these are vectors.
            let before = *statistic;
            *statistic = std::array::from_fn(|lane| before[lane] + weight * sums[lane]);
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
