//! Data in and out: recorded firing rates, populations, MAT and npz files.

mod arrays;
mod atomic;
mod inputs;
pub mod mat;
pub mod npz;
mod recording;
mod table;

pub(crate) use arrays::shape_text;
pub use arrays::{ArrayFile, NamedArray, Values, write_arrays};
pub use atomic::write_atomically;
pub use inputs::{read_mask, read_stimulus};
pub use recording::{ConditionRates, Normalization, NormalizationFactors, RecordedCondition, Recording};
pub(crate) use table::{csv, csv_number, csv_text};
