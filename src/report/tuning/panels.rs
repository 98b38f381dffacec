//! One neuron in the bouts of one behaviour: means with their errors, and every bout.

use super::maps::{onset, time_axis};
use super::words::{EXECUTED, OBSERVED};
use crate::analysis::statistics::quantile;
use crate::report::parts::canvas::{Drawn, GRID, HPos, MUTED, Panel, Picture, px, stroke, tick};
use crate::report::parts::marks::{Words, line, path};
use crate::report::parts::raster::heat_map;
use crate::tuning::BoutTraces;
use plotters::prelude::*;

/// Room for labels, left of everything.
const LABELS: f64 = 46.0;
const RIGHT: f64 = 14.0;
const PLOT: f64 = 78.0;
const RASTER: f64 = 38.0;
const GAP: f64 = 5.0;
const AXIS: f64 = 30.0;
/// Height of all of it.
pub(super) const HEIGHT: f64 = PLOT + 2.0 * (GAP + RASTER) + AXIS;
/// Bouts in a raster.
pub(super) const BOUTS: usize = 60;

/// One behaviour of one neuron; none where an agent has no bout of it.
pub(super) struct Behaviour<'a> {
    pub(super) executed: Option<&'a BoutTraces>,
    pub(super) observed: Option<&'a BoutTraces>,
}

/// The mean over bouts and its standard error in a bin; NaN where there are none, or too few.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Estimate {
    at: f64,
    mean: f64,
    error: f64,
}

fn estimates(traces: &BoutTraces) -> Vec<Estimate> {
    let of = |(column, time): (usize, &f64)| {
        let values = traces.values.column(column);
        let finite: Vec<f64> = values.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).collect();
        let n = finite.len() as f64;
        let mean = finite.iter().sum::<f64>() / n;
        let squares: f64 = finite.iter().map(|v| (v - mean).powi(2)).sum();
        // A single bout has no error that could be drawn.
        let error = if finite.len() < 2 { 0.0 } else { (squares / (n - 1.0) / n).sqrt() };
        Estimate { at: time + traces.width / 2.0, mean, error }
    };
    traces.times.iter().enumerate().map(of).collect()
}

impl Behaviour<'_> {
    fn sides(&self) -> [(Option<&BoutTraces>, RGBColor, &'static str); 2] {
        [(self.executed, EXECUTED, "exec."), (self.observed, OBSERVED, "obs.")]
    }

    fn span(&self) -> Option<(f64, f64)> {
        let traces = self.executed.or(self.observed)?;
        Some((*traces.times.first()?, traces.times.last()? + traces.width))
    }

    /// Draws it with its upper left corner at `left`, `top`; `range` are the ends of the colours.
    pub(super) fn draw(
        &self,
        root: &Panel,
        (left, top, width): (f64, f64, f64),
        range: (f32, f32),
        pictures: &mut Vec<Picture>,
    ) -> Drawn<()> {
        let Some(span) = self.span() else { return Ok(()) };
        let (x, w) = (left + LABELS, width - LABELS - RIGHT);
        self.means(root, span, (x, top, w))?;
        for (k, (traces, colour, label)) in self.sides().into_iter().enumerate() {
            let y = top + PLOT + GAP + k as f64 * (RASTER + GAP);
            Words { colour, ..Words::ink(10.5, HPos::Right) }.draw(root, label, x - 5.0, y + RASTER / 2.0 - 6.0)?;
            let Some(traces) = traces else {
                Words::muted(10.5, HPos::Left).draw(root, "no bouts", x + 4.0, y + RASTER / 2.0)?;
                continue;
            };
            let n = format!("n = {}", traces.values.nrows());
            Words::muted(10.0, HPos::Right).draw(root, &n, x - 5.0, y + RASTER / 2.0 + 6.0)?;
            pictures.push(Picture { rectangle: (px(x), px(y), px(w), px(RASTER)), png: raster(traces, span, range)? });
        }
        let bottom = top + HEIGHT - AXIS;
        onset(root, span, (x, top, w, HEIGHT - AXIS))?;
        time_axis(root, span, (x, bottom + 2.0, w), "s")
    }

    fn means(&self, root: &Panel, span: (f64, f64), (x, y, w): (f64, f64, f64)) -> Drawn<()> {
        let sides = self.sides().map(|(traces, colour, _)| (traces.map_or_else(Vec::new, estimates), colour));
        let ends = || sides.iter().flat_map(|(e, _)| e).filter(|e| e.mean.is_finite());
        let low = ends().map(|e| e.mean - e.error).fold(f64::INFINITY, f64::min);
        let high = ends().map(|e| e.mean + e.error).fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return Words::muted(10.5, HPos::Left).draw(root, "no numbers", x + 4.0, y + PLOT / 2.0);
        }
        let air = (0.06 * (high - low)).max(1e-9 * high.abs()).max(1e-12);
        let (low, high) = (low - air, high + air);
        let place = |at: f64, value: f64| {
            (x + w * (at - span.0) / (span.1 - span.0), y + PLOT * (1.0 - (value - low) / (high - low)))
        };
        for (value, label) in ticks(low, high) {
            let (_, height) = place(0.0, value);
            line(root, (x, height), (x + w, height), stroke(GRID, 0.8))?;
            Words::ink(10.5, HPos::Right).draw(root, &label, x - 5.0, height)?;
        }
        line(root, (x, y), (x, y + PLOT), stroke(MUTED, 0.8))?;
        for (estimates, colour) in &sides {
            for run in estimates.split(|e| !e.mean.is_finite()).filter(|run| !run.is_empty()) {
                let upper = run.iter().map(|e| place(e.at, e.mean + e.error));
                let lower = run.iter().rev().map(|e| place(e.at, e.mean - e.error));
                let band: Vec<(i32, i32)> = upper.chain(lower).map(|(x, y)| (px(x), px(y))).collect();
                root.draw(&Polygon::new(band, colour.mix(0.25).filled()))?;
                let mean: Vec<(f64, f64)> = run.iter().map(|e| place(e.at, e.mean)).collect();
                path(root, &mean, *colour, 1.5)?;
            }
        }
        Ok(())
    }
}

/// Two or three round values within a range.
fn ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    let power = 10f64.powf(((high - low) / 3.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|m| m * power);
    let places = |step: f64| {
        let first = (low / step).ceil();
        (0..4).map(|k| (first + f64::from(k)) * step).take_while(|v| *v <= high).collect::<Vec<f64>>()
    };
    let found = steps.into_iter().map(places).find(|p| p.len() <= 3).unwrap_or_default();
    let digits = (1.0 - power.log10().floor()).clamp(0.0, 8.0) as i32;
    let rounded = |v: f64| (v * 10f64.powi(digits)).round() / 10f64.powi(digits);
    found.into_iter().map(|v| (v, tick(rounded(v)))).collect()
}

/// Bouts as rows, at most [`BOUTS`] of them, evenly chosen.
fn raster(traces: &BoutTraces, span: (f64, f64), (low, high): (f32, f32)) -> Drawn<Vec<u8>> {
    let (bouts, columns) = traces.values.dim();
    let rows = bouts.clamp(1, BOUTS);
    // Both agents' bins lie on the axis of the first.
    let width = (span.1 - span.0) / columns.max(1) as f64;
    let bin = |column: usize| {
        let time = span.0 + (column as f64 + 0.5) * width;
        let bin = ((time - traces.times[0]) / traces.width).floor();
        (bin >= 0.0 && (bin as usize) < columns).then_some(bin as usize)
    };
    let value = |row: usize, column: usize| {
        let bin = bin(column).filter(|_| bouts > 0);
        bin.map_or(f32::NAN, |bin| traces.values[[row * bouts / rows, bin]] - low)
    };
    let values: Vec<f32> =
        (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).map(|(r, c)| value(r, c)).collect();
    heat_map(&values, columns, high - low)
}

/// The ends of the colours of a neuron: what all but a few values lie between.
pub(super) fn colour_range<'a>(traces: impl Iterator<Item = &'a BoutTraces>) -> (f32, f32) {
    let values: Vec<f64> =
        traces.flat_map(|t| t.values.iter()).filter(|v| v.is_finite()).map(|v| f64::from(*v)).collect();
    if values.is_empty() {
        return (0.0, 1.0);
    }
    let (low, high) = (quantile(&values, 0.02), quantile(&values, 0.99));
    let high = if high > low { high } else { values.iter().copied().fold(low, f64::max) };
    (low as f32, if high > low { high as f32 } else { low as f32 + 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recording::Agent;

    fn traces(values: ndarray::Array2<f32>) -> BoutTraces {
        let times = (0..values.ncols()).map(|k| k as f64 - 1.0).collect();
        BoutTraces {
            agent: Agent::Own,
            behaviour: "eating".into(),
            times,
            width: 1.0,
            lengths: vec![1.0; values.nrows()],
            values,
        }
    }

    #[test]
    fn means_come_with_the_error_of_the_bouts_that_were_recorded() {
        let found = estimates(&traces(ndarray::array![[1.0, 2.0, f32::NAN], [3.0, f32::NAN, f32::NAN]]));
        assert_eq!((found[0].mean, found[0].error, found[0].at), (2.0, 1.0, -0.5));
        assert_eq!((found[1].mean, found[1].error), (2.0, 0.0));
        assert!(found[2].mean.is_nan());
    }

    #[test]
    fn colours_have_a_range_whatever_there_is() {
        let range = |values| colour_range([&traces(values)].into_iter());
        assert_eq!(range(ndarray::array![[f32::NAN]]), (0.0, 1.0));
        assert_eq!(range(ndarray::array![[2.0, 2.0]]), (2.0, 3.0));
        let (low, high) = range(ndarray::Array2::from_shape_fn((1, 101), |(_, k)| k as f32));
        assert_eq!((low, high), (2.0, 99.0));
    }

    #[test]
    fn ticks_are_few_and_round() {
        let labels = |low, high| ticks(low, high).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(0.93, 2.1), ["1", "1.5", "2"]);
        assert_eq!(labels(-0.01, 0.06), ["0", "0.05"]);
        assert!(labels(1.0, 1.0 + 1e-9).len() <= 3);
    }
}
