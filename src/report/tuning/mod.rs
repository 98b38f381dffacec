//! The report of a tuning study: its page, and as text for a terminal.

mod cells;
mod classes;
mod controls;
mod counts;
mod data;
mod maps;
mod outlines;
mod page;
mod panels;
mod power;
mod text;
mod untested;
mod view;
mod words;

pub use data::TuningReport;
pub use outlines::write_check;
pub use text::text;

use super::parts::figure::Figure;
use super::parts::html::write_files;
use crate::error::Result;
use std::path::Path;
use view::View;

/// Writes the report to `path`, and each figure to `figures/NAME.svg` beside it.
///
/// # Errors
/// If the parts of the report do not belong together, or a file cannot be written.
pub fn write(path: &Path, report: &TuningReport) -> Result<()> {
    let view = View::of(report)?;
    let figures = [
        counts::figure(&view)?,
        power::figure(&view)?,
        classes::figure(&view)?,
        maps::figure(&view)?,
        cells::chosen_figure(&view)?,
        cells::asked_figure(&view)?,
    ];
    let figures: Vec<Figure> = figures.into_iter().flatten().collect();
    write_files(path, &figures, &page::html(&view, &figures))
}
