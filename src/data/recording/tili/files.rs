//! The files of a directory, and the times in them.

use super::super::hdf5::{Hdf5, Object, Target};
use super::names::{self, Event, Natural, Unit};
use crate::error::{Error, Result, ensure};
use std::path::{Path, PathBuf};

/// No data set of this kind has more files.
const MOST_FILES: usize = 200_000;

/// All files of a directory.
#[derive(Default)]
pub(super) struct Files {
    /// By area and unit: the area, what the name says, the file.
    pub(super) units: Vec<(String, Unit, PathBuf)>,
    pub(super) events: Vec<(String, Event, PathBuf)>,
    /// Those whose names say nothing that is known.
    pub(super) others: Vec<PathBuf>,
}

impl Files {
    /// Looks through `Spikes` and `Events` of the directory at `path`.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let mut files = Self::default();
        for (area, file, stem) in listed(&path.join("Spikes"), &mut files.others)? {
            match names::unit(&stem) {
                Some(unit) => files.units.push((area, unit, file)),
                None => files.others.push(file),
            }
        }
        for (area, file, stem) in listed(&path.join("Events"), &mut files.others)? {
            match names::event(&stem) {
                Some(event) => files.events.push((area, event, file)),
                None => files.others.push(file),
            }
        }
        files.units.sort_by_cached_key(|(area, unit, _)| (area.clone(), Natural::of(&unit.unit), unit.unit.clone()));
        Ok(files)
    }
}

/// The HDF5 files in the directories below `path`: their area, path and name without ending. Other files are added to `others`.
fn listed(path: &Path, others: &mut Vec<PathBuf>) -> Result<Vec<(String, PathBuf, String)>> {
    let mut found = Vec::new();
    for area in entries(path)? {
        if !area.is_dir() {
            others.push(area);
            continue;
        }
        let name = area.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for file in entries(&area)? {
            let ending = file.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if ending == "h5" || ending == "hdf5" {
                found.push((name.clone(), file, stem));
            } else {
                others.push(file);
            }
        }
        let place = path.display();
        ensure!(
            found.len() <= MOST_FILES,
            "{place}: expected at most {MOST_FILES} files, found more. Give fewer sessions."
        );
    }
    Ok(found)
}

/// What a directory holds, by name, without hidden files.
fn entries(path: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io("read", path))? {
        let entry = entry.map_err(Error::io("read", path))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

/// The times in a file: its dataset `name`, or its only one.
pub(super) fn times(path: &Path, name: &str) -> Result<Vec<f64>> {
    let file = Hdf5::open(path)?;
    let object = match file.find(name)?.filter(|object| object.is_dataset) {
        Some(object) => object,
        None => only(&file, name)?,
    };
    file.numbers(&object)
}

fn only(file: &Hdf5, name: &str) -> Result<Object> {
    let members = file.members(&file.root())?;
    let datasets = members.into_iter().filter_map(|(_, target)| match target {
        Target::Here(object) if object.is_dataset => Some(object),
        _ => None,
    });
    let mut datasets: Vec<Object> = datasets.collect();
    match (datasets.pop(), datasets.is_empty()) {
        (Some(object), true) => Ok(object),
        (None, _) => Err(file.fault(name, "a dataset of times", "none", "Copy the file again.")),
        (Some(last), false) => {
            let names: Vec<&str> = datasets.iter().chain([&last]).map(|object| object.path.as_str()).collect();
            Err(file.fault(name, "a dataset of this name", names.join(", "), "Rename the one that holds the times."))
        }
    }
}
