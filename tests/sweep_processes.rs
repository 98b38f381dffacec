//! Claims on runs, as processes take them that are killed, stopped, continued, and whose clocks are wrong. The processes
//! are this test, run again.
#![cfg(unix)]

use aon::sweep::{Claim, ClaimSettings, Claims, Clock, Life, Taken, standing};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Says to this test that it is a child, of the sweep in this directory.
const SWEEP: &str = "AON_TEST_SWEEP";
/// The host that it plays; its own without.
const HOST: &str = "AON_TEST_HOST";
/// Its lease in milliseconds.
const LEASE: &str = "AON_TEST_LEASE";

fn settings(host: Option<String>, lease: u64) -> ClaimSettings {
    ClaimSettings { host, lease: Duration::from_millis(lease), touch_every: Duration::from_millis(lease / 8) }
}

/// What a child does: it answers each line that it is told by one. `take HASH`, `race N`, `check HASH`, `release HASH`,
/// `clock it`.
#[test]
fn child() {
    let Some(sweep) = std::env::var_os(SWEEP) else { return };
    let lease = std::env::var(LEASE).unwrap().parse().unwrap();
    let claims = match Claims::join(Path::new(&sweep), &settings(std::env::var(HOST).ok(), lease)) {
        Ok(claims) => claims,
        Err(error) => return println!("\n> {error}"),
    };
    let mut held = BTreeMap::new();
    println!("\n> {}", claims.process().name);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (command, what) = line.split_once(' ').unwrap();
        let said = match command {
            "take" => take(&claims, what, &mut held),
            "race" => take_many(&claims, what.parse().unwrap(), &mut held),
            "check" => held[what].check().map_or_else(|e| e.to_string(), |()| "held".into()),
            "clock" => SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string(),
            "release" => held.remove(what).unwrap().release().map_or_else(|e| e.to_string(), |()| "released".into()),
            _ => unreachable!("{line}"),
        };
        println!("> {said}");
    }
}

fn take(claims: &Claims, hash: &str, held: &mut BTreeMap<String, Claim>) -> String {
    match claims.take(hash) {
        Ok(Taken::Mine(claim)) => {
            let said = format!("mine {}", claim.generation());
            held.insert(hash.into(), claim);
            said
        }
        Ok(Taken::Other(owner)) => format!("other {:?} {}", owner.life, owner.process.map_or("?".into(), |p| p.name)),
        Err(error) => error.to_string(),
    }
}

/// Takes what it can of N runs, and says which.
fn take_many(claims: &Claims, runs: usize, held: &mut BTreeMap<String, Claim>) -> String {
    let won = (0..runs).map(|k| format!("run{k}")).filter_map(|hash| {
        let generation = take(claims, &hash, held).strip_prefix("mine ")?.to_string();
        Some(format!("{hash}.{generation}"))
    });
    won.collect::<Vec<_>>().join(" ")
}

struct Worker {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    name: String,
}

impl Worker {
    fn new(sweep: &Path, host: Option<&str>, lease: u64) -> Self {
        Self::under(&[], sweep, host, lease)
    }

    /// As a user who may do nothing, which only root can do.
    fn of_nobody(sweep: &Path) -> Option<Self> {
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
        let program = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        let this = std::env::current_exe().unwrap();
        let can_run = || Command::new(program[0]).args(&program[1..]).arg(this).arg("--list").output();
        let can_run = is_root && can_run().is_ok_and(|o| o.status.success());
        can_run.then(|| Self::under(&program, sweep, None, 1000))
    }

    /// Under a program that runs another, such as `faketime`.
    fn under(program: &[&str], sweep: &Path, host: Option<&str>, lease: u64) -> Self {
        let this = std::env::current_exe().unwrap();
        let words: Vec<&str> = program.iter().copied().chain([this.to_str().unwrap()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).args(["--exact", "child", "--nocapture"]);
        command.env(SWEEP, sweep).env(LEASE, lease.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        match host {
            Some(host) => command.env(HOST, host),
            None => command.env_remove(HOST),
        };
        let mut process = command.spawn().unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let mut worker = Self { process, input, output, name: String::new() };
        worker.name = worker.hear();
        worker
    }

    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the child has ended");
            if let Some(said) = line.strip_prefix("> ") {
                return said.trim().to_string();
            }
        }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input.as_ref().unwrap(), "{line}").unwrap();
    }

    fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.hear()
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    fn kill(self) {
        drop(self);
    }

    fn end(mut self) {
        drop(self.input.take());
        assert!(self.process.wait().unwrap().success());
    }
}

/// No test leaves a process behind, least of all a stopped one.
impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asks until the answer begins so.
fn ask_until(worker: &mut Worker, line: &str, answer: &str) -> Duration {
    let begun = Instant::now();
    loop {
        let said = worker.ask(line);
        if said.starts_with(answer) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{line}: {said}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// All race for the same runs; returns what was won by whom, sorted.
fn race(workers: &mut [Worker], runs: usize) -> Vec<String> {
    for worker in &mut *workers {
        worker.tell(&format!("race {runs}"));
    }
    let won: Vec<String> = workers.iter_mut().map(Worker::hear).collect();
    let mut all: Vec<String> = won.iter().flat_map(|w| w.split_whitespace().map(String::from)).collect();
    println!("won: {:?}", won.iter().map(|w| w.split_whitespace().count()).collect::<Vec<_>>());
    all.sort();
    all
}

/// Every run is won once, by generation 0; and once again by generation 1, after all winners were killed. Whoever is on
/// the machine of the dead does not wait for the lease.
#[test]
fn processes_race_for_runs_and_again_for_those_of_the_dead() {
    let sweep = tempfile::tempdir().unwrap();
    let hour = 3_600_000;
    let join = || (0..4).map(|_| Worker::new(sweep.path(), None, hour)).collect::<Vec<_>>();
    for generation in 0..2 {
        let mut workers = join();
        let won = race(&mut workers, 200);
        let mut expected: Vec<String> = (0..200).map(|k| format!("run{k}.{generation}")).collect();
        expected.sort();
        assert_eq!(won, expected);
        workers.into_iter().for_each(Worker::kill);
    }
    let owners = standing(sweep.path(), &settings(None, hour)).unwrap().owners;
    if cfg!(target_os = "linux") {
        assert!(owners.len() == 200 && owners.iter().all(|o| o.life == Life::Dead && o.generation == 1));
    }
    let mut last = join();
    assert_eq!(race(&mut last, 200).len(), 200);
    last.into_iter().for_each(Worker::end);
    assert!(names(&sweep.path().join("claims")).is_empty() && names(&sweep.path().join("alive")).is_empty());
}

#[test]
fn other_machines_wait_for_the_lease_of_the_dead() {
    let sweep = tempfile::tempdir().unwrap();
    let mut dead = Worker::new(sweep.path(), Some("a"), 400);
    let mut other = Worker::new(sweep.path(), Some("b"), 400);
    assert_eq!(dead.ask("take ab12"), "mine 0");
    std::thread::sleep(Duration::from_millis(500));
    let held = other.ask("take ab12");
    assert_eq!(held, format!("other Alive {}", dead.name), "it gives signs of life");
    dead.kill();
    let waited = ask_until(&mut other, "take ab12", "mine 1");
    assert!(waited > Duration::from_millis(250), "taken after {waited:?}");
    other.end();
}

/// Stopped past its lease and continued: in vain, whether the run is still another's, was ended and released, or is
/// claimed by a third under the name of the first claim.
#[test]
fn who_was_stopped_past_its_lease_drops_its_work() {
    let sweep = tempfile::tempdir().unwrap();
    for host in [None, Some("a")] {
        let mut stopped = Worker::new(sweep.path(), host, 200);
        let mut other = Worker::new(sweep.path(), Some("b"), 200);
        let mut third = Worker::new(sweep.path(), Some("c"), 200);
        for hash in ["held", "released", "third", "nobodys"] {
            assert_eq!(stopped.ask(&format!("take {hash}")), "mine 0");
        }
        stopped.signal("-STOP");
        ask_until(&mut other, "take held", "mine 1");
        for hash in ["released", "third"] {
            assert_eq!(other.ask(&format!("take {hash}")), "mine 1");
            assert_eq!(other.ask(&format!("release {hash}")), "released");
        }
        assert_eq!(third.ask("take third"), "mine 0");
        stopped.signal("-CONT");
        let said = stopped.ask("check held");
        assert!(said.contains(&format!("taken over by {} on b", other.name)), "{said}");
        for hash in ["released", "third"] {
            let said = stopped.ask(&format!("check {hash}"));
            assert!(said.contains("taken over and released") && said.contains("dropped"), "{said}");
        }
        assert_eq!(stopped.ask("check nobodys"), "held", "which nobody wanted meanwhile");
        stopped.end();
        assert_eq!(other.ask("check held"), "held");
        assert_eq!(third.ask("check third"), "held");
        assert_eq!(names(&sweep.path().join("claims")), ["held.0", "held.1", "third.0"]);
        third.end();
        other.end();
        assert!(names(&sweep.path().join("claims")).is_empty() && names(&sweep.path().join("alive")).is_empty());
    }
}

/// A clock that is days ahead or behind keeps nobody from seeing who is alive, and who is dead.
#[test]
fn a_wrong_clock_changes_nothing() {
    if !Command::new("faketime").arg("--version").output().is_ok_and(|o| o.status.success()) {
        println!("not tested: wrong clocks, which take the program faketime (Debian: apt-get install faketime)");
        return;
    }
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    for days in [3, -3] {
        // Nobody sets a monotonic clock.
        let clock = ["faketime", "--exclude-monotonic", "-f", &format!("{days:+}d")];
        let sweep = tempfile::tempdir().unwrap();
        let mut right = Worker::new(sweep.path(), Some("right"), 300);
        let mut wrong = Worker::under(&clock, sweep.path(), Some("wrong"), 300);
        let ahead = wrong.ask("clock it").parse::<f64>().unwrap() - now();
        assert!((ahead / 86400.0 - f64::from(days)).abs() < 0.1, "the clock is {ahead} s ahead");
        assert_eq!(right.ask("take ab12"), "mine 0");
        assert_eq!(wrong.ask("take cd34"), "mine 0");
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!(wrong.ask("take ab12"), format!("other Alive {}", right.name));
        assert_eq!(right.ask("take cd34"), format!("other Alive {}", wrong.name));
        assert_eq!((right.ask("check ab12"), wrong.ask("check cd34")), ("held".into(), "held".into()));
        right.kill();
        let waited = ask_until(&mut wrong, "take ab12", "mine 1");
        assert!(waited > Duration::from_millis(150), "taken after {waited:?}");
        // The clock's wrapper may be the parent of the process, so that it is ended and not killed.
        wrong.end();
    }
}

#[test]
fn who_may_not_write_is_told() {
    let parent = tempfile::tempdir().unwrap();
    let sweep = parent.path().join("sweep");
    std::fs::create_dir(&sweep).unwrap();
    let mode = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    mode(parent.path());
    mode(&sweep);
    let Some(nobody) = Worker::of_nobody(&sweep) else {
        println!("not tested: a directory of another user, which takes root, setpriv and a test that all may run");
        return;
    };
    assert!(nobody.name.contains("cannot create") && nobody.name.contains("ermission denied"), "{}", nobody.name);
    let mut owner = Worker::new(&sweep, None, 1000);
    let nobody = Worker::of_nobody(&sweep).unwrap();
    assert!(nobody.name.contains("cannot write") && nobody.name.contains("ermission denied"), "{}", nobody.name);
    assert_eq!(owner.ask("take ab12"), "mine 0");
    owner.end();
}

/// A file system of `size` for `test`, which only root can have.
fn on_a_disk(size: &str, test: impl FnOnce(&Path) + std::panic::UnwindSafe) {
    let parent = tempfile::tempdir().unwrap();
    let options = format!("size={size}");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(parent.path()).output();
    if !mount.is_ok_and(|m| m.status.success()) {
        println!("not tested: full and read-only disks, which take the right to mount one");
        return;
    }
    let tested = std::panic::catch_unwind(|| test(parent.path()));
    Command::new("umount").arg(parent.path()).status().unwrap();
    tested.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

fn wait_for(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_secs(10), "what was waited for does not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_full_disk_silences_nobody() {
    on_a_disk("128k", |disk| {
        let claims = Claims::join(disk, &settings(None, 80)).unwrap();
        let Taken::Mine(claim) = claims.take("ab12").unwrap() else { panic!() };
        let sign = disk.join("alive").join(&claims.process().name);
        let touched = || std::fs::metadata(&sign).unwrap().modified().unwrap();
        assert!(std::fs::write(disk.join("ballast"), vec![0; 1 << 18]).is_err(), "the disk is full");
        for _ in 0..3 {
            let before = touched();
            wait_for(|| touched() > before);
        }
        std::thread::sleep(Duration::from_millis(100));
        claim.check().unwrap();
        assert_eq!(claims.fault(), None);
        let error = claims.take("cd34").unwrap_err();
        assert!(error.exit_code() == 1 && error.to_string().contains("cd34.0"), "{error}");
        assert_eq!(names(&disk.join("claims")), ["ab12.0"]);
        std::fs::remove_file(disk.join("ballast")).unwrap();
        assert!(matches!(claims.take("cd34").unwrap(), Taken::Mine(_)));
        claim.release().unwrap();
    });
}

#[test]
fn who_only_reads_looks_on_and_claims_nothing() {
    on_a_disk("1m", |disk| {
        let again = |how: &str| {
            let remount = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(disk).status();
            assert!(remount.unwrap().success(), "{how}");
        };
        let claims = Claims::join(disk, &settings(None, 80)).unwrap();
        let Taken::Mine(claim) = claims.take("ab12").unwrap() else { panic!() };
        // Busy while a file of it is being written.
        wait_for(|| Command::new("mount").args(["-o", "remount,ro"]).arg(disk).output().unwrap().status.success());
        wait_for(|| claim.check().is_err());
        let said = claim.check().unwrap_err().to_string();
        assert!(said.contains("no sign of life") && said.contains("ead-only"), "{said}");
        let seen = standing(disk, &settings(None, 80)).unwrap();
        assert_eq!((seen.clock, seen.owners.len(), seen.owners[0].life), (Clock::NewestSign, 1, Life::Alive));
        assert_eq!(claims.take("cd34").unwrap_err().exit_code(), 1);
        again("rw");
        claim.check().unwrap();
    });
}
