//! Tables of contexts and of trials.

use super::session::{Context, Trial};
use super::settings::BoutSettings;
use super::subjects;
use super::table::{Table, cell, line, plain, text};
use crate::error::Result;
use csv::StringRecord;
use std::collections::BTreeMap;
use std::path::Path;

fn has(header: &StringRecord, name: &str) -> bool {
    header.iter().any(|column| plain(column) == plain(name))
}

/// A table with the columns `name` (or `context`), `start` and `stop`.
///
/// # Errors
/// If it is no such table, or a cell is no time.
pub(super) fn contexts(path: &Path) -> Result<Vec<Context>> {
    let is_header = |h: &StringRecord| (has(h, "name") || has(h, "context")) && has(h, "start") && has(h, "stop");
    let table = Table::read(path, is_header, "columns name, start and stop")?;
    let name = table.required(&["name", "context"], "")?;
    let (start, stop) = (table.required(&["start"], "")?, table.required(&["stop"], "")?);
    let context = |row: &StringRecord| {
        let (start, stop) = (table.time(row, start)?, table.time(row, stop)?);
        Ok(Context { name: cell(row, name).into(), start, stop })
    };
    table.rows.iter().map(context).collect()
}

/// A table with the column `agent`, maybe `go` (1 or 0) and `object`, and one for each event, in s; an empty cell is an event
/// that did not happen.
///
/// # Errors
/// If it is no such table, or a cell is not what it should be.
pub(super) fn trials(path: &Path, settings: &BoutSettings) -> Result<Vec<Trial>> {
    let table = Table::read(path, |h| has(h, "agent"), "the columns agent, and one for each event")?;
    let agent = table.required(&["agent"], "")?;
    let (go, object) = (table.column(&["go"]), table.column(&["object"]));
    let is_event = |i: &usize| *i != agent && Some(*i) != go && Some(*i) != object && !table.header[*i].is_empty();
    let events: Vec<usize> = (0..table.header.len()).filter(is_event).collect();
    let trial = |row: &StringRecord| {
        let place = format!("line {}, column agent", line(row));
        let happened = events.iter().filter(|column| !cell(row, **column).is_empty());
        Ok(Trial {
            agent: subjects::agent(cell(row, agent), settings, path, &place)?,
            go: go.map(|column| signal(&table, row, column)).transpose()?.flatten(),
            object: text(row, object),
            events: happened
                .map(|c| Ok((table.header[*c].into(), table.time(row, *c)?)))
                .collect::<Result<BTreeMap<_, _>>>()?,
        })
    };
    table.rows.iter().map(trial).collect()
}

fn signal(table: &Table, row: &StringRecord, column: usize) -> Result<Option<bool>> {
    match cell(row, column).to_lowercase().as_str() {
        "" => Ok(None),
        "1" | "true" | "yes" | "go" => Ok(Some(true)),
        "0" | "false" | "no" | "no-go" | "nogo" => Ok(Some(false)),
        _ => Err(table.error(row, column, "1 (Go), 0 (No-Go) or nothing", "")),
    }
}
