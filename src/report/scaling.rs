//! How the speed of an engine depends on the sizes of the problem.

use super::parts::canvas::{Axes, Drawn, HPos, INK, MODEL, MUTED, Panel, VPos, chart, draw, heading, px, stroke, text};
use super::parts::figure::part;
use super::parts::marks::Words;
use crate::bench::{Measurement, Scale};
use crate::error::Result;
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

const PANEL: f64 = 300.0;
const HEIGHT: f64 = 290.0;
/// Above the panels, for what was measured on what; and around the figure.
const TITLE: f64 = 30.0;
const MARGIN: f64 = 12.0;

/// A figure of its own, SVG: one panel a scale, arithmetic per second over the size, the device's measured limit dashed.
///
/// # Errors
/// If the drawing fails.
pub fn scaling_figure(scales: &[(Scale, Vec<Measurement>)]) -> Result<String> {
    let width = PANEL * scales.len() as f64;
    let drawing = draw(width + 2.0 * MARGIN, TITLE + HEIGHT + 2.0 * MARGIN, |root, _| {
        if let Some(m) = scales.iter().find_map(|(_, points)| points.first()) {
            let title = format!("Full training step on {} ({}), {}", m.engine.to_uppercase(), m.adapter, m.strategy);
            heading(&part(root, MARGIN, MARGIN, width, TITLE), &title)?;
        }
        for (k, (scale, points)) in scales.iter().enumerate() {
            one(&part(root, MARGIN + PANEL * k as f64, MARGIN + TITLE, PANEL, HEIGHT), *scale, points)?;
        }
        Ok(())
    })?;
    Ok(drawing.standalone)
}

/// The sizes that a scale leaves as they are.
fn others(scale: Scale, m: &Measurement) -> String {
    let sizes = [
        (Scale::Networks, format!("K = {}", m.networks)),
        (Scale::Neurons, format!("N = {}", m.neurons)),
        (Scale::TimeSteps, format!("T = {}", m.time_steps)),
    ];
    let fixed = sizes.into_iter().filter(|(varied, _)| *varied != scale).map(|(_, text)| text);
    fixed.chain([format!("{} conditions", m.conditions)]).collect::<Vec<_>>().join(", ")
}

fn one(panel: &Panel, scale: Scale, points: &[Measurement]) -> Drawn<()> {
    if let Some(first) = points.first() {
        Words::muted(11.0, HPos::Left).below().draw(panel, &others(scale, first), 57.0, 2.0)?;
    }
    // Sizes double from point to point: a logarithmic axis whose ticks are the sizes themselves.
    let x = |m: &Measurement| (scale.size(m) as f64).log2();
    let low = points.iter().map(x).fold(f64::INFINITY, f64::min) - 0.3;
    let high = points.iter().map(x).fold(f64::NEG_INFINITY, f64::max) + 0.3;
    let peak = points.iter().find_map(|m| m.peak_gflops);
    let top = points.iter().map(|m| m.gflops).fold(peak.unwrap_or(0.0), f64::max) * 1.12;
    let mut chart = chart(panel, [26.0, 16.0, 0.0, 5.0], [42.0, 52.0], low..high, 0.0..top)?;
    Axes { x: "", y: "GFLOP/s", x_labels: 0, y_labels: 6 }.draw(&mut chart)?;
    if let Some(peak) = peak {
        let dashes =
            DashedLineSeries::new([(low, peak), (high, peak)], px(5.0) as u32, px(4.0) as u32, stroke(MUTED, 1.5));
        chart.draw_series(dashes)?;
        let (left, y) = chart.backend_coord(&(low, peak));
        let style = text(11.0, MUTED, HPos::Left, VPos::Bottom);
        panel.draw_text(&format!("measured limit, {peak:.0}"), &style, local(panel, left + px(4.0), y - px(2.0)))?;
    }
    chart.draw_series(LineSeries::new(points.iter().map(|m| (x(m), m.gflops)), stroke(MODEL, 2.5)))?;
    for point in points {
        let (left, y) = chart.backend_coord(&(x(point), point.gflops));
        panel.draw(&Circle::new(local(panel, left, y), px(3.5), MODEL.filled()))?;
    }
    let sizes: Vec<usize> = points.iter().map(|m| scale.size(m)).collect();
    sizes_below(panel, &chart, &sizes, scale.axis())
}

/// Ticks and labels at the sizes themselves, below a chart over their binary logarithms, and what they are.
pub(super) fn sizes_below<Y: Ranged<ValueType = f64>>(
    panel: &Panel,
    chart: &ChartContext<'_, SVGBackend<'_>, Cartesian2d<RangedCoordf64, Y>>,
    sizes: &[usize],
    axis: &str,
) -> Drawn<()> {
    let ground = chart.y_range().start;
    for size in sizes {
        let (left, bottom) = chart.backend_coord(&((*size as f64).log2(), ground));
        panel.draw(&PathElement::new(
            [local(panel, left, bottom), local(panel, left, bottom + px(4.0))],
            stroke(MUTED, 1.0),
        ))?;
        let style = text(11.0, INK, HPos::Center, VPos::Top);
        panel.draw_text(&size.to_string(), &style, local(panel, left, bottom + px(6.0)))?;
    }
    let x = chart.x_range();
    let (middle, bottom) = chart.backend_coord(&(f64::midpoint(x.start, x.end), ground));
    let style = text(12.0, INK, HPos::Center, VPos::Top);
    panel.draw_text(axis, &style, local(panel, middle, bottom + px(22.0)))?;
    Ok(())
}

/// Backend coordinates as coordinates of the panel.
pub(super) fn local(panel: &Panel, x: i32, y: i32) -> (i32, i32) {
    let (left, top) = panel.get_base_pixel();
    (x - left, y - top)
}
