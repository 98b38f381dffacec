//! Finished lesions on disk, so that an experiment that was cut off goes on where it was.

use super::cells::CellOutcome;
use super::controls::Controls;
use super::experiment::{ControlOutcome, LesionOutcome};
use super::readout::{IntactScore, IntactScores, LesionDecoding};
use super::{Damage, Lesion};
use crate::analysis::decoding::DecodingScore;
use crate::data::npz::NpzFile;
use crate::data::{NamedArray, write_arrays};
use crate::error::Result;
use ndarray::{Array1, Array2};
use std::path::Path;

/// A lesion with everything that was found out about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// What it did.
    pub outcome: LesionOutcome,
    /// How it was read out.
    pub decoding: LesionDecoding,
}

/// Writes a finished lesion; `key` says what it depends on.
///
/// # Errors
/// If the file cannot be written.
pub fn write_finished(path: &Path, key: &str, finished: &Finished) -> Result<()> {
    let outcome = &finished.outcome;
    let width = outcome.whole.len();
    let mut arrays = vec![
        NamedArray::new("key", key),
        NamedArray::new("size", Array1::from(vec![outcome.size as f64])),
        NamedArray::new("whole", Array1::from(outcome.whole.clone())),
        matrix("decoding", &finished.decoding.0, width),
    ];
    if let Some(controls) = &outcome.controls {
        arrays.push(matrix("subsets", &controls.subsets, width));
        arrays.push(matrix("controls", &controls.sets, width));
    }
    write_arrays(path, &arrays)
}

/// Reads a lesion that was finished under the same key; `drawn` are its controls, `width` the number of measures. `None` if
/// there is none, if it belongs to other weights or settings, or if the file is damaged: then it is done again.
pub fn read_finished(path: &Path, key: &str, drawn: Option<Controls>, width: usize) -> Option<Finished> {
    let file = open(path, key)?;
    let is_whole = |rows: &[Damage]| rows.iter().all(|row| row.len() == width);
    let controls = match drawn {
        None => None,
        Some(drawn) => {
            let (subsets, sets) = (rows(&file, "subsets")?, rows(&file, "controls")?);
            let counts = (subsets.len(), sets.len()) == (drawn.subsets.len(), drawn.sets.len());
            if !counts || !is_whole(&subsets) || !is_whole(&sets) {
                return None;
            }
            Some(ControlOutcome { drawn, subsets, sets })
        }
    };
    let size = *file.array("size").ok()?.iter().next()? as usize;
    let whole: Damage = file.array("whole").ok()?.into_iter().collect();
    if whole.len() != width {
        return None;
    }
    let decoding = LesionDecoding(rows(&file, "decoding")?);
    if decoding.0.iter().any(|row| row.len() != 2) {
        return None;
    }
    Some(Finished { outcome: LesionOutcome { size, whole, controls }, decoding })
}

/// Writes the finished lesions of single cells; `key` says what they depend on.
///
/// # Errors
/// If the file cannot be written.
pub fn write_cells(path: &Path, key: &str, cells: &CellOutcome) -> Result<()> {
    let width = cells.damages.first().map_or(0, Vec::len);
    write_arrays(path, &[NamedArray::new("key", key), matrix("cells", &cells.damages, width)])
}

/// Reads the lesions of each cell of `lesion` alone that were finished under the same key; `None` as for [`read_finished`].
pub fn read_cells(path: &Path, key: &str, lesion: &Lesion, width: usize) -> Option<CellOutcome> {
    let damages = rows(&open(path, key)?, "cells")?;
    let is_whole = damages.len() == lesion.neurons.len() && damages.iter().all(|row| row.len() == width);
    is_whole.then(|| CellOutcome { lesion: lesion.clone(), damages })
}

/// Writes how the intact network is read out; `key` says what that depends on.
///
/// # Errors
/// If the file cannot be written.
pub fn write_intact(path: &Path, key: &str, scores: &IntactScores) -> Result<()> {
    let row = |(k, score): (usize, &IntactScore)| {
        let (low, high) = score.chance.unwrap_or((f64::NAN, f64::NAN));
        let numbers = score.windows.iter().flat_map(|s| [s.accuracy, s.auc]).chain([low, high]);
        NamedArray::new(format!("readout{k}"), numbers.collect::<Array1<f64>>())
    };
    let arrays = scores.0.iter().enumerate().map(row);
    write_arrays(path, &std::iter::once(NamedArray::new("key", key)).chain(arrays).collect::<Vec<_>>())
}

/// Reads what [`write_intact`] wrote under the same key; `None` as for [`read_finished`].
pub fn read_intact(path: &Path, key: &str) -> Option<IntactScores> {
    let file = open(path, key)?;
    let row = |k: usize| {
        let numbers: Vec<f64> = file.array(&format!("readout{k}")).ok()?.into_iter().collect();
        let (windows, chance) = numbers.split_last_chunk::<2>()?;
        let windows = windows.chunks_exact(2).map(|s| DecodingScore { accuracy: s[0], auc: s[1] }).collect();
        let chance = Some((chance[0], chance[1])).filter(|(low, _)| !low.is_nan());
        Some(IntactScore { windows, chance })
    };
    Some(IntactScores((0..).map_while(row).collect()))
}

fn matrix(name: &str, rows: &[Damage], width: usize) -> NamedArray {
    let width = rows.first().map_or(width, Vec::len);
    NamedArray::new(name, Array2::from_shape_fn((rows.len(), width), |(i, j)| rows[i][j]))
}

/// The file, if it was written under `key`.
fn open(path: &Path, key: &str) -> Option<NpzFile> {
    let file = NpzFile::open(path).ok()?;
    let stored: Vec<f64> = file.array("key").ok()?.into_iter().collect();
    stored.iter().copied().eq(key.bytes().map(f64::from)).then_some(file)
}

fn rows(file: &NpzFile, name: &str) -> Option<Vec<Damage>> {
    let array = file.array(name).ok()?;
    let width = *array.shape().get(1)?;
    let values: Vec<f64> = array.into_iter().collect();
    Some(if width == 0 { Vec::new() } else { values.chunks_exact(width).map(<[f64]>::to_vec).collect() })
}
