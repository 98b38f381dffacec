//! Files that cannot be read, and what to do about them.

use super::super::super::foreign;
use crate::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(super) const DAMAGED: &str = "The file is damaged or was not written completely: copy or write it again.";
/// What makes a file plainer, without the loss of any value: h5repack writes the oldest format that holds it.
pub(super) const REPACK: &str = "Write it plainer: h5repack -f GZIP=4 FILE PLAIN.";

/// A file that is no HDF5.
pub(super) fn another_kind(path: &Path, file: File) -> Error {
    let mut start = Vec::new();
    if let Err(e) = file.take(foreign::START).read_to_end(&mut start) {
        return Error::io("read", path)(e);
    }
    let (found, _) = foreign::name(&start);
    Error::variable(
        path,
        "header",
        "an HDF5 file, as NWB files are",
        found,
        "Give the file itself, as it was recorded or downloaded.",
    )
}

/// What hdf5-pure says when it opens a file.
pub(super) fn opening(path: &Path, error: &hdf5_pure::Error) -> Error {
    if matches!(error, hdf5_pure::Error::FileMarkedInUse(_) | hdf5_pure::Error::FileLocked(_)) {
        let remedy = "Close the program that writes it; if none does, run h5clear -s on a copy of the file.";
        return Error::variable(
            path,
            "header",
            "a file that was closed",
            "one that a program holds open for writing",
            remedy,
        );
    }
    Error::variable(path, "header", "an intact HDF5 file", error.to_string(), DAMAGED)
}

pub(super) fn cut_off(path: &Path, declared: u64, length: u64) -> Error {
    Error::variable(path, "header", format!("a file of {declared} bytes"), format!("{length} bytes"), DAMAGED)
}

pub(super) fn narrow(path: &Path) -> Error {
    Error::variable(path, "header", "addresses of 8 bytes", "others, which few programs write", REPACK)
}

/// What was expected where hdf5-pure says this, and what to do.
pub(super) fn of(error: &hdf5_pure::Error) -> (&'static str, &'static str) {
    use hdf5_pure::FormatError as F;
    match error {
        hdf5_pure::Error::Format(F::UnsupportedFilter(_)) => {
            ("values that are plain or packed by gzip, lzf or shuffle", REPACK)
        }
        hdf5_pure::Error::Format(F::UnsupportedVirtualLayout | F::UnsupportedExternalStorage) => {
            ("values in this file", "Copy the values into one file, with h5py or h5repack.")
        }
        hdf5_pure::Error::Format(F::InvalidLayoutVersion(5) | F::UnsupportedFilteredHeapObject) => {
            ("the format of HDF5 1.14 or earlier", REPACK)
        }
        _ => ("intact values", DAMAGED),
    }
}
