//! What is to be done in a sweep, and what of it is done.

use super::claims::{Claims, Taken};
use super::home::{Home, Job};
use super::outcome::{Outcome, RungValues, read_rungs};
use super::specification::Sweep;
use crate::config::Plan;
use crate::error::{Error, Result, ensure};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What all feeds of a sweep share.
pub(super) struct Work<'a> {
    pub(super) home: &'a Home,
    pub(super) sweep: &'a Sweep,
    pub(super) claims: &'a Claims,
    pub(super) jobs: Vec<Job>,
    /// SHA-256 of the input files when the runs got their names.
    pub(super) inputs: BTreeMap<PathBuf, String>,
    /// Set by whoever wants an end; or by the deadline.
    pub(super) stop: &'a AtomicBool,
    pub(super) deadline: Option<Instant>,
    /// Set as soon as one of both is seen.
    pub(super) halt: AtomicBool,
}

impl Work<'_> {
    /// Whether the sweep is to end here.
    pub(super) fn is_over(&self) -> bool {
        let is_over = self.stop.load(Ordering::Relaxed) || self.deadline.is_some_and(|end| Instant::now() >= end);
        if is_over {
            self.halt.store(true, Ordering::Relaxed);
        }
        is_over || self.halt.load(Ordering::Relaxed)
    }

    /// Refuses a plan of files that are not those which runs are called by.
    pub(super) fn check_inputs(&self, plan: &Plan) -> Result<()> {
        let is_other = |(path, hash): &(&PathBuf, &String)| self.inputs.get(*path).is_some_and(|then| then != *hash);
        let changed = plan.inputs.iter().find(is_other).map(|(path, _)| path.display().to_string());
        ensure!(
            changed.is_none(),
            "{} has changed while the sweep was running. Put the file back and go on with the same command, or begin another sweep.",
            changed.unwrap_or_default()
        );
        Ok(())
    }

    /// Whether a process that lives holds a job.
    pub(super) fn is_held(&self, job: usize) -> Result<bool> {
        match self.claims.take(&self.jobs[job].hash)? {
            Taken::Other(_) => Ok(true),
            Taken::Mine(claim) => claim.release().map(|()| false),
        }
    }

    /// What became of a job; `None` while it has not ended. What is damaged has not: the run is trained again.
    pub(super) fn outcome(&self, job: usize) -> Result<Option<Outcome>> {
        match Outcome::read(&self.home.run(&self.jobs[job].hash)) {
            Err(Error::Run(_)) => Ok(None),
            outcome => outcome,
        }
    }

    /// What it was compared by; nothing where that is damaged.
    fn rungs(&self, job: usize) -> Result<RungValues> {
        match read_rungs(&self.home.run(&self.jobs[job].hash)) {
            Err(Error::Run(_)) => Ok(RungValues::new()),
            rungs => rungs,
        }
    }

    /// What a job is compared by at a rung: its value there, or at its end before.
    pub(super) fn value_at(&self, job: usize, rung: u32) -> Result<AtRung> {
        if let Some((_, value)) = self.rungs(job)?.into_iter().find(|(step, _)| *step == rung) {
            return Ok(AtRung::Value(value));
        }
        // One that was halved has no value later than that.
        let outcome = self.outcome(job)?.filter(|outcome| !outcome.is_halved());
        Ok(outcome.map_or(AtRung::Missing, |outcome| AtRung::Value(outcome.value(self.sweep.objective))))
    }

    /// Whether nothing is left to do. A run that was halved may be meant to go on: by another specification than that which
    /// halved it.
    pub(super) fn is_done(&self, Task { job, goal }: Task) -> Result<bool> {
        match goal {
            Goal::Halved(_) => Ok(self.outcome(job)?.is_some()),
            Goal::Rung(rung) => Ok(self.value_at(job, rung)? != AtRung::Missing),
            Goal::End => Ok(self.outcome(job)?.is_some_and(|outcome| !outcome.is_halved())),
        }
    }
}

/// What a job is compared by at a rung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AtRung {
    /// It is not there yet.
    Missing,
    /// Its value; none of one that diverged.
    Value(Option<f64>),
}

impl AtRung {
    /// The value, if it has one.
    pub(super) fn value(self) -> Option<f64> {
        match self {
            Self::Missing => None,
            Self::Value(value) => value,
        }
    }
}

/// What is to be done with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// It is trained to its end.
    End,
    /// It is trained to a rung, and compared there.
    Rung(u32),
    /// It goes no further than this rung.
    Halved(u32),
}

/// A job and what is to be done with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) job: usize,
    pub(super) goal: Goal,
}
