//! Learning curves: the loss of settings over steps.

use super::plane::{Plane, Sample, legend, thinned};
use super::scale::Scale;
use super::view::View;
use crate::analysis::quantile;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, HPos, MUTED, Panel, draw, px};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::lines::{Pen, colour};
use crate::report::parts::marks::{Words, fitted};
use plotters::prelude::*;
use std::fmt::Write as _;

const HEIGHT: f64 = 340.0;
/// Settings in colour.
const BEST: usize = 5;
/// Curves of other settings, at most.
const OTHERS: usize = 120;
/// Points of a curve, at most: of the best settings, of others.
const POINTS: usize = 200;
const FEW_POINTS: usize = 80;
const GREY: Pen = Pen::solid(MUTED, 0.9);

/// The loss of a setting's runs at some steps: step, least, median, largest.
type Band = Vec<(f64, f64, f64, f64)>;

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    let bands = |settings: Vec<usize>, points: usize| -> Vec<(usize, Band)> {
        let all = settings.into_iter().map(|s| (s, band(view, s, points)));
        all.filter(|(_, band)| !band.is_empty()).collect()
    };
    let best: Vec<usize> = view.ranked().take(BEST).map(|s| s.setting).collect();
    let rest: Vec<usize> = view.standings.iter().map(|s| s.setting).filter(|s| !best.contains(s)).collect();
    let best = bands(best, POINTS);
    let others = bands(thinned(&rest, OTHERS), FEW_POINTS);
    if best.is_empty() && others.is_empty() {
        return Ok(None);
    }
    let all = || best.iter().chain(&others).flat_map(|(_, band)| band);
    let last = all().map(|p| p.0).fold(1.0, f64::max);
    let losses: Vec<f64> = all().flat_map(|p| [p.1, p.2, p.3]).collect();
    let (x, y) = (Scale::whole(&[1.0, last], false), Scale::robust(&losses, true));
    let top = 20.0 * best.len() as f64 + 44.0;
    let drawing = draw(WIDTH, top + HEIGHT, |root, _| {
        names(root, view, &best, others.len())?;
        let plane = Plane { left: 62.0, top, width: WIDTH - 80.0, height: HEIGHT - 46.0 };
        plane.vertical(root, &y)?;
        plane.horizontal(root, &x)?;
        Words::ink(12.0, HPos::Center).draw(root, "step", plane.left + plane.width / 2.0, top + HEIGHT - 12.0)?;
        Words::ink(12.0, HPos::Left).draw(root, "loss", 2.0, top - 12.0)?;
        for (_, band) in others.iter().rev() {
            plane.path(root, &middle(band, &x, &y), GREY, 0.35)?;
        }
        for (k, (_, band)) in best.iter().enumerate().rev() {
            area(root, plane, band, (&x, &y), colour(k))?;
        }
        for (k, (_, band)) in best.iter().enumerate().rev() {
            plane.path(root, &middle(band, &x, &y), Pen::solid(colour(k), 2.0), 1.0)?;
        }
        Ok(())
    })?;
    let mut caption = format!(
        "Loss over the steps of training{}. Coloured: the best settings, the line the median over their runs in the search, \
         the band from the least to the largest. Grey: medians of other settings. Every curve ends with the last of its \
         runs, and is the median of those that still train.",
        if y.log { ", on a logarithmic axis" } else { "" }
    );
    if rest.len() > others.len() {
        let _ = write!(caption, " Of {} other settings {} are drawn.", rest.len(), others.len());
    }
    let _ = write!(caption, " Curves are drawn at {POINTS} steps at most.");
    if y.beyond.0 > 0 {
        caption.push_str(" Losses beyond the axis lie along its edge.");
    }
    caption.push_str(" Numbers: curves.npz.");
    Ok(Some(Figure { name: "learning", title: "Learning curves", caption, drawing }))
}

/// What colours mean, a setting a line: their descriptions are long.
fn names(root: &Panel, view: &View, best: &[(usize, Band)], others: usize) -> Drawn<()> {
    let mut y = 10.0;
    for (k, (setting, _)) in best.iter().enumerate() {
        let rank = view.standings.iter().position(|s| s.setting == *setting).map_or(0, |r| r + 1);
        let words = fitted(&format!("{rank}. {}", view.describe(*setting)), 12.0, WIDTH - 40.0);
        legend(root, &[(Sample::Band(colour(k)), String::new())], y)?;
        legend(root, &[(Sample::Line(Pen::solid(colour(k), 2.0)), words)], y)?;
        y += 20.0;
    }
    if others > 0 {
        legend(root, &[(Sample::Line(GREY), "other settings".to_string())], y)?;
    }
    Ok(())
}

/// The losses of a setting's runs in the search, at no more than so many steps, the first and the last among them.
fn band(view: &View, setting: usize, points: usize) -> Band {
    let runs = view.report.runs.iter().filter(|r| r.setting == setting && !r.confirmation);
    let curves: Vec<&[f32]> = runs.map(|r| r.losses.as_slice()).filter(|l| !l.is_empty()).collect();
    let steps = curves.iter().map(|c| c.len()).max().unwrap_or(0);
    let every = steps.div_ceil(points).max(1);
    let at = |step: usize| {
        let values = curves.iter().filter_map(|c| c.get(step)).map(|v| f64::from(*v)).filter(|v| v.is_finite());
        let sorted = crate::analysis::sorted(values);
        Some(((step + 1) as f64, *sorted.first()?, quantile(&sorted, 0.5), *sorted.last()?))
    };
    let chosen = (0..steps).step_by(every).chain(steps.checked_sub(1).filter(|last| last % every != 0));
    chosen.filter_map(at).collect()
}

fn middle(band: &Band, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
    band.iter().map(|p| (x.at(p.0), y.at(p.2))).collect()
}

fn area(root: &Panel, plane: Plane, band: &Band, (x, y): (&Scale, &Scale), colour: RGBColor) -> Drawn<()> {
    let above = band.iter().map(|p| plane.at(x.at(p.0), y.at(p.3)));
    let below = band.iter().rev().map(|p| plane.at(x.at(p.0), y.at(p.1)));
    let points: Vec<(i32, i32)> = above.chain(below).map(|(x, y)| (px(x), px(y))).collect();
    if points.len() > 3 {
        root.draw(&Polygon::new(points, colour.mix(0.2).filled()))?;
    }
    Ok(())
}
