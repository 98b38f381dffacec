//! Activity of many neurons around the starts of bouts.

use super::view::View;
use super::words::{short, shown, side};
use crate::analysis::statistics::quantile;
use crate::data::recording::Agent;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, HPos, INK, MUTED, Panel, Picture, draw, px, stroke, tick};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::{Words, fitted, line};
use crate::report::parts::raster::signed_map;
use crate::tuning::{Aligned, peak_order};
use std::fmt::Write as _;

/// Rows of a map.
const NEURONS: usize = 100;
/// Behaviours that are shown.
const BEHAVIOURS: usize = 8;
/// Bins over which a peak is sought.
const SMOOTH: usize = 5;
/// How long from the start of a bout on a response is sought, in s.
const RESPONSE_S: f64 = 2.0;
const SCALE: f64 = 42.0;
const HEAD: f64 = 42.0;
const MAP: f64 = 200.0;
const FOOT: f64 = 42.0;
const GAP: f64 = 22.0;
const BETWEEN: f64 = 40.0;
/// Room for the middle of the outermost labels.
const LEFT: f64 = 8.0;
const RIGHT: f64 = 8.0;

/// One behaviour: rows of the same neurons executed and observed.
struct Pair {
    behaviour: String,
    /// From the first to the end of the last bin, in s from the onset.
    span: (f64, f64),
    columns: usize,
    rows: usize,
    /// `[executed, observed][rows × columns]`; none where nothing was recorded of the agent.
    maps: [Option<Vec<f32>>; 2],
}

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    let pairs: Vec<Pair> = view.behaviours.iter().filter_map(|b| pair(view, b)).collect();
    let all = pairs.len();
    let pairs = &pairs[..all.min(BEHAVIOURS)];
    if pairs.is_empty() {
        return Ok(None);
    }
    let values: Vec<f64> = pairs
        .iter()
        .flat_map(|p| p.maps.iter().flatten().flatten())
        .filter(|v| v.is_finite())
        .map(|v| f64::from(v.abs()))
        .collect();
    let limit = if values.is_empty() { 1.0 } else { quantile(&values, 0.99).max(1e-6) };
    let height = SCALE + pairs.len().div_ceil(2) as f64 * (HEAD + MAP + FOOT);
    let drawing = draw(WIDTH, height, |root, pictures| {
        colours(root, limit, pictures)?;
        let width = (WIDTH - LEFT - RIGHT - BETWEEN - 2.0 * GAP) / 4.0;
        for (k, pair) in pairs.iter().enumerate() {
            let left = LEFT + (k % 2) as f64 * (2.0 * width + GAP + BETWEEN);
            let top = SCALE + (k / 2) as f64 * (HEAD + MAP + FOOT);
            Words::ink(13.0, HPos::Left).bold(true).draw(
                root,
                &fitted(&shown(&pair.behaviour), 14.0, 2.0 * width),
                left,
                top + 10.0,
            )?;
            for (m, map) in pair.maps.iter().enumerate() {
                let place = (left + m as f64 * (width + GAP), top + HEAD, width);
                one(root, pair, (Agent::ALL[m], map.as_deref()), place, limit, pictures)?;
            }
        }
        Ok(())
    })?;
    Ok(Some(Figure { name: "maps", title: "Responses of many neurons", caption: caption(all), drawing }))
}

fn caption(all: usize) -> String {
    let mut caption = format!(
        "Mean activity around the start of bouts (dashed line), less the mean before it, in standard deviations of \
         each neuron's activity. Rows are the neurons of all sessions, at most {NEURONS} for each behaviour: those \
         whose activity changes most within {RESPONSE_S} s of the start of an executed bout. Which neurons are shown, \
         and in which order (by the time of the largest deviation), is decided by odd bouts; drawn are even ones. What \
         shows a sequence here shows it twice, and noise shows none. Observation is in the order of execution, row for \
         row: a mirror cell looks alike on both sides. Thin grey: not recorded, or not observed in that session."
    );
    if all > BEHAVIOURS {
        let _ = write!(caption, " The first {BEHAVIOURS} of {all} behaviours.");
    }
    caption
}

fn pair(view: &View, behaviour: &str) -> Option<Pair> {
    let of = |agent: Agent| view.activity.iter().map(|a| a.of(agent, behaviour)).collect::<Vec<_>>();
    let sides = [of(Agent::Own), of(Agent::Other)];
    // Rows follow execution, or observation where there is none.
    let leading = &sides[usize::from(sides[0].iter().all(Option::is_none))];
    let first = leading.iter().flatten().next()?;
    let span = (*first.times.first()?, first.times.last()? + first.width);
    let columns = first.times.len();
    let grid: Vec<f64> = (0..columns).map(|c| span.0 + (c as f64 + 0.5) * (span.1 - span.0) / columns as f64).collect();
    let mut rows: Vec<(f64, Vec<f32>, (usize, usize))> = Vec::new();
    for (session, aligned) in leading.iter().enumerate() {
        let Some(aligned) = aligned else { continue };
        for i in (0..aligned.odd.nrows()).filter(|i| view.tests(session).testable[*i]) {
            let odd = on_grid(aligned, true, i, view.activity[session].sd[i], &grid);
            let response = response(&odd, &grid);
            if response.is_finite() {
                rows.push((response, odd, (session, i)));
            }
        }
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    rows.truncate(NEURONS);
    let odd: Vec<Vec<f32>> = rows.iter().map(|(_, odd, _)| odd.clone()).collect();
    let order = peak_order(&odd, SMOOTH);
    let map = |side: &Vec<Option<&Aligned>>| {
        side.iter().any(Option::is_some).then(|| {
            let of = |k: &usize| {
                let (session, i) = rows[*k].2;
                let even = side[session].map(|a| on_grid(a, false, i, view.activity[session].sd[i], &grid));
                even.unwrap_or_else(|| vec![f32::NAN; columns])
            };
            order.iter().flat_map(of).collect::<Vec<f32>>()
        })
    };
    let maps = [map(&sides[0]), map(&sides[1])];
    (!rows.is_empty()).then(|| Pair { behaviour: behaviour.into(), span, columns, rows: rows.len(), maps })
}

/// The mean of odd or even bouts less the mean before the onset, in standard deviations, at the times of `grid`.
fn on_grid(aligned: &Aligned, odd: bool, neuron: usize, sd: f64, grid: &[f64]) -> Vec<f32> {
    let row = if odd { aligned.odd.row(neuron) } else { aligned.even.row(neuron) };
    let before =
        row.iter().zip(&aligned.times).filter(|(v, t)| v.is_finite() && **t < -1e-9).map(|(v, _)| f64::from(*v));
    let baseline = before.clone().sum::<f64>() / before.count() as f64;
    let at = |time: &f64| {
        let bin = ((time - aligned.times[0]) / aligned.width).floor();
        let value = if bin < 0.0 { None } else { row.get(bin as usize) };
        value.map_or(f32::NAN, |v| ((f64::from(*v) - baseline) / sd) as f32)
    };
    grid.iter().map(at).map(|v| if v.is_finite() { v } else { f32::NAN }).collect()
}

/// The magnitude of the mean soon after the onset.
fn response(row: &[f32], grid: &[f64]) -> f64 {
    let after = row.iter().zip(grid).filter(|(v, t)| v.is_finite() && (0.0..RESPONSE_S).contains(*t));
    let after = after.map(|(v, _)| f64::from(*v));
    (after.clone().sum::<f64>() / after.count() as f64).abs()
}

fn one(
    root: &Panel,
    pair: &Pair,
    (agent, map): (Agent, Option<&[f32]>),
    (left, top, width): (f64, f64, f64),
    limit: f64,
    pictures: &mut Vec<Picture>,
) -> Drawn<()> {
    Words::ink(12.0, HPos::Left).draw(root, side(Some(agent)), left, top - 11.0)?;
    let Some(map) = map else {
        return Words::muted(12.0, HPos::Left).draw(root, "not recorded", left + 8.0, top + 14.0);
    };
    let rows = format!("{} neurons", pair.rows);
    Words::muted(11.0, HPos::Right).draw(root, &rows, left + width, top - 11.0)?;
    let rectangle = (px(left), px(top), px(width), px(MAP));
    pictures.push(Picture { rectangle, png: signed_map(map, pair.columns, limit as f32)? });
    let corners = [(left, top), (left + width, top), (left + width, top + MAP), (left, top + MAP), (left, top)];
    for ends in corners.windows(2) {
        line(root, ends[0], ends[1], stroke(MUTED, 0.8))?;
    }
    time_axis(root, pair.span, (left, top + MAP, width), "s")?;
    onset(root, pair.span, (left, top, width, MAP))
}

/// Ticks at whole times below a map or a plot.
pub(super) fn time_axis(root: &Panel, span: (f64, f64), (left, y, width): (f64, f64, f64), unit: &str) -> Drawn<()> {
    // A label takes about 60 pixels.
    let step = step((span.1 - span.0) / (width / 60.0).clamp(1.0, 12.0));
    let first = (span.0 / step - 1e-6).ceil() as i64;
    for value in (first..).map(|k| k as f64 * step).take_while(|v| *v <= span.1 + 1e-6 * step) {
        let x = left + width * (value - span.0) / (span.1 - span.0);
        line(root, (x, y), (x, y + 4.0), stroke(MUTED, 1.0))?;
        let label = if value == 0.0 { format!("0 {unit}").trim_end().into() } else { tick(value) };
        Words::ink(11.0, HPos::Center).below().draw(root, &label, x, y + 7.0)?;
    }
    Ok(())
}

/// The next of 1, 2, 5 × 10ᵏ that is not smaller.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-9).log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|s| *s >= 0.999 * least).unwrap_or(10.0 * power)
}

/// A dashed line at the onset.
pub(super) fn onset(root: &Panel, span: (f64, f64), (left, top, width, height): (f64, f64, f64, f64)) -> Drawn<()> {
    let x = left + width * -span.0 / (span.1 - span.0);
    let mut y = top;
    while y < top + height {
        line(root, (x, y), (x, (y + 4.0).min(top + height)), stroke(INK, 1.0))?;
        y += 7.0;
    }
    Ok(())
}

fn colours(root: &Panel, limit: f64, pictures: &mut Vec<Picture>) -> Drawn<()> {
    let ramp: Vec<f32> = (0..129).map(|k| (k as f32 / 64.0 - 1.0) * limit as f32).collect();
    let (width, top) = (220.0, 6.0);
    pictures.push(Picture {
        rectangle: (px(LEFT), px(top), px(width), px(10.0)),
        png: signed_map(&ramp, 129, limit as f32)?,
    });
    for (share, h) in [(0.0, HPos::Left), (0.5, HPos::Center), (1.0, HPos::Right)] {
        let label = short((2.0 * share - 1.0) * limit, 2);
        Words::ink(11.0, h).below().draw(root, &label, LEFT + share * width, top + 13.0)?;
    }
    let words = "change from before the start, in standard deviations of the neuron's activity";
    Words::ink(12.0, HPos::Left).draw(root, words, LEFT + width + 12.0, top + 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!([1.5, 0.9, 0.02, 30.0].map(step), [2.0, 1.0, 0.02, 50.0]);
    }

    #[test]
    fn rows_are_changes_from_before_the_onset_at_any_grid() {
        let aligned = Aligned {
            agent: Agent::Own,
            behaviour: "eating".into(),
            times: vec![-2.0, -1.0, 0.0, 1.0],
            width: 1.0,
            bouts: 2,
            odd: ndarray::array![[1.0, 3.0, 6.0, f32::NAN]],
            even: ndarray::array![[0.0, 0.0, 1.0, 2.0]],
        };
        let grid = [-1.5, -0.5, 0.2, 0.7, 1.5, 2.5];
        let odd = on_grid(&aligned, true, 0, 2.0, &grid);
        assert_eq!(odd[..4], [-0.5, 0.5, 2.0, 2.0]);
        assert!(odd[4].is_nan() && odd[5].is_nan());
        assert_eq!(response(&odd, &grid), 2.0);
        assert_eq!(on_grid(&aligned, false, 0, 1.0, &grid)[2..5], [1.0, 1.0, 2.0]);
        assert!(on_grid(&aligned, false, 0, 0.0, &grid)[2].is_nan(), "a constant neuron has no scale");
    }
}
