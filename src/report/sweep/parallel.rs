//! Parallel coordinates: a line for each setting, through its values to the objective.

use super::factors::{Factor, Values};
use super::plane::{Plane, Sample, column, legend, thinned};
use super::scale::Scale;
use super::view::View;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, HPos, MODEL, MUTED, Panel, SHADE, draw, stroke, text_width};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::lines::Pen;
use crate::report::parts::marks::{Words, fitted, line, rectangle};
use plotters::prelude::Color;
use std::fmt::Write as _;

const HEIGHT: f64 = 330.0;
const TOP: f64 = 62.0;
/// Axes side by side, at most: more would leave no room for their labels.
const AXES: usize = 9;
/// Lines of settings that are not among the best, at most.
const LINES: usize = 400;
const BEST: Pen = Pen::solid(MODEL, 1.8);
const OTHER: Pen = Pen::solid(MUTED, 1.0);

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    // By the search alone: what was confirmed is on another footing.
    let median = |s: &super::standings::Standing| (s.setting, s.search.median);
    let mut settings: Vec<(usize, f64)> = view.standings.iter().map(median).filter(|s| s.1.is_finite()).collect();
    if settings.len() < 3 || view.factors.is_empty() {
        return Ok(None);
    }
    let objective = &view.report.objective;
    settings.sort_by(|a, b| objective.cost(a.1).total_cmp(&objective.cost(b.1)));
    let best = settings.len().div_ceil(10);
    let factors = &view.factors[..view.factors.len().min(AXES)];
    let others = thinned(&settings[best..], LINES);
    let drawing = draw(WIDTH, HEIGHT, |root, _| {
        let entries = [
            (Sample::Line(BEST), format!("the best tenth ({best} of {})", settings.len())),
            (Sample::Line(OTHER), "the others".to_string()),
        ];
        legend(root, &entries, 10.0)?;
        let plane = Plane { left: 90.0, top: TOP, width: WIDTH - 180.0, height: HEIGHT - TOP - 18.0 };
        for (settings, pen, opacity) in [(&others[..], OTHER, 0.28), (&settings[..best], BEST, 0.85)] {
            for (setting, value) in settings.iter().rev() {
                let mut points: Vec<(f64, f64)> = factors
                    .iter()
                    .map(|f| place(f, *setting))
                    .enumerate()
                    .map(|(k, y)| (at(k, factors.len()), y))
                    .collect();
                points.push((1.0, towards_better(view, *value)));
                plane.path(root, &points, pen, opacity)?;
            }
        }
        for (k, factor) in factors.iter().enumerate() {
            axis(root, plane, at(k, factors.len()), &factor.name, &labels(factor))?;
        }
        let label = view.objective();
        let ticks: Vec<(f64, String)> = view.scale.ticks(6);
        let flip = |(y, label): (f64, String)| (if objective.lower_is_better { 1.0 - y } else { y }, label);
        axis(root, plane, 1.0, &label, &ticks.into_iter().map(flip).collect::<Vec<_>>())
    })?;
    let mut caption = "A line is a setting: through its value on each axis to its median objective over seeds, on the right, \
                       better upwards. Settings that diverged in most seeds, or did not train to an end, have none. Where the \
                       coloured lines run together, the value matters or was drawn often; where they fan out, it does not."
        .to_string();
    if others.len() < settings.len() - best {
        let _ = write!(caption, " Of {} other settings {} are drawn.", settings.len() - best, others.len());
    }
    if view.factors.len() > factors.len() {
        let _ = write!(caption, " Of {} axes the first {} are drawn.", view.factors.len(), factors.len());
    }
    Ok(Some(Figure { name: "parallel", title: "All settings at once", caption, drawing }))
}

/// The place of an axis, of so many before the objective's.
fn at(k: usize, axes: usize) -> f64 {
    k as f64 / axes as f64
}

fn towards_better(view: &View, value: f64) -> f64 {
    let y = view.scale.at(value);
    if view.report.objective.lower_is_better { 1.0 - y } else { y }
}

fn place(factor: &Factor, setting: usize) -> f64 {
    match &factor.values {
        Values::Numbers { of, log } => Scale::whole(of, *log).at(of[setting]),
        Values::Choices { of, labels } => {
            // Lines through one choice lie side by side.
            let room = 0.5 / labels.len() as f64;
            let aside = (setting * 7 % 17) as f64 / 16.0 - 0.5;
            column(of[setting], labels.len()) + aside * room.min(0.12)
        }
    }
}

/// What stands along an axis.
fn labels(factor: &Factor) -> Vec<(f64, String)> {
    match &factor.values {
        Values::Numbers { of, log } => Scale::whole(of, *log).ticks(6),
        Values::Choices { labels, .. } => {
            let every = labels.len().div_ceil(14).max(1);
            let label = |(k, l): (usize, &String)| (column(k, labels.len()), l.clone());
            labels.iter().enumerate().step_by(every).map(label).collect()
        }
    }
}

fn axis(root: &Panel, plane: Plane, x: f64, name: &str, labels: &[(f64, String)]) -> Drawn<()> {
    let (top, bottom) = (plane.at(x, 1.0), plane.at(x, 0.0));
    line(root, top, bottom, stroke(MUTED, 1.2))?;
    let name = fitted(name, 12.0, 150.0);
    Words::ink(12.0, HPos::Center).bold(true).draw(root, &name, top.0, top.1 - 18.0)?;
    for (y, label) in labels {
        let (x, y) = plane.at(x, *y);
        line(root, (x - 4.0, y), (x, y), stroke(MUTED, 1.2))?;
        let label = fitted(label, 10.5, 80.0);
        // Lines run behind it.
        let width = text_width(&label, 10.5) + 4.0;
        rectangle(root, (x - 7.0 - width, y - 7.5, width + 2.0, 15.0), SHADE.mix(0.85).filled())?;
        Words::ink(10.5, HPos::Right).draw(root, &label, x - 7.0, y)?;
    }
    Ok(())
}
