//! The plan of a run that goes on.

use super::stored::{BEGUN, StoredRun};
use super::summary::RunSummary;
use crate::config::{Config, Plan};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::train::{CHECKPOINT, CONFIG, MANIFEST, Manifest, RunDirectory, Stamp, last_good, progress};

/// The plan that continues the run, or the batch, in `directory`, after `change` to its settings; and what its reader
/// should know, a sentence each.
///
/// # Errors
/// As [`StoredRun::read`], or if the changed settings cannot be used.
pub fn plan_to_resume(directory: &RunDirectory, change: impl FnOnce(&mut Config)) -> Result<(Plan, Vec<String>)> {
    let stored = StoredRun::read_settings(directory.path())?;
    let (seed, networks) = (stored.config.seed, stored.config.networks);
    // Each network of a batch keeps its own state.
    let runs =
        (seed..).take(networks).map(|seed| if networks > 1 { directory.member(seed) } else { directory.clone() });
    let runs: Vec<RunDirectory> = runs.collect();
    let has_begun = runs.iter().all(|run| progress(run.path()).is_some());
    refuse_ended(&runs)?;
    let run = StoredRun::read(directory.path(), if has_begun { &BEGUN } else { &[] })?;
    if let Some(mask) = run.lost {
        return Err(Error::input(format!(
            "{} is not there (`mirror`), by whose labels the run is reported. Put it back, or take the line out of {}.",
            mask.display(),
            directory.file(CONFIG).display()
        )));
    }
    let mut config = run.config;
    change(&mut config);
    if !has_begun || config.network.init.is_none() {
        return Ok((Plan::new(config)?, run.remarks));
    }
    // The file that it started from may be gone: its state says more.
    let first = &runs[0];
    let stamp = Stamp { run: Manifest::read(&first.file(MANIFEST))?.run, divisors: None };
    let plan = Plan::starting_from(config, None, |problem| {
        let found = last_good(first, &Layout::new(&problem.dims), &stamp)?;
        Ok(found.map(|found| found.checkpoint.network.parameters))
    })?;
    Ok((plan, run.remarks))
}

/// Runs of a sweep that have ended keep no state that could be trained on.
fn refuse_ended(runs: &[RunDirectory]) -> Result<()> {
    for run in runs.iter().filter(|run| !run.file(CHECKPOINT).exists()) {
        if let Some(summary) = RunSummary::read(run.path())?.filter(|summary| summary.host.is_some()) {
            let (path, steps) = (run.path().display(), summary.steps);
            return Err(Error::input(format!(
                "{path} has ended after {steps} steps ({}), and runs of a sweep keep no state to train on from. `aon eval {path} --report` shows it; to train on, begin a run with `init = {path}`.",
                summary.stop_reason
            )));
        }
    }
    Ok(())
}
