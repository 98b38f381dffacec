//! Lesions of trained networks, run after run.

use super::across;
use super::settings::PerturbSettings;
use super::study::{Studied, study};
use crate::error::Result;
use crate::run::{Listener, Notice, Opening, members};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Studies of runs.
#[derive(Debug)]
pub struct Studies {
    /// Of each run.
    pub studies: Vec<Studied>,
    /// The report that compares them, where they are several.
    pub across: Option<PathBuf>,
}

/// Lesions the networks of `runs`, and compares them where they are several; each is opened
/// as `opening` says. `None` if it was asked to stop before the end: what is finished is
/// kept, and the same call goes on from there.
///
/// # Errors
/// If a setting cannot be meant, a run or a file cannot be read or written, or the engine fails.
pub fn perturb(
    runs: &[PathBuf],
    settings: &PerturbSettings,
    opening: &Opening,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Studies>> {
    settings.check()?;
    let members = members(runs)?;
    let mut studies = Vec::with_capacity(members.len());
    for (run, number) in members.iter().zip(1..) {
        if members.len() > 1 {
            listener.notice(&Notice::Studied { run, number, of: members.len() });
        }
        let Some(study) = study(run, settings, opening, stop, listener)? else { return Ok(None) };
        studies.push(study);
    }
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let place = || settings.output_dir.clone().unwrap_or_else(|| across::default_place(runs));
    let across = (studies.len() > 1).then(|| across::write(&place(), &members, &studies, settings.seed)).transpose()?;
    Ok(Some(Studies { studies, across }))
}
