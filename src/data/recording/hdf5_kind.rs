//! What an HDF5 file holds.

use crate::data::open_regular;
use crate::error::{Error, Result};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// What an HDF5 file holds.
#[cfg_attr(not(feature = "hdf5"), allow(dead_code))] // Without a reader, nobody can tell.
pub(super) enum Hdf5 {
    /// Neurodata Without Borders.
    Nwb,
    /// Variables of MATLAB.
    Matlab,
    /// An object of CaImAn.
    Caiman,
    /// Something else; what stands in it.
    Other(String),
}

/// Whether a file is HDF5: its signature stands at the begin, or after a block of 512 bytes, 1024, ….
///
/// # Errors
/// If it cannot be read.
pub(super) fn is_hdf5(path: &Path) -> Result<bool> {
    let mut file = open_regular(path)?;
    for offset in [0, 512, 1024, 2048, 4096] {
        let mut start = Vec::new();
        file.seek(SeekFrom::Start(offset)).map_err(Error::io("read", path))?;
        file.by_ref().take(8).read_to_end(&mut start).map_err(Error::io("read", path))?;
        if start == SIGNATURE {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What it holds.
///
/// # Errors
/// If it is damaged.
#[cfg(feature = "hdf5")]
pub(super) fn of(path: &Path) -> Result<Hdf5> {
    let damaged = |e: hdf5_pure::Error| {
        Error::variable(path, "header", "an intact HDF5 file", e.to_string(), "The file is damaged: save it again.")
    };
    let file = hdf5_pure::File::open_streaming(path).map_err(damaged)?;
    let root = file.root();
    let attributes = root.attrs().map_err(damaged)?;
    let groups: Vec<String> = root.iter_groups().map_err(damaged)?.map(|(name, _)| name).collect();
    let datasets: Vec<_> = root.iter_datasets().map_err(damaged)?.collect();
    let has = |name: &str| groups.iter().any(|group| group == name);
    let is_matlab = || datasets.iter().any(|(_, d)| d.attrs().is_ok_and(|a| a.contains_key("MATLAB_class")));
    if attributes.contains_key("nwb_version") || (has("acquisition") && has("general")) {
        Ok(Hdf5::Nwb)
    } else if has("estimates") {
        Ok(Hdf5::Caiman)
    } else if is_matlab() {
        Ok(Hdf5::Matlab)
    } else {
        let names: Vec<String> =
            groups.into_iter().chain(datasets.into_iter().map(|(name, _)| name)).take(12).collect();
        Ok(Hdf5::Other(if names.is_empty() { "nothing in it".into() } else { names.join(", ") }))
    }
}

/// What it holds.
///
/// # Errors
/// Always: this build reads no HDF5.
#[cfg(not(feature = "hdf5"))]
pub(super) fn of(path: &Path) -> Result<Hdf5> {
    let remedy = "Build aon with --features hdf5, or save the arrays with save -v7 in MATLAB or np.savez in Python.";
    Err(Error::variable(path, "header", "a file that this build reads", "an HDF5 file", remedy))
}
