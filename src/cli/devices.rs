//! `aon devices`: what can train, and what `auto` takes.

use super::output;
use super::spelling::with_flags;
use crate::engine::gpu::{adapters, unseen};
use crate::engine::{Automatic, automatic};
use clap::Args;

/// The flags of `aon devices`.
#[derive(Debug, Args)]
pub(super) struct DevicesArgs {}

/// Prints the adapters, the processor, and the choice.
pub(super) fn run(_: &DevicesArgs) {
    let adapters = adapters();
    for adapter in &adapters {
        output::say(adapter.to_text());
    }
    if adapters.iter().all(|a| a.software) {
        for cause in unseen() {
            output::say(format!("note    {cause}"));
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    output::say(format!("cpu     {threads} threads"));
    output::say(match automatic(&adapters) {
        Automatic::Gpu(number, why) => with_flags(&format!("--engine auto takes gpu {number}: {why}")),
        Automatic::Cpu(why) => format!("--engine auto takes the CPU: {why}"),
    });
}
