//! `aon tune`, and the tuning at an adapter's first use: the fastest strategy and tiles, measured and remembered.

use super::flags::{EngineFlags, SizeFlags};
use super::output;
use crate::config::{EngineConfig, EngineKind};
use crate::engine::Problem;
use crate::engine::device::Device;
use crate::engine::gpu::{Candidate, Choice, Choices, GpuDevice, GpuOptions, Key, candidates, tune};
use crate::error::{Error, Result};
use clap::Args;

/// Operations that a training must have before it for a tuning to earn back the seconds it takes: some seconds' worth on a
/// small GPU, some minutes' on a software adapter.
const WORTH_TUNING: f64 = 5e11;

/// Measures strategies and tiles on a GPU, and remembers the fastest for trainings of that shape.
#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    #[command(flatten)]
    engine: EngineFlags,
    #[command(flatten)]
    size: SizeFlags,
}

/// Measures as `args` say.
///
/// # Errors
/// If there is no GPU, a size makes no problem, or nothing runs.
pub(crate) fn run(args: &TuneArgs) -> Result<()> {
    let mut config = EngineConfig { engine: EngineKind::Gpu, ..EngineConfig::default() };
    args.engine.apply(&mut config);
    let Device::Gpu { device, options } = Device::choose(&config)? else {
        return Err(Error::input(
            "--engine cpu: the CPU engine has nothing to tune; it takes its tiles from the processor.",
        ));
    };
    let case = args.size.case();
    let (problem, ..) = case.pose()?;
    output::say(format!("{:>10}  {}", "s per step", device.info().name));
    let found = tune(&device, &problem, &options, |c| output::say(format!("{:>10.4}  {}", c.seconds, c.choice)))?;
    output::say(format!("\nfastest     {}", found[0].choice));
    match keep(&device, &problem, &options, &found[0])? {
        Some(choices) => output::say(format!("remembered in {}", choices.path().display())),
        None => output::warn("the system names no place for caches; set AON_CACHE_DIR to have the choice remembered."),
    }
    Ok(())
}

/// `options` with the fastest choice for `problem`: the one that is remembered, or one that is measured now if `work`
/// floating point operations are worth it. Nothing that fails here keeps a training from running as it would without.
pub(crate) fn tuned(device: &GpuDevice, problem: &Problem, options: &GpuOptions, work: f64, quiet: bool) -> GpuOptions {
    if options.tiles.is_some() {
        return *options;
    }
    match remembered(device, problem, options) {
        Ok(Some(choice)) => return choice.apply(options),
        Ok(None) => {}
        Err(error) => output::warn(format!("{error} It is measured anew where that is worth it.")),
    }
    if work < WORTH_TUNING {
        return *options;
    }
    if !quiet {
        output::note(format!(
            "tuning     measuring what is fastest on {} (once; aon tune repeats it)",
            device.info().name
        ));
    }
    let found = match tune(device, problem, options, |_| {}) {
        Ok(found) => found[0],
        Err(error) => {
            output::warn(format!("the tuning failed, the usual tiles are taken: {error}"));
            return *options;
        }
    };
    if let Err(error) = keep(device, problem, options, &found) {
        output::warn(format!("what the tuning found is not remembered: {error}"));
    }
    if !quiet {
        output::note(format!("tuning     {}", found.choice));
    }
    found.choice.apply(options)
}

/// What an earlier tuning found, if this program would still try it.
fn remembered(device: &GpuDevice, problem: &Problem, options: &GpuOptions) -> Result<Option<Choice>> {
    let Some(choices) = Choices::of_user() else { return Ok(None) };
    let choice = choices.find(&Key::new(problem, device.info(), options))?;
    Ok(choice.filter(|choice| candidates(problem, device.info(), options).contains(choice)))
}

fn keep(device: &GpuDevice, problem: &Problem, options: &GpuOptions, found: &Candidate) -> Result<Option<Choices>> {
    let Some(choices) = Choices::of_user() else { return Ok(None) };
    choices.remember(Key::new(problem, device.info(), options), found)?;
    Ok(Some(choices))
}
