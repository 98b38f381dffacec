//! How a process takes part in a sweep.

use super::process::ClaimSettings;
use crate::engine::EngineConfig;
use std::time::Duration;

/// How a process takes part in a sweep.
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
