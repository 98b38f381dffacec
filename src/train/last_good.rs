//! The newest state of a run that is intact.

use super::history::{digest, read_history_of};
use super::run_writer::{CHECKPOINT, PREVIOUS};
use super::{Checkpoint, HistoryRow, RunDirectory, Stamp, read_progress};
use crate::engine::StopReason;
use crate::error::{Error, Result};
use crate::network::Layout;
use std::path::Path;

/// The checkpoints of a run, the newest first.
const CHECKPOINTS: [&str; 2] = [CHECKPOINT, PREVIOUS];

/// Where a run goes on.
#[derive(Debug)]
pub struct LastGood {
    /// Its state.
    pub checkpoint: Checkpoint,
    /// Its history up to there.
    pub rows: Vec<HistoryRow>,
    /// What was wrong with a newer checkpoint, if there is one.
    pub newer: Option<String>,
}

/// The newest checkpoint in `directory` that is intact, of a network of `layout`, with its history; `None` of a run that has
/// done nothing yet.
///
/// # Errors
/// If no checkpoint is intact, or the run has done something and has none.
pub fn last_good(directory: &RunDirectory, layout: &Layout, stamp: &Stamp) -> Result<Option<LastGood>> {
    let mut newer: Option<Error> = None;
    for file in CHECKPOINTS.map(|file| directory.file(file)) {
        let found = if file.exists() { read(directory, &file, layout, stamp) } else { Err(missing(&file)) };
        match found {
            Ok((checkpoint, rows)) => {
                return Ok(Some(LastGood { checkpoint, rows, newer: newer.map(|e| e.to_string()) }));
            }
            Err(error) => newer = newer.or(Some(error)),
        }
    }
    let has_any = CHECKPOINTS.iter().any(|file| directory.file(file).exists());
    if !has_any && !has_begun(directory) {
        return Ok(None);
    }
    let why = newer.map_or(String::new(), |error| error.to_string());
    Err(Error::run(format!(
        "{why} The run cannot be resumed; its weights can be used (`init = {}`).",
        directory.path().display()
    )))
}

fn missing(file: &Path) -> Error {
    Error::run(format!("{} is missing.", file.display()))
}

fn read(
    directory: &RunDirectory,
    file: &Path,
    layout: &Layout,
    stamp: &Stamp,
) -> Result<(Checkpoint, Vec<HistoryRow>)> {
    let checkpoint = Checkpoint::read(file, layout, &stamp.run)?;
    let mut rows = if checkpoint.network.step > 0 { read_history_of(directory)? } else { Vec::new() };
    rows.retain(|row| row.step <= checkpoint.network.step);
    if checkpoint.history.as_ref().is_some_and(|sum| *sum != digest(&rows)) {
        return Err(Error::run(format!(
            "{} is damaged: its rows up to step {} are not those of the checkpoint.",
            directory.file("history.csv").display(),
            checkpoint.network.step
        )));
    }
    Ok((checkpoint, rows))
}

/// Whether anything was done: a run that was killed before its first checkpoint has done nothing.
fn has_begun(directory: &RunDirectory) -> bool {
    let has_weights = || ["best", "last"].iter().any(|file| directory.file(&format!("{file}.safetensors")).exists());
    has_weights() || read_history_of(directory).map_or(true, |rows| !rows.is_empty())
}

/// How far the run in `directory` is, by its newest intact checkpoint: its step, and why its network stopped, if it did.
pub fn progress(directory: &Path) -> Option<(u32, Option<StopReason>)> {
    CHECKPOINTS.iter().find_map(|file| read_progress(&directory.join(file)).ok())
}
