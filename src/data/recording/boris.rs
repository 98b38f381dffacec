//! BORIS's tabular exports: a row for each start, stop and point event.

use super::session::{Agent, Bout};
use super::table::{Table, cell, line};
use crate::error::{Error, Result};
use csv::StringRecord;
use std::collections::BTreeMap;

const TIME: &[&str] = &["time", "time (s)"];
const STATUS: &[&str] = &["status", "behavior type"];

/// Whether a header, of which `has` says which columns it has, is that of a tabular export.
pub(super) fn is_tabular(has: impl Fn(&[&str]) -> bool) -> bool {
    has(TIME) && has(STATUS)
}

/// Who does what to what.
type What = (Agent, String, Option<String>);

/// A subject, behaviour and object.
type Key<'a> = (&'a str, String, Option<String>);

/// The bouts of starts and stops: of one subject, behaviour and object, each START is ended by the next STOP. A POINT is a
/// bout without length.
pub(super) fn paired<'a>(
    table: &'a Table,
    rows: &[&'a StringRecord],
    time: impl Fn(&StringRecord, usize) -> Result<f64>,
    what: impl Fn(&StringRecord) -> Result<What>,
) -> Result<Vec<Bout>> {
    let at = table.required(TIME, "")?;
    let status = table.required(STATUS, "")?;
    let subject = table.column(&["subject"]);
    let mut open: BTreeMap<Key, (f64, Agent, &StringRecord)> = BTreeMap::new();
    let mut bouts = Vec::new();
    for row in rows {
        let (agent, behaviour, object) = what(row)?;
        let t = time(row, at)?;
        let key = (subject.map_or("", |c| cell(row, c)), behaviour.clone(), object.clone());
        let kind = cell(row, status).to_uppercase();
        match kind.trim_start_matches("STATE ").trim() {
            "POINT" | "POINT EVENT" => bouts.push(Bout { agent, behaviour, start: t, stop: t, object }),
            "START" => {
                if let Some((.., before)) = open.insert(key, (t, agent, row)) {
                    let found = format!("a second START of {behaviour} in line {}", line(row));
                    return Err(unpaired(table, before, "a STOP for this START", found));
                }
            }
            "STOP" => match open.remove(&key) {
                Some((start, ..)) if start > t => {
                    let found = format!("a START at {start} s and its STOP at {t} s");
                    return Err(unpaired(table, row, "a stop after the start", found));
                }
                Some((start, agent, _)) => bouts.push(Bout { agent, behaviour, start, stop: t, object }),
                None => {
                    let found = format!("a STOP of {behaviour} at {t} s without one");
                    return Err(unpaired(table, row, "a START before this STOP", found));
                }
            },
            _ => return Err(table.error(row, status, "START, STOP or POINT", "")),
        }
    }
    match open.into_iter().min_by_key(|(_, (.., row))| line(row)) {
        Some(((_, behaviour, _), (start, _, row))) => {
            let found = format!("a START of {behaviour} at {start} s without one");
            Err(unpaired(table, row, "a STOP for this START", found))
        }
        None => Ok(bouts),
    }
}

fn unpaired(table: &Table, row: &StringRecord, expected: &str, found: String) -> Error {
    let remedy = "Correct it in BORIS (check state events), and export again.";
    Error::variable(&table.path, &format!("line {}", line(row)), expected, found, remedy)
}
