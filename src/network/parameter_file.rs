//! Parameters in MAT and npz files.

use super::{Group, Layout};
use crate::data::{ArrayFile, NamedArray, shape_text, write_arrays};
use crate::error::Result;
use ndarray::{Array1, Array2};
use std::path::Path;

/// Reads the parameters of a network from a MAT file or npz archive, flat as `layout` says: `W` `[N × N]`,
/// `W_in`, `W_in2`, … `[N × U]`, `I_ext` and `taus_param` (N values each, row or column). `W` is the weights
/// themselves, also where the network trains something in their place.
///
/// # Errors
/// If the file cannot be read, lacks a variable (all missing ones are named), or one has another shape, or a value that
/// is not finite.
pub fn read_parameters(path: &Path, layout: &Layout) -> Result<Vec<f32>> {
    let file = ArrayFile::open(path)?;
    let names: Vec<String> = layout.groups().into_iter().map(Group::name).collect();
    let missing: Vec<&str> = names.iter().map(String::as_str).filter(|n| !file.contains(n)).collect();
    if !missing.is_empty() {
        return Err(file.error(&missing.join(", "), "all parameters of the network", file.listing(), ""));
    }
    let mut parameters = vec![0.0; layout.len()];
    for group in layout.groups() {
        read_group(&file, layout, group, &mut parameters[layout.range(group)])?;
    }
    Ok(parameters)
}

fn read_group(file: &ArrayFile, layout: &Layout, group: Group, into: &mut [f32]) -> Result<()> {
    let (name, (rows, columns)) = (group.name(), layout.shape(group));
    let array = file.array(&name)?;
    let vector = columns == 1 && array.len() == rows && array.shape().iter().filter(|d| **d != 1).count() <= 1;
    if !vector && array.shape() != [rows, columns] {
        let remedy = match array.shape() {
            [r, c] if (*r, *c) == (columns, rows) => "The array looks transposed: rows are the neurons that receive.",
            _ => "",
        };
        return Err(file.error(&name, shape_text(&[rows, columns]), shape_text(array.shape()), remedy));
    }
    for (k, (value, to)) in array.iter().zip(into).enumerate() {
        *to = *value as f32;
        if !to.is_finite() {
            let found = format!("{value} in row {}, column {}", k / columns + 1, k % columns + 1);
            return Err(file.error(&name, "finite values", found, ""));
        }
    }
    Ok(())
}

/// Writes the parameters of a network, flat as `layout` says and with `W` the weights themselves, and `extra` arrays,
/// to a MAT file or npz archive, as the ending of `path` says. [`read_parameters`] reads it back bit for bit.
///
/// # Errors
/// If `path` ends in neither `.mat` nor `.npz`, or the file cannot be written.
///
/// # Panics
/// If `parameters` has another length than `layout`.
pub fn write_parameters(path: &Path, layout: &Layout, parameters: &[f32], extra: Vec<NamedArray>) -> Result<()> {
    assert_eq!(parameters.len(), layout.len(), "parameters of another network");
    let group_array = |group: Group| {
        let values = &parameters[layout.range(group)];
        match group {
            Group::Current | Group::TimeConstant => NamedArray::new(group.name(), Array1::from(values.to_vec())),
            Group::Recurrent | Group::Input(_) => {
                let (rows, columns) = layout.shape(group);
                let matrix = Array2::from_shape_fn((rows, columns), |(i, j)| values[i * columns + j]);
                NamedArray::new(group.name(), matrix)
            }
        }
    };
    let mut arrays: Vec<NamedArray> = layout.groups().into_iter().map(group_array).collect();
    arrays.extend(extra);
    write_arrays(path, &arrays)
}
