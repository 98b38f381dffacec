//! The plotting areas of a sweep's figures.

use super::scale::Scale;
use crate::report::parts::canvas::{Drawn, GRID, HPos, MUTED, Panel, px, stroke, text_width};
use crate::report::parts::lines::Pen;
use crate::report::parts::marks::{Words, fitted, line, rectangle};
use plotters::prelude::*;
use std::cmp::Ordering;

/// A plotting area by its left, top, width and height in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Size of the labels of axes.
const SIZE: f64 = 11.0;

impl Plane {
    /// From a place along both axes to pixels; y goes up.
    pub(super) fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + x * self.width, self.top + (1.0 - y) * self.height)
    }

    /// Grid lines and labels of the vertical axis.
    pub(super) fn vertical(&self, panel: &Panel, scale: &Scale) -> Drawn<()> {
        for (place, label) in scale.ticks(5) {
            let (x, y) = self.at(0.0, place);
            line(panel, (x, y), (x + self.width, y), stroke(GRID, 0.8))?;
            Words::ink(SIZE, HPos::Right).draw(panel, &label, x - 6.0, y)?;
        }
        let (x, y) = self.at(0.0, 0.0);
        line(panel, (x, y), (x + self.width, y), stroke(MUTED, 1.0))
    }

    /// Ticks and labels of the horizontal axis.
    pub(super) fn horizontal(&self, panel: &Panel, scale: &Scale) -> Drawn<()> {
        let mut right = f64::NEG_INFINITY;
        for (place, label) in scale.ticks(6) {
            let (x, y) = self.at(place, 0.0);
            line(panel, (x, y), (x, y + 4.0), stroke(MUTED, 1.0))?;
            let half = text_width(&label, SIZE) / 2.0;
            if x - half > right {
                Words::ink(SIZE, HPos::Center).below().draw(panel, &label, x, y + 7.0)?;
                right = x + half + 4.0;
            }
        }
        Ok(())
    }

    /// Names of columns along the horizontal axis.
    pub(super) fn columns(&self, panel: &Panel, labels: &[String]) -> Drawn<()> {
        let room = self.width / labels.len().max(1) as f64;
        // Where there is no room for all names, every so many have one.
        let every = (30.0 / room).ceil().max(1.0) as usize;
        for (k, label) in labels.iter().enumerate().step_by(every) {
            let (x, y) = self.at(column(k, labels.len()), 0.0);
            let label = fitted(label, SIZE, room * every as f64 - 4.0);
            Words::ink(SIZE, HPos::Center).below().draw(panel, &label, x, y + 7.0)?;
        }
        Ok(())
    }

    /// A dot, or at the edge a triangle that points to where it would be.
    pub(super) fn dot(&self, panel: &Panel, x: f64, value: f64, scale: &Scale, mark: Dot) -> Drawn<()> {
        let (x, y) = self.at(x, scale.at(value));
        let (x, y) = (px(x), px(y));
        let r = px(mark.radius);
        match scale.side(value) {
            Ordering::Equal if mark.hollow => {
                panel.draw(&Circle::new((x, y), r, stroke(mark.colour.mix(mark.opacity), 1.2)))?;
            }
            Ordering::Equal => panel.draw(&Circle::new((x, y), r, mark.colour.mix(mark.opacity).filled()))?,
            side => {
                let up = if side == Ordering::Greater { -1 } else { 1 };
                // The tip at the edge.
                let points = vec![(x, y), (x - r - r / 3, y - up * 2 * r), (x + r + r / 3, y - up * 2 * r)];
                panel.draw(&Polygon::new(points, mark.colour.mix(mark.opacity.max(0.8)).filled()))?;
            }
        }
        Ok(())
    }

    /// Straight lines through places along both axes.
    pub(super) fn path(&self, panel: &Panel, points: &[(f64, f64)], pen: Pen, opacity: f64) -> Drawn<()> {
        if points.len() < 2 {
            return Ok(());
        }
        let pixels = |(x, y): &(f64, f64)| {
            let (x, y) = self.at(*x, *y);
            (px(x), px(y))
        };
        let points: Vec<(i32, i32)> = points.iter().map(pixels).collect();
        panel.draw(&PathElement::new(points, stroke(pen.colour.mix(opacity), pen.width)))?;
        Ok(())
    }

    /// A dashed line across at a place.
    pub(super) fn level(&self, panel: &Panel, y: f64, pen: Pen) -> Drawn<()> {
        let (from, y) = self.at(0.0, y);
        let mut x = from;
        while x < from + self.width {
            line(panel, (x, y), ((x + 6.0).min(from + self.width), y), stroke(pen.colour, pen.width))?;
            x += 10.0;
        }
        Ok(())
    }
}

/// The middle of a column, of so many, from 0 to 1.
pub(super) fn column(k: usize, columns: usize) -> f64 {
    (k as f64 + 0.5) / columns.max(1) as f64
}

/// How a dot looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dot {
    pub(super) colour: RGBColor,
    pub(super) radius: f64,
    pub(super) opacity: f64,
    pub(super) hollow: bool,
}

/// What a sample in a legend looks like.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sample {
    Dot(Dot),
    Line(Pen),
    Band(RGBColor),
}

/// Samples with their meaning, from left to right, its row centred at `y`; as far as there is room.
pub(super) fn legend(panel: &Panel, entries: &[(Sample, String)], y: f64) -> Drawn<()> {
    let mut x = 0.0;
    for (sample, words) in entries {
        match sample {
            Sample::Dot(dot) => {
                let style = dot.colour.mix(dot.opacity.max(0.7));
                let style = if dot.hollow { stroke(style, 1.2) } else { style.filled() };
                panel.draw(&Circle::new((px(x + 9.0), px(y)), px(dot.radius), style))?;
            }
            Sample::Line(pen) if pen.dashed => {
                for start in [0.0, 10.0] {
                    line(panel, (x + start, y), (x + start + 6.0, y), stroke(pen.colour, pen.width))?;
                }
            }
            Sample::Line(pen) => line(panel, (x, y), (x + 18.0, y), stroke(pen.colour, pen.width))?,
            Sample::Band(colour) => rectangle(panel, (x, y - 5.0, 18.0, 10.0), colour.mix(0.3).filled())?,
        }
        Words::ink(12.0, HPos::Left).draw(panel, words, x + 23.0, y)?;
        x += 23.0 + text_width(words, 12.0) + 16.0;
    }
    Ok(())
}

/// Every so-manieth item, so that at most `most` remain.
pub(super) fn thinned<T: Copy>(items: &[T], most: usize) -> Vec<T> {
    let every = items.len().div_ceil(most.max(1)).max(1);
    items.iter().copied().step_by(every).collect()
}
