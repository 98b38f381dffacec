//! Training: the loop, its learning rates, and the run directory that it keeps (docs/files.md#the-run-directory).
//!
//! Every file is replaced whole (temporary file, fsync, rename), except the history, which is appended to, and cut to the
//! checkpoint's step by a resume. The directory of a batch holds one for each of its networks; those whose checkpoints
//! are of different steps are trained apart until they meet, which changes no bit of any.

mod checkpoint;
mod contents;
mod directory;
mod history;
mod last_good;
mod lock;
mod manifest;
mod names;
mod reading;
mod run_writer;
mod schedule;
mod seal;
mod settle;
mod tensors;
mod trainer;
mod weights;

pub use checkpoint::{Checkpoint, read_progress};
pub use contents::{is_file_of_run, member_name};
pub use directory::{RunDirectory, finish_replacement, no_run};
pub use history::{HEADER, HistoryRow, HistoryWriter, read_history, read_history_of};
pub use last_good::{LastGood, last_good, progress};
pub use lock::Guard;
pub use manifest::{End, MANIFEST_FORMAT, Manifest, Start, hash_file};
pub use names::{CONFIG, EXPORT, MANIFEST, NORMALIZATION};
pub use reading::Reading;
pub use run_writer::{CHECKPOINT, Keeping, PREVIOUS, RunWriter};
pub use schedule::{DECISION_LAG, Schedule, ScheduleKind};
pub use seal::{hex, read_sealed_json, sha256, to_sealed_json};
pub use settle::Settled;
pub use trainer::{Entrant, Feed, Observer, Training, train};
pub use weights::{Stamp, WeightsFile, WeightsNote, write_weights};
