//! What is checked of a sweep before anything is written.

use super::event::{Notices, SweepListener};
use super::hash::Group;
use super::home::Job;
use super::options::SweepOptions;
use super::runs::Sweep;
use super::spec::Specification;
use crate::config::Plan;
use crate::engine::{Device, DeviceNotice};
use crate::error::{Error, Result};
use crate::run::{Listener, Notice};
use std::collections::BTreeSet;

/// Refuses to compare settings of which others have a part.
pub(super) fn check_shard(specification: &Specification, options: &SweepOptions) -> Result<()> {
    let Some((_, n)) = options.shard else { return Ok(()) };
    if specification.halving.is_some() {
        return Err(Error::input(format!(
            "`shard` 1 of {n} with [halving]: a comparison needs all settings at one place. Let the processes share a directory, or leave [halving] out."
        )));
    }
    Ok(())
}

/// What computes.
pub(super) fn choose(
    specification: &Specification,
    options: &SweepOptions,
    listener: &mut dyn SweepListener,
) -> Result<Device> {
    let engine = options.engine.as_ref().unwrap_or(&specification.base.engine);
    let mut notices = Notices(listener);
    Device::choose(engine, &mut |notice: &DeviceNotice| notices.notice(&Notice::Device(notice)))
}

/// The plan of the group that a job belongs to.
pub(super) fn plan_of(sweep: &Sweep, job: &Job, options: &SweepOptions) -> Result<Plan> {
    let mut config = sweep.config_of(job);
    if let Some(engine) = &options.engine {
        config.engine = engine.clone();
    }
    Plan::new(config).map_err(|error| of_setting(sweep, job, error))
}

/// The same, once every setting of the group is known to be one that it takes.
pub(super) fn checked_plan(sweep: &Sweep, jobs: &[Job], group: &Group, options: &SweepOptions) -> Result<Plan> {
    let plan = plan_of(sweep, &jobs[group.runs[0]], options)?;
    let mut known = BTreeSet::new();
    for job in group.runs.iter().map(|run| &jobs[*run]) {
        if known.insert(job.run.setting) {
            plan.check_variant(&sweep.config_of(job)).map_err(|error| of_setting(sweep, job, error))?;
        }
    }
    Ok(plan)
}

/// Says in which setting it is that something cannot be used.
fn of_setting(sweep: &Sweep, job: &Job, error: Error) -> Error {
    match error {
        Error::Input(why) => Error::input(format!("the setting “{}”: {why}", sweep.settings[job.run.setting].label)),
        other => other,
    }
}
