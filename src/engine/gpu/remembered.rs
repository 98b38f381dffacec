//! The choice that a training gets: what an earlier tuning found, or one that is worth its seconds now.

use super::choices::{Choices, Key};
use super::device::GpuDevice;
use super::plan::GpuOptions;
use super::tune::{Candidate, Choice, candidates, tune};
use crate::engine::{DeviceNotice, Problem};
use crate::error::Result;

/// Operations that a training must have before it for a tuning to earn back the seconds it takes: some seconds' worth on a
/// small GPU, some minutes' on a software adapter.
const WORTH_TUNING: f64 = 5e11;

/// `options` with the fastest choice for `problem`: the one that is remembered, or one that is measured now if `work`
/// floating point operations are worth it. Nothing that fails here keeps a training from running as it would without.
pub fn tuned(
    device: &GpuDevice,
    problem: &Problem,
    options: &GpuOptions,
    work: f64,
    hear: &mut dyn FnMut(&DeviceNotice),
) -> GpuOptions {
    if options.tiles.is_some() {
        return *options;
    }
    let options = chosen(device, problem, options, work, hear);
    // What tuning compiled of other choices is not kept.
    if let Some(choices) = Choices::of_user() {
        device.compile_with(choices.compiled(&Key::new(problem, device.info(), &options)));
    }
    options
}

fn chosen(
    device: &GpuDevice,
    problem: &Problem,
    options: &GpuOptions,
    work: f64,
    hear: &mut dyn FnMut(&DeviceNotice),
) -> GpuOptions {
    match remembered(device, problem, options) {
        Ok(Some(choice)) => return choice.apply(options),
        Ok(None) => {}
        Err(error) => hear(&DeviceNotice::TuningForgotten(error)),
    }
    if work < WORTH_TUNING {
        return *options;
    }
    hear(&DeviceNotice::Tuning(device.info().name.clone()));
    let found = match tune(device, problem, options, |tried| {
        hear(&DeviceNotice::Tried { seconds: tried.seconds, choice: tried.choice.to_string() });
    }) {
        Ok(found) => found[0],
        Err(error) => {
            hear(&DeviceNotice::TuningFailed(error));
            return *options;
        }
    };
    if let Err(error) = keep(device, problem, options, &found) {
        hear(&DeviceNotice::NotRemembered(error));
    }
    hear(&DeviceNotice::Tuned(found.choice.to_string()));
    found.choice.apply(options)
}

/// What an earlier tuning found, if this program would still try it.
fn remembered(device: &GpuDevice, problem: &Problem, options: &GpuOptions) -> Result<Option<Choice>> {
    let Some(choices) = Choices::of_user() else { return Ok(None) };
    let choice = choices.find(&Key::new(problem, device.info(), options))?;
    Ok(choice.filter(|choice| candidates(problem, device.info(), options).contains(choice)))
}

/// Remembers what a tuning found; where, or `None` where the system names no place for caches.
///
/// # Errors
/// If the file cannot be written.
pub fn keep(device: &GpuDevice, problem: &Problem, options: &GpuOptions, found: &Candidate) -> Result<Option<Choices>> {
    let Some(choices) = Choices::of_user() else { return Ok(None) };
    choices.remember(Key::new(problem, device.info(), options), found)?;
    Ok(Some(choices))
}
