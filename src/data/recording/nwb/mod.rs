//! NWB files (HDF5): spikes of units or activity of regions of interest, tables of intervals, behavioural epochs, and series.

#[cfg(feature = "hdf5")]
mod activity;
#[cfg(feature = "hdf5")]
mod bouts;
#[cfg(feature = "hdf5")]
mod clock;
#[cfg(feature = "hdf5")]
mod covariates;
#[cfg(feature = "hdf5")]
mod epochs;
#[cfg(feature = "hdf5")]
mod imaging;
#[cfg(feature = "hdf5")]
mod intervals;
#[cfg(feature = "hdf5")]
mod places;
#[cfg(feature = "hdf5")]
mod session;
#[cfg(feature = "hdf5")]
mod table;
#[cfg(feature = "hdf5")]
mod trials;
#[cfg(feature = "hdf5")]
mod units;
#[cfg(feature = "hdf5")]
mod walk;

use super::session::Session;
use super::settings::RecordingSettings;
use crate::error::{Error, Result};
use std::path::Path;

/// Files by which a directory is known as one of Zarr.
const ZARR: [&str; 4] = [".zgroup", ".zattrs", ".zmetadata", "zarr.json"];

/// The session of an NWB file, as the file has it: bouts may overlap, and nothing is read from companion files.
///
/// # Errors
/// If it is no NWB file, has no activity or several that could be meant, contradicts itself, or is damaged; in sentences that
/// name the place in the file.
pub fn read(path: &Path, settings: &RecordingSettings) -> Result<Vec<Session>> {
    if ZARR.iter().any(|name| path.join(name).exists()) {
        let remedy =
            "Write it as HDF5: NWBHDF5IO(\"session.nwb\", \"w\").export(src_io=NWBZarrIO(…)) with pynwb and hdmf-zarr.";
        return Err(Error::variable(path, "the recording", "an NWB file in HDF5", "a directory of Zarr", remedy));
    }
    of_file(path, settings)
}

#[cfg(feature = "hdf5")]
fn of_file(path: &Path, settings: &RecordingSettings) -> Result<Vec<Session>> {
    Ok(vec![session::read(path, settings)?])
}

#[cfg(not(feature = "hdf5"))]
fn of_file(path: &Path, _settings: &RecordingSettings) -> Result<Vec<Session>> {
    super::super::regular::open_regular(path)?;
    let remedy = "Build aon with its feature `hdf5`, which is there by default.";
    Err(Error::variable(path, "the recording", "a program that reads HDF5", "one that was built without", remedy))
}
