//! Files that are either complete or not there.

use crate::error::{Error, Result};
use std::io::{BufWriter, Write};
use std::path::Path;

/// How the names of temporary files begin and end.
const PREFIX: &str = ".aon-";
const SUFFIX: &str = ".tmp";

/// Writes a file so that a crash at any moment leaves the old file or the new one, never a part of either:
/// a temporary file beside it, fsync, rename, fsync of the directory.
///
/// The writer is buffered. Files get the permissions of the process (0666 without its umask), as if created directly.
///
/// # Errors
/// If `write` or the operating system fails; the temporary file is removed then, and an existing file stays as it was.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    replace(path, directory_of(path), write, true).map_err(Error::io("write", path))
}

/// The same for files that only a crash of the program must leave whole: what a power failure leaves of it is known after
/// [`sync_files`] alone.
///
/// # Errors
/// As [`write_atomically`].
pub(crate) fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    replace(path, directory_of(path), write, false).map_err(Error::io("write", path))
}

/// Returns when the files in `directory`, and their names, are on the disk.
///
/// # Errors
/// If the operating system fails.
pub(crate) fn sync_files(directory: &Path) -> Result<()> {
    let sync = || {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::File::open(entry.path())?.sync_all()?;
            }
        }
        Ok(())
    };
    sync().map_err(Error::io("write", directory))?;
    // For `sync_fault` to say.
    let _ = sync_directory(directory);
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn replace(
    path: &Path,
    directory: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    is_synced: bool,
) -> std::io::Result<()> {
    let mut temporary = temporary_file(directory)?;
    let mut buffered = BufWriter::new(temporary.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    if is_synced {
        temporary.as_file().sync_all()?;
    }
    temporary.persist(path).map_err(|e| e.error)?;
    if is_synced {
        // The file is complete. That some file systems (CIFS, FUSE) do not sync directories is for `sync_fault` to say.
        let _ = sync_directory(directory);
    }
    Ok(())
}

/// Creates a file that must not be there yet. Of all who try, on all machines that see the directory, one succeeds; the
/// others get [`std::io::ErrorKind::AlreadyExists`], and see a whole file.
///
/// A name that exists refuses a hard link, and the file server decides who was first, on NFS too. A file system without
/// hard links decides the same about a file that is created and then written: there, readers may find a part of it.
pub(crate) fn create_exclusively(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut temporary = temporary_file(directory_of(path))?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    let temporary = temporary.into_temp_path();
    match std::fs::hard_link(&temporary, path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => create_and_write(path, bytes),
        linked_or_taken => linked_or_taken,
    }
}

/// [`create_exclusively`], without links.
fn create_and_write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create_new(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(path);
    }
    written
}

/// The time of the file system of `directory`, which is the clock of its server: when it says that a file was written.
///
/// # Errors
/// If nothing can be written there.
pub(crate) fn file_system_time(directory: &Path) -> std::io::Result<std::time::SystemTime> {
    let mut temporary = temporary_file(directory)?;
    temporary.write_all(b"\n")?;
    // An NFS client writes no later than now, and takes the time from the server.
    let _ = temporary.as_file().sync_data();
    temporary.as_file().metadata()?.modified()
}

/// Whether a file's name is one of those that are written before they are renamed or linked; a crash leaves them.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// Why the files that are written to `directory` may not survive a power failure, where its file system does not sync
/// directories.
pub fn sync_fault(directory: &Path) -> Option<std::io::Error> {
    sync_directory(directory).err()
}

fn temporary_file(directory: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default; a result that colleagues cannot read would surprise.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

/// Makes the rename itself survive a power failure.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> std::io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

/// Directories cannot be opened for this elsewhere; NTFS journals the rename.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn sync_directory(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("weights.mat");
        write_atomically(&path, |w| w.write_all(b"old")).unwrap();
        let error = write_atomically(&path, |w| {
            w.write_all(b"half of the new")?;
            Err(std::io::Error::other("disk full"))
        })
        .unwrap_err();
        assert!(error.to_string().contains("weights.mat: disk full"), "{error}");
        assert_eq!(error.exit_code(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_replaces_the_old_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.json");
        write_atomically(&path, |w| w.write_all(b"a longer first version")).unwrap();
        write_atomically(&path, |w| w.write_all(b"second")).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
    }

    #[cfg(unix)]
    #[test]
    fn others_can_read_the_file_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let (ours, plain) = (directory.path().join("ours"), directory.path().join("plain"));
        write_atomically(&ours, |w| w.write_all(b"x")).unwrap();
        std::fs::write(&plain, b"x").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_file_is_created_by_one_of_many_and_whole() {
        let directory = tempfile::tempdir().unwrap();
        for create in [create_exclusively, create_and_write] {
            let path = directory.path().join("claim");
            let text = |k: usize| k.to_string().repeat(9999).into_bytes();
            let create = |k: usize| create(&path, &text(k));
            let winners: Vec<usize> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|k| scope.spawn(move || create(k))).collect();
                let results: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
                let lost =
                    |r: &&std::io::Result<()>| r.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::AlreadyExists);
                assert_eq!(results.iter().filter(lost).count(), 7);
                (0..8).filter(|k| results[*k].is_ok()).collect()
            });
            assert_eq!(std::fs::read(&path).unwrap(), text(winners[0]));
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
            std::fs::remove_file(&path).unwrap();
        }
        assert!(create_exclusively(&directory.path().join("none/claim"), b"x").is_err());
        assert!(file_system_time(directory.path()).is_ok());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = write_atomically(Path::new("/no/such/directory/file"), |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("/no/such/directory/file"), "{error}");
    }
}
