//! Who may write to a directory, and whether it is still where it was.

use crate::error::{Error, Result};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file that is locked.
const LOCK: &str = ".lock";

/// Asked before anything is written to a directory that is held by other means than a lock; an error refuses.
#[derive(Clone)]
pub struct Guard(pub Arc<dyn Fn() -> Result<()> + Send + Sync>);

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Guard")
    }
}

/// What makes a directory this process's.
#[derive(Debug)]
pub(super) enum Holder {
    /// A lock of the operating system.
    Lock(Lock),
    /// What others see to.
    Guard(Guard),
}

impl Holder {
    /// Refuses to go on with a directory that is no longer this process's.
    ///
    /// # Errors
    /// Saying so.
    pub(super) fn check_place(&self) -> Result<()> {
        match self {
            Self::Lock(lock) => lock.check_place(),
            Self::Guard(Guard(guard)) => guard(),
        }
    }

    /// Why other processes are not kept out.
    pub(super) fn warning(&self) -> Option<&String> {
        match self {
            Self::Lock(lock) => lock.warning.as_ref(),
            Self::Guard(_) => None,
        }
    }
}

/// How a directory is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// By one process alone.
    Alone,
    /// By several, which write to different places in it, such as runs of a batch.
    Shared,
}

/// A directory that is held; the operating system releases it with the process.
#[derive(Debug)]
pub(super) struct Lock {
    directory: PathBuf,
    file: File,
    /// Why other processes are not kept out, on file systems without locks.
    pub(super) warning: Option<String>,
}

impl Lock {
    /// Takes `directory`.
    ///
    /// # Errors
    /// If another process holds it, or its file cannot be written.
    pub(super) fn take(directory: &Path, hold: Hold) -> Result<Self> {
        let path = directory.join(LOCK);
        let file = File::options().create(true).append(true).open(&path).map_err(Error::io("write", &path))?;
        let taken = match hold {
            Hold::Alone => file.try_lock(),
            Hold::Shared => file.try_lock_shared(),
        };
        let warning = match taken {
            Ok(()) => None,
            Err(TryLockError::WouldBlock) => {
                return Err(Error::run(format!(
                    "another process is writing to {}. Wait for it, or stop it.",
                    directory.display()
                )));
            }
            // Lustre without `-o flock`, and some network file systems.
            Err(TryLockError::Error(e)) => Some(format!(
                "the file system of {} keeps no locks ({e}): see to it yourself that no other process writes there.",
                directory.display()
            )),
        };
        Ok(Self { directory: directory.to_path_buf(), file, warning })
    }

    /// Refuses to go on if another directory, or none, is where this one was: what is written by name would end up there.
    ///
    /// # Errors
    /// Saying so.
    pub(super) fn check_place(&self) -> Result<()> {
        let there = std::fs::metadata(self.directory.join(LOCK));
        if there.is_ok_and(|there| self.file.metadata().is_ok_and(|held| is_same(&there, &held))) {
            return Ok(());
        }
        Err(Error::run(format!(
            "{} was moved, removed or replaced while it was written to; nothing more is written. Where it is now, it can be resumed from its last checkpoint.",
            self.directory.display()
        )))
    }
}

/// Removes the file that was locked.
pub(super) fn remove_lock(directory: &Path) {
    let _ = std::fs::remove_file(directory.join(LOCK));
}

#[cfg(unix)]
fn is_same(a: &std::fs::Metadata, b: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Elsewhere, a directory with an open file in it cannot be moved.
#[cfg(not(unix))]
fn is_same(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}
