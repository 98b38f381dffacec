//! The engine itself: banks of networks behind the trait.

use super::bank::{Bank, Given, Stage};
use super::bound::Base;
use super::buffers::{RECORD_BYTES, Record, Shared};
use super::device::GpuDevice;
use super::pipelines::Pipelines;
use super::plan::{GpuOptions, GpuPlan};
use super::trajectory::Trajectory;
use super::transfer::{RecordRing, read};
use crate::dims::Dims;
use crate::engine::perturbation::{check_batch, check_differentiable};
use crate::engine::{
    BatchState, Engine, EngineDescription, LossRecord, MemoryNeed, NetworkSettings, NetworkState, Perturbation,
    Problem, StageTime, StepRecord, StopReason, TrialNoise,
};
use crate::error::{Error, Result, ensure};
use crate::network::Layout;
use std::collections::VecDeque;
use wgpu::CommandEncoder;

/// A batch of networks on a graphics device.
#[derive(Debug)]
pub struct GpuEngine {
    pub(super) device: GpuDevice,
    pub(super) plan: GpuPlan,
    adam: crate::engine::Adam,
    pub(super) banks: Vec<Bank>,
    pub(super) pipelines: Pipelines,
    pub(super) shared: Shared,
    ring: RecordRing,
    finished: VecDeque<Vec<StepRecord>>,
    /// The last records that came back, once every network has stopped: nothing can change any more.
    all_stopped: Option<Vec<StepRecord>>,
    pub(super) step: u32,
    /// Whether a network draws stimulus noise at every training step.
    pub(super) draws_noise: bool,
    /// Whether a network's trials have noise.
    pub(super) noisy_trials: bool,
    /// What is done to the networks.
    pub(super) perturbations: Vec<Perturbation>,
    /// What the device was given, if that still holds.
    pub(super) given: Option<Given>,
    /// Whether the rates on the device are those of an evaluation as the engine stands.
    pub(super) simulated: bool,
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
            ring,
            finished: VecDeque::new(),
            all_stopped: None,
            step: 0,
            draws_noise: settings.iter().any(|s| s.fresh_noise.is_some()),
            noisy_trials: false,
            perturbations,
            given: None,
            simulated: false,
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
        if !self.simulated {
            self.evaluate()?;
        }
        Ok(found)
    }

    fn encoder(&self, label: &str) -> CommandEncoder {
        self.device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) })
    }

    fn losses(&self) -> Result<Vec<LossRecord>> {
        let mut losses = Vec::with_capacity(self.plan.dims.networks);
        for bank in &self.banks {
            let values = read::<[f32; 8]>(&self.device, &bank.buffers.losses, 0, bank.networks)?;
            losses.extend(values.iter().map(|v| loss_record(v[0], v[1], v[2])));
        }
        Ok(losses)
    }

    fn finish(&mut self, records: &[Record]) {
        let records: Vec<StepRecord> = records.iter().map(step_record).collect();
        if records.iter().all(|r| r.stop.is_some()) {
            self.all_stopped = Some(records.clone());
        }
        self.finished.push_back(records);
    }

    fn check_rates(&self, learning_rates: &[f64]) -> Result<()> {
        let (found, expected) = (learning_rates.len(), self.plan.dims.networks);
        ensure!(found == expected, "there are {found} learning rates for {expected} networks.");
        Ok(())
    }

    fn write_step_sizes(&self, learning_rates: &[f64]) {
        let mut rest = learning_rates;
        for bank in &self.banks {
            let (part, others) = rest.split_at(bank.networks);
            rest = others;
            let sizes: Vec<f32> = part.iter().map(|lr| self.adam.step_size(*lr, self.step)).collect();
            self.device.queue.write_buffer(&bank.buffers.step_sizes, 0, bytemuck::cast_slice(&sizes));
        }
    }

    /// Records these stages of every bank, for training step `step` or for none (0).
    fn record(&self, stages: &[Stage], encoder: &mut CommandEncoder, step: u32) {
        for bank in &self.banks {
            for stage in stages {
                bank.record(*stage, encoder, step);
            }
        }
    }

    /// Ends a training step: its records go to the ring, the commands to the device.
    fn submit_step(&mut self, mut encoder: CommandEncoder) {
        let mut offset = 0;
        for bank in &self.banks {
            let bytes = RECORD_BYTES * bank.networks as u64;
            encoder.copy_buffer_to_buffer(&bank.buffers.records, 0, self.ring.slot(), offset, bytes);
            offset += bytes;
        }
        let submission = self.device.queue.submit([encoder.finish()]);
        self.ring.submitted(submission);
        self.simulated = false;
    }

    /// Waits for every enqueued step.
    fn drain(&mut self) -> Result<()> {
        while let Some(records) = self.ring.take(&self.device)? {
            self.finish(&records);
        }
        Ok(())
    }
}

fn describe(device: &GpuDevice, plan: &GpuPlan) -> EngineDescription {
    EngineDescription {
        engine: "gpu".into(),
        adapter: device.info().name.clone(),
        strategy: match plan.trajectory {
            Trajectory::F32 => plan.strategy.name().into(),
            Trajectory::F16 => format!("{}, f16 trajectories", plan.strategy.name()),
        },
    }
}

fn loss_record(loss: f32, data_term: f32, reg_term: f32) -> LossRecord {
    LossRecord { loss: loss.into(), data_term: data_term.into(), reg_term: reg_term.into() }
}

fn step_record(r: &Record) -> StepRecord {
    StepRecord {
        step: r.step,
        loss: loss_record(r.loss, r.data_term, r.reg_term),
        grad_norm: r.grad_norm.into(),
        stop: StopReason::from_code(r.stop),
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

    fn step(&mut self, learning_rates: &[f64]) -> Result<()> {
        self.check_rates(learning_rates)?;
        check_differentiable(self.perturbations.iter())?;
        if let Some(records) = self.ring.make_room(&self.device)? {
            self.finish(&records);
        }
        self.step += 1;
        if let Some(records) = &self.all_stopped {
            self.finished.push_back(records.clone());
            return Ok(());
        }
        self.write_step_sizes(learning_rates);
        let mut encoder = self.encoder("step");
        self.record_given(&mut encoder, self.of_step());
        for stages in [Stage::LOSS, Stage::GRADIENT, Stage::UPDATE] {
            self.record(&stages, &mut encoder, self.step);
        }
        self.submit_step(encoder);
        self.device.check()
    }

    fn take_records(&mut self, wait: bool) -> Result<Vec<Vec<StepRecord>>> {
        if wait {
            self.drain()?;
        }
        Ok(self.finished.drain(..).collect())
    }

    fn evaluate(&mut self) -> Result<Vec<LossRecord>> {
        let mut encoder = self.encoder("evaluate");
        self.record_given(&mut encoder, self.of_trial());
        self.record(&Stage::LOSS, &mut encoder, 0);
        self.device.queue.submit([encoder.finish()]);
        self.simulated = true;
        self.losses()
    }

    fn gradients(&mut self) -> Result<(Vec<LossRecord>, Vec<Vec<f32>>)> {
        check_differentiable(self.perturbations.iter())?;
        let mut encoder = self.encoder("gradients");
        self.record_given(&mut encoder, Given::Clean);
        self.record(&Stage::LOSS, &mut encoder, 0);
        self.record(&Stage::GRADIENT, &mut encoder, 0);
        self.device.queue.submit([encoder.finish()]);
        self.simulated = !self.noisy_trials;
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
                networks.push(NetworkState {
                    parameters: part(&p),
                    first_moment: part(&m),
                    second_moment: part(&v),
                    best_parameters: part(&best),
                    best_loss: if record.best_step == 0 { f32::INFINITY } else { record.best_loss },
                    best_step: record.best_step,
                    steps_since_best: record.steps_since_best,
                    stop: StopReason::from_code(record.stop),
                });
            }
        }
        Ok(BatchState { step: self.step, networks })
    }

    fn load_state(&mut self, state: &BatchState) -> Result<()> {
        state.check(&Layout::new(&self.plan.dims), self.plan.dims.networks)?;
        self.drain()?;
        self.finished.clear();
        self.all_stopped = None;
        self.step = state.step;
        self.simulated = false;
        let mut networks = state.networks.as_slice();
        for bank in &self.banks {
            let (part, rest) = networks.split_at(bank.networks);
            networks = rest;
            let flat =
                |values: fn(&NetworkState) -> &Vec<f32>| part.iter().flat_map(values).copied().collect::<Vec<f32>>();
            let b = &bank.buffers;
            let write = |buffer, bytes: &[u8]| self.device.queue.write_buffer(buffer, 0, bytes);
            write(&b.parameters, bytemuck::cast_slice(&flat(|n| &n.parameters)));
            write(&b.first_moment, bytemuck::cast_slice(&flat(|n| &n.first_moment)));
            write(&b.second_moment, bytemuck::cast_slice(&flat(|n| &n.second_moment)));
            write(&b.best, bytemuck::cast_slice(&flat(|n| &n.best_parameters)));
            let records: Vec<Record> = part.iter().map(record_of).collect();
            write(&b.records, bytemuck::cast_slice(&records));
        }
        self.device.check()
    }

    fn profile(&mut self, learning_rates: &[f64]) -> Result<Vec<StageTime>> {
        self.check_rates(learning_rates)?;
        check_differentiable(self.perturbations.iter())?;
        self.drain()?;
        self.device.wait(None)?;
        self.step += 1;
        self.write_step_sizes(learning_rates);
        let mut encoder = self.encoder("stimulus");
        self.record_given(&mut encoder, self.of_step());
        self.device.queue.submit([encoder.finish()]);
        self.device.wait(None)?;
        let mut times = Vec::new();
        for stage in [Stage::LOSS, Stage::GRADIENT, Stage::UPDATE].concat() {
            let start = std::time::Instant::now();
            let mut encoder = self.encoder(stage.name());
            self.record(&[stage], &mut encoder, self.step);
            let submission = self.device.queue.submit([encoder.finish()]);
            self.device.wait(Some(submission))?;
            times.push(StageTime { stage: stage.name().into(), seconds: start.elapsed().as_secs_f64() });
        }
        let encoder = self.encoder("records");
        self.submit_step(encoder);
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

/// The record that stands for a loaded state; step 0 marks that no step of this engine wrote it.
fn record_of(state: &NetworkState) -> Record {
    Record {
        best_loss: state.best_loss.clamp(f32::MIN, f32::MAX),
        best_step: state.best_step,
        steps_since_best: state.steps_since_best,
        stop: state.stop.map_or(0, |reason| reason as u32),
        ..bytemuck::Zeroable::zeroed()
    }
}
