//! `report.html` of a run.

use super::member::TrainedNetwork;
use crate::analysis::Comparison;
use crate::config::Plan;
use crate::error::Result;
use crate::network::{Group, Layout};
use crate::report::{self as page, ConditionInfo, HistoryPoint, ReportData};
use crate::train::{HistoryRow, RunDirectory, read_history};

/// Writes the report of a finished run.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write_report(
    plan: &Plan,
    directory: &RunDirectory,
    trained: &TrainedNetwork,
    comparison: &Comparison,
) -> Result<()> {
    let problem = &plan.problem;
    let layout = Layout::new(&problem.dims);
    let history: Vec<HistoryPoint> = read_history(&directory.file("history.csv"))?.iter().map(point).collect();
    let settled = &trained.settled;
    let title = directory.path().file_name().map_or("run".into(), |n| n.to_string_lossy().into_owned());
    page::write(
        &directory.file("report.html"),
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

fn point(row: &HistoryRow) -> HistoryPoint {
    let HistoryRow { step, loss, data_term, reg_term, grad_norm, .. } = *row;
    HistoryPoint { step, loss, data_term, reg_term, grad_norm }
}
