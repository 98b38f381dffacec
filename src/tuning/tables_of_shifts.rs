//! What each window adds to a statistic, for every shift of it: where so many draws are made that it pays to know.

use super::null::{Circle, Sampler};
use super::running_sums::{Line, RunningSums, contiguous};
use super::terms::Term;
use ndarray::ArrayView1;
use std::ops::Range;

/// A sampler of shifts in circles, for many draws: a draw is one number for each of its windows.
pub(super) struct Turning<'a> {
    /// The windows in which bouts lie.
    circles: Vec<(&'a Circle, Vec<(usize, f64)>)>,
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
        let occupied = windows.iter().map(|circle| (circle, contrast.ends_in(&circle.frames)));
        Some(Self {
            circles: occupied.filter(|(_, ends)| !ends.is_empty()).collect(),
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
        let windows = self.circles.iter().map(|(circle, ends)| table(&circle.frames, ends, &sums)).collect();
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

/// The activity at place t becomes that at t − shift: of each end of a piece the sum before it, weighted; those that lie
/// before the window's begin lie a circle further on, less a whole circle.
fn table(window: &Range<usize>, ends: &[(usize, f64)], sums: &RunningSums) -> Vec<Line> {
    let (first, last) = (sums.before(window.start), sums.before(window.end));
    let mut found = vec![Line::default(); window.len()];
    for (place, weight) in ends {
        let inside = place - window.start;
        for (shift, Line(statistic)) in found.iter_mut().enumerate() {
            if shift <= inside {
                let sum = sums.before(place - shift);
                statistic.iter_mut().zip(sum).for_each(|(s, sum)| *s += weight * sum);
            } else {
                let sum = sums.before(place + window.len() - shift);
                let around = last.iter().zip(first).map(|(last, first)| last - first);
                statistic.iter_mut().zip(sum).zip(around).for_each(|((s, sum), around)| *s += weight * (sum - around));
            }
        }
    }
    found
}
