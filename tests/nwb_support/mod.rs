//! Recordings of tests/golden/recordings, unpacked.
#![allow(dead_code)] // Each test uses its part.

use aon::data::recording::{RecordingSettings, Session, read_nwb};
use aon::error::Result;
use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/recordings").join(name)
}

/// The bytes of a kept NWB file.
pub fn bytes(name: &str) -> Vec<u8> {
    let packed = std::fs::File::open(place(&format!("{name}.nwb.gz"))).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A file that is removed when it is dropped.
pub struct Unpacked(TempDir, PathBuf);

impl AsRef<Path> for Unpacked {
    fn as_ref(&self) -> &Path {
        &self.1
    }
}

pub fn file(name: &str, bytes: &[u8]) -> Unpacked {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(format!("{name}.nwb"));
    std::fs::write(&path, bytes).unwrap();
    Unpacked(directory, path)
}

/// A kept NWB file.
pub fn golden(name: &str) -> Unpacked {
    file(name, &bytes(name))
}

pub fn read(path: &impl AsRef<Path>, settings: &RecordingSettings) -> Result<Session> {
    let mut sessions = read_nwb(path.as_ref(), settings)?;
    assert_eq!(sessions.len(), 1);
    Ok(sessions.remove(0))
}

pub fn with(change: impl FnOnce(&mut RecordingSettings)) -> RecordingSettings {
    let mut settings = RecordingSettings::default();
    change(&mut settings);
    settings
}

/// What pynwb reads.
pub fn expected(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(place(&format!("{name}.json"))).unwrap()).unwrap()
}

/// A list of numbers; NaN is written as null or NaN.
pub fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

pub fn texts(values: &Value) -> Vec<String> {
    values.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_string()).collect()
}

/// The sentence of an error of bad input, which must contain all `words`.
pub fn refused<T: std::fmt::Debug>(result: Result<T>, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "\"{word}\" is not in: {error}");
    }
}
