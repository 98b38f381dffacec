//! A run directory: what is in it, who may write to it, and how a new run replaces the one that it holds.

use super::contents::{MEMBER, Replaced, files_of_runs, is_directory, member_name, remove_temporary_files};
use super::lock::{Guard, Hold, Holder, Lock};
use super::manifest::{End, Manifest};
use super::names::{CONFIG, MANIFEST, NORMALIZATION};
use super::seal::to_sealed_json;
use crate::data::{read_text, sync_fault, sync_files, write_atomically, write_whole};
use crate::error::{Error, Result, ensure};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where a run begins that replaces another, until it is whole.
const STAGE: &str = ".aon-new";
/// The same directory from the moment on that the new run counts: what is left of the old one is to be removed, …
const REPLACING: &str = ".aon-commit";
/// … and then the files of the new one are to be put in their place.
const ARRIVING: &str = ".aon-arrive";

/// In them, what the new run replaces.
const REPLACED: &str = ".replaced.json";

/// A directory held by this process: no other writes to it while this value, or a copy, lives, however the process ends.
///
/// A run that replaces another begins in a place of its own in the directory, and counts from [`Self::commit`] on: a crash
/// at any moment leaves the old run whole or the new one. [`Self::open`] finishes what a crash interrupted.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    root: Arc<Root>,
    /// Where it is, or will be.
    path: PathBuf,
    /// Its name in the directory of its batch, if it is held as a part of that.
    member: Option<String>,
}

/// What is held.
#[derive(Debug)]
struct Root {
    path: PathBuf,
    /// Whether a new run is not yet in its place.
    is_staged: AtomicBool,
    holder: Holder,
    /// The batch that the run belongs to, whose other runs others may hold.
    _batch: Option<Lock>,
    /// Why a power failure may cost the last file, on file systems that do not promise better.
    sync_warning: Option<String>,
}

impl RunDirectory {
    /// Takes `path` for a new run, and creates it where it does not exist. A run that it holds stays until [`Self::commit`].
    ///
    /// # Errors
    /// If another process writes to it, it holds a run and `overwrite` is not set, or it holds no run but files that a
    /// run would replace.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(Error::io("create", path))?;
        let directory = Self::hold(path)?;
        if !directory.holds_a_run() {
            directory.refuse_files_of_others()?;
            return Ok(directory);
        }
        ensure!(
            overwrite,
            "{} holds a run already. Continue it with `resume = {}`, replace it with `overwrite`, or choose another `output_dir`.",
            path.display(),
            path.display()
        );
        let stage = path.join(STAGE);
        std::fs::create_dir(&stage).map_err(Error::io("create", &stage))?;
        directory.root.is_staged.store(true, Ordering::Release);
        Ok(directory)
    }

    /// Takes the directory of a run that is to be continued.
    ///
    /// # Errors
    /// If it holds no run, or another process writes to it.
    pub fn open(path: &Path) -> Result<Self> {
        settle_batch(path)?;
        if !holds_a_run(path) && !is_interrupted(path) {
            return Err(no_run(path));
        }
        Self::hold(path)
    }

    fn hold(path: &Path) -> Result<Self> {
        let root = Root {
            holder: Holder::Lock(Lock::take(path, Hold::Alone)?),
            _batch: hold_batch(path)?,
            path: path.to_path_buf(),
            is_staged: AtomicBool::new(false),
            sync_warning: sync_fault(path).map(|e| {
                format!(
                    "the file system of {} does not sync directories ({e}): a power failure may cost the last files written.",
                    path.display()
                )
            }),
        };
        settle(path)?;
        remove_temporary_files(path)?;
        Ok(Self { root: Arc::new(root), path: path.to_path_buf(), member: None })
    }

    /// Takes `path` for a run, begun or not, that `guard` keeps others from: it is asked before anything is written.
    ///
    /// # Errors
    /// If the directory cannot be made.
    pub fn guarded(path: &Path, guard: Guard) -> Result<Self> {
        std::fs::create_dir_all(path).map_err(Error::io("create", path))?;
        remove_temporary_files(path)?;
        let (holder, is_staged) = (Holder::Guard(guard), AtomicBool::new(false));
        let root = Root { path: path.to_path_buf(), is_staged, holder, _batch: None, sync_warning: None };
        Ok(Self { root: Arc::new(root), path: path.to_path_buf(), member: None })
    }

    /// Removes files of the run that are no longer needed, those that are there.
    ///
    /// # Errors
    /// If one cannot be removed, or the directory is no longer this process's.
    pub fn remove(&self, files: &[&str]) -> Result<()> {
        self.check_place()?;
        for path in files.iter().map(|file| self.file(file)).filter(|path| path.exists()) {
            std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        Ok(())
    }

    /// The directory of the network of `seed`, in the directory of a batch, which holds it.
    #[must_use]
    pub fn member(&self, seed: u64) -> Self {
        let name = member_name(seed);
        Self { root: Arc::clone(&self.root), path: self.path.join(&name), member: Some(name) }
    }

    /// Makes the directory of a network of a batch, if it has not begun already.
    ///
    /// # Errors
    /// If it cannot be made, or holds no run but files that a run would replace.
    pub fn prepare(&self) -> Result<()> {
        let path = self.current();
        std::fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        remove_temporary_files(&path)?;
        if self.holds_a_run() { Ok(()) } else { self.refuse_files_of_others() }
    }

    /// Where it is, or will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where `path` will be that may lie in the place of a new run now.
    pub fn final_place(&self, path: &Path) -> PathBuf {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let inside = absolute(path).strip_prefix(absolute(&self.root.path.join(STAGE))).map(Path::to_path_buf);
        inside.map_or_else(|_| path.to_path_buf(), |inside| absolute(&self.root.path).join(inside))
    }

    /// Where its files are now.
    fn current(&self) -> PathBuf {
        if !self.is_staged() {
            return self.path.clone();
        }
        let stage = self.root.path.join(STAGE);
        self.member.as_ref().map_or(stage.clone(), |member| stage.join(member))
    }

    fn is_staged(&self) -> bool {
        self.root.is_staged.load(Ordering::Acquire)
    }

    /// The path of `file` in it.
    pub fn file(&self, file: &str) -> PathBuf {
        self.current().join(file)
    }

    /// Writes a text file, complete or not at all. In a directory that is held by a guard, it is on the disk after
    /// [`Self::sync`]: there are many of these.
    ///
    /// # Errors
    /// If it cannot be written, or the directory is no longer where it was.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        self.check_place()?;
        match self.root.holder {
            Holder::Lock(_) => write_atomically(&self.file(file), |w| w.write_all(text.as_bytes())),
            Holder::Guard(_) => write_whole(&self.file(file), |w| w.write_all(text.as_bytes())),
        }
    }

    /// Returns when its files are on the disk.
    ///
    /// # Errors
    /// If the operating system fails.
    pub fn sync(&self) -> Result<()> {
        match self.root.holder {
            Holder::Lock(_) => Ok(()),
            Holder::Guard(_) => sync_files(&self.current()),
        }
    }

    /// Writes where the run comes from.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<()> {
        self.write(MANIFEST, &to_sealed_json(&self.file(MANIFEST), manifest)?)
    }

    /// Writes down how the last start of the run ended.
    ///
    /// # Errors
    /// If the manifest cannot be read or written.
    pub fn write_end(&self, end: End) -> Result<()> {
        let mut manifest = Manifest::read(&self.file(MANIFEST))?;
        if let Some(start) = manifest.starts.last_mut() {
            start.end = Some(end);
        }
        self.write_manifest(&manifest)
    }

    /// Refuses to go on if the directory was moved, or another is in its place.
    ///
    /// # Errors
    /// Saying so.
    pub fn check_place(&self) -> Result<()> {
        self.root.holder.check_place()
    }

    /// What the file system does not promise, a sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.root.holder.warning().into_iter().chain(&self.root.sync_warning).map(String::as_str)
    }

    /// Whether there is a run, the new one where one replaces another.
    pub fn holds_a_run(&self) -> bool {
        holds_a_run(&self.current())
    }

    /// Whether a new run has begun here that does not count yet: the old one is as it was.
    pub fn awaits_commit(&self) -> bool {
        self.is_staged()
    }

    /// Replaces the run that was here by the new one, which is whole; nothing to do where there was none.
    ///
    /// # Errors
    /// If a part of the old run is held by another process, or something else is in the way: then the old run stays; or if
    /// the files cannot be moved: then [`Self::open`] moves them.
    pub fn commit(&self) -> Result<()> {
        if !self.is_staged() {
            return Ok(());
        }
        self.check_place()?;
        let root = &self.root.path;
        // What may fail, before the old run is touched: its parts may be held by others, or something lie in the way.
        let (stage, replaced) = (root.join(STAGE), Replaced::of(&root.join(STAGE), root));
        let parts = replaced.members.iter().map(|name| Lock::take(&root.join(name), Hold::Alone));
        let _held = parts.collect::<Result<Vec<_>>>()?;
        replaced.check_way(&stage, root)?;
        let path = stage.join(REPLACED);
        let text =
            serde_json::to_string(&replaced).map_err(|e| Error::run(format!("cannot write {REPLACED}: {e}.")))?;
        write_atomically(&path, |w| w.write_all(text.as_bytes()))?;
        rename(&stage, &root.join(REPLACING))?;
        self.root.is_staged.store(false, Ordering::Release);
        settle(root)
    }

    /// A directory that holds no run may hold files of the user's that a run would replace. A manifest, alone or with
    /// the divisors of the rates, is what a run leaves that was killed before it began.
    fn refuse_files_of_others(&self) -> Result<()> {
        let of_a_beginning: &[&str] = if self.file(MANIFEST).exists() { &[MANIFEST, NORMALIZATION] } else { &[] };
        match files_of_runs().find(|f| !of_a_beginning.contains(&f.as_str()) && self.file(f).exists()) {
            None => Ok(()),
            Some(file) => Err(Error::input(format!(
                "{} holds {file}, which a run would replace, but no run. Choose another `output_dir`, or move the file.",
                self.path.display()
            ))),
        }
    }
}

/// A new run that does not count is no run.
impl Drop for Root {
    fn drop(&mut self) {
        if self.is_staged.load(Ordering::Acquire) {
            let _ = std::fs::remove_dir_all(self.path.join(STAGE));
        }
    }
}

/// Finishes a replacement that a crash interrupted, for those who only read the run.
///
/// # Errors
/// If another process writes to the directory, or it cannot be written.
pub fn finish_replacement(path: &Path) -> Result<()> {
    let batch = batch_of(path);
    batch.as_deref().into_iter().chain([path]).try_for_each(|place| {
        let mut waits = 0;
        while is_interrupted(place) {
            match RunDirectory::open(place) {
                // Another process is about it: that takes moments.
                Err(Error::Run(_)) if waits < 100 => std::thread::sleep(Duration::from_millis(20)),
                done => return done.map(drop),
            }
            waits += 1;
        }
        Ok(())
    })
}

/// The same for the batch that the run in `path` belongs to.
fn settle_batch(path: &Path) -> Result<()> {
    match batch_of(path).filter(|batch| is_interrupted(batch)) {
        Some(batch) => RunDirectory::open(&batch).map(drop),
        None => Ok(()),
    }
}

/// Why `path` cannot be resumed, evaluated or exported.
pub fn no_run(path: &Path) -> Error {
    Error::input(format!(
        "{} holds no run: expected config.toml and manifest.json in it, as `aon train --output-dir` leaves there.",
        path.display()
    ))
}

/// A configuration alone may be the user's.
fn holds_a_run(path: &Path) -> bool {
    [CONFIG, MANIFEST].iter().all(|file| path.join(file).is_file())
}

fn is_interrupted(path: &Path) -> bool {
    [REPLACING, ARRIVING].iter().any(|name| is_directory(&path.join(name)))
}

/// The directory of the batch that the run in `path` belongs to.
fn batch_of(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().or_else(|_| std::path::absolute(path)).ok()?;
    let is_member = path.file_name()?.to_string_lossy().starts_with(MEMBER);
    path.parent().filter(|batch| is_member && (holds_a_run(batch) || is_interrupted(batch))).map(Path::to_path_buf)
}

/// Keeps the batch of the run in `path`, if it has one, from being trained meanwhile. One that may not be written to is
/// not trained by this user.
fn hold_batch(path: &Path) -> Result<Option<Lock>> {
    let Some(batch) = batch_of(path) else { return Ok(None) };
    match Lock::take(&batch, Hold::Shared) {
        Err(Error::Io { .. }) => Ok(None),
        lock => lock.map(Some),
    }
}

/// Brings a replacement to its end, each part of which may be done twice; what never counted is removed.
fn settle(path: &Path) -> Result<()> {
    let [stage, replacing, arriving] = [STAGE, REPLACING, ARRIVING].map(|name| path.join(name));
    if is_directory(&replacing) {
        let list = replacing.join(REPLACED);
        let replaced = read_text(&list).ok().and_then(|text| serde_json::from_str(&text).ok());
        replaced.unwrap_or_else(|| Replaced::of(&replacing, path)).remove(path)?;
        rename(&replacing, &arriving)?;
    }
    if is_directory(&arriving) {
        let _ = std::fs::remove_file(arriving.join(REPLACED));
        put_in_place(&arriving, path)?;
    }
    if is_directory(&stage) {
        std::fs::remove_dir_all(&stage).map_err(Error::io("remove", &stage))?;
    }
    Ok(())
}

/// Moves everything in `from` to `to`, what makes it a run last.
fn put_in_place(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(Error::io("create", to))?;
    let entries = std::fs::read_dir(from).map_err(Error::io("read", from))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort_by_key(|name| name.to_str() == Some(CONFIG));
    for name in names {
        let (from, to) = (from.join(&name), to.join(&name));
        if is_directory(&from) { put_in_place(&from, &to)? } else { rename(&from, &to)? }
    }
    std::fs::remove_dir(from).map_err(Error::io("remove", from))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).map_err(Error::io("write", to))
}
