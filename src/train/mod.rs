//! Training: the loop, its learning rates, and the run directory that it keeps (docs/files.md#the-run-directory).
//!
//! Every file is replaced whole (temporary file, fsync, rename), except the history, which is appended to, and cut to the
//! checkpoint's step by a resume. The directory of a batch holds one for each of its networks; those whose checkpoints
//! are of different steps are trained apart until they meet, which changes no bit of any.

mod checkpoint;
mod directory;
mod history;
mod manifest;
mod run_writer;
mod schedule;
mod settle;
mod tensors;
mod trainer;
mod weights;

pub use checkpoint::{read_checkpoint, write_checkpoint};
pub use directory::{CONFIG, EXPORT, MANIFEST, NORMALIZATION, RunDirectory, no_run};
pub use history::{HEADER, HistoryRow, HistoryWriter, read_history};
pub use manifest::{Manifest, Start, hash_file};
pub use run_writer::{CHECKPOINT, RunWriter};
pub use schedule::{DECISION_LAG, Schedule, ScheduleKind};
pub use settle::{Settled, settle};
pub use trainer::{CheckpointInterval, Observer, Outcome, TrainingPlan, train};
pub use weights::{WeightsNote, read_weights, write_weights};
