//! The report of a sweep: its page, its tables as files, and as text for a terminal. All of it is made from one struct,
//! [`SweepReport`]; no directory is read.

mod by_setting;
mod data;
mod factors;
mod failures;
mod learning;
mod page;
mod parallel;
mod plane;
mod rungs;
mod scale;
mod shares;
mod shares_figure;
mod standings;
mod summary;
mod tables;
mod text;
mod view;

pub use data::{Axis, AxisKind, AxisValue, Halving, Objective, Run, RunState, Rung, Setting, SweepReport};
pub use standings::{LEVEL, Replicates, Standing, best_paths, standings};
pub use tables::{curves, runs_csv};
pub use text::{best_text, table_text};

use super::parts::figure::Figure;
use super::parts::html::write_files;
use crate::error::Result;
use shares::{RELABELLINGS, Shares};
use std::path::Path;
use view::View;

/// Writes the report to `path`, and each figure to `figures/NAME.svg` beside it.
///
/// # Errors
/// If the parts do not belong together, or a file cannot be written.
pub fn write(path: &Path, report: &SweepReport) -> Result<()> {
    report.check()?;
    let view = View::of(report);
    let shares = Shares::of(report, &view.factors, RELABELLINGS);
    let figures = [
        by_setting::figure(&view)?,
        parallel::figure(&view)?,
        learning::figure(&view)?,
        shares_figure::figure(&view, &shares)?,
        failures::figure(&view)?,
    ];
    let figures: Vec<Figure> = figures.into_iter().flatten().collect();
    write_files(path, &figures, &page::html(&view, &shares, &figures))
}
