//! A statistic under many shifts, as a list of sums of running sums.

use super::contrast::{Contrast, Weighted};
use std::ops::Range;

/// `weight` × the sum of the activity over the frames before `at`, which adds to the statistic of `draw`.
///
/// Draw 0 is what was recorded, the others are draws of the null distribution. All statistics and all null distributions
/// come down to such terms, which do not know neurons: they are made once, and summed for each neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Term {
    /// The draw.
    pub draw: u32,
    /// A place on the axis, from 0 to the number of frames.
    pub at: u32,
    /// The weight.
    pub weight: f64,
}

impl Term {
    /// A term.
    pub(super) fn new(draw: usize, at: usize, weight: f64) -> Self {
        Self { draw: draw as u32, at: at as u32, weight }
    }
}

impl Contrast {
    /// The terms of what does not depend on shifts within the parts.
    pub(super) fn base_terms(&self, draw: usize) -> impl Iterator<Item = Term> + '_ {
        self.base.iter().flat_map(move |(frames, weight)| sum(draw, frames, *weight))
    }

    /// What of the pieces lies in a window.
    pub(super) fn pieces_in(&self, window: &Range<usize>) -> Vec<Weighted> {
        let from = self.pieces.partition_point(|(frames, _)| frames.end <= window.start);
        let inside = self.pieces[from..].iter().take_while(|(frames, _)| frames.start < window.end);
        inside.map(|(frames, weight)| (frames.start.max(window.start)..frames.end.min(window.end), *weight)).collect()
    }

    /// The terms of the statistic where nothing is shifted.
    pub(super) fn terms(&self, draw: usize) -> impl Iterator<Item = Term> + '_ {
        self.base_terms(draw).chain(self.pieces.iter().flat_map(move |(frames, weight)| sum(draw, frames, *weight)))
    }
}

/// The terms of a weighted sum over frames.
pub(super) fn sum(draw: usize, frames: &Range<usize>, weight: f64) -> [Term; 2] {
    [Term::new(draw, frames.start, -weight), Term::new(draw, frames.end, weight)]
}
