//! Who holds what: what `claims/` and `alive/` say, for whoever wants a run and for whoever only looks.

use super::alive::last_touch;
use super::claim_file::{ClaimFile, claims_of};
use super::process::{ClaimSettings, ProcessInfo};
use crate::data::file_system_time;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How an owner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It touched its file within the lease.
    Alive,
    /// It has not touched its file for longer than the lease: stopped, cut off, or on a machine that is off. Whoever wants
    /// its runs takes them.
    Stuck,
    /// It ran on this machine, and does no more. Whoever wants its runs takes them.
    Dead,
}

/// Who holds a run.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The run.
    pub hash: String,
    /// How often the run was taken over.
    pub generation: u32,
    /// The process; `None` if its claim is empty or damaged, which holds for one lease.
    pub process: Option<ProcessInfo>,
    /// Since when, by the file server's clock.
    pub since: SystemTime,
    /// For how long.
    pub held: Duration,
    /// For how long it gave no sign of life.
    pub silent: Duration,
    /// What follows from that.
    pub life: Life,
}

/// What time was taken for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// That of the file server.
    FileServer,
    /// The newest sign of life, since nothing may be written there: all durations are at least what they say.
    NewestSign,
}

/// All owners in a sweep.
#[derive(Clone, Debug)]
pub struct Standing {
    /// One for each run that is claimed, by its hash. A run that has ended may be among them: its owner died before it
    /// could remove the claim.
    pub owners: Vec<Owner>,
    /// What their durations are measured by.
    pub clock: Clock,
}

/// What a look at a claim needs to know.
pub(super) struct Judge<'a> {
    /// The directory of signs of life.
    pub(super) alive: PathBuf,
    /// Who looks.
    pub(super) me: &'a ProcessInfo,
    /// How long a process may be silent.
    pub(super) lease: Duration,
    /// By the file server's clock, or a moment before.
    pub(super) now: SystemTime,
}

impl Judge<'_> {
    /// The owner, by its claim.
    ///
    /// # Errors
    /// If its sign of life is there and cannot be looked at.
    pub(super) fn owner(&self, hash: &str, claim: &ClaimFile) -> Result<Owner> {
        let process = claim.content().map(|content| content.process);
        let touched = process.as_ref().map_or(Ok(None), |p| last_touch(&self.alive, &p.name))?;
        // To write a claim is a sign of life too; the only one of a process whose file somebody removed, and of a claim
        // that names nobody.
        let sign = touched.map_or(claim.written, |touched| touched.max(claim.written));
        let since = |moment: SystemTime| self.now.duration_since(moment).unwrap_or_default();
        let life = self.life(process.as_ref(), since(sign));
        Ok(Owner {
            hash: hash.to_string(),
            generation: claim.generation,
            since: claim.written,
            held: since(claim.written),
            silent: since(sign),
            life,
            process,
        })
    }

    /// Who has the run, by all claims on it: of those that live, the highest, else the highest.
    ///
    /// # Errors
    /// As [`Self::owner`].
    pub(super) fn holder(&self, hash: &str, claims: &[ClaimFile]) -> Result<Option<Owner>> {
        let owners = claims.iter().map(|claim| self.owner(hash, claim)).collect::<Result<Vec<_>>>()?;
        Ok(owners.into_iter().max_by_key(|owner| (owner.life == Life::Alive, owner.generation)))
    }

    /// What follows of a process that was silent for so long.
    pub(super) fn life(&self, process: Option<&ProcessInfo>, silent: Duration) -> Life {
        if process.is_some_and(|process| process.is_gone(self.me)) {
            Life::Dead
        } else if silent > self.lease {
            Life::Stuck
        } else {
            Life::Alive
        }
    }
}

/// The owners of the claimed runs of a sweep. Of a directory that may be written, only a temporary file is written, to
/// learn the file server's time.
///
/// # Errors
/// If there is no such directory, or what is in it cannot be read.
pub fn standing(sweep: &Path, settings: &ClaimSettings) -> Result<Standing> {
    std::fs::read_dir(sweep).map_err(Error::io("read", sweep))?;
    let (files, alive) = (claims_of(sweep), sweep.join("alive"));
    let mut claims: BTreeMap<String, Vec<ClaimFile>> = BTreeMap::new();
    for (hash, generation) in files.list()? {
        // One that has just been released is held by nobody.
        let claim = files.read(&hash, generation)?;
        claims.entry(hash).or_default().extend(claim);
    }
    let (now, clock) = match file_system_time(&alive) {
        Ok(now) => (now, Clock::FileServer),
        Err(_) => (newest_sign(&alive, &claims), Clock::NewestSign),
    };
    let me = ProcessInfo::of_this(settings.host.as_deref());
    let judge = Judge { alive, me: &me, lease: settings.lease, now };
    let owners = claims.iter().map(|(hash, claims)| judge.holder(hash, claims));
    let owners = owners.filter_map(Result::transpose).collect::<Result<_>>()?;
    Ok(Standing { owners, clock })
}

/// The latest moment of which the directories know.
fn newest_sign(alive: &Path, claims: &BTreeMap<String, Vec<ClaimFile>>) -> SystemTime {
    let entries = std::fs::read_dir(alive).into_iter().flatten().flatten();
    let touches = entries.filter_map(|entry| last_touch(alive, entry.file_name().to_str()?).ok().flatten());
    touches.chain(claims.values().flatten().map(|claim| claim.written)).max().unwrap_or(SystemTime::UNIX_EPOCH)
}
