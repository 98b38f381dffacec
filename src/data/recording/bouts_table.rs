//! Tables of bouts: one row for each, as people write them and BORIS aggregates them, or rows of starts and stops.

use super::boris;
use super::session::{Agent, Bout};
use super::settings::BoutSettings;
use super::subjects;
use super::table::{Table, cell, line, plain, quoted, text};
use crate::error::{Error, Result};
use csv::StringRecord;
use std::collections::BTreeSet;
use std::path::Path;

/// What a file says of bouts.
#[derive(Debug, Default)]
pub(super) struct ReadBouts {
    /// As they stand there, on the clock of the activity.
    pub(super) bouts: Vec<Bout>,
    /// How long the video is, in s.
    pub(super) video_s: Option<f64>,
}

const START: &[&str] = &["start", "start (s)", "start time", "t start", "onset"];
const STOP: &[&str] = &["stop", "stop (s)", "end", "end (s)", "stop time", "end time", "t stop"];
const BEHAVIOUR: &[&str] = &["behaviour"];
const AGENT: &[&str] = &["agent", "subject"];
const OBJECT: &[&str] = &["object"];
const SESSION: &[&str] = &["session", "observation id"];
const VIDEO: &[&str] = &["media duration (s)", "total length", "total length (s)", "observation duration (s)"];
const COLUMNS: &str = "columns agent, behaviour, start and stop (or those of a BORIS export: Subject, Behavior, Start (s) \
                       and Stop (s), or Time, Subject, Behavior and Status)";

/// Reads the bouts of `session`.
///
/// # Errors
/// If it is no such table, or says something that cannot be.
pub(super) fn read(path: &Path, settings: &BoutSettings, session: &str) -> Result<ReadBouts> {
    let named = Named(settings);
    let has = |header: &StringRecord, names: &[&str]| {
        names.iter().any(|name| header.iter().any(|column| plain(column) == plain(name)))
    };
    let is_header = |header: &StringRecord| {
        let all = |keys: &[&str]| keys.iter().all(|key| has(header, &named.columns(key)));
        all(&["behaviour", "start", "stop"]) || (all(&["behaviour"]) && boris::is_tabular(|names| has(header, names)))
    };
    let table = Table::read(path, is_header, &named.expected())?;
    let columns = Columns::new(&table, &named)?;
    let rows = rows_of_session(&table, session)?;
    let time = |row: &StringRecord, column: usize| {
        let value = table.time(row, column)?;
        Ok(settings.video_rate.map_or(value, |rate| value / rate) + settings.offset_s)
    };
    let start_stop = table.column(&named.columns("start")).zip(table.column(&named.columns("stop")));
    let bouts = match start_stop {
        Some((start, stop)) => {
            let bout = |row: &&StringRecord| {
                let (agent, behaviour, object) = columns.what(&table, row, settings)?;
                let (start, stop) = (time(row, start)?, time(row, stop)?);
                if stop < start {
                    return Err(stops_before(&table, row, (start, stop)));
                }
                Ok(Bout { agent, behaviour, start, stop, object })
            };
            rows.iter().map(bout).collect::<Result<_>>()?
        }
        None => boris::paired(&table, &rows, time, |row| columns.what(&table, row, settings))?,
    };
    Ok(ReadBouts { bouts, video_s: video(&table, &rows) })
}

fn stops_before(table: &Table, row: &StringRecord, (start, stop): (f64, f64)) -> Error {
    let place = format!("line {}", line(row));
    let found = format!("a start at {start} s and a stop at {stop} s");
    Error::variable(&table.path, &place, "a stop after the start", found, "Correct the line, or leave it out.")
}

/// Names of columns: those of the settings, or the usual ones.
struct Named<'a>(&'a BoutSettings);

impl Named<'_> {
    /// What a table must have.
    fn expected(&self) -> String {
        if self.0.columns.is_empty() {
            return COLUMNS.into();
        }
        let set: Vec<String> = self.0.columns.iter().map(|(key, name)| format!("{name} for {key}")).collect();
        format!("{COLUMNS}, with those that `bouts.columns` names: {}", set.join(", "))
    }

    fn columns<'a>(&'a self, key: &str) -> Vec<&'a str> {
        let usual = match key {
            "start" => START,
            "stop" => STOP,
            "behaviour" => BEHAVIOUR,
            "agent" => AGENT,
            _ => OBJECT,
        };
        self.0.columns.get(key).map_or_else(|| usual.to_vec(), |name| vec![name.as_str()])
    }
}

/// The columns that say what is done and by whom.
struct Columns {
    agent: Option<usize>,
    behaviour: usize,
    object: Option<usize>,
}

impl Columns {
    fn new(table: &Table, named: &Named) -> Result<Self> {
        let of = |key: &str| table.column(&named.columns(key));
        let (agent, object) = (of("agent"), of("object"));
        let behaviour = table.required(&named.columns("behaviour"), "Name it in `bouts.columns`.")?;
        for (key, name) in &named.0.columns {
            if !["agent", "behaviour", "start", "stop", "object"].contains(&key.as_str()) {
                let expected = "`agent`, `behaviour`, `start`, `stop` or `object`";
                return Err(Error::input(format!("`bouts.columns`: expected {expected}, found `{key}`.")));
            }
            table.required(&[name], "Correct the name in `bouts.columns`.")?;
        }
        if agent.is_none() && named.0.agent.is_none() {
            let found = format!("the columns {}", table.listing());
            let remedy = "Name the column in `bouts.columns`, or say with `bouts.agent` (\"self\" or \"other\") whose all bouts are.";
            return Err(Error::variable(&table.path, "agent", "a column that says who acts", found, remedy));
        }
        Ok(Self { agent, behaviour, object })
    }

    fn what(
        &self,
        table: &Table,
        row: &StringRecord,
        settings: &BoutSettings,
    ) -> Result<(Agent, String, Option<String>)> {
        let behaviour = cell(row, self.behaviour);
        if behaviour.is_empty() {
            return Err(table.error(
                row,
                self.behaviour,
                "the name of a behaviour",
                "Fill it in, or leave the line out.",
            ));
        }
        let name = self.agent.map_or("", |column| cell(row, column));
        let column = self.agent.and_then(|c| table.header.get(c)).unwrap_or("agent");
        let place = format!("line {}, column {column}", line(row));
        let agent = subjects::agent(name, settings, &table.path, &place)?;
        Ok((agent, behaviour.into(), text(row, self.object)))
    }
}

/// The rows of `session`, where a column says of which session (or observation) each is.
fn rows_of_session<'a>(table: &'a Table, session: &str) -> Result<Vec<&'a StringRecord>> {
    let Some(column) = table.column(SESSION) else { return Ok(table.rows.iter().collect()) };
    let names: BTreeSet<&str> = table.rows.iter().map(|row| cell(row, column)).collect();
    if names.len() <= 1 {
        return Ok(table.rows.iter().collect());
    }
    if !names.contains(session) {
        let listed: Vec<String> = names.iter().take(8).map(|name| quoted(name)).collect();
        return Err(Error::variable(
            &table.path,
            &format!("column {}", table.header.get(column).unwrap_or_default()),
            format!("rows of the session \"{session}\""),
            listed.join(", "),
            "Name the recording's session as one of them with `source.session`, or give each recording a file of its own.",
        ));
    }
    Ok(table.rows.iter().filter(|row| cell(row, column) == session).collect())
}

/// How long the video is, if all rows say the same.
fn video(table: &Table, rows: &[&StringRecord]) -> Option<f64> {
    let column = table.column(VIDEO)?;
    let mut all = rows.iter().map(|row| table.time(row, column).ok());
    let first = all.next()??;
    all.all(|next| next == Some(first)).then_some(first).filter(|s| *s > 0.0)
}
