//! The engine itself: banks of networks behind the trait.

use super::bank::{Bank, Given, Stage, Whom};
use super::bound::Base;
use super::buffers::{RECORD_BYTES, Record, Shared, Turn, loss_record};
use super::device::GpuDevice;
use super::pipelines::Pipelines;
use super::plan::{GpuOptions, GpuPlan};
use super::recorder::Recorder;
use super::stamps::Stamps;
use super::trajectory::Trajectory;
use super::transfer::{RecordRing, read};
use super::weights::Weights;
use crate::dims::Dims;
use crate::engine::perturbation::{check_batch, check_differentiable};
use crate::engine::{
    BatchState, Engine, EngineDescription, LossRecord, MemoryNeed, NetworkSettings, NetworkState, Perturbation,
    Problem, StageTime, StepRecord, StopReason, TrialNoise,
};
use crate::error::{Error, Result, ensure};
use crate::network::Layout;
use std::collections::VecDeque;

/// A batch of networks on a graphics device.
#[derive(Debug)]
pub struct GpuEngine {
    pub(super) device: GpuDevice,
    pub(super) plan: GpuPlan,
    pub(super) adam: crate::engine::Adam,
    pub(super) banks: Vec<Bank>,
    pub(super) pipelines: Pipelines,
    pub(super) shared: Shared,
    pub(super) recorder: Recorder,
    ring: RecordRing,
    pub(super) finished: VecDeque<Vec<Option<StepRecord>>>,
    /// Steps of each network that are done or on their way, `[K]`.
    pub(super) steps: Vec<u32>,
    /// Which networks are known to have stopped, `[K]`.
    pub(super) stopped: Vec<bool>,
    /// Training steps that were submitted.
    pub(super) submitted: u64,
    /// Which networks draw stimulus noise at every training step, `[K]`.
    pub(super) draws_noise: Vec<bool>,
    /// Whether a network's trials have noise.
    pub(super) noisy_trials: bool,
    /// What is done to the networks.
    pub(super) perturbations: Vec<Perturbation>,
    /// What the device was given, if that still holds.
    pub(super) given: Option<Given>,
    /// Of which networks the rates on the device are those of an evaluation as the engine stands, `[K]`.
    pub(super) simulated: Vec<bool>,
}

impl GpuEngine {
    /// An engine for `problem` with K settings, starting from `initial`.
    ///
    /// # Errors
    /// If the settings or the state do not fit the problem, a network does not fit the device, or the device fails.
    pub fn new(
        device: &GpuDevice,
        problem: &Problem,
        settings: &[NetworkSettings],
        initial: &BatchState,
        options: &GpuOptions,
    ) -> Result<Self> {
        problem.check()?;
        let (given, networks) = (settings.len(), problem.dims.networks);
        ensure!(given == networks, "there are settings for {given} networks, but the batch has {networks}.");
        let perturbations: Vec<_> = settings.iter().map(|s| s.perturbation.clone()).collect();
        check_batch(&perturbations, settings.len(), problem.dims.neurons)?;
        let plan = GpuPlan::new(problem, device.info(), options)?;
        let pipelines = Pipelines::new(device, &plan)?;
        let (shared, banks) = device.checked("allocating", || {
            let shared = Shared::new(device, &plan, problem);
            let parts = settings.chunks(plan.bank);
            let base = Base { device, plan: &plan, pipelines: &pipelines, shared: &shared };
            let banks: Result<_> = parts.map(|part| Bank::new(base, part)).collect();
            Ok((shared, banks?))
        })?;
        let ring = RecordRing::new(device, settings.len());
        let mut engine = Self {
            device: device.clone(),
            plan,
            adam: problem.adam,
            banks,
            pipelines,
            shared,
            recorder: Recorder::new(device, options.dispatches),
            ring,
            finished: VecDeque::new(),
            steps: vec![0; networks],
            stopped: vec![false; networks],
            submitted: 0,
            draws_noise: settings.iter().map(|s| s.fresh_noise.is_some()).collect(),
            noisy_trials: false,
            perturbations,
            given: None,
            simulated: vec![false; networks],
        };
        engine.load_state(initial)?;
        Ok(engine)
    }

    /// How an engine for `problem` would describe itself.
    ///
    /// # Errors
    /// If a network does not fit the device.
    pub fn description(device: &GpuDevice, problem: &Problem, options: &GpuOptions) -> Result<EngineDescription> {
        Ok(describe(device, &GpuPlan::new(problem, device.info(), options)?))
    }

    /// What an engine for networks of `problem` will take on the device.
    ///
    /// # Errors
    /// If a network does not fit the device.
    pub fn memory(device: &GpuDevice, problem: &Problem, options: &GpuOptions) -> Result<MemoryNeed> {
        let plan = GpuPlan::new(problem, device.info(), options)?;
        Ok(MemoryNeed { network: plan.network_bytes(), workspace: 0, workspaces: 0, shared: problem.bytes() })
    }

    /// The plan that it runs.
    pub fn plan(&self) -> &GpuPlan {
        &self.plan
    }

    /// Bank of a network, and its number there.
    pub(super) fn locate(&self, network: usize) -> Result<(usize, usize)> {
        let mut first = 0;
        for (b, bank) in self.banks.iter().enumerate() {
            if network < first + bank.networks {
                return Ok((b, network - first));
            }
            first += bank.networks;
        }
        Err(Error::input(format!("there is no network {network}: the batch has {first}.")))
    }

    /// The same, with its rates on the device.
    fn simulated_network(&mut self, network: usize) -> Result<(usize, usize)> {
        let found = self.locate(network)?;
        if !self.simulated[network] {
            self.evaluate()?;
        }
        Ok(found)
    }

    /// The losses of all networks, `[K]`.
    fn losses(&self) -> Result<Vec<LossRecord>> {
        let mut losses = Vec::with_capacity(self.plan.dims.networks);
        for bank in &self.banks {
            let values = read::<[f32; 8]>(&self.device, &bank.buffers.losses, 0, bank.networks)?;
            losses.extend(values.iter().map(|v| loss_record(v[0], v[1], v[2])));
        }
        Ok(losses)
    }

    /// Records these stages of every bank.
    fn record(&mut self, stages: &[Stage], whom: Whom) {
        for bank in &self.banks {
            for stage in stages {
                bank.record(*stage, &mut self.recorder, whom);
            }
        }
    }

    /// Ends a training step of these numbers: its records go to the ring, the commands to the device.
    fn submit_step(&mut self, steps: Vec<u32>) -> Result<()> {
        let (mut offset, encoder) = (0, self.recorder.encoder());
        for bank in &self.banks {
            let bytes = RECORD_BYTES * bank.networks as u64;
            encoder.copy_buffer_to_buffer(&bank.buffers.records, 0, self.ring.slot(), offset, bytes);
            offset += bytes;
        }
        let submission = self.recorder.finish()?;
        self.ring.submitted(submission, steps);
        self.simulated.fill(false);
        Ok(())
    }

    /// Waits for every enqueued step.
    fn drain(&mut self) -> Result<()> {
        while let Some(records) = self.ring.take(&self.device)? {
            self.finish(records);
        }
        Ok(())
    }
}

fn describe(device: &GpuDevice, plan: &GpuPlan) -> EngineDescription {
    EngineDescription {
        engine: "gpu".into(),
        adapter: device.info().name.clone(),
        strategy: match (plan.trajectory, plan.weights) {
            (Trajectory::F32, Weights::F32) => plan.strategy.name().into(),
            (Trajectory::F16, Weights::F32) => format!("{}, f16 trajectories", plan.strategy.name()),
            (Trajectory::F32, Weights::F16) => format!("{}, f16 weights", plan.strategy.name()),
            (Trajectory::F16, Weights::F16) => format!("{}, f16 weights and trajectories", plan.strategy.name()),
        },
    }
}

fn network_state(record: &Record, arrays: [Vec<f32>; 4]) -> NetworkState {
    let [parameters, first_moment, second_moment, best_parameters] = arrays;
    NetworkState {
        step: record.step,
        parameters,
        first_moment,
        second_moment,
        best_parameters,
        best_loss: if record.best_step == 0 { f32::INFINITY } else { record.best_loss },
        best_step: record.best_step,
        steps_since_best: record.steps_since_best,
        stop: StopReason::from_code(record.stop),
    }
}

impl Engine for GpuEngine {
    fn dims(&self) -> &Dims {
        &self.plan.dims
    }

    fn describe(&self) -> EngineDescription {
        describe(&self.device, &self.plan)
    }

    fn memory_bytes(&self) -> u64 {
        let phases: u64 = self.banks.iter().map(|bank| bank.buffers.phases.size()).sum();
        self.plan.network_bytes() * self.plan.dims.networks as u64 + phases
    }

    fn step(&mut self, learning_rates: &[Option<f64>]) -> Result<()> {
        if let Some(records) = self.ring.make_room(&self.device)? {
            self.finish(records);
        }
        let steps = self.next_steps(learning_rates)?;
        if steps.iter().all(|step| *step == 0) {
            return Ok(());
        }
        self.take_turns(&steps, learning_rates);
        self.record_given(self.of_step());
        for stages in [Stage::LOSS, Stage::GRADIENT, Stage::UPDATE] {
            self.record(&stages, Whom::Training);
        }
        self.submit_step(steps)
    }

    fn take_records(&mut self, wait: bool) -> Result<Vec<Vec<Option<StepRecord>>>> {
        if wait {
            self.drain()?;
        }
        Ok(self.finished.drain(..).collect())
    }

    fn evaluate(&mut self) -> Result<Vec<LossRecord>> {
        self.record_given(self.of_trial());
        self.record(&Stage::LOSS, Whom::All);
        self.recorder.finish()?;
        self.simulated.fill(true);
        self.losses()
    }

    fn evaluate_each(&mut self, places: &[usize], read: &(dyn Fn(usize, &[f32]) + Sync)) -> Result<Vec<LossRecord>> {
        places.iter().try_for_each(|place| self.locate(*place).map(drop))?;
        self.drain()?;
        let mut turns = vec![Turn::default(); self.plan.dims.networks];
        for place in places {
            turns[*place].step = 1;
        }
        self.write_turns(&turns);
        self.record_given(self.of_trial());
        self.record(&Stage::LOSS, Whom::Selected);
        self.recorder.finish()?;
        self.simulated.fill(false);
        for place in places {
            self.simulated[*place] = true;
        }
        let losses = self.losses()?;
        for place in places {
            read(*place, &self.binned_rates(*place)?);
        }
        Ok(places.iter().map(|place| losses[*place]).collect())
    }

    fn gradients(&mut self) -> Result<(Vec<LossRecord>, Vec<Vec<f32>>)> {
        check_differentiable(self.perturbations.iter())?;
        self.record_given(Given::Clean);
        self.record(&Stage::LOSS, Whom::All);
        self.record(&Stage::GRADIENT, Whom::All);
        self.recorder.finish()?;
        self.simulated.fill(!self.noisy_trials);
        let length = self.plan.dims.parameters();
        let mut gradients = Vec::with_capacity(self.plan.dims.networks);
        for bank in &self.banks {
            let all = read::<f32>(&self.device, &bank.buffers.gradient, 0, bank.networks * length)?;
            gradients.extend(all.chunks_exact(length).map(<[f32]>::to_vec));
        }
        Ok((self.losses()?, gradients))
    }

    fn binned_rates(&mut self, network: usize) -> Result<Vec<f32>> {
        let (bank, k) = self.simulated_network(network)?;
        self.binned(&self.banks[bank].buffers.inputs, k)
    }

    fn rates(&mut self, network: usize) -> Result<Vec<f32>> {
        let (bank, k) = self.simulated_network(network)?;
        self.trajectory(&self.banks[bank].buffers.inputs, k, self.plan.z_slots(), self.plan.z_rows, |t| t)
    }

    fn state(&mut self) -> Result<BatchState> {
        self.drain()?;
        let length = self.plan.dims.parameters();
        let mut networks = Vec::with_capacity(self.plan.dims.networks);
        for bank in &self.banks {
            let b = &bank.buffers;
            let flat = |buffer| read::<f32>(&self.device, buffer, 0, bank.networks * length);
            let (p, m, v, best) =
                (flat(&b.parameters)?, flat(&b.first_moment)?, flat(&b.second_moment)?, flat(&b.best)?);
            let records = read::<Record>(&self.device, &b.records, 0, bank.networks)?;
            for (k, record) in records.iter().enumerate() {
                let part = |values: &[f32]| values[k * length..(k + 1) * length].to_vec();
                networks.push(network_state(record, [&p, &m, &v, &best].map(|values| part(values))));
            }
        }
        Ok(BatchState { networks })
    }

    fn state_of(&mut self, place: usize) -> Result<NetworkState> {
        self.drain()?;
        let (bank, k) = self.locate(place)?;
        let (b, length) = (&self.banks[bank].buffers, self.plan.dims.parameters());
        let record = read::<Record>(&self.device, &b.records, k as u64 * RECORD_BYTES, 1)?[0];
        let mut arrays = [const { Vec::new() }; 4];
        for (array, buffer) in arrays.iter_mut().zip([&b.parameters, &b.first_moment, &b.second_moment, &b.best]) {
            *array = read::<f32>(&self.device, buffer, (4 * k * length) as u64, length)?;
        }
        Ok(network_state(&record, arrays))
    }

    fn replace(&mut self, place: usize, settings: &NetworkSettings, state: &NetworkState) -> Result<()> {
        state.check(&Layout::new(&self.plan.dims))?;
        let (bank, k) = self.locate(place)?;
        // What is in flight belongs to the former network.
        self.drain()?;
        if self.perturbations[place] != settings.perturbation {
            let mut perturbations = self.perturbations.clone();
            perturbations[place].clone_from(&settings.perturbation);
            self.perturb(&perturbations)?;
        }
        let buffers = &self.banks[bank].buffers;
        buffers.set(&self.device, &self.plan, k, settings);
        buffers.load(&self.device, k, state);
        self.draws_noise[place] = settings.fresh_noise.is_some();
        self.simulated[place] = false;
        self.note(place, state);
        self.device.check()
    }

    fn load_state(&mut self, state: &BatchState) -> Result<()> {
        state.check(&Layout::new(&self.plan.dims), self.plan.dims.networks)?;
        self.drain()?;
        self.finished.clear();
        self.simulated.fill(false);
        for (place, state) in state.networks.iter().enumerate() {
            let (bank, k) = self.locate(place)?;
            self.banks[bank].buffers.load(&self.device, k, state);
            self.note(place, state);
        }
        self.device.check()
    }

    fn profile(&mut self, learning_rates: &[Option<f64>]) -> Result<Vec<StageTime>> {
        self.drain()?;
        let steps = self.next_steps(learning_rates)?;
        self.take_turns(&steps, learning_rates);
        self.record_given(self.of_step());
        self.recorder.finish()?;
        self.device.wait(None)?;
        let stamps = Stamps::new(&self.device)?;
        let mut times = Vec::new();
        for stage in [Stage::LOSS, Stage::GRADIENT, Stage::UPDATE].concat() {
            let start = std::time::Instant::now();
            if let Some(stamps) = &stamps {
                stamps.begin(self.recorder.encoder());
            }
            self.record(&[stage], Whom::Training);
            if let Some(stamps) = &stamps {
                stamps.end(self.recorder.encoder());
            }
            let submission = self.recorder.finish()?;
            self.device.wait(Some(submission))?;
            let by_host = start.elapsed().as_secs_f64();
            let seconds = stamps.as_ref().map(|stamps| stamps.seconds(&self.device)).transpose()?.flatten();
            times.push(StageTime { stage: stage.name().into(), seconds: seconds.unwrap_or(by_host) });
        }
        self.submit_step(steps)?;
        self.drain()?;
        Ok(times)
    }

    fn set_perturbations(&mut self, perturbations: &[Perturbation]) -> Result<()> {
        self.perturb(perturbations)
    }

    fn set_trial_noise(&mut self, noise: &[Option<TrialNoise>]) -> Result<()> {
        self.give_noise(noise)
    }
}
