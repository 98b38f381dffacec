//! NumPy archives.

use super::arrays::NamedArray;
use super::atomic::write_atomically;
use super::npy::{self, Flaw};
use super::regular::open_regular;
use crate::error::{Error, Result};
use ndarray::ArrayD;
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Cursor, Write};
use std::path::{Path, PathBuf};
use zip::read::ZipFile;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The first bytes of a zip archive that is not empty.
pub(super) const SIGNATURE: [u8; 4] = *b"PK\x03\x04";

/// An open npz archive.
pub struct NpzFile {
    path: PathBuf,
    names: Vec<String>,
    archive: RefCell<ZipArchive<BufReader<File>>>,
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
        let archive = ZipArchive::new(file).map_err(|e| refuse(path, "header", e))?;
        let name = |i| archive.name_for_index(i).transpose().map(Option::unwrap_or_default);
        let names: ZipResult<Vec<_>> = (0..archive.len()).map(name).collect();
        let names = names.map_err(|e| refuse(path, "header", e))?;
        refuse_other_archives(path, &names)?;
        let names = names.iter().map(|n| n.strip_suffix(".npy").unwrap_or(n).to_string()).collect();
        Ok(Self { path: path.to_path_buf(), names, archive: RefCell::new(archive) })
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
    /// [`MAX_VALUES`](super::mat::MAX_VALUES), or damaged.
    pub fn array(&self, name: &str) -> Result<ArrayD<f64>> {
        self.read(name, |entry| npy::read(entry))
    }

    /// As [`Self::array`], in single precision, of at most [`MAX_ACTIVITY`](super::mat::MAX_ACTIVITY) values.
    ///
    /// # Errors
    /// As [`Self::array`].
    pub fn single(&self, name: &str) -> Result<ArrayD<f32>> {
        self.read(name, |entry| npy::read_single(entry))
    }

    /// The texts of an array, flat; numbers are written out.
    ///
    /// # Errors
    /// As [`Self::array`].
    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.read(name, |entry| npy::read_texts(entry))
    }

    fn read<T>(
        &self,
        name: &str,
        read: impl Fn(ZipFile<'_, BufReader<File>>) -> std::result::Result<T, Flaw>,
    ) -> Result<T> {
        // Of two arrays of one name, the later one counts, as in NumPy.
        let Some(index) = self.names.iter().rposition(|n| n == name) else {
            let found = if self.names.is_empty() { "no arrays at all".into() } else { self.names.join(", ") };
            return Err(Error::variable(&self.path, name, "an array of this name", found, ""));
        };
        let mut archive = self.archive.borrow_mut();
        let entry = archive.by_index(index).map_err(|e| refuse(&self.path, name, e))?;
        read(entry).map_err(|flaw| Error::variable(&self.path, name, INTACT, flaw.found, flaw.remedy))
    }
}

const INTACT: &str = "an intact NumPy archive of plain numeric arrays";

/// Refuses archives without a single array: Excel's workbooks and others are zip archives too.
fn refuse_other_archives<S: AsRef<str>>(path: &Path, entries: &[S]) -> Result<()> {
    let has = |is: &dyn Fn(&str) -> bool| entries.iter().any(|e| is(e.as_ref()));
    if entries.is_empty() || has(&|e| e.strip_suffix(".npy").is_some()) {
        return Ok(());
    }
    let (found, remedy) = if has(&|e| e == "[Content_Types].xml") {
        ("an Office document (Excel?)", "Save the arrays with save -v7 in MATLAB, or with np.savez in Python.")
    } else {
        ("a zip archive of other files", "Unpack it, and give the file that is in it.")
    };
    Err(Error::variable(path, "header", INTACT, found, remedy))
}

fn refuse(file: &Path, variable: &str, found: impl fmt::Display) -> Error {
    let remedy = "The file is damaged: save it again, or fetch it again.";
    Error::variable(file, variable, INTACT, found.to_string(), remedy)
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

fn build(arrays: &[NamedArray]) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for array in arrays {
        let bytes = npy::bytes(&array.values);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file(format!("{}.npy", array.name), options.large_file(bytes.len() > u32::MAX as usize))?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
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
}
