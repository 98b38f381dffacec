//! Networks that are trained in memory, with nothing kept on disk: fits that others look at, and the input-only baselines
//! of runs.

use super::memory::MOST_NETWORKS;
use super::notice::{Extent, Listener, Notice, TrainingStage};
use super::places::Places;
use crate::config::{FitNetwork, FitPlan, Plan};
use crate::engine::{Device, NetworkState, StepRecord};
use crate::error::Result;
use crate::lab::{OpenEngine, Subject};
use crate::train::{Entrant, Feed, Observer, Settled};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// A network that was trained in memory.
#[derive(Clone, Debug)]
pub struct FittedNetwork {
    /// Its weights.
    pub settled: Settled,
    /// Modelled rates of the best of them in all conditions, `[C][B][N]`.
    pub rates: Vec<f32>,
    /// Steps it was trained.
    pub steps: u32,
}

/// Trains the networks of `plan` together, `[K]`, until they end or `stop` is set: then `None`.
///
/// # Errors
/// If there is no such device, or it fails.
pub fn fit(plan: &Plan, stop: &AtomicBool, listener: &mut dyn Listener) -> Result<Option<Vec<FittedNetwork>>> {
    let device = Device::choose(&plan.config.engine, &mut |notice| listener.notice(&Notice::Device(notice)))?;
    train_in_memory(plan.fit(), &device, TrainingStage::Networks, stop, listener)
}

/// The network of `plan` with these parameters, as laboratories examine it.
///
/// # Errors
/// If the engine fails.
pub fn subject(plan: &Plan, parameters: Vec<f32>, open: &OpenEngine) -> Result<Subject> {
    let held_out: Vec<usize> = plan.held_out.iter().map(|h| h.condition).collect();
    Subject::new(&plan.problem, parameters, plan.task.conditions.clone(), &held_out, plan.task.time.step_ms, open)
}

/// Whether the runs of `plan` have a baseline: unless it is switched off, or they are such networks themselves.
pub(crate) fn has_baseline(plan: &Plan) -> bool {
    plan.config.training.baseline && plan.problem.recurrent
}

/// Trains the baselines of some networks of `plan` together, on the CPU, where networks without recurrence take little
/// time; nothing if they have none, or if it is interrupted.
///
/// # Errors
/// If the engine fails.
pub fn train_baselines(
    plan: &Plan,
    networks: &[usize],
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Vec<FittedNetwork>>> {
    if !has_baseline(plan) || networks.is_empty() {
        return Ok(None);
    }
    let device = Device::Cpu { threads: plan.config.engine.threads.unwrap_or(0) };
    let fitted = train_in_memory(plan.baseline(networks), &device, TrainingStage::Baselines, stop, listener)?;
    if fitted.is_none() {
        listener.notice(&Notice::BaselineInterrupted);
    }
    Ok(fitted)
}

/// Trains the networks of `plan`, `[K]`, with nothing kept on disk; `None` if it is interrupted.
///
/// # Errors
/// If the device fails.
pub(crate) fn train_in_memory(
    plan: FitPlan,
    device: &Device,
    stage: TrainingStage,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Vec<FittedNetwork>>> {
    let FitPlan { problem, whole, networks } = plan;
    let count = networks.len();
    let planned = networks.iter().map(|n| u64::from(n.steps)).sum();
    let progress = listener.observer(stage, Extent { networks: count, planned, done: 0 });
    let places = Places { device, problem, whole, keeps_states: false };
    let steps = networks.iter().map(|n| n.steps).collect();
    let (done, fitted, start) = (vec![0; count], vec![None; count], Instant::now());
    let mut feed = MemoryFeed { next: networks.into_iter().enumerate(), steps, done, fitted, progress, start };
    let mut engine = places.open(count.min(MOST_NETWORKS))?;
    let interrupted = places.train(engine.as_mut(), &mut feed, stop)?;
    Ok(if interrupted { None } else { feed.fitted.into_iter().collect() })
}

/// Networks of the same plan, all at hand.
struct MemoryFeed<I> {
    next: I,
    /// Steps planned, `[K]`.
    steps: Vec<u32>,
    /// Steps done, `[K]`.
    done: Vec<u32>,
    /// What came of them, `[K]`.
    fitted: Vec<Option<FittedNetwork>>,
    progress: Option<Box<dyn Observer>>,
    start: Instant,
}

impl<I: Iterator<Item = (usize, FitNetwork)>> Feed for MemoryFeed<I> {
    fn next(&mut self) -> Result<Option<Entrant>> {
        Ok(self.next.next().map(|(network, FitNetwork { settings, initial, steps, schedule })| Entrant {
            network,
            settings,
            state: NetworkState::fresh(initial),
            schedule,
            until: steps,
            keep_every: u32::MAX,
        }))
    }

    fn on_step(&mut self, network: usize, record: &StepRecord) -> Result<()> {
        let seconds = self.start.elapsed().as_secs_f64();
        self.progress.as_mut().map_or(Ok(()), |progress| progress.on_step(network, record, seconds))
    }

    fn on_checkpoint(&mut self, _network: usize, _state: &NetworkState) -> Result<()> {
        Ok(())
    }

    fn on_leave(&mut self, network: usize, state: &NetworkState) -> Result<bool> {
        self.done[network] = state.step;
        let left = self.steps[network] - state.step;
        self.progress.iter_mut().for_each(|progress| progress.on_end(network, left));
        Ok(true)
    }

    fn on_settled(&mut self, network: usize, settled: Settled, rates: Vec<f32>) -> Result<()> {
        self.fitted[network] = Some(FittedNetwork { settled, rates, steps: self.done[network] });
        Ok(())
    }
}
