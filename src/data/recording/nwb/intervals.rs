//! All that a file says of behaviours, trials and contexts.

use super::super::cut;
use super::super::hdf5::Hdf5;
use super::super::session::{Bout, Context, Trial};
use super::super::settings::RecordingSettings;
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
    if read.bouts.is_empty() {
        read.bouts = cut_from(&read.trials, settings, remarks);
    }
    read.bouts.sort_by(|a, b| a.start.total_cmp(&b.start));
    for bout in &read.bouts {
        read.span = (read.span.0.min(bout.start), read.span.1.max(bout.stop));
    }
    Ok(read)
}

/// Bouts around the event of trials that the settings name.
fn cut_from(trials: &[Trial], settings: &RecordingSettings, remarks: &mut Vec<String>) -> Vec<Bout> {
    let (Some(align), Some([before, after])) = (&settings.trials.align, settings.trials.window_ms) else {
        return Vec::new();
    };
    let object = |trial: &Trial| trial.object.clone().unwrap_or_else(|| "act".into());
    let bouts = cut::bouts(trials, align, (before / 1000.0, after / 1000.0), object);
    remarks.push(format!("{} bouts were cut from trials, {before} to {after} ms from \"{align}\".", bouts.len()));
    bouts
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
    let remedy =
        "Rename it, or say whose the behaviours are: `agent`, or `self = [\"…\"]` and `other = [\"…\"]` of `[bouts]`.";
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
    Err(file.fault(name, "a table of intervals of this name", there, "Name one of these in `table`."))
}
