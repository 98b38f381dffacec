//! What happens in a sweep.

use super::specification::Group;
use crate::run::Notice;
use std::path::PathBuf;
use std::time::Duration;

/// How far a sweep is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SweepProgress {
    /// Runs that have ended, by whichever process.
    pub ended: usize,
    /// Runs that there are, the confirmation's too once they are known.
    pub runs: usize,
    /// Networks in the places of this process, and places.
    pub in_place: usize,
    /// Places.
    pub places: usize,
    /// Trials that this process has done.
    pub trials: f64,
    /// Seconds since it began.
    pub seconds: f64,
    /// The best value of a run so far.
    pub best: Option<f64>,
    /// Steps that are left at most: runs may stop early.
    pub steps_left: u64,
    /// Steps that this process has done.
    pub steps: u64,
}

impl SweepProgress {
    /// Time left at the speed until now, if every run does all its steps.
    pub fn left(&self) -> Option<Duration> {
        (self.steps > 0).then(|| Duration::from_secs_f64(self.seconds / self.steps as f64 * self.steps_left as f64))
    }
}

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct RunEnded {
    /// Its name.
    pub hash: String,
    /// Its setting, in words.
    pub setting: String,
    /// Its seed.
    pub seed: u64,
    /// `ended`, `halved` or `diverged`.
    pub state: &'static str,
    /// Why.
    pub reason: String,
    /// Steps done.
    pub steps: u32,
    /// What it is ranked by.
    pub value: Option<f64>,
    /// Seconds of training.
    pub seconds: f64,
}

/// Something happened.
#[derive(Debug)]
pub enum SweepEvent<'a> {
    /// The sweep begins, or goes on.
    Begun {
        /// Its directory.
        path: &'a PathBuf,
        /// Settings.
        settings: usize,
        /// Runs of the search.
        runs: usize,
        /// Runs that had ended before.
        ended: usize,
        /// What its author should know.
        warnings: &'a [String],
    },
    /// Of the device, as with any training.
    Notice(&'a Notice<'a>),
    /// The networks of a group are trained.
    Group {
        /// The group.
        group: &'a Group,
        /// Its number, from 1.
        number: usize,
        /// Groups.
        of: usize,
        /// Networks that are left to train here.
        networks: usize,
        /// Places.
        places: usize,
        /// The step that they are trained to; none for their end.
        until: Option<u32>,
    },
    /// A step was done.
    Progress(&'a SweepProgress),
    /// A run has ended here.
    Ended(&'a RunEnded),
    /// Settings were compared.
    Rung {
        /// After this step.
        step: u32,
        /// Settings.
        settings: usize,
        /// Those that go on.
        kept: usize,
    },
    /// The best settings are trained again.
    Confirming {
        /// Their labels, the best first.
        settings: &'a [String],
        /// Runs.
        runs: usize,
    },
    /// Nothing is left to do here until other processes have ended their runs.
    Waiting {
        /// Runs.
        runs: usize,
    },
    /// Something to think about.
    Advice(&'a str),
}

/// Hears what happens in a sweep.
pub trait SweepListener {
    /// Something happened.
    fn event(&mut self, event: &SweepEvent);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Deaf;

impl SweepListener for Deaf {
    fn event(&mut self, _event: &SweepEvent) {}
}

/// Passes on what is said of a device or a training.
pub(super) struct Notices<'a>(pub(super) &'a mut dyn SweepListener);

impl crate::run::Listener for Notices<'_> {
    fn notice(&mut self, notice: &Notice) {
        self.0.event(&SweepEvent::Notice(notice));
    }
}
