//! Data in and out: recorded firing rates, populations, synthetic data, MAT and npz files.

mod atomic;
mod recording;

pub use atomic::write_atomically;
pub use recording::{ConditionRates, Normalization, NormalizationFactors, Recording};
