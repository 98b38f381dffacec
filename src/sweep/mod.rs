//! Sweeps: hundreds of networks of different settings, trained side by side on one machine, from a specification to a table
//! that can be cited.
//!
//! A [`Specification`] says which settings vary and how; [`Specification::runs`] lists the [`Sweep`] that follows, and
//! [`run_hash`] gives each run the name under which it is kept. Any number of processes share a sweep by [`Claims`].

mod alive;
mod baselines;
mod best;
mod checks;
mod claim_file;
mod claims;
mod conduct;
mod estimate;
mod event;
mod exclude;
mod feed;
mod fields;
mod halving;
mod hash;
mod home;
mod impossible;
mod kept;
mod keys;
mod nearest;
mod options;
mod outcome;
mod points;
mod process;
mod product;
mod reporter;
mod results;
mod runs;
mod space;
mod spec;
mod standing;
mod train;
mod value;

pub use claims::{Claim, Claims, Taken};
pub use conduct::{Confirm, Halving, Keep, Objective};
pub use estimate::{Estimate, GroupEstimate, estimate};
pub use event::{Deaf, RunEnded, SweepEvent, SweepListener, SweepProgress};
pub use hash::{FileHashes, Group, group_key, run_hash};
pub use home::{Home, Job};
pub use keys::sweepable_keys;
pub use options::SweepOptions;
pub use outcome::{Diverged, Outcome};
pub use process::{ClaimSettings, ProcessInfo};
pub use results::{Gathered, Gathering, ProcessRuns, gather, processes, refuse_held, write_results};
pub use runs::{Axis, MOST_RUNS, Run, Setting, Sweep};
pub use space::AxisKind;
pub use spec::{NUMERICS, Specification};
pub use standing::{Clock, Life, Owner, Standing, standing};
pub use train::{SweepEnd, train};
pub use value::Value;
