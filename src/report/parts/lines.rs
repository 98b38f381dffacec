//! Curves, their styles, and what the styles mean.

use super::canvas::{
    Axes, Drawn, EXCITATORY, GREEN, HPos, INHIBITORY, INPUT_ONLY, MODEL, PINK, Panel, SHADE, chart, heading, px,
    stroke, text_width,
};
use super::figure::WIDTH;
use super::marks::{Words, line};
use plotters::prelude::*;

/// Colours of areas, and of what else comes in numbers; they repeat after the last.
pub(crate) const SERIES: [RGBColor; 6] = [MODEL, INPUT_ONLY, GREEN, PINK, EXCITATORY, INHIBITORY];

/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pen {
    pub colour: RGBColor,
    pub width: f64,
    pub dashed: bool,
}

impl Pen {
    pub(crate) const fn solid(colour: RGBColor, width: f64) -> Self {
        Self { colour, width, dashed: false }
    }

    pub(crate) const fn dashed(colour: RGBColor, width: f64) -> Self {
        Self { colour, width, dashed: true }
    }
}

/// The colour of series `k`.
pub(crate) fn colour(k: usize) -> RGBColor {
    SERIES[k % SERIES.len()]
}

/// A curve; points that are not finite interrupt it.
pub(crate) struct Curve {
    pub points: Vec<(f64, f64)>,
    pub pen: Pen,
}

/// Curves over time in one panel.
pub(crate) struct Plot<'a> {
    pub title: &'a str,
    pub axes: Axes<'a>,
    pub x: std::ops::Range<f64>,
    pub y: std::ops::Range<f64>,
    /// Lower and upper end of a grey band over all of x.
    pub band: Option<(f64, f64)>,
    pub curves: &'a [Curve],
}

impl Plot<'_> {
    pub(crate) fn draw(&self, panel: &Panel) -> Drawn<()> {
        heading(panel, self.title)?;
        let below = if self.axes.x.is_empty() { 24.0 } else { 40.0 };
        let beside = if self.axes.y.is_empty() { 34.0 } else { 54.0 };
        let mut chart = chart(panel, [24.0, 14.0, 0.0, 3.0], [below, beside], self.x.clone(), self.y.clone())?;
        if let Some((low, high)) = self.band {
            let corners = [(self.x.start, low), (self.x.end, high)];
            chart.draw_series([Rectangle::new(corners, SHADE.filled())])?;
        }
        self.axes.draw(&mut chart)?;
        for curve in self.curves {
            let style = stroke(curve.pen.colour, curve.pen.width);
            for part in curve.points.split(|(x, y)| !x.is_finite() || !y.is_finite()).filter(|p| !p.is_empty()) {
                let part = part.iter().copied();
                if curve.pen.dashed {
                    chart.draw_series(DashedLineSeries::new(part, px(5.0) as u32, px(3.0) as u32, style))?;
                } else {
                    chart.draw_series(LineSeries::new(part, style))?;
                }
            }
        }
        Ok(())
    }
}

/// What pens mean, in as many rows as it takes.
pub(crate) struct Legend {
    /// Words, pen, left and row.
    places: Vec<(String, Pen, f64, usize)>,
    rows: usize,
}

const SAMPLE: f64 = 24.0;
const SIZE: f64 = 12.0;
const LEADING: f64 = 18.0;

impl Legend {
    pub(crate) fn new(entries: impl IntoIterator<Item = (String, Pen)>) -> Self {
        let (mut x, mut row) = (0.0, 0);
        let mut places = Vec::new();
        for (words, pen) in entries {
            let width = SAMPLE + 6.0 + text_width(&words, SIZE) + 14.0;
            if x + width > WIDTH && x > 0.0 {
                (x, row) = (0.0, row + 1);
            }
            places.push((words, pen, x, row));
            x += width;
        }
        Self { rows: if places.is_empty() { 0 } else { row + 1 }, places }
    }

    pub(crate) fn height(&self) -> f64 {
        LEADING * self.rows as f64
    }

    pub(crate) fn draw(&self, panel: &Panel, top: f64) -> Drawn<()> {
        for (words, pen, x, row) in &self.places {
            let y = top + LEADING * (*row as f64 + 0.5);
            if pen.dashed {
                for start in [0.0, 9.0, 18.0] {
                    line(panel, (x + start, y), (x + start + 6.0, y), stroke(pen.colour, pen.width))?;
                }
            } else {
                line(panel, (*x, y), (x + SAMPLE, y), stroke(pen.colour, pen.width))?;
            }
            Words::ink(SIZE, HPos::Left).draw(panel, words, x + SAMPLE + 6.0, y)?;
        }
        Ok(())
    }
}
