//! Claims on runs: any number of processes share a sweep, on one machine or on many that see one file system, without a
//! server, a database or locks.
//!
//! `claims/HASH.G` is the claim of a process on the run HASH after G takeovers; the owner of the run is that of the
//! highest G. `alive/PROCESS` is the sign of life of a process. Whoever wants a run
//!
//! 1. looks for the highest claim. There is none: G = 0. Its owner lives: the run is another's. Its owner is dead, by its
//!    number on this machine or by the lease: the next G.
//! 2. creates `HASH.G` exclusively. The file server lets one succeed; the others begin again.
//! 3. looks whether the claim it went by is still there, byte for byte, and none is above its own. Both hold: the run is
//!    its own. Otherwise the owner it took for dead has come back and released the run, and it begins again.
//!
//! Step 3 keeps the claims on a run in a row without a gap: one is created only above one that is there, and removed only
//! by the owner, which removes the lowest first and its own last ([`Claim::release`]). So whoever was replaced finds, at any
//! time, the next claim above its own, or its own gone, or another in its place: that is [`Claim::check`], which an owner
//! asks before it publishes anything. One that was stopped beyond its lease and continued learns it there, even if the
//! run has been ended and released meanwhile, or claimed anew under the same name.
//!
//! What remains is the moment between a check and what is done after it: a process that is stopped there for a whole
//! lease publishes what another published too. Both computed the same bytes, since a network depends on its settings
//! alone, and files are replaced whole.

use super::alive::Alive;
use super::claim_file::{ClaimFile, ClaimFiles, Content, check_hash, claims_of};
use super::process::{ClaimSettings, ProcessInfo};
use super::standing::{Judge, Life, Owner};
use crate::data::is_temporary;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// How often a run is asked for whose claims change meanwhile.
const ATTEMPTS: u32 = 100;

/// Signs of life that are older than so many leases say nothing to anybody.
const FORGOTTEN: u32 = 20;

/// In bytes. What is longer, a process did not write.
const LONGEST_SIGN: u64 = 1 << 16;

/// This process among those that share a sweep. It lives, to the others, until the last clone and the last [`Claim`] are
/// dropped.
#[derive(Clone, Debug)]
pub struct Claims {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    files: ClaimFiles,
    signs: PathBuf,
    me: ProcessInfo,
    lease: Duration,
    alive: Alive,
    /// Claims that were tried.
    number: AtomicU64,
}

/// What came of wanting a run.
#[derive(Debug)]
pub enum Taken {
    /// It is this process's. Whether it has ended must be looked at *now*: another may have ended and released it between
    /// an earlier look and this.
    Mine(Claim),
    /// It is another's, or another [`Claim`]'s of this process.
    Other(Box<Owner>),
}

impl Claims {
    /// Joins those who work on the sweep in a directory: makes `claims/` and `alive/` in it, writes the sign of life of
    /// this process, and removes what dead ones left.
    ///
    /// # Errors
    /// If the directory cannot be written to.
    pub fn join(sweep: &Path, settings: &ClaimSettings) -> Result<Self> {
        let (files, signs) = (claims_of(sweep), sweep.join("alive"));
        for directory in [&files.directory, &signs] {
            std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        }
        let me = ProcessInfo::of_this(settings.host.as_deref());
        let alive = Alive::start(&signs, &me, settings.lease, settings.touch_every)?;
        let number = AtomicU64::new(0);
        let claims = Self { shared: Arc::new(Shared { files, signs, me, lease: settings.lease, alive, number }) };
        claims.shared.tidy()?;
        Ok(claims)
    }

    /// Who this process is to the others.
    pub fn process(&self) -> &ProcessInfo {
        &self.shared.me
    }

    /// Why the last sign of life could not be given, if so. It is tried again; after a lease, claims are lost.
    pub fn fault(&self) -> Option<String> {
        self.shared.alive.fault()
    }

    /// Takes a run that nobody has, or whose owner is dead.
    ///
    /// # Errors
    /// If the hash cannot be a file's name, the directories cannot be read and written, something that is no claim
    /// stands where the claim would, or the claims on the run change without end.
    pub fn take(&self, hash: &str) -> Result<Taken> {
        check_hash(hash)?;
        for attempt in 0..ATTEMPTS {
            if let Some(taken) = self.try_to_take(hash)? {
                return Ok(taken);
            }
            // Who was slower than another finds the other's claim at once; only what a file server tells late takes time.
            std::thread::sleep(Duration::from_millis(u64::from(attempt.saturating_sub(2)).min(20)));
        }
        Err(Error::run(format!(
            "the claims on run {hash} in {} change faster than they can be read. See what else writes there.",
            self.shared.files.directory.display()
        )))
    }

    /// `None` where another was faster, or what was seen has changed.
    fn try_to_take(&self, hash: &str) -> Result<Option<Taken>> {
        let files = &self.shared.files;
        let below = match files.top(hash)? {
            None => None,
            Some(top) => {
                let Some(claim) = files.read(hash, top)? else { return Ok(None) };
                let owner = self.shared.judge()?.owner(hash, &claim)?;
                if owner.life == Life::Alive {
                    return Ok(Some(Taken::Other(Box::new(owner))));
                }
                Some(claim)
            }
        };
        let generation = below.as_ref().map_or(Some(0), |claim| claim.generation.checked_add(1));
        let generation = generation.ok_or_else(|| {
            Error::run(format!("{} has the last number. Remove it.", files.path(hash, u32::MAX).display()))
        })?;
        let number = self.shared.number.fetch_add(1, Ordering::Relaxed);
        let content = Content { hash: hash.to_string(), process: self.shared.me.clone(), number };
        let Some(file) = files.create(&content, generation)? else { return Ok(None) };
        let held = Held { claims: self.clone(), hash: hash.to_string(), file, is_over: AtomicBool::new(false) };
        Ok(held.settle(below.as_ref())?.then(|| Taken::Mine(Claim { held: Arc::new(held) })))
    }
}

impl Shared {
    fn judge(&self) -> Result<Judge<'_>> {
        let now = self.alive.server_time()?;
        Ok(Judge { alive: self.signs.clone(), me: &self.me, lease: self.lease, now })
    }

    /// Removes signs of life of the dead, which only lengthen lists, and temporary files that a crash left.
    fn tidy(&self) -> Result<()> {
        let judge = self.judge()?;
        for directory in [&self.files.directory, &self.signs] {
            let entries = std::fs::read_dir(directory).map_err(Error::io("list", directory))?;
            // What cannot be looked at or removed, or is gone, is in nobody's way.
            for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|t| t.is_file())) {
                let Ok(written) = entry.metadata().and_then(|m| m.modified()) else { continue };
                let silent = judge.now.duration_since(written).unwrap_or_default();
                let left = entry.file_name().to_str().is_some_and(is_temporary) && silent > self.lease;
                if left || (directory == &self.signs && is_forgotten(&judge, &entry, silent)) {
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
        Ok(())
    }
}

/// Whether a file is the sign of life of a process that is gone, or was silent for so long that it is as good as gone;
/// if it is not, it makes its file anew.
fn is_forgotten(judge: &Judge<'_>, entry: &std::fs::DirEntry, silent: Duration) -> bool {
    let text = Some(entry.path()).filter(|_| entry.metadata().is_ok_and(|m| m.len() < LONGEST_SIGN));
    let text = text.and_then(|path| std::fs::read(path).ok());
    let process = text.and_then(|text| serde_json::from_slice::<ProcessInfo>(&text).ok());
    process.filter(|process| entry.file_name().to_str() == Some(&process.name)).is_some_and(|process| {
        judge.life(Some(&process), silent) == Life::Dead || silent > judge.lease.saturating_mul(FORGOTTEN)
    })
}

/// A run that is this process's, until it is released or the last clone dropped; unless the process was silent for longer
/// than the lease, and another took it over.
#[derive(Clone, Debug)]
pub struct Claim {
    held: Arc<Held>,
}

#[derive(Debug)]
struct Held {
    claims: Claims,
    hash: String,
    file: ClaimFile,
    is_over: AtomicBool,
}

impl Claim {
    /// The run.
    pub fn hash(&self) -> &str {
        &self.held.hash
    }

    /// How often the run was taken over before.
    pub fn generation(&self) -> u32 {
        self.held.file.generation
    }

    /// Since when it is held, by the file server's clock.
    pub fn since(&self) -> SystemTime {
        self.held.file.written
    }

    /// Refuses to go on with a run that is no longer this process's. To be asked before anything of the run is published;
    /// costs as much as opening a small file.
    ///
    /// # Errors
    /// If the claim is lost, saying to whom: the work on the run is to be dropped, and the others go on. Or if that cannot
    /// be known, since the directory cannot be read.
    pub fn check(&self) -> Result<()> {
        self.held.loss()?.map_or(Ok(()), |why| Err(Error::run(format!("{why}: its work here is dropped."))))
    }

    /// Whether the claim is known to be lost. Where that cannot be known, it is not; [`Self::check`] refuses then.
    pub fn is_lost(&self) -> bool {
        matches!(self.held.loss(), Ok(Some(_)))
    }

    /// Gives the run back: removes its claims, the lowest first, this one last, whatever clones there are. Of one that is
    /// lost, nothing: its files are for the new owner to remove.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn release(self) -> Result<()> {
        self.held.release()
    }
}

impl Held {
    /// Step 3 of taking a run (see the top of this file): whether it is this process's, which created its claim above
    /// `below`. If not, the claim is taken back.
    fn settle(&self, below: Option<&ClaimFile>) -> Result<bool> {
        let (files, own) = (&self.claims.shared.files, self.file.generation);
        let stands = match below {
            None => true,
            Some(before) => files.read(&self.hash, before.generation)?.is_some_and(|now| now.bytes == before.bytes),
        };
        // This process has just changed the directory, so that no client lists it from memory.
        let is_highest = files.top(&self.hash)? == Some(own);
        if stands && is_highest {
            return Ok(true);
        }
        self.is_over.store(true, Ordering::Relaxed);
        // This process itself was taken for dead, here, between two lines: its claim is part of the row by which the
        // one below learns that it was replaced.
        if !(stands && below.is_some()) {
            files.remove(&self.hash, own)?;
        }
        Ok(false)
    }

    /// Why the run is no longer this process's.
    fn loss(&self) -> Result<Option<String>> {
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(Some(format!("run {} was released", self.hash)));
        }
        // First the sign of life, then the look: whoever takes this process for dead has done so before, and is seen.
        if let Err(fault) = self.claims.shared.alive.renew() {
            return Ok(Some(format!(
                "run {} may be another process's by now, since this one could give no sign of life ({fault})",
                self.hash
            )));
        }
        self.replaced()
    }

    /// Who or what replaced the claim. The next one first, then its own: of a run that was taken over before this look,
    /// either the first is there or the second is gone.
    fn replaced(&self) -> Result<Option<String>> {
        let (files, own) = (&self.claims.shared.files, self.file.generation);
        files.look_again();
        if let Some(next) = own.checked_add(1)
            && files.exists(&self.hash, next)?
        {
            let owner = files.read(&self.hash, next)?.and_then(|claim| claim.content());
            let by = owner.map_or("another process".into(), |o| format!("{} on {}", o.process.name, o.process.host));
            return Ok(Some(format!("run {} was taken over by {by}", self.hash)));
        }
        match files.read(&self.hash, own)? {
            Some(now) if now.bytes == self.file.bytes => Ok(None),
            _ => Ok(Some(format!(
                "run {} was taken over and released by another process, or {} removed by somebody",
                self.hash,
                files.path(&self.hash, own).display()
            ))),
        }
    }

    /// Between the look and the removal, the claim may be lost; then the new owner's claim stays, and stands alone, or, if
    /// the new owner has ended and a third one has claimed the run, the third finds its claim gone, and takes it again.
    fn release(&self) -> Result<()> {
        if self.is_over.load(Ordering::Relaxed) || self.replaced()?.is_some() {
            self.is_over.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let (files, own) = (&self.claims.shared.files, self.file.generation);
        for generation in files.generations(&self.hash)?.into_iter().filter(|g| *g < own) {
            files.remove(&self.hash, generation)?;
        }
        // Not before: should one of the lower ones stay, its owner must go on finding this.
        files.remove(&self.hash, own)?;
        self.is_over.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Others take what stays once this process is gone.
        let _ = self.release();
    }
}
