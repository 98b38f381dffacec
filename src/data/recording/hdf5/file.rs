//! An open file, its groups and links.

use super::super::super::regular::open_regular;
use super::bytes::{Bytes, UNDEFINED};
use super::fault;
use super::header::Header;
use super::links::{self, Link};
use crate::error::{Error, Result};
use hdf5_pure::{AttrValue, FileAccessProperties, MetadataCacheConfig};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Soft links that lead to soft links, more often than this, lead nowhere.
const MOST_LINKS: usize = 16;
/// Bytes of descriptions of objects that are kept, 16 MiB.
const DESCRIPTIONS: usize = 1 << 24;

/// The names in a group, and what they link to.
type LinksOfGroup = Arc<[(String, Link)]>;

/// An open file.
pub(in super::super) struct Hdf5 {
    path: PathBuf,
    file: hdf5_pure::File,
    /// Bytes of the file.
    pub(super) length: u64,
    bytes: Bytes,
    /// Links of groups that were asked for, by the addresses of the groups.
    known: Mutex<HashMap<u64, LinksOfGroup>>,
    groups: Mutex<HashMap<String, hdf5_pure::Group>>,
}

/// A group or a dataset of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Object {
    /// From the root, without a slash in front.
    pub(in super::super) path: String,
    /// Whether it holds values, and is no group.
    pub(in super::super) is_dataset: bool,
    /// Where its header is, which is what references name.
    pub(in super::super) address: u64,
}

/// What a name in a group leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Target {
    /// An object of the file.
    Here(Object),
    /// Another file.
    Elsewhere(String),
    /// A path that the file does not have, or an object that is neither group nor dataset.
    Nowhere,
}

impl Object {
    /// Its name in its group.
    pub(in super::super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl Hdf5 {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// If it cannot be read, is of another kind, cut off, or held by a program that writes it.
    pub(in super::super) fn open(path: &Path) -> Result<Self> {
        let bytes = open_regular(path)?;
        let length = bytes.metadata().map_err(Error::io("read", path))?.len();
        if !hdf5_pure::is_hdf5(path).map_err(Error::io("read", path))? {
            return Err(fault::another_kind(path, bytes));
        }
        // Each dataset is looked for from the root on: what describes the groups on the way is kept.
        let access = FileAccessProperties::new().with_metadata_cache(MetadataCacheConfig::new(DESCRIPTIONS));
        let file = hdf5_pure::File::open_streaming_with_options(path, access).map_err(|e| fault::opening(path, &e))?;
        let superblock = file.superblock();
        if length < superblock.eof_address {
            return Err(fault::cut_off(path, superblock.eof_address, length));
        }
        if (superblock.offset_size, superblock.length_size) != (8, 8) {
            return Err(fault::narrow(path));
        }
        let bytes = Bytes::new(bytes, length, superblock.base_address.get());
        Ok(Self { path: path.to_path_buf(), file, length, bytes, known: Mutex::default(), groups: Mutex::default() })
    }

    /// The file.
    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// The group that holds all others.
    pub(in super::super) fn root(&self) -> Object {
        Object { path: String::new(), is_dataset: false, address: self.file.superblock().root_group_address }
    }

    /// What the file has at `path`, soft links followed; `None` if nothing.
    ///
    /// # Errors
    /// If a group on the way is damaged, or the path leads to another file.
    pub(in super::super) fn find(&self, path: &str) -> Result<Option<Object>> {
        match self.follow(self.root(), path, MOST_LINKS)? {
            Target::Here(object) => Ok(Some(object)),
            Target::Nowhere => Ok(None),
            Target::Elsewhere(other) => Err(self.elsewhere(path, &other)),
        }
    }

    /// What a group calls `name`, as [`Hdf5::find`].
    ///
    /// # Errors
    /// As [`Hdf5::find`].
    pub(in super::super) fn member(&self, group: &Object, name: &str) -> Result<Option<Object>> {
        match self.follow(group.clone(), name, MOST_LINKS)? {
            Target::Here(object) => Ok(Some(object)),
            Target::Nowhere => Ok(None),
            Target::Elsewhere(other) => Err(self.elsewhere(&join(&group.path, name), &other)),
        }
    }

    /// All names of a group, in the order of the alphabet, and what they lead to.
    ///
    /// # Errors
    /// If the group is damaged.
    pub(in super::super) fn members(&self, group: &Object) -> Result<Vec<(String, Target)>> {
        let mut members = Vec::new();
        for (name, link) in self.links(group)?.iter() {
            members.push((name.clone(), self.target(group, name, link, MOST_LINKS)?));
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(members)
    }

    /// The error that data stand in another file.
    pub(in super::super) fn elsewhere(&self, place: &str, other: &str) -> Error {
        let remedy = "Write one file that holds everything: NWBHDF5IO(\"whole.nwb\", \"w\").export(src_io=io, \
                      write_args={\"link_data\": False}) with pynwb.";
        self.fault(place, "data in this file", format!("an external link to \"{other}\""), remedy)
    }

    /// An error about the object at `place`.
    pub(in super::super) fn fault(
        &self,
        place: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        Error::variable(&self.path, if place.is_empty() { "the file" } else { place }, expected, found, remedy)
    }

    /// Attributes of an object; those that are no numbers and no texts are left out.
    ///
    /// # Errors
    /// If they are damaged.
    pub(in super::super) fn attributes(&self, object: &Object) -> Result<HashMap<String, AttrValue>> {
        let attributes = if object.is_dataset {
            self.dataset(&object.path).and_then(|d| d.attrs())
        } else {
            self.group(&object.path).and_then(|g| g.attrs())
        };
        attributes.map_err(|e| self.damaged(&object.path, &e))
    }

    /// A text attribute, where there is one.
    ///
    /// # Errors
    /// As [`Hdf5::attributes`].
    pub(in super::super) fn text_attribute(&self, object: &Object, name: &str) -> Result<Option<String>> {
        let attributes = self.attributes(object)?;
        let text =
            attributes.get(name).and_then(|v| v.as_str().or_else(|| v.as_strings()?.first().map(String::as_str)));
        Ok(text.map(|t| t.trim_end_matches('\0').to_string()))
    }

    /// The object that an attribute refers to, by its address.
    pub(in super::super) fn reference(&self, object: &Object, name: &str) -> Option<u64> {
        Header::read(&self.bytes, object.address)?.reference(name)
    }

    /// hdf5-pure's handle of a group, kept: it looks for each name from where it starts.
    fn group(&self, path: &str) -> std::result::Result<hdf5_pure::Group, hdf5_pure::Error> {
        if path.is_empty() {
            return Ok(self.file.root());
        }
        if let Some(group) = self.groups.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(group.clone());
        }
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let group = self.group(above)?.group(name)?;
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_string(), group.clone());
        Ok(group)
    }

    /// As [`Hdf5::group`], of a dataset.
    pub(super) fn dataset(&self, path: &str) -> std::result::Result<hdf5_pure::Dataset, hdf5_pure::Error> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.group(above)?.dataset(name)
    }

    /// An object whose description cannot be followed.
    fn broken(&self, place: &str) -> Error {
        self.fault(place, "an intact group or dataset", "one whose header is damaged", fault::DAMAGED)
    }

    /// What hdf5-pure says about an object.
    pub(super) fn damaged(&self, place: &str, error: &hdf5_pure::Error) -> Error {
        let (expected, remedy) = fault::of(error);
        self.fault(place, expected, error.to_string(), remedy)
    }

    /// Goes along `path` from `start`, one name at a time.
    fn follow(&self, start: Object, path: &str, links: usize) -> Result<Target> {
        let mut place = if path.starts_with('/') { self.root() } else { start };
        for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
            if place.is_dataset {
                return Ok(Target::Nowhere);
            }
            let known = self.links(&place)?;
            let Some((_, link)) = known.iter().find(|(n, _)| n == name) else {
                return Ok(Target::Nowhere);
            };
            match self.target(&place, name, link, links)? {
                Target::Here(object) => place = object,
                target => return Ok(target),
            }
        }
        Ok(Target::Here(place))
    }

    fn target(&self, group: &Object, name: &str, link: &Link, links: usize) -> Result<Target> {
        match link {
            Link::External { file } => Ok(Target::Elsewhere(file.clone())),
            Link::Soft(_) if links == 0 => Ok(Target::Nowhere),
            Link::Soft(to) => self.follow(group.clone(), to, links - 1),
            Link::Hard(UNDEFINED) => Ok(Target::Nowhere),
            &Link::Hard(address) => {
                let path = join(&group.path, name);
                let header = Header::read(&self.bytes, address).ok_or_else(|| self.broken(&path))?;
                let is_dataset = header.is_dataset();
                let is_object = is_dataset || header.storage().is_some();
                Ok(if is_object { Target::Here(Object { path, is_dataset, address }) } else { Target::Nowhere })
            }
        }
    }

    fn links(&self, group: &Object) -> Result<LinksOfGroup> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(links) = known.get(&group.address) {
            return Ok(Arc::clone(links));
        }
        let links = Header::read(&self.bytes, group.address).and_then(|header| links::links(&self.bytes, &header));
        let links: LinksOfGroup = links.ok_or_else(|| self.broken(&group.path))?.into();
        known.insert(group.address, Arc::clone(&links));
        Ok(links)
    }
}

/// The path of what `group` calls `name`.
fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_string() } else { format!("{group}/{name}") }
}
