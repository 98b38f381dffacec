//! A run as its directory keeps it: the one way to open it, for whoever goes on with it or asks what came of it.

use super::data_of_training::{DATA, MIRROR, check_data, file_then};
use super::state::RunState;
use crate::config::{Config, INIT};
use crate::error::{Error, Result};
use crate::train::{CONFIG, MANIFEST, Manifest, Start, finish_replacement, hash_file, no_run, progress};
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
    /// The mirror mask, if it is not there.
    pub lost: Option<PathBuf>,
}

impl StoredRun {
    /// Reads what lies in `directory`; files for the settings in `unneeded` are not looked for.
    ///
    /// # Errors
    /// If there is no run, it is damaged, its settings are not those that it was trained with, or an input file is
    /// missing or has changed.
    pub fn read(directory: &Path, unneeded: &[&str]) -> Result<Self> {
        let mut run = Self::read_settings(directory)?;
        run.find_files(unneeded)?;
        Ok(run)
    }

    /// The same without a look at any input file.
    ///
    /// # Errors
    /// If there is no run, it is damaged, or its settings are not those that it was trained with.
    pub(super) fn read_settings(directory: &Path) -> Result<Self> {
        let (mut config, path) = (Self::settings(directory)?, directory.join(CONFIG));
        let manifest = Manifest::read(&directory.join(MANIFEST))?;
        let mut remarks = Vec::new();
        if let Some(trained) = &manifest.settings {
            config.rename_held_out(trained);
            remarks.extend(config.check_trained_with(trained, &path)?);
            check_planned(&config, &manifest, directory)?;
        }
        Ok(Self { directory: directory.to_path_buf(), config, manifest, remarks, lost: None })
    }

    /// The settings of the run in `directory`, as they are there now.
    ///
    /// # Errors
    /// If there is no run, or its configuration cannot be read.
    pub(super) fn settings(directory: &Path) -> Result<Config> {
        finish_replacement(directory)?;
        let (path, manifest) = (directory.join(CONFIG), directory.join(MANIFEST));
        if !path.is_file() || !manifest.is_file() {
            return Err(no_run(directory));
        }
        let config = Config::read(&path)?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what is asked of a finished run but was not so in its training; its rates may be others.
    ///
    /// # Errors
    /// Naming the first setting or file that differs.
    pub fn check_asked(&self, asked: &Config) -> Result<()> {
        let mut asked = asked.clone();
        asked.check_trained_with(&self.config.to_json()?, Path::new("what is asked"))?;
        // Rates may be others, and mirror labels are only labels.
        let files = asked.files().into_iter().filter(|(setting, _)| ["inhibitory_mask", "stimulus"].contains(setting));
        let hashes = files.map(|(_, path)| Ok((path.clone(), hash_file(path)?))).collect::<Result<_>>()?;
        asked.data.firing_rates = None;
        check_data(&asked, &hashes, &self.manifest, &self.directory)
    }

    /// What of it is finished.
    ///
    /// # Errors
    /// If its summary is damaged.
    pub fn state(&self) -> Result<RunState> {
        RunState::of(&self.directory, self.config.training.n_trials, &self.manifest)
    }

    fn find_files(&mut self, unneeded: &[&str]) -> Result<()> {
        self.check_named(unneeded)?;
        let (directory, manifest) = (&self.directory, &self.manifest);
        let mut lost = None;
        for (setting, path) in self.config.files() {
            if unneeded.contains(&setting) {
                continue;
            }
            let then = file_then(manifest, setting);
            let is_input = |candidate: &Path| -> Result<bool> {
                let hash = hash_file(candidate)?;
                Ok(then.map_or_else(|| manifest.is_input(path, &hash), |known| *known == hash))
            };
            let is_there = path.try_exists().map_err(Error::io("read", path))?;
            if is_there && is_input(path)? {
                continue;
            }
            let elsewhere = moved_with(directory, path).filter(|p| p.is_file());
            let found = elsewhere.into_iter().find(|p| is_input(p).unwrap_or(false));
            match found {
                Some(found) => *path = found,
                None if setting == MIRROR => {
                    let what = if is_there { "has changed since the training" } else { "is not there" };
                    let labels = if is_there { "taken as they are now" } else { "left out" };
                    self.remarks.push(format!(
                        "{} {what}; its labels, which the network knows nothing of, are {labels}.",
                        path.display()
                    ));
                    lost = (!is_there).then(|| path.clone());
                }
                None if is_there => return Err(changed(path, setting, directory)),
                None => {
                    return Err(Error::input(format!(
                        "{} is not there. {} names it (`{setting}`), and no file of its content lies beside the run as it did. Put it back, or correct the path in config.toml: files are known by their content.",
                        path.display(),
                        directory.join(CONFIG).display()
                    )));
                }
            }
        }
        if lost.is_some() {
            (self.lost, self.config.data.mirror) = (lost, None);
        }
        Ok(())
    }

    /// Refuses a configuration that names another number of files than that of the training.
    fn check_named(&mut self, unneeded: &[&str]) -> Result<()> {
        if self.manifest.settings.is_none() {
            return Ok(());
        }
        let named: Vec<&str> = self.config.files().into_iter().map(|(setting, _)| setting).collect();
        for setting in DATA.into_iter().filter(|setting| !unneeded.contains(setting)) {
            let (then, now) = (file_then(&self.manifest, setting).is_some(), named.contains(&setting));
            if then != now && setting != MIRROR {
                let words =
                    if then { "no longer names the file of" } else { "names a file that the training had not, as" };
                return Err(Error::input(format!(
                    "{} {words} `{setting}`. Put it back, or start a new run.",
                    self.directory.join(CONFIG).display()
                )));
            }
            if then && !now {
                self.remarks.push("config.toml no longer names the mirror mask of the training.".into());
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

fn changed(path: &Path, setting: &str, directory: &Path) -> Error {
    let why = if setting == INIT { "which has not begun" } else { "and its weights mean nothing with other inputs" };
    Error::input(format!(
        "{} has changed since the run in {} began (`{setting}`), {why}. Put the file back, or start a new run.",
        path.display(),
        directory.display()
    ))
}

/// Refuses another number of steps than the last start planned. Starts that did nothing may have been cut off before they
/// wrote their own number: then that of the start before is still there.
fn check_planned(config: &Config, manifest: &Manifest, directory: &Path) -> Result<()> {
    let (planned, Some(last)) = (config.training.n_trials, manifest.starts.last()) else { return Ok(()) };
    if last.planned_steps == planned {
        return Ok(());
    }
    let done = progress(directory).map(|(step, _)| step);
    let did_nothing = |start: &Start| done.is_none_or(|step| step == start.from_step);
    let idle = manifest.starts.iter().rev().take_while(|start| did_nothing(start)).count();
    if manifest.starts.iter().rev().skip(1).take(idle).any(|start| start.planned_steps == planned) {
        return Ok(());
    }
    Err(Error::input(format!(
        "{}: training.n_trials is {planned}, but the run planned {} steps. Put it back; to train on, `resume = {}` with `n_trials = {planned}`.",
        directory.join(CONFIG).display(),
        last.planned_steps,
        directory.display()
    )))
}

/// Where `path` may be if it was moved together with the run: its last parts, as many as possible first, beside the run or
/// above it, as near as possible first.
fn moved_with(directory: &Path, path: &Path) -> impl Iterator<Item = PathBuf> {
    let parts: Vec<_> = path.iter().map(ToOwned::to_owned).collect();
    // As it is named, and where links lead.
    let places = [std::path::absolute(directory), directory.canonicalize()];
    let above: Vec<PathBuf> =
        places.iter().flatten().flat_map(|place| place.ancestors()).map(Path::to_path_buf).collect();
    let lengths = (1..parts.len()).rev();
    lengths.flat_map(move |length| {
        let end: PathBuf = parts[parts.len() - length..].iter().collect();
        above.clone().into_iter().map(move |place| place.join(&end))
    })
}

/// Files that a run which has begun no longer needs.
pub(super) const BEGUN: [&str; 1] = [INIT];
