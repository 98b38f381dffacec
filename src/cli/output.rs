//! What the program says: results on standard output, the rest on standard error. A closed pipe ends nothing.

use super::spelling::with_flags;
use crate::error::Error;
use std::fmt::Display;
use std::io::Write;

/// A result.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A number of things: `1 network`, `2 networks`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What happens meanwhile.
pub fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Something to think about.
pub fn warn(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "warning: {}", with_flags(&text.to_string()));
}

/// Why the program ends.
pub fn error(error: &Error) {
    let _ = writeln!(std::io::stderr().lock(), "error: {}", with_flags(&error.to_string()));
}
