//! Files of named arrays, MAT and npz alike.

use super::arrays::{NamedArray, shape_text};
use super::mat::{self, MatFile};
use super::npz::{self, NpzFile};
use super::regular::open_regular;
use crate::error::{Error, Result};
use ndarray::ArrayD;
use std::io::Read;
use std::path::Path;

/// A format of files of named arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum ArrayFormat {
    /// For MATLAB
    Mat,
    /// For Python
    Npz,
}

impl ArrayFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mat, Self::Npz];

    /// The name of a file of this format.
    pub fn file_name(self, stem: &str) -> String {
        format!("{stem}.{}", self.ending())
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Mat => "mat",
            Self::Npz => "npz",
        }
    }

    /// The format of a file that starts like this. What starts like none is for the reader of MAT files to refuse.
    fn recognise(start: &[u8]) -> Self {
        let is = |format: &Self| match format {
            Self::Npz => start == npz::SIGNATURE,
            Self::Mat => false,
        };
        Self::ALL.into_iter().find(is).unwrap_or(Self::Mat)
    }
}

/// Writes `arrays` in the format that the ending of `path` says (`.mat` or `.npz`), whole or not at all.
///
/// # Errors
/// If the ending is another, a name cannot be used in the format, or the file cannot be written.
pub fn write_arrays(path: &Path, arrays: &[NamedArray]) -> Result<()> {
    let ending = path.extension().and_then(|e| e.to_str());
    match ArrayFormat::ALL.into_iter().find(|f| Some(f.ending()) == ending) {
        Some(ArrayFormat::Mat) => mat::write(path, arrays),
        Some(ArrayFormat::Npz) => npz::write(path, arrays),
        None => Err(Error::input(format!(
            "{}: expected a file name that ends in {}, which says in which format to write.",
            path.display(),
            ArrayFormat::ALL.map(|f| f.file_name("")).join(" or ")
        ))),
    }
}

/// A file of named arrays that can be read.
#[derive(Debug)]
pub enum ArrayFile {
    /// A MAT file.
    Mat(MatFile),
    /// An npz archive.
    Npz(NpzFile),
}

impl ArrayFile {
    /// Opens a MAT file or an npz archive; which of both it is, its first bytes say.
    ///
    /// # Errors
    /// If it cannot be read, is neither, or is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let mut start = Vec::new();
        let file = open_regular(path)?;
        file.take(4).read_to_end(&mut start).map_err(Error::io("read", path))?;
        match ArrayFormat::recognise(&start) {
            ArrayFormat::Mat => MatFile::open(path).map(Self::Mat),
            ArrayFormat::Npz => NpzFile::open(path).map(Self::Npz),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Mat(file) => file.path(),
            Self::Npz(file) => file.path(),
        }
    }

    /// The names of all variables.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Mat(file) => file.variables().iter().map(|v| v.name.as_str()).collect(),
            Self::Npz(file) => file.names().iter().map(String::as_str).collect(),
        }
    }

    /// The names of all variables, or of the first of many, for an error.
    pub(crate) fn listing(&self) -> String {
        const LISTED: usize = 40;
        let names = self.names();
        match names.len() {
            0 => "no variables at all".into(),
            n if n <= LISTED => names.join(", "),
            n => format!("{} and {} more", names[..LISTED].join(", "), n - LISTED),
        }
    }

    /// Whether there is a variable of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.names().contains(&name)
    }

    /// The values of a numeric or logical variable.
    ///
    /// # Errors
    /// See [`MatFile::array`] and [`NpzFile::array`].
    pub fn array(&self, name: &str) -> Result<ArrayD<f64>> {
        match self {
            Self::Mat(file) => file.array(name),
            Self::Npz(file) => file.array(name),
        }
    }

    /// As [`Self::array`], in single precision, of at most [`MAX_ACTIVITY`](mat::MAX_ACTIVITY) values.
    ///
    /// # Errors
    /// As [`Self::array`].
    pub fn single(&self, name: &str) -> Result<ArrayD<f32>> {
        match self {
            Self::Mat(file) => file.single(name),
            Self::Npz(file) => file.single(name),
        }
    }

    /// The texts of a variable, flat, one per row; numbers are written out.
    ///
    /// # Errors
    /// See [`MatFile::texts`] and [`NpzFile::texts`].
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        match self {
            Self::Mat(file) => file.texts(name),
            Self::Npz(file) => file.texts(name),
        }
    }

    /// The values of a row, a column or any other array of which at most one dimension differs from 1.
    /// `what` says in an error what the variable should hold; so does `length` its size, where that is known.
    ///
    /// # Errors
    /// As [`Self::array`], and if the array is no vector or has another length.
    pub fn vector(&self, name: &str, what: &str, length: Option<usize>) -> Result<Vec<f64>> {
        let array = self.array(name)?;
        let is_vector = array.shape().iter().filter(|d| **d != 1).count() <= 1;
        if is_vector && length.is_none_or(|l| l == array.len()) {
            return Ok(array.into_iter().collect());
        }
        let expected =
            length.map_or(format!("a row or column of {what}"), |l| format!("{l} {what} in a row or column"));
        Err(self.error(name, expected, shape_text(array.shape()), ""))
    }

    /// The error that `variable` of this file is not what the model needs.
    pub fn error(
        &self,
        variable: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        Error::variable(self.path(), variable, expected, found, remedy)
    }
}
