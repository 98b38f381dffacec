//! Opening files that others wrote.

use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;

/// The most values of one array that are read: 33.5 million, 256 MiB in double precision. A compressed file of a few
/// kilobytes can declare, and even hold, any number.
pub const MAX_VALUES: u64 = 1 << 25;

/// The most values of the activity of a recording: 268 million, 1 GiB in single precision.
pub const MAX_ACTIVITY: u64 = 1 << 28;

/// Opens a file for reading, but nothing else that has a name: reading a directory fails late, and a pipe may never end.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let metadata = std::fs::metadata(path).map_err(Error::io("read", path))?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a directory" } else { "a device or pipe" };
        return Err(Error::input(format!("{}: expected a file, found {found}. Give a file.", path.display())));
    }
    File::open(path).map_err(Error::io("read", path))
}
