//! The bytes of an open file, read where they are needed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// Addresses that lead nowhere.
pub(super) const UNDEFINED: u64 = u64::MAX;
/// The longest piece that is read at once, 16 MiB: what describes a file is shorter.
const LONGEST: u64 = 1 << 24;

/// A file whose addresses count from `base`. Nothing is reserved that the file does not hold.
pub(super) struct Bytes {
    file: Mutex<File>,
    length: u64,
    base: u64,
}

impl Bytes {
    pub(super) fn new(file: File, length: u64, base: u64) -> Self {
        Self { file: Mutex::new(file), length, base }
    }

    /// The `length` bytes at `address`, if the file has them.
    pub(super) fn at(&self, address: u64, length: u64) -> Option<Vec<u8>> {
        let start = self.base.checked_add(address)?;
        if length > LONGEST || start.checked_add(length)? > self.length {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start)).ok()?;
        file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// Takes numbers and pieces from the front of a slice.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    /// An unsigned number of 1 to 8 bytes, the lowest first.
    pub(super) fn number(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// Text up to a zero byte, or to the end.
    pub(super) fn text(&mut self) -> String {
        let length = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        let text = String::from_utf8_lossy(&self.0[..length]).into_owned();
        self.0 = self.0.get(length + 1..).unwrap_or(&[]);
        text
    }
}
