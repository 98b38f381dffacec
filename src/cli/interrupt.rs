//! Ctrl-C, SIGTERM and SIGHUP.

use super::output;
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What the shell reports for a process that Ctrl-C ended.
const ABORTED: i32 = 130;

/// From here on the first signal only sets the flag that is returned; a second one ends the process at once.
///
/// # Errors
/// If the operating system takes no handler.
pub(super) fn flag() -> Result<&'static AtomicBool> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(ABORTED);
        }
        output::warn("finishing this step, then saving; once more to give up without saving.");
    })
    .map_err(|e| Error::run(format!("cannot watch for Ctrl-C: {e}")))?;
    Ok(&INTERRUPTED)
}
