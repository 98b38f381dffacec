//! What of a run is finished.

use super::summary::{PLANNED, RunSummary};
use crate::error::{Error, Result};
use crate::train::{End, Manifest, progress};
use std::fmt;
use std::path::Path;

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It has ended, and its fit was reported.
    Finished,
    /// It was asked to pause.
    Paused {
        /// Steps done.
        step: u32,
        /// Steps planned.
        planned: u32,
    },
    /// It was cut off, or is being trained.
    Unfinished {
        /// Steps done, as far as is known.
        step: u32,
        /// Steps planned.
        planned: u32,
    },
    /// Its loss or gradient was not finite.
    Diverged {
        /// The step of the last state before.
        step: u32,
    },
    /// All steps were done, but the fit was not reported.
    NotReported,
}

impl RunState {
    /// That of the run in `directory`, of `planned` steps.
    ///
    /// # Errors
    /// If its summary is damaged, or that of another run.
    pub(super) fn of(directory: &Path, planned: u32, manifest: &Manifest) -> Result<Self> {
        let summary = RunSummary::read(directory)?;
        if summary.as_ref().is_some_and(|s| !manifest.run.is_empty() && s.run != manifest.run) {
            return Err(Error::run(format!("{}: summary.json belongs to another run.", directory.display())));
        }
        // A summary of fewer steps is that of a shorter training, which was resumed.
        let (step, stop) = progress(directory).unwrap_or((0, None));
        if summary.is_some_and(|s| s.steps >= step && (s.steps >= planned || s.stop_reason != PLANNED)) {
            return Ok(Self::Finished);
        }
        Ok(match manifest.starts.last().and_then(|start| start.end) {
            _ if stop.is_some() || step >= planned => Self::NotReported,
            Some(End::Diverged) => Self::Diverged { step },
            Some(End::Paused) => Self::Paused { step, planned },
            Some(End::Reported) | None => Self::Unfinished { step, planned },
        })
    }

    /// What readers of an unfinished run should know, about the run in `directory`.
    pub fn warning(self, directory: &Path) -> Option<String> {
        (self != Self::Finished)
            .then(|| format!("{} is {self}: its weights are those until then.", directory.display()))
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("finished"),
            Self::Paused { step, planned } => write!(f, "not finished (paused after step {step} of {planned})"),
            Self::Unfinished { step, planned } => {
                write!(f, "not finished (cut off, or still training, after step {step} of {planned})")
            }
            Self::Diverged { step } => write!(f, "not finished (it diverged; the last state before is of step {step})"),
            Self::NotReported => {
                f.write_str("not finished (all steps are done, but its end was not reported; `resume` reports it)")
            }
        }
    }
}
