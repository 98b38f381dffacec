//! MATLAB v7.3 files, which are HDF5.
//!
//! A variable is a dataset with the attribute `MATLAB_class`; structs, objects and sparse matrices are groups. HDF5
//! lists dimensions slowest first, MATLAB fastest first: they are reversed, and the values' order stays as it is.

use super::class::Class;
use super::fault::Fault;
use super::variable::Variable;
use hdf5_pure::{AttrValue, DType, Dataset, File};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// An open v7.3 file.
pub(super) struct Reader(File);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

impl Reader {
    /// Opens a file and lists its variables.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Variable>), Fault> {
        let file = File::open_streaming(path).map_err(damaged)?;
        let (length, declared) = (file.file_size(), file.superblock().eof_address);
        if length < declared {
            return Err(Fault::new(format!("a file of {declared} bytes"), format!("{length} bytes")));
        }
        let mut variables = Vec::new();
        for (name, dataset) in file.root().iter_datasets().map_err(damaged)? {
            if is_variable(&name) {
                variables.push(dataset_variable(name.clone(), &dataset).map_err(|f| f.at(|| name))?);
            }
        }
        for (name, group) in file.root().iter_groups().map_err(damaged)? {
            if is_variable(&name) {
                let attributes = group.attrs().map_err(damaged)?;
                let class = match class_name(&attributes) {
                    _ if attributes.contains_key("MATLAB_sparse") => Class::Sparse,
                    Some("struct") => Class::Struct,
                    _ => Class::Object,
                };
                variables.push(Variable { name, class, dims: vec![1, 1], complex: false });
            }
        }
        Ok((Self(file), variables))
    }

    /// The values of a real numeric variable, in MATLAB's order.
    pub(super) fn read(&self, variable: &Variable) -> Result<Vec<f64>, Fault> {
        if variable.dims.contains(&0) {
            return Ok(Vec::new());
        }
        self.0.dataset(&variable.name).and_then(|d| d.read_f64()).map_err(damaged)
    }

    /// The letters of a matrix of `char` of at most `limit` letters, in MATLAB's order.
    pub(super) fn read_letters(&self, variable: &Variable, limit: u64) -> Result<Vec<char>, Fault> {
        let count = variable.dims.iter().try_fold(1_u64, |product, d| product.checked_mul(*d as u64));
        match count {
            Some(0) => return Ok(Vec::new()),
            Some(count) if count <= limit => {}
            _ => return Err(Fault::new(format!("at most {limit} letters"), variable.to_string())),
        }
        let codes = self.0.dataset(&variable.name).and_then(|d| d.read_u16()).map_err(damaged)?;
        let letter = |code| char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER);
        Ok(codes.into_iter().map(letter).collect())
    }
}

/// MATLAB keeps what cells and objects refer to under names that start with `#`.
fn is_variable(name: &str) -> bool {
    !name.starts_with('#')
}

fn dataset_variable(name: String, dataset: &Dataset) -> Result<Variable, Fault> {
    let attributes = dataset.attrs().map_err(damaged)?;
    let class = class_name(&attributes).ok_or_else(|| {
        Fault::new("a variable saved by MATLAB (attribute MATLAB_class)", "a plain HDF5 dataset")
            .remedy("Write the file with scipy.io.savemat, or as npz.")
    })?;
    let class = Class::from_name(class);
    let complex = matches!(dataset.dtype().map_err(damaged)?, DType::Compound(_));
    let dims = if attributes.contains_key("MATLAB_empty") {
        // The dataset of an empty array holds its dimensions in place of values.
        dataset.read_u64().map_err(damaged)?
    } else {
        dataset.shape().map_err(damaged)?.into_iter().rev().collect()
    };
    let mut dims: Vec<usize> = dims.into_iter().map(|d| usize::try_from(d).unwrap_or(usize::MAX)).collect();
    dims.resize(dims.len().max(2), 1);
    if class.is_numeric() && !complex && !is_number(dataset)? {
        return Err(Fault::new(format!("values of class {class}"), "values that are no numbers"));
    }
    Ok(Variable { name, class, dims, complex })
}

fn class_name(attributes: &HashMap<String, AttrValue>) -> Option<&str> {
    attributes.get("MATLAB_class")?.as_str().map(|s| s.trim_end_matches('\0'))
}

fn is_number(dataset: &Dataset) -> Result<bool, Fault> {
    use DType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    Ok(matches!(dataset.dtype().map_err(damaged)?, F32 | F64 | I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64))
}

#[allow(clippy::needless_pass_by_value)] // For map_err.
fn damaged(error: hdf5_pure::Error) -> Fault {
    Fault::new("an intact MATLAB v7.3 file (HDF5)", error.to_string())
}
