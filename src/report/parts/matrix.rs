//! Matrices of coloured cells with numbers in them.

use super::canvas::{COLD, Drawn, HPos, INK, MUTED, Panel, SHADE, WARM};
use super::marks::{Words, fitted, path, rectangle, wrapped};
use plotters::prelude::*;

/// Strongest tint: text in ink stays legible on it, in light and dark.
const STRONGEST: f64 = 0.85;

/// One cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    /// Colour and strength from 0 to 1; none is a cell without a value.
    pub tint: Option<(RGBColor, f64)>,
    /// What is written in it, at most two lines.
    pub lines: Vec<String>,
    /// Whether its first line is bold.
    pub bold: bool,
    /// Whether it has a frame.
    pub framed: bool,
}

impl Cell {
    /// A cell without a value.
    pub(crate) fn without(words: &str) -> Self {
        Self { lines: vec![words.into()], ..Self::default() }
    }

    /// A cell of a value whose sign gives its colour, the warm one from zero on.
    pub(crate) fn signed(value: f64, strength: f64, lines: Vec<String>) -> Self {
        Self { tint: Some((if value < 0.0 { COLD } else { WARM }, strength)), lines, ..Self::default() }
    }
}

/// Names of rows with nothing between them and the cells.
pub(crate) fn plain(names: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    names.into_iter().map(|name| (name, String::new())).collect()
}

/// A matrix and its place.
pub(crate) struct Matrix<'a> {
    /// Left and top end of the first cell, in CSS pixels.
    pub origin: (f64, f64),
    /// Room for the names of the rows, left of the cells.
    pub names: f64,
    /// Width and height of a cell.
    pub cell: (f64, f64),
    /// Names of the rows, and what is written between them and the cells.
    pub rows: &'a [(String, String)],
    /// Names of the columns, above them: name and, muted, what it is about.
    pub columns: &'a [(String, String)],
    /// `[rows][columns]`.
    pub cells: &'a [Vec<Cell>],
}

/// Size of the numbers in cells and of names, in CSS pixels.
const NUMBERS: f64 = 11.0;
const NAMES: f64 = 12.0;
/// From one line to the next.
const LEADING: f64 = 13.0;
/// Between cells.
const GAP: f64 = 1.5;

impl Matrix<'_> {
    pub(crate) fn draw(&self, panel: &Panel) -> Drawn<()> {
        let ((left, top), (width, height)) = (self.origin, self.cell);
        for (k, (name, about)) in self.columns.iter().enumerate() {
            self.column_name(panel, name, about, left + (k as f64 + 0.5) * width)?;
        }
        for (r, (name, about)) in self.rows.iter().enumerate() {
            let middle = top + (r as f64 + 0.5) * height;
            let beside = if about.is_empty() { 8.0 } else { 66.0 };
            let name = fitted(name, NAMES, self.names - beside);
            Words::ink(NAMES, HPos::Left).draw(panel, &name, left - self.names, middle)?;
            if !about.is_empty() {
                Words::muted(NUMBERS, HPos::Right).draw(panel, about, left - 8.0, middle)?;
            }
            for (k, cell) in self.cells.get(r).into_iter().flatten().enumerate() {
                let place = (left + k as f64 * width, top + r as f64 * height);
                self.cell(panel, cell, place)?;
            }
        }
        Ok(())
    }

    fn column_name(&self, panel: &Panel, name: &str, about: &str, middle: f64) -> Drawn<()> {
        let mut y = self.origin.1 - 6.0;
        let width = self.cell.0 - 4.0;
        for (words, colour) in [(about, MUTED), (name, INK)] {
            for words in wrapped(words, NUMBERS, width).iter().rev() {
                Words { colour, ..Words::ink(NUMBERS, HPos::Center) }.above().draw(panel, words, middle, y)?;
                y -= LEADING;
            }
        }
        Ok(())
    }

    fn cell(&self, panel: &Panel, cell: &Cell, (x, y): (f64, f64)) -> Drawn<()> {
        let (w, h) = (self.cell.0 - GAP, self.cell.1 - GAP);
        match cell.tint {
            None => rectangle(panel, (x, y, w, h), SHADE.filled())?,
            Some((colour, strength)) => {
                rectangle(panel, (x, y, w, h), SHADE.mix(0.25).filled())?;
                rectangle(panel, (x, y, w, h), colour.mix(STRONGEST * strength.clamp(0.0, 1.0)).filled())?;
            }
        }
        if cell.framed {
            // The backend gives rectangles no stroke width.
            let (l, t, r, b) = (x + 1.0, y + 1.0, x + w - 1.0, y + h - 1.0);
            path(panel, &[(l, t), (r, t), (r, b), (l, b), (l, t), (r, t)], INK, 1.6)?;
        }
        let first = y + h / 2.0 - LEADING * (cell.lines.len().max(1) - 1) as f64 / 2.0;
        for (k, words) in cell.lines.iter().enumerate() {
            let colour = if cell.tint.is_none() { MUTED } else { INK };
            let style = Words { colour, ..Words::ink(NUMBERS, HPos::Center) }.bold(cell.bold && k == 0);
            style.draw(panel, words, x + w / 2.0, first + LEADING * k as f64)?;
        }
        Ok(())
    }
}

/// The colours of a matrix as a bar from `−limit` to `limit`, with words at its ends, beginning at `x`, `y`; 250 CSS
/// pixels and the words wide.
pub(crate) fn colour_bar(
    panel: &Panel,
    (x, y): (f64, f64),
    (low, high): ((RGBColor, &str), (RGBColor, &str)),
    title: &str,
) -> Drawn<()> {
    const STEPS: usize = 40;
    const WIDTH: f64 = 240.0;
    let step = WIDTH / STEPS as f64;
    for k in 0..STEPS {
        let value = 2.0 * (k as f64 + 0.5) / STEPS as f64 - 1.0;
        let colour = if value < 0.0 { low.0 } else { high.0 };
        rectangle(panel, (x + k as f64 * step, y, step, 10.0), colour.mix(STRONGEST * value.abs()).filled())?;
    }
    for (h, words, part) in [(HPos::Left, low.1, 0.0), (HPos::Center, "0", 0.5), (HPos::Right, high.1, 1.0)] {
        Words::ink(11.0, h).below().draw(panel, words, x + part * WIDTH, y + 14.0)?;
    }
    Words::ink(12.0, HPos::Left).draw(panel, title, x + WIDTH + 12.0, y + 5.0)
}
