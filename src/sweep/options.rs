//! How a process takes part in a sweep.

use super::claims::ClaimSettings;
use crate::engine::{Device, EngineConfig, Problem};
use crate::run::MemoryPlan;
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

/// Floating point operations of a step of all networks together that keep a processor busy between two steps.
const BUSY: f64 = 2e9;
/// Most networks that are trained together on a processor for that.
const MOST_ON_CPU: usize = 64;

/// Networks that are trained at once, of those that memory holds: on a processor no more than keep it busy, since with few at
/// a time the first results come early.
pub(super) fn places(options: &SweepOptions, device: &Device, problem: &Problem, memory: &MemoryPlan) -> usize {
    let useful = match device {
        Device::Gpu { .. } => usize::MAX,
        Device::Cpu { threads } => {
            let all = std::thread::available_parallelism().map_or(1, usize::from);
            let threads = if *threads == 0 { all } else { *threads };
            let busy = (BUSY / problem.dims.flops_per_step().max(1.0)).ceil() as usize;
            busy.min(MOST_ON_CPU).max(2 * threads).next_multiple_of(threads)
        }
    };
    memory.most().min(options.places.unwrap_or(useful)).max(1)
}
