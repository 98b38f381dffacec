//! What each window adds to a statistic, for every shift of it: where so many draws are made that it pays to know.

use super::contrast::Weighted;
use super::null::{Circle, Sampler};
use super::running_sums::{Line, RunningSums, contiguous};
use super::terms::Term;
use ndarray::ArrayView1;
use std::ops::Range;

/// A sampler of shifts in circles, for many draws: a draw is one number for each of its windows.
pub(super) struct Turning<'a> {
    /// The windows in which bouts lie.
    circles: Vec<(&'a Circle, Vec<Weighted>)>,
    /// What does not depend on shifts.
    base: Vec<Term>,
}

/// What each window adds to the statistics of a block of neurons.
pub(super) struct ShiftTables {
    /// `[windows][shifts]`.
    windows: Vec<Vec<Line>>,
    base: Line,
}

impl<'a> Turning<'a> {
    /// `None` for null distributions that shift nothing in a circle.
    pub(super) fn new(sampler: &'a Sampler) -> Option<Self> {
        let Sampler::Circles { contrast, windows } = sampler else { return None };
        let occupied = windows.iter().map(|circle| (circle, contrast.pieces_in(&circle.frames)));
        Some(Self {
            circles: occupied.filter(|(_, pieces)| !pieces.is_empty()).collect(),
            base: contrast.base_terms(0).collect(),
        })
    }

    /// The shift of each window in each of the draws `drawn`, `[draws × windows]`.
    pub(super) fn shifts(&self, drawn: Range<usize>, key: u64) -> Vec<u32> {
        drawn.flat_map(|draw| self.circles.iter().map(move |(circle, _)| circle.shift(key, draw) as u32)).collect()
    }

    /// The tables of up to [`LANES`](super::running_sums::LANES) neurons, whose activity in the recording is given; `frames` are
    /// those of the axis.
    pub(super) fn tables(&self, neurons: &[ArrayView1<f32>], frames: &[Range<usize>]) -> ShiftTables {
        let mut sums = RunningSums::default();
        sums.fill(&neurons.iter().map(contiguous).collect::<Vec<_>>(), frames, Line::default());
        let windows = self.circles.iter().map(|(circle, pieces)| table(circle, pieces, &sums)).collect();
        let mut base = Line::default();
        for term in &self.base {
            base.0.iter_mut().zip(sums.before(term.at as usize)).for_each(|(s, sum)| *s += term.weight * sum);
        }
        ShiftTables { windows, base }
    }
}

impl ShiftTables {
    /// The statistics of a draw, by the shift of each window.
    pub(super) fn statistics(&self, shifts: &[u32]) -> Line {
        let mut found = self.base;
        for (window, shift) in self.windows.iter().zip(shifts) {
            for (s, part) in found.0.iter_mut().zip(window[*shift as usize].0) {
                *s += part;
            }
        }
        found
    }

    /// How many numbers make a draw.
    pub(super) fn windows(&self) -> usize {
        self.windows.len()
    }
}

/// What the pieces in a circle add under each of its shifts.
fn table(circle: &Circle, pieces: &[Weighted], sums: &RunningSums) -> Vec<Line> {
    let mut found = vec![Line::default(); circle.frames.len()];
    for (piece, weight) in pieces {
        for (shift, Line(statistic)) in found.iter_mut().enumerate() {
            let turned = circle.turned(piece, shift);
            let (before, until) = (sums.before(turned.start), sums.before(turned.end));
            statistic
                .iter_mut()
                .zip(until.iter().zip(before))
                .for_each(|(s, (until, before))| *s += weight * (until - before));
        }
    }
    found
}
