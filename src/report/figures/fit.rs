//! R² of all neurons: cumulative, and by area and cell type, beside the baselines.

use crate::analysis::{Fit, Score, quantile, sorted};
use crate::error::Result;
use crate::report::data::ReportData;
use crate::report::parts::canvas::{
    Axes, Drawn, GRID, HPos, INK, INPUT_ONLY, MODEL, MUTED, Panel, Plane, VPos, chart, draw, heading, legend, px,
    stroke, text,
};
use crate::report::parts::figure::{Figure, WIDTH, part};
use plotters::prelude::*;
use std::fmt::Write as _;

const HEIGHT: f64 = 370.0;
/// Width of the cumulative panel.
const LEFT: f64 = 380.0;
/// Neurons worse than the lowest R² of the axis are drawn at its bottom.
const LOWEST: f64 = -0.6;

/// The fits that are drawn, each with its name and colour.
fn fits<'a>(data: &ReportData<'a>) -> Vec<(&'static str, RGBColor, &'a Fit)> {
    let input_only = data.comparison.input_only.as_ref().map(|f| ("input-only", INPUT_ONLY, f));
    std::iter::once(("model", MODEL, &data.comparison.model)).chain(input_only).collect()
}

pub(super) fn figure(data: &ReportData) -> Result<Figure> {
    let fits = fits(data);
    let all = || fits.iter().flat_map(|(_, _, f)| &f.overall).map(|s| s.r2).filter(|r| !r.is_nan());
    let low = all().fold(0.0_f64, f64::min).clamp(LOWEST, 0.0) - 0.05;
    let drawing = draw(WIDTH, HEIGHT, |root, _| {
        cumulative(&part(root, 0.0, 0.0, LEFT, HEIGHT), &fits, low)?;
        by_group(&part(root, LEFT, 0.0, WIDTH - LEFT, HEIGHT), data, &fits, low)
    })?;
    let which =
        if data.comparison.held_out.is_empty() { "all conditions" } else { "all conditions that were trained on" };
    let mut caption = format!(
        "R² of each neuron over {which} and bins (1 − SSE/SST). Left: fraction of neurons whose R² is at most x. \
         Right: each dot is a neuron; boxes span the quartiles, their line is the median.",
    );
    if data.comparison.input_only.is_some() {
        caption.push_str(
            " Input-only: the same network trained with all recurrent weights at zero; what it fits needs no recurrence.",
        );
    }
    caption.push_str(" A model that knows only each neuron's mean rate has R² = 0.");
    let below = all().filter(|r| *r < low).count();
    if below > 0 {
        let _ = write!(caption, " {below} dots with a lower R² than the axis shows lie on its lower edge.");
    }
    let undefined = data.comparison.model.summary().undefined;
    if undefined > 0 {
        let _ = write!(caption, " {undefined} neurons with a constant recorded rate have no R² and are left out.");
    }
    Ok(Figure { name: "fit", title: "Fit by area and cell type", caption, drawing })
}

fn cumulative(panel: &Panel, fits: &[(&str, RGBColor, &Fit)], low: f64) -> Drawn<()> {
    heading(panel, "all neurons")?;
    let mut chart = chart(panel, [48.0, 20.0, 0.0, 0.0], [42.0, 52.0], low..1.0, 0.0..1.0)?;
    Axes { x: "R²", y: "fraction of neurons", x_labels: 6, y_labels: 6 }.draw(&mut chart)?;
    for (_, colour, fit) in fits {
        let r2 = sorted(fit.overall.iter().map(|s| s.r2));
        if r2.is_empty() {
            continue;
        }
        let step = 1.0 / r2.len() as f64;
        // A staircase: up by one neuron at each R².
        let stairs = r2.iter().enumerate().flat_map(|(k, r)| {
            let x = r.max(low);
            [(x, k as f64 * step), (x, (k + 1) as f64 * step)]
        });
        let line = std::iter::once((low, 0.0)).chain(stairs).chain([(1.0, 1.0)]);
        chart.draw_series(LineSeries::new(line, stroke(*colour, 2.0)))?;
    }
    let entries: Vec<(&str, RGBColor)> = fits.iter().map(|(name, colour, _)| (*name, *colour)).collect();
    legend(panel, &entries, 54.0, 34.0)
}

/// The neurons of one area and cell type.
struct Group {
    area: usize,
    cell_type: &'static str,
    members: Vec<usize>,
}

fn groups(data: &ReportData) -> Vec<Group> {
    let population = &data.problem.population;
    let group = |area: usize, cell_type: &'static str| {
        let is_member = |i: &usize| population.area_of()[*i] as usize == area && population.cell_type(*i) == cell_type;
        Group { area, cell_type, members: (0..population.len()).filter(is_member).collect() }
    };
    let pairs = (0..population.areas().len()).flat_map(|a| [group(a, "excitatory"), group(a, "inhibitory")]);
    pairs.filter(|g| !g.members.is_empty()).collect()
}

fn by_group(panel: &Panel, data: &ReportData, fits: &[(&str, RGBColor, &Fit)], low: f64) -> Drawn<()> {
    heading(panel, "by area and cell type")?;
    let groups = groups(data);
    let mut chart = chart(panel, [48.0, 4.0, 0.0, 0.0], [58.0, 52.0], 0.0..groups.len() as f64, low..1.0)?;
    Axes { x: "", y: "R²", x_labels: 0, y_labels: 6 }.draw(&mut chart)?;
    let area = chart.plotting_area();
    area.draw(&PathElement::new([(0.0, 0.0), (groups.len() as f64, 0.0)], stroke(MUTED, 1.0)))?;
    let below = |x: f64, label: String, size: f64, down: f64| {
        let style = text(size, INK, HPos::Center, VPos::Top);
        area.draw(&(EmptyElement::at((x, low)) + Text::new(label, (0, px(down)), style)))
    };
    for (k, group) in groups.iter().enumerate() {
        let lane = 0.8 / fits.len() as f64;
        for (f, (_, colour, fit)) in fits.iter().enumerate() {
            let scores: Vec<&Score> = group.members.iter().map(|i| &fit.overall[*i]).collect();
            dots_and_box(area, &scores, *colour, low, k as f64 + 0.1 + lane * f as f64, lane)?;
        }
        below(k as f64 + 0.5, format!("{} ({})", &group.cell_type[..3], group.members.len()), 11.0, 8.0)?;
    }
    for (a, named) in data.problem.population.areas().iter().enumerate() {
        let of_area = || (0..groups.len()).filter(|k| groups[*k].area == a);
        let (Some(first), count) = (of_area().next(), of_area().count()) else { continue };
        below(first as f64 + count as f64 / 2.0, named.name.clone(), 12.0, 28.0)?;
        if first > 0 {
            area.draw(&PathElement::new([(first as f64, low), (first as f64, 1.0)], stroke(GRID, 1.0)))?;
        }
    }
    Ok(())
}

/// Dots and box of one group in the lane from `left`, `width` wide, in units of groups.
fn dots_and_box(area: &Plane, scores: &[&Score], colour: RGBColor, low: f64, left: f64, width: f64) -> Drawn<()> {
    let r2 = sorted(scores.iter().map(|s| s.r2));
    if r2.is_empty() {
        return Ok(());
    }
    for (k, score) in scores.iter().enumerate().filter(|(_, s)| !s.r2.is_nan()) {
        // Multiples of the golden ratio spread evenly, and alike in every run.
        let jitter = 0.12 + 0.76 * (k as f64 * 0.618_034).fract();
        area.draw(&Circle::new((left + jitter * width, score.r2.max(low)), px(1.7), colour.mix(0.5).filled()))?;
    }
    let [q1, median, q3] = [0.25, 0.5, 0.75].map(|q| quantile(&r2, q).max(low));
    let (a, b) = (left + 0.12 * width, left + 0.88 * width);
    area.draw(&PathElement::new([(a, q1), (b, q1), (b, q3), (a, q3), (a, q1)], stroke(INK, 1.0)))?;
    area.draw(&PathElement::new([(a, median), (b, median)], stroke(INK, 2.5)))?;
    Ok(())
}
