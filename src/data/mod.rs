//! Data in and out: recorded firing rates, populations, synthetic data, MAT and npz files.

mod recording;

pub use recording::{ConditionRates, Normalization, NormalizationFactors, Recording};
