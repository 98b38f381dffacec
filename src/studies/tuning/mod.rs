//! The study of recordings: read, tested session by session, kept, put together, reported.

mod file;
mod sessions;
mod study;

pub use file::{TuningFile, read_tuning_file};
pub use study::{TuningInput, check_recordings, tuning};
