//! Finished lesions on disk, so that an experiment that was cut off goes on where it was.

use super::controls::Controls;
use super::experiment::{ControlOutcome, Outcome};
use super::readout::LesionDecoding;
use crate::data::npz::NpzFile;
use crate::data::{NamedArray, write_arrays};
use crate::error::Result;
use ndarray::{Array1, Array2};
use std::path::Path;

/// A lesion with everything that was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// What it did.
    pub outcome: Outcome,
    /// How it was read out.
    pub decoding: LesionDecoding,
}

/// Writes a finished lesion; `key` says what it depends on.
///
/// # Errors
/// If the file cannot be written.
pub fn write_finished(path: &Path, key: &str, finished: &Finished) -> Result<()> {
    let outcome = &finished.outcome;
    let matrix = |name: &str, rows: &[Vec<f64>]| {
        let width = rows.first().map_or(outcome.whole.len(), Vec::len);
        let values = Array2::from_shape_fn((rows.len(), width), |(i, j)| rows[i][j]);
        NamedArray::new(name, values)
    };
    let mut arrays = vec![
        NamedArray::new("key", key),
        NamedArray::new("size", Array1::from(vec![outcome.size as f64])),
        NamedArray::new("whole", Array1::from(outcome.whole.clone())),
        matrix("decoding", &finished.decoding.0),
    ];
    if let Some(controls) = &outcome.controls {
        arrays.push(matrix("subsets", &controls.subsets));
        arrays.push(matrix("controls", &controls.sets));
        arrays.push(matrix("relabelled", &controls.relabelled));
    }
    write_arrays(path, &arrays)
}

/// Reads a lesion that was finished under the same key; `drawn` are its controls. `None` if there is none, if it belongs to
/// other weights or settings, or if the file is damaged: then it is done again.
pub fn read_finished(path: &Path, key: &str, drawn: Option<Controls>) -> Option<Finished> {
    let file = NpzFile::open(path).ok()?;
    let stored: Vec<f64> = file.array("key").ok()?.into_iter().collect();
    if !stored.iter().copied().eq(key.bytes().map(f64::from)) {
        return None;
    }
    let rows = |name: &str| -> Option<Vec<Vec<f64>>> {
        let array = file.array(name).ok()?;
        let width = *array.shape().get(1)?;
        let values: Vec<f64> = array.into_iter().collect();
        Some(if width == 0 { Vec::new() } else { values.chunks_exact(width).map(<[f64]>::to_vec).collect() })
    };
    let controls = match drawn {
        None => None,
        Some(drawn) => {
            let (subsets, sets, relabelled) = (rows("subsets")?, rows("controls")?, rows("relabelled")?);
            let drawn_sizes = (drawn.subsets.len(), drawn.sets.len(), drawn.relabelled.len());
            if (subsets.len(), sets.len(), relabelled.len()) != drawn_sizes {
                return None;
            }
            Some(ControlOutcome { drawn, subsets, sets, relabelled })
        }
    };
    let size = *file.array("size").ok()?.iter().next()? as usize;
    let whole = file.array("whole").ok()?.into_iter().collect();
    Some(Finished { outcome: Outcome { size, whole, controls }, decoding: LesionDecoding(rows("decoding")?) })
}
