//! All that a file says of behaviours, trials and contexts.

use super::super::hdf5::Hdf5;
use super::super::session::{Bout, Context, Trial};
use super::super::settings::RecordingSettings;
use super::super::tidy;
use super::bouts::{self, Fit};
use super::epochs;
use super::table::Table;
use super::trials;
use super::walk::{Contents, Found, Kind};
use crate::error::Result;

/// What was done when.
pub(super) struct Intervals {
    pub(super) bouts: Vec<Bout>,
    pub(super) trials: Vec<Trial>,
    pub(super) contexts: Vec<Context>,
    /// The first start and the last stop in any table.
    pub(super) span: (f64, f64),
}

/// Reads the tables and series of intervals.
pub(super) fn read(
    file: &Hdf5,
    contents: &Contents,
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<Intervals> {
    let mut tables = Vec::new();
    for found in contents.all(Kind::Table) {
        tables.push((found, Table::open(file, &found.object, "start_time")?));
    }
    let mut read = Intervals {
        bouts: bouts(file, contents, &tables, settings, remarks)?,
        trials: Vec::new(),
        contexts: Vec::new(),
        span: (f64::INFINITY, f64::NEG_INFINITY),
    };
    for (found, table) in &tables {
        match found.object.name() {
            "trials" => read.trials.extend(trials::trials(table, &settings.bouts, remarks)?),
            "epochs" if settings.contexts.is_empty() => read.contexts.extend(trials::contexts(table, remarks)?),
            _ => {}
        }
        for column in ["start_time", "stop_time"] {
            for t in table.numbers(column)?.unwrap_or_default().into_iter().filter(|t| t.is_finite()) {
                read.span = (read.span.0.min(t), read.span.1.max(t));
            }
        }
    }
    if read.bouts.is_empty() && !read.trials.is_empty() {
        read.bouts = tidy::bouts_of_trials(&read.trials, &settings.trials)?;
        if !read.bouts.is_empty() {
            remarks.push(format!("{} bouts were cut from trials.", read.bouts.len()));
        }
    }
    read.bouts.sort_by(|a, b| a.start.total_cmp(&b.start));
    for bout in &read.bouts {
        read.span = (read.span.0.min(bout.start), read.span.1.max(bout.stop));
    }
    Ok(read)
}

type Tables<'a> = [(&'a Found, Table<'a>)];

fn bouts(
    file: &Hdf5,
    contents: &Contents,
    tables: &Tables,
    settings: &RecordingSettings,
    remarks: &mut Vec<String>,
) -> Result<Vec<Bout>> {
    let own = &settings.bouts;
    if own.table.is_some() {
        return chosen(file, contents, tables, settings);
    }
    let mut found: Vec<(String, Vec<Bout>)> = Vec::new();
    let mut nobodys = Vec::new();
    for (_, table) in tables {
        match bouts::fit(table, own) {
            Fit::Bouts => found.push((table.label().to_string(), bouts::read(table, own)?)),
            Fit::NoAgent => nobodys.push(bouts::no_agent(table)),
            Fit::None => {}
        }
    }
    for series in contents.all(Kind::Intervals) {
        match epochs::read(file, series, own)? {
            Some(bouts) => found.push((series.label().to_string(), bouts)),
            None => nobodys.push(nobodys_series(file, series)),
        }
    }
    for (agent, name) in &own.labels {
        if let Some(series) = contents.all(Kind::Series).find(|found| found.is(name)) {
            found.push((series.label().to_string(), epochs::labelled(file, &series.object, *agent, own)?));
        } else if own.file.is_none() {
            let there: Vec<&str> = contents.all(Kind::Series).map(Found::label).collect();
            return Err(file.fault(
                name,
                "a series of this name, for `labels`",
                there.join(", "),
                "Name one that is there.",
            ));
        }
    }
    gathered(found, nobodys, tables, own.file.is_some(), remarks)
}

fn nobodys_series(file: &Hdf5, series: &Found) -> crate::error::Error {
    let expected = "a name that says who acts, as `self_reaching`";
    let remedy = "Rename it, or say whose the behaviours are: `bouts.agent`, or `bouts.self` and `bouts.other`.";
    file.fault(series.label(), expected, series.object.name().to_string(), remedy)
}

/// All bouts; says from where, and what else there was. Bouts of nobody are refused where there are no others.
fn gathered(
    found: Vec<(String, Vec<Bout>)>,
    nobodys: Vec<crate::error::Error>,
    tables: &Tables,
    elsewhere: bool,
    remarks: &mut Vec<String>,
) -> Result<Vec<Bout>> {
    let sources: Vec<String> = found.iter().map(|(label, bouts)| format!("{label} ({})", bouts.len())).collect();
    if sources.is_empty() && !elsewhere {
        if let Some(error) = nobodys.into_iter().next() {
            return Err(error);
        }
        let there: Vec<String> = tables.iter().map(|(_, table)| table.listed()).collect();
        let there = if there.is_empty() { "none at all".to_string() } else { there.join(", ") };
        remarks
            .push(format!("No table of intervals has the columns `agent` and `behaviour`; the tables are: {there}."));
        return Ok(Vec::new());
    }
    remarks.extend(nobodys.iter().map(|error| format!("Left out: {error}")));
    if !sources.is_empty() {
        remarks.push(format!("Bouts are those of {}.", sources.join(", ")));
    }
    Ok(found.into_iter().flat_map(|(_, bouts)| bouts).collect())
}

/// The bouts of the table, or series, that the settings name.
fn chosen(file: &Hdf5, contents: &Contents, tables: &Tables, settings: &RecordingSettings) -> Result<Vec<Bout>> {
    let own = &settings.bouts;
    let name = own.table.as_deref().unwrap_or_default();
    if let Some((_, table)) = tables.iter().find(|(found, _)| found.is(name)) {
        return bouts::read(table, own);
    }
    if let Some(series) = contents.all(Kind::Intervals).find(|found| found.is(name)) {
        return epochs::read(file, series, own)?.ok_or_else(|| nobodys_series(file, series));
    }
    let tables = tables.iter().map(|(_, table)| table.listed());
    let there: Vec<String> =
        tables.chain(contents.all(Kind::Intervals).map(|found| found.label().to_string())).collect();
    let there = if there.is_empty() { "none at all".to_string() } else { there.join(", ") };
    Err(file.fault(name, "a table of intervals of this name", there, "Name one of these in `bouts.table`."))
}
