//! Sweeps: hundreds of networks of different settings, trained side by side on one machine, from a specification to a table
//! that can be cited.
//!
//! A [`Specification`] says which settings vary and how; [`Specification::runs`] lists the [`Sweep`] that follows, and
//! [`run_hash`] gives each run the name under which it is kept. [`train()`] trains what a directory ([`Home`]) has not yet;
//! any number of processes do so side by side, by [`Claims`]. [`gather`] reads what came of it.

mod baselines;
mod checks;
mod claims;
mod estimate;
mod event;
mod feed;
mod halving;
mod home;
mod leftovers;
mod options;
mod outcome;
mod processes;
mod rank;
mod reporter;
mod results;
mod specification;
mod train;
mod work;

pub use claims::{Claim, ClaimSettings, Claims, Clock, Life, Owner, ProcessInfo, Standing, Taken, standing};
pub use estimate::{Estimate, GroupEstimate, estimate};
pub use event::{Deaf, RunEnded, SweepEvent, SweepListener, SweepProgress};
pub use home::{Home, Job};
pub use options::{SweepEnd, SweepOptions};
pub use outcome::{Diverged, Outcome};
pub use processes::{ProcessRuns, processes, refuse_held};
pub use results::{Gathered, Gathering, gather, write_results};
pub use specification::{
    Axis, AxisKind, Confirm, FileHashes, Group, Halving, Keep, MOST_RUNS, NUMERICS, Objective, Run, Setting,
    Specification, Sweep, Value, group_key, run_hash, sweepable_keys,
};
pub use train::train;
