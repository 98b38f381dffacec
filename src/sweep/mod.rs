//! Sweeps: hundreds of networks of different settings, trained side by side on one machine, from a specification to a table
//! that can be cited.
//!
//! A [`Specification`] says which settings vary and how; [`Specification::runs`] lists the [`Sweep`] that follows, and
//! [`run_hash`] gives each run the name under which it is kept. Any number of processes share a sweep by [`Claims`].

mod alive;
mod claim_file;
mod claims;
mod conduct;
mod exclude;
mod fields;
mod hash;
mod impossible;
mod kept;
mod keys;
mod nearest;
mod points;
mod process;
mod product;
mod runs;
mod space;
mod spec;
mod standing;
mod value;

pub use claims::{Claim, Claims, Taken};
pub use conduct::{Confirm, Halving, Keep, Objective};
pub use hash::{FileHashes, Group, group_key, run_hash};
pub use keys::sweepable_keys;
pub use process::{ClaimSettings, ProcessInfo};
pub use runs::{Axis, MOST_RUNS, Run, Setting, Sweep};
pub use space::AxisKind;
pub use spec::{NUMERICS, Specification};
pub use standing::{Clock, Life, Owner, Standing, standing};
pub use value::Value;
