//! Values of lesions beside the intervals of their controls, and effects beside their intervals over runs.

use super::words::{
    ACCURACIES, compared, fit_sentence, is_significant, key_number, measure, probability, scope, scopes_of, sizes,
};
use crate::error::Result;
use crate::perturb::{MeasureKey, Study};
use crate::report::parts::canvas::{
    Axes, Drawn, GRID, HPos, INK, MODEL, MUTED, Panel, Plane, chart, draw, heading, px, stroke,
};
use crate::report::parts::figure::{Figure, WIDTH, padded, part};
use crate::report::parts::marks::{Words, fitted};
use plotters::prelude::*;

const NAMES: f64 = 236.0;
const ROW: f64 = 21.0;
const HEAD: f64 = 26.0;
const FOOT: f64 = 52.0;
const COLUMNS: usize = 3;
/// Height of the sentence about the fit.
const TOP: f64 = 28.0;
/// Room for what is written at the right of a panel.
const NOTES: f64 = 106.0;

/// What is drawn in one row of a panel; what is not finite is left out.
pub(super) struct Mark {
    /// An interval with its middle.
    pub bar: (f64, f64, f64),
    /// A filled dot.
    pub dot: f64,
    /// A hollow one.
    pub ring: f64,
    pub colour: RGBColor,
    /// Written at the right.
    pub note: String,
}

/// One measure: marks side by side for each row.
pub(super) struct Strip {
    pub title: String,
    pub axis: String,
    pub rows: Vec<Vec<Mark>>,
    /// Where the line stands that means no effect.
    pub origin: f64,
}

impl Strip {
    /// Titled by a measure, with an arrow towards harm along its axis.
    pub(super) fn of(key: &MeasureKey, quantity: &str, rows: Vec<Vec<Mark>>) -> Self {
        let title = format!("{}, {}", measure(key.measure), scope(&key.scope));
        let axis = if key.harm < 0.0 { format!("{quantity} (← harm)") } else { format!("{quantity} (harm →)") };
        Self { title, axis, rows, origin: 0.0 }
    }
}

/// The measures that have a panel.
pub(super) fn chosen(keys: &[MeasureKey]) -> Vec<usize> {
    let one = |measure: &str| key_number(keys, measure, "all");
    let mut chosen: Vec<usize> = ["r2_change", "self_other_distance_change"].into_iter().filter_map(one).collect();
    chosen.extend(scopes_of(keys, "spectral_radius_change"));
    chosen.extend(ACCURACIES.into_iter().filter_map(one));
    chosen
}

/// Height of a row: marks side by side must not touch.
fn row_height(strips: &[Strip]) -> f64 {
    let marks = strips.iter().flat_map(|s| &s.rows).map(Vec::len).max().unwrap_or(1);
    ROW.max(9.0 * marks as f64 + 4.0)
}

fn panel_height(strips: &[Strip]) -> f64 {
    let rows = strips.iter().map(|s| s.rows.len()).max().unwrap_or(0);
    HEAD + row_height(strips) * rows as f64 + FOOT
}

/// Panels side by side.
fn columns(strips: &[Strip]) -> usize {
    strips.len().clamp(1, COLUMNS)
}

/// Height of all panels.
pub(super) fn height(strips: &[Strip]) -> f64 {
    strips.len().div_ceil(columns(strips)) as f64 * panel_height(strips)
}

/// Draws the strips in rows of panels from `top`; `names` are those of the rows, and what stands beside them.
pub(super) fn draw_strips(root: &Panel, strips: &[Strip], names: &[(String, String)], top: f64) -> Drawn<()> {
    let columns = columns(strips);
    let width = (WIDTH - NAMES) / columns as f64;
    let (panel_height, row_height) = (panel_height(strips), row_height(strips));
    for (k, strip) in strips.iter().enumerate() {
        let top = top + (k / columns) as f64 * panel_height;
        if k % columns == 0 {
            for (r, (name, about)) in names.iter().enumerate() {
                let y = top + HEAD + row_height * (r as f64 + 0.5);
                Words::ink(12.0, HPos::Left).draw(root, &fitted(name, 12.0, NAMES - 66.0), 0.0, y)?;
                Words::muted(11.0, HPos::Right).draw(root, about, NAMES - 6.0, y)?;
            }
        }
        let left = NAMES + (k % columns) as f64 * width;
        one(&part(root, left, top, width, panel_height), strip, width)?;
    }
    Ok(())
}

fn one(panel: &Panel, strip: &Strip, width: f64) -> Drawn<()> {
    heading(panel, &fitted(&strip.title, 13.5, width))?;
    let values = || strip.rows.iter().flatten().flat_map(|m| [m.bar.0, m.bar.1, m.bar.2, m.dot, m.ring]);
    let noted = strip.rows.iter().flatten().any(|m| !m.note.is_empty());
    let rows = strip.rows.len() as f64;
    let x = padded(values().chain([strip.origin]).collect::<Vec<f64>>().into_iter());
    let margins = [HEAD, if noted { NOTES } else { 18.0 }, 6.0, 4.0];
    let mut chart = chart(panel, margins, [FOOT - 6.0, 0.0], x, 0.0..rows)?;
    Axes { x: &strip.axis, y: "", x_labels: 6, y_labels: 0 }.draw(&mut chart)?;
    let area = chart.plotting_area();
    for r in 0..=strip.rows.len() {
        let y = r as f64;
        let ends = chart.x_range();
        area.draw(&PathElement::new([(ends.start, y), (ends.end, y)], stroke(GRID, 0.6)))?;
    }
    area.draw(&PathElement::new([(strip.origin, 0.0), (strip.origin, rows)], stroke(MUTED, 1.0)))?;
    let right = chart.x_range().end;
    for (r, marks) in strip.rows.iter().enumerate() {
        for (k, mark) in marks.iter().enumerate() {
            let y = rows - r as f64 - (k as f64 + 0.5) / marks.len() as f64;
            mark.draw(area, y, if marks.len() > 1 { 0.7 } else { 1.0 })?;
            if !mark.note.is_empty() {
                let (x, y) = area.map_coordinate(&(right, y));
                let (left, top) = panel.get_base_pixel();
                let at = |v: i32| f64::from(v) / f64::from(px(1.0));
                Words::ink(10.0, HPos::Left).draw(panel, &mark.note, at(x - left) + 5.0, at(y - top))?;
            }
        }
    }
    Ok(())
}

impl Mark {
    fn draw(&self, area: &Plane, y: f64, scale: f64) -> Drawn<()> {
        let (low, middle, high) = self.bar;
        if low.is_finite() && high.is_finite() {
            area.draw(&PathElement::new([(low, y), (high, y)], stroke(self.colour.mix(0.35), 6.0 * scale)))?;
        }
        let tall = 0.22 * scale;
        if middle.is_finite() {
            area.draw(&PathElement::new([(middle, y - tall), (middle, y + tall)], stroke(self.colour, 1.5)))?;
        }
        if self.ring.is_finite() {
            area.draw(&Circle::new((self.ring, y), px(4.2), stroke(INK, 1.2)))?;
        }
        if self.dot.is_finite() {
            area.draw(&Circle::new((self.dot, y), px(3.6 * scale), INK.filled()))?;
        }
        Ok(())
    }
}

pub(super) fn figure(study: &Study) -> Result<Option<Figure>> {
    let chosen = chosen(&study.keys);
    if chosen.is_empty() || study.lesions.is_empty() {
        return Ok(None);
    }
    let strips: Vec<Strip> = chosen.iter().map(|m| strip(study, *m)).collect();
    let label = |l: usize| (study.lesions[l].name.clone(), format!("n = {}", sizes(study, l)));
    let names: Vec<(String, String)> = (0..study.lesions.len()).map(label).collect();
    let drawing = draw(WIDTH, TOP + height(&strips), |root, _| {
        Words::muted(12.0, HPos::Left).draw(root, &fit_sentence(study), 0.0, 9.0)?;
        draw_strips(root, &strips, &names, TOP)
    })?;
    let caption = "Filled dot: the lesion, subsampled to the size of its controls where their pool is too small (n \
                   = compared of all; then the mean over subsets). Bar and tick: 2.5 to 97.5 % interval and mean of \
                   the control lesions, deviations widened for the smaller variance of sets from one pool. Hollow \
                   dot: the whole lesion, where it was subsampled or has no controls. The grey line is the intact \
                   network. The bar says how much losing the population does beside losing as many like cells; one control in \
                   twenty lies outside, and bars are not corrected for the number of lesions and measures: described, not \
                   tested. Whether the labels say which cells matter is another question: p and q of the rank test of the lesion's single cells \
                   (one-sided, for harm) are printed where q < 0.05. Numbers: effects.csv."
        .into();
    Ok(Some(Figure { name: "intervals", title: "Lesions beside their controls", caption, drawing }))
}

fn strip(study: &Study, measure: usize) -> Strip {
    let key = &study.keys[measure];
    let row = |lesion: usize| {
        let whole = study.outcomes[lesion].whole[measure];
        let ring = if study.lesions[lesion].neurons.is_empty() { f64::NAN } else { whole };
        let none =
            Mark { bar: (f64::NAN, f64::NAN, f64::NAN), dot: f64::NAN, ring, colour: MODEL, note: String::new() };
        let Some((effect, c)) = compared(study, lesion, measure) else { return vec![none] };
        let note =
            if is_significant(c) { format!("p {}, q {}", probability(c.p), probability(c.q)) } else { String::new() };
        let ring = if effect.size == study.lesions[lesion].neurons.len() { f64::NAN } else { whole };
        vec![Mark { bar: (c.low, c.mean, c.high), dot: effect.value, ring, note, ..none }]
    };
    let quantity = if key.measure == "self_other_distance_change" { "relative change" } else { "change" };
    Strip::of(key, quantity, (0..study.lesions.len()).map(row).collect())
}
