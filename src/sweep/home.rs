//! The directory of a sweep: its specification, the directories of its runs, and who works on it.

use super::hash::FileHashes;
use super::runs::{Run, Sweep};
use super::spec::Specification;
use crate::config::Config;
use crate::data::write_atomically;
use crate::error::{Error, Result, ensure};
use std::path::{Path, PathBuf};

/// The specification, resolved, with the hashes of the input files.
pub(super) const SPECIFICATION: &str = "sweep.toml";

/// Where a sweep is kept.
#[derive(Clone, Debug)]
pub struct Home {
    /// Its directory.
    pub path: PathBuf,
}

/// A run of a sweep and its name.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name, see [`run_hash`](super::run_hash).
    pub hash: String,
    /// Setting, seed, and what is held out.
    pub run: Run,
    /// Whether it is one of the confirmation.
    pub confirmation: bool,
}

impl Home {
    /// The sweep in a directory.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf() }
    }

    /// Where a run is kept.
    pub fn run(&self, hash: &str) -> PathBuf {
        self.path.join("runs").join(hash)
    }

    /// Where the input-only networks are kept that runs share.
    pub(super) fn baseline(&self, key: &str) -> PathBuf {
        self.path.join("baselines").join(format!("{key}.npz"))
    }

    /// The specification that the directory holds, if it holds one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn specification(&self) -> Result<Option<Specification>> {
        let file = self.path.join(SPECIFICATION);
        file.exists().then(|| Specification::read(&file)).transpose()
    }

    /// The sweep that the directory holds, with its specification.
    ///
    /// # Errors
    /// If it holds none, or it cannot be read.
    pub fn open(&self) -> Result<(Specification, Sweep)> {
        let specification = self.specification()?.ok_or_else(|| {
            Error::input(format!(
                "{} holds no sweep: expected {SPECIFICATION} in it, as `aon sweep run` leaves there.",
                self.path.display()
            ))
        })?;
        let sweep = specification.runs(true)?;
        Ok((specification, sweep))
    }

    /// Whether the directory may be taken for a sweep, or its own be gone on with. Another specification is refused, unless its
    /// `change` is meant.
    ///
    /// # Errors
    /// If the directory holds the runs of another specification, or things of others, or input files have changed.
    pub fn check(
        &self,
        specification: &Specification,
        sweep: &Sweep,
        files: &mut FileHashes,
        change: bool,
    ) -> Result<()> {
        let Some(kept) = self.specification()? else { return self.refuse_files_of_others() };
        kept.check_files(&sweep.input_files(files)?)?;
        let differences = specification.differences(&kept);
        ensure!(
            differences.is_empty() || change,
            "{} holds a sweep of another specification: {} To train what this one asks for beside the runs that are there, say `--change`; else choose another `output_dir`.",
            self.path.display(),
            differences.iter().take(3).cloned().collect::<Vec<_>>().join(" ")
        );
        Ok(())
    }

    /// Takes the directory, [checked](Self::check), for a sweep: its specification takes the place of one that is there, and
    /// runs stay.
    ///
    /// # Errors
    /// If the directory cannot be written.
    pub fn settle(&self, specification: &Specification, sweep: &Sweep, files: &mut FileHashes) -> Result<()> {
        let text = specification.to_toml(&sweep.input_files(files)?)?;
        std::fs::create_dir_all(&self.path).map_err(Error::io("create", &self.path))?;
        for part in ["runs", "baselines"].map(|part| self.path.join(part)) {
            std::fs::create_dir_all(&part).map_err(Error::io("create", &part))?;
        }
        write_atomically(&self.path.join(SPECIFICATION), |w| w.write_all(text.as_bytes()))
    }

    /// A directory with other things in it is not taken for a sweep. `runs` may have been copied there.
    fn refuse_files_of_others(&self) -> Result<()> {
        let is_other = self.path.exists() && !self.path.is_dir();
        ensure!(!is_other, "{} is no directory. Choose another `output_dir`.", self.path.display());
        let Ok(entries) = std::fs::read_dir(&self.path) else { return Ok(()) };
        // Another process may be about to begin the same sweep, or have been killed when it was.
        let ours = ["runs", "claims", "alive", "baselines", SPECIFICATION];
        let is_ours = |name: &str| ours.contains(&name) || name.starts_with(".aon-");
        let other = entries.flatten().map(|e| e.file_name()).find(|name| !name.to_str().is_some_and(is_ours));
        ensure!(
            other.is_none(),
            "{} holds no sweep, but {}. Choose another `output_dir`.",
            self.path.display(),
            other.unwrap_or_default().to_string_lossy()
        );
        Ok(())
    }
}

impl Sweep {
    /// The runs of the search, by their names.
    ///
    /// # Errors
    /// If a file cannot be read, or two runs are one.
    pub fn jobs(&self, files: &mut FileHashes) -> Result<Vec<Job>> {
        self.named(&self.runs, false, files)
    }

    /// The runs that confirm these settings, by their names.
    ///
    /// # Errors
    /// As [`Self::jobs`].
    pub fn confirming_jobs(&self, settings: &[usize], files: &mut FileHashes) -> Result<Vec<Job>> {
        self.named(&self.confirmation(settings), true, files)
    }

    fn named(&self, runs: &[Run], confirmation: bool, files: &mut FileHashes) -> Result<Vec<Job>> {
        let hashes = self.hashes(runs, files)?;
        Ok(hashes.into_iter().zip(runs).map(|(hash, run)| Job { hash, run: run.clone(), confirmation }).collect())
    }

    /// The configuration of a job.
    pub(super) fn config_of(&self, job: &Job) -> Config {
        self.config(&job.run)
    }
}
