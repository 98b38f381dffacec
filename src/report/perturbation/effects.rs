//! Which lesion harms which measure: effects of all lesions against their controls, and where labels say which cells matter.

use super::words::{
    ACCURACIES, ASTERISK, compared, fit_sentence, is_significant, key_number, measure, scope, scopes_of, signed, sizes,
};
use crate::error::Result;
use crate::network::Population;
use crate::perturb::{MeasureKey, Study};
use crate::report::parts::canvas::{COLD, HPos, WARM, draw};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::Words;
use crate::report::parts::matrix::{Cell, Matrix, colour_bar};
use std::fmt::Write as _;

/// Effect sizes beyond this have the strongest colour.
const CLIP: f64 = 4.0;
/// Areas whose fit has a column, at most.
const AREAS: usize = 8;
/// Room for the lesions' names and sizes.
const NAMES: f64 = 236.0;
const ROW: f64 = 26.0;
/// Above the matrix: the sentence about the fit, the colour bar, the names of the columns.
const HEAD: f64 = 116.0;

pub(super) fn figure(study: &Study) -> Result<Option<Figure>> {
    let (columns, left_out) = columns(&study.keys, &study.subject.problem.population);
    if columns.is_empty() || study.lesions.is_empty() {
        return Ok(None);
    }
    let rows: Vec<(String, String)> =
        study.lesions.iter().enumerate().map(|(k, l)| (l.name.clone(), sizes(study, k))).collect();
    let cells: Vec<Vec<Cell>> = (0..rows.len()).map(|l| columns.iter().map(|m| cell(study, l, *m)).collect()).collect();
    let names: Vec<(String, String)> = columns.iter().map(|m| column_name(&study.keys[*m])).collect();
    let cell = (((WIDTH - NAMES) / columns.len() as f64).min(90.0), ROW);
    let height = HEAD + ROW * rows.len() as f64 + 4.0;
    let drawing = draw(WIDTH, height, |root, _| {
        Words::muted(12.0, HPos::Left).draw(root, &fit_sentence(study), 0.0, 9.0)?;
        let title = "effect size, in standard deviations of the controls";
        colour_bar(root, (NAMES, 28.0), ((COLD, "−4, less harm"), (WARM, "more harm, 4")), title)?;
        let matrix = Matrix { origin: (NAMES, HEAD), names: NAMES, cell, rows: &rows, columns: &names, cells: &cells };
        matrix.draw(root)
    })?;
    let mut caption = format!(
        "How much does losing the population do, beside other cells of the kind? A number compares the lesion (rows, with the \
         number of neurons that were compared) in a measure (columns) with control lesions of as many like cells: the effect \
         size, lesion minus mean of the controls in standard deviations of the controls, widened for the smaller variance of \
         sets from one pool. Its sign is turned so that in every column positive and orange means more harm than the \
         controls: a lower R², accuracy or self–other distance, a larger spectral radius, remaining kick or saturated \
         fraction. Colours end at ±{CLIP}. Sizes are described, not tested. Bold with an asterisk answers another question, \
         whether the labels say which cells matter: {ASTERISK}. A large number may have no \
         asterisk, and a small one may. Framed: the controls are not matched in rate and outgoing weight, so a \
         difference may be theirs. Grey: no effect size – no neurons, no controls, a measure without a value, or \
         controls that do not differ."
    );
    if left_out > 0 {
        let _ = write!(caption, " The fit of {left_out} further areas is in the table.");
    }
    caption.push_str(" Numbers: effects.csv (there, effect_size keeps the measure's own sign).");
    Ok(Some(Figure { name: "effects", title: "What the lesions harm", caption, drawing }))
}

/// The measures that have a column, and how many areas have none.
pub(super) fn columns(keys: &[MeasureKey], population: &Population) -> (Vec<usize>, usize) {
    let one = |measure: &str, scope: &str| key_number(keys, measure, scope);
    let areas: Vec<usize> = population.areas().iter().filter_map(|a| one("r2_change", &a.name)).collect();
    let left_out = areas.len().saturating_sub(AREAS);
    let mut columns: Vec<usize> = one("r2_change", "all").into_iter().collect();
    columns.extend(areas.iter().take(AREAS));
    columns.extend(one("self_other_distance_change", "all"));
    columns.extend(scopes_of(keys, "spectral_radius_change"));
    let of_all = ["kick_remaining", "saturated_fraction_change"].iter().chain(&ACCURACIES);
    columns.extend(of_all.filter_map(|m| one(m, "all")));
    (columns, left_out)
}

/// Measure and scope as the head of a column.
pub(super) fn column_name(key: &MeasureKey) -> (String, String) {
    let name = match key.measure {
        "self_other_distance_change" => "self–other distance".into(),
        "saturated_fraction_change" => "saturated fraction".into(),
        "spectral_radius_change" => "spectral radius".into(),
        other => measure(other).trim_start_matches("Δ ").to_string(),
    };
    (name, scope(&key.scope).to_string())
}

fn cell(study: &Study, lesion: usize, measure: usize) -> Cell {
    if study.lesions[lesion].neurons.is_empty() {
        return Cell::without("empty");
    }
    let Some((_, comparison)) = compared(study, lesion, measure) else { return Cell::without("–") };
    let harm = study.keys[measure].harm * comparison.effect_size;
    let significant = is_significant(comparison);
    let lines = vec![format!("{}{}", signed(harm), if significant { " *" } else { "" })];
    let cell = Cell::signed(harm, harm.abs() / CLIP, lines);
    let tint = cell.tint.filter(|_| harm.is_finite());
    Cell { tint, bold: significant, framed: !comparison.matched, ..cell }
}
