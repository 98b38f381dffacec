//! Claims on runs: any number of processes share a sweep, on one machine or on many that see one file system, without a
//! server, a database or locks.
//!
//! `claims/HASH.G` is the claim of a process on the run HASH after G takeovers; `alive/PROCESS` is the sign of life of a
//! process. Whoever wants a run
//!
//! 1. looks at all claims on it. One is of a process that lives: the run is another's. All are of dead ones, by their
//!    numbers on this machine or by the lease, or there are none: the next G.
//! 2. creates `HASH.G` exclusively. The file server lets one succeed; the others begin again.
//! 3. looks again. The claim just below is still what it was, byte for byte, and all claims are a row without a gap that
//!    ends with its own: the run is its own. Otherwise somebody whom it took for dead has come back and released the run,
//!    or itself was taken for dead, and it begins again; its claim stays, and counts as that of a dead one to itself.
//!
//! Claims are removed only by the owner, and while its own stands: the lowest first, its own last ([`Claim::release`]). So
//! whoever was replaced finds, at any time, the next claim above its own, or its own gone, or another in its place: that
//! is [`Claim::check`], which an owner asks before it publishes anything. One that was stopped beyond its lease and
//! continued learns it there, even if the run has been ended and released meanwhile, or claimed anew under the same name.
//!
//! That no two are owners at once holds in all orders of these steps, of three processes that each claim a run twice and
//! may be taken for dead between any two steps (`tests/sweep_claims_model.rs`; a look before a removal is one step with
//! it). Without the look for higher claims and for gaps it does not.
//!
//! What remains is the moment between a check and what is done after it: a process that is stopped there for a whole
//! lease publishes what another published too. Both computed the same bytes, since a network depends on its settings
//! alone, and files are replaced whole.

use super::alive::Alive;
use super::claim_file::{ClaimFile, ClaimFiles, Content, check_hash, claims_of, is_row_up_to, lowest_free};
use super::process::{ClaimSettings, ProcessInfo};
use super::standing::{Judge, Life, Owner};
use crate::data::is_temporary;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// Counts claims.
    next: AtomicU64,
    /// Of claims that are held.
    numbers: Mutex<BTreeSet<u64>>,
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
        let (next, numbers) = (AtomicU64::new(0), Mutex::default());
        let shared = Shared { files, signs, me, lease: settings.lease, alive, next, numbers };
        shared.tidy()?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Who this process is to the others.
    pub fn process(&self) -> &ProcessInfo {
        &self.shared.me
    }

    /// Why the last sign of life could not be given, if so. It is tried again; after a lease, claims are lost.
    pub fn fault(&self) -> Option<String> {
        self.shared.alive.fault()
    }

    /// The runs on which there are claims, whoever has them.
    ///
    /// # Errors
    /// If the directory cannot be listed.
    pub fn claimed(&self) -> Result<BTreeSet<String>> {
        Ok(self.shared.files.list()?.into_iter().map(|(hash, _)| hash).collect())
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
        let generations = files.generations(hash)?;
        let mut claims = Vec::new();
        for generation in &generations {
            let Some(claim) = files.read(hash, *generation)? else { return Ok(None) };
            claims.push(claim);
        }
        if let Some(owner) = self.shared.living_owner(hash, &claims)? {
            return Ok(Some(Taken::Other(Box::new(owner))));
        }
        let Some(own) = lowest_free(&generations) else {
            return Err(Error::run(format!(
                "{} has the last number. Remove it.",
                files.path(hash, u32::MAX).display()
            )));
        };
        let below = claims.iter().find(|claim| Some(claim.generation) == own.checked_sub(1));
        let Some(held) = Held::create(self, hash, own)? else { return Ok(None) };
        Ok(held.settle(below)?.then(|| Taken::Mine(Claim { held: Arc::new(held) })))
    }
}

impl Shared {
    /// Who has the run, if any that has a claim on it lives. Claims that this process gave up, and could not or must not
    /// remove, are nobody's to itself.
    fn living_owner(&self, hash: &str, claims: &[ClaimFile]) -> Result<Option<Owner>> {
        let judge = self.judge()?;
        let mut living = None;
        for claim in claims {
            let owner = judge.owner(hash, claim)?;
            if owner.life == Life::Alive && !self.has_given_up(claim) {
                living = Some(owner);
            }
        }
        Ok(living)
    }

    fn has_given_up(&self, claim: &ClaimFile) -> bool {
        let of_this = claim.content().filter(|content| content.process.name == self.me.name);
        of_this.is_some_and(|content| !self.numbers().contains(&content.number))
    }

    /// Those of the claims that this process has or is about to have.
    fn numbers(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

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
    number: u64,
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
    /// Creates a claim; `None` if another was faster.
    fn create(claims: &Claims, hash: &str, generation: u32) -> Result<Option<Self>> {
        let shared = &claims.shared;
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        shared.numbers().insert(number);
        let content = Content { hash: hash.to_string(), process: shared.me.clone(), number };
        let created = shared.files.create(&content, generation);
        if !matches!(created, Ok(Some(_))) {
            shared.numbers().remove(&number);
        }
        let held = |file| Self { claims: claims.clone(), hash: hash.into(), file, number, is_over: false.into() };
        Ok(created?.map(held))
    }

    /// Step 3 of taking a run (see the top of this file): whether it is this process's, which created its claim above
    /// `below`. If not, the claim is given up, and stays: others may have gone by it.
    fn settle(&self, below: Option<&ClaimFile>) -> Result<bool> {
        let settled = self.stands_above(below);
        if !matches!(settled, Ok(true)) {
            self.end();
        }
        settled
    }

    fn stands_above(&self, below: Option<&ClaimFile>) -> Result<bool> {
        let files = &self.claims.shared.files;
        if let Some(before) = below
            && files.read(&self.hash, before.generation)?.is_none_or(|now| now.bytes != before.bytes)
        {
            return Ok(false);
        }
        // This process has just changed the directory, so that no client lists it from memory.
        Ok(is_row_up_to(self.file.generation, &files.generations(&self.hash)?))
    }

    /// From here on the claim is nobody's.
    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.claims.shared.numbers().remove(&self.number);
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
        if self.is_there()? {
            return Ok(None);
        }
        Ok(Some(format!(
            "run {} was taken over and released by another process, or {} removed by somebody",
            self.hash,
            files.path(&self.hash, own).display()
        )))
    }

    fn is_there(&self) -> Result<bool> {
        let found = self.claims.shared.files.read(&self.hash, self.file.generation)?;
        Ok(found.is_some_and(|now| now.bytes == self.file.bytes))
    }

    fn release(&self) -> Result<()> {
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.end();
        if self.replaced()?.is_some() {
            return Ok(());
        }
        let (files, own) = (&self.claims.shared.files, self.file.generation);
        let lower = files.generations(&self.hash)?.into_iter().filter(|g| *g < own);
        for generation in lower.chain([own]) {
            // Whoever replaced this process meanwhile may have released the run too, and these claims be others'.
            if !self.is_there()? {
                return Ok(());
            }
            // If it stays, so do those above: its owner must go on finding that it was replaced.
            files.remove(&self.hash, generation)?;
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Others take what stays once this process is gone.
        let _ = self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(sweep: &Path, host: &str) -> Claims {
        Claims::join(sweep, &ClaimSettings { host: Some(host.into()), ..ClaimSettings::default() }).unwrap()
    }

    /// What stopped processes find when they go on with step 3.
    #[test]
    fn a_claim_that_others_went_by_or_overtook_is_not_settled() {
        let sweep = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|host| join(sweep.path(), host));
        let files = &a.shared.files;
        let create = |claims, generation| Held::create(claims, "ab12", generation).unwrap().unwrap();
        // Taken for dead before it looked: another is above it.
        let (slow, fast) = (create(&a, 0), create(&b, 1));
        assert!(!slow.settle(None).unwrap() && fast.settle(Some(&slow.file)).unwrap());
        assert!(slow.loss().unwrap().is_some() && fast.loss().unwrap().is_none());
        assert!(files.exists("ab12", 0).unwrap(), "it is part of the row");
        fast.release().unwrap();
        assert!(files.list().unwrap().is_empty());
        // The claim that it went by was released meanwhile; and even claimed anew.
        let owner = create(&a, 0);
        let late = create(&b, 1);
        files.remove("ab12", 0).unwrap();
        assert!(!late.settle(Some(&owner.file)).unwrap());
        let (again, later) = (create(&c, 0), create(&b, 2));
        assert!(!later.settle(Some(&owner.file)).unwrap() && !again.settle(None).unwrap());
        // What was given up is nobody's to whoever gave it up, and somebody's to the others.
        drop((owner, late, again, later));
        assert!(matches!(a.take("ab12").unwrap(), Taken::Other(owner) if owner.process.as_ref() == Some(b.process())));
        files.remove("ab12", 0).unwrap();
        let Taken::Mine(claim) = b.take("ab12").unwrap() else { panic!("it is b's alone") };
        assert_eq!(claim.generation(), 3);
        claim.release().unwrap();
        assert!(files.list().unwrap().is_empty());
    }

    #[test]
    fn a_release_stops_where_the_claims_are_others() {
        let sweep = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|host| join(sweep.path(), host));
        let files = &a.shared.files;
        let lost = Held::create(&a, "ab12", 1).unwrap().unwrap();
        files.remove("ab12", 1).unwrap();
        let row = [0, 1].map(|generation| Held::create(&b, "ab12", generation).unwrap().unwrap());
        lost.release().unwrap();
        assert_eq!(files.generations("ab12").unwrap(), [0, 1]);
        row[1].release().unwrap();
        assert!(files.list().unwrap().is_empty());
    }
}
