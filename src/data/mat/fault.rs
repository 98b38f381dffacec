//! What the walk through a file finds wrong, before it is known which file that was.

use crate::error::Error;
use std::path::Path;

const DAMAGED: &str = "The file is damaged or was not written completely: save it again.";

/// A place where a file breaks the rules of its format.
#[derive(Debug)]
pub(super) struct Fault {
    /// The variable, once its name has been read; a description of the place until then.
    variable: Option<String>,
    expected: String,
    found: String,
    remedy: &'static str,
}

impl Fault {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { variable: None, expected: expected.into(), found: found.into(), remedy: DAMAGED }
    }

    /// What the user can do, where it is not that the file is damaged.
    pub(super) fn remedy(mut self, remedy: &'static str) -> Self {
        self.remedy = remedy;
        self
    }

    /// Says where the fault is, unless something closer to it has said so already.
    pub(super) fn at(mut self, variable: impl FnOnce() -> String) -> Self {
        self.variable.get_or_insert_with(variable);
        self
    }

    /// The error for the user.
    pub(super) fn into_error(self, file: &Path) -> Error {
        Error::variable(file, self.variable.as_deref().unwrap_or("header"), self.expected, self.found, self.remedy)
    }
}
