//! The report's figures, one file each.

mod fit;
mod history;
mod parameters;
mod rates;
mod strips;
mod traces;

use super::data::ReportData;
use super::parts::figure::Figure;
use crate::error::Result;

/// All figures, in the order of the page; those without anything to show are left out.
pub(super) fn all(data: &ReportData) -> Result<Vec<Figure>> {
    let figures = [
        history::figure(data)?,
        Some(fit::figure(data)?),
        Some(rates::figure(data)?),
        traces::figure(data)?,
        Some(parameters::figure(data)?),
    ];
    Ok(figures.into_iter().flatten().collect())
}
