//! What would be found if activity and behaviour had nothing to do with each other: draws of null distributions.
//!
//! docs/tuning.md says what each assumes. All shift the activity of every neuron of a session alike, so that the *number* of
//! tuned neurons has a null distribution, too.

use super::axis::Axis;
use super::contrast::Contrast;
use super::ranges::length;
use super::terms::{Term, sum};
use crate::rng::{Draws, Rng, Stream};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A null distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Null {
    /// Activity is shifted in a circle within windows, in each by its own amount. Drift that is slower than a window makes
    /// no result.
    #[default]
    Window,
    /// One shift in a circle within each context.
    Circular,
    /// One shift without a circle (Harris 2020); conservative.
    Linear,
    /// Each bout against the time before it; signs are flipped.
    Trials,
    /// Activity of one session against the bouts of the others of the animal.
    Sessions,
}

/// One null distribution of one contrast, ready to be drawn from.
#[derive(Clone, Debug)]
pub(super) enum Sampler {
    /// Shifts in circles within windows, `[windows]`, each by at least the margin.
    Circles { contrast: Contrast, windows: Vec<Circle> },
    /// Shifts by whole multiples of `stride`, from `−reach` to `reach`.
    Line { contrast: Contrast, reach: usize, stride: usize },
    /// Bouts against what was before each.
    Signs { epochs: Vec<(Vec<Range<usize>>, Range<usize>)> },
    /// The bouts of other sessions.
    Others { own: Contrast, others: Vec<Contrast> },
}

/// Frames that are shifted in a circle by at least `margin`, either way round.
#[derive(Clone, Debug)]
pub(super) struct Circle {
    pub(super) frames: Range<usize>,
    margin: usize,
}

impl Sampler {
    /// Shifts within windows of `seconds`, or of ten bouts where these are longer; `bouts` are those of any kind.
    pub(super) fn windows(contrast: Contrast, axis: &Axis, seconds: f64, bouts: &[Range<usize>]) -> Self {
        let seconds = seconds.max(10.0 * contrast.median_length() as f64 * axis.interval);
        let windows = contrast.base.iter().flat_map(|(part, _)| axis.windows(part, seconds, bouts));
        let windows = windows.map(|frames| Circle::new(frames, 0)).collect();
        Self::Circles { contrast, windows }
    }

    /// One shift in each context, by at least `margin` frames.
    pub(super) fn circular(contrast: Contrast, margin: usize) -> Self {
        let windows = contrast.base.iter().map(|(part, _)| Circle::new(part.clone(), margin)).collect();
        Self::Circles { contrast, windows }
    }

    /// How many draws there are at most; `None` where there is no end to them.
    pub(super) fn most(&self) -> Option<usize> {
        match self {
            // Where a context is too short to be shifted so far, it stays, and if none can be shifted, there is no draw.
            Self::Circles { windows, .. } => (!windows.iter().any(Circle::turns)).then_some(0),
            Self::Line { reach, stride, .. } => Some(2 * (reach / stride)),
            Self::Signs { .. } => None,
            Self::Others { others, .. } => Some(others.len()),
        }
    }

    /// The smallest p value that `draws` draws can give, two-sided.
    pub(super) fn p(&self, above: usize, below: usize, draws: usize) -> f64 {
        let of = match self {
            // Half of the shifts count, for those of a line are not exchangeable (Harris 2020).
            Self::Line { .. } => draws / 2,
            Self::Circles { .. } | Self::Signs { .. } | Self::Others { .. } => draws,
        };
        (2.0 * (1 + above.min(below)) as f64 / (of + 1) as f64).min(1.0)
    }

    /// The terms of what was recorded (draw 0) and of the draws `drawn` (from 0 on), which become 1, 2, …; of circles only those
    /// that do not turn.
    pub(super) fn terms(&self, drawn: Range<usize>, key: u64) -> Vec<Term> {
        match self {
            Self::Circles { contrast, .. } => (0..=drawn.len()).flat_map(|draw| contrast.base_terms(draw)).collect(),
            Self::Line { contrast, reach, stride } => line(contrast, drawn, *reach, *stride),
            Self::Signs { epochs } => signs(epochs, drawn, key),
            Self::Others { own, others } => {
                let of_others = others[drawn].iter().enumerate().flat_map(|(k, contrast)| contrast.terms(k + 1));
                own.terms(0).chain(of_others).collect()
            }
        }
    }
}

impl Circle {
    /// Of `frames`.
    pub(super) fn new(frames: Range<usize>, margin: usize) -> Self {
        Self { frames, margin }
    }

    fn turns(&self) -> bool {
        self.frames.len() > 2 * self.margin + 1
    }

    /// By how much it is shifted in a draw.
    pub(super) fn shift(&self, key: u64, draw: usize) -> usize {
        if !self.turns() {
            return 0;
        }
        // Keyed by the window's first frame, so that all behaviours whose windows are alike are shifted alike.
        let rng = Rng::new(key, self.frames.start as u32, Stream::Shifts).at_step(draw as u32);
        self.margin + rng.below(self.frames.len() - 2 * self.margin, 0)
    }

    /// The frames whose activity a piece of the circle has under a shift: those so many before, around the circle. A piece that its
    /// begin would part, where activity of two times meets, has those of the nearer end: the mean over both would vary less than over as
    /// many frames that follow each other, which were recorded.
    pub(super) fn turned(&self, piece: &Range<usize>, shift: usize) -> Range<usize> {
        let (frames, length) = (&self.frames, piece.len());
        let first = if piece.start - frames.start >= shift {
            piece.start - shift
        } else {
            let first = piece.start + frames.len() - shift;
            match frames.end - first {
                // So many frames are left to the end.
                left if left >= length => first,
                left if 2 * left >= length => frames.end - length,
                _ => frames.start,
            }
        };
        first..first + length
    }
}

/// Shifts by −reach … reach, the nearest first.
fn line(contrast: &Contrast, drawn: Range<usize>, reach: usize, stride: usize) -> Vec<Term> {
    let mut terms: Vec<Term> = contrast.terms(0).collect();
    debug_assert!(stride * drawn.end.div_ceil(2) <= reach);
    for (k, draw) in drawn.enumerate() {
        let far = stride * (draw / 2 + 1);
        let shifted = |at: u32| if draw % 2 == 0 { at as usize + far } else { at as usize - far };
        terms.extend(contrast.terms(k + 1).map(|t| Term::new(k + 1, shifted(t.at), t.weight)));
    }
    terms
}

/// The mean over bouts of epoch minus baseline, each with a random sign.
fn signs(epochs: &[(Vec<Range<usize>>, Range<usize>)], drawn: Range<usize>, key: u64) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut add = |draw: usize, sign: &dyn Fn(usize) -> f64| {
        for (b, (epoch, baseline)) in epochs.iter().enumerate() {
            let weight = sign(b) / epochs.len() as f64;
            terms.extend(epoch.iter().flat_map(|frames| sum(draw, frames, weight / length(epoch) as f64)));
            terms.extend(sum(draw, baseline, -weight / baseline.len() as f64));
        }
    };
    add(0, &|_| 1.0);
    for (k, draw) in drawn.enumerate() {
        let mut flips = Draws::new(Rng::new(key, 0, Stream::Flips).at_step(draw as u32));
        let dealt: Vec<f64> = epochs.iter().map(|_| if flips.below(2) == 0 { 1.0 } else { -1.0 }).collect();
        add(k + 1, &|b| dealt[b]);
    }
    terms
}
