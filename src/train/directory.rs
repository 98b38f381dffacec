//! A run directory: what is in it, who may write to it.

use crate::data::{ArrayFormat, write_atomically};
use crate::error::{Error, Result, ensure};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// The resolved configuration. It is written last of the files that a run needs to start: where it is, there is a run.
pub const CONFIG: &str = "config.toml";
/// Where a run came from.
pub const MANIFEST: &str = "manifest.json";

/// What rates were divided by.
pub const NORMALIZATION: &str = "normalization.csv";

/// The exported network, in any [`ArrayFormat`].
pub const EXPORT: &str = "weights";

/// What this program may write into a run directory besides exports.
const FILES: [&str; 11] = [
    CONFIG,
    MANIFEST,
    NORMALIZATION,
    "history.csv",
    "checkpoint.safetensors",
    "last.safetensors",
    "best.safetensors",
    "fit.csv",
    "summary.json",
    "summary.csv",
    "report.html",
];

/// What this program may write into a run directory, and what `--overwrite` removes.
fn files() -> impl Iterator<Item = String> {
    let exports = ArrayFormat::ALL.into_iter().map(|format| format.file_name(EXPORT));
    FILES.into_iter().map(String::from).chain(exports)
}

/// The runs of a batch lie in directories of this name and their seed.
const MEMBER: &str = "seed-";

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
        ensure!(
            overwrite || !directory.holds_a_run(),
            "{} holds a run already. Continue it with `resume = {}`, replace it with `overwrite`, or choose another `output_dir`.",
            path.display(),
            path.display()
        );
        if overwrite {
            directory.clear()?;
        } else {
            directory.refuse_files_of_others()?;
        }
        Ok(directory)
    }

    /// Takes the directory of a run that is to be continued.
    ///
    /// # Errors
    /// If it holds no run, or another process writes to it.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.join(CONFIG).is_file() {
            return Err(no_run(path));
        }
        let directory = Self { path: path.to_path_buf(), _lock: lock(path)? };
        directory.remove_temporary_files()?;
        Ok(directory)
    }

    /// Takes the directory of a run of a batch, which may have begun already.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn open_or_create(path: &Path) -> Result<Self> {
        if path.join(CONFIG).is_file() { Self::open(path) } else { Self::create(path, false) }
    }

    /// The directory of the network of `seed`, in the directory of a batch.
    pub fn member(&self, seed: u64) -> PathBuf {
        self.path.join(format!("{MEMBER}{seed}"))
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

    /// Whether there is a run.
    pub fn holds_a_run(&self) -> bool {
        self.file(CONFIG).exists()
    }

    /// A directory that holds no run may hold files of the user's that a run would replace. A manifest, alone or with
    /// the divisors of the rates, is what a run leaves that was killed before it began.
    fn refuse_files_of_others(&self) -> Result<()> {
        self.remove_temporary_files()?;
        let of_a_beginning: &[&str] = if self.file(MANIFEST).exists() { &[MANIFEST, NORMALIZATION] } else { &[] };
        match files().find(|f| !of_a_beginning.contains(&f.as_str()) && self.file(f).exists()) {
            None => Ok(()),
            Some(file) => Err(Error::input(format!(
                "{} holds {file}, which a run would replace, but no run. Choose another `output_dir`, or `overwrite`.",
                self.path.display()
            ))),
        }
    }

    fn clear(&self) -> Result<()> {
        self.remove_temporary_files()?;
        files().try_for_each(|file| remove(&self.file(&file)))?;
        let figures = std::fs::read_dir(self.file("figures")).into_iter().flatten().flatten().map(|e| e.path());
        figures.filter(|f| f.extension().is_some_and(|e| e == "svg")).try_for_each(|f| remove(&f))?;
        self.members()?.iter().try_for_each(|path| Self::remove_run(path))
    }

    /// Runs of a batch that lie here.
    fn members(&self) -> Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(&self.path).map_err(Error::io("read", &self.path))?;
        let is_member = |path: &PathBuf| {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let seed = name.strip_prefix(MEMBER).and_then(|s| s.parse::<u64>().ok());
            seed.is_some() && path.join(MANIFEST).is_file()
        };
        Ok(entries.flatten().map(|e| e.path()).filter(is_member).collect())
    }

    /// Removes a run, and its directory unless there are other files in it.
    fn remove_run(path: &Path) -> Result<()> {
        let run = Self { path: path.to_path_buf(), _lock: lock(path)? };
        run.clear()?;
        drop(run);
        remove(&path.join(".lock"))?;
        let _ = std::fs::remove_dir(path.join("figures"));
        let _ = std::fs::remove_dir(path);
        Ok(())
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
        assert!(error.to_string().contains("`resume = ") && error.exit_code() == 2, "{error}");
        std::fs::write(path.join(".aon-123.tmp"), "half").unwrap();
        std::fs::write(path.join("notes.txt"), "mine").unwrap();
        drop(RunDirectory::open(&path).unwrap());
        assert!(!path.join(".aon-123.tmp").exists());

        let other = parent.path().join("other");
        std::fs::create_dir(&other).unwrap();
        std::fs::write(other.join("weights.mat"), "mine").unwrap();
        assert!(RunDirectory::create(&other, false).unwrap_err().to_string().contains("weights.mat"));
        assert!(other.join("weights.mat").exists());

        drop(RunDirectory::create(&path, true).unwrap());
        assert!(!path.join("history.csv").exists() && path.join("notes.txt").exists());
    }

    #[test]
    fn an_overwritten_batch_takes_its_runs_with_it_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let batch = RunDirectory::create(parent.path(), false).unwrap();
        for seed in [3, 4] {
            let run = RunDirectory::open_or_create(&batch.member(seed)).unwrap();
            run.write(MANIFEST, "").unwrap();
            run.write(NORMALIZATION, "").unwrap();
            drop(run);
            let begun = RunDirectory::open_or_create(&batch.member(seed)).unwrap();
            begun.write(CONFIG, "").unwrap();
        }
        let others = [batch.member(4).join("notes.txt"), parent.path().join("seed-5/history.csv")];
        std::fs::create_dir(parent.path().join("seed-5")).unwrap();
        for file in &others {
            std::fs::write(file, "mine").unwrap();
        }
        drop(batch);
        drop(RunDirectory::create(parent.path(), true).unwrap());
        assert!(!parent.path().join("seed-3").exists() && !parent.path().join("seed-4/config.toml").exists());
        assert!(others.iter().all(|f| f.exists()));
    }
}
