//! Data in and out: recorded firing rates, populations, synthetic data, MAT and npz files.

mod arrays;
mod atomic;
pub mod mat;
pub mod npz;
mod recording;

pub use arrays::{ArrayFile, NamedArray, Values, write_arrays};
pub use atomic::write_atomically;
pub use recording::{ConditionRates, Normalization, NormalizationFactors, Recording};
