//! Checksums inside files, so that a damaged number is not taken for a number.

use crate::data::read_bytes;
use crate::error::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The field that holds the checksum of what stands beside it.
pub(super) const FIELD: &str = "sha256";

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `value`, an object, as a JSON file whose last field is the checksum of all the text before it.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn to_sealed_json(path: &Path, value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|e| Error::run(format!("cannot encode {}: {e}.", path.display())))?;
    let body = text.trim_end().strip_suffix('}').unwrap_or(&text).trim_end();
    Ok(format!("{body},\n  \"{FIELD}\": \"{}\"\n}}\n", sha256(body.as_bytes())))
}

/// Reads what [`to_sealed_json`] wrote. Files of earlier versions have no checksum; `is_sealed` says of a value
/// whether it must have one.
///
/// # Errors
/// If the file cannot be read, or is damaged.
pub fn read_sealed_json<T: DeserializeOwned>(path: &Path, is_sealed: impl Fn(&T) -> bool) -> Result<T> {
    let bytes = read_bytes(path)?;
    let damaged = |why: &dyn std::fmt::Display| Error::run(format!("{} is damaged: {why}.", path.display()));
    let text = std::str::from_utf8(&bytes).map_err(|e| damaged(&e))?;
    let value: T = serde_json::from_str(text).map_err(|e| damaged(&e))?;
    match text.rfind(&format!(",\n  \"{FIELD}\": \"")) {
        Some(end) if text[end..].contains(&sha256(&bytes[..end])) => Ok(value),
        None if !is_sealed(&value) => Ok(value),
        _ => Err(damaged(&"its checksum is not that of what it says")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Numbers {
        format: u32,
        loss: f64,
    }

    #[test]
    fn what_was_sealed_comes_back_and_no_flipped_bit_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("numbers.json");
        let numbers = Numbers { format: 2, loss: 0.1 + 0.2 };
        let text = to_sealed_json(&path, &numbers).unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            read_sealed_json::<Numbers>(&path, |n| n.format > 1)
        };
        assert_eq!(read(text.as_bytes()).unwrap(), numbers);
        for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            if let Ok(taken) = read(&bytes) {
                assert_eq!(taken, numbers, "byte {at}, bit {bit}");
            }
        }
        assert_eq!(read(br#"{"format": 1, "loss": 2.0}"#).unwrap().loss.to_bits(), 2.0_f64.to_bits());
        assert!(read(br#"{"format": 2, "loss": 2.0}"#).unwrap_err().to_string().contains("checksum"));
    }
}
