//! What can go wrong, as sentences a scientist can act on, and the exit code each kind ends in.

use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// An error that names what was expected, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Input that cannot be used: a file, a variable in it, a flag, or a combination of flags.
    #[error("{0}")]
    Input(String),
    /// A variable of an input file is not what the model needs.
    #[error("{}: {variable}: expected {expected}, found {found}.{}", file.display(), remedy_text(remedy))]
    Variable {
        /// The file that was read.
        file: PathBuf,
        /// The variable in it (or the header field, where no variable is concerned).
        variable: String,
        /// What the model needs there.
        expected: String,
        /// What stands there.
        found: String,
        /// What the user can do about it; empty where there is nothing to add.
        remedy: String,
    },
    /// The operating system refused to read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The verb: "read", "write", "create".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A run that started failed: divergence, a damaged run directory, a lost device.
    #[error("{0}")]
    Run(String),
    /// A device has less memory than what was asked of it; fewer networks may fit.
    #[error("{0}")]
    OutOfMemory(String),
    /// There is no device of the kind that was asked for.
    #[error("{0}")]
    NoDevice(String),
}

impl Error {
    /// An [`Error::Input`] from anything that reads as a sentence.
    pub fn input(sentence: impl Into<String>) -> Self {
        Self::Input(sentence.into())
    }

    /// An [`Error::Run`] from anything that reads as a sentence.
    pub fn run(sentence: impl Into<String>) -> Self {
        Self::Run(sentence.into())
    }

    /// An [`Error::Variable`].
    pub fn variable(
        file: &Path,
        variable: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Variable {
            file: file.to_path_buf(),
            variable: variable.into(),
            expected: expected.into(),
            found: found.into(),
            remedy: remedy.into(),
        }
    }

    /// An [`Error::Io`], for `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// The exit code of the process: 1 the run failed, 2 bad input, 3 no device (0 is success).
    ///
    /// A file that cannot be read is bad input; one that cannot be written is a failed run.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Input(_) | Self::Variable { .. } => 2,
            Self::Io { action, .. } if *action == "read" => 2,
            Self::Io { .. } | Self::Run(_) | Self::OutOfMemory(_) => 1,
            Self::NoDevice(_) => 3,
        }
    }
}

/// Returns an [`Error::Input`] with a sentence, formatted as by `format!`, unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err($crate::error::Error::input(format!($($sentence)+)));
        }
    };
}
pub(crate) use ensure;

/// Refuses a `setting` beyond `most`: what nobody means, and no machine holds or ends.
///
/// # Errors
/// Naming the setting, its value and the bound.
pub(crate) fn at_most(setting: &str, value: usize, most: usize) -> Result<()> {
    ensure!(value <= most, "`{setting} = {value}`: expected at most {most}.");
    Ok(())
}

fn remedy_text(remedy: &str) -> String {
    if remedy.is_empty() { String::new() } else { format!(" {remedy}") }
}
