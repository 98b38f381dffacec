//! Runs that are killed or interrupted in the middle of their work.
#![cfg(unix)]

mod cli_support;

use cli_support::{aon, data_flags, history, result, resume, small, synthetic_flags, train_small};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FLAGS: [&str; 4] = ["--n-trials", "400", "--checkpoint-every", "7"];

/// Starts the program so that it can be signalled.
fn spawn(arguments: &[String]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_aon"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn fresh(directory: &Path, extra: &[&str]) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["train", "--engine", "cpu", "--no-baseline", "--output-dir"].map(String::from).into();
    arguments.push(directory.display().to_string());
    arguments.extend(data_flags(&small(), "A=4,B=3,C=5"));
    arguments.extend(FLAGS.iter().chain(extra).map(ToString::to_string));
    arguments
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Waits until the history has `rows` rows.
fn wait_for_rows(directory: &Path, rows: usize) {
    let start = Instant::now();
    while std::fs::read_to_string(directory.join("history.csv")).map_or(0, |t| t.lines().count()) <= rows {
        assert!(start.elapsed() < Duration::from_secs(60), "the run does not get to step {rows}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Starts or resumes a run or a batch `times` times, and kills it each time at another moment of start, training or
/// checkpoint; then finishes it.
fn kill_and_finish(directory: &Path, extra: &[&str], times: usize) -> Vec<Duration> {
    // Another sequence each time, and printed: what failed once can be looked at.
    let mut random = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    let mut moments = Vec::new();
    let begun = || directory.join("config.toml").exists();
    for _ in 0..times {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let moment = Duration::from_micros(random % 120_000);
        let resumed = vec!["train".into(), "--resume".into(), directory.display().to_string()];
        let mut child = spawn(&if begun() { resumed } else { fresh(directory, extra) });
        std::thread::sleep(moment);
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        moments.push(moment);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("error:"), "{moments:?}: {stderr}");
    }
    println!("killed after {moments:?}");
    if begun() {
        resume(directory, &[]).assert().success();
    } else {
        train_small(directory, &[&FLAGS[..], extra].concat()).assert().success();
    }
    moments
}

fn temporary_files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).unwrap().flatten();
    entries.filter(|e| e.file_name().to_string_lossy().ends_with(".tmp")).count()
}

#[test]
fn a_run_that_is_killed_ten_times_ends_as_if_nothing_had_happened() {
    let parent = tempfile::tempdir().unwrap();
    let (straight, killed) = (parent.path().join("straight"), parent.path().join("killed"));
    train_small(&straight, &FLAGS).assert().success();
    let moments = kill_and_finish(&killed, &[], 10);
    let (a, b) = (result(&straight), result(&killed));
    assert_eq!(a.0, b.0, "{moments:?}");
    assert!(a.1 == b.1, "{moments:?}: checkpoint, weights or fit differ");
    assert_eq!(temporary_files(&killed), 0);
}

#[test]
fn a_batch_that_is_killed_ten_times_ends_as_if_nothing_had_happened() {
    let parent = tempfile::tempdir().unwrap();
    let (straight, killed) = (parent.path().join("straight"), parent.path().join("killed"));
    let extra = ["--networks", "3"];
    train_small(&straight, &[&FLAGS[..], &extra].concat()).assert().success();
    let moments = kill_and_finish(&killed, &extra, 10);
    for seed in ["seed-0", "seed-1", "seed-2"] {
        let (a, b) = (result(&straight.join(seed)), result(&killed.join(seed)));
        assert_eq!(a.0, b.0, "{seed}, {moments:?}");
        assert!(a.1 == b.1, "{seed}, {moments:?}: checkpoint, weights or fit differ");
        assert_eq!(temporary_files(&killed.join(seed)), 0);
    }
}

/// Ctrl-C and the signal that schedulers send do what `--stop-after` does.
#[test]
fn interrupts_finish_the_step_save_and_say_how_to_resume() {
    let parent = tempfile::tempdir().unwrap();
    let straight = parent.path().join("straight");
    train_small(&straight, &FLAGS).assert().success();
    for name in ["-INT", "-TERM"] {
        let run = parent.path().join(name);
        let child = spawn(&fresh(&run, &[]));
        wait_for_rows(&run, 20);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let code = if name == "-INT" { 130 } else { 143 };
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("paused after step") && said.contains("--resume"), "{said}");
        assert!((20..400).contains(&history(&run).len()));
        resume(&run, &[]).assert().success();
        assert!(result(&run) == result(&straight), "{name}");
    }
}

/// `nohup` has the process ignore hangups; it must go on doing so.
#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_aon")]).args(fresh(&run, &[]));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_rows(&run, 3);
    signal(&child, "-HUP");
    wait_for_rows(&run, 40);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

/// Starts `arguments` once for each moment, sends a signal then, and holds how long it is deaf against two seconds, a
/// loaded machine's one. Returns how often it still ran.
fn ends_when_asked(arguments: &[String]) -> usize {
    let mut heard = 0;
    for (k, moment) in [20, 150, 600, 1500, 3000].into_iter().enumerate() {
        let (name, code) = if k % 2 == 0 { ("-TERM", 143) } else { ("-INT", 130) };
        let mut child = spawn(arguments);
        std::thread::sleep(Duration::from_millis(moment));
        if child.try_wait().unwrap().is_some() {
            continue;
        }
        let asked = Instant::now();
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let (took, said) = (asked.elapsed(), String::from_utf8_lossy(&output.stderr));
        // Before its first line a program has no handler, and whoever had nothing left to do is done.
        let ended = output.status.code().is_none_or(|c| c == code || c == 0);
        assert!(ended && !said.contains("panicked"), "{arguments:?} after {moment} ms: {:?}, {said}", output.status);
        assert!(took < Duration::from_secs(2), "{arguments:?} was deaf for {took:?} after {moment} ms");
        heard += usize::from(output.status.code() == Some(code));
    }
    heard
}

/// While it prepares, reads, measures, trains or reports.
#[test]
fn every_command_hears_a_signal_whatever_it_does() {
    let parent = tempfile::tempdir().unwrap();
    let place = |name: &str| parent.path().join(name).display().to_string();
    aon().args(["synth", "--small", "--output-dir", &place("data")]).assert().success();
    let data = synthetic_flags(&parent.path().join("data"));
    let words = |line: &str| line.split(' ').map(String::from).collect::<Vec<_>>();
    let train = |flags: &str| [words(flags), data.clone()].concat();
    let run = train(&format!("train --engine cpu --no-baseline --n-trials 2 --output-dir {}", place("run")));
    aon().args(run).assert().success();
    let mut lines = vec![
        train(&format!("train --engine cpu --n-trials 4000 --overwrite --output-dir {}", place("one"))),
        train(&format!("train --engine cpu --n-trials 4000 --networks 6 --overwrite --output-dir {}", place("six"))),
        words(&format!("perturb --engine cpu {}", place("run"))),
        words(&format!("validate --neurons 96 --output-dir {}", place("validate"))),
        words("bench --engine cpu --steps 1000000"),
        words(&format!("demo --engine cpu --full --n-trials 1000 --overwrite --output-dir {}", place("demo"))),
    ];
    if aon::engine::gpu::adapters().is_empty() {
        println!(
            "NOT TESTED: there is no graphics adapter, so signals to tuning and trainings on a GPU are not tested."
        );
    } else {
        lines.push(words("autotune --adapter 0 --networks 4"));
        lines.push(words("bench --engine gpu --adapter 0 --steps 1000000"));
    }
    for line in lines {
        assert!(ends_when_asked(&line) > 1, "{line:?} ended before it was asked");
    }
}

#[test]
fn a_second_writer_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let run = parent.path().join("run");
    let mut child = spawn(&fresh(&run, &[]));
    wait_for_rows(&run, 3);
    let refused = resume(&run, &[]).assert();
    child.kill().unwrap();
    child.wait().unwrap();
    refused.code(1).stderr(predicates::str::contains("another process"));
}
