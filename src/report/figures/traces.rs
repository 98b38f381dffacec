//! Recorded and modelled rates of a few neurons, from the best to the worst fit.

use super::strips::{Strip, StripFrame, strips};
use crate::analysis::decimal;
use crate::error::Result;
use crate::report::conditions::class_name;
use crate::report::data::ReportData;
use crate::report::parts::canvas::{Drawn, GRID, HPos, INK, MODEL, Panel, draw, legend, px, stroke, tick};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::Words;
use plotters::prelude::*;

/// Room for the neuron's description and the axis.
const LEFT: f64 = 158.0;
const GAP: f64 = 16.0;
const LEGEND: f64 = 24.0;
/// Height of the part above the first row, with class and condition labels.
const HEAD: f64 = 52.0;
const ROW: f64 = 78.0;
const BETWEEN: f64 = 14.0;
const FOOT: f64 = 28.0;

/// A neuron and why it is shown.
struct Shown {
    rank: &'static str,
    neuron: usize,
}

/// Best, quartiles and worst, without repetitions.
fn chosen(data: &ReportData) -> Vec<Shown> {
    let ranking = data.comparison.model.ranking();
    let Some(last) = ranking.len().checked_sub(1) else { return Vec::new() };
    let at =
        [("best fit", last), ("upper quartile", last * 3 / 4), ("median fit", last / 2), ("lower quartile", last / 4)];
    let mut shown: Vec<Shown> = Vec::new();
    for (rank, k) in at.into_iter().chain([("worst fit", 0)]) {
        if shown.iter().all(|s| s.neuron != ranking[k]) {
            shown.push(Shown { rank, neuron: ranking[k] });
        }
    }
    shown
}

pub(super) fn figure(data: &ReportData) -> Result<Option<Figure>> {
    let (shown, strips) = (chosen(data), strips(data));
    if shown.is_empty() {
        return Ok(None);
    }
    let height = LEGEND + HEAD + shown.len() as f64 * (ROW + BETWEEN) + FOOT;
    // Every strip is as wide as its conditions are long, so that time runs equally fast in all of them.
    let bins: usize = strips.iter().map(|s| s.length).sum();
    let room = WIDTH - LEFT - GAP * (strips.len().max(1) - 1) as f64 - 2.0;
    let drawing = draw(WIDTH, height, |root, _| {
        legend(root, &[("recorded", INK), ("modelled", MODEL)], LEFT, 10.0)?;
        for (k, row) in shown.iter().enumerate() {
            let top = LEGEND + HEAD + k as f64 * (ROW + BETWEEN);
            let highest = highest(data, row.neuron);
            describe(root, data, row, highest, top)?;
            let mut left = LEFT;
            for strip in &strips {
                let frame = StripFrame { left, top, width: room * strip.length as f64 / bins as f64, height: ROW };
                if k == 0 {
                    Words::ink(13.0, HPos::Left).below().draw(root, class_name(strip.class), left, LEGEND + 2.0)?;
                    frame.label(root, strip, data)?;
                }
                frame.mark_events(root, strip, data, stroke(GRID, 1.0))?;
                frame.baseline(root, strip)?;
                traces(root, &frame, strip, data, row.neuron, highest)?;
                left += frame.width + GAP;
                if k + 1 == shown.len() {
                    frame.time_bar(root, strip, data)?;
                }
            }
        }
        Ok(())
    })?;
    let caption = "Recorded and modelled rates of the neurons with the best, the median and the worst fit, and \
                   at the quartiles between them. Each row has its own scale from 0 to the number at its left. Thin \
                   vertical lines mark where the stimulus changes."
        .into();
    Ok(Some(Figure { name: "traces", title: "Single neurons", caption, drawing }))
}

/// The upper end of a neuron's scale: its highest recorded or modelled rate.
fn highest(data: &ReportData, neuron: usize) -> f32 {
    let (n, b) = (data.problem.dims.neurons, data.problem.dims.bins);
    let bins = data.problem.bins.iter().enumerate().flat_map(|(c, bins)| (0..*bins).map(move |bin| c * b + bin));
    let of = |rates: &[f32]| bins.clone().map(|row| rates[row * n + neuron]).fold(0.0, f32::max);
    let highest = of(&data.problem.targets).max(of(data.modelled));
    if highest > 0.0 { highest } else { 1.0 }
}

fn describe(root: &Panel, data: &ReportData, shown: &Shown, highest: f32, top: f64) -> Drawn<()> {
    let (population, i) = (&data.problem.population, shown.neuron);
    let (area, cell_type) = (population.area_name(i), population.cell_type(i));
    let mut lines = vec![format!("neuron {}", i + 1), format!("{area}, {cell_type}")];
    if population.mirror().is_some() {
        lines.push(population.class(i).into());
    }
    lines.push(format!("R² {}", decimal(data.comparison.model.overall[i].r2)));
    Words::ink(12.0, HPos::Left).below().draw(root, shown.rank, 2.0, top - 3.0)?;
    for (k, line) in lines.iter().enumerate() {
        Words::muted(11.0, HPos::Left).below().draw(root, line, 2.0, top + 15.0 + 15.0 * k as f64)?;
    }
    let label = tick((f64::from(highest) * 100.0).round() / 100.0);
    Words::ink(11.0, HPos::Right).below().draw(root, &label, LEFT - 6.0, top - 3.0)?;
    Words::ink(11.0, HPos::Right).above().draw(root, "0", LEFT - 6.0, top + ROW + 2.0)
}

fn traces(
    root: &Panel,
    frame: &StripFrame,
    strip: &Strip,
    data: &ReportData,
    neuron: usize,
    highest: f32,
) -> Drawn<()> {
    let (n, b) = (data.problem.dims.neurons, data.problem.dims.bins);
    let curves = [(data.problem.targets.as_slice(), stroke(INK, 1.2)), (data.modelled, stroke(MODEL, 1.6))];
    for s in &strip.segments {
        for (rates, style) in curves {
            let point = |bin: usize| {
                let rate = rates[(s.condition * b + bin) * n + neuron] / highest;
                // A bin's rate stands at its centre.
                let x = frame.x(strip, (s.start + bin) as f64 + 0.5);
                (px(x), px(frame.top + frame.height * (1.0 - f64::from(rate))))
            };
            root.draw(&PathElement::new((0..s.bins).map(point).collect::<Vec<_>>(), style))?;
        }
    }
    Ok(())
}
