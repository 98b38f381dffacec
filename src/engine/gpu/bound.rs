//! Every kernel of a bank with the buffers and textures that it works on.

use super::buffers::{Buffers, Shared};
use super::device::GpuDevice;
use super::kernels::Id;
use super::pipelines::{Bound, Pipelines, Resource};
use super::plan::GpuPlan;
use super::textures::Textures;
use super::tiles::Strategy;
use super::weights::Weights;
use crate::error::Result;

/// Kernels by name. Where a kernel takes turns on pairs of buffers, there is one for each turn: of the recurrences by the
/// parity of the step (or of the block of steps), counted from 1; of the weight gradient by the parity of the slots.
#[derive(Debug)]
pub(super) struct Kernels {
    /// With the noise of training steps, and with that of trials.
    pub(super) stimulus: [Bound; 2],
    /// The same; what reads the table of phases is bound anew where that changes its size.
    pub(super) start: [Bound; 2],
    pub(super) weights: Bound,
    /// Of forward, and of adjoint; absent where weights are loaded as they are.
    pub(super) pack_weights: Option<[Bound; 2]>,
    pub(super) cells_of: Bound,
    pub(super) weight_squares: Bound,
    /// Number 1, which starts from the given x.
    pub(super) first_forward: Bound,
    pub(super) forward: [Bound; 2],
    pub(super) bins_of: Bound,
    pub(super) total: Bound,
    pub(super) adjoint: [Bound; 2],
    pub(super) weight_gradient: [Bound; 2],
    pub(super) parameter_gradient: Bound,
    pub(super) squares_of: Bound,
    pub(super) clip: Bound,
    pub(super) adam: Bound,
    /// Absent where nothing is projected.
    pub(super) dale: Option<Bound>,
}

/// What all banks of an engine have in common.
#[derive(Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) device: &'a GpuDevice,
    pub(super) plan: &'a GpuPlan,
    pub(super) pipelines: &'a Pipelines,
    pub(super) shared: &'a Shared,
}

/// Whose bindings are looked up.
struct Binder<'a> {
    base: Base<'a>,
    buffers: &'a Buffers,
    textures: Option<&'a Textures>,
}

use Resource::{Buffer, Slices, Texture};

impl Binder<'_> {
    fn bind(&self, id: Id, resources: &[(&str, Resource)]) -> Result<Bound> {
        let Base { device, plan, pipelines, .. } = self.base;
        pipelines.bind(&device.device, plan.loads, id, resources)
    }

    fn weights(&self, forward: bool) -> Resource<'_> {
        match self.textures {
            Some(textures) => Texture(textures.weights(forward)),
            None => Buffer(self.buffers.loaded_weights(self.base.plan)[usize::from(!forward)]),
        }
    }

    /// Turn `turn` of forward: a step in parity `turn` or a block.
    fn forward(&self, turn: usize, previous: &wgpu::Buffer) -> Result<Bound> {
        let (b, plan) = (self.buffers, self.base.plan);
        let shared = named! {
            weights: self.weights(true), previous: Slices(previous, plan.d_slice()),
            cells: Slices(&b.cells, plan.cells_slice()), potentials: Buffer(&b.potentials[turn % 2]),
        };
        match plan.strategy {
            Strategy::Stepwise => {
                let own = named! {
                    state: Slices(&b.inputs[(turn + 1) % 2], plan.z_slice()),
                    inputs: Buffer(&b.inputs[turn % 2]), deltas: Buffer(&b.deltas[turn % 2]),
                };
                self.bind(Id::Forward, &[&shared[..], &own].concat())
            }
            Strategy::Resident => self.bind(Id::ForwardResident, &[&shared[..], &self.trajectories()].concat()),
        }
    }

    /// Turn `turn` of adjoint: a step in parity `turn` or a block.
    fn adjoint(&self, turn: usize) -> Result<Bound> {
        let (b, plan) = (self.buffers, self.base.plan);
        let shared = named! {
            weights: self.weights(false), previous: Slices(&b.sums[(turn + 1) % 2], plan.d_slice()),
            cells: Slices(&b.cells, plan.cells_slice()), residuals: Slices(&b.residuals, plan.d_slice()),
            losses: Buffer(&b.losses), sums: Buffer(&b.sums[turn % 2]),
        };
        match plan.strategy {
            Strategy::Stepwise => {
                let own = named! {
                    state: Slices(&b.deltas[turn % 2], plan.delta_slice()),
                    increments: Slices(&b.deltas[turn % 2], plan.delta_slice()),
                    rates: Slices(&b.inputs[turn % 2], plan.z_slice()), deltas: Buffer(&b.deltas[(turn + 1) % 2]),
                };
                self.bind(Id::Adjoint, &[&shared[..], &own].concat())
            }
            Strategy::Resident => self.bind(Id::AdjointResident, &[&shared[..], &self.trajectories()].concat()),
        }
    }

    fn trajectories(&self) -> [(&'static str, Resource<'_>); 4] {
        let b = self.buffers;
        named! {
            inputs_even: Buffer(&b.inputs[0]), inputs_odd: Buffer(&b.inputs[1]),
            deltas_even: Buffer(&b.deltas[0]), deltas_odd: Buffer(&b.deltas[1]),
        }
    }

    fn weight_gradient(&self, parity: usize) -> Result<Bound> {
        let b = self.buffers;
        let (id, deltas, inputs) = match self.textures {
            Some(textures) => (Id::WeightGradient, Texture(textures.deltas()), Texture(textures.inputs())),
            None => (Id::WeightGradientTiled, Buffer(&b.deltas[parity]), Buffer(&b.inputs[parity])),
        };
        let (product, cells) = (Buffer(&b.product), Buffer(&b.cells));
        self.bind(id, &named! { deltas: deltas, inputs: inputs, product: product, cells: cells })
    }

    fn pack_weights(&self) -> Result<Option<[Bound; 2]>> {
        let (b, [forward, adjoint]) = (self.buffers, &self.buffers.packed_weights);
        let pack = |exact, packed| {
            self.bind(Id::PackWeights, &named! { exact_weights: Buffer(exact), packed_weights: Buffer(packed) })
        };
        let packs = self.base.plan.weights == Weights::F16;
        packs.then(|| Ok([pack(&b.weights_forward, forward)?, pack(&b.weights_adjoint, adjoint)?])).transpose()
    }

    /// A kernel whose bindings are whole buffers that no turn changes.
    fn plain(&self, id: Id) -> Result<Bound> {
        self.with_noises(id, &self.buffers.noises)
    }

    /// The same with noise of training steps, and of trials.
    fn noisy(&self, id: Id) -> Result<[Bound; 2]> {
        Ok([self.plain(id)?, self.with_noises(id, &self.buffers.trial_noises)?])
    }

    fn with_noises(&self, id: Id, noises: &wgpu::Buffer) -> Result<Bound> {
        let (b, shared) = (self.buffers, self.base.shared);
        let squares = if matches!(id, Id::SquaresOf | Id::Clip) { &b.gradient_squares } else { &b.weight_squares };
        // Of the deltas δ_1 is in slot 2, and the last turn of the adjoint is number 1.
        let resources = named! {
            sequences: &shared.sequences, conditions: &shared.conditions, initial_rates: &shared.initial_rates,
            initial_x: &shared.initial_x, initial_potentials: &b.initial_potentials, population: &shared.population,
            targets: &shared.targets, phases: &b.phases, noises: noises, inputs_even: &b.inputs[0],
            inputs_odd: &b.inputs[1], parameters: &b.parameters, weights_forward: &b.weights_forward,
            weights_adjoint: &b.weights_adjoint, cells: &b.cells, squares: squares, residuals: &b.residuals,
            errors: &b.errors, settings: &b.settings, losses: &b.losses, product: &b.product, deltas: &b.deltas[0],
            sums: &b.sums[1], frozen: &b.frozen, gradient: &b.gradient, records: &b.records,
            turns: &b.turns, first_moment: &b.first_moment, second_moment: &b.second_moment, best: &b.best,
        };
        self.bind(id, &resources.map(|(name, buffer)| (name, Buffer(buffer))))
    }
}

impl Kernels {
    pub(super) fn new(base: Base, buffers: &Buffers, textures: Option<&Textures>) -> Result<Self> {
        let binder = Binder { base, buffers, textures };
        let potentials = &buffers.potentials;
        Ok(Self {
            stimulus: binder.noisy(Id::Stimulus)?,
            start: binder.noisy(Id::Start)?,
            weights: binder.plain(Id::Weights)?,
            pack_weights: binder.pack_weights()?,
            cells_of: binder.plain(Id::CellsOf)?,
            weight_squares: binder.plain(Id::WeightSquares)?,
            first_forward: binder.forward(1, &buffers.initial_potentials)?,
            forward: [binder.forward(0, &potentials[1])?, binder.forward(1, &potentials[0])?],
            bins_of: binder.plain(Id::BinsOf)?,
            total: binder.plain(Id::Total)?,
            adjoint: [binder.adjoint(0)?, binder.adjoint(1)?],
            weight_gradient: [binder.weight_gradient(0)?, binder.weight_gradient(1)?],
            parameter_gradient: binder.plain(Id::ParameterGradient)?,
            squares_of: binder.plain(Id::SquaresOf)?,
            clip: binder.plain(Id::Clip)?,
            adam: binder.plain(Id::Adam)?,
            dale: base.plan.projects().then(|| binder.plain(Id::Dale)).transpose()?,
        })
    }

    /// Binds the table of phases that `buffers` holds now.
    pub(super) fn bind_phases(&mut self, base: Base, buffers: &Buffers) -> Result<()> {
        let binder = Binder { base, buffers, textures: None };
        self.start = binder.noisy(Id::Start)?;
        self.weights = binder.plain(Id::Weights)?;
        self.cells_of = binder.plain(Id::CellsOf)?;
        Ok(())
    }
}
