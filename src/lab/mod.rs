//! What laboratories share: the subject they examine, and the simulator that runs hundreds of trials of it at once.

mod recording;
mod simulator;
mod subject;

pub use recording::{NetworkTrials, baseline_ms, bin_times, recording};
pub use simulator::{OpenEngine, Simulator, Trial, collect};
pub use subject::Subject;
