//! Data in and out: recorded firing rates, populations, MAT and npz files.

mod array_file;
mod arrays;
mod atomic;
mod firing_rates;
mod foreign;
mod inputs;
mod labels;
pub mod mat;
mod npy;
pub mod npz;
pub mod recording;
mod regular;
pub(crate) mod rounding;
mod table;
mod text;

pub use array_file::{ArrayFile, ArrayFormat, write_arrays};
pub(crate) use arrays::shape_text;
pub use arrays::{NamedArray, Values};
pub(crate) use atomic::{create_exclusively, file_system_time, is_temporary, sync_files, write_whole};
pub use atomic::{sync_fault, write_atomically};
pub(crate) use firing_rates::initial_names;
pub use firing_rates::{ConditionRates, FiringRates, Normalization, NormalizationFactors, RecordedCondition};
pub use inputs::{read_mask, read_stimulus};
pub use labels::{CLASS, read_labels};
pub(crate) use regular::open_regular;
pub(crate) use table::{csv, csv_number, csv_text};
pub(crate) use text::{read_bytes, read_text, toml_fault};
