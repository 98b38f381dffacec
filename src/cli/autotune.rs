//! `aon autotune`: the fastest strategy and tiles, measured and remembered.

use super::flags::{EngineFlags, SizeFlags};
use super::notices::say_of_device;
use super::output;
use crate::engine::gpu::{keep, tune};
use crate::engine::{Device, EngineConfig, EngineKind};
use crate::error::{Error, Result};
use clap::Args;

/// Measures strategies and tiles on a GPU, and remembers the fastest for trainings of that shape.
#[derive(Debug, Args)]
pub(super) struct AutotuneArgs {
    #[command(flatten)]
    engine: EngineFlags,
    #[command(flatten)]
    size: SizeFlags,
}

/// Measures as `args` say.
///
/// # Errors
/// If there is no GPU, a size makes no problem, or nothing runs.
pub(super) fn run(args: &AutotuneArgs) -> Result<()> {
    let mut config = EngineConfig { engine: EngineKind::Gpu, ..EngineConfig::default() };
    args.engine.apply(&mut config);
    let (problem, ..) = args.size.case().pose()?;
    let Device::Gpu { device, options } = Device::choose(&config, &mut say_of_device)? else {
        return Err(Error::input(
            "--engine cpu: the CPU engine has nothing to tune; it takes its tiles from the processor.",
        ));
    };
    output::say(format!("{:>10}  {}", "s per step", device.info().name));
    let found = tune(&device, &problem, &options, |c| output::say(format!("{:>10.4}  {}", c.seconds, c.choice)))?;
    output::say(format!("\nfastest     {}", found[0].choice));
    match keep(&device, &problem, &options, &found[0])? {
        Some(choices) => output::say(format!("remembered in {}", choices.path().display())),
        None => output::warn("the system names no place for caches; set AON_CACHE_DIR to have the choice remembered."),
    }
    Ok(())
}
