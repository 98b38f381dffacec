//! The end of a run: how well the weights fit, beside what, left in its directory.

use super::fit::FittedNetwork;
use super::member::TrainedNetwork;
use super::page;
use super::summary::RunSummary;
use crate::analysis::{Comparison, fit_csv};
use crate::config::Plan;
use crate::error::Result;
use crate::train::{End, RunDirectory, Stamp, WeightsNote, write_weights};
use std::path::PathBuf;

/// A run that has ended and was reported.
#[derive(Debug)]
pub struct Reported {
    /// Its directory.
    pub directory: PathBuf,
    /// Its figures, as `summary.json` has them.
    pub summary: RunSummary,
    /// The fit, beside its baselines.
    pub comparison: Comparison,
}

/// Writes the results of a network (`plan` is that of its run) into `directory`, `summary.json` last: where it is, the
/// run has ended.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn finish(
    plan: &Plan,
    directory: &RunDirectory,
    trained: &TrainedNetwork,
    baseline: Option<&FittedNetwork>,
    stamp: &Stamp,
) -> Result<Reported> {
    let (problem, settled) = (&plan.problem, &trained.settled);
    let keep = |file: &str, parameters: &[f32], note: WeightsNote| {
        let path = directory.file(&format!("{file}.safetensors"));
        write_weights(&path, file, problem, parameters, note, stamp)
    };
    directory.check_place()?;
    keep("last", &settled.last, settled.last_note)?;
    keep("best", &settled.best, settled.best_note)?;

    let rates = baseline.map(|b| &b.rates[..]);
    let comparison = Comparison::new(&plan.recorded()?, &trained.rates, rates)?;
    directory.write("fit.csv", &fit_csv(&comparison.model, &problem.population, &plan.condition_names()))?;
    page::write_report(plan, directory, trained, &comparison)?;
    let summary = RunSummary::new(plan, trained, baseline, &comparison, &stamp.run);
    summary.write(directory)?;
    directory.write_end(End::Reported)?;
    Ok(Reported { directory: directory.path().to_path_buf(), summary, comparison })
}
