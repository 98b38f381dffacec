//! A run directory: what is in it, who may write to it.

use crate::data::write_atomically;
use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// What this program may write into a run directory, and what `--overwrite` removes.
const FILES: [&str; 12] = [
    "config.toml",
    "manifest.json",
    "normalization.csv",
    "history.csv",
    "checkpoint.safetensors",
    "last.safetensors",
    "best.safetensors",
    "fit.csv",
    "summary.json",
    "report.html",
    "weights.mat",
    "weights.npz",
];

/// A directory held by this process: no other writes to it while this value lives, however the process ends.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Locked; the operating system releases it with the process.
    _lock: File,
}

impl RunDirectory {
    /// Takes `path` for a new run, and creates it where it does not exist.
    ///
    /// # Errors
    /// If another process writes to it, or it holds a run and `overwrite` is not set.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(Error::io("create", path))?;
        let directory = Self { path: path.to_path_buf(), _lock: lock(path)? };
        if directory.holds_a_run() && !overwrite {
            return Err(Error::input(format!(
                "{} holds a run already. Continue it with --resume {}, replace it with --overwrite, or choose another --output-dir.",
                path.display(),
                path.display()
            )));
        }
        directory.clear()?;
        Ok(directory)
    }

    /// Takes the directory of a run that is to be continued.
    ///
    /// # Errors
    /// If it holds no run, or another process writes to it.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.join("config.toml").is_file() {
            return Err(no_run(path));
        }
        let directory = Self { path: path.to_path_buf(), _lock: lock(path)? };
        directory.remove_temporary_files()?;
        Ok(directory)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of `file` in it.
    pub fn file(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// Writes a text file, complete or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        write_atomically(&self.file(file), |w| w.write_all(text.as_bytes()))
    }

    /// `config.toml` is written last of the files that a run needs to start: where it is, there is a run.
    fn holds_a_run(&self) -> bool {
        self.file("config.toml").exists()
    }

    fn clear(&self) -> Result<()> {
        self.remove_temporary_files()?;
        for file in FILES {
            remove(&self.file(file))?;
        }
        let figures = std::fs::read_dir(self.file("figures")).into_iter().flatten().flatten().map(|e| e.path());
        figures.filter(|f| f.extension().is_some_and(|e| e == "svg")).try_for_each(|f| remove(&f))
    }

    /// Removes what a killed process left half-written.
    fn remove_temporary_files(&self) -> Result<()> {
        let entries = std::fs::read_dir(&self.path).map_err(Error::io("read", &self.path))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(".aon-") && name.ends_with(".tmp") {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// Why `path` cannot be resumed, evaluated or exported.
pub fn no_run(path: &Path) -> Error {
    Error::input(format!(
        "{} holds no run: expected config.toml in it, as `aon train --output-dir` leaves there.",
        path.display()
    ))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(e)),
        _ => Ok(()),
    }
}

fn lock(directory: &Path) -> Result<File> {
    let path = directory.join(".lock");
    let file = File::options().create(true).append(true).open(&path).map_err(Error::io("write", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Error::run(format!("another process is writing to {}. Wait for it, or stop it.", directory.display())))
        }
        Err(TryLockError::Error(e)) => Err(Error::io("lock", &path)(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_at_a_time_and_no_run_is_overwritten_by_accident() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("out/run");
        assert!(RunDirectory::open(&path).unwrap_err().to_string().contains("holds no run"));

        let first = RunDirectory::create(&path, false).unwrap();
        assert!(RunDirectory::create(&path, false).unwrap_err().to_string().contains("another process"));
        first.write("config.toml", "seed = 1").unwrap();
        first.write("history.csv", "").unwrap();
        drop(first);

        let error = RunDirectory::create(&path, false).unwrap_err();
        assert!(error.to_string().contains("--resume") && error.exit_code() == 2, "{error}");
        std::fs::write(path.join(".aon-123.tmp"), "half").unwrap();
        std::fs::write(path.join("notes.txt"), "mine").unwrap();
        drop(RunDirectory::open(&path).unwrap());
        assert!(!path.join(".aon-123.tmp").exists());

        drop(RunDirectory::create(&path, true).unwrap());
        assert!(!path.join("history.csv").exists() && path.join("notes.txt").exists());
    }
}
