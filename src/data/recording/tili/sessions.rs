//! Sessions, from the files of their units and events.

use super::super::cut;
use super::super::session::{Activity, Context, Neuron, Session, Trial};
use super::super::settings::{RecordingSettings, TrialSettings};
use super::files::{self, Files};
use super::names::{Event, Key, Unit};
use super::trials::{self, MOVEMENT_ONSET};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// From when to when a movement lasts, in ms from its onset: see [`super::read`].
const WINDOW_MS: [f64; 2] = [-200.0, 600.0];

/// The units of a session: area, name, file.
type Units<'a> = Vec<&'a (String, Unit, PathBuf)>;

/// All sessions of the directory at `path`.
pub(super) fn read(path: &Path, settings: &RecordingSettings) -> Result<Vec<Session>> {
    let files = Files::of(path)?;
    let mut by_session: BTreeMap<&Key, Units> = BTreeMap::new();
    for unit in &files.units {
        by_session.entry(&unit.1.key).or_default().push(unit);
    }
    if by_session.is_empty() {
        let found = format!("{} files of other names", files.others.len());
        let remedy = "Give the directory as it was downloaded and unpacked.";
        return Err(Error::variable(path, "Spikes", "files AREA/MonkeyX_SessionNN_Spk_UNIT.h5", found, remedy));
    }
    let mut sessions = Vec::new();
    for (key, units) in &by_session {
        let events: Vec<_> = files.events.iter().filter(|(_, e, _)| e.key == **key).map(|(_, e, p)| (e, p)).collect();
        sessions.push(session(path, units, &events, settings)?);
    }
    if let Some(first) = sessions.first_mut() {
        first.remarks.extend(unused(&files, &by_session));
    }
    Ok(sessions)
}

/// What is said of files that no session uses.
fn unused(files: &Files, sessions: &BTreeMap<&Key, Units>) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(first) = files.others.first() {
        remarks.push(format!(
            "{} files have names that say nothing known, as {}.",
            files.others.len(),
            first.display()
        ));
    }
    let mut orphans = files.events.iter().filter(|(_, event, _)| !sessions.contains_key(&event.key));
    if let Some((_, _, first)) = orphans.next() {
        let count = 1 + orphans.count();
        remarks.push(format!("{count} files are events of sessions without units, as {}.", first.display()));
    }
    remarks
}

fn session(path: &Path, units: &Units, events: &[(&Event, &PathBuf)], settings: &RecordingSettings) -> Result<Session> {
    let mut remarks = Vec::new();
    let (neurons, spikes) = neurons(units, &mut remarks)?;
    let numbered = trials::read(events, &settings.trials)?;
    let trials: Vec<Trial> = numbered.iter().map(|(_, trial)| trial.clone()).collect();
    let (monkey, name) =
        units.first().map(|(_, unit, _)| (unit.monkey.clone(), unit.session.clone())).unwrap_or_default();
    let span = span(path, &name, &spikes, &trials, &mut remarks)?;
    let bouts = bouts(path, &trials, events, &settings.trials, &mut remarks)?;
    let contexts = if settings.contexts.is_empty() { contexts(&numbered, span, &mut remarks) } else { Vec::new() };
    Ok(Session {
        source: path.to_path_buf(),
        animal: monkey,
        name,
        neurons,
        activity: Activity::Spikes { times: spikes, span },
        bouts,
        trials,
        contexts,
        covariates: Vec::new(),
        remarks,
    })
}

fn neurons(units: &Units, remarks: &mut Vec<String>) -> Result<(Vec<Neuron>, Vec<Vec<f64>>)> {
    let (mut neurons, mut spikes) = (Vec::new(), Vec::new());
    let mut mended = (0, 0);
    for (area, unit, path) in units {
        let mut times = files::times(path, "spike_data")?;
        let count = times.len();
        times.retain(|t| t.is_finite());
        mended.0 += count - times.len();
        if times.windows(2).any(|pair| pair[1] < pair[0]) {
            times.sort_by(f64::total_cmp);
            mended.1 += 1;
        }
        neurons.push(Neuron {
            name: format!("{area}_Spk_{}", unit.name),
            area: Some(area.clone()),
            ..Neuron::default()
        });
        spikes.push(times);
    }
    let mut areas: BTreeMap<&str, usize> = BTreeMap::new();
    for (area, ..) in units {
        *areas.entry(area).or_default() += 1;
    }
    let counts: Vec<String> = areas.iter().map(|(area, count)| format!("{area} {count}")).collect();
    remarks.push(format!("Units of {}: by area, then by the number in the name of the file.", counts.join(", ")));
    if mended.0 > 0 {
        remarks.push(format!("{} spikes without a time were left out.", mended.0));
    }
    if mended.1 > 0 {
        remarks.push(format!("Spikes of {} units were not in the order of time, and were sorted.", mended.1));
    }
    Ok((neurons, spikes))
}

/// From the first to the last spike or event. Spikes and events that share no time are on other clocks, or in other units.
fn span(
    path: &Path,
    name: &str,
    spikes: &[Vec<f64>],
    trials: &[Trial],
    remarks: &mut Vec<String>,
) -> Result<(f64, f64)> {
    let extent = |all: &mut dyn Iterator<Item = f64>| {
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), t| (low.min(t), high.max(t)))
    };
    let of_spikes = extent(&mut spikes.iter().flatten().copied());
    let of_events = extent(&mut trials.iter().flat_map(|trial| trial.events.values().copied()));
    if of_spikes.0 > of_spikes.1 {
        return Err(Error::variable(path, name, "spikes", "none of any unit", "Leave the files of this session out."));
    }
    if !trials.is_empty() && (of_events.0 > of_spikes.1 || of_events.1 < of_spikes.0) {
        let expected = "spikes and events on one clock, in s";
        let found = format!(
            "spikes from {} to {} and events from {} to {}",
            of_spikes.0, of_spikes.1, of_events.0, of_events.1
        );
        return Err(Error::variable(path, name, expected, found, "Write both in seconds of one clock."));
    }
    let span = (of_spikes.0.min(of_events.0), of_spikes.1.max(of_events.1));
    remarks.push(format!(
        "Spikes count as looked for from {:.2} to {:.2} s, the first to the last spike or event.",
        span.0, span.1
    ));
    Ok(span)
}

/// Go trials around an event.
fn bouts(
    path: &Path,
    trials: &[Trial],
    events: &[(&Event, &PathBuf)],
    settings: &TrialSettings,
    remarks: &mut Vec<String>,
) -> Result<Vec<super::super::session::Bout>> {
    if trials.is_empty() {
        remarks.push("There are no events of this session: it has no trials and no bouts.".into());
        return Ok(Vec::new());
    }
    let align = align(path, events, settings)?;
    let [before, after] = settings.window_ms.unwrap_or(WINDOW_MS);
    if !(before.is_finite() && after.is_finite() && before < after) {
        return Err(Error::input(format!(
            "`trials.window_ms = [{before}, {after}]`: expected a time, and a later one."
        )));
    }
    let object = |trial: &Trial| trial.object.clone().unwrap_or_else(|| "object".into());
    let bouts = cut::bouts(trials, &align, (before / 1000.0, after / 1000.0), object);
    let count = |own: bool| trials.iter().filter(|t| (t.agent == super::super::session::Agent::Own) == own).count();
    remarks.push(format!(
        "{} executed and {} observed trials; {} bouts were cut from Go trials, {before} to {after} ms from \"{align}\".",
        count(true),
        count(false),
        bouts.len()
    ));
    Ok(bouts)
}

/// The name of the event that bouts are cut around.
fn align(path: &Path, events: &[(&Event, &PathBuf)], settings: &TrialSettings) -> Result<String> {
    let there: BTreeSet<u32> = events.iter().map(|(event, _)| event.number).collect();
    let names: Vec<(u32, String)> =
        there.into_iter().map(|event| (event, trials::event_name(settings, event))).collect();
    let asked = settings.align.clone().unwrap_or_else(|| trials::event_name(settings, MOVEMENT_ONSET));
    let found = names.iter().find(|(number, name)| *name == asked || number.to_string() == asked);
    found.map(|(_, name)| name.clone()).ok_or_else(|| {
        let there: Vec<String> = names.iter().map(|(number, name)| format!("\"{name}\" ({number})")).collect();
        let remedy = "Name one of these in `trials.align`.";
        Error::variable(path, "Events", format!("the event \"{asked}\""), there.join(", "), remedy)
    })
}

/// Execution and observation as contexts, where one was recorded after the other; they meet in the middle of the pause.
fn contexts(trials: &[(u32, Trial)], span: (f64, f64), remarks: &mut Vec<String>) -> Vec<Context> {
    let extent = |context: u32| {
        let own = trials.iter().filter(|(number, _)| *number == context).flat_map(|(_, t)| t.events.values().copied());
        own.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), t| (low.min(t), high.max(t)))
    };
    let (executed, observed) = (extent(1), extent(2));
    if executed.0 > executed.1 || observed.0 > observed.1 {
        return Vec::new();
    }
    let context = |name: &str, start, stop| Context { name: name.into(), start, stop };
    if executed.1 < observed.0 {
        let middle = f64::midpoint(executed.1, observed.0);
        return vec![context("executed", span.0, middle), context("observed", middle, span.1)];
    }
    if observed.1 < executed.0 {
        let middle = f64::midpoint(observed.1, executed.0);
        return vec![context("observed", span.0, middle), context("executed", middle, span.1)];
    }
    remarks.push("Executed and observed trials alternate: the session is one context.".into());
    Vec::new()
}
