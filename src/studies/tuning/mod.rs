//! The study of recordings: read, tested session by session, kept, put together, reported.

mod file;
mod sessions;
mod shown;
mod study;

pub use file::{TuningFile, read_tuning_file};
pub use shown::Training;
pub use study::{Tuned, TuningInput, check_recordings, tuning};
