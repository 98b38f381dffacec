//! The layout of Tili et al. 2025: a directory with a file for each unit, `Spikes/AREA/MonkeyX_SessionNN_Spk_UNIT.h5`, and one for each
//! event of each kind of trial, `Events/AREA/MonkeyX_SessionNN_ContextC_ConditionD_ObjectO_EventE.h5`.

#[cfg(feature = "hdf5")]
mod files;
#[cfg(feature = "hdf5")]
mod names;
#[cfg(feature = "hdf5")]
mod sessions;
#[cfg(feature = "hdf5")]
mod trials;

use super::session::Session;
use super::settings::RecordingSettings;
#[cfg(not(feature = "hdf5"))]
use crate::error::Error;
use crate::error::Result;
use std::path::Path;

/// Whether a directory is laid out so: it holds `Spikes` and `Events`.
pub fn is_tili(path: &Path) -> bool {
    path.join("Spikes").is_dir() && path.join("Events").is_dir()
}

/// All sessions of all monkeys of a directory, in their order. Bouts are cut from Go trials around `settings.trials.align`, by default the
/// onset of the movement, from 200 ms before it to 600 ms after: muscles and motor cortex are active from about 200 ms before the hand
/// leaves, and monkeys reach and close the hand on an object within half a second. Both agents have the same window.
///
/// # Errors
/// If there is no unit, a file cannot be read, or files contradict each other.
#[cfg(feature = "hdf5")]
pub fn read(path: &Path, settings: &RecordingSettings) -> Result<Vec<Session>> {
    sessions::read(path, settings)
}

/// This program cannot: it was built without the feature `hdf5`.
///
/// # Errors
/// Always.
#[cfg(not(feature = "hdf5"))]
pub fn read(path: &Path, _settings: &RecordingSettings) -> Result<Vec<Session>> {
    let remedy = "Build aon with its feature `hdf5`, which is there by default.";
    Err(Error::variable(path, "the recording", "a program that reads HDF5", "one that was built without", remedy))
}
