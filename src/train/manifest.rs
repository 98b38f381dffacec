//! `manifest.json`: what a run was made from and by, so that it can be told whether it would repeat.

use super::{MANIFEST, RunDirectory};
use crate::data::read_text;
use crate::engine::EngineDescription;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The provenance of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this program.
    pub version: String,
    /// Operating system and processor architecture.
    pub platform: String,
    /// Seed of the run.
    pub seed: u64,
    /// Input files and the SHA-256 of their content, in hexadecimal.
    pub inputs: BTreeMap<PathBuf, String>,
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
}

fn one() -> usize {
    1
}

impl Start {
    /// A start at this moment.
    pub fn now(from_step: u32, planned_steps: u32, networks: usize, engine: EngineDescription) -> Self {
        let time = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
        Self { time, from_step, planned_steps, networks, engine }
    }
}

impl Manifest {
    /// The manifest of a run that is about to start.
    pub fn new(seed: u64, inputs: BTreeMap<PathBuf, String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            seed,
            inputs,
            starts: Vec::new(),
        }
    }

    /// Reads the manifest of a run.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let text = read_text(path)?;
        serde_json::from_str(&text).map_err(|e| Error::run(format!("{} is damaged: {e}.", path.display())))
    }

    /// Writes it into a run directory.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, directory: &RunDirectory) -> Result<()> {
        let path = directory.file(MANIFEST);
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::run(format!("cannot encode {}: {e}", path.display())))?;
        directory.write(MANIFEST, &(text + "\n"))
    }

    /// Refuses input files that have changed since the run began.
    ///
    /// # Errors
    /// Naming the first file that differs.
    pub fn check_inputs(&self, now: &BTreeMap<PathBuf, String>) -> Result<()> {
        for (path, hash) in now {
            match self.inputs.get(path) {
                Some(then) if then == hash => {}
                Some(_) => {
                    return Err(Error::input(format!(
                        "{} has changed since the run began. Put the file back, or start a new run.",
                        path.display()
                    )));
                }
                None => return Err(Error::input(format!("{} was not an input of this run.", path.display()))),
            }
        }
        Ok(())
    }
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// If it cannot be read.
pub fn hash_file(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block).map_err(Error::io("read", path))? {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
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
