//! The end of a run: how well the weights fit, beside what, left in its directory.

use super::baseline::BaselineResult;
use super::page;
use super::session::Trained;
use super::summary::Summary;
use crate::analysis::{Comparison, HeldOutSummary, fit_csv};
use crate::config::Plan;
use crate::error::Result;
use crate::network::Layout;
use crate::train::{RunDirectory, WeightsNote, write_weights};

/// Writes the results of a network (`plan` is that of its run) into `directory`, `summary.json` last: where it is, the
/// run has ended.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn finish(
    plan: &Plan,
    directory: &RunDirectory,
    trained: &Trained,
    baseline: Option<&BaselineResult>,
) -> Result<Comparison> {
    let (problem, settled) = (&plan.problem, &trained.settled);
    let keep = |file: &str, parameters: &[f32], note: &WeightsNote| {
        let layout = Layout::new(&problem.dims);
        write_weights(&directory.file(file), &layout, &problem.population, &problem.constraint, parameters, note)
    };
    keep("last.safetensors", &settled.last, &settled.last_note)?;
    keep("best.safetensors", &settled.best, &settled.best_note)?;

    let conditions = plan.condition_names();
    let rates = baseline.map(|b| &b.rates[..]);
    let comparison = Comparison::new(&plan.recorded()?, &trained.rates, rates)?;
    directory.write("fit.csv", &fit_csv(&comparison.model, &problem.population, &conditions))?;
    page::write_report(plan, directory, trained, &comparison)?;
    let groups = comparison.groups(&problem.population, &conditions);
    let held_out = HeldOutSummary::of(&comparison, &conditions);
    let summary = Summary::new(plan, trained, baseline, &comparison, groups, held_out);
    directory.write("summary.json", &summary.to_json()?)?;
    Ok(comparison)
}
