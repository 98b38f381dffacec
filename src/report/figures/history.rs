//! Loss and gradient norm over the steps of training.

use crate::error::Result;
use crate::report::data::{HistoryPoint, ReportData};
use crate::report::parts::canvas::{Axes, Drawn, MODEL, Panel, chart, draw, heading, log_axis, stroke};
use crate::report::parts::figure::{Figure, WIDTH, padded, part};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

const HEIGHT: f64 = 250.0;
/// A logarithmic axis from this ratio of the largest to the smallest value.
const LOG_FROM: f64 = 20.0;
/// Points drawn per curve at most: more than there are pixels.
const POINTS: usize = 1000;

/// A quantity's name and where it stands in a step's record.
type Curve = (&'static str, fn(&HistoryPoint) -> f64);

pub(super) fn figure(data: &ReportData) -> Result<Option<Figure>> {
    let (Some(first), Some(last)) = (data.history.first(), data.history.last()) else { return Ok(None) };
    let curves: [Curve; 3] = [
        ("data term of the loss", |p| p.data_term),
        ("regulariser", |p| p.reg_term),
        ("gradient norm", |p| p.grad_norm),
    ];
    let drawing = draw(WIDTH, HEIGHT, |root, _| {
        let width = WIDTH / curves.len() as f64;
        for (k, (title, value)) in curves.iter().enumerate() {
            let all = data.history.iter().map(|p| (f64::from(p.step), value(p)));
            // The last step of a run that diverged.
            let points: Vec<(f64, f64)> = all.filter(|p| p.1.is_finite()).collect();
            curve(&part(root, k as f64 * width, 0.0, width, HEIGHT), title, &thinned(&points))?;
        }
        Ok(())
    })?;
    let best = data.history.iter().map(|p| p.loss).fold(f64::INFINITY, f64::min);
    let caption = format!(
        "The loss is the sum of its data term (left) and its regulariser (middle); it went from {:.3} at step {} to {:.3} \
         at step {}, its lowest value was {best:.3}. Right: global norm of the gradients before clipping.",
        first.loss, first.step, last.loss, last.step
    );
    Ok(Some(Figure { name: "loss", title: "Training", caption, drawing }))
}

fn curve(panel: &Panel, title: &str, points: &[(f64, f64)]) -> Drawn<()> {
    heading(panel, title)?;
    let values = || points.iter().map(|p| p.1);
    let steps = padded(points.iter().map(|p| p.0));
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    if low > 0.0 && high / low >= LOG_FROM {
        axes_and_line(panel, steps, log_axis(low / 1.2..high * 1.2), points)
    } else {
        axes_and_line(panel, steps, padded(values()), points)
    }
}

fn axes_and_line<Y>(panel: &Panel, steps: std::ops::Range<f64>, y: Y, points: &[(f64, f64)]) -> Drawn<()>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let mut chart = chart(panel, [26.0, 16.0, 0.0, 0.0], [42.0, 52.0], steps, y)?;
    Axes { x: "step", y: "", x_labels: 6, y_labels: 6 }.draw(&mut chart)?;
    chart.draw_series(LineSeries::new(points.iter().copied(), stroke(MODEL, 1.6)))?;
    Ok(())
}

/// A curve with at most [`POINTS`] points that keeps the lowest and highest value of every stretch.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(POINTS / 2);
    let extremes = |chunk: &[(f64, f64)]| {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let low = chunk.iter().min_by(by_value).copied();
        let high = chunk.iter().max_by(by_value).copied();
        let mut pair: Vec<(f64, f64)> = low.into_iter().chain(high).collect();
        pair.sort_by(|a, b| a.0.total_cmp(&b.0));
        pair
    };
    points.chunks(stretch).flat_map(extremes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_curve_keeps_its_extremes_and_its_order() {
        let points: Vec<(f64, f64)> = (0..12_345).map(|k| (f64::from(k), f64::from((k * 7919) % 1000))).collect();
        let thin = thinned(&points);
        assert!(thin.len() <= POINTS && thin.windows(2).all(|w| w[0].0 <= w[1].0));
        assert!(thin.iter().any(|p| p.1 < 0.5) && thin.iter().any(|p| p.1 > 998.5));
    }
}
