//! `manifest.json`: what a run was made from and by, so that it can be told whether it would repeat.

use super::seal::{hex, read_sealed_json};
use crate::data::open_regular;
use crate::engine::EngineDescription;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// From this version of the layout on it has a checksum, and the settings of the run.
pub const MANIFEST_FORMAT: u32 = 2;

fn earliest() -> u32 {
    1
}

/// The provenance of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of its layout.
    #[serde(default = "earliest")]
    pub format: u32,
    /// Version of this program.
    pub version: String,
    /// Operating system and processor architecture.
    pub platform: String,
    /// Seed of the run.
    pub seed: u64,
    /// Input files and the SHA-256 of their content, in hexadecimal.
    pub inputs: BTreeMap<PathBuf, String>,
    /// Names the run, see [`Stamp`](super::Stamp).
    #[serde(default)]
    pub run: String,
    /// The settings of the last start, as config.toml has them; earlier versions kept none here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<serde_json::Value>,
    /// Each start of the run: the first, then one per resume.
    pub starts: Vec<Start>,
}

/// One start of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// When, UTC.
    pub time: String,
    /// Steps that had been done before.
    pub from_step: u32,
    /// Planned steps, those before included.
    pub planned_steps: u32,
    /// Networks of the batch that it belongs to.
    #[serde(default = "one")]
    pub networks: usize,
    /// What computed it.
    pub engine: EngineDescription,
    /// How it ended; nothing is known of one that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
}

/// How a start of a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// As it was asked to, to be resumed.
    Paused,
    /// Its loss or gradient was not finite.
    Diverged,
    /// With its report.
    Reported,
}

fn one() -> usize {
    1
}

impl Start {
    /// A start at this moment.
    pub fn now(from_step: u32, planned_steps: u32, networks: usize, engine: EngineDescription) -> Self {
        let time = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        Self { time, from_step, planned_steps, networks, engine, end: None }
    }
}

impl Manifest {
    /// The manifest of a run that is about to start.
    pub fn new(seed: u64, inputs: BTreeMap<PathBuf, String>) -> Self {
        Self {
            format: MANIFEST_FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            seed,
            inputs,
            run: String::new(),
            settings: None,
            starts: Vec::new(),
        }
    }

    /// Reads the manifest of a run.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        read_sealed_json(path, |manifest: &Self| manifest.format >= MANIFEST_FORMAT)
    }

    /// The input files.
    pub fn files(&self) -> Vec<PathBuf> {
        self.inputs.keys().cloned().collect()
    }

    /// Whether a file of this hash was an input of the run: `path` itself, or one that lies elsewhere now.
    pub fn is_input(&self, path: &Path, hash: &str) -> bool {
        match self.inputs.get(path) {
            Some(then) => then == hash,
            None => self.inputs.values().any(|then| then == hash),
        }
    }

    /// Refuses input files that have changed since the run began.
    ///
    /// # Errors
    /// Naming the first file that differs.
    pub fn check_inputs<'a>(&self, now: impl IntoIterator<Item = (&'a PathBuf, &'a String)>) -> Result<()> {
        match now.into_iter().find(|(path, hash)| !self.is_input(path, hash)) {
            None => Ok(()),
            Some((path, _)) if self.inputs.contains_key(path) => Err(Error::input(format!(
                "{} has changed since the run began. Put the file back, or start a new run.",
                path.display()
            ))),
            Some((path, _)) => Err(Error::input(format!("{} was not an input of this run.", path.display()))),
        }
    }
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// If it is no regular file, or cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut file = open_regular(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block).map_err(Error::io("read", path))? {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    Ok(hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash_file(&path).unwrap(), expected);
    }

    #[test]
    fn a_changed_input_is_named() {
        let inputs = |hash: &str| BTreeMap::from([(PathBuf::from("Firing_Rates.mat"), hash.to_string())]);
        let manifest = Manifest::new(0, inputs("aa"));
        manifest.check_inputs(&inputs("aa")).unwrap();
        let error = manifest.check_inputs(&inputs("bb")).unwrap_err();
        assert!(error.to_string().contains("Firing_Rates.mat has changed") && error.exit_code() == 2);
    }
}
