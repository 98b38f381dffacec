//! The report of a run: one HTML page that needs nothing else, and its figures as files.

pub mod card;
mod conditions;
mod data;
mod figures;
mod page;
mod parts;
pub mod perturbation;
mod scaling;
pub mod sweep;
pub mod tuning;

pub use conditions::{ConditionInfo, Event};
pub use data::{HistoryPoint, ReportData};
pub use scaling::scaling_figure;

use crate::error::Result;
use parts::html::write_files;
use std::path::Path;

/// Writes the report to `path`, and each figure to `figures/NAME.svg` beside it.
///
/// # Errors
/// If the arrays do not belong together, or a file cannot be written.
pub fn write(path: &Path, data: &ReportData) -> Result<()> {
    data.check()?;
    let figures = figures::all(data)?;
    write_files(path, &figures, &page::html(data, &figures))
}
