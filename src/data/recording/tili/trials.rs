//! Trials, from the times of their events.

use super::super::session::{Agent, Trial};
use super::super::settings::TrialSettings;
use super::files;
use super::names::Event;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The event that movements are aligned to.
pub(super) const MOVEMENT_ONSET: u32 = 4;
/// Times in two files that are nearer than this are the same, in s.
const SAME: f64 = 1e-6;

/// What the settings, or else the data set's description, call an event.
pub(super) fn event_name(settings: &TrialSettings, event: u32) -> String {
    let usual = match event {
        3 => "end of sound".into(),
        MOVEMENT_ONSET => "movement onset".into(),
        _ => format!("event {event}"),
    };
    settings.events.get(&event.to_string()).cloned().unwrap_or(usual)
}

fn object_name(settings: &TrialSettings, object: u32) -> String {
    settings.objects.get(&object.to_string()).cloned().unwrap_or_else(|| format!("object {object}"))
}

/// Trials of one kind: context, condition and object.
type Kind = (u32, u32, u32);
/// The times of each event, and a file that has them.
type Times = BTreeMap<u32, (Vec<f64>, PathBuf)>;

/// The trials of a session from its files, in the order of time, each with the number of its context.
pub(super) fn read(files: &[(&Event, &PathBuf)], settings: &TrialSettings) -> Result<Vec<(u32, Trial)>> {
    let mut kinds: BTreeMap<Kind, Times> = BTreeMap::new();
    for (event, path) in files {
        let times = files::times(path, "events_data")?;
        let own = kinds.entry((event.context, event.condition, event.object)).or_default();
        match own.get(&event.number) {
            Some((known, first)) => same(known, &times, first, path)?,
            None => drop(own.insert(event.number, (times, (*path).clone()))),
        }
    }
    let mut trials = Vec::new();
    for (kind, times) in &kinds {
        trials.extend(of_kind(*kind, times, settings)?);
    }
    let begin = |trial: &Trial| trial.events.values().copied().fold(f64::INFINITY, f64::min);
    trials.sort_by(|a, b| begin(&a.1).total_cmp(&begin(&b.1)));
    Ok(trials)
}

/// Refuses files of two areas that give other times for the same event.
fn same(known: &[f64], times: &[f64], first: &Path, path: &Path) -> Result<()> {
    let is_same = |(a, b): (&f64, &f64)| (a - b).abs() <= SAME || a.is_nan() && b.is_nan();
    if known.len() == times.len() && known.iter().zip(times).all(is_same) {
        return Ok(());
    }
    let differ = known.iter().zip(times).position(|pair| !is_same(pair));
    let found = match differ.filter(|_| known.len() == times.len()) {
        Some(k) => format!("{} s in trial {}, where that has {} s", times[k], k + 1, known[k]),
        None => format!("{} times, where that has {}", times.len(), known.len()),
    };
    let remedy = "If the areas were recorded in sessions of their own, give a directory for each area.";
    Err(Error::variable(path, "events_data", format!("the times that {} has", first.display()), found, remedy))
}

/// The trials of one kind; the k-th time of each event belongs to the k-th of them.
fn of_kind((context, condition, object): Kind, times: &Times, settings: &TrialSettings) -> Result<Vec<(u32, Trial)>> {
    let Some((_, path)) = times.values().next() else {
        return Ok(Vec::new());
    };
    let unknown = |what: &str, number: u32, expected: &str| {
        Err(Error::variable(path, what, expected, number.to_string(), "Rename the file, or leave it out."))
    };
    let agent = match context {
        1 => Agent::Own,
        2 => Agent::Other,
        other => return unknown("context", other, "1 (executed) or 2 (observed)"),
    };
    let go = match condition {
        1 => true,
        2 => false,
        other => return unknown("condition", other, "1 (Go) or 2 (No-Go)"),
    };
    check(times)?;
    let count = times.values().next().map_or(0, |(t, _)| t.len());
    let mut trials = Vec::with_capacity(count);
    for k in 0..count {
        let mut events = BTreeMap::new();
        for (event, (at, path)) in times.iter().filter(|(_, (at, _))| at[k].is_finite()) {
            let name = event_name(settings, *event);
            if events.insert(name.clone(), at[k]).is_some() {
                return Err(Error::variable(
                    path,
                    "event",
                    "a name of its own for each event",
                    format!("\"{name}\" for two"),
                    "Change `trials.events`.",
                ));
            }
        }
        if !events.is_empty() {
            trials.push((context, Trial { agent, go: Some(go), object: Some(object_name(settings, object)), events }));
        }
    }
    Ok(trials)
}

/// Refuses events that cannot be of the same trials: other numbers of them, times that do not ascend, trials that overlap.
fn check(times: &Times) -> Result<()> {
    let Some((first, (known, first_path))) = times.iter().next() else {
        return Ok(());
    };
    for (at, path) in times.values() {
        let fault = |expected: String, found: String, remedy: &str| {
            Err(Error::variable(path, "events_data", expected, found, remedy))
        };
        if at.len() != known.len() {
            let expected =
                format!("{} times, one per trial, as event {first} has ({})", known.len(), first_path.display());
            return fault(expected, at.len().to_string(), "Write NaN where a trial lacks the event.");
        }
        let finite: Vec<f64> = at.iter().copied().filter(|t| t.is_finite()).collect();
        if let Some([before, after]) = finite.windows(2).find(|pair| pair[1] <= pair[0]) {
            let found = format!("{after} s after {before} s");
            return fault("times that ascend, one per trial".into(), found, "Sort the trials by time.");
        }
    }
    let extent = |k: usize| {
        let all = times.values().map(|(at, _)| at[k]).filter(|t| t.is_finite());
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), t| (low.min(t), high.max(t)))
    };
    let overlap = (1..known.len()).find(|k| extent(*k).0 <= extent(k - 1).1);
    overlap.map_or(Ok(()), |k| {
        let found = format!("trial {k} until {} s and trial {} from {} s on", extent(k - 1).1, k + 1, extent(k).0);
        let remedy = "The files of these events are not of the same trials, or are not in their order: check them.";
        Err(Error::variable(first_path, "events_data", "trials that follow each other", found, remedy))
    })
}
