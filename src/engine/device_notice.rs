//! What happens while a device is chosen and tuned, for whoever wants to hear it.

use crate::error::Error;

/// Something that was decided other than one would expect, or that takes a while.
#[derive(Debug)]
pub enum DeviceNotice {
    /// There is no hardware GPU, and a GPU was asked for: this software adapter computes on the processor.
    SoftwareAdapter {
        /// Its name.
        name: String,
    },
    /// The GPU cannot be opened; the CPU takes its place.
    OnCpu {
        /// Why.
        error: Error,
    },
    /// 16-bit trajectories were asked for, which the CPU engine does not have.
    TrajectoryIgnored,
    /// What an earlier tuning found cannot be read; it is measured anew where that is worth it.
    TuningForgotten {
        /// Why.
        error: Error,
    },
    /// What is fastest on this adapter is measured now.
    Tuning {
        /// Its name.
        adapter: String,
    },
    /// The fastest strategy and tiles, in words.
    Tuned {
        /// What was chosen.
        choice: String,
    },
    /// Nothing was found, and the usual tiles are taken.
    TuningFailed {
        /// Why.
        error: Error,
    },
    /// What was found is used, and not kept.
    NotRemembered {
        /// Why.
        error: Error,
    },
}
