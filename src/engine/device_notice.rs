//! What happens while a device is chosen and tuned, for whoever wants to hear it.

use crate::error::Error;

/// Something that was decided other than one would expect, or that takes a while.
#[derive(Debug)]
pub enum DeviceNotice {
    /// There is no hardware GPU, and a GPU was asked for: the software adapter of this name computes on the processor.
    SoftwareAdapter(String),
    /// The GPU cannot be opened, for this reason; the CPU takes its place.
    OnCpu(Error),
    /// This setting asked for 16-bit numbers, which the CPU engine does not have.
    HalvesIgnored(&'static str),
    /// What an earlier tuning found cannot be read, for this reason; it is measured anew where that is worth it.
    TuningForgotten(Error),
    /// What is fastest on the adapter of this name is measured now.
    Tuning(String),
    /// One strategy and its tiles, in words, and the seconds that a training step takes with them.
    Tried {
        /// Seconds of a step, as far as a shortened problem tells.
        seconds: f64,
        /// What was tried.
        choice: String,
    },
    /// The fastest strategy and tiles, in words.
    Tuned(String),
    /// Nothing was found, for this reason, and the usual tiles are taken.
    TuningFailed(Error),
    /// What was found is used, and not kept, for this reason.
    NotRemembered(Error),
}
