//! The reports of perturbation studies: of one network, and of several.

mod across;
mod claims;
mod currents;
mod data;
mod decoding;
mod effects;
mod intervals;
mod motifs;
#[cfg(test)]
mod null_studies;
mod page;
mod pens;
mod recurrence;
mod single_cells;
mod summary;
mod trajectories;
mod wiring;
mod words;

pub use data::{AcrossReport, PerturbationReport};

use super::parts::figure::Figure;
use super::parts::html::write_files;
use crate::data::write_atomically;
use crate::error::Result;
use std::path::Path;

/// Writes the report of one network to `path`, each figure to `figures/NAME.svg` beside it, and the tables of the figures
/// that no other table holds: `trajectories.csv` and `current_traces.csv`.
///
/// # Errors
/// If the parts of the study do not belong together, or a file cannot be written.
pub fn write(path: &Path, report: &PerturbationReport) -> Result<()> {
    let study = report.study;
    report.check()?;
    let trajectories = trajectories::Trajectories::of(study)?;
    let figures: Vec<Option<Figure>> = vec![
        effects::figure(study)?,
        intervals::figure(study)?,
        single_cells::figure(study)?,
        decoding::intact_readouts(study)?,
        decoding::own_readouts(study)?,
        decoding::between_agents(study)?,
        wiring::figure(study)?,
        currents::figure(study)?,
        trajectories::figure(study, &trajectories)?,
        motifs::figure(&study.anatomy)?,
        recurrence::figure(study)?,
    ];
    let figures: Vec<Figure> = figures.into_iter().flatten().collect();
    let tables = [("trajectories.csv", trajectories.csv(study)), ("current_traces.csv", currents::traces_csv(study))];
    for (name, csv) in tables {
        write_atomically(&path.with_file_name(name), |w| w.write_all(csv.as_bytes()))?;
    }
    write_files(path, &figures, &page::of_study(report, &figures))
}

/// Writes the report of several runs to `path`, and each figure to `figures/NAME.svg` beside it.
///
/// # Errors
/// If the parts do not belong together, or a file cannot be written.
pub fn write_across(path: &Path, report: &AcrossReport) -> Result<()> {
    report.check()?;
    let figures = [
        across::effects(report)?,
        across::settings(report)?,
        across::superiority(report)?,
        across::consistency(report)?,
    ];
    let figures: Vec<Figure> = figures.into_iter().flatten().collect();
    write_files(path, &figures, &page::of_runs(report, &figures))
}
