//! A run as its directory keeps it: the one way to open it, for whoever goes on with it or asks what came of it.

use super::state::RunState;
use crate::config::{Config, INIT};
use crate::error::{Error, Result};
use crate::train::{CONFIG, MANIFEST, Manifest, finish_replacement, hash_file, no_run};
use std::path::{Path, PathBuf};

/// A run whose configuration is that of its training, and whose input files are where it says, or were found by their
/// content.
#[derive(Debug)]
pub struct StoredRun {
    /// Its directory.
    pub directory: PathBuf,
    /// Its settings.
    pub config: Config,
    /// Where it comes from.
    pub manifest: Manifest,
    /// What its reader should know: labels or files that have changed without changing the network.
    pub remarks: Vec<String>,
}

impl StoredRun {
    /// Reads what lies in `directory`; files for the settings in `unneeded` are not looked for.
    ///
    /// # Errors
    /// If there is no run, it is damaged, its settings are not those that it was trained with, or an input file is
    /// missing or has changed.
    pub fn read(directory: &Path, unneeded: &[&str]) -> Result<Self> {
        let (config, path) = (Self::settings(directory)?, directory.join(CONFIG));
        let manifest = Manifest::read(&directory.join(MANIFEST))?;
        let changed = manifest.settings.as_ref().map(|trained| config.check_trained_with(trained, &path));
        let remarks = changed.transpose()?.flatten().into_iter().collect();
        let mut run = Self { directory: directory.to_path_buf(), config, manifest, remarks };
        run.find_files(unneeded)?;
        Ok(run)
    }

    /// The settings of the run in `directory`, as they are there now.
    ///
    /// # Errors
    /// If there is no run, or its configuration cannot be read.
    pub(super) fn settings(directory: &Path) -> Result<Config> {
        finish_replacement(directory)?;
        let path = directory.join(CONFIG);
        if path.is_file() { Config::read(&path) } else { Err(no_run(directory)) }
    }

    /// What of it is finished.
    ///
    /// # Errors
    /// If its summary is damaged.
    pub fn state(&self) -> Result<RunState> {
        RunState::of(&self.directory, self.config.training.n_trials, &self.manifest)
    }

    fn find_files(&mut self, unneeded: &[&str]) -> Result<()> {
        let (directory, manifest) = (&self.directory, &self.manifest);
        for (setting, path) in self.config.files() {
            if unneeded.contains(&setting) {
                continue;
            }
            let is_input = |candidate: &Path| hash_file(candidate).is_ok_and(|hash| manifest.is_input(path, &hash));
            if path.is_file() && is_input(path) {
                continue;
            }
            let elsewhere = moved_with(directory, path).filter(|p| p.is_file()).find(|p| is_input(p));
            if let Some(found) = elsewhere {
                *path = found;
            } else if !path.is_file() {
                return Err(Error::input(format!(
                    "{} is not there. {} names it (`{setting}`), and no file of its content lies beside the run as it did. Put it back, or correct the path in config.toml: files are known by their content.",
                    path.display(),
                    directory.join(CONFIG).display()
                )));
            } else if setting == "mirror" {
                self.remarks.push(format!(
                    "{} has changed since the training; its labels, which the network knows nothing of, are taken as they are now.",
                    path.display()
                ));
            } else {
                return Err(Error::input(format!(
                    "{} has changed since the run in {} began (`{setting}`), and its weights mean nothing with other inputs. Put the file back, or start a new run.",
                    path.display(),
                    directory.display()
                )));
            }
        }
        Ok(())
    }

    /// Leaves out the file that the network started from: its state is known, and that file may be another by now.
    #[must_use]
    pub fn without_start(mut self) -> Self {
        self.config.network.init = None;
        self
    }
}

/// Where `path` may be if it was moved together with the run: its last parts, as many as possible first, beside the run or
/// above it, as near as possible first.
fn moved_with(directory: &Path, path: &Path) -> impl Iterator<Item = PathBuf> {
    let parts: Vec<_> = path.iter().map(ToOwned::to_owned).collect();
    let here = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
    let above: Vec<PathBuf> = here.ancestors().map(Path::to_path_buf).collect();
    let lengths = (1..parts.len()).rev();
    lengths.flat_map(move |length| {
        let end: PathBuf = parts[parts.len() - length..].iter().collect();
        above.clone().into_iter().map(move |place| place.join(&end))
    })
}

/// Files that a run which has begun no longer needs.
pub(super) const BEGUN: [&str; 1] = [INIT];
