//! Masks of neurons, and a ready-made stimulus.

use super::array_file::ArrayFile;
use super::arrays::shape_text;
use super::labels;
use crate::error::Result;
use ndarray::{Array3, Ix3};
use std::path::Path;

/// Reads the mask `variable` (`inhibitory`, `mirror`) of `neurons` values from a MAT or npz file: a row or column of zeros and ones
/// of any numeric class, or logical; or from a CSV table of labels: a column of that name, or the class of that name.
///
/// # Errors
/// If the file cannot be read, has no such variable (the error lists those that it has), or the mask has another
/// length or other values than 0 and 1.
pub fn read_mask(path: &Path, variable: &str, neurons: usize) -> Result<Vec<bool>> {
    if labels::is_table(path) {
        return labels::read_mask(path, variable, neurons);
    }
    let file = ArrayFile::open(path)?;
    let values = file.vector(variable, "values, one per neuron,", Some(neurons))?;
    match values.iter().position(|v| ![0.0, 1.0].contains(v)) {
        None => Ok(values.into_iter().map(|v| v > 0.5).collect()),
        Some(i) => {
            let found = format!("{} for neuron {}", values[i], i + 1);
            Err(file.error(variable, "only 0 and 1", found, ""))
        }
    }
}

/// Reads a ready-made stimulus from a MAT or npz file: the variable `stim` `[sequences × channels × steps]`,
/// returned as `[S][T][U]` in standard layout, as the engine takes it.
///
/// # Errors
/// If the file cannot be read, has no `stim`, or it is empty, of other than three dimensions, or not finite.
pub fn read_stimulus(path: &Path) -> Result<Array3<f32>> {
    const NAME: &str = "stim";
    let file = ArrayFile::open(path)?;
    let array = file.array(NAME)?;
    let shape = shape_text(array.shape());
    let stimulus = match array.into_dimensionality::<Ix3>() {
        Ok(a) if !a.is_empty() => a,
        _ => return Err(file.error(NAME, "[sequences × channels × steps]", shape, "")),
    };
    let stimulus = stimulus.mapv(|v| v as f32);
    if let Some(((s, u, t), value)) = stimulus.indexed_iter().find(|(_, v)| !v.is_finite()) {
        let found = format!("{value} in sequence {}, channel {}, step {}", s + 1, u + 1, t + 1);
        return Err(file.error(NAME, "finite values", found, ""));
    }
    Ok(stimulus.permuted_axes([0, 2, 1]).as_standard_layout().into_owned())
}
