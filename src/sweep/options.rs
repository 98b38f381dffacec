//! How a process takes part in a sweep.

use super::claims::ClaimSettings;
use super::event::{Notices, SweepListener};
use super::home::Job;
use super::specification::{Specification, Sweep};
use crate::config::Plan;
use crate::engine::{Device, DeviceNotice, EngineConfig};
use crate::error::{Error, Result};
use crate::run::{Listener, Notice};
use std::time::Duration;

/// How this process takes part in a sweep.
#[derive(Clone, Debug, Default)]
pub struct SweepOptions {
    /// What computes, over what the specification says.
    pub engine: Option<EngineConfig>,
    /// Bytes to stay within on the device.
    pub memory: Option<u64>,
    /// Most networks at once.
    pub places: Option<usize>,
    /// Time after which it ends, to be gone on with.
    pub budget: Option<Duration>,
    /// Only every so-manieth run, from which on: `(i, n)`, i from 1.
    pub shard: Option<(usize, usize)>,
    /// How processes share a sweep.
    pub claims: ClaimSettings,
    /// More than [`MOST_RUNS`](super::MOST_RUNS) runs are meant.
    pub are_many_allowed: bool,
    /// Another specification than that of the directory is meant.
    pub change: bool,
}

/// How the part of this process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepEnd {
    /// All runs have ended.
    Complete,
    /// Its shard has.
    ShardComplete,
    /// It was asked to end, or its time was up.
    Paused,
}

/// The plan of the group that a job belongs to.
pub(super) fn plan_of(sweep: &Sweep, job: &Job, options: &SweepOptions) -> Result<Plan> {
    let mut config = sweep.config_of(job);
    if let Some(engine) = &options.engine {
        config.engine = engine.clone();
    }
    Plan::new(config).map_err(|error| match error {
        Error::Input(why) => {
            let setting = &sweep.settings[job.run.setting].label;
            Error::input(format!("the setting “{setting}”: {why}"))
        }
        other => other,
    })
}

pub(super) fn choose(
    specification: &Specification,
    options: &SweepOptions,
    listener: &mut dyn SweepListener,
) -> Result<Device> {
    let engine = options.engine.as_ref().unwrap_or(&specification.base.engine);
    let mut notices = Notices(listener);
    Device::choose(engine, &mut |notice: &DeviceNotice| notices.notice(&Notice::Device(notice)))
}
