//! A bank: as many networks of a batch as one set of buffers holds, and the recording of their stages.

use super::buffers::{Buffers, Shared};
use super::device::GpuDevice;
use super::kernels::Id;
use super::pipelines::{Pipelines, Resource};
use super::plan::{Loads, PARTIALS, Plan};
use super::textures::Textures;
use crate::engine::{NetworkSettings, Problem};
use crate::error::Result;
use bytemuck::{Pod, Zeroable};
use wgpu::{BindGroup, CommandEncoder, ComputePass};

/// `At` in common.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
struct At {
    time: u32,
    slab: u32,
    accumulate: u32,
    step: u32,
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
    groups: Groups,
    textures: Option<Textures>,
    plan: Plan,
}

/// Bind groups by kernel; arrays by the parity of the step.
#[derive(Debug)]
struct Groups {
    stimulus: BindGroup,
    weights: BindGroup,
    cells_of: BindGroup,
    weight_squares: BindGroup,
    first_forward: BindGroup,
    forward: [BindGroup; 2],
    bins_of: BindGroup,
    total: BindGroup,
    adjoint: [BindGroup; 2],
    weight_gradient: [BindGroup; 2],
    parameter_gradient: BindGroup,
    squares_of: BindGroup,
    clip: BindGroup,
    adam: BindGroup,
    dale: BindGroup,
}

impl Bank {
    /// Allocates and binds everything for these networks.
    pub(super) fn new(
        device: &GpuDevice,
        plan: &Plan,
        pipelines: &Pipelines,
        shared: &Shared,
        problem: &Problem,
        settings: &[NetworkSettings],
    ) -> Result<Self> {
        let buffers = Buffers::new(device, plan, problem, settings);
        let textures = (plan.loads == Loads::Texture).then(|| Textures::new(&device.device, plan, settings.len()));
        let groups = Groups::new(device, plan, pipelines, shared, &buffers, textures.as_ref())?;
        Ok(Self { networks: settings.len(), buffers, groups, textures, plan: *plan })
    }

    fn slabs(&self) -> usize {
        self.networks * self.plan.condition_tiles
    }

    /// Records the stage that writes the stimulus and the initial rates: with the noise of training step `step`, or
    /// without any for 0.
    pub(super) fn record_stimulus(&self, encoder: &mut CommandEncoder, pipelines: &Pipelines, step: u32) {
        let label = Some("stimulus");
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label, timestamp_writes: None });
        let d = &self.plan.dims;
        let extent = [self.plan.z_rows.div_ceil(64), d.time_steps, self.slabs()];
        dispatch(&mut pass, pipelines, Id::Stimulus, &self.groups.stimulus, At { step, ..At::default() }, extent);
    }

    /// Records one stage; `step` is the number of the training step.
    pub(super) fn record(&self, stage: Stage, encoder: &mut CommandEncoder, pipelines: &Pipelines, step: u32) {
        match stage {
            Stage::Weights => self.record_weights(encoder, pipelines),
            Stage::Forward => self.record_forward(encoder, pipelines),
            Stage::Loss => self.record_loss(encoder, pipelines),
            Stage::Adjoint => self.record_adjoint(encoder, pipelines),
            Stage::WeightGradient => self.record_weight_gradient(encoder, pipelines),
            Stage::ParameterGradient => {
                let group = &self.groups.parameter_gradient;
                let extent = self.over_parameters();
                dispatch(&mut begin(encoder, stage), pipelines, Id::ParameterGradient, group, At::default(), extent);
            }
            Stage::Clip => {
                let at = At { step, ..At::default() };
                let mut pass = begin(encoder, stage);
                let extent = [PARTIALS / 64, self.networks, 1];
                dispatch(&mut pass, pipelines, Id::SquaresOf, &self.groups.squares_of, at, extent);
                dispatch(&mut pass, pipelines, Id::Clip, &self.groups.clip, at, [self.networks, 1, 1]);
            }
            Stage::Adam => {
                let (group, extent) = (&self.groups.adam, self.over_parameters());
                dispatch(&mut begin(encoder, stage), pipelines, Id::Adam, group, At::default(), extent);
            }
            Stage::Dale => {
                let (group, extent) = (&self.groups.dale, self.over_parameters());
                if self.plan.projects() {
                    dispatch(&mut begin(encoder, stage), pipelines, Id::Dale, group, At::default(), extent);
                }
            }
        }
    }

    fn record_weights(&self, encoder: &mut CommandEncoder, pipelines: &Pipelines) {
        let (d, k, g, at) = (&self.plan.dims, self.networks, &self.groups, At::default());
        {
            let mut pass = begin(encoder, Stage::Weights);
            let columns = d.neurons + d.input_groups * d.channels;
            let extent = [columns.div_ceil(64), d.neurons, k];
            dispatch(&mut pass, pipelines, Id::Weights, &g.weights, at, extent);
            dispatch(&mut pass, pipelines, Id::CellsOf, &g.cells_of, at, [d.neurons.div_ceil(64), k, 1]);
            dispatch(&mut pass, pipelines, Id::WeightSquares, &g.weight_squares, at, [PARTIALS / 64, k, 1]);
        }
        if let Some(textures) = &self.textures {
            textures.copy_weights(encoder, &self.plan, &self.buffers, k);
        }
    }

    fn record_forward(&self, encoder: &mut CommandEncoder, pipelines: &Pipelines) {
        let mut pass = begin(encoder, Stage::Forward);
        pass.set_pipeline(&pipelines.get(Id::Forward).compiled);
        let g = &self.groups;
        for (first, slabs) in self.slab_groups() {
            for t in 1..self.plan.dims.time_steps {
                let group = if t == 1 { &g.first_forward } else { &g.forward[t % 2] };
                self.dispatch_step(&mut pass, group, &self.forward_offsets(first, t), t, first, slabs);
            }
        }
    }

    fn record_loss(&self, encoder: &mut CommandEncoder, pipelines: &Pipelines) {
        let mut pass = begin(encoder, Stage::Loss);
        let (g, at) = (&self.groups, At::default());
        let extent = [self.plan.dims.neurons.div_ceil(64), self.plan.chunks(), self.slabs()];
        dispatch(&mut pass, pipelines, Id::BinsOf, &g.bins_of, at, extent);
        dispatch(&mut pass, pipelines, Id::Total, &g.total, at, [self.networks, 1, 1]);
    }

    fn record_adjoint(&self, encoder: &mut CommandEncoder, pipelines: &Pipelines) {
        let mut pass = begin(encoder, Stage::Adjoint);
        pass.set_pipeline(&pipelines.get(Id::Adjoint).compiled);
        for (first, slabs) in self.slab_groups() {
            for t in (1..self.plan.dims.time_steps).rev() {
                let group = &self.groups.adjoint[t % 2];
                self.dispatch_step(&mut pass, group, &self.adjoint_offsets(first, t), t, first, slabs);
            }
        }
    }

    fn record_weight_gradient(&self, encoder: &mut CommandEncoder, pipelines: &Pipelines) {
        let (plan, d) = (&self.plan, &self.plan.dims);
        let tiles = &plan.tiles;
        let columns = d.neurons + d.input_groups * d.channels + 1;
        let groups = |n: usize, width: u32| n.div_ceil((tiles.gradient_tile * width) as usize);
        let (gx, gy) = (groups(columns, tiles.gradient_workgroup.0), groups(d.neurons, tiles.gradient_workgroup.1));
        for tile in 0..plan.condition_tiles {
            for parity in 0..2 {
                let accumulate = u32::from(tile > 0 || parity > 0);
                let at = |slab: usize| At { time: parity as u32, slab: slab as u32, accumulate, step: 0 };
                let group = &self.groups.weight_gradient[parity];
                match &self.textures {
                    None => {
                        let mut pass = begin(encoder, Stage::WeightGradient);
                        let extent = [gx, gy, self.networks * plan.segments];
                        dispatch(&mut pass, pipelines, Id::WeightGradient, group, at(tile), extent);
                    }
                    Some(textures) => {
                        for network in 0..self.networks {
                            let slab = network * plan.condition_tiles + tile;
                            textures.copy_trajectories(encoder, plan, &self.buffers, parity, slab);
                            let mut pass = begin(encoder, Stage::WeightGradient);
                            let extent = [gx, gy, plan.segments];
                            dispatch(&mut pass, pipelines, Id::WeightGradient, group, at(slab), extent);
                        }
                    }
                }
            }
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

    fn dispatch_step(
        &self,
        pass: &mut ComputePass,
        group: &BindGroup,
        offsets: &[u32],
        t: usize,
        first: usize,
        slabs: usize,
    ) {
        let tiles = &self.plan.tiles;
        let parts = self.plan.quads / tiles.tile_quads as usize;
        let rows = (4 * tiles.row_quads * tiles.workgroup) as usize;
        pass.set_bind_group(0, group, offsets);
        let at = At { time: t as u32, slab: first as u32, ..At::default() };
        pass.set_immediates(0, bytemuck::bytes_of(&at));
        pass.dispatch_workgroups(self.plan.dims.neurons.div_ceil(rows) as u32, (slabs * parts) as u32, 1);
    }

    /// Dynamic offsets of forward's slices, in binding order: state, previous, cells.
    fn forward_offsets(&self, slab: usize, t: usize) -> Vec<u32> {
        if self.plan.loads == Loads::Storage {
            return Vec::new();
        }
        let p = &self.plan;
        let state = (slab * p.z_slots() + (t - 1) / 2) as u64 * p.z_slice();
        [state, slab as u64 * p.d_slice(), self.cell_offset(slab)].map(|o| o as u32).to_vec()
    }

    /// Dynamic offsets of adjoint's slices, in binding order: state, previous, cells, rates, residuals, increments.
    fn adjoint_offsets(&self, slab: usize, t: usize) -> Vec<u32> {
        if self.plan.loads == Loads::Storage {
            return Vec::new();
        }
        let p = &self.plan;
        let delta = |slot: usize| (slab * p.d_slots() + slot / 2) as u64 * p.d_slice();
        let bin = (t.saturating_sub(p.dims.thermal) / p.dims.steps_per_bin).min(p.dims.bins - 1);
        let rates = (slab * p.z_slots() + t / 2) as u64 * p.z_slice();
        let residuals = (slab * p.dims.bins + bin) as u64 * p.d_slice();
        let previous = slab as u64 * p.d_slice();
        [delta(t + 2), previous, self.cell_offset(slab), rates, residuals, delta(t)].map(|o| o as u32).to_vec()
    }

    fn cell_offset(&self, slab: usize) -> u64 {
        16 * (slab / self.plan.condition_tiles * self.plan.d_rows) as u64
    }
}

impl Groups {
    #[allow(clippy::too_many_lines, reason = "a list: one line a binding")]
    fn new(
        device: &GpuDevice,
        plan: &Plan,
        pipelines: &Pipelines,
        shared: &Shared,
        b: &Buffers,
        textures: Option<&Textures>,
    ) -> Result<Self> {
        use Resource::{Buffer, Slices, Texture};
        let bind = |id, resources: &[(&str, Resource)]| pipelines.get(id).bind(&device.device, plan.loads, resources);
        let weights = |forward: bool| match textures {
            Some(t) => Texture(t.weights(forward)),
            None => Buffer(if forward { &b.weights_forward } else { &b.weights_adjoint }),
        };
        let (z, d) = (plan.z_slice(), plan.d_slice());
        let cells = Slices(&b.cells, 16 * plan.d_rows as u64);
        let forward = |t: usize, previous| {
            bind(
                Id::Forward,
                &[
                    ("weights", weights(true)),
                    ("state", Slices(&b.inputs[(t + 1) % 2], z)),
                    ("previous", Slices(previous, d)),
                    ("cells", cells),
                    ("inputs", Buffer(&b.inputs[t % 2])),
                    ("potentials", Buffer(&b.potentials[t % 2])),
                    ("deltas", Buffer(&b.deltas[t % 2])),
                ],
            )
        };
        let adjoint = |t: usize| {
            bind(
                Id::Adjoint,
                &[
                    ("weights", weights(false)),
                    ("state", Slices(&b.deltas[t % 2], d)),
                    ("previous", Slices(&b.sums[(t + 1) % 2], d)),
                    ("cells", cells),
                    ("rates", Slices(&b.inputs[t % 2], z)),
                    ("residuals", Slices(&b.residuals, d)),
                    ("increments", Slices(&b.deltas[t % 2], d)),
                    ("losses", Buffer(&b.losses)),
                    ("deltas", Buffer(&b.deltas[(t + 1) % 2])),
                    ("sums", Buffer(&b.sums[t % 2])),
                ],
            )
        };
        let weight_gradient = |parity: usize| {
            let (deltas, inputs) = match textures {
                Some(t) => (Texture(t.deltas()), Texture(t.inputs())),
                None => (Buffer(&b.deltas[parity]), Buffer(&b.inputs[parity])),
            };
            bind(Id::WeightGradient, &[("deltas", deltas), ("inputs", inputs), ("product", Buffer(&b.product))])
        };
        let common = [
            ("sequences", Buffer(&shared.sequences)),
            ("conditions", Buffer(&shared.conditions)),
            ("initial_rates", Buffer(&shared.initial_rates)),
            ("population", Buffer(&shared.population)),
            ("targets", Buffer(&shared.targets)),
            ("silence", Buffer(&b.silence)),
            ("noises", Buffer(&b.noises)),
            ("inputs_even", Buffer(&b.inputs[0])),
            ("inputs_odd", Buffer(&b.inputs[1])),
            ("parameters", Buffer(&b.parameters)),
            ("weights_forward", Buffer(&b.weights_forward)),
            ("weights_adjoint", Buffer(&b.weights_adjoint)),
            ("cells", Buffer(&b.cells)),
            ("squares", Buffer(&b.weight_squares)),
            ("residuals", Buffer(&b.residuals)),
            ("errors", Buffer(&b.errors)),
            ("settings", Buffer(&b.settings)),
            ("losses", Buffer(&b.losses)),
            ("product", Buffer(&b.product)),
            ("deltas", Buffer(&b.deltas[0])),
            // The last step of the adjoint is t = 1.
            ("sums", Buffer(&b.sums[1])),
            ("frozen", Buffer(&b.frozen)),
            ("gradient", Buffer(&b.gradient)),
            ("records", Buffer(&b.records)),
            ("step_sizes", Buffer(&b.step_sizes)),
            ("first_moment", Buffer(&b.first_moment)),
            ("second_moment", Buffer(&b.second_moment)),
            ("best", Buffer(&b.best)),
        ];
        let of_gradient =
            common.map(|(name, r)| (name, if name == "squares" { Buffer(&b.gradient_squares) } else { r }));
        Ok(Self {
            stimulus: bind(Id::Stimulus, &common)?,
            weights: bind(Id::Weights, &common)?,
            cells_of: bind(Id::CellsOf, &common)?,
            weight_squares: bind(Id::WeightSquares, &common)?,
            first_forward: forward(1, &b.initial_potentials)?,
            forward: [forward(0, &b.potentials[1])?, forward(1, &b.potentials[0])?],
            bins_of: bind(Id::BinsOf, &common)?,
            total: bind(Id::Total, &common)?,
            adjoint: [adjoint(0)?, adjoint(1)?],
            weight_gradient: [weight_gradient(0)?, weight_gradient(1)?],
            parameter_gradient: bind(Id::ParameterGradient, &common)?,
            squares_of: bind(Id::SquaresOf, &of_gradient)?,
            clip: bind(Id::Clip, &of_gradient)?,
            adam: bind(Id::Adam, &common)?,
            dale: bind(Id::Dale, &common)?,
        })
    }
}

fn begin(encoder: &mut CommandEncoder, stage: Stage) -> ComputePass<'_> {
    encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(stage.name()), timestamp_writes: None })
}

fn dispatch(pass: &mut ComputePass, pipelines: &Pipelines, id: Id, group: &BindGroup, at: At, extent: [usize; 3]) {
    pass.set_pipeline(&pipelines.get(id).compiled);
    pass.set_bind_group(0, group, &[]);
    pass.set_immediates(0, bytemuck::bytes_of(&at));
    let [x, y, z] = extent.map(|e| e as u32);
    pass.dispatch_workgroups(x, y, z);
}
