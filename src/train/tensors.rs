//! Named f32 arrays and a note about them in one safetensors file.

use crate::data::{read_bytes, write_atomically};
use crate::error::{Error, Result};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView, serialize};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The one key of the metadata. One, because more would be written in an order that changes from run to run, and the
/// same run should leave the same bytes.
const NOTE: &str = "aon";

/// Writes `arrays` (name, shape, row-major values) and `note` as JSON beside them.
///
/// # Errors
/// If the file cannot be written.
pub(super) fn write_tensors<N: Serialize>(
    path: &Path,
    arrays: &[(String, Vec<usize>, &[f32])],
    note: &N,
) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| Error::run(format!("cannot encode {}: {e}", path.display()));
    let note = serde_json::to_string(note).map_err(|e| failed(&e))?;
    let bytes: Vec<Vec<u8>> =
        arrays.iter().map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = arrays
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), b)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), b)?)))
        .collect::<std::result::Result<Vec<_>, SafeTensorError>>()
        .map_err(|e| failed(&e))?;
    let file = serialize(views, Some(HashMap::from([(NOTE.to_string(), note)]))).map_err(|e| failed(&e))?;
    write_atomically(path, |w| w.write_all(&file))
}

/// A file as [`write_tensors`] writes it.
pub(super) struct TensorFile<N> {
    path: PathBuf,
    arrays: HashMap<String, Vec<f32>>,
    /// What stands beside the arrays.
    pub(super) note: N,
}

impl<N: DeserializeOwned> TensorFile<N> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or was not written by this program.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = read_bytes(path)?;
        let damaged = |what: &dyn std::fmt::Display| {
            Error::run(format!("{} is damaged or not a file of this program: {what}.", path.display()))
        };
        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(&e))?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(&e))?;
        let note = metadata.metadata().as_ref().and_then(|m| m.get(NOTE)).ok_or_else(|| damaged(&"it has no note"))?;
        let note = serde_json::from_str(note).map_err(|e| damaged(&e))?;
        let mut arrays = HashMap::new();
        for (name, view) in tensors.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(damaged(&format!("{name} holds {:?}, expected F32", view.dtype())));
            }
            let values = view.data().chunks_exact(4).map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]])).collect();
            arrays.insert(name.to_string(), values);
        }
        Ok(Self { path: path.to_path_buf(), arrays, note })
    }

    /// Whether there is an array of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.arrays.contains_key(name)
    }

    /// The array `name` of `length` elements.
    ///
    /// # Errors
    /// If it is missing or has another length.
    pub(super) fn take(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        match self.arrays.remove(name) {
            Some(values) if values.len() == length => Ok(values),
            other => {
                let found = other.map_or("no such array".into(), |v| v.len().to_string());
                let remedy = "The file belongs to a network of other sizes.";
                Err(Error::variable(&self.path, name, format!("{length} elements"), found, remedy))
            }
        }
    }
}
