//! A sweep in a terminal: its table, and its best settings.

use super::data::{Run, SweepReport};
use super::factors::{Factor, shown};
use super::shares::Shares;
use super::standings::{Replicates, Standing, beside, runs_of};
use super::summary::sentences;
use super::view::{View, between, value};
use crate::error::{Error, Result};
use crate::report::parts::terminal::{Cell, aligned};
use std::cmp::Ordering;
use std::fmt::Write as _;

/// A row is a setting, the best first or by `sort`, all or the first `top`: its rank, what varies, seeds that ended of all,
/// the objective in the search and on fresh seeds, and the R² beside it.
///
/// `sort` is a column by its name: `rank`, `search`, `confirmed`, `seeds`, `r2`, `held_out_r2`, `loss`, `seconds`, or an axis by
/// its key or its last part (`learning_rate`). Objectives and R² are sorted with the best first, everything else rising.
///
/// # Errors
/// If there is no such column; the sentence lists those that there are.
pub fn table_text(report: &SweepReport, sort: Option<&str>, top: Option<usize>) -> Result<String> {
    let view = View::of(report);
    let mut order: Vec<usize> = (0..view.standings.len()).collect();
    if let Some(key) = sort {
        match column(&view, key)? {
            Column::Numbers(by) => {
                let keys: Vec<f64> = view.standings.iter().map(by).collect();
                order.sort_by(|a, b| last(keys[*a], keys[*b]));
            }
            Column::Texts(axis) => {
                let text = |k: usize| &report.settings[view.standings[k].setting].values[axis].text;
                order.sort_by(|a, b| text(*a).cmp(text(*b)));
            }
        }
    }
    let confirmed = view.standings.iter().any(Standing::is_confirmed);
    let held_out = report.runs.iter().any(|r| r.held_out_r2.is_some());
    let mut table = vec![header(&view, confirmed, held_out)];
    let shown_rows = top.unwrap_or(usize::MAX);
    for rank in order.iter().take(shown_rows) {
        table.push(row(&view, *rank, confirmed, held_out));
    }
    let mut text = aligned(&table);
    if table.len() <= view.standings.len() {
        let _ = writeln!(text, "… {} of {} settings", table.len() - 1, view.standings.len());
    }
    Ok(text)
}

/// The result in sentences, then the `top` best settings with their runs.
pub fn best_text(report: &SweepReport, top: usize) -> String {
    let view = View::of(report);
    // What the axes explain is on the page: nothing is relabelled here.
    let shares = Shares::of(report, &[], 0);
    let mut text = String::new();
    for sentence in sentences(&view, &shares).iter().filter(|s| !s.is_empty()) {
        let _ = writeln!(text, "{sentence}");
    }
    for (k, standing) in view.ranked().take(top).enumerate() {
        let _ = writeln!(text, "\n{}. {}", k + 1, view.describe(standing.setting));
        if standing.is_confirmed() {
            let _ = writeln!(text, "   fresh seeds  {}", replicates(&standing.confirmation));
        }
        let _ = writeln!(text, "   search       {}", replicates(&standing.search));
        let own = |f: fn(&Run) -> Option<f64>| beside(report, standing, f);
        for (label, model, input_only) in [
            ("median R²   ", own(|r| r.median_r2), own(|r| r.input_only_r2)),
            ("held-out R² ", own(|r| r.held_out_r2), own(|r| r.input_only_held_out_r2)),
        ] {
            if model.is_finite() {
                let _ = writeln!(text, "   {label} {} (input-only {})", value(model), value(input_only));
            }
        }
        for run in runs_of(report, standing) {
            let _ = writeln!(text, "   {}", shown(&run.path.to_string_lossy()));
        }
    }
    text
}

/// `0.812   mean 0.81 (0.79 … 0.83)   seeds 0.81, 0.82, 0.80`.
fn replicates(r: &Replicates) -> String {
    let median = if r.fails { "diverged".to_string() } else { value(r.median) };
    let seeds: Vec<String> = r.values.iter().map(|(_, v)| value(*v)).collect();
    let mut text = median;
    if r.interval.low.is_finite() {
        let _ = write!(text, "   mean {} ({})", value(r.interval.mean), between(r.interval.low, r.interval.high));
    }
    if seeds.len() > 1 {
        let _ = write!(text, "   seeds {}", seeds.join(", "));
    }
    if r.diverged > 0 {
        let _ = write!(text, "   {} diverged", r.diverged);
    }
    text
}

/// What a column is sorted by, rising.
enum Column<'a> {
    Numbers(Box<dyn Fn(&Standing) -> f64 + 'a>),
    /// The texts of an axis.
    Texts(usize),
}

const COLUMNS: [&str; 8] = ["rank", "search", "confirmed", "seeds", "r2", "held_out_r2", "loss", "seconds"];

/// The column of a name.
fn column<'a>(view: &'a View, key: &str) -> Result<Column<'a>> {
    let (report, objective) = (view.report, &view.report.objective);
    let is = |axis: &&usize| {
        let whole = report.axes[**axis].key.as_str();
        whole == key || view.names[**axis] == key
    };
    if let Some(axis) = (0..view.names.len()).collect::<Vec<_>>().iter().find(is) {
        return Ok(by_axis(report, *axis));
    }
    let other = |of: fn(&Run) -> Option<f64>, sign: f64| move |s: &Standing| sign * beside(report, s, of);
    Ok(Column::Numbers(match key {
        "rank" => Box::new(|_| 0.0),
        "search" => Box::new(|s| objective.cost(s.search.median)),
        "confirmed" => Box::new(|s| objective.cost(s.confirmation.median)),
        "seeds" => Box::new(|s| s.search.values.len() as f64),
        "r2" => Box::new(other(|r| r.median_r2, -1.0)),
        "held_out_r2" => Box::new(other(|r| r.held_out_r2, -1.0)),
        "loss" => Box::new(other(|r| r.loss, 1.0)),
        "seconds" => Box::new(other(|r| Some(r.seconds), 1.0)),
        _ => {
            let known: Vec<&str> = COLUMNS.into_iter().chain(view.names.iter().map(String::as_str)).collect();
            return Err(Error::input(format!(
                "the table has no column `{}`. It can be sorted by {}.",
                shown(key),
                known.join(", ")
            )));
        }
    }))
}

/// By number, or by text where not all are numbers.
fn by_axis(report: &SweepReport, axis: usize) -> Column<'_> {
    let numeric = report.settings.iter().all(|s| s.values[axis].number.is_some());
    let number = move |s: &Standing| report.settings[s.setting].values[axis].number.unwrap_or(f64::NAN);
    if numeric { Column::Numbers(Box::new(number)) } else { Column::Texts(axis) }
}

/// Rising, with what is undefined last.
fn last(a: f64, b: f64) -> Ordering {
    a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(&b))
}

fn header(view: &View, confirmed: bool, held_out: bool) -> Vec<Cell> {
    let mut cells = vec![("rank".to_string(), true)];
    cells.extend(view.factors.iter().map(|f| (f.name.clone(), is_numeric(view, f))));
    cells.push(("seeds".into(), true));
    if confirmed {
        cells.extend([("confirmed".into(), true), ("95 % interval".into(), false)]);
    }
    cells.extend([("search".into(), true), ("95 % interval".into(), false)]);
    cells.extend([("r2".into(), true), ("input-only".into(), true)]);
    if held_out {
        cells.extend([("held_out_r2".into(), true), ("input-only".into(), true)]);
    }
    cells
}

fn is_numeric(view: &View, factor: &Factor) -> bool {
    factor.axes.iter().all(|axis| view.report.settings.iter().all(|s| s.values[*axis].number.is_some()))
}

fn row(view: &View, rank: usize, confirmed: bool, held_out: bool) -> Vec<Cell> {
    let standing = &view.standings[rank];
    let place = if standing.is_ranked() { (rank + 1).to_string() } else { "–".into() };
    let mut cells = vec![(place, true)];
    cells.extend(view.factors.iter().map(|f| (view.text(f, standing.setting), is_numeric(view, f))));
    let r = &standing.search;
    cells.push((format!("{}/{}", r.values.len(), r.values.len() + r.diverged + r.missing), true));
    if confirmed {
        cells.extend(estimates(&standing.confirmation, false));
    }
    cells.extend(estimates(&standing.search, standing.halved));
    let own = |f: fn(&Run) -> Option<f64>| (value(beside(view.report, standing, f)), true);
    cells.extend([own(|r| r.median_r2), own(|r| r.input_only_r2)]);
    if held_out {
        cells.extend([own(|r| r.held_out_r2), own(|r| r.input_only_held_out_r2)]);
    }
    cells
}

fn estimates(r: &Replicates, halved: bool) -> [Cell; 2] {
    let median = match (r.fails, halved && r.median.is_nan()) {
        (true, _) => "diverged".to_string(),
        (_, true) => "halved".to_string(),
        _ => value(r.median),
    };
    [(median, true), (between(r.interval.low, r.interval.high), false)]
}
