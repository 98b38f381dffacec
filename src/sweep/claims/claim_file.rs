//! The files `claims/HASH.G`: their names, what is in them, and how they are seen by several machines.
//!
//! What NFS promises, and this relies on: a name is created exclusively by the server alone; who opens a file or a
//! directory sees what was closed before on other machines (close-to-open). What it does not promise: that a name that
//! was asked for a moment ago, present or absent, is still so. So a directory is opened before names in it are asked
//! for, and files are opened.

use super::process::{ProcessInfo, to_line};
use crate::data::create_exclusively;
use crate::error::{Error, Result, ensure};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// No claim is as long: what is, is none.
const LONGEST: u64 = 1 << 16;

/// What a claim says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Content {
    /// The run.
    pub(super) hash: String,
    /// Whose it is.
    pub(super) process: ProcessInfo,
    /// Counts the claims of a process, so that no two of all have the same bytes.
    pub(super) number: u64,
}

/// A claim as it was found.
#[derive(Debug)]
pub(super) struct ClaimFile {
    pub(super) generation: u32,
    pub(super) bytes: Vec<u8>,
    /// When it was written, by the file server's clock.
    pub(super) written: SystemTime,
}

impl ClaimFile {
    /// Who wrote it; `None` of one that is empty or damaged, as a writer leaves it who dies where there are no links.
    pub(super) fn content(&self) -> Option<Content> {
        serde_json::from_slice(&self.bytes).ok()
    }
}

/// The directory of claims. Whatever in it is no regular file with the name of a claim is somebody else's: passed over,
/// never followed, never removed.
#[derive(Clone, Debug)]
pub(super) struct ClaimFiles {
    pub(super) directory: PathBuf,
}

impl ClaimFiles {
    pub(super) fn path(&self, hash: &str, generation: u32) -> PathBuf {
        self.directory.join(format!("{hash}.{generation}"))
    }

    /// All claims, as runs and generations; none where there is no directory.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub(super) fn list(&self) -> Result<Vec<(String, u32)>> {
        let entries = match std::fs::read_dir(&self.directory) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::io("list", &self.directory))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::io("list", &self.directory))?;
            if let Some(claim) = entry.file_name().to_str().and_then(parse_name)
                // Of a link, this is the type of the link. What has just been removed has none.
                && entry.file_type().is_ok_and(|t| t.is_file())
            {
                all.push(claim);
            }
        }
        Ok(all)
    }

    /// The generations of the claims on a run, rising.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub(super) fn generations(&self, hash: &str) -> Result<Vec<u32>> {
        let mut all: Vec<u32> = self.list()?.into_iter().filter(|(of, _)| of == hash).map(|(_, g)| g).collect();
        all.sort_unstable();
        Ok(all)
    }

    /// A claim; `None` if there is none.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub(super) fn read(&self, hash: &str, generation: u32) -> Result<Option<ClaimFile>> {
        let path = self.path(hash, generation);
        let read = || {
            if !std::fs::symlink_metadata(&path)?.is_file() {
                return Ok(None);
            }
            let file = File::open(&path)?;
            let written = file.metadata()?.modified()?;
            let mut bytes = Vec::new();
            file.take(LONGEST).read_to_end(&mut bytes)?;
            Ok(Some(ClaimFile { generation, bytes, written }))
        };
        read().or_else(|e: std::io::Error| if is_absent(&e) { Ok(None) } else { Err(Error::io("look at", &path)(e)) })
    }

    /// Whether there is a claim, by its name alone. Right even on NFS after [`Self::look_again`].
    ///
    /// # Errors
    /// If that cannot be known.
    pub(super) fn exists(&self, hash: &str, generation: u32) -> Result<bool> {
        let path = self.path(hash, generation);
        match std::fs::symlink_metadata(&path) {
            Ok(there) => Ok(there.is_file()),
            Err(e) if is_absent(&e) => Ok(false),
            Err(e) => Err(Error::io("look at", &path)(e)),
        }
    }

    /// Forgets which names were absent: opening the directory has an NFS client ask whether it changed.
    pub(super) fn look_again(&self) {
        // Where directories cannot be opened like files, names are not remembered so either.
        let _ = File::open(&self.directory);
    }

    /// Creates a claim; `None` if another was faster.
    ///
    /// # Errors
    /// If it cannot be written, or something that is no claim has its name.
    pub(super) fn create(&self, content: &Content, generation: u32) -> Result<Option<ClaimFile>> {
        let path = self.path(&content.hash, generation);
        let bytes = to_line(&path, content)?.into_bytes();
        match create_exclusively(&path, &bytes) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(Error::io("create", &path)(e)),
            // Where the answer of a server was lost, the question is repeated, and its success stands in its own way.
            _ => {}
        }
        let found = self.read(&content.hash, generation)?;
        if found.is_none() && std::fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
            return Err(Error::run(format!(
                "{} is in the way: expected a claim of a process on run {}, found no regular file. Remove it.",
                path.display(),
                content.hash
            )));
        }
        Ok(found.filter(|file| file.bytes == bytes))
    }

    /// Removes a claim, if it is there.
    ///
    /// # Errors
    /// If it stays.
    pub(super) fn remove(&self, hash: &str, generation: u32) -> Result<()> {
        let path = self.path(hash, generation);
        match std::fs::remove_file(&path) {
            Err(e) if !is_absent(&e) => Err(Error::io("remove", &path)(e)),
            _ => Ok(()),
        }
    }
}

/// The lowest generation above rising ones that is free: the next, or the first gap among them. `None` if there are no
/// more numbers.
pub(super) fn lowest_free(generations: &[u32]) -> Option<u32> {
    let Some((first, rest)) = generations.split_first() else { return Some(0) };
    let row = rest.iter().zip(generations).take_while(|(next, before)| **next - **before == 1);
    row.last().map_or(*first, |(end, _)| *end).checked_add(1)
}

/// Whether rising generations are a row without a gap that ends with `own`.
pub(super) fn is_row_up_to(own: u32, generations: &[u32]) -> bool {
    generations.last() == Some(&own) && generations.first().is_some_and(|f| (own - f) as usize + 1 == generations.len())
}

/// Nothing there; or something that an NFS client knew and the server no longer knows.
fn is_absent(error: &std::io::Error) -> bool {
    [ErrorKind::NotFound, ErrorKind::StaleNetworkFileHandle].contains(&error.kind())
}

/// Refuses what cannot be the first part of a claim's name.
///
/// # Errors
/// Saying what can.
pub(super) fn check_hash(hash: &str) -> Result<()> {
    ensure!(
        is_hash(hash),
        "the run {hash:?}: expected 1 to 128 letters and digits, which name its directory and its claims."
    );
    Ok(())
}

fn is_hash(hash: &str) -> bool {
    (1..=128).contains(&hash.len()) && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// HASH.G, with G as it is written.
fn parse_name(name: &str) -> Option<(String, u32)> {
    let (hash, generation) = name.split_once('.')?;
    let number: u32 = generation.parse().ok()?;
    (is_hash(hash) && number.to_string() == generation).then(|| (hash.to_string(), number))
}

/// The claims of the sweep in a directory.
pub(super) fn claims_of(sweep: &Path) -> ClaimFiles {
    ClaimFiles { directory: sweep.join("claims") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, ClaimFiles) {
        let sweep = tempfile::tempdir().unwrap();
        let files = claims_of(sweep.path());
        std::fs::create_dir(&files.directory).unwrap();
        (sweep, files)
    }

    fn content(number: u64) -> Content {
        Content { hash: "ab12".into(), process: ProcessInfo::of_this(Some("a")), number }
    }

    #[test]
    fn names_are_those_of_claims_or_of_nobody() {
        assert_eq!(parse_name("ab12.0"), Some(("ab12".into(), 0)));
        assert_eq!(parse_name("ab12.4294967295"), Some(("ab12".into(), u32::MAX)));
        for other in
            ["ab12", "ab12.", ".0", "ab12.00", "ab12.+1", "ab12.-1", "ab12.4294967296", "a b.0", "ab.0.1", ".nfs01"]
        {
            assert_eq!(parse_name(other), None, "{other}");
        }
        for bad in ["", "../x", "a/b", "a.b", "größe", &"a".repeat(129)] {
            let error = check_hash(bad).unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains("expected"), "{error}");
        }
        assert!(check_hash(&"f".repeat(64)).is_ok());
    }

    #[test]
    fn rows_are_told_from_gaps() {
        const MAX: u32 = u32::MAX;
        let cases: [(&[u32], Option<u32>); 6] = [
            (&[], Some(0)),
            (&[0, 1, 2], Some(3)),
            (&[2, 3], Some(4)),
            (&[0, 1, 5, 6], Some(2)),
            (&[MAX - 1, MAX], None),
            (&[0, MAX], Some(1)),
        ];
        for (generations, free) in cases {
            assert_eq!(lowest_free(generations), free, "{generations:?}");
        }
        assert!(is_row_up_to(0, &[0]) && is_row_up_to(3, &[2, 3]) && is_row_up_to(MAX, &[MAX]));
        assert!(!is_row_up_to(0, &[]) && !is_row_up_to(1, &[0, 1, 2]) && !is_row_up_to(5, &[0, 5]));
    }

    #[test]
    fn a_claim_is_created_once_and_read_back() {
        let (_sweep, files) = files();
        assert!(files.read("ab12", 0).unwrap().is_none() && !files.exists("ab12", 0).unwrap());
        let mine = content(1);
        let file = files.create(&mine, 0).unwrap().unwrap();
        assert!(files.create(&content(1), 0).unwrap().is_none(), "another process, the same number");
        assert!(files.create(&Content { number: 2, ..mine.clone() }, 0).unwrap().is_none());
        assert!(files.create(&mine, 0).unwrap().is_some(), "asked again, as by a client that heard no answer");
        assert_eq!(file.content().unwrap().process, mine.process);
        assert_eq!(files.generations("ab12").unwrap(), [0]);
        assert_eq!(std::fs::read_dir(&files.directory).unwrap().count(), 1, "no temporary file is left");
        files.remove("ab12", 0).unwrap();
        files.remove("ab12", 0).unwrap();
        assert!(files.list().unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_claim_is_passed_over_or_named() {
        let (sweep, files) = files();
        let outside = sweep.path().join("outside");
        std::fs::write(&outside, "x").unwrap();
        std::os::unix::fs::symlink(&outside, files.path("ab12", 0)).unwrap();
        std::fs::create_dir(files.path("ab12", 1)).unwrap();
        std::fs::write(files.directory.join("notes.txt"), "x").unwrap();
        std::fs::write(files.path("ab12", 3), "not a claim").unwrap();
        assert_eq!(files.list().unwrap(), [("ab12".to_string(), 3)]);
        assert!(files.read("ab12", 0).unwrap().is_none() && !files.exists("ab12", 1).unwrap());
        assert!(files.read("ab12", 3).unwrap().unwrap().content().is_none());
        for generation in [0, 1] {
            let error = files.create(&content(0), generation).unwrap_err();
            assert!(error.exit_code() == 1 && error.to_string().contains("Remove it"), "{error}");
        }
        assert_eq!(std::fs::read(&outside).unwrap(), b"x");
        assert!(claims_of(Path::new("/no/such/sweep")).list().unwrap().is_empty());
    }
}
