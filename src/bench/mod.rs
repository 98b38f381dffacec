//! Benchmarks: the full training step on made-up data of any size, held against what the device can do at most.

pub mod card;
mod case;
mod measure;
mod scale;
mod text;

pub use case::Case;
pub use measure::{Measurement, StageSpeed, measure, measure_in_turns, peak_resident_bytes};
pub use scale::Scale;
