//! Ctrl-C, and the signal by which schedulers and `kill` ask a process to end.
//!
//! Every file is complete or absent, so a command may end anywhere, and does at once. Only steps of a training stand in
//! memory alone: it ends by itself, after it saved them.

use super::output::{note, say};
use crate::error::{Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// What a shell reports for a process that a signal ended: this plus its number.
const ENDED_BY_SIGNAL: i32 = 128;

/// Whether a signal came, and which.
static ASKED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static SIGNAL: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

/// Whether something stands in memory alone.
static UNSAVED: AtomicBool = AtomicBool::new(false);

/// What a command says that is ended.
static LAST_WORDS: Mutex<Option<&str>> = Mutex::new(None);

/// From here on a first such signal ends the program within moments, or where [`save_first`] was called sets [`flag`]; a
/// second one ends it at once. A hangup stays what it was: `nohup` goes on meaning what it says.
///
/// # Errors
/// If the operating system takes no handler.
pub(super) fn watch() -> Result<()> {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal still finds the flag unset, and whoever sees it set finds the number.
        flag::register_conditional_shutdown(signal, ENDED_BY_SIGNAL + signal, Arc::clone(&ASKED))
            .and_then(|_| flag::register_usize(signal, Arc::clone(&SIGNAL), signal as usize))
            .and_then(|_| flag::register(signal, Arc::clone(&ASKED)))
            .map_err(|e| Error::run(format!("cannot watch for Ctrl-C: {e}")))?;
    }
    std::thread::spawn(end_when_asked);
    Ok(())
}

fn end_when_asked() {
    while !ASKED.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(50));
    }
    if !UNSAVED.load(Ordering::SeqCst) {
        last_words();
        low_level::exit(code().into());
    }
    std::thread::sleep(Duration::from_secs(1));
    note("ending after this step, to be resumed; a second signal ends at once");
}

/// Set when a signal came.
pub(super) fn flag() -> &'static AtomicBool {
    &ASKED
}

/// Results stand in memory alone from here on: the command looks at [`flag`], saves and ends.
pub(super) fn save_first() {
    UNSAVED.store(true, Ordering::SeqCst);
}

/// What is said where a signal ends the command.
pub(super) fn say_at_end(words: &'static str) {
    *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
}

/// Says it, once.
pub(super) fn last_words() {
    let mut words = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner);
    words.take().into_iter().for_each(say);
}

/// The exit code of what did not fail: 0, or by which signal it was ended.
pub(super) fn code() -> u8 {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => 0,
        signal => ENDED_BY_SIGNAL as u8 + signal as u8,
    }
}
