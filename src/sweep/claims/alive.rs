//! The file by which a process shows others that it is alive: touched again and again by a thread of its own.
//!
//! Its time is the file server's. A touch writes a byte, which the server stamps; nothing is ever stamped with, or compared
//! with, the clock of this machine, which may be wrong by years. How long ago the last touch was, the process itself
//! takes from its monotonic clock, which nobody sets.
//!
//! What this relies on: that the server stamps writes. NFS, SMB and local file systems do; a Lustre client stamps its own
//! writes, so that there clocks must agree to within the lease. Where they do not, or a server's clock jumps, or a
//! machine sleeps beyond the lease, a living process may be taken for dead: then work is done twice, and still published
//! by one alone, since the other learns from its claim that it was replaced.

use super::process::{ProcessInfo, is_name, to_line};
use crate::data::write_atomically;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// The file of this process, while this value lives.
#[derive(Debug)]
pub(super) struct Alive {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    text: String,
    lease: Duration,
    every: Duration,
    /// Held while the file is written; whether its last byte is a blank.
    touching: Mutex<bool>,
    /// Never held while a file is waited for.
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug)]
struct State {
    is_over: bool,
    last: Touch,
    fault: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Touch {
    /// By the file server's clock.
    stamp: SystemTime,
    /// By this machine's monotonic clock, before the byte was written: no later than `stamp`.
    at: Instant,
}

impl Alive {
    /// Writes the file of `process` into `directory`, and keeps touching it.
    ///
    /// # Errors
    /// If the file cannot be written, or no thread be started.
    pub(super) fn start(directory: &Path, process: &ProcessInfo, lease: Duration, every: Duration) -> Result<Self> {
        let path = directory.join(&process.name);
        let text = to_line(&path, process)?;
        let at = Instant::now();
        write_atomically(&path, |w| w.write_all(text.as_bytes()))?;
        let last = Touch { stamp: modified(&path)?, at };
        let state = Mutex::new(State { is_over: false, last, fault: None });
        let shared =
            Arc::new(Shared { path, text, lease, every, touching: Mutex::new(false), state, wake: Condvar::new() });
        let for_thread = Arc::clone(&shared);
        let mut alive = Self { shared, thread: None };
        let thread = std::thread::Builder::new().name("aon-alive".into()).spawn(move || for_thread.keep_touching());
        alive.thread = Some(thread.map_err(|e| Error::run(format!("cannot start a thread: {e}.")))?);
        Ok(alive)
    }

    /// The file server's time, or a moment before: by the last touch, if that was just now, or by another.
    ///
    /// # Errors
    /// If the file cannot be touched.
    pub(super) fn server_time(&self) -> Result<SystemTime> {
        let last = lock(&self.shared.state).last;
        // Asked about a thousand claims in a row, it touches the file a few times.
        let fresh = self.shared.lease.min(self.shared.every) / 20;
        if last.at.elapsed() <= fresh { Ok(last.stamp) } else { Ok(self.shared.touch()?.stamp) }
    }

    /// Sees to it that others know this process to be alive: touches the file if that was not done for half a lease, as
    /// after the process was stopped and continued, or while the disk is full.
    ///
    /// # Errors
    /// If it cannot be touched and the lease has passed: others may have taken what this process had.
    pub(super) fn renew(&self) -> Result<()> {
        let before = lock(&self.shared.state).last;
        if before.at.elapsed() <= self.shared.lease / 2 {
            return Ok(());
        }
        match self.shared.touch() {
            Err(fault) if before.at.elapsed() > self.shared.lease => Err(fault),
            _ => Ok(()),
        }
    }

    /// Why the last touch failed, if it did.
    pub(super) fn fault(&self) -> Option<String> {
        lock(&self.shared.state).fault.clone()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        lock(&self.shared.state).is_over = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.shared.path);
    }
}

impl Shared {
    fn keep_touching(&self) {
        let mut next = Instant::now() + self.every;
        while self.waits_until(next) {
            // A failure is remembered, and tried again: a full disk gets room, a server comes back.
            let _ = self.touch();
            next = Instant::now() + self.every;
        }
    }

    /// False once it is all over.
    fn waits_until(&self, next: Instant) -> bool {
        let mut state = lock(&self.state);
        while !state.is_over {
            let left = next.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn touch(&self) -> Result<Touch> {
        let mut is_blank = lock(&self.touching);
        *is_blank = !*is_blank;
        let at = Instant::now();
        // A byte in place takes no room on most file systems, so that a full disk does not silence a process. Who
        // removed, cut or replaced the file gets it back whole.
        let stamp = self.write_byte(if *is_blank { b' ' } else { b'\n' }).map_or_else(|_| self.restore(), Ok);
        let mut state = lock(&self.state);
        state.fault = stamp.as_ref().err().map(ToString::to_string);
        let touch = Touch { stamp: stamp?, at };
        state.last = touch;
        Ok(touch)
    }

    /// Writes the last byte, which ends the line or the blank that ends it, and returns when that was.
    fn write_byte(&self, byte: u8) -> std::io::Result<SystemTime> {
        let there = std::fs::symlink_metadata(&self.path)?;
        if !there.is_file() || there.len() != self.text.len() as u64 {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let mut file = File::options().write(true).open(&self.path)?;
        file.seek(SeekFrom::End(-1))?;
        file.write_all(&[byte])?;
        // An NFS client sends what was written no later than now, and then takes the time from the server.
        match file.sync_data() {
            Err(e) if ![std::io::ErrorKind::InvalidInput, std::io::ErrorKind::Unsupported].contains(&e.kind()) => {
                Err(e)
            }
            _ => file.metadata()?.modified(),
        }
    }

    fn restore(&self) -> Result<SystemTime> {
        // The directory alone: a sweep that was removed or moved is not made again.
        if let Some(directory) = self.path.parent().filter(|d| !d.exists()) {
            std::fs::create_dir(directory).map_err(Error::io("create", directory))?;
        }
        write_atomically(&self.path, |w| w.write_all(self.text.as_bytes()))?;
        modified(&self.path)
    }
}

fn modified(path: &Path) -> Result<SystemTime> {
    std::fs::symlink_metadata(path).and_then(|m| m.modified()).map_err(Error::io("look at", path))
}

/// When the process `name` last touched its file in `directory`, by the file server's clock; `None` if there is no such
/// file.
///
/// # Errors
/// If the file is there and cannot be opened.
pub(super) fn last_touch(directory: &Path, name: &str) -> Result<Option<SystemTime>> {
    let path = directory.join(name);
    // A name out of a damaged or strange claim leads nowhere else.
    if !is_name(name) || !std::fs::symlink_metadata(&path).is_ok_and(|m| m.is_file()) {
        return Ok(None);
    }
    // To open a file has an NFS client ask the server about it; of a name alone it may tell what it heard a minute ago.
    match File::open(&path).and_then(|file| file.metadata()?.modified()) {
        Ok(time) => Ok(Some(time)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("look at", &path)(e)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What it guards is whole between any two statements.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn start(directory: &Path, lease: Duration, every: Duration) -> (Alive, PathBuf) {
        let process = ProcessInfo::of_this(Some("a"));
        (Alive::start(directory, &process, lease, every).unwrap(), directory.join(process.name))
    }

    fn wait_for(what: impl Fn() -> bool) {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < Duration::from_secs(10), "what was waited for does not happen");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn the_file_is_touched_stays_readable_and_goes() {
        for place in [std::env::temp_dir(), PathBuf::from("/dev/shm")] {
            let Ok(directory) = tempfile::tempdir_in(&place) else {
                println!("not tested: {}", place.display());
                continue;
            };
            let (alive, path) = start(directory.path(), LONG, Duration::from_millis(5));
            for _ in 0..5 {
                let before = modified(&path).unwrap();
                wait_for(|| modified(&path).unwrap() > before);
                let text = std::fs::read_to_string(&path).unwrap();
                assert_eq!(serde_json::from_str::<ProcessInfo>(&text).unwrap().host, "a");
            }
            let dropped = Instant::now();
            drop(alive);
            assert!(dropped.elapsed() < Duration::from_secs(1));
            assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn dropping_does_not_wait_for_the_next_touch() {
        let directory = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        drop(start(directory.path(), LONG, LONG));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn who_removes_or_spoils_the_file_gets_it_back() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("alive");
        std::fs::create_dir(&directory).unwrap();
        let (alive, path) = start(&directory, LONG, Duration::from_millis(5));
        let whole = std::fs::read_to_string(&path).unwrap();
        let is_back = || std::fs::read_to_string(&path).is_ok_and(|text| text.trim() == whole.trim());
        std::fs::remove_file(&path).unwrap();
        wait_for(is_back);
        std::fs::rename(&directory, parent.path().join("away")).unwrap();
        wait_for(is_back);
        std::fs::write(&path, "").unwrap();
        wait_for(is_back);
        wait_for(|| alive.fault().is_none());
    }

    #[test]
    fn a_process_that_cannot_touch_its_file_knows_and_recovers() {
        let parent = tempfile::tempdir().unwrap();
        let (directory, away) = (parent.path().join("alive"), parent.path().join("away"));
        std::fs::create_dir(&directory).unwrap();
        let (alive, path) = start(&directory, Duration::from_millis(60), LONG);
        assert!(alive.renew().is_ok() && alive.fault().is_none());
        // A file where the directory was: even root cannot write into that.
        std::fs::rename(&directory, &away).unwrap();
        std::fs::write(&directory, "in the way").unwrap();
        wait_for(|| alive.renew().is_err());
        let said = alive.renew().unwrap_err();
        assert!(said.exit_code() == 1 && said.to_string().contains("cannot write"), "{said}");
        assert!(alive.fault().is_some() && alive.server_time().is_err());
        std::fs::remove_file(&directory).unwrap();
        std::fs::rename(&away, &directory).unwrap();
        assert!(alive.renew().is_ok() && alive.fault().is_none() && path.exists());
    }

    #[test]
    fn a_sweep_that_is_gone_is_not_made_again() {
        let parent = tempfile::tempdir().unwrap();
        let sweep = parent.path().join("sweep");
        std::fs::create_dir_all(sweep.join("alive")).unwrap();
        let (alive, _) = start(&sweep.join("alive"), LONG, Duration::from_millis(5));
        std::fs::rename(&sweep, parent.path().join("moved")).unwrap();
        wait_for(|| alive.fault().is_some());
        assert!(!sweep.exists());
    }

    #[test]
    fn time_comes_from_the_server_and_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let (alive, path) = start(directory.path(), Duration::from_millis(100), LONG);
        let first = alive.server_time().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let second = alive.server_time().unwrap();
        assert!(second > first && second == modified(&path).unwrap());
    }

    #[test]
    fn names_that_lead_elsewhere_have_no_file() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("alive");
        std::fs::create_dir(&directory).unwrap();
        std::fs::write(parent.path().join("secret"), "x").unwrap();
        std::fs::write(directory.join("other"), "x").unwrap();
        let touched = |name: &str| last_touch(&directory, name).unwrap();
        assert!(touched("other").is_some());
        assert!(touched("../secret").is_none() && touched("absent").is_none() && touched("").is_none());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(parent.path().join("secret"), directory.join("link")).unwrap();
            assert!(touched("link").is_none());
        }
    }
}
