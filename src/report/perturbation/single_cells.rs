//! What the loss of each cell alone does, and whether the labels of lesions say which cells matter.

use super::words::{ASTERISK, compared, fit_sentence, is_significant, key_number, probability, short};
use crate::analysis::statistics::quantile;
use crate::error::Result;
use crate::network::Population;
use crate::perturb::{CellOutcome, ControlComparison, Lesion, Mode, Study, compared_cells};
use crate::report::parts::canvas::{Drawn, GRID, HPos, INK, MUTED, Panel, draw, px, stroke, text_width, tick};
use crate::report::parts::figure::{Figure, WIDTH, padded};
use crate::report::parts::lines::colour;
use crate::report::parts::marks::{Words, fitted, line};
use plotters::prelude::*;
use std::fmt::Write as _;

/// Room for the rows' names and sizes.
const NAMES: f64 = 236.0;
/// Room for what the test found, and where its three columns end.
const NOTES: f64 = 204.0;
const COLUMNS: [(&str, f64); 3] = [("superiority", 78.0), ("p", 132.0), ("q", 186.0)];
const ROW: f64 = 40.0;
/// Above the rows: the sentence about the fit, the heading, what the marks mean, the heads of the columns.
const HEAD: f64 = 88.0;
/// Below them: the axis.
const FOOT: f64 = 48.0;
const RADIUS: f64 = 2.8;
/// From the middle of a row to its farthest dot, at most.
const SPREAD: f64 = 15.0;

/// A lesion's cells, and how they compare with like ones.
struct Row<'a> {
    lesion: &'a Lesion,
    /// Its cells of which like ones are spared.
    cells: Vec<usize>,
    /// Their harm, each lesioned alone.
    harm: Vec<f64>,
    /// The harm of the like cells.
    like: Vec<f64>,
    comparison: &'a ControlComparison,
}

/// Harm along the axis: linear around zero, logarithmic far from it.
struct Scale {
    /// Where one turns into the other; a power of ten.
    unit: f64,
    /// Ends of the axis, transformed.
    range: std::ops::Range<f64>,
}

pub(super) fn figure(study: &Study) -> Result<Option<Figure>> {
    let Some(measure) = key_number(&study.keys, "r2_change", "all") else { return Ok(None) };
    let with_rows = |outcome| (outcome, rows(study, outcome, measure));
    let Some((outcome, rows)) = study.cells.iter().map(with_rows).find(|(_, rows)| !rows.is_empty()) else {
        return Ok(None);
    };
    let scale = Scale::of(&rows.iter().flat_map(|r| &r.harm).copied().collect::<Vec<f64>>());
    let population = &study.subject.problem.population;
    let manner = manner(&outcome.lesion, study);
    let height = HEAD + ROW * rows.len() as f64 + FOOT;
    let drawing = draw(WIDTH, height, |root, _| {
        Words::muted(12.0, HPos::Left).draw(root, &fit_sentence(study), 0.0, 9.0)?;
        let about = manner.as_ref().map_or(String::new(), |m| format!(" ({m})"));
        let title = format!("Harm of losing each cell alone{about}");
        Words::ink(13.0, HPos::Left).bold(true).draw(root, &title, 2.0, 34.0)?;
        legend(root, population)?;
        axis(root, &scale, rows.len())?;
        rows.iter().enumerate().try_for_each(|(r, row)| {
            let apart = r > 0 && kind(rows[r - 1].lesion) != kind(row.lesion);
            row.draw(root, &scale, population, HEAD + ROW * r as f64, apart)
        })
    })?;
    let caption = caption(study, &scale, manner.as_deref().unwrap_or("silence, for the whole trial"));
    Ok(Some(Figure { name: "single-cells", title: "Cells lesioned one by one", caption, drawing }))
}

fn caption(study: &Study, scale: &Scale, manner: &str) -> String {
    let mut caption = format!(
        "Do the labels say which cells matter? A dot is a cell of the lesion (row) that was lesioned alone; its harm is what R² of \
         all other neurons loses, negative where they fit better without it. Like cells are those of the same area and type \
         that the lesion spares; cells that have none are left out, as is the dot of a cell without a value. Axis: the \
         inverse hyperbolic sine of harm / {unit}, linear around zero and logarithmic beyond ±{unit}. superiority: the \
         probability that a cell of the lesion does more harm than a like cell; 0.5 if labels say nothing. p: how often as \
         large a rank sum of its cells comes about if the labels are dealt anew within each area and type (one-sided, for \
         harm; exact up to the number of labellings drawn). Bold with an asterisk: {ASTERISK}. Ranks do not see how large the largest harms are, and single cells \
         do not show what many do together: for that see the effect sizes.",
        unit = tick(scale.unit)
    );
    if study.cells.len() > 1 {
        let _ = write!(caption, " Cells were lesioned in {} manners; shown is: {manner}.", study.cells.len());
    }
    caption.push_str(" Numbers: cells.csv (value: ΔR², which is −harm).");
    caption
}

/// The lesions in the manner of an outcome that were compared.
fn rows<'a>(study: &'a Study, outcome: &CellOutcome, measure: usize) -> Vec<Row<'a>> {
    let of_manner = |l: &usize| outcome.is_of(&study.lesions[*l]);
    (0..study.lesions.len()).filter(of_manner).filter_map(|l| row(study, outcome, measure, l)).collect()
}

fn row<'a>(study: &'a Study, outcome: &CellOutcome, measure: usize, number: usize) -> Option<Row<'a>> {
    let (_, comparison) = compared(study, number, measure)?;
    let lesion = &study.lesions[number];
    let (cells, like) = compared_cells(lesion, &study.subject.problem.population);
    let harm = |i: &usize| {
        let cell = outcome.lesion.neurons.binary_search(i);
        cell.map_or(f64::NAN, |k| study.keys[measure].harm * outcome.damages[k][measure])
    };
    let of = |cells: &[usize]| cells.iter().map(harm).collect::<Vec<f64>>();
    Some(Row { lesion, harm: of(&cells), like: of(&like), cells, comparison })
}

/// Rows of different kinds stand apart.
fn kind(lesion: &Lesion) -> (&str, &str) {
    (&lesion.area, &lesion.cell_type)
}

/// Window and mode of a lesion that does not silence for the whole trial.
fn manner(lesion: &Lesion, study: &Study) -> Option<String> {
    match (lesion.mode.label(), lesion.window(&study.subject)) {
        (_, window) if window == "all" && lesion.mode == Mode::Silence => None,
        (mode, window) if window == "all" => Some(format!("{mode}, for the whole trial")),
        (mode, window) => Some(format!("{mode}, in steps {window} after the warm-up")),
    }
}

/// Mirror cells, others, and cells of which neither is known have a colour each.
fn class_colour(class: &str) -> RGBColor {
    colour(["mirror", "non-mirror"].iter().position(|c| *c == class).unwrap_or(2))
}

impl Row<'_> {
    fn draw(&self, root: &Panel, scale: &Scale, population: &Population, top: f64, apart: bool) -> Drawn<()> {
        let (middle, bottom) = (top + ROW / 2.0, top + ROW);
        if apart {
            line(root, (0.0, top), (WIDTH, top), stroke(MUTED, 1.0))?;
        }
        Words::ink(12.0, HPos::Left).draw(root, &fitted(&self.lesion.name, 12.0, NAMES - 66.0), 0.0, middle)?;
        Words::muted(11.0, HPos::Right).draw(root, &format!("n = {}", self.cells.len()), NAMES - 12.0, middle)?;
        let finite = |harm: &[f64]| harm.iter().copied().filter(|h| h.is_finite()).collect::<Vec<f64>>();
        for (harm, style) in [(&self.like, stroke(MUTED, 1.2)), (&self.harm, stroke(INK, 2.4))] {
            if let Some(x) = scale.place(quantile(&finite(harm), 0.5)) {
                line(root, (x, top + 3.0), (x, bottom - 3.0), style)?;
            }
        }
        let place = |(i, harm): (&usize, &f64)| Some((scale.place(*harm)?, population.class(*i)));
        let placed: Vec<(f64, &str)> = self.cells.iter().zip(&self.harm).filter_map(place).collect();
        let places: Vec<f64> = placed.iter().map(|(x, _)| *x).collect();
        for ((x, class), up) in placed.iter().zip(swarm(&places)) {
            dot(root, *x, middle - up, class)?;
        }
        self.found(root, middle)
    }

    /// What the test says, at the right.
    fn found(&self, root: &Panel, middle: f64) -> Drawn<()> {
        let (c, left) = (self.comparison, WIDTH - NOTES);
        let words = Words::ink(12.0, HPos::Right).bold(is_significant(c));
        for (text, (_, end)) in [short(c.superiority, 2), probability(c.p), probability(c.q)].iter().zip(COLUMNS) {
            words.draw(root, text, left + end, middle)?;
        }
        if is_significant(c) {
            Words { h: HPos::Left, ..words }.draw(root, "*", left + COLUMNS[2].1 + 4.0, middle)?;
        }
        Ok(())
    }
}

fn dot(root: &Panel, x: f64, y: f64, class: &str) -> Drawn<()> {
    root.draw(&Circle::new((px(x), px(y)), px(RADIUS), class_colour(class).mix(0.75).filled()))?;
    Ok(())
}

/// What dots and ticks mean, above the rows, and the heads of the columns at their right.
fn legend(root: &Panel, population: &Population) -> Drawn<()> {
    let (mut x, y) = (NAMES + RADIUS, 56.0);
    let ink = Words::ink(12.0, HPos::Left);
    let known: &[&str] = if population.mirror().is_some() { &["mirror", "non-mirror"] } else { &[] };
    for class in known {
        dot(root, x, y, class)?;
        ink.draw(root, class, x + 8.0, y)?;
        x += text_width(class, 12.0) + 26.0;
    }
    for (words, style) in
        [("median", stroke(INK, 2.4)), ("median of the like cells that are spared", stroke(MUTED, 1.2))]
    {
        line(root, (x, y - 8.0), (x, y + 8.0), style)?;
        ink.draw(root, words, x + 8.0, y)?;
        x += text_width(words, 12.0) + 26.0;
    }
    for (head, end) in COLUMNS {
        Words::muted(12.0, HPos::Right).draw(root, head, WIDTH - NOTES + end, HEAD - 12.0)?;
    }
    Ok(())
}

/// Grid, rows, and the axis below them.
fn axis(root: &Panel, scale: &Scale, rows: usize) -> Drawn<()> {
    let bottom = HEAD + ROW * rows as f64;
    for r in 0..=rows {
        let y = HEAD + ROW * r as f64;
        line(root, (0.0, y), (WIDTH, y), stroke(GRID, 0.6))?;
    }
    for x in scale.between().into_iter().filter_map(|v| scale.place(v)) {
        line(root, (x, bottom), (x, bottom + 3.0), stroke(MUTED, 0.8))?;
    }
    for side in [1.0, -1.0] {
        let mut end = f64::NEG_INFINITY;
        for value in scale.ticks(side) {
            let Some(x) = scale.place(value) else { continue };
            let label = tick(value);
            let half = 0.5 * text_width(&label, 11.0) + 3.0;
            // Away from zero; nothing overlaps the last label.
            if side * x - half < end {
                continue;
            }
            end = side * x + half;
            let style = if value == 0.0 { stroke(MUTED, 1.2) } else { stroke(GRID, 1.0) };
            line(root, (x, HEAD), (x, bottom + 6.0), style)?;
            if value != 0.0 || side > 0.0 {
                Words::ink(11.0, HPos::Center).draw(root, &label, x, bottom + 15.0)?;
            }
        }
    }
    let words = "harm: −ΔR² of all other neurons (harm →)";
    Words::ink(12.0, HPos::Center).draw(root, words, (NAMES + WIDTH - NOTES) / 2.0, bottom + 36.0)
}

impl Scale {
    fn of(values: &[f64]) -> Self {
        let sizes: Vec<f64> = values.iter().map(|v| v.abs()).filter(|v| v.is_finite() && *v > 0.0).collect();
        let middle = quantile(&sizes, 0.5);
        let unit = if middle.is_finite() { 10_f64.powf(middle.log10().floor()) } else { 1.0 };
        let range = padded(values.iter().chain(&[0.0]).map(|v| (v / unit).asinh()));
        Self { unit, range }
    }

    /// Where a value stands, in CSS pixels; nothing for one that is not finite.
    fn place(&self, value: f64) -> Option<f64> {
        let part = ((value / self.unit).asinh() - self.range.start) / (self.range.end - self.range.start);
        part.is_finite().then_some(NAMES + part * (WIDTH - NAMES - NOTES))
    }

    /// Zero and the values with a label on one side of it, away from it: powers of ten, and 2 and 5 times these on a short axis.
    fn ticks(&self, side: f64) -> Vec<f64> {
        let multiples: &[i32] = if self.range.end - self.range.start < 7.0 { &[1, 2, 5] } else { &[1] };
        std::iter::once(0.0).chain(self.multiples(multiples, side)).collect()
    }

    /// The values without a label that show how the axis is divided.
    fn between(&self) -> Vec<f64> {
        [1.0, -1.0].iter().flat_map(|side| self.multiples(&[2, 3, 4, 5, 6, 7, 8, 9], *side)).collect()
    }

    /// So many times 1, 10, 100 … units on one side of zero, as far as the axis goes.
    fn multiples(&self, of: &[i32], side: f64) -> Vec<f64> {
        let all = (0..40).flat_map(|k| of.iter().map(move |m| f64::from(*m) * 10_f64.powi(k)));
        all.map(|v| side * v).take_while(|v| self.range.contains(&v.asinh())).map(|v| v * self.unit).collect()
    }
}

/// How far above the middle of their row dots at `places` are drawn: as near to it as they can be without touching another,
/// from left to right; where there is no such place, as far from others as can be.
fn swarm(places: &[f64]) -> Vec<f64> {
    const STEP: f64 = 0.5;
    let steps = (SPREAD / STEP) as i32;
    let offsets: Vec<f64> =
        (0..=2 * steps).map(|k| STEP * f64::from((k + 1) / 2) * f64::from(1 - 2 * (k % 2))).collect();
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut placed: Vec<(f64, f64)> = Vec::new();
    let mut found = vec![0.0; places.len()];
    for i in order {
        let nearest = |y: f64| placed.iter().map(|p| (p.0 - places[i]).hypot(p.1 - y)).fold(f64::INFINITY, f64::min);
        let free = offsets.iter().find(|y| nearest(**y) >= 2.0 * RADIUS);
        let roomiest = || offsets.iter().max_by(|a, b| nearest(**a).total_cmp(&nearest(**b)));
        found[i] = free.or_else(roomiest).copied().unwrap_or(0.0);
        placed.push((places[i], found[i]));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_do_not_touch_while_there_is_room() {
        let places: Vec<f64> = (0..60).map(|k| 300.0 + f64::from(k * 37 % 60) * 1.5).collect();
        let up = swarm(&places);
        assert!(up.iter().all(|y| y.abs() <= SPREAD));
        for a in 0..60 {
            for b in 0..a {
                assert!((places[a] - places[b]).hypot(up[a] - up[b]) >= 2.0 * RADIUS - 1e-9, "{a} and {b}");
            }
        }
        assert_eq!(swarm(&[5.0, 400.0, 200.0]), [0.0; 3]);
        assert!(swarm(&[7.0; 500]).iter().all(|y| y.abs() <= SPREAD));
        assert!(swarm(&[]).is_empty());
    }

    #[test]
    fn the_axis_keeps_order_sign_and_tails() {
        let values = [-0.001, -1e-5, 0.0, 2e-4, 5e-4, 0.003, 0.9, f64::NAN];
        let scale = Scale::of(&values);
        // The median size of those that are not zero or undefined is 7.5e-4.
        assert!((scale.unit - 1e-4).abs() < 1e-18);
        let places: Vec<f64> = values.iter().filter_map(|v| scale.place(*v)).collect();
        assert!(places.len() == 7 && places.is_sorted() && places[0] > NAMES && places[6] < WIDTH - NOTES);
        let close = |found: Vec<f64>, expected: &[f64]| {
            found.len() == expected.len() && found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-12)
        };
        assert!(close(scale.ticks(1.0), &[0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0]), "{:?}", scale.ticks(1.0));
        assert!(close(scale.ticks(-1.0), &[0.0, -1e-4, -1e-3]), "{:?}", scale.ticks(-1.0));
    }

    #[test]
    fn an_axis_has_ticks_whatever_the_values() {
        for values in [vec![0.4, 0.5], vec![-3e-7], vec![1.0, -1.0]] {
            let scale = Scale::of(&values);
            assert!(scale.ticks(1.0).len() + scale.ticks(-1.0).len() > 2, "{values:?}");
        }
        for values in [vec![], vec![0.0, 0.0], vec![f64::NAN]] {
            let scale = Scale::of(&values);
            assert!(scale.place(0.0).is_some() && scale.unit == 1.0, "{values:?}");
        }
    }
}
