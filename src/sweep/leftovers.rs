//! What processes that were killed left of runs that they had ended.

use super::claims::Taken;
use super::outcome::{Outcome, RUNGS};
use super::work::Work;
use crate::error::Result;
use crate::run::OF_TRAINING;
use crate::train::{Guard, RunDirectory};
use std::path::Path;
use std::sync::Arc;

/// Removes the states of runs that have ended, and the claims on them.
///
/// # Errors
/// If a file cannot be removed.
pub(super) fn clear(work: &Work<'_>) -> Result<()> {
    let claimed = work.claims.claimed()?;
    for job in &work.jobs {
        let path = work.home.run(&job.hash);
        if !(claimed.contains(&job.hash) || holds_leftovers(&path)) || !Outcome::is_there(&path) {
            continue;
        }
        // Whoever is about it removes them.
        if let Taken::Mine(claim) = work.claims.take(&job.hash)? {
            let guard = claim.clone();
            let directory = RunDirectory::guarded(&path, Guard(Arc::new(move || guard.check())))?;
            directory.remove(&[&OF_TRAINING[..], &[RUNGS]].concat())?;
            claim.release()?;
        }
    }
    Ok(())
}

fn holds_leftovers(path: &Path) -> bool {
    OF_TRAINING.iter().chain([&RUNGS]).any(|file| path.join(file).exists())
}
