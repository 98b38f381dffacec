//! Who a process is, and whether it is gone.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::hash::BuildHasher as _;
use std::path::Path;
use std::time::Duration;

/// How processes share a sweep. All that share one need the same lease.
#[derive(Clone, Debug)]
pub struct ClaimSettings {
    /// The name of the machine in place of its own: with it, tests play machines that they do not have.
    pub host: Option<String>,
    /// How long a process may be silent before others take its runs. Several times `touch_every`, and longer than a
    /// file server may be away for.
    pub lease: Duration,
    /// How often a process gives a sign of life.
    pub touch_every: Duration,
}

impl Default for ClaimSettings {
    fn default() -> Self {
        Self { host: None, lease: Duration::from_secs(180), touch_every: Duration::from_secs(20) }
    }
}

/// What a process says of itself to those on other machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// HOST-PID-RANDOM, in characters that any file system takes: no two processes have one name, ever.
    pub name: String,
    /// The machine's name, as it is.
    pub host: String,
    /// The number of the process on its machine.
    pub pid: u32,
    /// When it began, in ticks since the machine started: a number that is used again begins at another time.
    pub start: Option<u64>,
    /// What the machine calls its time since it was started (Linux alone).
    pub boot: Option<String>,
    /// The user and the name spaces in which `pid` and `start` hold. Containers have numbers of their own, and the
    /// processes of other users may be hidden (`hidepid`).
    pub view: Option<String>,
    /// When it began, by its own clock: for people alone.
    pub time: String,
    /// The program's version.
    pub version: String,
}

impl ProcessInfo {
    /// This process, under a new name; `host` replaces the machine's.
    pub(super) fn of_this(host: Option<&str>) -> Self {
        let host = host.map_or_else(host_name, str::to_string);
        let pid = std::process::id();
        Self {
            name: format!("{}-{pid}-{:016x}", safe(&host), random()),
            start: started(pid).map(|p| p.start),
            boot: text_of("/proc/sys/kernel/random/boot_id"),
            view: view(),
            time: humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string(),
            version: env!("CARGO_PKG_VERSION").into(),
            host,
            pid,
        }
    }

    /// Whether the process is known to have ended. `me`, who asks, knows that only of those on its own machine; of
    /// others, and on other systems than Linux, the answer is no, and the lease decides.
    pub(super) fn is_gone(&self, me: &Self) -> bool {
        let is_seen = self.host == me.host
            && (me.boot.is_some() && self.boot == me.boot)
            && (me.view.is_some() && self.view == me.view);
        let Some(start) = self.start.filter(|_| is_seen) else { return false };
        match started(self.pid) {
            // Its number was given to another process, or its parent has not heard of its end yet.
            Some(now) => now.start != start || now.has_ended,
            // Only if the rest of /proc can be read does a missing entry mean anything.
            None => started(me.pid).is_some(),
        }
    }
}

/// Whether `name` can be that of a process, so that it is safe as the name of a file.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && !name.starts_with('.') && name == safe_characters(name)
}

fn safe_characters(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

/// A host's name as the start of a file's: short, without odd characters, not hidden.
fn safe(host: &str) -> String {
    let short: String = host.chars().take(64).collect();
    let safe = safe_characters(short.trim_start_matches('.'));
    if safe.is_empty() { "host".into() } else { safe }
}

/// The standard library keys its hash tables by random numbers of the operating system.
fn random() -> u64 {
    std::collections::hash_map::RandomState::new().hash_one(std::process::id())
}

fn host_name() -> String {
    let told = || std::process::Command::new("hostname").output().ok();
    text_of("/proc/sys/kernel/hostname")
        .or_else(|| Some(String::from_utf8_lossy(&told()?.stdout).trim().to_string()).filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "unknown".into())
}

fn text_of(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_string()).filter(|text| !text.is_empty())
}

/// What /proc says of a process.
struct Started {
    start: u64,
    has_ended: bool,
}

fn started(pid: u32) -> Option<Started> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// State and start time, the third and the 22nd field; the second, a name in brackets, may hold spaces and brackets.
fn parse_stat(stat: &str) -> Option<Started> {
    let fields: Vec<&str> = stat[stat.rfind(')')? + 1..].split_whitespace().collect();
    Some(Started { start: fields.get(19)?.parse().ok()?, has_ended: ["Z", "X", "x"].contains(fields.first()?) })
}

#[cfg(target_os = "linux")]
fn view() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    let space = |kind: &str| std::fs::read_link(format!("/proc/self/ns/{kind}")).map(|p| p.display().to_string());
    // Kernels without name spaces of time have one.
    Some(format!("user {user} {} {}", space("pid").ok()?, space("time").unwrap_or_default()))
}

#[cfg(not(target_os = "linux"))]
fn view() -> Option<String> {
    None
}

/// One line of JSON.
pub(super) fn to_line(path: &Path, value: &impl Serialize) -> Result<String> {
    let line = serde_json::to_string(value);
    Ok(line.map_err(|e| Error::run(format!("cannot encode {}: {e}.", path.display())))? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_never_the_same() {
        for host in
            ["", "..", "../../etc", "ein Rechner/für\n\"alle\"", "node-17.cluster", &"x".repeat(500), "a\0b", "日本"]
        {
            let (a, b) = (ProcessInfo::of_this(Some(host)), ProcessInfo::of_this(Some(host)));
            assert!(a.name != b.name && a.host == host);
            assert!(is_name(&a.name) && !a.name.contains(['/', '\\', ' ', '\0']), "{}", a.name);
        }
        assert!(ProcessInfo::of_this(Some("node-17.cluster")).name.starts_with("node-17.cluster-"));
        assert!(!ProcessInfo::of_this(None).host.is_empty());
        for bad in ["", ".hidden", "../alive", "a/b", &"x".repeat(201)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn numbers_are_read_behind_odd_names() {
        let line = |name: &str, state: &str| {
            let rest = (4..=52).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
            parse_stat(&format!("17 ({name}) {state} {rest}\n")).unwrap()
        };
        assert_eq!(line("aon", "S").start, 22);
        assert!(line("a) Z (b c", "S").start == 22 && !line("a) Z (b c", "S").has_ended);
        assert!(line("aon", "Z").has_ended);
        assert!(parse_stat("").is_none() && parse_stat("17 (aon) S 1 2").is_none() && parse_stat("17 aon").is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_what_can_be_seen_is_known_to_be_gone() {
        let me = ProcessInfo::of_this(None);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let start = started(child.id()).unwrap().start;
        let other = ProcessInfo { pid: child.id(), start: Some(start), ..me.clone() };
        assert!(!me.is_gone(&me) && !other.is_gone(&me));
        assert!(ProcessInfo { start: Some(start + 1), ..other.clone() }.is_gone(&me), "another process has its number");
        child.kill().unwrap();
        while !other.is_gone(&me) {
            // Killed, and not yet waited for: no longer a process, though its entry is there.
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(other.is_gone(&me));
        for unseen in [
            ProcessInfo { host: "elsewhere".into(), ..other.clone() },
            ProcessInfo { boot: Some("another".into()), ..other.clone() },
            ProcessInfo { boot: None, ..other.clone() },
            ProcessInfo { view: Some("user 17".into()), ..other.clone() },
            ProcessInfo { view: None, ..other.clone() },
            ProcessInfo { start: None, ..other.clone() },
        ] {
            assert!(!unseen.is_gone(&me), "{unseen:?}");
        }
        let blind = ProcessInfo { boot: None, view: None, ..me };
        assert!(!ProcessInfo { boot: None, view: None, ..other }.is_gone(&blind));
    }
}
