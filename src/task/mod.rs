//! The task: which conditions there are, which rates each is compared with, and what the network is shown.
//!
//! A task is a TOML file ([`TaskSpec::load`]); two are built in ([`BUILT_IN`]). Nothing here assumes a number of areas,
//! conditions, input matrices or channels.

mod areas;
mod check;
mod filter;
mod load;
mod names;
mod spec;
mod stimulus;
mod stimulus_file;

pub use areas::parse_areas;
pub use load::BUILT_IN;
pub use names::Named;
pub use spec::{Condition, ConditionClass, Epoch, Sequence, Smoothing, StimulusSpec, TaskSpec, TimeSpec};
pub use stimulus::Stimulus;
