//! Speed against the number of networks, by strategy.

use crate::bench::card::{CardReport, Series, Speed};
use crate::engine::gpu::Strategy;
use crate::error::Result;
use crate::report::parts::canvas::{
    Axes, Drawn, INPUT_ONLY, MODEL, MUTED, Panel, chart, draw, heading, log_axis, px, stroke,
};
use crate::report::parts::figure::{Figure, WIDTH, part};
use crate::report::parts::lines::{Legend, Pen};
use crate::report::scaling::{local, sizes_below};
use plotters::prelude::*;

const HEIGHT: f64 = 310.0;
/// The strategies, how each is drawn, and where its line is the lower one.
const PENS: [(Strategy, RGBColor); 2] = [(Strategy::Resident, MODEL), (Strategy::Stepwise, INPUT_ONLY)];

/// A quantity of a measurement, its name, and its measured limit.
struct Quantity {
    title: &'static str,
    axis: &'static str,
    value: fn(&Speed) -> f64,
    limit: Option<f64>,
}

/// The figure; nothing where nothing was measured.
pub(super) fn figure(report: &CardReport) -> Result<Option<Figure>> {
    let points: Vec<&Speed> = report.speeds.iter().filter(|s| s.series == Series::Networks).collect();
    if points.is_empty() {
        return Ok(None);
    }
    let peak = report.peak_gflops;
    let quantities = [
        Quantity { title: "Speed", axis: "trials/s", value: |s| s.measurement.trials_per_second, limit: None },
        Quantity { title: "Arithmetic", axis: "GFLOP/s", value: |s| s.measurement.gflops, limit: peak },
    ];
    let legend = Legend::new(
        PENS.iter()
            .map(|(strategy, colour)| (strategy.name().to_string(), Pen::solid(*colour, 2.5)))
            .chain(peak.map(|peak| (format!("measured limit, {peak:.0} GFLOP/s"), Pen::dashed(MUTED, 1.5)))),
    );
    let drawing = draw(WIDTH, HEIGHT + legend.height() + 8.0, |root, _| {
        for (k, quantity) in quantities.iter().enumerate() {
            let half = WIDTH / 2.0;
            one(&part(root, k as f64 * half, 0.0, half - 10.0, HEIGHT), quantity, &points)?;
        }
        legend.draw(root, HEIGHT + 4.0)
    })?;
    let case = report.case;
    let caption = format!(
        "Training steps of K networks of {} neurons, {} conditions and {} steps, both axes logarithmic. Filled: what tuning chose \
         at that K; open: the best choice of the other strategy. A trial is one condition of one network, simulated and \
         differentiated once.",
        case.neurons, case.conditions, case.time_steps
    );
    Ok(Some(Figure { name: "speed", title: "Speed by number of networks", caption, drawing }))
}

fn one(panel: &Panel, quantity: &Quantity, points: &[&Speed]) -> Drawn<()> {
    heading(panel, quantity.title)?;
    let x = |s: &Speed| (s.measurement.networks as f64).log2();
    let low = points.iter().map(|s| x(s)).fold(f64::INFINITY, f64::min) - 0.3;
    let high = points.iter().map(|s| x(s)).fold(f64::NEG_INFINITY, f64::max) + 0.3;
    let bottom = points.iter().map(|s| (quantity.value)(s)).fold(f64::INFINITY, f64::min);
    let top = points.iter().map(|s| (quantity.value)(s)).fold(quantity.limit.unwrap_or(0.0), f64::max);
    let mut chart = chart(panel, [26.0, 16.0, 0.0, 5.0], [42.0, 62.0], low..high, log_axis(bottom / 1.5..top * 1.5))?;
    Axes { x: "", y: quantity.axis, x_labels: 0, y_labels: 8 }.draw(&mut chart)?;
    if let Some(limit) = quantity.limit {
        let ends = [(low, limit), (high, limit)];
        chart.draw_series(DashedLineSeries::new(ends, px(5.0) as u32, px(4.0) as u32, stroke(MUTED, 1.5)))?;
    }
    for (strategy, colour) in PENS {
        let own = || points.iter().filter(|s| s.measurement.strategy.starts_with(strategy.name()));
        chart.draw_series(LineSeries::new(own().map(|s| (x(s), (quantity.value)(s))), stroke(colour, 2.5)))?;
        for point in own() {
            let (left, y) = chart.backend_coord(&(x(point), (quantity.value)(point)));
            let style = if point.tuned { colour.filled() } else { stroke(colour, 1.5) };
            panel.draw(&Circle::new(local(panel, left, y), px(4.0), style))?;
        }
    }
    let mut sizes: Vec<usize> = points.iter().map(|s| s.measurement.networks).collect();
    sizes.dedup();
    sizes_below(panel, &chart, &sizes, "networks K")
}
