//! The objective against each setting.

use super::factors::{Factor, Values};
use super::plane::{Dot, Plane, Sample, column, legend, thinned};
use super::scale::Scale;
use super::view::View;
use crate::analysis::statistics::quantile;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, GREEN, HPos, INK, INPUT_ONLY, MODEL, MUTED, Panel, draw};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::lines::Pen;
use crate::report::parts::marks::{Words, fitted};
use std::fmt::Write as _;

const COLUMNS: usize = 3;
const PANEL: f64 = 232.0;
const HEAD: f64 = 34.0;
/// Dots in all panels, at most: more are neither seen nor worth their bytes.
const DOTS: usize = 6000;
/// Medians of so many values of a number; of more, of as many groups of neighbours.
const VALUES: usize = 12;
const GROUPS: usize = 8;

const SEED: Dot = Dot { colour: MODEL, radius: 2.6, opacity: 0.45, hollow: false };
const FRESH: Dot = Dot { colour: GREEN, radius: 3.2, opacity: 0.85, hollow: false };
const HALVED: Dot = Dot { colour: MUTED, radius: 2.4, opacity: 0.45, hollow: true };
const MEDIAN: Pen = Pen::solid(INK, 1.8);
const LEVEL: Pen = Pen::dashed(INPUT_ONLY, 1.8);

/// A setting's place, a value, and how it is marked.
type Point = (usize, f64, Dot);

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    let points = points(view);
    if view.factors.is_empty() || points.is_empty() {
        return Ok(None);
    }
    let most = DOTS / view.factors.len();
    let kept = thinned(&points, most);
    let rows = view.factors.len().div_ceil(COLUMNS);
    let width = WIDTH / COLUMNS as f64;
    let level = view.input_only().map(|l| l.0);
    let scale = Scale::of_quantity(&points.iter().map(|p| p.1).collect::<Vec<f64>>());
    let scale = level.map_or(scale.clone(), |level| scale.including(level));
    let level = level.filter(|l| scale.side(*l).is_eq());
    let drawing = draw(WIDTH, HEAD + PANEL * rows as f64, |root, _| {
        legend(root, &entries(&points, level.is_some()), 10.0)?;
        for (k, factor) in view.factors.iter().enumerate() {
            let (left, top) = ((k % COLUMNS) as f64 * width, HEAD + (k / COLUMNS) as f64 * PANEL);
            let plane = Plane { left: left + 50.0, top: top + 28.0, width: width - 66.0, height: PANEL - 66.0 };
            let title = fitted(&factor.name, 13.0, width - 20.0);
            Words::ink(13.0, HPos::Left).bold(true).below().draw(root, &title, left + 2.0, top + 4.0)?;
            panel(root, factor, (plane, &scale), &kept)?;
            if let Some(level) = level {
                plane.level(root, scale.at(level), LEVEL)?;
            }
            medians(root, view, factor, (plane, &scale))?;
        }
        Ok(())
    })?;
    let caption = caption(view, &scale, level.is_some(), (points.len(), kept.len()));
    Ok(Some(Figure { name: "by-setting", title: "Objective against each setting", caption, drawing }))
}

fn entries(points: &[Point], has_level: bool) -> Vec<(Sample, String)> {
    let mut entries =
        vec![(Sample::Dot(SEED), "a seed".to_string()), (Sample::Line(MEDIAN), "median over seeds".into())];
    if points.iter().any(|p| p.2.colour == FRESH.colour) {
        entries.push((Sample::Dot(FRESH), "a fresh seed of the confirmation".into()));
    }
    if points.iter().any(|p| p.2.hollow) {
        entries.push((Sample::Dot(HALVED), "halved: its value then".into()));
    }
    if has_level {
        entries.push((Sample::Line(LEVEL), "input-only".into()));
    }
    entries
}

fn caption(view: &View, scale: &Scale, has_level: bool, (all, kept): (usize, usize)) -> String {
    let label = view.objective();
    let mut caption = format!(
        "Vertical: {label}{}. A dot is a seed (held-out conditions averaged), the line the median over all seeds with that \
         value, of more than {VALUES} values over {GROUPS} groups of neighbours. Other settings vary along with each, which \
         spreads the dots.",
        if view.report.objective.lower_is_better { ", lower is better" } else { "" }
    );
    if let Some((median, low, high)) = view.input_only() {
        let median = super::view::value(median);
        let dashed = if has_level { "Dashed" } else { "Beyond the axis" };
        let _ = write!(caption, " {dashed}: the network without recurrent connections, {median} in the median");
        if low < high {
            let _ = write!(caption, " of its runs ({})", super::view::between(low, high));
        }
        caption.push('.');
    }
    caption.push_str(&scale.beyond_words("dot"));
    if kept < all {
        let _ = write!(caption, " Of {all} dots {kept} are drawn.");
    }
    caption.push_str(" Numbers: runs.csv.");
    caption
}

/// Seeds of the search, halved runs, seeds of the confirmation.
fn points(view: &View) -> Vec<Point> {
    let mut points = Vec::new();
    for standing in &view.standings {
        points.extend(standing.search.values.iter().map(|(_, v)| (standing.setting, *v, SEED)));
    }
    let halved = view.report.runs.iter().filter(|r| r.state == super::data::RunState::Halved);
    let finite = halved.filter_map(|r| Some((r.setting, r.objective.filter(|v| v.is_finite())?, HALVED)));
    points.extend(finite);
    for standing in &view.standings {
        points.extend(standing.confirmation.values.iter().map(|(_, v)| (standing.setting, *v, FRESH)));
    }
    points
}

fn panel(root: &Panel, factor: &Factor, (plane, y): (Plane, &Scale), points: &[Point]) -> Drawn<()> {
    plane.vertical(root, y)?;
    let place: Box<dyn Fn(usize) -> f64> = match &factor.values {
        Values::Numbers { of, log } => {
            let x = Scale::whole(of, *log);
            plane.horizontal(root, &x)?;
            Box::new(move |s| x.at(of[s]))
        }
        Values::Choices { of, labels } => {
            plane.columns(root, labels)?;
            let n = labels.len();
            Box::new(move |s| column(of[s], n))
        }
    };
    // Dots of a column stand side by side.
    let spread = match &factor.values {
        Values::Numbers { .. } => 0.0,
        Values::Choices { labels, .. } => (0.5 / labels.len() as f64).min(26.0 / plane.width),
    };
    for (k, (setting, v, dot)) in points.iter().enumerate() {
        let aside = spread * ((k * 7) % 13) as f64 / 12.0 - spread / 2.0;
        plane.dot(root, place(*setting) + aside, *v, y, *dot)?;
    }
    Ok(())
}

fn medians(root: &Panel, view: &View, factor: &Factor, (plane, scale): (Plane, &Scale)) -> Drawn<()> {
    let seeds = |is: &dyn Fn(usize) -> bool| {
        let of = view.standings.iter().filter(|s| is(s.setting)).flat_map(|s| &s.search.values);
        quantile(&of.map(|(_, v)| *v).collect::<Vec<f64>>(), 0.5)
    };
    match &factor.values {
        Values::Choices { of, labels } => {
            let half = (0.3 / labels.len() as f64).min(30.0 / plane.width);
            for k in 0..labels.len() {
                let median = seeds(&|s| of[s] == k);
                if median.is_finite() {
                    let (x, y) = (column(k, labels.len()), scale.at(median));
                    plane.path(root, &[(x - half, y), (x + half, y)], Pen { width: 2.6, ..MEDIAN }, 1.0)?;
                }
            }
        }
        Values::Numbers { of, log } => {
            let x = Scale::whole(of, *log);
            let place = |(low, high): &(f64, f64)| {
                let median = seeds(&|s| (*low..=*high).contains(&of[s]));
                let middle = f64::midpoint(x.at(*low), x.at(*high));
                (middle, if median.is_finite() { scale.at(median) } else { f64::NAN })
            };
            let line: Vec<(f64, f64)> = stretches(of).iter().map(place).filter(|p| p.1.is_finite()).collect();
            plane.path(root, &line, MEDIAN, 1.0)?;
        }
    }
    Ok(())
}

/// Groups of neighbours among numbers, by their least and their largest: single values where there are few.
pub(super) fn stretches(numbers: &[f64]) -> Vec<(f64, f64)> {
    let mut distinct = numbers.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    if distinct.len() <= VALUES {
        return distinct.into_iter().map(|v| (v, v)).collect();
    }
    let ends = |k: usize| k * distinct.len() / GROUPS;
    (0..GROUPS).map(|k| (distinct[ends(k)], distinct[ends(k + 1) - 1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_numbers_are_grouped_and_few_are_not() {
        assert_eq!(stretches(&[2.0, 1.0, 2.0]), [(1.0, 1.0), (2.0, 2.0)]);
        let many: Vec<f64> = (0..13).map(f64::from).collect();
        let groups = stretches(&many);
        assert_eq!((groups.len(), groups[0], groups[7]), (GROUPS, (0.0, 0.0), (11.0, 12.0)));
        assert!(groups.windows(2).all(|w| w[1].0 == w[0].1 + 1.0));
    }
}
