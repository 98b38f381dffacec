//! NumPy archives.

use super::arrays::{NamedArray, Values};
use super::atomic::write_atomically;
use super::regular::{MAX_VALUES, open_regular};
use crate::error::{Error, Result};
use ndarray::{Array1, ArrayD};
use ndarray_npy::{NpzReader, NpzWriter, ReadDataError, ReadNpyError, ReadNpzError, ReadableElement, WriteNpzError};
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// The first bytes of a zip archive that is not empty.
pub(super) const SIGNATURE: [u8; 4] = *b"PK\x03\x04";

/// An open npz archive.
pub struct NpzFile {
    path: PathBuf,
    names: Vec<String>,
    reader: RefCell<NpzReader<BufReader<File>>>,
}

impl fmt::Debug for NpzFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NpzFile").field("path", &self.path).field("names", &self.names).finish_non_exhaustive()
    }
}

impl NpzFile {
    /// Opens an archive and lists its arrays.
    ///
    /// # Errors
    /// If it cannot be read, or is no zip archive.
    pub fn open(path: &Path) -> Result<Self> {
        let file = BufReader::new(open_regular(path)?);
        let open = || -> std::result::Result<_, ReadNpzError> {
            let mut reader = NpzReader::new(file)?;
            let names = reader.names()?;
            Ok((names, reader))
        };
        let (names, reader) = open().map_err(|e| refuse(path, "header", &e))?;
        Ok(Self { path: path.to_path_buf(), names, reader: RefCell::new(reader) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the arrays, in file order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values of an array of real numbers or booleans.
    ///
    /// # Errors
    /// If there is no such array (the error lists those that there are), it is of another type, larger than
    /// [`MAX_VALUES`], or damaged.
    pub fn array(&self, name: &str) -> Result<ArrayD<f64>> {
        if !self.names.iter().any(|n| n == name) {
            let found = if self.names.is_empty() { "no arrays at all".into() } else { self.names.join(", ") };
            return Err(Error::Variable {
                file: self.path.clone(),
                variable: name.into(),
                expected: "an array of this name".into(),
                found,
                remedy: String::new(),
            });
        }
        let array: std::result::Result<ArrayD<Number>, ReadNpzError> = self.reader.borrow_mut().by_name(name);
        array.map(|a| a.mapv(|v| v.0)).map_err(|e| refuse(&self.path, name, &e))
    }
}

fn refuse(file: &Path, variable: &str, error: &ReadNpzError) -> Error {
    let found = match error {
        ReadNpzError::Npy(ReadNpyError::WrongDescriptor(d)) => format!("the type {d}"),
        other => other.to_string(),
    };
    Error::Variable {
        file: file.to_path_buf(),
        variable: variable.into(),
        expected: "an intact NumPy archive of plain numeric arrays".into(),
        found,
        remedy: String::new(),
    }
}

/// A number of any type, as double precision.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl ReadableElement for Number {
    /// Leaves the decoding to the type that the header names, within the limit.
    fn read_to_end_exact_vec<R: Read>(
        reader: R,
        type_desc: &py_literal::Value,
        len: usize,
    ) -> std::result::Result<Vec<Self>, ReadDataError> {
        if len as u64 > MAX_VALUES {
            let sentence = format!("more than {MAX_VALUES} values");
            return Err(ReadDataError::ParseData(sentence.into()));
        }
        macro_rules! read_as {
            ($type:ty) => {{
                // What follows the values is counted, not collected, as far as one byte.
                let bounded = reader.take((len * size_of::<$type>()) as u64 + 1);
                let values = <$type>::read_to_end_exact_vec(bounded, type_desc, len)?;
                Ok(values.into_iter().map(|v| Self(v as f64)).collect())
            }};
        }
        match type_desc.as_string().map(|s| s.trim_start_matches(['<', '>', '|', '='])) {
            Some("f8") => read_as!(f64),
            Some("f4") => read_as!(f32),
            Some("i8") => read_as!(i64),
            Some("i4") => read_as!(i32),
            Some("i2") => read_as!(i16),
            Some("i1") => read_as!(i8),
            Some("u8") => read_as!(u64),
            Some("u4") => read_as!(u32),
            Some("u2") => read_as!(u16),
            Some("u1") => read_as!(u8),
            Some("b1") => {
                let bounded = reader.take(len as u64 + 1);
                let values = bool::read_to_end_exact_vec(bounded, type_desc, len)?;
                Ok(values.into_iter().map(|v| Self(f64::from(u8::from(v)))).collect())
            }
            _ => Err(ReadDataError::WrongDescriptor(type_desc.clone())),
        }
    }
}

/// Writes `arrays` as a compressed npz archive, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, arrays: &[NamedArray]) -> Result<()> {
    // The archive's index comes last and its entries' sizes before them: it is built in memory.
    let archive = build(arrays).map_err(|e| Error::run(format!("cannot write {}: {e}", path.display())))?;
    write_atomically(path, |writer| writer.write_all(&archive))
}

fn build(arrays: &[NamedArray]) -> std::result::Result<Vec<u8>, WriteNpzError> {
    let mut npz = NpzWriter::new_compressed(Cursor::new(Vec::new()));
    for array in arrays {
        let name = array.name.as_str();
        match &array.values {
            Values::F64(a) => npz.add_array(name, a)?,
            Values::F32(a) => npz.add_array(name, a)?,
            Values::U8(a) => npz.add_array(name, a)?,
            Values::Bool(a) => npz.add_array(name, a)?,
            Values::Text(text) => npz.add_array(name, &Array1::from(text.as_bytes().to_vec()))?,
        }
    }
    Ok(npz.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Array3, array};

    #[test]
    fn arrays_come_back_as_they_were_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("arrays.npz");
        let w: Array2<f32> = array![[0.5, -1.25, 3.0], [f32::MIN_POSITIVE, 0.0, 7.0]];
        let cube = Array3::from_shape_fn((2, 3, 4), |(i, j, k)| (100 * i + 10 * j + k) as f64);
        let flags = array![true, false, true];
        write(
            &path,
            &[
                NamedArray::new("W", w.clone()),
                NamedArray::new("cube", cube.clone().reversed_axes()),
                NamedArray::new("flags", flags),
                NamedArray::new("areas", "F5"),
            ],
        )
        .unwrap();
        let file = NpzFile::open(&path).unwrap();
        assert_eq!(file.names(), ["W", "cube", "flags", "areas"]);
        assert_eq!(file.array("W").unwrap(), w.mapv(f64::from).into_dyn());
        assert_eq!(file.array("cube").unwrap(), cube.reversed_axes().into_dyn());
        assert_eq!(file.array("flags").unwrap(), array![1.0, 0.0, 1.0].into_dyn());
        assert_eq!(file.array("areas").unwrap(), array![70.0, 53.0].into_dyn());
        let error = file.array("taus").unwrap_err().to_string();
        assert!(error.contains("taus") && error.contains("W, cube, flags, areas"), "{error}");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("arrays.npz");
        write(&path, &[NamedArray::new("W", Array2::<f32>::from_elem((8, 8), 0.5))]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let error = NpzFile::open(&path).and_then(|f| f.array("W")).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{length} bytes: {error}");
        }
    }

    #[test]
    fn a_declared_size_reserves_nothing() {
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000, 1000), }\n";
        let mut npy = b"\x93NUMPY\x01\x00".to_vec();
        npy.extend((header.len() as u16).to_le_bytes());
        npy.extend(header.as_bytes());
        let read: std::result::Result<ArrayD<Number>, _> = ndarray_npy::ReadNpyExt::read_npy(&npy[..]);
        assert!(read.unwrap_err().to_string().contains("more than"));
    }
}
