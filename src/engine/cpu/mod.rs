//! The CPU engine: every stage of the model as plain loops and one micro-kernel, generic over f32 and f64.
//!
//! In f32 it is the engine for machines without a GPU; in f64 the oracle that finite differences check and that checks
//! the GPU. One network's conditions are split over threads; of several networks each runs on a thread of its own.
//! No split changes a bit of the result: every sum runs in an order that depends on the problem alone.

// The stages are written as index arithmetic on purpose: each line is an equation of docs/model.md.
#![allow(clippy::needless_range_loop, clippy::inline_always, clippy::too_many_arguments)]

mod adam;
mod adjoint;
mod aligned;
mod clip;
mod course;
mod dale;
mod forward;
mod loss;
mod network;
mod noise;
mod parameter_gradient;
#[doc(hidden)]
pub mod peak;
#[doc(hidden)]
pub mod real;
mod shape;
mod shared;
#[doc(hidden)]
pub mod simd;
mod tile;
mod weight_gradient;
mod weights;

use self::course::Course;
use self::network::{Context, Network, STAGES, Workspace};
use self::real::Isa;
pub use self::real::Real;
use self::shape::Shape;
use self::shared::Shared;
use super::perturbation::{check_batch, check_differentiable};
use super::{
    BatchState, Engine, EngineDescription, LossRecord, MemoryNeed, NetworkSettings, NetworkState, Perturbation,
    Problem, StageTime, StepRecord, TrialNoise,
};
use crate::dims::Dims;
use crate::error::{Error, Result, ensure};
use crate::network::Layout;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// A batch of networks on the processor.
pub struct CpuEngine<T: Real> {
    problem: Problem,
    shared: Shared<T>,
    shape: Shape,
    layout: Layout,
    isa: Isa,
    settings: Vec<NetworkSettings>,
    courses: Vec<Course<T>>,
    noise: Vec<Option<TrialNoise>>,
    networks: Vec<Network<T>>,
    workspaces: Mutex<Vec<Workspace<T>>>,
    pool: rayon::ThreadPool,
    threads: usize,
    records: Vec<Vec<Option<StepRecord>>>,
}

impl<T: Real> CpuEngine<T> {
    /// An engine for `problem` with one network per entry of `settings`, starting from `state`; `threads` 0 means one
    /// per processor.
    ///
    /// # Errors
    /// If the problem, the settings and the state do not fit together, or the threads cannot be started.
    pub fn new(problem: Problem, settings: Vec<NetworkSettings>, state: &BatchState, threads: usize) -> Result<Self> {
        Self::with_isa(problem, settings, state, threads, T::detect())
    }

    /// As [`Self::new`], with the instruction set named (one of [`Isa::available`]).
    #[doc(hidden)]
    pub fn with_isa(
        problem: Problem,
        settings: Vec<NetworkSettings>,
        state: &BatchState,
        threads: usize,
        isa: Isa,
    ) -> Result<Self> {
        problem.check()?;
        let (dims, layout) = (problem.dims, Layout::new(&problem.dims));
        let (given, networks) = (settings.len(), dims.networks);
        ensure!(given == networks, "{given} networks have settings, the batch holds {networks}.");
        state.check(&layout, dims.networks)?;
        settings.iter().try_for_each(|s| s.perturbation.check(dims.neurons))?;
        let threads = thread_count(threads);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|k| format!("aon-{k}"))
            .build()
            .map_err(|e| Error::run(format!("cannot start {threads} threads: {e}")))?;
        let shape = Shape::new::<T>(isa, dims);
        Ok(Self {
            shared: Shared::new(&problem, &shape),
            courses: settings.iter().map(|s| Course::new(&shape, &s.perturbation)).collect(),
            noise: vec![None; settings.len()],
            networks: state.networks.iter().map(Network::new).collect(),
            workspaces: Mutex::new(Vec::new()),
            records: Vec::new(),
            problem,
            shape,
            layout,
            isa,
            settings,
            pool,
            threads,
        })
    }

    /// How the engine would describe itself; `threads` as in [`Self::new`].
    pub fn description(threads: usize) -> EngineDescription {
        describe(thread_count(threads), T::detect())
    }

    /// What networks of `problem` will take at most, with what stands beside the engine's state of each: the states of a
    /// start and of a checkpoint, four arrays of parameters each, and when baselines are trained, the best and last
    /// weights of the run, and the modelled rates of both.
    pub fn memory(problem: &Problem, threads: usize) -> MemoryNeed {
        let (d, number) = (problem.dims, size_of::<T>());
        let (shape, layout) = (Shape::new::<T>(T::detect(), d), Layout::new(&d));
        let noisy_stimulus = d.sequences * d.time_steps * d.channels;
        let rates = d.conditions * d.bins * d.neurons;
        MemoryNeed {
            network: (4 * layout.len() * number + size_of::<f32>() * (10 * layout.len() + 2 * rates)) as u64,
            workspace: ((Workspace::<T>::numbers(&shape, &layout) + noisy_stimulus) * number) as u64,
            workspaces: thread_count(threads),
            // As it was read, and in the engine's layout; signs are a number per weight.
            shared: 3 * problem.bytes() + (d.neurons * d.neurons * number) as u64,
        }
    }

    /// The parameters of one network in full precision, flat as [`Layout`] says, to read or change.
    pub fn parameters_mut(&mut self, network: usize) -> &mut [T] {
        &mut self.networks[network].parameters
    }

    /// Losses and gradients as [`Engine::gradients`], in full precision, with the global norms.
    pub fn exact_gradients(&mut self) -> Vec<(LossRecord, f64, Vec<T>)> {
        let all: Vec<usize> = (0..self.networks.len()).collect();
        self.each_network(&all, |context, ws, network| {
            let (loss, scale) = context.evaluate(ws, &network.parameters);
            let norm = context.differentiate(ws, &network.parameters, scale);
            (loss, norm, ws.gradient.clone())
        })
    }

    /// Runs `work` on the networks in these places, which rise: as many at a time as there are threads, the rest with several
    /// threads each. Networks that rest take none.
    fn each_network<R: Send>(
        &mut self,
        places: &[usize],
        work: impl Fn(&Context<T>, &mut Workspace<T>, &mut Network<T>) -> R + Sync,
    ) -> Vec<R> {
        let mut networks = std::mem::take(&mut self.networks);
        let (engine, threads) = (&*self, self.threads);
        let run = |team: usize, (index, network): (usize, &mut Network<T>)| {
            engine.with_workspace(|workspace| work(&engine.context(index, team), workspace, network))
        };
        let whole = places.len() / threads * threads;
        let is_meant = |(place, _): &(usize, &mut Network<T>)| places.binary_search(place).is_ok();
        let mut many: Vec<_> = networks.iter_mut().enumerate().filter(is_meant).collect();
        let few = many.split_off(whole);
        let team = threads / few.len().max(1);
        let results = engine.pool.install(|| {
            let mut results: Vec<R> = many.into_par_iter().map(|item| run(1, item)).collect();
            results.extend(few.into_par_iter().map(|item| run(team, item)).collect::<Vec<R>>());
            results
        });
        self.networks = networks;
        results
    }

    fn check_place(&self, place: usize) -> Result<()> {
        let places = self.networks.len();
        ensure!(place < places, "there is no network {place}: the batch has {places}.");
        Ok(())
    }

    /// What network `index` reads, with so many threads for it.
    fn context(&self, index: usize, team: usize) -> Context<'_, T> {
        Context {
            index,
            isa: self.isa,
            shape: &self.shape,
            layout: &self.layout,
            problem: &self.problem,
            shared: &self.shared,
            settings: &self.settings[index],
            course: &self.courses[index],
            noise: self.noise[index],
            team,
        }
    }

    /// Lends a workspace, a new one where none is free.
    fn with_workspace<R>(&self, work: impl FnOnce(&mut Workspace<T>) -> R) -> R {
        // A poisoned lock only means that another network's thread panicked; the list is still a list.
        let spare = self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut workspace = spare.unwrap_or_else(|| Workspace::new(&self.shape, &self.layout));
        let result = work(&mut workspace);
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
        result
    }

    fn workspaces(&mut self) -> &mut Vec<Workspace<T>> {
        self.workspaces.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something of one network's trajectories at its current parameters: `f(r)` with `r [C][T][padded]`.
    fn simulated<R>(&self, network: usize, f: impl Fn(&[T]) -> R) -> R {
        let (context, parameters) = (self.context(network, self.threads), &self.networks[network].parameters);
        self.with_workspace(|workspace| {
            self.pool.install(|| context.simulate(workspace, parameters));
            f(&workspace.r)
        })
    }
}

/// One thread per processor for 0.
fn thread_count(threads: usize) -> usize {
    if threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { threads }
}

/// Rates `[C][T][padded]` averaged in bins, `[C][B][N]`.
fn binned<T: Real>(shape: &Shape, r: &[T]) -> Vec<f32> {
    let (d, np) = (shape.dims, shape.padded);
    let mut out = Vec::with_capacity(d.conditions * d.bins * d.neurons);
    let mut sums = vec![0.0_f64; np];
    for condition in r.chunks_exact(shape.trajectory()) {
        for bin in condition[d.thermal * np..d.time_steps * np].chunks_exact(d.steps_per_bin * np).take(d.bins) {
            sums.fill(0.0);
            for step in bin.chunks_exact(np) {
                sums.iter_mut().zip(step).for_each(|(sum, r)| *sum += r.to_f64());
            }
            out.extend(sums[..d.neurons].iter().map(|sum| (sum / d.steps_per_bin as f64) as f32));
        }
    }
    out
}

fn describe(threads: usize, isa: Isa) -> EngineDescription {
    let adapter = format!("{threads} {}", if threads == 1 { "thread" } else { "threads" });
    EngineDescription { engine: "cpu".into(), adapter, strategy: isa.name().into() }
}

impl<T: Real> Engine for CpuEngine<T> {
    fn dims(&self) -> &Dims {
        &self.problem.dims
    }

    fn describe(&self) -> EngineDescription {
        describe(self.threads, self.isa)
    }

    fn memory_bytes(&self) -> u64 {
        let held = self.workspaces.lock().map_or(0, |w| w.len());
        let state = 4 * self.layout.len() * self.networks.len();
        ((state + held * Workspace::<T>::numbers(&self.shape, &self.layout)) * size_of::<T>()) as u64
    }

    fn step(&mut self, learning_rates: &[Option<f64>]) -> Result<()> {
        let (given, networks) = (learning_rates.len(), self.networks.len());
        ensure!(given == networks, "{given} learning rates for {networks} networks.");
        let trains = |k: &usize| learning_rates[*k].is_some() && self.networks[*k].stop.is_none();
        let training: Vec<usize> = (0..networks).filter(trains).collect();
        check_differentiable(training.iter().map(|k| &self.settings[*k].perturbation))?;
        if training.is_empty() {
            return Ok(());
        }
        let done = self.each_network(&training, |context, ws, network| {
            learning_rates[context.index].map(|rate| context.step(ws, network, rate))
        });
        let mut records = vec![None; networks];
        training.iter().zip(done).for_each(|(k, record)| records[*k] = record);
        self.records.push(records);
        Ok(())
    }

    fn take_records(&mut self, _wait: bool) -> Result<Vec<Vec<Option<StepRecord>>>> {
        Ok(std::mem::take(&mut self.records))
    }

    fn evaluate(&mut self) -> Result<Vec<LossRecord>> {
        let all: Vec<usize> = (0..self.networks.len()).collect();
        Ok(self.each_network(&all, |context, ws, network| context.simulate(ws, &network.parameters)))
    }

    fn evaluate_each(&mut self, places: &[usize], read: &(dyn Fn(usize, &[f32]) + Sync)) -> Result<Vec<LossRecord>> {
        let mut rising = places.to_vec();
        rising.sort_unstable();
        rising.dedup();
        let outside = rising.last().filter(|place| **place >= self.networks.len());
        ensure!(outside.is_none(), "there is no place {}.", outside.unwrap_or(&0));
        let losses = self.each_network(&rising, |context, ws, network| {
            let loss = context.simulate(ws, &network.parameters);
            read(context.index, &binned(context.shape, &ws.r));
            loss
        });
        let of = |place: &usize| losses[rising.partition_point(|other| other < place)];
        Ok(places.iter().map(of).collect())
    }

    fn gradients(&mut self) -> Result<(Vec<LossRecord>, Vec<Vec<f32>>)> {
        check_differentiable(self.settings.iter().map(|s| &s.perturbation))?;
        let narrow = |g: Vec<T>| g.iter().map(|g| g.to_f64() as f32).collect();
        Ok(self.exact_gradients().into_iter().map(|(loss, _, gradient)| (loss, narrow(gradient))).unzip())
    }

    fn binned_rates(&mut self, network: usize) -> Result<Vec<f32>> {
        Ok(self.simulated(network, |r| binned(&self.shape, r)))
    }

    fn rates(&mut self, network: usize) -> Result<Vec<f32>> {
        let (n, np, steps) = (self.problem.dims.neurons, self.shape.padded, self.problem.dims.time_steps);
        Ok(self.simulated(network, |r| {
            let rows = r.chunks_exact(self.shape.trajectory()).flat_map(|c| c[..steps * np].chunks_exact(np));
            rows.flat_map(|row| row[..n].iter().map(|r| r.to_f64() as f32)).collect()
        }))
    }

    fn state(&mut self) -> Result<BatchState> {
        Ok(BatchState { networks: self.networks.iter().map(Network::state).collect() })
    }

    fn state_of(&mut self, place: usize) -> Result<NetworkState> {
        self.check_place(place)?;
        Ok(self.networks[place].state())
    }

    fn replace(&mut self, place: usize, settings: &NetworkSettings, state: &NetworkState) -> Result<()> {
        self.check_place(place)?;
        state.check(&self.layout)?;
        settings.perturbation.check(self.problem.dims.neurons)?;
        self.courses[place] = Course::new(&self.shape, &settings.perturbation);
        self.settings[place] = settings.clone();
        self.networks[place] = Network::new(state);
        Ok(())
    }

    fn load_state(&mut self, state: &BatchState) -> Result<()> {
        state.check(&self.layout, self.networks.len())?;
        self.records.clear();
        self.networks = state.networks.iter().map(Network::new).collect();
        Ok(())
    }

    fn profile(&mut self, learning_rates: &[Option<f64>]) -> Result<Vec<StageTime>> {
        for workspace in self.workspaces() {
            workspace.seconds.fill(0.0);
        }
        self.step(learning_rates)?;
        let (at_once, mut total) = (self.threads.min(self.networks.len()) as f64, [0.0; STAGES.len()]);
        for workspace in self.workspaces() {
            total.iter_mut().zip(workspace.seconds).for_each(|(t, s)| *t += s);
        }
        let stage = |(name, seconds): (&&str, f64)| StageTime { stage: (*name).into(), seconds: seconds / at_once };
        Ok(STAGES.iter().zip(total).map(stage).collect())
    }

    fn set_perturbations(&mut self, perturbations: &[Perturbation]) -> Result<()> {
        check_batch(perturbations, self.networks.len(), self.problem.dims.neurons)?;
        for (settings, perturbation) in self.settings.iter_mut().zip(perturbations) {
            settings.perturbation.clone_from(perturbation);
        }
        self.courses = perturbations.iter().map(|p| Course::new(&self.shape, p)).collect();
        Ok(())
    }

    fn set_trial_noise(&mut self, noise: &[Option<TrialNoise>]) -> Result<()> {
        ensure!(noise.len() == self.networks.len(), "noise for {} of {} networks.", noise.len(), self.networks.len());
        self.noise = noise.to_vec();
        Ok(())
    }
}
