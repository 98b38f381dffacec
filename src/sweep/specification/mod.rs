//! What a sweep is asked to train: the specification, the settings and runs that follow from it, and what runs are called by.

mod conduct;
mod exclude;
mod fields;
mod hash;
mod impossible;
mod kept;
mod keys;
mod nearest;
mod points;
mod product;
mod runs;
mod space;
mod spec;
mod value;

pub use conduct::{Confirm, Halving, Keep, Objective};
pub use hash::{FileHashes, Group, group_key, run_hash};
pub use keys::sweepable_keys;
pub use runs::{Axis, MOST_RUNS, Run, Setting, Sweep};
pub use space::AxisKind;
pub use spec::{NUMERICS, Specification};
pub use value::Value;
