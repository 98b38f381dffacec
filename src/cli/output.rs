//! What the program says: results on standard output, the rest on standard error. A closed pipe ends nothing.

use super::spelling::with_flags;
use crate::error::{Error, Result};
use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;

/// Why results could not be written, where they could not.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// A result.
pub(super) fn say(text: impl Display) {
    remember(writeln!(io::stdout().lock(), "{}", visible(&text.to_string())));
}

/// Remembers for [`written`] that writing a result failed: work goes on, to be saved where it can be.
pub(super) fn remember(written: io::Result<()>) {
    let failure = written.err().filter(|e| e.kind() != ErrorKind::BrokenPipe);
    if let (Some(failure), Ok(mut first)) = (failure, FAILURE.lock()) {
        first.get_or_insert(failure);
    }
}

/// Whether every result was written.
///
/// # Errors
/// If one was not.
pub(super) fn written() -> Result<()> {
    remember(io::stdout().flush());
    let failure = FAILURE.lock().ok().and_then(|mut first| first.take());
    failure.map_or(Ok(()), |e| {
        Err(Error::run(format!("results could not be written to standard output: {e}. Files are not affected.")))
    })
}

/// A number of things: `1 network`, `2 networks`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What happens meanwhile.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", visible(&text.to_string()));
}

/// Something to think about.
pub(super) fn warn(text: impl Display) {
    labelled("warning", &text.to_string());
}

/// Why the program ends.
pub(super) fn error(error: &Error) {
    labelled("error", &error.to_string());
}

/// Lines that follow are indented: a name with a line break begins none of its own.
fn labelled(label: &str, text: &str) {
    note(format!("{label}: {}", with_flags(text).replace('\n', "\n  ")));
}

/// `text` as a terminal shows it and does not obey it: names in files may hold control characters, and those that turn
/// the direction of a line.
pub(super) fn visible(text: &str) -> String {
    let turns =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if turns(c) || c.is_control() && c != '\n' && c != '\t' {
            // Writing to a String cannot fail.
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_no_name() {
        assert_eq!(visible("a\tb\nµ „quoted“ 🧠"), "a\tb\nµ „quoted“ 🧠");
        assert_eq!(visible("\u{1b}]0;title\u{7}"), "\\u{1b}]0;title\\u{7}");
        assert_eq!(visible("x\0\r\u{8}\u{7f}\u{9b}2J"), "x\\u{0}\\u{d}\\u{8}\\u{7f}\\u{9b}2J");
        assert_eq!(visible("\u{202e}\u{2066}\u{200f}\u{2028}"), "\\u{202e}\\u{2066}\\u{200f}\\u{2028}");
    }
}
