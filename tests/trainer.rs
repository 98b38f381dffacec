//! The loop, the run directory and a resume, over an engine whose records lag as a device's do.
#![allow(missing_docs)]

use aon::dims::Dims;
use aon::engine::*;
use aon::error::Result;
use aon::network::{Area, Constraint, Layout, Population};
use aon::train::*;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Minimises `‖p − 1‖` by gradient descent with momentum; the loss of each step arrives `lag` steps late.
struct Toy {
    dims: Dims,
    state: BatchState,
    lag: usize,
    records: VecDeque<Vec<StepRecord>>,
    diverge_at: u32,
    target: f64,
}

impl Engine for Toy {
    fn dims(&self) -> &Dims {
        &self.dims
    }

    fn describe(&self) -> EngineDescription {
        EngineDescription { engine: "toy".into(), adapter: String::new(), strategy: String::new() }
    }

    fn step(&mut self, rates: &[f64]) -> Result<()> {
        self.state.step += 1;
        let (step, mut records) = (self.state.step, Vec::new());
        for (n, rate) in self.state.networks.iter_mut().zip(rates) {
            let loss = loss_of(&n.parameters);
            let mut record = StepRecord { step, loss, grad_norm: 1.0, stop: None };
            if n.stop.is_none() {
                if loss.loss < f64::from(n.best_loss) {
                    (n.best_loss, n.best_step, n.steps_since_best) = (loss.loss as f32, step, 0);
                    n.best_parameters.clone_from(&n.parameters);
                } else {
                    n.steps_since_best += 1;
                }
                if step == self.diverge_at {
                    n.stop = Some(StopReason::Diverged);
                } else if loss.loss <= self.target {
                    n.stop = Some(StopReason::Target);
                } else {
                    for (p, m) in n.parameters.iter_mut().zip(&mut n.first_moment) {
                        *m = 0.5 * *m + (*p - 1.0);
                        *p -= *rate as f32 * *m;
                    }
                }
            }
            record.stop = n.stop;
            records.push(record);
        }
        self.records.push_back(records);
        Ok(())
    }

    fn take_records(&mut self, wait: bool) -> Result<Vec<Vec<StepRecord>>> {
        let kept = if wait { 0 } else { self.lag.min(self.records.len()) };
        let taken = self.records.len() - kept;
        Ok(self.records.drain(..taken).collect())
    }

    fn evaluate(&mut self) -> Result<Vec<LossRecord>> {
        Ok(self.state.networks.iter().map(|n| loss_of(&n.parameters)).collect())
    }

    fn gradients(&mut self) -> Result<(Vec<LossRecord>, Vec<Vec<f32>>)> {
        unreachable!()
    }

    fn binned_rates(&mut self, _: usize) -> Result<Vec<f32>> {
        unreachable!()
    }

    fn rates(&mut self, _: usize) -> Result<Vec<f32>> {
        unreachable!()
    }

    fn state(&mut self) -> Result<BatchState> {
        Ok(self.state.clone())
    }

    fn load_state(&mut self, state: &BatchState) -> Result<()> {
        self.state = state.clone();
        Ok(())
    }

    fn memory_bytes(&self) -> u64 {
        0
    }

    fn profile(&mut self, _: &[f64]) -> Result<Vec<StageTime>> {
        unreachable!()
    }

    fn set_perturbations(&mut self, _: &[Perturbation]) -> Result<()> {
        unreachable!()
    }

    fn set_trial_noise(&mut self, _: &[Option<TrialNoise>]) -> Result<()> {
        unreachable!()
    }
}

fn loss_of(p: &[f32]) -> LossRecord {
    let e = p.iter().map(|p| f64::from(p - 1.0).powi(2)).sum::<f64>().sqrt();
    LossRecord { loss: e, data_term: e, reg_term: 0.0 }
}

fn problem() -> Problem {
    let dims = Dims {
        networks: 1,
        neurons: 2,
        conditions: 1,
        time_steps: 4,
        thermal: 0,
        steps_per_bin: 2,
        bins: 2,
        channels: 1,
        sequences: 1,
        input_groups: 1,
    };
    Problem {
        dims,
        population: Population::new(vec![Area { name: "A".into(), size: 2 }], vec![false, true], None).unwrap(),
        constraint: Constraint::default(),
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: vec![0],
        sequence: vec![0],
        bins: vec![2],
        stimulus: vec![0.0; 4],
        targets: vec![0.5; 4],
        initial_x: vec![0.0; 2],
        initial_r: vec![0.0; 2],
        recurrent: true,
    }
}

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

/// Starts or resumes a run of 30 steps in `directory`.
fn run(directory: &RunDirectory, setup: Setup, interrupt: &AtomicBool) -> Outcome {
    let problem = problem();
    let layout = Layout::new(&problem.dims);
    let stamp = Stamp { run: "toy".into(), divisors: None };
    let (step, network) = match last_good(directory, &layout, &stamp).unwrap() {
        Some(found) => (found.checkpoint.step, found.checkpoint.network),
        None => (0, NetworkState::fresh((0..layout.len()).map(|i| i as f32 / 3.0).collect())),
    };
    let start = BatchState { step, networks: vec![network] };
    let mut engine = Toy {
        dims: problem.dims,
        state: start.clone(),
        lag: setup.lag,
        records: VecDeque::new(),
        diverge_at: setup.diverge_at,
        target: setup.target,
    };
    let (mut writer, rows) = RunWriter::begin(directory, &problem, 0, step, &start.networks[0], &stamp).unwrap();
    let mut schedule = Schedule::new(ScheduleKind::Plateau, 1.9, 30, 2);
    for row in &rows {
        schedule.observe(row.step, row.loss);
    }
    let plan = TrainingPlan {
        planned_steps: 30,
        stop_after: setup.stop_after,
        checkpoint: CheckpointInterval { steps: setup.checkpoint_every, time: Duration::from_secs(3600) },
        schedules: vec![schedule],
        seconds_before: rows.last().map_or(0.0, |r| r.seconds),
    };
    train(&mut engine, &start, plan, &mut [&mut writer], interrupt).unwrap()
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

static NEVER: AtomicBool = AtomicBool::new(false);

#[test]
fn lag_checkpoints_and_pauses_leave_the_same_run() {
    let (_a, straight) = fresh();
    let outcome = run(&straight, PLAIN, &NEVER);
    assert_eq!((outcome.paused, &outcome.steps[..]), (false, &[30][..]));
    let expected = result(&straight);
    assert_eq!(expected.0.iter().map(|(s, _)| *s).collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());

    for (lag, pause) in [(1, 30), (2, 10), (0, 10), (2, 1), (1, 29)] {
        let (_b, directory) = fresh();
        let setup = Setup { lag, checkpoint_every: 4, ..PLAIN };
        let paused = run(&directory, Setup { stop_after: Some(pause), ..setup }, &NEVER);
        assert_eq!((paused.paused, paused.steps[0]), (pause < 30, pause));
        assert!(!run(&directory, setup, &NEVER).paused);
        assert!(result(&directory) == expected, "lag {lag}, paused at {pause}");
    }
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
    assert_eq!((outcome.stop[0], outcome.steps[0]), (Some(StopReason::Diverged), 17));
    let kept = Checkpoint::read(&directory.file(CHECKPOINT), &Layout::new(&problem().dims), "toy").unwrap();
    assert_eq!((kept.step, kept.network.stop), (14, None));
    assert_eq!(read_history(&directory.file("history.csv")).unwrap().len(), 16);
}

#[test]
fn a_reached_target_ends_the_run_once_and_for_all() {
    let (_a, directory) = fresh();
    let setup = Setup { target: 1.0, lag: 2, ..PLAIN };
    let outcome = run(&directory, setup, &NEVER);
    assert_eq!(outcome.stop[0], Some(StopReason::Target));
    let rows = read_history(&directory.file("history.csv")).unwrap();
    assert_eq!(rows.len() as u32, outcome.steps[0]);
    assert!(rows.last().unwrap().loss <= 1.0 && rows.len() < 30);
    let again = run(&directory, setup, &NEVER);
    assert_eq!((again.stop, again.steps), (outcome.stop, outcome.steps));
    assert_eq!(read_history(&directory.file("history.csv")).unwrap(), rows);
}

#[test]
fn an_interrupt_pauses_before_the_next_step() {
    let (_a, directory) = fresh();
    let interrupt = AtomicBool::new(true);
    let outcome = run(&directory, PLAIN, &interrupt);
    assert_eq!((outcome.paused, outcome.steps[0]), (true, 0));
    interrupt.store(false, Ordering::Relaxed);
    assert_eq!(run(&directory, PLAIN, &interrupt).steps, [30]);
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
    let error = RunWriter::begin(&directory, &problem, 0, kept.step, &kept.network, &stamp).unwrap_err();
    assert!(error.to_string().contains("history.csv"), "{error}");
}
