//! `report.html` of a run.

use super::fit::train_baselines;
use super::member::TrainedNetwork;
use super::notice::Listener;
use super::summary::RunSummary;
use super::trained::TrainedRun;
use crate::analysis::Comparison;
use crate::config::Plan;
use crate::error::{Error, Result};
use crate::network::{Group, Layout};
use crate::report::{self as page, ConditionInfo, HistoryPoint, ReportData};
use crate::train::{HistoryRow, Settled, WeightsNote, read_history};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The page of a run.
const PAGE: &str = "report.html";

/// Writes the report of a finished run.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write_report(
    plan: &Plan,
    directory: &Path,
    trained: &TrainedNetwork,
    comparison: &Comparison,
) -> Result<()> {
    let problem = &plan.problem;
    let layout = Layout::new(&problem.dims);
    let history: Vec<HistoryPoint> = read_history(&directory.join("history.csv"))?.iter().map(point).collect();
    let settled = &trained.settled;
    let title = directory.file_name().map_or("run".into(), |n| n.to_string_lossy().into_owned());
    page::write(
        &directory.join(PAGE),
        &ReportData {
            title: &title,
            choices: &plan.choices(),
            engine: &trained.engine,
            seconds: trained.seconds,
            history: &history,
            problem,
            conditions: &ConditionInfo::of_task(&plan.task),
            step_ms: plan.task.time.step_ms,
            modelled: &trained.rates,
            comparison,
            weights: &problem.constraint.weights(&problem.population, &settled.best[layout.range(Group::Recurrent)]),
            taus: &problem.time_constants.taus(&settled.best[layout.range(Group::TimeConstant)]),
        },
    )
}

/// Writes the page of a run that has ended into its directory, as its training would have: for runs of a sweep, which are many.
/// The baseline is trained again; `stop` leaves it out.
///
/// # Errors
/// If the run has not ended, an engine fails, or a file cannot be read or written.
pub fn write_page(run: &TrainedRun, stop: &AtomicBool, listener: &mut dyn Listener) -> Result<PathBuf> {
    let directory = run.file.parent().unwrap_or(Path::new("."));
    let summary = RunSummary::read(directory)?.ok_or_else(|| {
        Error::input(format!("{} has not ended: there is nothing to report yet.", directory.display()))
    })?;
    let (_, rates) = run.simulate(listener)?;
    let baseline = train_baselines(&run.plan, &[0], stop, listener)?.into_iter().flatten().next();
    let comparison = Comparison::new(&run.plan.recorded()?, &rates, baseline.as_ref().map(|b| &b.rates[..]))?;
    let note = WeightsNote { updates: summary.best_step.saturating_sub(1), loss: summary.loss };
    let (best, steps, seconds, engine) = (run.parameters.clone(), summary.steps, summary.seconds, summary.engine);
    let settled = Settled { last: Vec::new(), best, best_note: note, last_note: note };
    let trained = TrainedNetwork { settled, rates, steps, stop: None, seconds, engine };
    write_report(&run.plan, directory, &trained, &comparison)?;
    Ok(directory.join(PAGE))
}

fn point(row: &HistoryRow) -> HistoryPoint {
    let HistoryRow { step, loss, data_term, reg_term, grad_norm, .. } = *row;
    HistoryPoint { step, loss, data_term, reg_term, grad_norm }
}
