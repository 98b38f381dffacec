//! What is tested in a session, and what is known of each test while draws are made.

use super::axis::Axis;
use super::contrast::Contrast;
use super::null::Sampler;
use super::settings::TuningSettings;
use super::tally::Tally;
use ndarray::Array2;
use std::ops::Range;

/// What is known of one test while draws are made.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) effect: f64,
    pub(super) tally: Tally,
    /// Which values are extreme, the observed first; empty where that is not asked.
    pub(super) extreme: Vec<bool>,
}

/// What is tested in a session.
pub(super) struct Tests<'a> {
    pub(super) activity: &'a Array2<f32>,
    pub(super) axis: &'a Axis,
    /// The frames of the recording on the axis in which nothing is done; all of the axis, where there are none.
    pub(super) idle: &'a [Range<usize>],
    pub(super) contrasts: &'a [Contrast],
    /// `[contrasts]`.
    pub(super) samplers: &'a [Sampler],
    pub(super) settings: &'a TuningSettings,
    /// What draws of this session are keyed by.
    pub(super) key: u64,
    /// How many sessions are tested in one family.
    pub(super) sessions: usize,
}

impl Tests<'_> {
    /// The p value of a tally.
    pub(super) fn p(&self, sampler: usize, tally: Tally) -> f64 {
        self.samplers[sampler].p(tally.above, tally.below, tally.draws)
    }
}
