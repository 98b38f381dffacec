//! Pictures of a session: bouts and seconds on principal components and in t-SNE. They are for looking at; nothing is tested in
//! them.

use super::settings::{Pictured, PopulationSettings};
use super::vectors::Points;
use crate::analysis::pca::{centred64, product_transposed};
use crate::analysis::population::{PrincipalAxes, embed};
use crate::data::recording::{Agent, Framed};
use crate::error::Result;
use crate::tuning::axis::Axis;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// Components from which t-SNE starts, and those that are kept.
const SEEN: usize = 30;
const KEPT: usize = 3;
/// Length of what a point of the picture of seconds stands for, in s.
const SECOND: f64 = 1.0;
/// Fewer points are no picture.
const FEWEST: usize = 10;

/// What a point stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureOf {
    /// A bout.
    Bouts,
    /// About a second.
    Seconds,
}

/// Points, by time within a kind of bouts or by time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// What a point stands for.
    pub of: PictureOf,
    /// When each begins, in s.
    pub start: Vec<f64>,
    /// Who does what then; none where nobody does anything most of the time.
    pub done: Vec<Option<(Agent, String)>>,
    /// Scores on the first three principal components, those that there are, `[points]`.
    pub components: Vec<Vec<f64>>,
    /// The share of the variance along each.
    pub explained: Vec<f64>,
    /// Coordinates in t-SNE, from at most 30 components, `[points]`.
    pub tsne: Vec<[f64; 2]>,
}

/// The pictures that settings ask for; `None` if it was asked to stop.
///
/// # Errors
/// If a number is not finite.
pub(super) fn pictures(
    points: &Points,
    framed: &Framed,
    axis: &Axis,
    settings: &PopulationSettings,
    stop: &AtomicBool,
) -> Result<Option<Vec<Picture>>> {
    let (bouts, seconds) = match settings.pictures {
        Pictured::None => (false, false),
        Pictured::Bouts => (true, false),
        Pictured::Both => (true, true),
    };
    let done = |b: &usize| {
        let bout = &points.bouts[*b];
        (bout.agent, points.behaviours[bout.behaviour].clone())
    };
    let n = points.neurons.len();
    let mut found = Vec::new();
    if bouts {
        let step = points.bouts.len().div_ceil(settings.points).max(1);
        let taken: Vec<usize> = (0..points.bouts.len()).step_by(step).collect();
        let values: Vec<f64> = taken.iter().flat_map(|b| &points.values[b * n..(b + 1) * n]).copied().collect();
        let start = taken.iter().map(|b| points.bouts[*b].start).collect();
        let done = taken.iter().map(|b| Some(done(b))).collect();
        let Some(made) = picture(PictureOf::Bouts, &values, n, (start, done), settings, stop)? else { return Ok(None) };
        found.extend(made);
    }
    if seconds {
        let (values, labels) = points.windows(framed, axis, SECOND, settings.points);
        let start = labels.iter().map(|(start, _)| *start).collect();
        let done = labels.iter().map(|(_, bout)| bout.as_ref().map(done)).collect();
        let Some(made) = picture(PictureOf::Seconds, &values, n, (start, done), settings, stop)? else {
            return Ok(None);
        };
        found.extend(made);
    }
    Ok(Some(found))
}

type Told = (Vec<f64>, Vec<Option<(Agent, String)>>);

/// A picture, or no picture of too few points; `None` if it was asked to stop.
fn picture(
    of: PictureOf,
    values: &[f64],
    features: usize,
    (start, done): Told,
    settings: &PopulationSettings,
    stop: &AtomicBool,
) -> Result<Option<Vec<Picture>>> {
    if start.len() < FEWEST || features == 0 {
        return Ok(Some(Vec::new()));
    }
    let axes = PrincipalAxes::of(values, features, SEEN)?;
    if axes.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let centred = centred64(values, features);
    let scores = product_transposed(&centred, &axes.axes, features);
    let total = centred.iter().map(|v| v * v).sum::<f64>() / (start.len() - 1) as f64;
    let perplexity = settings.perplexity.min((start.len() - 2) as f64 / 3.0).max(1.0);
    let Some(tsne) = embed(&scores, axes.len(), perplexity, stop)? else { return Ok(None) };
    let kept = KEPT.min(axes.len());
    let components = scores.chunks_exact(axes.len()).map(|row| row[..kept].to_vec()).collect();
    let explained = axes.variance[..kept].iter().map(|v| v / total).collect();
    Ok(Some(vec![Picture { of, start, done, components, explained, tsne }]))
}
