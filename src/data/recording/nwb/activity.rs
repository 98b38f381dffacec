//! Which activity of a file is meant.

use super::super::hdf5::Hdf5;
use super::table::Table;
use super::units;
use super::walk::{Contents, Found, Kind};
use crate::error::{Error, Result};

/// Activity of a file.
pub(super) enum Choice<'a> {
    Units(Table<'a>),
    Series(&'a Found),
}

/// The activity that `asked` names, or the only one.
pub(super) fn choose<'a>(file: &'a Hdf5, contents: &'a Contents, asked: Option<&str>) -> Result<Choice<'a>> {
    let units = units::table(file)?;
    let usual: Vec<&Found> = contents.all(Kind::Rois).collect();
    let mut there: Vec<&str> = usual.iter().map(|found| found.label()).collect();
    if units.is_some() {
        there.insert(0, "units");
    }
    let Some(asked) = asked else {
        return match (units, usual.as_slice()) {
            (Some(table), []) => Ok(Choice::Units(table)),
            (None, [one]) => Ok(Choice::Series(one)),
            (None, []) => Err(none(file, contents)),
            _ => Err(file.fault(
                "activity",
                "one",
                format!("several: {}", there.join(", ")),
                "Name the one that is meant in `source.activity`.",
            )),
        };
    };
    if let Some(table) = units.filter(|_| asked.trim_matches('/') == "units") {
        return Ok(Choice::Units(table));
    }
    let fitting = |kind| contents.all(kind).filter(|found: &&Found| found.is(asked)).collect::<Vec<_>>();
    let mut found = fitting(Kind::Rois);
    if found.is_empty() {
        found = fitting(Kind::Series);
    }
    let remedy = "Name one of those that are there in `source.activity`.";
    match found.as_slice() {
        [one] => Ok(Choice::Series(one)),
        [] if there.is_empty() => Err(none(file, contents)),
        [] => Err(file.fault(asked, "activity of this name", there.join(", "), remedy)),
        several => {
            let labels: Vec<&str> = several.iter().map(|found| found.label()).collect();
            Err(file.fault(asked, "one activity of this name", labels.join(", "), remedy))
        }
    }
}

/// The error that a file has no activity.
fn none(file: &Hdf5, contents: &Contents) -> Error {
    let other: Vec<&str> = contents.all(Kind::Series).map(Found::label).collect();
    let links = contents.elsewhere.iter().map(|(name, other)| format!("{name}, a link to the file \"{other}\""));
    let found: Vec<String> = other.iter().map(ToString::to_string).chain(links).collect();
    let found = if found.is_empty() { "neither".to_string() } else { format!("neither, but {}", found.join(", ")) };
    let remedy = "Give the file with the sorted spikes or the traces of cells; another series can be named in `source.activity`.";
    file.fault("activity", "`units` with spike times, or a RoiResponseSeries", found, remedy)
}
