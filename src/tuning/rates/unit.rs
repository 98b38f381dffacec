//! The unit of rates.

use serde::{Deserialize, Serialize};

/// What rates are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateUnit {
    /// Of spikes.
    SpikesPerSecond,
    /// Of frames: as the file has it.
    Recorded,
}

impl RateUnit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SpikesPerSecond => "spikes/s",
            Self::Recorded => "the recording's unit",
        }
    }

    /// How `aon train` brings such rates to 0…1: `soft` adds 5 to the largest rate, which means something in spikes/s.
    pub(super) fn normalization(self) -> &'static str {
        match self {
            Self::SpikesPerSecond => "soft",
            Self::Recorded => "peak",
        }
    }
}
