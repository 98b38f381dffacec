//! Named f32 arrays and a note about them in one safetensors file.

use super::seal::{FIELD, hex};
use crate::data::{read_bytes, write_atomically};
use crate::error::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView, serialize};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The one key of the metadata. One, because more would be written in an order that changes from run to run, and the
/// same run should leave the same bytes.
const NOTE: &str = "aon";

/// The fields of the note that say which file of which run it is.
const FILE: &str = "file";
const RUN: &str = "run";

/// Writes `arrays` (name, shape, row-major values) and `note` as JSON beside them, with which file (`checkpoint`, `best`,
/// …) of which run (see [`Stamp`](super::Stamp)) it is, and the SHA-256 of all of it.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_tensors<N: Serialize>(
    path: &Path,
    arrays: &[(String, Vec<usize>, &[f32])],
    note: &N,
    file: &str,
    run: &str,
) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::run(format!("cannot encode {}: {e}", path.display()));
    let bytes: BTreeMap<&str, Vec<u8>> = arrays
        .iter()
        .map(|(name, _, values)| (name.as_str(), values.iter().flat_map(|v| v.to_le_bytes()).collect()))
        .collect();
    let Value::Object(mut note) = serde_json::to_value(note).map_err(|e| failed(&e))? else {
        return Err(failed(&"its note is no object"));
    };
    note.insert(FILE.into(), file.into());
    note.insert(RUN.into(), run.into());
    let sum = checksum(bytes.iter().map(|(name, b)| (*name, &b[..])), &note);
    note.insert(FIELD.into(), sum.into());
    let views = arrays
        .iter()
        .map(|(name, shape, _)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), &bytes[name.as_str()])?)))
        .collect::<std::result::Result<Vec<_>, SafeTensorError>>()
        .map_err(|e| failed(&e))?;
    let metadata = HashMap::from([(NOTE.to_string(), Value::Object(note).to_string())]);
    let encoded = serialize(views, Some(metadata)).map_err(|e| failed(&e))?;
    write_atomically(path, |w| w.write_all(&encoded))
}

/// SHA-256 of arrays, in the order of their names, and of the note without its own checksum.
fn checksum<'a>(arrays: impl Iterator<Item = (&'a str, &'a [u8])>, note: &Map<String, Value>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in arrays {
        hasher.update(format!("{name} {} ", bytes.len()));
        hasher.update(bytes);
    }
    // The map is sorted, so that its text does not depend on how it was made.
    hasher.update(serde_json::to_string(note).unwrap_or_default());
    hex(&hasher.finalize())
}

/// A file as [`write_tensors`] writes it.
#[derive(Debug)]
pub(super) struct TensorFile<N> {
    path: PathBuf,
    arrays: HashMap<String, Vec<f32>>,
    /// Which file of which run it says that it is; files of earlier versions say nothing.
    origin: Option<(String, String)>,
    /// What stands beside the arrays.
    pub(super) note: N,
}

impl<N: DeserializeOwned> TensorFile<N> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, holds a number that is not finite, or was not written by this program.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = read_bytes(path)?;
        let damaged = |what: &dyn std::fmt::Display| {
            Error::run(format!("{} is damaged or not a file of this program: {what}.", path.display()))
        };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(&e))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(&e))?;
        let note = metadata.metadata().as_ref().and_then(|m| m.get(NOTE)).ok_or_else(|| damaged(&"it has no note"))?;
        let mut note: Map<String, Value> = serde_json::from_str(note).map_err(|e| damaged(&e))?;
        let views: BTreeMap<&str, TensorView> = tensors.iter().collect();
        let (stated, is_sealed) = (note.remove(FIELD), note.contains_key(FILE));
        let actual = checksum(views.iter().map(|(name, view)| (*name, view.data())), &note);
        if stated.map_or(is_sealed, |stated| stated != actual) {
            return Err(damaged(&"its checksum is not that of what it holds"));
        }
        let text = |field: &str| note.get(field).and_then(Value::as_str).map(String::from);
        let origin = text(FILE).zip(text(RUN));
        let note = serde_json::from_value(Value::Object(note)).map_err(|e| damaged(&e))?;
        let mut arrays = HashMap::new();
        for (name, view) in views {
            if view.dtype() != Dtype::F32 {
                return Err(damaged(&format!("{name} holds {:?}, expected F32", view.dtype())));
            }
            let values = view.data().chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect();
            arrays.insert(name.to_string(), values);
        }
        Ok(Self { path: path.to_path_buf(), arrays, origin, note })
    }

    /// Refuses a file that says to be another one than `file`, or of another run than `run`.
    ///
    /// # Errors
    /// Naming what it says to be.
    pub(super) fn check_origin(&self, file: &str, run: &str) -> Result<()> {
        let path = self.path.display();
        match &self.origin {
            Some((found, _)) if found != file => {
                Err(Error::run(format!("{path} is damaged: by its content it is the file {found}.safetensors.")))
            }
            Some((_, found)) if found != run => Err(Error::run(format!(
                "{path} belongs to another run, of other settings or inputs than those that lie beside it."
            ))),
            _ => Ok(()),
        }
    }

    /// Whether there is an array of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.arrays.contains_key(name)
    }

    /// The array `name`, as it is.
    pub(super) fn get(&self, name: &str) -> Option<&[f32]> {
        self.arrays.get(name).map(Vec::as_slice)
    }

    /// The one element of the array `name`, which may be infinite.
    ///
    /// # Errors
    /// If it is missing, or no such array.
    pub(super) fn number(&self, name: &str) -> Result<f32> {
        match self.get(name) {
            Some([number]) => Ok(*number),
            _ => Err(Error::variable(&self.path, name, "one element", "another array, or none", "")),
        }
    }

    /// The array `name` of `length` finite elements.
    ///
    /// # Errors
    /// If it is missing, has another length, or holds a number that is not finite.
    pub(super) fn take(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        let refuse = |expected: &str, found: String, remedy: &str| {
            Error::variable(&self.path, name, format!("{length} {expected}"), found, remedy)
        };
        match self.arrays.remove(name) {
            Some(values) if values.len() == length => match values.iter().position(|v| !v.is_finite()) {
                None => Ok(values),
                Some(k) => Err(refuse("finite elements", format!("{} as element {}", values[k], k + 1), "")),
            },
            other => {
                let found = other.map_or("no such array".into(), |v| v.len().to_string());
                Err(refuse("elements", found, "The file belongs to a network of other sizes."))
            }
        }
    }
}
