//! Tasks from files, and the built-in ones.

use super::TaskSpec;
use crate::data::{read_text, toml_fault};
use crate::error::{Error, Result, ensure};
use std::path::Path;

/// The built-in tasks: name and TOML text, to use or to copy.
pub const BUILT_IN: [(&str, &str); 2] = [
    ("go-nogo", include_str!("../../tasks/go-nogo.toml")),
    ("go-nogo-published", include_str!("../../tasks/go-nogo-published.toml")),
];

/// What serde calls the types of a field, and what a reader calls them.
const TYPE_NAMES: [(&str, &str); 10] = [
    ("expected usize", "expected a whole number, 0 or larger"),
    ("expected f64", "expected a number"),
    ("expected f32", "expected a number"),
    ("expected a string", "expected text in quotes"),
    ("expected a sequence", "expected a list in square brackets"),
    ("expected struct TimeSpec", "expected a table with step_ms, steps_per_bin and thermal"),
    ("expected struct StimulusSpec", "expected a table with channels, sequences and, if wanted, smoothing and noise"),
    ("expected struct Smoothing", "expected a table with sigma and passes"),
    ("expected struct Epoch", "expected a table with channels, value, from and, if wanted, to"),
    ("expected struct ", "expected a table that describes one "),
];

impl TaskSpec {
    /// The task of that name if it is a built-in one, otherwise the task in that file; checked.
    ///
    /// # Errors
    /// If there is neither, or the file cannot be read, is not TOML, has fields that a task does not have or lacks some
    /// that it needs, or does not pass [`Self::check`]. The sentence names the file, and the line where there is one.
    pub fn load(name_or_path: &str) -> Result<Self> {
        if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
            return Self::parse(text, &format!("built-in task {name}"));
        }
        let path = Path::new(name_or_path);
        let names = BUILT_IN.map(|(name, _)| name).join(", ");
        ensure!(
            path.exists(),
            "there is no task `{name_or_path}`: it is neither a built-in one ({names}) nor a file. \
             Name one of them, or give the path of a task file (TOML)."
        );
        let text = read_text(path)?;
        Self::parse(&text, name_or_path)
    }

    /// The task in `text`, checked; `origin` is how errors name the file.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let task: Self = toml::from_str(text).map_err(|e| Error::input(sentence(&e, text, origin)))?;
        task.verify().map_err(|problem| Error::input(format!("{origin}: {problem}")))?;
        Ok(task)
    }

    /// The task as TOML text that [`Self::parse`] reads back.
    ///
    /// # Errors
    /// If a number is beyond what TOML can hold (64-bit signed integers).
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self)
            .map_err(|e| Error::input(format!("the task `{}` cannot be written as TOML: {e}.", self.name)))
    }
}

/// `FILE, line L: what is wrong there, and what is allowed.`
fn sentence(error: &toml::de::Error, text: &str, origin: &str) -> String {
    let (line, message) = toml_fault(error, text);
    let place = line.map_or_else(|| origin.to_string(), |line| format!("{origin}, line {line}"));
    let message = TYPE_NAMES
        .iter()
        .find(|(theirs, _)| message.contains(theirs))
        .map_or_else(|| message.clone(), |(theirs, ours)| message.replace(theirs, ours));
    format!("{place}: {message}.")
}
