//! What activity is explained by, as columns over frames.

use super::super::axis::Axis;
use super::super::null::Circle;
use super::settings::EncodingSettings;
use crate::analysis::statistics::quantile;
use crate::data::recording::{Agent, Bout};
use ndarray::Array2;
use std::ops::Range;

/// What activity may be after the start of a bout, and where that is.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The place of its start.
    pub(super) onset: usize,
    /// The part of the axis that it is in.
    pub(super) part: Range<usize>,
    /// The window that it is shifted in.
    pub(super) window: Circle,
    /// Frames of the template before the start.
    pub(super) before: usize,
    /// Boxcar and cosines, `[K × frames]`.
    pub(super) template: Array2<f32>,
    /// Frames of the bout.
    pub(super) length: usize,
}

/// The stretch of a template that lies on the axis: its frames there, and the first frame of the template.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) frames: Range<usize>,
    pub(super) from: usize,
}

impl Event {
    /// Where it is in a draw; draw `None` is what was recorded. What would stick out of the part is left out.
    pub(super) fn placed(&self, draw: Option<(u64, usize)>) -> Placed {
        let window = &self.window.frames;
        let by = draw.map_or(0, |(key, draw)| self.window.shift(key, draw));
        let onset = window.start + (self.onset - window.start + by) % window.len();
        let first = onset.saturating_sub(self.before).max(self.part.start);
        let from = first + self.before - onset;
        let frames = first..(first + self.template.ncols() - from).min(self.part.end);
        Placed { frames, from }
    }
}

/// One behaviour of one agent.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) agent: Agent,
    pub(super) behaviour: String,
    pub(super) events: Vec<Event>,
    /// K.
    pub(super) size: usize,
    /// Whether the first column is a boxcar.
    boxcar: bool,
}

impl Unit {
    /// Of the bouts of `agent` and `behaviour`; `boxcar` says whether they have one.
    pub(super) fn new(
        agent: Agent,
        behaviour: &str,
        bouts: &[Bout],
        axis: &Axis,
        windows: &[Range<usize>],
        boxcar: bool,
        settings: &EncodingSettings,
    ) -> Self {
        let frames = |ms: f64| (ms / 1000.0 / axis.interval).round() as usize;
        let (before, after) = (frames(settings.before_ms), frames(settings.after_ms).max(1));
        let of = bouts.iter().filter(|b| b.agent == agent && b.behaviour == behaviour);
        let event = |range: Range<usize>| {
            let onset = range.start;
            let part = axis.parts.iter().find(|p| p.frames.contains(&onset))?.frames.clone();
            let window = windows.iter().find(|w| w.contains(&onset))?.clone();
            let length = range.len();
            let template = template(before, after, length, boxcar, settings.cosines);
            Some(Event { onset, part, window: Circle::new(window, 0), before, template, length })
        };
        let events = of.flat_map(|b| axis.between(b.start, b.stop)).filter_map(event).collect();
        Self { agent, behaviour: behaviour.into(), events, size: usize::from(boxcar) + settings.cosines, boxcar }
    }

    /// As columns `[K][frames]`, of what was recorded.
    pub(super) fn columns(&self, frames: usize) -> Vec<Vec<f64>> {
        let mut columns = vec![vec![0.0; frames]; self.size];
        for event in &self.events {
            let placed = event.placed(None);
            for (column, template) in columns.iter_mut().zip(event.template.rows()) {
                let values = template.iter().skip(placed.from);
                column[placed.frames.clone()].iter_mut().zip(values).for_each(|(c, v)| *c += f64::from(*v));
            }
        }
        columns
    }

    /// What its columns are called.
    pub(super) fn names(&self) -> Vec<String> {
        let first = usize::from(self.boxcar);
        let kind = |k: usize| if k < first { "bout".to_string() } else { format!("cosine {}", k + 1 - first) };
        (0..self.size).map(|k| format!("{} {} {}", self.agent, self.behaviour, kind(k))).collect()
    }
}

/// Boxcar of a bout of `length` frames, and cosines from `before` frames before its start to `after` frames after it: neighbours add up
/// to 1.
fn template(before: usize, after: usize, length: usize, boxcar: bool, cosines: usize) -> Array2<f32> {
    let first = usize::from(boxcar);
    let mut template = Array2::zeros((first + cosines, before + after.max(length)));
    if boxcar {
        template.row_mut(0).iter_mut().skip(before).take(length).for_each(|v| *v = 1.0);
    }
    let spacing = (before + after) as f64 / (cosines + 1) as f64;
    for k in 0..cosines {
        let centre = spacing * (k + 1) as f64;
        for (t, value) in template.row_mut(first + k).iter_mut().enumerate() {
            *value = raised_cosine((t as f64 + 0.5 - centre) / spacing) as f32;
        }
    }
    template
}

/// 1 at 0, falling to 0 at −1 and 1.
fn raised_cosine(x: f64) -> f64 {
    if x.abs() < 1.0 { 0.5 * (1.0 + (std::f64::consts::PI * x).cos()) } else { 0.0 }
}

/// A covariate as a natural cubic spline with knots at its quantiles, `[knots − 1][frames]` (linear beyond the outer knots); NaN where it
/// was not measured.
pub(super) fn natural_spline(values: &[f64], knots: usize) -> Vec<Vec<f64>> {
    let measured: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    // No more knots than values: what takes two, as a light that is on or off, has no curve.
    let mut distinct = measured.clone();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let knots = knots.min(distinct.len());
    // The outer knots are where enough lies beyond them to be seen (Harrell 2015).
    let place = |k: usize| 0.05 + 0.9 * k as f64 / knots.saturating_sub(1).max(1) as f64;
    let mut at: Vec<f64> = (0..knots).map(|k| quantile(&measured, place(k))).collect();
    at.dedup();
    let mut columns = vec![values.to_vec()];
    let [first, .., last] = at[..] else { return columns };
    let span = last - first;
    if at.len() < 3 || span.is_nan() || span <= 0.0 {
        return columns;
    }
    let cube = |v: f64, knot: f64| ((v - knot) / span).max(0.0).powi(3);
    let bend = |v: f64, knot: f64| (cube(v, knot) - cube(v, last)) * span / (last - knot);
    let before_last = at[at.len() - 2];
    for knot in &at[..at.len() - 2] {
        let bent = |v: &f64| if v.is_finite() { bend(*v, *knot) - bend(*v, before_last) } else { f64::NAN };
        columns.push(values.iter().map(bent).collect());
    }
    columns
}

/// `values` as they were `by` frames ago; NaN before the first.
pub(super) fn lagged(values: &[f64], by: isize) -> Vec<f64> {
    let at = |t: usize| t.checked_add_signed(-by).and_then(|t| values.get(t)).copied().unwrap_or(f64::NAN);
    (0..values.len()).map(at).collect()
}

/// What a neuron did before, `[cosines][frames]`: raised cosines over the logarithm of the time that has passed, up to `most` frames,
/// within each of `parts`.
pub(super) fn history(counts: &[f32], parts: &[Range<usize>], cosines: usize, most: usize) -> Vec<Vec<f64>> {
    let most = most.max(1);
    let log = |lag: usize| ((lag as f64 + 0.5) / 1.5).ln();
    let spacing = (log(most) / cosines.saturating_sub(1).max(1) as f64).max(1e-9);
    let kernel = |k: usize| -> Vec<f64> {
        (1..=most).map(|lag| raised_cosine((log(lag) - spacing * k as f64) / spacing)).collect()
    };
    let column = |k: usize| {
        let (kernel, mut column) = (kernel(k), vec![0.0; counts.len()]);
        for part in parts {
            for t in part.clone().filter(|t| counts[*t] != 0.0) {
                let after = (t + 1).min(part.end)..(t + 1 + most).min(part.end);
                column[after].iter_mut().zip(&kernel).for_each(|(c, v)| *c += v * f64::from(counts[t]));
            }
        }
        column
    };
    (0..cosines).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosines_of_a_bout_add_up_to_one_between_the_outer_ones() {
        let found = template(5, 20, 8, true, 4);
        assert_eq!(found.dim(), (5, 25));
        assert_eq!(found.row(0).iter().position(|v| *v == 1.0), Some(5));
        assert_eq!(found.row(0).sum(), 8.0);
        for t in 5..20 {
            let sum: f32 = found.column(t).iter().skip(1).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{t}: {sum}");
        }
    }

    #[test]
    fn splines_are_linear_beyond_their_knots_and_cubic_between() {
        let values: Vec<f64> = (0..=100).map(f64::from).chain([f64::NAN]).collect();
        let columns = natural_spline(&values, 4);
        assert_eq!(columns.len(), 3);
        for column in &columns {
            let second = |t: usize| column[t + 1] - 2.0 * column[t] + column[t - 1];
            assert!((1..4).chain(97..100).all(|t| second(t).abs() < 1e-9) && column[101].is_nan());
        }
        assert!((columns[1][50] - 2.0 * columns[1][49] + columns[1][48]).abs() > 1e-6);
        // Two values alone have no spline.
        assert_eq!(natural_spline(&[0.0, 1.0, 0.0, 1.0], 4).len(), 1);
    }

    #[test]
    fn history_follows_events_within_their_part() {
        let mut counts = vec![0.0; 20];
        counts[3] = 2.0;
        counts[9] = 1.0;
        let columns = history(&counts, &[0..10, 10..20], 3, 8);
        assert!(columns.iter().all(|c| c[3] == 0.0 && c[..3] == [0.0; 3] && c[10..].iter().all(|v| *v == 0.0)));
        assert_eq!(columns[0][4], 2.0);
        // Every lag is seen by someone, and neighbours add up to 1.
        for t in 4..9 {
            let sum: f64 = columns.iter().map(|c| c[t]).sum();
            assert!((sum - 2.0).abs() < 1e-9, "{t}: {sum}");
        }
    }

    #[test]
    fn shifted_events_stay_in_their_window_and_recorded_ones_where_they_are() {
        let event = Event {
            onset: 12,
            part: 10..60,
            window: Circle::new(10..40, 0),
            before: 4,
            template: template(4, 10, 3, true, 2),
            length: 3,
        };
        let placed = event.placed(None);
        assert_eq!((placed.frames, placed.from), (10..22, 2));
        for draw in 0..200 {
            let Placed { frames, from } = event.placed(Some((1, draw)));
            let onset = frames.start + 4 - from;
            assert!((10..40).contains(&onset) && frames.end <= 60 && frames.len() + from <= 14);
        }
    }
}
