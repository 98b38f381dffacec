//! Trials and the parts of a session, from tables of intervals.

use super::super::session::{Context, Trial};
use super::super::settings::BoutSettings;
use super::bouts;
use super::table::Table;
use crate::error::Result;
use std::collections::BTreeMap;

/// The trials of a table, where it says who acts; events are the columns of times, without `_time`.
pub(super) fn trials(table: &Table, settings: &BoutSettings, remarks: &mut Vec<String>) -> Result<Vec<Trial>> {
    let column = settings.columns.get("agent").map_or("agent", String::as_str);
    if !table.has(column) && settings.agent.is_none() {
        remarks
            .push(format!("{} has no column `{column}`: its trials are nobody's, and were left out.", table.listed()));
        return Ok(Vec::new());
    }
    let agents = bouts::agents(table, table.has(column).then_some(column), settings)?;
    let objects = table.texts(settings.columns.get("object").map_or("object", String::as_str))?;
    let go = go(table)?;
    let events = events(table)?;
    let trial = |row: usize| Trial {
        agent: agents[row],
        go: go.as_ref().and_then(|go| go[row]),
        object: objects.as_ref().map(|o| o[row].clone()).filter(|o| !o.is_empty() && o != "NaN"),
        events: events.iter().filter(|(_, at)| at[row].is_finite()).map(|(name, at)| (name.clone(), at[row])).collect(),
    };
    let mut trials: Vec<Trial> = (0..table.rows).map(trial).collect();
    let begin = |trial: &Trial| trial.events.values().copied().fold(f64::INFINITY, f64::min);
    trials.sort_by(|a, b| begin(a).total_cmp(&begin(b)));
    Ok(trials)
}

/// When what happened in each row.
fn events(table: &Table) -> Result<BTreeMap<String, Vec<f64>>> {
    let mut events = BTreeMap::new();
    for column in table.names() {
        let Some(name) = column.strip_suffix("_time").filter(|name| !name.is_empty()) else {
            continue;
        };
        let is_numeric = table.column_object(column).map_or(Ok(false), |object| table.file.is_numeric(object))?;
        if is_numeric
            && table.ends(column)?.is_none()
            && let Some(times) = table.numbers(column)?
        {
            events.insert(name.to_string(), times);
        }
    }
    Ok(events)
}

/// Whether the signal of each row was to act.
fn go(table: &Table) -> Result<Option<Vec<Option<bool>>>> {
    let Some(words) = table.texts("go")? else {
        return Ok(None);
    };
    let read = |(row, word): (usize, &String)| match word.to_lowercase().replace(['-', '_', ' '], "").as_str() {
        "1" | "true" | "go" | "yes" => Ok(Some(true)),
        "0" | "false" | "nogo" | "no" => Ok(Some(false)),
        "" | "nan" => Ok(None),
        _ => {
            let found = format!("\"{word}\" in row {row}");
            Err(table.fault("`go` to be true or false", found, "Write truth values, or rename the column."))
        }
    };
    words.iter().enumerate().map(read).collect::<Result<_>>().map(Some)
}

/// The parts of the session in the table `epochs`: by its column `context`, or by its tags.
pub(super) fn contexts(table: &Table, remarks: &mut Vec<String>) -> Result<Vec<Context>> {
    let (Some(starts), Some(stops)) = (table.numbers("start_time")?, table.numbers("stop_time")?) else {
        return Ok(Vec::new());
    };
    let Some(names) = context_names(table)? else {
        return Ok(Vec::new());
    };
    let mut contexts = Vec::new();
    for (row, name) in names.into_iter().enumerate() {
        let (start, stop) = (starts[row], stops[row]);
        if !(start.is_finite() && stop.is_finite() && start <= stop) {
            let found = format!("{start} to {stop} s in row {row}");
            return Err(table.fault("epochs that stop after they start", found, "Correct the row, or leave it out."));
        }
        if name.is_empty() {
            remarks.push(format!("{}: row {row} has no name and is no context of its own.", table.label()));
        } else {
            contexts.push(Context { name, start, stop });
        }
    }
    contexts.sort_by(|a, b| a.start.total_cmp(&b.start));
    Ok(contexts)
}

fn context_names(table: &Table) -> Result<Option<Vec<String>>> {
    if table.has("context") {
        return table.texts("context");
    }
    let (Some(rows), Some(object)) = (table.ends("tags")?, table.column_object("tags")) else {
        return table.texts("tags");
    };
    let tags = table.file.column(object)?.texts();
    Ok(Some(rows.into_iter().map(|row| tags[row].join(", ")).collect()))
}
