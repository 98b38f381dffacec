//! Tables of intervals that say who did what from when to when.

use super::super::session::{Agent, Bout};
use super::super::settings::BoutSettings;
use super::super::subjects;
use super::table::Table;
use crate::error::Result;

/// The names that a column may have.
fn names<'a>(settings: &'a BoutSettings, column: &str, usual: &[&'a str]) -> Vec<&'a str> {
    settings.columns.get(column).map_or_else(|| usual.to_vec(), |name| vec![name.as_str()])
}

/// Columns of a table of bouts.
struct Columns<'a> {
    agent: Option<&'a str>,
    behaviour: &'a str,
    start: &'a str,
    stop: &'a str,
    object: Option<&'a str>,
}

/// What a table is, seen as one of bouts.
pub(super) enum Fit {
    /// It says who does what.
    Bouts,
    /// It says what is done, and not by whom.
    NoAgent,
    /// It has no behaviours.
    None,
}

/// Whether a table is one of bouts: it has a column for behaviours, and one for subjects unless `agent` is set.
pub(super) fn fit(table: &Table, settings: &BoutSettings) -> Fit {
    let has = |column: &str, usual: &[&str]| table.first_of(&names(settings, column, usual)).is_some();
    match (has("behaviour", &["behaviour", "behavior"]), has("agent", &["agent"]) || settings.agent.is_some()) {
        (true, true) => Fit::Bouts,
        (true, false) => Fit::NoAgent,
        (false, _) => Fit::None,
    }
}

/// The error that a table does not say who acts.
pub(super) fn no_agent(table: &Table) -> crate::error::Error {
    let remedy =
        "Name the column in `bouts.columns`, or say with `bouts.agent` (\"self\" or \"other\") whose all bouts are.";
    table.fault("a column `agent` with `self` and `other`", table.listed(), remedy)
}

/// The bouts in a table.
pub(super) fn read(table: &Table, settings: &BoutSettings) -> Result<Vec<Bout>> {
    let columns = columns(table, settings)?;
    let behaviours = table.texts(columns.behaviour)?.unwrap_or_default();
    let starts = table.numbers(columns.start)?.unwrap_or_default();
    let stops = table.numbers(columns.stop)?.unwrap_or_default();
    let subjects = agents(table, columns.agent, settings)?;
    let objects = columns.object.map(|name| table.texts(name)).transpose()?.flatten();
    let mut bouts = Vec::with_capacity(table.rows);
    for row in 0..table.rows {
        let (start, stop) = (starts[row] + settings.offset_s, stops[row] + settings.offset_s);
        if !(start.is_finite() && stop.is_finite() && start <= stop) {
            let found = format!("{} to {} s in row {row}", starts[row], stops[row]);
            return Err(table.fault("bouts that stop after they start", found, "Correct the row, or leave it out."));
        }
        if behaviours[row].is_empty() {
            let found = format!("none in row {row}");
            return Err(table.fault(format!("a `{}`", columns.behaviour), found, "Name it, or leave the row out."));
        }
        let object = objects.as_ref().map(|o| o[row].clone()).filter(|o| !o.is_empty() && o != "NaN");
        bouts.push(Bout { agent: subjects[row], behaviour: behaviours[row].clone(), start, stop, object });
    }
    Ok(bouts)
}

fn columns<'a>(table: &Table, settings: &'a BoutSettings) -> Result<Columns<'a>> {
    let needed = |column: &str, usual: &[&'a str]| {
        let names = names(settings, column, usual);
        table.first_of(&names).ok_or_else(|| {
            let expected = format!("a column `{}`", names.first().copied().unwrap_or(column));
            table.fault(expected, table.listed(), format!("Name it: `columns = {{ {column} = \"…\" }}`."))
        })
    };
    let behaviour = needed("behaviour", &["behaviour", "behavior"])?;
    let agent = table.first_of(&names(settings, "agent", &["agent"]));
    if agent.is_none() && settings.agent.is_none() {
        return Err(no_agent(table));
    }
    let object = if settings.columns.contains_key("object") {
        Some(needed("object", &[])?)
    } else {
        table.first_of(&["object"])
    };
    Ok(Columns {
        agent,
        behaviour,
        start: needed("start", &["start_time"])?,
        stop: needed("stop", &["stop_time"])?,
        object,
    })
}

/// Who acts in each row.
pub(super) fn agents(table: &Table, column: Option<&str>, settings: &BoutSettings) -> Result<Vec<Agent>> {
    let Some(subjects) = column.map(|name| table.texts(name)).transpose()?.flatten() else {
        return settings.agent.map(|agent| vec![agent; table.rows]).ok_or_else(|| no_agent(table));
    };
    let who = |(row, subject): (usize, &String)| {
        subjects::known(subject, settings).ok_or_else(|| {
            let found = format!("\"{subject}\" in row {row}");
            let remedy = "Say who that is: list it in `bouts.self` or `bouts.other`.";
            table.fault("the subjects `self` and `other`", found, remedy)
        })
    };
    subjects.iter().enumerate().map(who).collect()
}
