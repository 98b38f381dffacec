//! What training made of time constants and weights.

use crate::error::Result;
use crate::network::Constraint;
use crate::report::data::ReportData;
use crate::report::parts::canvas::{
    Axes, Drawn, EXCITATORY, HPos, INHIBITORY, INK, Panel, VPos, chart, draw, heading, legend, px, stroke, text,
    text_width, tick,
};
use crate::report::parts::figure::{Figure, WIDTH, part};
use crate::report::parts::marks::{Words, rectangle};
use plotters::prelude::*;

const HEIGHT: f64 = 300.0;
const TAU_BINS: usize = 30;
const WEIGHT_BINS: usize = 40;
/// Weights below this are as good as absent, and left out of the histogram.
const SMALLEST: f32 = 1e-6;
/// Colour of the strongest block; less than 1 keeps its number readable.
const STRONGEST: f64 = 0.55;

pub(super) fn figure(data: &ReportData) -> Result<Figure> {
    let effective = Constraint::effective_weights(&data.problem.population, data.weights);
    let drawing = draw(WIDTH, HEIGHT, |root, _| {
        time_constants(&part(root, 0.0, 0.0, 340.0, HEIGHT), data)?;
        magnitudes(&part(root, 350.0, 0.0, 340.0, HEIGHT), &effective)?;
        blocks(&part(root, 706.0, 0.0, WIDTH - 706.0, HEIGHT), data, &effective)
    })?;
    let norm = data.weights.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt();
    let largest = data.weights.iter().map(|w| w.abs()).fold(0.0, f32::max);
    let caption = format!(
        "Left: time constants τ. Middle: magnitudes of the effective recurrent weights (after the rectification between \
         areas), logarithmic; weights below {SMALLEST:.0e} are left out. Right: summed effective weight that a neuron of \
         the area in each row receives from the area in each column, mean over the receiving neurons, split by sign. \
         ‖W‖ = {norm:.1}, largest |W| = {largest:.2}."
    );
    Ok(Figure { name: "parameters", title: "Time constants and weights", caption, drawing })
}

/// How many of `values` fall into each of `bins` equal parts of `low..high`; those outside into the nearest.
fn counts(values: impl Iterator<Item = f64>, low: f64, high: f64, bins: usize) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for value in values {
        let bin = ((value - low) / (high - low) * bins as f64).clamp(0.0, bins as f64 - 1.0);
        counts[bin as usize] += 1.0;
    }
    counts
}

/// A named histogram.
type Histogram = (&'static str, RGBColor, Vec<f64>);

/// Draws histograms over `low..high` as outlines with a light filling.
fn histograms(panel: &Panel, x: &str, y: &str, low: f64, high: f64, parts: &[Histogram]) -> Drawn<()> {
    let most = parts.iter().flat_map(|p| &p.2).fold(1.0, |a: f64, b| a.max(*b));
    let mut chart = chart(panel, [48.0, 14.0, 0.0, 0.0], [42.0, 52.0], low..high, 0.0..most * 1.05)?;
    Axes { x, y, x_labels: 6, y_labels: 6 }.draw(&mut chart)?;
    for (_, colour, counts) in parts {
        let width = (high - low) / counts.len() as f64;
        let steps = counts.iter().enumerate().flat_map(|(k, count)| {
            let left = low + k as f64 * width;
            [(left, *count), (left + width, *count)]
        });
        let outline: Vec<(f64, f64)> = std::iter::once((low, 0.0)).chain(steps).chain([(high, 0.0)]).collect();
        chart.draw_series([Polygon::new(outline.clone(), colour.mix(0.18))])?;
        chart.draw_series([PathElement::new(outline, stroke(*colour, 1.5))])?;
    }
    let entries: Vec<(&str, RGBColor)> = parts.iter().map(|(name, colour, _)| (*name, *colour)).collect();
    legend(panel, &entries, 54.0, 34.0)
}

fn time_constants(panel: &Panel, data: &ReportData) -> Drawn<()> {
    heading(panel, "time constants")?;
    let range = &data.problem.time_constants;
    let [low, high] = [range.min, range.max].map(|steps| f64::from(steps) * data.step_ms);
    let of = |inhibitory: bool| {
        let cells = data.taus.iter().zip(data.problem.population.inhibitory());
        let taus = cells.filter(|(_, i)| **i == inhibitory).map(|(tau, _)| f64::from(*tau) * data.step_ms);
        counts(taus, low, high, TAU_BINS)
    };
    let parts = [("excitatory", EXCITATORY, of(false)), ("inhibitory", INHIBITORY, of(true))];
    histograms(panel, "τ (ms)", "neurons", low, high, &parts)
}

fn magnitudes(panel: &Panel, effective: &[f32]) -> Drawn<()> {
    heading(panel, "weight magnitudes")?;
    let largest = effective.iter().map(|w| w.abs()).fold(SMALLEST * 10.0, f32::max);
    let (low, high) = (f64::from(SMALLEST).log10(), f64::from(largest).log10().ceil());
    let of = |sign: f32| {
        let kept = effective.iter().map(move |w| w * sign).filter(|w| *w >= SMALLEST);
        counts(kept.map(|w| f64::from(w).log10()), low, high, WEIGHT_BINS)
    };
    let parts = [("positive", EXCITATORY, of(1.0)), ("negative", INHIBITORY, of(-1.0))];
    histograms(panel, "log₁₀ |W_eff|", "weights", low, high, &parts)
}

/// Mean over the neurons of area `post` of their summed weights of one sign from area `pre`, `[post × pre]`.
fn block_sums(data: &ReportData, effective: &[f32], sign: f32) -> Vec<f64> {
    let population = &data.problem.population;
    let (n, areas, area_of) = (population.len(), population.areas().len(), population.area_of());
    let mut sums = vec![0.0; areas * areas];
    for i in 0..n {
        for j in 0..n {
            let weight = f64::from((effective[i * n + j] * sign).max(0.0));
            sums[area_of[i] as usize * areas + area_of[j] as usize] += weight * f64::from(sign);
        }
    }
    for (k, sum) in sums.iter_mut().enumerate() {
        *sum /= population.areas()[k / areas].size.max(1) as f64;
    }
    sums
}

fn blocks(panel: &Panel, data: &ReportData, effective: &[f32]) -> Drawn<()> {
    heading(panel, "input from area to area")?;
    let sides = [("positive", EXCITATORY, 1.0), ("negative", INHIBITORY, -1.0)];
    let sums: Vec<Vec<f64>> = sides.iter().map(|(.., sign)| block_sums(data, effective, *sign)).collect();
    let strongest = sums.iter().flatten().fold(1e-12, |a: f64, b| a.max(b.abs()));
    let areas = data.problem.population.areas();
    let names = areas.iter().map(|a| text_width(&a.name, 11.0)).fold(0.0, f64::max).min(70.0) + 8.0;
    let width = f64::from(panel.dim_in_pixel().0) / f64::from(px(1.0));
    let side = (width - names - 20.0 - 14.0) / 2.0;
    let cell = (side / areas.len() as f64).min((HEIGHT - 48.0 - 44.0) / areas.len() as f64);
    let top = 52.0;
    for (s, (name, colour, _)) in sides.iter().enumerate() {
        let left = 20.0 + names + s as f64 * (side + 14.0);
        Words::ink(12.0, HPos::Left).draw(panel, &format!("{name} weights"), left, 36.0)?;
        for (k, value) in sums[s].iter().enumerate() {
            let (row, column) = ((k / areas.len()) as f64, (k % areas.len()) as f64);
            let (x, y) = (left + column * cell, top + row * cell);
            let fill = colour.mix((value.abs() / strongest * STRONGEST).max(0.03)).filled();
            rectangle(panel, (x, y, cell - 1.5, cell - 1.5), fill)?;
            let label = tick((value * 10.0).round() / 10.0);
            if text_width(&label, 11.0) < cell {
                Words::ink(11.0, HPos::Center).draw(panel, &label, x + cell / 2.0, y + cell / 2.0)?;
            }
        }
        area_labels(panel, data, s == 0, left, top, cell)?;
    }
    Ok(())
}

/// Names of the presynaptic areas under a matrix, and of the postsynaptic ones at the left of the first.
fn area_labels(panel: &Panel, data: &ReportData, first: bool, left: f64, top: f64, cell: f64) -> Drawn<()> {
    let areas = data.problem.population.areas();
    let bottom = top + cell * areas.len() as f64;
    for (k, area) in areas.iter().enumerate() {
        let centre = (k as f64 + 0.5) * cell;
        if text_width(&area.name, 11.0) < cell + 4.0 {
            Words::ink(11.0, HPos::Center).below().draw(panel, &area.name, left + centre, bottom + 4.0)?;
        }
        if first && cell >= 11.0 {
            Words::ink(11.0, HPos::Right).draw(panel, &area.name, left - 6.0, top + centre)?;
        }
    }
    let half = cell * areas.len() as f64 / 2.0;
    Words::ink(12.0, HPos::Center).below().draw(panel, "from (presynaptic)", left + half, bottom + 22.0)?;
    if first {
        let place = (px(4.0), px(top + half));
        let style = text(12.0, INK, HPos::Center, VPos::Top).transform(FontTransform::Rotate270);
        panel.draw_text("to (postsynaptic)", &style, place)?;
    }
    Ok(())
}
