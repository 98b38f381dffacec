//! Files of a run and of its study, damaged at random: what is taken is the run's, or nothing is. `AON_DAMAGES` says how
//! many damages there are (scripts/damage.sh: ten thousand).
#![allow(missing_docs)]

mod cli_support;

use aon::error::Result;
use aon::network::Layout;
use aon::perturb::ControlSettings;
use aon::run::{Opening, RunState, RunSummary, Silent, StoredRun, TrainedRun, WhichWeights, plan_to_resume};
use aon::studies::{PerturbSettings, perturb};
use aon::train::{Manifest, RunDirectory, Stamp, last_good};
use cli_support::train_small;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// Numbers as a seed draws them (SplitMix64).
struct Draws(u64);

impl Draws {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}

/// `bytes` with a damage as disks, copies and editors make them, and its name.
fn damaged(draws: &mut Draws, bytes: &[u8], others: &[Vec<u8>]) -> (&'static str, Vec<u8>) {
    let (mut bytes, length) = (bytes.to_vec(), bytes.len());
    match draws.below(6) {
        0 => {
            for _ in 0..=draws.below(4) {
                let (at, bit) = (draws.below(length), draws.below(8));
                bytes[at] ^= 1 << bit;
            }
            ("flipped bits", bytes)
        }
        1 => {
            bytes.truncate(draws.below(length));
            ("a truncation", bytes)
        }
        2 => {
            let from = draws.below(length);
            bytes[from..].fill(0);
            ("a tail of zeros", bytes)
        }
        3 => {
            let size = 1 + draws.below(64.min(length / 2).max(1));
            let (a, b) = (draws.below(length - size), draws.below(length - size));
            let (low, high) = (a.min(b), a.max(b).max(a.min(b) + size).min(length - size));
            for k in 0..size {
                bytes.swap(low + k, high + k);
            }
            ("swapped blocks", bytes)
        }
        4 => ("another file's content", others[draws.below(others.len())].clone()),
        _ => {
            let (at, size) = (draws.below(length), 1 + draws.below(32));
            let repeated: Vec<u8> = bytes[at..(at + size).min(length)].to_vec();
            bytes.splice(at..at, repeated);
            ("a block twice", bytes)
        }
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|p| p.is_file() && p.file_name().is_some_and(|n| n != ".lock")).collect();
    files.sort();
    files
}

/// Every number that the library takes from a run, as text with all its bits; an error is a refusal. The second part is
/// what was said about it.
fn weights(run: &Path, weights: WhichWeights) -> Result<(String, bool)> {
    let opened = TrainedRun::open(run, &Opening { weights, ..Opening::default() })?;
    let (p, settings) = (&opened.plan.problem, &opened.plan.settings);
    let bits: Vec<u32> = [&opened.parameters, &p.targets, &p.stimulus, &p.initial_r]
        .into_iter()
        .flatten()
        .map(|v| v.to_bits())
        .collect();
    let read =
        (p.population.inhibitory(), p.constraint, p.time_constants, p.dims, &p.bins, &p.sequence, &p.input_group);
    let is_said = !opened.remarks.is_empty();
    assert!(opened.state == RunState::Finished || is_said, "{:?} is not said", opened.state);
    Ok((format!("{bits:?} {read:?} {settings:?} {:?} {:?}", opened.plan.factors, opened.plan.held_out), is_said))
}

fn other_data(run: &Path) -> Result<(String, bool)> {
    let path = StoredRun::read(run, &[])?.config.data.firing_rates;
    let opened = TrainedRun::open(run, &Opening { firing_rates: path, ..Opening::default() })?;
    Ok((format!("{:?}", opened.plan.factors.map(|f| f.0)), true))
}

fn summary(run: &Path) -> Result<(String, bool)> {
    Ok((format!("{:?}", RunSummary::read(run)?), true))
}

/// Where a resume goes on: the state of the last checkpoint, or with a word that of the one before.
fn resumed(run: &Path) -> Result<(String, bool)> {
    let directory = RunDirectory::open(run)?;
    let (plan, remarks) = plan_to_resume(&directory, |_| ())?;
    let stamp = Stamp { run: Manifest::read(&run.join("manifest.json"))?.run, divisors: None };
    let found = last_good(&directory, &Layout::new(&plan.problem.dims), &stamp)?;
    let found = found.expect("a run that has begun has a state, or an error");
    let losses: Vec<u64> = found.rows.iter().map(|r| r.loss.to_bits()).collect();
    let is_said = found.newer.is_some() || !remarks.is_empty();
    Ok((
        format!("{} {:?} {losses:?} {:?}", found.checkpoint.network.step, found.checkpoint.network, plan.settings),
        is_said,
    ))
}

type Reader = fn(&Path) -> Result<(String, bool)>;

const READERS: [(&str, Reader); 5] = [
    ("best weights", |run| weights(run, WhichWeights::Best)),
    ("last weights", |run| weights(run, WhichWeights::Last)),
    ("divisors", other_data),
    ("summary", summary),
    ("resume", resumed),
];

fn damages(brief: usize) -> usize {
    std::env::var("AON_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(brief)
}

/// Fails, instead of waiting, if `work` takes longer than any of its kind should.
fn without_hanging<R: Send + 'static>(what: &str, work: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, wait) = channel();
    let thread = std::thread::spawn(move || {
        let result = work();
        let _ = done.send(());
        result
    });
    assert!(wait.recv_timeout(Duration::from_secs(60)) != Err(RecvTimeoutError::Timeout), "{what} hangs");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// A run of twenty steps with three checkpoints, whose rates were normalised.
fn run() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let flags = ["--n-trials", "20", "--checkpoint-every", "6", "--normalize", "peak", "--hold-out", "3", "--quiet"];
    train_small(&run, &flags).assert().success();
    (parent, run)
}

#[test]
fn no_damaged_number_of_a_run_is_taken() {
    let (_parent, run) = run();
    let whole: Vec<String> = READERS.iter().map(|(_, read)| read(&run).unwrap().0).collect();
    // What a resume may also go on from, if it says so.
    let checkpoint = run.join("checkpoint.safetensors");
    let newest = std::fs::read(&checkpoint).unwrap();
    std::fs::write(&checkpoint, "damaged").unwrap();
    let (before, is_said) = resumed(&run).unwrap();
    assert!(is_said && before.starts_with("18 "), "{}", &before[..20]);
    std::fs::write(&checkpoint, newest).unwrap();

    let files: Vec<PathBuf> =
        files(&run).into_iter().filter(|f| f.extension().is_some_and(|e| e != "html" && e != "svg")).collect();
    let contents: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    let (mut draws, mut refused) = (Draws(2026), 0);
    for damage in 0..damages(250) {
        let k = damage % files.len();
        let (name, bytes) = damaged(&mut draws, &contents[k], &contents);
        let what = format!("damage {damage}, {name} in {}", files[k].display());
        std::fs::write(&files[k], &bytes).unwrap();
        for ((reader, read), whole) in READERS.iter().zip(&whole) {
            let (read, place) = (*read, run.clone());
            let taken = without_hanging(&what, move || catch_unwind(AssertUnwindSafe(|| read(&place))));
            match taken {
                Err(panic) => panic!("{what}: {reader} panics: {panic:?}"),
                Ok(Err(error)) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
                Ok(Ok((taken, is_said))) => {
                    // An earlier checkpoint in the place of the last is a state of the run like any other.
                    let is_earlier = name == "another file's content";
                    let is_before = *reader == "resume" && (is_said || is_earlier) && taken == before;
                    assert!(taken == *whole || is_before, "{what}: {reader} takes other numbers");
                }
            }
        }
        std::fs::write(&files[k], &contents[k]).unwrap();
    }
    assert!(refused > 0);
    for ((_, read), whole) in READERS.iter().zip(&whole) {
        assert_eq!(read(&run).unwrap().0, *whole);
    }
}

/// Finished lesions that are damaged are examined again.
#[test]
fn no_damaged_number_of_a_study_is_taken() {
    let (_parent, run) = run();
    let settings = PerturbSettings {
        controls: ControlSettings { count: 20, subsets: 2, matched: false, seed: 0 },
        readouts: None,
        ..PerturbSettings::default()
    };
    let study = |run: &Path, settings: &PerturbSettings| {
        let (never, runs) = (AtomicBool::new(false), [run.to_path_buf()]);
        perturb(&runs, settings, &Opening::default(), &never, &mut Silent).map(|_| {
            let table = |name: &str| std::fs::read(run.join("perturb").join(name)).unwrap();
            (table("effects.csv"), table("cells.csv"))
        })
    };
    let whole = study(&run, &settings).unwrap();
    let files = files(&run.join("perturb/lesions"));
    let contents: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap()).collect();
    assert!(files.len() > 4);
    let mut draws = Draws(2027);
    for damage in 0..damages(60).div_ceil(5) {
        let k = draws.below(files.len());
        let (name, bytes) = damaged(&mut draws, &contents[k], &contents);
        std::fs::write(&files[k], &bytes).unwrap();
        let what = format!("damage {damage}, {name} in {}", files[k].display());
        let (run, settings) = (run.clone(), settings.clone());
        let taken = without_hanging(&what, move || study(&run, &settings));
        assert!(taken.unwrap() == whole, "{what}: other numbers are taken");
    }
}
