//! Ctrl-C, and the signal by which schedulers and `kill` ask a process to end.

use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a shell reports for a process that a signal ended: this plus its number.
const ENDED_BY_SIGNAL: i32 = 128;

/// From here on the first such signal only sets the flag that is returned; a second one ends the process at once.
/// A hangup stays what it was: `nohup` goes on meaning what it says.
///
/// # Errors
/// If the operating system takes no handler.
pub(super) fn flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal still finds the flag unset.
        signal_hook::flag::register_conditional_shutdown(signal, ENDED_BY_SIGNAL + signal, Arc::clone(&flag))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
            .map_err(|e| Error::run(format!("cannot watch for Ctrl-C: {e}")))?;
    }
    Ok(flag)
}
