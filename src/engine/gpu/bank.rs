//! A bank: as many networks of a batch as one set of buffers holds, and the recording of their stages.

use super::bound::{Base, Kernels};
use super::buffers::{Buffers, Noise, filled};
use super::course::Course;
use super::device::GpuDevice;
use super::kernels::Id;
use super::pipelines::{At, Bound};
use super::plan::{GpuPlan, PARTIALS};
use super::recorder::{Dispatch, Recorder};
use super::textures::Textures;
use super::tiles::{Loads, Strategy};
use crate::engine::{NetworkSettings, Perturbation, TRIAL_STEP, TrialNoise};
use crate::error::Result;

/// Which networks a stage computes: `At::step` of common.wgsl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// All.
    All,
    /// Those whose turn it is in a training step, and that have not stopped.
    Training,
    /// Those whose turn it is.
    Selected,
}

impl Whom {
    fn code(self) -> u32 {
        match self {
            Self::All => 0,
            Self::Training => 1,
            Self::Selected => 2,
        }
    }
}

/// The stages of a training step, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Weights,
    Forward,
    Loss,
    Adjoint,
    WeightGradient,
    ParameterGradient,
    Clip,
    Adam,
    Dale,
}

impl Stage {
    /// What gives the loss and the rates.
    pub(super) const LOSS: [Self; 3] = [Self::Weights, Self::Forward, Self::Loss];
    /// What gives the gradient, after that.
    pub(super) const GRADIENT: [Self; 3] = [Self::Adjoint, Self::WeightGradient, Self::ParameterGradient];
    /// What updates the parameters, after that.
    pub(super) const UPDATE: [Self; 3] = [Self::Clip, Self::Adam, Self::Dale];

    /// The name of its shader file and of its CPU twin.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Forward => "forward",
            Self::Loss => "loss",
            Self::Adjoint => "adjoint",
            Self::WeightGradient => "weight_gradient",
            Self::ParameterGradient => "parameter_gradient",
            Self::Clip => "clip",
            Self::Adam => "adam",
            Self::Dale => "dale",
        }
    }
}

/// Networks that share buffers and dispatches.
#[derive(Debug)]
pub(super) struct Bank {
    /// How many.
    pub(super) networks: usize,
    pub(super) buffers: Buffers,
    kernels: Kernels,
    textures: Option<Textures>,
    pub(super) course: Course,
    plan: GpuPlan,
}

/// Which noise the stimulus and the start have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// None.
    Clean,
    /// That of a training step, the engine's so-manieth, on the stimulus of the networks that draw it.
    Fresh(u64),
    /// That of the trials.
    Trial,
}

impl Bank {
    /// Allocates and binds everything for these networks.
    pub(super) fn new(base: Base, settings: &[NetworkSettings]) -> Result<Self> {
        let Base { device, plan, .. } = base;
        let perturbations: Vec<Perturbation> = settings.iter().map(|s| s.perturbation.clone()).collect();
        let course = Course::new(&plan.dims, device.info(), &perturbations)?;
        let buffers = Buffers::new(device, plan, settings, &course);
        let textures = (plan.loads == Loads::Texture).then(|| Textures::new(&device.device, plan, settings.len()));
        let kernels = Kernels::new(base, &buffers, textures.as_ref())?;
        Ok(Self { networks: settings.len(), buffers, kernels, textures, course, plan: *plan })
    }

    fn slabs(&self) -> usize {
        self.networks * self.plan.condition_tiles
    }

    /// Replaces what is done to the networks.
    pub(super) fn set_course(&mut self, base: Base, course: Course) -> Result<()> {
        if course.phases == self.course.phases {
            base.device.queue.write_buffer(&self.buffers.phases, 0, bytemuck::cast_slice(&course.table));
        } else {
            self.buffers.phases = filled(base.device, "phases", &course.table);
            self.kernels.bind_phases(base, &self.buffers)?;
        }
        self.course = course;
        Ok(())
    }

    /// Replaces the noise of the networks' trials.
    pub(super) fn set_noise(&self, device: &GpuDevice, noise: &[Option<TrialNoise>]) {
        let noises: Vec<Noise> = noise.iter().map(|n| n.map_or_else(Noise::default, Noise::trial)).collect();
        device.queue.write_buffer(&self.buffers.trial_noises, 0, bytemuck::cast_slice(&noises));
    }

    /// Records the stage that writes what is given: the stimulus, and unless only that has changed, x and rates at t = 0.
    pub(super) fn record_stimulus(&self, recorder: &mut Recorder, given: Given, with_start: bool) {
        let (step, turn) = match given {
            Given::Clean => (0, 0),
            Given::Fresh(_) => (Whom::Training.code(), 0),
            Given::Trial => (TRIAL_STEP, 1),
        };
        let (d, at) = (&self.plan.dims, At { step, phases: self.course.phases as u32, ..At::default() });
        let rows = d.input_groups * d.channels + 1;
        // The time steps are an extent of the dispatch, and of those a device has a most.
        let most = self.plan.most_groups;
        for first in (0..d.time_steps).step_by(most) {
            let (at, steps) = (At { time: first as u32, ..at }, most.min(d.time_steps - first));
            let extent = [rows.div_ceil(64), steps, self.slabs()];
            recorder.dispatch(&plain(&self.kernels.stimulus[turn], at, extent));
        }
        if with_start {
            let extent = [d.neurons.div_ceil(64), 1, self.slabs()];
            recorder.dispatch(&plain(&self.kernels.start[turn], at, extent));
        }
    }

    /// Records one stage.
    pub(super) fn record(&self, stage: Stage, recorder: &mut Recorder, whom: Whom) {
        let mut over_parameters = |kernel: &Bound| {
            recorder.dispatch(&plain(kernel, At::default(), self.over_parameters()));
        };
        match stage {
            Stage::Weights => self.record_weights(recorder, whom, 0),
            Stage::Forward => self.record_forward(recorder, whom),
            Stage::Loss => self.record_loss(recorder),
            Stage::Adjoint => self.record_adjoint(recorder),
            Stage::WeightGradient => self.record_weight_gradient(recorder),
            Stage::ParameterGradient => over_parameters(&self.kernels.parameter_gradient),
            Stage::Clip => {
                let at = At::default();
                recorder.dispatch(&plain(&self.kernels.squares_of, at, [PARTIALS / 64, self.networks, 1]));
                recorder.dispatch(&plain(&self.kernels.clip, at, [self.networks, 1, 1]));
            }
            Stage::Adam => over_parameters(&self.kernels.adam),
            Stage::Dale => self.kernels.dale.iter().for_each(over_parameters),
        }
    }

    /// Records the stage `weights` for a section of the course: where it is not the first, what changes.
    fn record_weights(&self, recorder: &mut Recorder, whom: Whom, number: usize) {
        let (d, k, g) = (&self.plan.dims, self.networks, &self.kernels);
        let (section, phases) = (&self.course.sections[number], self.course.phases as u32);
        let at = At { time: section.steps.start as u32, step: whom.code(), phases, ..At::default() };
        if section.rewired {
            let columns = d.neurons + d.input_groups * d.channels;
            let at = At { phases: if section.is_cut { phases } else { 0 }, ..at };
            recorder.dispatch(&plain(&g.weights, at, [columns.div_ceil(64), d.neurons, k]));
        }
        for pack in g.pack_weights.iter().flatten().filter(|_| section.rewired) {
            let quads = self.plan.z_rows.max(self.plan.d_rows) * self.plan.weight_stride / 4 * k;
            recorder.dispatch(&plain(pack, at, [quads.div_ceil(64).min(8192), 1, 1]));
        }
        recorder.dispatch(&plain(&g.cells_of, at, [d.neurons.div_ceil(64), k, 1]));
        if number == 0 {
            recorder.dispatch(&plain(&g.weight_squares, at, [PARTIALS / 64, k, 1]));
        }
        if let Some(textures) = self.textures.as_ref().filter(|_| section.rewired) {
            textures.copy_weights(recorder.encoder(), &self.plan, &self.buffers, k);
        }
    }

    /// Where a phase begins in between, the stage `weights` runs again.
    fn record_forward(&self, recorder: &mut Recorder, whom: Whom) {
        let (g, mut block) = (&self.kernels, 0);
        let turn = |number: usize| if number == 1 { &g.first_forward } else { &g.forward[number % 2] };
        let length = self.plan.block(recorder.longest(Id::ForwardResident), self.networks);
        for (number, section) in self.course.sections.iter().enumerate() {
            if number > 0 {
                self.record_weights(recorder, whom, number);
            }
            let steps = section.steps.clone();
            match self.plan.strategy {
                Strategy::Stepwise => {
                    for (first, slabs) in self.slab_groups() {
                        for t in steps.clone() {
                            self.dispatch_step(recorder, turn(t), &self.forward_offsets(first, t), t, first, slabs);
                        }
                    }
                }
                Strategy::Resident => {
                    for start in steps.clone().step_by(length) {
                        block += 1;
                        self.dispatch_block(recorder, turn(block), start, steps.end.min(start + length));
                    }
                }
            }
        }
    }

    fn record_loss(&self, recorder: &mut Recorder) {
        let (g, at) = (&self.kernels, At::default());
        let extent = [self.plan.dims.neurons.div_ceil(64), self.plan.chunks(), self.slabs()];
        recorder.dispatch(&plain(&g.bins_of, at, extent));
        recorder.dispatch(&plain(&g.total, at, [self.networks, 1, 1]));
    }

    fn record_adjoint(&self, recorder: &mut Recorder) {
        let turn = |number: usize| &self.kernels.adjoint[number % 2];
        let last = self.plan.dims.time_steps - 1;
        match self.plan.strategy {
            Strategy::Stepwise => {
                for (first, slabs) in self.slab_groups() {
                    for t in (1..=last).rev() {
                        self.dispatch_step(recorder, turn(t), &self.adjoint_offsets(first, t), t, first, slabs);
                    }
                }
            }
            Strategy::Resident => {
                let length = self.plan.block(recorder.longest(Id::AdjointResident), self.networks);
                // Numbered from 1, which is the last: of steps 1 to `length`.
                for block in (1..=last.div_ceil(length)).rev() {
                    let before = (block - 1) * length;
                    self.dispatch_block(recorder, turn(block), last.min(before + length), before);
                }
            }
        }
    }

    /// Dispatches a block of time steps, from `time` on, to but not with `end`.
    fn dispatch_block(&self, recorder: &mut Recorder, kernel: &Bound, time: usize, end: usize) {
        let at = At { time: time as u32, end: end as u32, ..At::default() };
        let work = time.abs_diff(end) as f64 * self.plan.step_work(self.slabs());
        recorder.dispatch(&Dispatch { work, ..plain(kernel, at, [self.slabs() * self.plan.parts(), 1, 1]) });
    }

    fn record_weight_gradient(&self, recorder: &mut Recorder) {
        for tile in 0..self.plan.condition_tiles {
            for parity in 0..2 {
                let at = At { time: parity as u32, accumulate: u32::from(tile > 0 || parity > 0), ..At::default() };
                let slab = |network: usize| network * self.plan.condition_tiles + tile;
                let longest = recorder.longest(self.kernels.weight_gradient[parity].id);
                let (together, rows) = self.plan.gradient_dispatch(longest, self.gradient_groups()[1]);
                // Textures hold one network at a time.
                let together = if self.textures.is_some() { 1 } else { together };
                for first in (0..self.networks).step_by(together) {
                    if let Some(textures) = &self.textures {
                        let (plan, buffers) = (&self.plan, &self.buffers);
                        textures.copy_trajectories(recorder.encoder(), plan, buffers, parity, slab(first));
                    }
                    let at = At { slab: slab(first) as u32, ..at };
                    self.dispatch_gradient(recorder, at, rows, together.min(self.networks - first));
                }
            }
        }
    }

    /// Workgroups of the weight gradient: of columns, and of rows.
    fn gradient_groups(&self) -> [usize; 2] {
        let (tiles, d) = (&self.plan.tiles, &self.plan.dims);
        let columns = d.neurons + d.input_groups * d.channels + 1;
        let groups = |n: usize, width: u32| n.div_ceil((tiles.gradient_tile * width) as usize);
        [groups(columns, tiles.gradient_workgroup.0), groups(d.neurons, tiles.gradient_workgroup.1)]
    }

    /// One parity of slots and tile of conditions of some networks, so many rows of workgroups a dispatch.
    fn dispatch_gradient(&self, recorder: &mut Recorder, at: At, together: usize, networks: usize) {
        let [columns, all] = self.gradient_groups();
        let kernel = &self.kernels.weight_gradient[at.time as usize];
        for row in (0..all).step_by(together) {
            let (at, rows) = (At { end: row as u32, ..at }, together.min(all - row));
            let work = self.plan.gradient_work() * networks as f64 * rows as f64 / all as f64;
            let extent = [columns, rows, networks * self.plan.segments];
            recorder.dispatch(&Dispatch { work, ..plain(kernel, at, extent) });
        }
    }

    /// Extent of the kernels that stride over the parameters of each network.
    fn over_parameters(&self) -> [usize; 3] {
        [self.plan.dims.parameters().div_ceil(64).min(8192), self.networks, 1]
    }

    /// First slab and number of slabs of each dispatch of a recurrence: all together, or one by one where slices are
    /// bound.
    fn slab_groups(&self) -> Vec<(usize, usize)> {
        match self.plan.loads {
            Loads::Storage => vec![(0, self.slabs())],
            Loads::Texture => (0..self.slabs()).map(|s| (s, 1)).collect(),
        }
    }

    /// Dispatches one time step; `offsets` are those of its slices where slices are bound.
    fn dispatch_step(
        &self,
        recorder: &mut Recorder,
        kernel: &Bound,
        offsets: &[u64],
        time: usize,
        first: usize,
        slabs: usize,
    ) {
        let tiles = &self.plan.tiles;
        let rows = (4 * tiles.row_quads * tiles.workgroup / tiles.split) as usize;
        let mut bound = [0; 6];
        bound.iter_mut().zip(offsets).for_each(|(to, from)| *to = *from as u32);
        let count = if self.plan.loads == Loads::Storage { 0 } else { offsets.len() };
        let at = At { time: time as u32, slab: first as u32, ..At::default() };
        let extent = [self.plan.dims.neurons.div_ceil(rows), slabs * self.plan.parts(), 1];
        let work = self.plan.step_work(slabs);
        recorder.dispatch(&Dispatch { offsets: &bound[..count], work, ..plain(kernel, at, extent) });
    }

    /// Where the slices of forward begin, in binding order: state, previous, cells.
    fn forward_offsets(&self, slab: usize, t: usize) -> [u64; 3] {
        let p = &self.plan;
        let state = (slab * p.z_slots() + (t - 1) / 2) as u64 * p.z_slice();
        [state, slab as u64 * p.d_slice(), self.cell_offset(slab)]
    }

    /// Where the slices of adjoint begin, in binding order: state, previous, cells, rates, residuals, increments.
    fn adjoint_offsets(&self, slab: usize, t: usize) -> [u64; 6] {
        let p = &self.plan;
        let delta = |slot: usize| (slab * p.d_slots() + slot / 2) as u64 * p.delta_slice();
        let bin = (t.saturating_sub(p.dims.thermal) / p.dims.steps_per_bin).min(p.dims.bins - 1);
        let rates = (slab * p.z_slots() + t / 2) as u64 * p.z_slice();
        let residuals = (slab * p.dims.bins + bin) as u64 * p.d_slice();
        let previous = slab as u64 * p.d_slice();
        [delta(t + 2), previous, self.cell_offset(slab), rates, residuals, delta(t)]
    }

    fn cell_offset(&self, slab: usize) -> u64 {
        (slab / self.plan.condition_tiles) as u64 * self.plan.cells_slice()
    }
}

/// A dispatch without offsets, whose work is told by its extent: of those that stride over more, the same at every step.
fn plain(kernel: &Bound, at: At, extent: [usize; 3]) -> Dispatch<'_> {
    Dispatch { kernel, offsets: &[], at, extent, work: extent.map(|e| e as f64).iter().product() }
}
