//! The loop, the run directory and a resume, over an engine whose records lag as a device's do.
#![allow(missing_docs)]

mod toy;

use aon::engine::*;
use aon::error::Result;
use aon::network::Layout;
use aon::train::*;
use std::sync::atomic::{AtomicBool, Ordering};
use toy::{NEVER, Toy, problem};

/// How a toy run is set up.
#[derive(Clone, Copy)]
struct Setup {
    lag: usize,
    stop_after: Option<u32>,
    diverge_at: u32,
    target: f64,
    checkpoint_every: u32,
}

const PLAIN: Setup = Setup { lag: 0, stop_after: None, diverge_at: 0, target: 0.0, checkpoint_every: 7 };

/// What became of a run.
#[derive(Debug, PartialEq)]
struct Outcome {
    paused: bool,
    step: u32,
    stop: Option<StopReason>,
}

/// Feeds one run, kept in a directory.
struct One<'a> {
    next: Option<Entrant>,
    writer: RunWriter<'a>,
    left: Option<NetworkState>,
    settled: Option<Settled>,
}

impl Feed for One<'_> {
    fn next(&mut self) -> Result<Option<Entrant>> {
        Ok(self.next.take())
    }

    fn on_step(&mut self, _: usize, record: &StepRecord) -> Result<()> {
        self.writer.on_step(record, 0.0)
    }

    fn on_checkpoint(&mut self, _: usize, state: &NetworkState) -> Result<()> {
        self.writer.keep(state)
    }

    fn on_leave(&mut self, _: usize, state: &NetworkState) -> Result<bool> {
        self.left = Some(state.clone());
        self.writer.keep(state)?;
        Ok(state.step == 30 || state.stop == Some(StopReason::Target))
    }

    fn on_settled(&mut self, _: usize, settled: Settled, rates: Vec<f32>) -> Result<()> {
        assert_eq!(rates, settled.best, "the toy's rates are its parameters");
        self.settled = Some(settled);
        Ok(())
    }
}

fn schedule() -> Schedule {
    Schedule::new(ScheduleKind::Plateau, 1.9, 30, 2)
}

fn training(interrupt: &AtomicBool) -> Training<'_> {
    Training { interrupt, keeps_states: true, settle_together: 1, whole: None }
}

/// Starts or resumes a run of 30 steps in `directory`.
fn run(directory: &RunDirectory, setup: Setup, interrupt: &AtomicBool) -> Outcome {
    let problem = problem();
    let layout = Layout::new(&problem.dims);
    let stamp = Stamp { run: "toy".into(), divisors: None };
    let state = match last_good(directory, &layout, &stamp).unwrap() {
        Some(found) => found.checkpoint.network,
        None => NetworkState::fresh((0..layout.len()).map(|i| i as f32 / 3.0).collect()),
    };
    let mut engine = Toy { diverge_at: setup.diverge_at, target: setup.target, ..Toy::new(1, setup.lag) };
    let (writer, rows) = RunWriter::begin(directory, &problem, &state, &stamp, Keeping::Everything).unwrap();
    let mut schedule = schedule();
    for row in &rows {
        schedule.observe(row.step, row.loss);
    }
    let before = state.clone();
    let (settings, keep_every, until) =
        (NetworkSettings::default(), setup.checkpoint_every, setup.stop_after.unwrap_or(30));
    let next = Some(Entrant { network: 0, settings, state, schedule, until, keep_every });
    let mut feed = One { next, writer, left: None, settled: None };
    let interrupted = train(&mut engine, &mut feed, training(interrupt)).unwrap();
    let state = feed.left.unwrap_or(before);
    let paused = interrupted || state.stop.is_none() && state.step < 30;
    assert_eq!(feed.settled.is_some(), !paused && state.stop != Some(StopReason::Diverged));
    Outcome { paused, step: state.step, stop: state.stop }
}

fn fresh() -> (tempfile::TempDir, RunDirectory) {
    let parent = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(&parent.path().join("run"), false).unwrap();
    (parent, directory)
}

/// Everything that does not depend on the clock.
fn result(directory: &RunDirectory) -> (Vec<(u32, u64)>, Vec<u8>, Vec<u8>) {
    let rows = read_history(&directory.file("history.csv")).unwrap();
    let losses = rows.iter().map(|r| (r.step, r.loss.to_bits())).collect();
    let bytes = |f: &str| std::fs::read(directory.file(f)).unwrap();
    (losses, bytes(CHECKPOINT), bytes("best.safetensors"))
}

#[test]
fn lag_checkpoints_and_pauses_leave_the_same_run() {
    let (_a, straight) = fresh();
    let outcome = run(&straight, PLAIN, &NEVER);
    assert_eq!((outcome.paused, outcome.step), (false, 30));
    let expected = result(&straight);
    assert_eq!(expected.0.iter().map(|(s, _)| *s).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());

    for (lag, pause) in [(1, 30), (2, 10), (0, 10), (2, 1), (1, 29)] {
        let (_b, directory) = fresh();
        let setup = Setup { lag, checkpoint_every: 4, ..PLAIN };
        let paused = run(&directory, Setup { stop_after: Some(pause), ..setup }, &NEVER);
        assert_eq!((paused.paused, paused.step), (pause < 30, pause));
        assert!(!run(&directory, setup, &NEVER).paused);
        assert!(result(&directory) == expected, "lag {lag}, paused at {pause}");
    }
}

/// A process that was killed after it had moved the checkpoint and before it had written the next.
#[test]
fn a_run_of_which_only_the_checkpoint_before_is_left_goes_on() {
    let (_a, directory) = fresh();
    run(&directory, Setup { stop_after: Some(10), ..PLAIN }, &NEVER);
    let (problem, stamp) = (problem(), Stamp { run: "toy".into(), divisors: None });
    let layout = Layout::new(&problem.dims);
    std::fs::rename(directory.file(CHECKPOINT), directory.file(PREVIOUS)).unwrap();
    let mut state = last_good(&directory, &layout, &stamp).unwrap().unwrap().checkpoint.network;
    let (mut writer, rows) = RunWriter::begin(&directory, &problem, &state, &stamp, Keeping::State).unwrap();
    let row = rows.last().unwrap();
    let loss = LossRecord { loss: row.loss, data_term: row.data_term, reg_term: row.reg_term };
    writer.on_step(&StepRecord { step: 11, loss, grad_norm: 1.0, stop: None }, 0.0).unwrap();
    state.step = 11;
    writer.keep(&state).unwrap();
    assert_eq!(last_good(&directory, &layout, &stamp).unwrap().unwrap().checkpoint.network.step, 11);
}

#[test]
fn rows_after_the_checkpoint_are_cut_when_a_killed_run_resumes() {
    let (_a, straight) = fresh();
    run(&straight, PLAIN, &NEVER);
    let (_b, killed) = fresh();
    run(&killed, Setup { stop_after: Some(14), ..PLAIN }, &NEVER);
    let checkpoint = std::fs::read(killed.file(CHECKPOINT)).unwrap();
    run(&killed, Setup { stop_after: Some(20), ..PLAIN }, &NEVER);
    std::fs::write(killed.file(CHECKPOINT), checkpoint).unwrap();
    run(&killed, PLAIN, &NEVER);
    assert!(result(&killed) == result(&straight));
}

#[test]
fn a_divergence_keeps_the_last_good_checkpoint_and_writes_no_row() {
    let (_a, directory) = fresh();
    let outcome = run(&directory, Setup { diverge_at: 17, lag: 2, ..PLAIN }, &NEVER);
    assert_eq!((outcome.stop, outcome.step), (Some(StopReason::Diverged), 17));
    let kept = Checkpoint::read(&directory.file(CHECKPOINT), &Layout::new(&problem().dims), "toy").unwrap();
    assert_eq!((kept.network.step, kept.network.stop), (14, None));
    assert_eq!(read_history(&directory.file("history.csv")).unwrap().len(), 16);
}

#[test]
fn a_reached_target_ends_the_run_once_and_for_all() {
    let (_a, directory) = fresh();
    let setup = Setup { target: 1.0, lag: 2, ..PLAIN };
    let outcome = run(&directory, setup, &NEVER);
    assert_eq!(outcome.stop, Some(StopReason::Target));
    let rows = read_history(&directory.file("history.csv")).unwrap();
    assert_eq!(rows.len() as u32, outcome.step);
    assert!(rows.last().unwrap().loss <= 1.0 && rows.len() < 30);
    let again = run(&directory, setup, &NEVER);
    assert_eq!(again, outcome);
    assert_eq!(read_history(&directory.file("history.csv")).unwrap(), rows);
}

#[test]
fn an_interrupt_pauses_before_the_next_step() {
    let (_a, directory) = fresh();
    let interrupt = AtomicBool::new(true);
    let outcome = run(&directory, PLAIN, &interrupt);
    assert_eq!((outcome.paused, outcome.step), (true, 0));
    interrupt.store(false, Ordering::Relaxed);
    assert_eq!(run(&directory, PLAIN, &interrupt).step, 30);
}

#[test]
fn a_history_with_missing_rows_is_refused() {
    let (_a, directory) = fresh();
    run(&directory, Setup { stop_after: Some(10), ..PLAIN }, &NEVER);
    let rows = read_history(&directory.file("history.csv")).unwrap();
    HistoryWriter::create(&directory, &rows[1..]).unwrap();
    let (problem, stamp) = (problem(), Stamp::default());
    let layout = Layout::new(&problem.dims);
    let error = last_good(&directory, &layout, &Stamp { run: "toy".into(), ..stamp.clone() }).unwrap_err();
    assert!(error.to_string().contains("history.csv is damaged"), "{error}");
    // Of earlier versions, whose checkpoints say nothing of the history.
    let kept = Checkpoint::read(&directory.file(CHECKPOINT), &layout, "toy").unwrap();
    let error = RunWriter::begin(&directory, &problem, &kept.network, &stamp, Keeping::Everything).unwrap_err();
    assert!(error.to_string().contains("history.csv"), "{error}");
}
