//! The study of recordings: read, tested session by session, kept, put together, reported.

mod file;
mod sessions;
mod study;
mod training;

pub use file::{TuningFile, read_tuning_file};
pub use study::{Tuned, TuningInput, check_recordings, tuning};
pub use training::Training;
