//! What tuning found, remembered per adapter and shape in a file of the user's cache.

use super::adapter::AdapterInfo;
use super::plan::GpuOptions;
use super::tiles::{Loads, Strategy};
use super::trajectory::Trajectory;
use super::tune::{Candidate, Choice};
use super::weights::Weights;
use crate::data::write_atomically;
use crate::engine::Problem;
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// What a choice holds for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Key {
    /// Version of this program: kernels change.
    version: String,
    adapter: String,
    backend: String,
    driver: String,
    /// Of the band that the number of networks is in.
    networks: usize,
    neurons: usize,
    conditions: usize,
    time_steps: usize,
    inputs: usize,
    trajectory: Trajectory,
    weights: Weights,
    /// What was asked for, where something was.
    strategy: Option<Strategy>,
    loads: Option<Loads>,
}

impl Key {
    /// The key of `problem` on `adapter`.
    pub fn new(problem: &Problem, adapter: &AdapterInfo, options: &GpuOptions) -> Self {
        let d = &problem.dims;
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            adapter: adapter.name.clone(),
            backend: adapter.backend.clone(),
            driver: adapter.driver.clone(),
            networks: band(d.networks),
            neurons: d.neurons,
            conditions: d.conditions,
            time_steps: d.time_steps,
            inputs: d.input_groups * d.channels,
            trajectory: options.trajectory,
            weights: options.weights,
            strategy: options.strategy,
            loads: options.loads,
        }
    }
}

/// The upper end of the band of numbers of networks that share a choice: 1, 2, 3, 4, 6, 8, 12, 16, 24 … Within one, what is
/// fastest hardly changes.
fn band(networks: usize) -> usize {
    let power = networks.next_power_of_two();
    let between = power / 4 * 3;
    if networks <= between { between } else { power }
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Entry {
    #[serde(flatten)]
    key: Key,
    choice: Choice,
    /// Seconds of a training step, estimated by the tuning.
    seconds: f64,
}

/// The file of remembered choices.
#[derive(Clone, Debug)]
pub struct Choices {
    path: PathBuf,
}

impl Choices {
    /// The user's file: `tuning.json` in `$AON_CACHE_DIR`, else in this program's folder of the system's place for
    /// caches; `None` where the system names no such place.
    pub fn of_user() -> Option<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let folder = set("AON_CACHE_DIR").or_else(|| {
            let caches = if cfg!(windows) {
                set("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                set("HOME").map(|home| home.join("Library/Caches"))
            } else {
                set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))
            };
            Some(caches?.join("aon"))
        })?;
        Some(Self::in_folder(&folder))
    }

    /// The file in `folder`.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("tuning.json") }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of the kernels that were compiled for `key`, beside it.
    pub(super) fn compiled(&self, key: &Key) -> PathBuf {
        let text = serde_json::to_vec(key).unwrap_or_default();
        let sum: [u8; 32] = Sha256::digest(text).into();
        let name = sum[..8].iter().fold(0, |name, byte| name << 8 | u64::from(*byte));
        self.path.with_file_name("kernels").join(format!("{name:016x}.bin"))
    }

    /// What was found for `key`, if anything was.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something else.
    pub fn find(&self, key: &Key) -> Result<Option<Choice>> {
        Ok(self.entries()?.into_iter().find(|entry| entry.key == *key).map(|entry| entry.choice))
    }

    /// Keeps what was found for `key`, in place of what was found before. A file that cannot be understood is replaced.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn remember(&self, key: Key, found: &Candidate) -> Result<()> {
        let mut entries = self.entries().unwrap_or_default();
        entries.retain(|entry| entry.key != key);
        entries.push(Entry { key, choice: found.choice, seconds: found.seconds });
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        let text = serde_json::to_string_pretty(&entries)
            .map_err(|e| Error::run(format!("cannot write what tuning found as JSON: {e}.")))?;
        write_atomically(&self.path, |file| file.write_all(text.as_bytes()))
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", &self.path)(error)),
        };
        serde_json::from_str(&text)
            .map_err(|e| Error::input(format!("{} does not hold what tuning found: {e}.", self.path.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Case;
    use crate::engine::gpu::Tiles;

    #[test]
    fn numbers_of_networks_share_bands() {
        let bands = [1, 2, 3, 4, 5, 6, 7, 9, 64, 65, 96, 100, 128].map(band);
        assert_eq!(bands, [1, 2, 3, 4, 6, 6, 8, 12, 64, 96, 96, 128, 128]);
    }

    #[test]
    fn choices_are_kept_per_adapter_and_shape_and_survive_a_corrupt_file() {
        let folder = tempfile::tempdir().unwrap();
        let choices = Choices::in_folder(&folder.path().join("not/yet/there"));
        let (problem, ..) = Case { neurons: 9, ..Case::default() }.pose().unwrap();
        let options = GpuOptions::default();
        let key = |name: &str| {
            let adapter = AdapterInfo { name: name.into(), ..AdapterInfo::default() };
            Key::new(&problem, &adapter, &options)
        };
        let candidate = |strategy| Candidate {
            choice: Choice { strategy, loads: Loads::Storage, tiles: Tiles::HARDWARE },
            seconds: 0.5,
        };
        assert_eq!(choices.find(&key("a")).unwrap(), None);
        choices.remember(key("a"), &candidate(Strategy::Resident)).unwrap();
        choices.remember(key("b"), &candidate(Strategy::Resident)).unwrap();
        choices.remember(key("a"), &candidate(Strategy::Stepwise)).unwrap();
        assert_eq!(choices.find(&key("a")).unwrap().unwrap().strategy, Strategy::Stepwise);
        assert_eq!(choices.find(&key("b")).unwrap().unwrap().strategy, Strategy::Resident);
        assert_eq!(choices.find(&key("c")).unwrap(), None);

        std::fs::write(choices.path(), "{ not what it was").unwrap();
        assert!(choices.find(&key("a")).is_err());
        choices.remember(key("a"), &candidate(Strategy::Resident)).unwrap();
        assert_eq!(choices.find(&key("a")).unwrap().unwrap().strategy, Strategy::Resident);
    }
}
