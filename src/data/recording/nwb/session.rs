//! One NWB file, as a session.

use super::super::hdf5::Hdf5;
use super::super::session::{Activity, Session};
use super::super::settings::RecordingSettings;
use super::activity::{self, Choice};
use super::intervals::{self, Intervals};
use super::walk::{Contents, Kind};
use super::{covariates, imaging, units};
use crate::error::Result;
use std::path::Path;

/// Reads the file at `path`.
pub(super) fn read(path: &Path, settings: &RecordingSettings) -> Result<Session> {
    let file = Hdf5::open(path)?;
    check_kind(&file)?;
    let mut remarks = Vec::new();
    let contents = Contents::of(&file)?;
    let (neurons, mut activity, is_observed, series) =
        match activity::choose(&file, &contents, settings.source.activity.as_deref())? {
            Choice::Units(table) => {
                let (neurons, activity, is_observed) = units::read(&table, settings, &mut remarks)?;
                (neurons, activity, is_observed, None)
            }
            Choice::Series(found) => {
                let (neurons, activity) = imaging::read(&file, &contents, found, settings, &mut remarks)?;
                (neurons, activity, true, Some(&found.object))
            }
        };
    let intervals = intervals::read(&file, &contents, settings, &mut remarks)?;
    if !is_observed {
        widen(&file, &mut activity, &intervals, &mut remarks)?;
    }
    let covariates = covariates::read(&file, &contents, series, settings, &mut remarks)?;
    if contents.all(Kind::Intervals).next().is_none() {
        remarks.extend(
            contents
                .elsewhere
                .iter()
                .map(|(name, other)| format!("{name} was left out: it is an external link to \"{other}\".")),
        );
    }
    Ok(Session {
        source: path.to_path_buf(),
        animal: animal(&file, settings, &mut remarks)?,
        name: name(&file, settings, &mut remarks)?,
        neurons,
        activity,
        bouts: intervals.bouts,
        trials: intervals.trials,
        contexts: intervals.contexts,
        covariates,
        remarks,
    })
}

/// Refuses HDF5 files of other kinds.
fn check_kind(file: &Hdf5) -> Result<()> {
    let version = file.text_attribute(&file.root(), "nwb_version")?;
    let fault = |found: &str, remedy: &str| Err(file.fault("", "an NWB file of version 2", found, remedy));
    if version.as_deref().is_some_and(|v| v.trim_start_matches("NWB-").starts_with('2')) {
        return Ok(());
    }
    if let Some(version) = version {
        return fault(&format!("version {version}"), "Convert it with pynwb or MatNWB.");
    }
    if file.find("nwb_version")?.is_some() {
        return fault("one of version 1", "Convert it with pynwb or MatNWB.");
    }
    if file.find("estimates")?.is_some() {
        return fault("a saved object of CaImAn", "Save it for others: cnm.estimates.save_NWB(\"session.nwb\").");
    }
    fault("another HDF5 file (no attribute `nwb_version`)", "Write it with pynwb, or save arrays with np.savez.")
}

/// How far from all spikes a bout may lie where no `obs_intervals` say when spikes were looked for, as a share of the time between
/// the first and the last: farther away, units would count as silent that nobody listened to.
const FAR: f64 = 0.1;

/// Refuses bouts that reach far beyond all spikes.
fn check_near(file: &Hdf5, (first, last): (f64, f64), intervals: &Intervals) -> Result<()> {
    let least = FAR * (last - first);
    let far = intervals.bouts.iter().find(|b| b.stop > last + least || b.start < first - least);
    far.map_or(Ok(()), |bout| {
        let expected = format!("bouts near the spikes, which are from {first} to {last} s");
        let found = format!("{} by {} from {} to {} s", bout.behaviour, bout.agent, bout.start, bout.stop);
        let remedy = "If their clocks differ, give `bouts.offset_s`. If spikes were looked for then, write `obs_intervals` of the units.";
        Err(file.fault("bouts", expected, found, remedy))
    })
}

/// Lets the span of spikes begin and end with what else happened.
fn widen(file: &Hdf5, activity: &mut Activity, intervals: &Intervals, remarks: &mut Vec<String>) -> Result<()> {
    let Activity::Spikes { span, .. } = activity else {
        return Ok(());
    };
    if span.0 <= span.1 {
        check_near(file, *span, intervals)?;
    }
    *span = (span.0.min(intervals.span.0), span.1.max(intervals.span.1));
    if span.0 > span.1 {
        return Err(file.fault("units", "spikes", "none of any unit", "Give the file with the sorted spikes."));
    }
    remarks.push(format!(
        "`units` has no `obs_intervals`: spikes count as looked for from {} to {} s, the first to the last thing in the file.",
        span.0, span.1
    ));
    Ok(())
}

/// The text at `path`, where it is one.
fn text(file: &Hdf5, path: &str) -> Result<Option<String>> {
    match file.find(path)?.filter(|object| object.is_dataset) {
        Some(object) => file.text(&object),
        None => Ok(None),
    }
}

/// The name of the file without its ending.
fn stem(file: &Hdf5) -> String {
    file.path().file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

fn animal(file: &Hdf5, settings: &RecordingSettings, remarks: &mut Vec<String>) -> Result<String> {
    if let Some(name) = text(file, "general/subject/subject_id")?.or_else(|| settings.source.animal.clone()) {
        return Ok(name);
    }
    let name = stem(file);
    remarks.push(format!(
        "The file names no subject: the animal is called \"{name}\", as the file is (`animal` names it)."
    ));
    Ok(name)
}

fn name(file: &Hdf5, settings: &RecordingSettings, remarks: &mut Vec<String>) -> Result<String> {
    if let Some(name) = text(file, "general/session_id")?.or_else(|| settings.source.session.clone()) {
        return Ok(name);
    }
    let name = text(file, "identifier")?.unwrap_or_else(|| stem(file));
    remarks.push(format!("The file has no `session_id`: the session is called \"{name}\" (`session` names it)."));
    Ok(name)
}
