//! Sweeps: hundreds of networks of different settings, trained side by side on one machine, from a specification to a table
//! that can be cited.
//!
//! A [`Specification`] says which settings vary and how; [`Specification::runs`] lists the [`Sweep`] that follows, and
//! [`run_hash`] gives each run the name under which it is kept.

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
