//! The reports of perturbation studies: of one network, and of several.

mod across;
mod currents;
mod decoding;
mod effects;
mod intervals;
mod motifs;
mod page;
mod recurrence;
mod single_cells;
mod summary;
mod trajectories;
mod wiring;
mod words;

use super::figures::Figure;
use super::write_files;
use crate::data::write_atomically;
use crate::error::{Error, Result};
use crate::perturb::{ConsistencyRow, Lesion, MeasureKey, SeedRow, Study};
use std::path::Path;

/// Labels count as telling which cells matter where the false discovery rate is below this.
const SIGNIFICANT: f64 = 0.05;

/// What the report of one network's study shows.
#[derive(Clone, Copy, Debug)]
pub struct PerturbationReport<'a> {
    /// The run's name.
    pub title: &'a str,
    /// What was chosen, as label and value.
    pub choices: &'a [(String, String)],
    /// What was found.
    pub study: &'a Study,
    /// Sentences to be read first, e.g. what had to be left out.
    pub notes: &'a [String],
}

/// What the report of several runs shows.
#[derive(Clone, Copy, Debug)]
pub struct AcrossReport<'a> {
    /// Its name.
    pub title: &'a str,
    /// What was chosen, as label and value.
    pub choices: &'a [(String, String)],
    /// The runs' names, `[runs]`.
    pub names: &'a [String],
    /// Their settings, `[runs]`.
    pub settings: &'a [String],
    /// The lesions, the same for every run.
    pub lesions: &'a [Lesion],
    /// The measures.
    pub keys: &'a [MeasureKey],
    /// Lesions over runs: of all runs (`all`), and of each setting where there are several.
    pub rows: &'a [SeedRow],
    /// Pairs of runs.
    pub consistency: &'a [ConsistencyRow],
}

/// Writes the report of one network to `path`, each figure to `figures/NAME.svg` beside it, and the tables of the figures
/// that no other table holds: `trajectories.csv` and `current_traces.csv`.
///
/// # Errors
/// If the parts of the study do not belong together, or a file cannot be written.
pub fn write(path: &Path, report: &PerturbationReport) -> Result<()> {
    let study = report.study;
    check(study)?;
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
    let runs = report.names.len();
    expect("settings", report.settings.len(), runs)?;
    let last_run = report.consistency.iter().map(|r| r.runs.0.max(r.runs.1));
    below("runs", last_run.max(), runs)?;
    below("lesions", report.rows.iter().map(|r| r.lesion).max(), report.lesions.len())?;
    below("measures", report.rows.iter().map(|r| r.measure).max(), report.keys.len())?;
    let figures = [
        across::effects(report)?,
        across::settings(report)?,
        across::superiority(report)?,
        across::consistency(report)?,
    ];
    let figures: Vec<Figure> = figures.into_iter().flatten().collect();
    write_files(path, &figures, &page::of_runs(report, &figures))
}

/// Refuses a study whose parts do not belong together.
fn check(study: &Study) -> Result<()> {
    let (d, lesions) = (study.subject.dims(), study.lesions.len());
    expect("outcomes", study.outcomes.len(), lesions)?;
    expect("sets of lesioned rates", study.lesioned_rates.len(), lesions)?;
    expect("conditions", study.subject.conditions.len(), d.conditions)?;
    expect("numbers of bins", study.subject.problem.bins.len(), d.conditions)?;
    let length = d.conditions * d.bins * d.neurons;
    expect("rates", study.subject.intact.len(), length)?;
    study.lesioned_rates.iter().try_for_each(|rates| expect("lesioned rates", rates.len(), length))?;
    study.outcomes.iter().try_for_each(|o| expect("measures", o.whole.len(), study.keys.len()))?;
    for cells in &study.cells {
        expect("single cells", cells.damages.len(), cells.lesion.neurons.len())?;
        cells.damages.iter().try_for_each(|d| expect("measures of single cells", d.len(), study.keys.len()))?;
    }
    let traces = &study.anatomy.currents.traces;
    traces.iter().try_for_each(|t| expect("currents", t.values.len(), d.conditions * d.bins))?;
    below("areas", traces.iter().map(|t| t.area).max(), study.subject.problem.population.areas().len())?;
    let conditions = study.anatomy.currents.rows.iter().map(|r| r.condition);
    below("conditions", conditions.max(), d.conditions)?;
    expect("q values of motifs", study.anatomy.motif_q.len(), study.anatomy.motifs.len())?;
    below("lesions", study.effects.iter().map(|e| e.lesion).max(), lesions)?;
    below("measures", study.effects.iter().map(|e| e.measure).max(), study.keys.len())
}

fn expect(what: &str, found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::run(format!("report: expected {expected} {what}, found {found}.")))
}

/// Refuses a largest index that names nothing.
fn below(what: &str, index: Option<usize>, count: usize) -> Result<()> {
    match index {
        Some(k) if k >= count => Err(Error::run(format!("report: number {k} of {count} {what} is asked for."))),
        _ => Ok(()),
    }
}
