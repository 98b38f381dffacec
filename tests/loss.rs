//! Nothing is lost before its replacement is sure: trainings that are killed, refused, moved or run out of space leave the
//! old run whole, or the new one. `AON_LOSSES` says how many moments are tried (scripts/loss.sh: fifty).
#![cfg(unix)]
#![allow(missing_docs)]

mod cli_support;

use aon::network::Layout;
use aon::run::{Opening, TrainedRun, plan_to_resume};
use aon::train::{Manifest, RunDirectory, Stamp, last_good};
use cli_support::{aon, data_flags, small, train_small};
use predicates::str::contains;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn moments(brief: usize) -> usize {
    std::env::var("AON_LOSSES").ok().and_then(|n| n.parse().ok()).unwrap_or(brief)
}

/// Every file of a directory, but its lock.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for path in std::fs::read_dir(directory).unwrap().map(|e| e.unwrap().path()) {
        if path.is_dir() {
            all.extend(contents(&path));
        } else if path.file_name().is_some_and(|n| n != ".lock") {
            all.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    all
}

/// A finished run of seed 1 in `parent`.
fn old_run(parent: &Path) -> PathBuf {
    let run = parent.join("run");
    train_small(&run, &["--n-trials", "3", "--seed", "1", "--quiet"]).assert().success();
    run
}

/// A training of seed 2 in the place of `run`.
fn replace(run: &Path, extra: &[&str]) -> Child {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("aon"));
    command.args(["train", "--overwrite", "--no-baseline", "--engine", "cpu", "--seed", "2", "--output-dir"]).arg(run);
    command.args(data_flags(&small(), "A=4,B=3,C=5")).args(extra);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Whether the old run is there, unchanged; otherwise the new one is, and can go on.
fn is_old(run: &Path, old: &BTreeMap<PathBuf, Vec<u8>>) -> bool {
    let directory = RunDirectory::open(run).unwrap();
    let (plan, _) = plan_to_resume(&directory, |_| ()).unwrap();
    if plan.config.seed == 1 {
        assert!(contents(run) == *old, "the old run was touched");
        return true;
    }
    let stamp = Stamp { run: Manifest::read(&run.join("manifest.json")).unwrap().run, divisors: None };
    let found = last_good(&directory, &Layout::new(&plan.problem.dims), &stamp).unwrap();
    assert!(found.is_some_and(|f| f.newer.is_none()), "the new run has no state");
    drop(directory);
    TrainedRun::open(run, &Opening::default()).unwrap();
    // Of the old run nothing is left that could be taken for the new one's.
    assert!(contents(run).keys().all(|path| !path.to_string_lossy().contains(".aon")));
    false
}

fn put_back(old: &BTreeMap<PathBuf, Vec<u8>>) {
    for (path, bytes) in old {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// Delays that are spread over what a small training needs to begin, most of them up to 20 ms, some to 150 ms.
fn delay(k: usize) -> Duration {
    let k = k as u64;
    Duration::from_micros(if k.is_multiple_of(4) { (k * 41_003) % 150_000 } else { (k * 3_617) % 20_000 })
}

#[test]
fn a_killed_replacement_leaves_the_old_run_or_the_new_one() {
    let parent = tempfile::tempdir().unwrap();
    let (run, mut kept) = (old_run(parent.path()), 0);
    let old = contents(&run);
    // Every second one starts from the weights that it replaces.
    let own = run.join("best.safetensors").display().to_string();
    for k in 0..moments(8) {
        let init: &[&str] = if k % 2 == 0 { &[] } else { &["--init", &own] };
        let mut child = replace(&run, &[&["--n-trials", "400"], init].concat());
        std::thread::sleep(delay(k));
        child.kill().unwrap();
        child.wait().unwrap();
        if is_old(&run, &old) {
            kept += 1;
        } else {
            std::fs::remove_dir_all(&run).unwrap();
            put_back(&old);
        }
    }
    println!("{kept} of {} old runs were kept", moments(8));
}

/// Whatever is refused is refused before anything is replaced.
#[test]
fn a_refused_replacement_leaves_the_old_run() {
    let parent = tempfile::tempdir().unwrap();
    let run = old_run(parent.path());
    let old = contents(&run);
    let refused: [&[&str]; 6] = [
        &["--engine", "gpu", "--adapter", "7"],
        &["--memory", "0.00001"],
        &["--init", "nowhere.mat"],
        &["--tau-max", "0.5"],
        &["--areas", "A=5,B=3,C=5"],
        &["--networks", "2", "--memory", "0.00001"],
    ];
    for flags in refused {
        train_small(&run, &[&["--overwrite", "--seed", "2"], flags].concat()).assert().failure();
        assert!(contents(&run) == old, "{flags:?}");
    }
}

#[test]
fn a_run_may_start_from_the_weights_that_it_replaces() {
    let parent = tempfile::tempdir().unwrap();
    let run = old_run(parent.path());
    let own = run.display().to_string();
    train_small(&run, &["--overwrite", "--seed", "2", "--n-trials", "6", "--stop-after", "2", "--init", &own])
        .assert()
        .success();
    // What it started from is gone, and nothing asks for it.
    aon().args(["train", "--quiet", "--resume"]).arg(&run).assert().success();
    aon().args(["eval", "--engine", "cpu"]).arg(&run).assert().success().stdout(contains("run        finished"));
}

#[test]
fn a_run_that_is_moved_while_it_trains_stays_what_it_was() {
    let parent = tempfile::tempdir().unwrap();
    for k in 0..moments(3).div_ceil(4) {
        let (run, elsewhere) = (parent.path().join(format!("run-{k}")), parent.path().join(format!("elsewhere-{k}")));
        let mut first = replace(&run, &["--n-trials", "100000", "--checkpoint-every", "3"]);
        while !run.join("checkpoint.safetensors").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(delay(k + 1));
        std::fs::rename(&run, &elsewhere).unwrap();
        train_small(&run, &["--n-trials", "3", "--seed", "3", "--quiet"]).assert().success();
        assert_eq!(first.wait().unwrap().code(), Some(1));
        let seed = |place: &Path| TrainedRun::open(place, &Opening::default()).unwrap().plan.config.seed;
        assert_eq!((seed(&run), seed(&elsewhere)), (3, 2));
        aon().args(["train", "--quiet", "--stop-after", "1", "--resume"]).arg(&elsewhere).assert().success();
        aon().args(["export", "--engine", "cpu"]).arg(&run).assert().success();
    }
}

/// On a file system of its own, which only root may make.
#[test]
fn a_full_disk_leaves_the_old_run_or_the_new_one() {
    let parent = tempfile::tempdir().unwrap();
    let disk = parent.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&disk).output();
    if !mount.is_ok_and(|m| m.status.success()) {
        println!("not tested: a full disk, which takes the right to mount one");
        return;
    }
    let tested = std::panic::catch_unwind(|| {
        let run = old_run(&disk);
        let old = contents(&run);
        for k in 0..moments(5) {
            // Free space from none to more than a run needs.
            let ballast = disk.join("ballast");
            let used: u64 = old.values().map(|b| (b.len() as u64).div_ceil(4096) * 4096).sum();
            let free = (k as u64 * 37 % 50) * 8192;
            std::fs::write(&ballast, vec![0; ((2 << 20) - used).saturating_sub(free + 16_384) as usize]).ok();
            let status = replace(&run, &["--n-trials", "4"]).wait().unwrap();
            std::fs::remove_file(&ballast).unwrap();
            let is_old = is_old(&run, &old);
            assert!(!is_old || !status.success(), "success was claimed");
            if !is_old {
                std::fs::remove_dir_all(&run).unwrap();
                old_run(&disk);
                std::fs::remove_dir_all(&run).unwrap();
                put_back(&old);
            }
        }
    });
    Command::new("umount").arg(&disk).status().unwrap();
    tested.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
