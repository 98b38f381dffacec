//! How the curves of lesions are told apart.

use crate::perturb::Lesion;
use crate::report::parts::lines::{Pen, SERIES, colour};

/// A pen for each lesion: its area's colour, dashed if inhibitory, thin if non-mirror. Where these do not tell the lesions
/// apart, a colour each, dashed from the seventh.
pub(super) fn lesion_pens(lesions: &[&Lesion], areas: &[String]) -> Vec<Pen> {
    let by_class = |l: &&Lesion| {
        let area = areas.iter().position(|a| *a == l.area)?;
        let width = if l.class == "non-mirror" { 1.1 } else { 2.4 };
        Some(Pen { colour: colour(area), width, dashed: l.cell_type == "inhibitory" })
    };
    let pens: Option<Vec<Pen>> = lesions.iter().map(by_class).collect();
    let distinct = |pens: &Vec<Pen>| pens.iter().enumerate().all(|(k, pen)| !pens[..k].contains(pen));
    let by_number = |k: usize| Pen { colour: colour(k), width: 1.8, dashed: k / SERIES.len() % 2 == 1 };
    pens.filter(|pens| areas.len() <= SERIES.len() && distinct(pens))
        .unwrap_or_else(|| (0..lesions.len()).map(by_number).collect())
}
