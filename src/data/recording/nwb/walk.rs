//! What an NWB file has where: series, tables and segmentations in its modules, acquisition and intervals.

use super::super::hdf5::{Hdf5, Object, Target};
use crate::error::Result;

/// Groups lie no deeper in each other than this, and there are no more of them.
const DEEPEST: usize = 8;
const MOST: usize = 100_000;

/// What a group of the file is, by its type, or by what it holds where the type is of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Activity of regions of interest.
    Rois,
    /// Starts and stops of a behaviour.
    Intervals,
    /// Where regions of interest are, and which of them are cells.
    Segmentation,
    /// A table of intervals.
    Table,
    /// Any other quantity over time.
    Series,
}

/// A group of the file that holds data.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) kind: Kind,
    /// What the file calls its type.
    pub(super) kind_name: String,
    pub(super) object: Object,
}

/// All that was found.
pub(super) struct Contents {
    pub(super) found: Vec<Found>,
    /// Names that lead to other files, and these.
    pub(super) elsewhere: Vec<(String, String)>,
}

impl Found {
    /// Its path as it is said and asked for.
    pub(super) fn label(&self) -> &str {
        label(&self.object.path)
    }

    /// Whether `asked` names it: by its path, or by the last names of it.
    pub(super) fn is(&self, asked: &str) -> bool {
        let (asked, path) = (asked.trim_matches('/'), self.object.path.as_str());
        path == asked || path.strip_suffix(asked).is_some_and(|before| before.ends_with('/'))
    }
}

impl Contents {
    /// Looks through the file.
    pub(super) fn of(file: &Hdf5) -> Result<Self> {
        let mut contents = Self { found: Vec::new(), elsewhere: Vec::new() };
        let mut left = MOST;
        for place in ["processing", "acquisition", "intervals"] {
            if let Some(group) = file.find(place)?.filter(|object| !object.is_dataset) {
                contents.look(file, &group, DEEPEST, &mut left)?;
            }
        }
        Ok(contents)
    }

    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.kind == kind)
    }

    fn look(&mut self, file: &Hdf5, group: &Object, deepest: usize, left: &mut usize) -> Result<()> {
        for (name, target) in file.members(group)? {
            match target {
                Target::Elsewhere(other) => self.elsewhere.push((format!("{}/{name}", group.path), other)),
                Target::Here(object) if !object.is_dataset && deepest > 0 && *left > 0 => {
                    *left -= 1;
                    // What is linked to from several places counts once.
                    if self.found.iter().all(|found| found.object.path != object.path) {
                        self.take(file, object, deepest - 1, left)?;
                    }
                }
                Target::Here(_) | Target::Nowhere => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, file: &Hdf5, object: Object, deepest: usize, left: &mut usize) -> Result<()> {
        let kind_name = file.text_attribute(&object, "neurodata_type")?.unwrap_or_default();
        let members = file.members(&object)?;
        let holds = |name: &str| members.iter().any(|(member, _)| member == name);
        match kind(&kind_name, holds) {
            Some(kind) => self.found.push(Found { kind, kind_name, object }),
            None => self.look(file, &object, deepest, left)?,
        }
        Ok(())
    }
}

fn kind(name: &str, holds: impl Fn(&str) -> bool) -> Option<Kind> {
    match name {
        "RoiResponseSeries" => Some(Kind::Rois),
        "IntervalSeries" => Some(Kind::Intervals),
        "PlaneSegmentation" => Some(Kind::Segmentation),
        _ if holds("start_time") && holds("stop_time") => Some(Kind::Table),
        _ if holds("data") && holds("rois") => Some(Kind::Rois),
        _ if holds("data") => Some(Kind::Series),
        _ => None,
    }
}

/// A path as it is said: without what is the same for all.
pub(super) fn label(path: &str) -> &str {
    path.strip_prefix("processing/").unwrap_or(path)
}
