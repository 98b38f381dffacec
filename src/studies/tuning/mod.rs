//! The study of recordings: read, tested session by session, kept, put together, reported.

mod beyond;
mod file;
mod input;
mod known;
mod network;
mod sessions;
mod shown;
mod study;

pub use file::{TuningFile, read_tuning_file};
pub use input::{Also, TuningInput};
pub use shown::Training;
pub use study::{Tuned, check_recordings, tuning};
