//! MATLAB files.
//!
//! MAT v5 (`save`, `save -v7`; also what SciPy writes) is read and written here; v7.3 files are HDF5 and read with the
//! cargo feature `hdf5`. A file is first walked, element by element: every variable is listed with its class and
//! dimensions, and every declared size is held against the size of what contains it. Nothing is ever reserved because
//! a file declares it. Values are read one variable at a time, at most [`MAX_VALUES`] of them.

mod class;
mod element;
mod fault;
#[cfg(feature = "hdf5")]
mod hdf5;
mod header;
mod name;
mod signature;
mod text;
mod v5;
mod values;
mod variable;
mod write;

pub use super::regular::{MAX_ACTIVITY, MAX_VALUES};
pub use class::Class;
pub use name::variable_names;
pub use variable::Variable;
pub use write::write;

use super::regular::open_regular;
use crate::error::{Error, Result};
use fault::Fault;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use signature::Signature;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// An open MAT file: the list of its variables, and access to the numeric ones.
#[derive(Debug)]
pub struct MatFile {
    path: PathBuf,
    variables: Vec<Variable>,
    format: Format,
}

fn unreadable(path: &Path, found: &str, remedy: &str) -> Error {
    Error::variable(path, "header", "a MATLAB file of version 5 to 7.2", found, remedy)
}

/// The most letters of a text that are read.
const MAX_LETTERS: u64 = 1 << 22;

const CHAR: &str = "Save texts as a matrix of char, a row for each: areas = char(areas).";

#[derive(Debug)]
enum Format {
    /// The file's read position is shared, so one variable is read at a time.
    V5 { file: Mutex<File>, places: Vec<v5::Place> },
    #[cfg(feature = "hdf5")]
    V73(hdf5::Reader),
}

impl MatFile {
    /// Opens a file and lists its variables.
    ///
    /// # Errors
    /// If it cannot be read, is not a MAT file of a version that can be read, or is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = open_regular(path)?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let fault = |f: Fault| f.into_error(path);
        match signature::recognise(&mut file).map_err(fault)? {
            Signature::V5(endian) => {
                let (variables, places) = v5::walk(&file, length, endian).map_err(fault)?.into_iter().unzip();
                Ok(Self { path: path.to_path_buf(), variables, format: Format::V5 { file: Mutex::new(file), places } })
            }
            Signature::V73 => Self::open_v73(path),
            Signature::V4 => Err(unreadable(path, "a file of MATLAB 4", "Save it again with save -v7.")),
        }
    }

    #[cfg(feature = "hdf5")]
    fn open_v73(path: &Path) -> Result<Self> {
        let (reader, variables) = hdf5::Reader::open(path).map_err(|f| f.into_error(path))?;
        Ok(Self { path: path.to_path_buf(), variables, format: Format::V73(reader) })
    }

    #[cfg(not(feature = "hdf5"))]
    fn open_v73(path: &Path) -> Result<Self> {
        let remedy = "Save it again with save -v7 in MATLAB or np.savez in Python, or build aon with --features hdf5.";
        Err(unreadable(path, "a MATLAB v7.3 file (HDF5)", remedy))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All variables, in file order, whether they can be read as arrays or not.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The values of a numeric or logical variable, with its MATLAB dimensions (column-major in memory).
    ///
    /// # Errors
    /// If there is no such variable (the error lists those that there are), it is of another class, complex, larger
    /// than [`MAX_VALUES`], or damaged.
    pub fn array(&self, name: &str) -> Result<ArrayD<f64>> {
        self.read(name, MAX_VALUES, |v| v)
    }

    /// As [`Self::array`], in single precision, of at most [`MAX_ACTIVITY`] values.
    ///
    /// # Errors
    /// As [`Self::array`].
    pub fn single(&self, name: &str) -> Result<ArrayD<f32>> {
        self.read(name, MAX_ACTIVITY, |v| v as f32)
    }

    /// The rows of a matrix of `char`, without blanks at their ends; of a numeric array its numbers, written out.
    ///
    /// # Errors
    /// As [`Self::array`], and if it is neither.
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        let index = self.index(name)?;
        let variable = &self.variables[index];
        match variable.class {
            class if class.is_numeric() => Ok(self.array(name)?.iter().map(ToString::to_string).collect()),
            Class::Char => {
                let letters = self.letters(index);
                letters
                    .and_then(|letters| text::rows(&letters, &variable.dims))
                    .map_err(|f| f.at(|| name.into()).into_error(&self.path))
            }
            class => Err(Error::variable(&self.path, name, "texts", format!("the class {class}"), CHAR)),
        }
    }

    fn letters(&self, index: usize) -> std::result::Result<Vec<char>, Fault> {
        match &self.format {
            Format::V5 { file, places } => {
                places[index].read_letters(&file.lock().unwrap_or_else(PoisonError::into_inner), MAX_LETTERS)
            }
            #[cfg(feature = "hdf5")]
            Format::V73(reader) => reader.read_letters(&self.variables[index], MAX_LETTERS),
        }
    }

    fn index(&self, name: &str) -> Result<usize> {
        self.variables.iter().position(|v| v.name == name).ok_or_else(|| self.missing(name))
    }

    fn read<T>(&self, name: &str, most: u64, convert: fn(f64) -> T) -> Result<ArrayD<T>> {
        let index = self.index(name)?;
        let variable = &self.variables[index];
        self.check_readable(variable, most)?;
        let values = match &self.format {
            Format::V5 { file, places } => {
                places[index].read(&file.lock().unwrap_or_else(PoisonError::into_inner), most, convert)
            }
            #[cfg(feature = "hdf5")]
            Format::V73(reader) => reader.read(variable).map(|values| values.into_iter().map(convert).collect()),
        };
        let shape = IxDyn(&variable.dims).f();
        values
            .and_then(|v| {
                let found = format!("{} values for {variable}", v.len());
                ArrayD::from_shape_vec(shape, v).map_err(|_| Fault::new("as many values as the dimensions say", found))
            })
            .map_err(|f| f.at(|| name.into()).into_error(&self.path))
    }

    fn check_readable(&self, variable: &Variable, most: u64) -> Result<()> {
        let refuse = |expected: String, found: String, remedy: &str| {
            Err(Error::variable(&self.path, &variable.name, expected, found, remedy))
        };
        let class = variable.class;
        let count = variable.dims.iter().try_fold(1_u64, |product, d| product.checked_mul(*d as u64));
        if !class.is_numeric() {
            refuse("a numeric or logical array".into(), format!("the class {class}"), class.remedy())
        } else if variable.complex {
            refuse("real numbers".into(), "complex ones".into(), "Save the real part (real).")
        } else if count.is_none_or(|c| c > most) {
            let found = count.map_or("more".into(), |c| c.to_string());
            refuse(format!("at most {most} values"), found, "Save only the part that is needed.")
        } else {
            Ok(())
        }
    }

    fn missing(&self, name: &str) -> Error {
        const LISTED: usize = 20;
        let mut listed: Vec<String> = self.variables.iter().take(LISTED).map(ToString::to_string).collect();
        if self.variables.len() > LISTED {
            listed.push(format!("and {} more", self.variables.len() - LISTED));
        }
        let found = if listed.is_empty() { "no variables at all".to_string() } else { listed.join(", ") };
        Error::variable(&self.path, name, "a variable of this name", found, "")
    }
}
