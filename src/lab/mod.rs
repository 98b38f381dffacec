//! What laboratories share: the subject they examine, and the simulator that runs hundreds of trials of it at once.

mod simulator;
mod subject;

pub use simulator::{OpenEngine, Simulator, Trial, collect};
pub use subject::Subject;
