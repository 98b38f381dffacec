//! The end of a run: how well the weights fit, beside what, left in its directory.

use super::fit::FittedNetwork;
use super::member::TrainedNetwork;
use super::page;
use super::summary::RunSummary;
use crate::analysis::{Comparison, fit_csv};
use crate::config::Plan;
use crate::error::Result;
use crate::train::{CHECKPOINT, End, NORMALIZATION, PREVIOUS, RunDirectory, Stamp, WeightsNote, write_weights};
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

/// What of a run is left at its end.
#[derive(Clone, Debug)]
pub(crate) enum Leaving {
    /// All of it, to be looked at and trained on.
    Everything,
    /// What tables, lesions and exports read, since there are many: neither states nor a page.
    Essentials(Essentials),
}

/// What a sweep says of its run.
#[derive(Clone, Debug)]
pub(crate) struct Essentials {
    /// Its name in the sweep.
    pub(crate) hash: String,
    /// Why it ended, if the sweep ended it.
    pub(crate) reason: Option<&'static str>,
    /// The computer that it was trained on.
    pub(crate) host: String,
    /// What it was compared by.
    pub(crate) rungs: Vec<(u32, Option<f64>)>,
}

/// Files of a run that only its training needs, and copies of what others hold.
pub(crate) const OF_TRAINING: [&str; 4] = [CHECKPOINT, PREVIOUS, NORMALIZATION, "last.safetensors"];

/// Writes the results of a network (`plan` is that of its run) into `directory`, `summary.json` last: where it is, the
/// run has ended.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn finish(
    plan: &Plan,
    directory: &RunDirectory,
    trained: &TrainedNetwork,
    baseline: Option<&FittedNetwork>,
    stamp: &Stamp,
    leaving: Leaving,
) -> Result<Reported> {
    let (problem, settled) = (&plan.problem, &trained.settled);
    let keep = |file: &str, parameters: &[f32], note: WeightsNote| {
        let path = directory.file(&format!("{file}.safetensors"));
        write_weights(&path, file, problem, parameters, note, stamp)
    };
    directory.check_place()?;
    let is_all = matches!(leaving, Leaving::Everything);
    if is_all {
        keep("last", &settled.last, settled.last_note)?;
    }
    keep("best", &settled.best, settled.best_note)?;

    let rates = baseline.map(|b| &b.rates[..]);
    let comparison = Comparison::new(&plan.recorded()?, &trained.rates, rates)?;
    directory.write("fit.csv", &fit_csv(&comparison.model, &problem.population, &plan.condition_names()))?;
    if is_all {
        page::write_report(plan, directory.path(), trained, &comparison)?;
    }
    let mut summary = RunSummary::new(plan, trained, baseline, &comparison, &stamp.run);
    match leaving {
        Leaving::Everything => {
            summary.write(directory)?;
            directory.write_end(End::Reported)?;
        }
        Leaving::Essentials(Essentials { hash, reason, host, rungs }) => {
            summary.stop_reason = reason.map_or(summary.stop_reason, String::from);
            (summary.hash, summary.host, summary.rungs) = (Some(hash), Some(host), rungs);
            directory.write_end(End::Reported)?;
            directory.sync()?;
            summary.write(directory)?;
            directory.sync()?;
            directory.remove(&OF_TRAINING)?;
        }
    }
    Ok(Reported { directory: directory.path().to_path_buf(), summary, comparison })
}
