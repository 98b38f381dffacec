//! The task: which conditions there are, which rates each is compared with, and what the network is shown.

mod spec;
mod stimulus;

pub use spec::{Condition, ConditionClass, Epoch, Sequence, Smoothing, StimulusSpec, TaskSpec, TimeSpec};
pub use stimulus::Stimulus;
