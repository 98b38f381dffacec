//! HDF5 files: their objects by path, links followed, and values that are held against what the file can hold before any is unpacked.
//!
//! hdf5-pure reads datasets and attributes. What it does not follow, soft links and references in attributes, is followed here,
//! from the headers of objects (`header`, `links`, `heap`).

mod bytes;
mod fault;
mod file;
mod header;
mod heap;
mod links;
mod values;

pub(super) use file::{Hdf5, Object, Target};
pub(super) use values::Column;
