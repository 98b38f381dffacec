//! Device memory: what all networks share, and what a bank of networks needs.

use super::course::Course;
use super::device::GpuDevice;
use super::plan::{GpuPlan, PARTIALS};
use super::tiles::Loads;
use super::weights::Weights;
use crate::engine::{FreshNoise, LossRecord, NetworkSettings, NetworkState, Problem, TrialNoise};
use crate::network::Layout;
use bytemuck::{Pod, Zeroable};
use wgpu::BufferUsages as Usage;

/// `Settings` in network.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub(super) struct Settings {
    clip_norm: f32,
    regularisation: f32,
    goal: f32,
    min_improvement: f32,
    patience: u32,
    pad: [u32; 3],
}

/// `Turn` in network.wgsl; the default rests.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Turn {
    pub(super) step: u32,
    pub(super) step_size: f32,
}

/// `Noise` in noise.wgsl; the default is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct Noise {
    sigma: f32,
    initial_sigma: f32,
    seed: [u32; 2],
    network: u32,
}

impl Noise {
    /// That of a training step.
    fn fresh(noise: FreshNoise) -> Self {
        Self { sigma: noise.sigma, initial_sigma: 0.0, seed: words(noise.seed), network: noise.network }
    }

    /// That of a trial.
    pub(super) fn trial(noise: TrialNoise) -> Self {
        let TrialNoise { stimulus_sd, initial_sd, seed, trial } = noise;
        Self { sigma: stimulus_sd, initial_sigma: initial_sd, seed: words(seed), network: trial }
    }
}

/// Low and high word.
fn words(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

/// `Record` in network.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(super) struct Record {
    pub(super) loss: f32,
    pub(super) data_term: f32,
    pub(super) reg_term: f32,
    pub(super) grad_norm: f32,
    pub(super) clip_scale: f32,
    pub(super) best_loss: f32,
    pub(super) best_step: u32,
    pub(super) steps_since_best: u32,
    pub(super) step: u32,
    pub(super) stop: u32,
    pub(super) improved: u32,
    pub(super) update: u32,
}

impl Record {
    /// The record that stands for a loaded state.
    fn of(state: &NetworkState) -> Self {
        Self {
            best_loss: state.best_loss.clamp(f32::MIN, f32::MAX),
            best_step: state.best_step,
            steps_since_best: state.steps_since_best,
            step: state.step,
            stop: state.stop.map_or(0, |reason| reason as u32),
            ..Self::zeroed()
        }
    }
}

/// The loss as kernels leave it.
pub(super) fn loss_record(loss: f32, data_term: f32, reg_term: f32) -> LossRecord {
    LossRecord { loss: loss.into(), data_term: data_term.into(), reg_term: reg_term.into() }
}

/// Bytes of one [`Record`].
pub(super) const RECORD_BYTES: u64 = size_of::<Record>() as u64;

impl Settings {
    pub(super) fn new(settings: &NetworkSettings) -> Self {
        // Kernels may assume that no number is infinite; these bounds mean the same.
        let finite = |x: f32| if x.is_nan() { f32::MIN } else { x.clamp(f32::MIN, f32::MAX) };
        Self {
            clip_norm: finite(settings.clip_norm),
            regularisation: settings.regularisation,
            goal: finite(settings.target),
            min_improvement: settings.min_improvement,
            patience: settings.patience,
            pad: [0; 3],
        }
    }
}

/// Makes a struct of buffers, and of pairs of them.
macro_rules! buffers {
    ($(#[$about:meta])* $name:ident: $($one:ident)*; $($pair:ident)*) => {
        $(#[$about])*
        #[derive(Debug)]
        pub(super) struct $name {
            $(pub(super) $one: wgpu::Buffer,)*
            $(pub(super) $pair: [wgpu::Buffer; 2],)*
        }
    };
}

buffers! {
    /// Buffers that no network changes.
    Shared: population sequences conditions initial_rates initial_x targets;
}

buffers! {
    /// Buffers of a bank of networks; pairs are those of the even and the odd steps or slots, and of weights those of forward
    /// and of adjoint. Shapes: see the shaders.
    Buffers:
        parameters first_moment second_moment best gradient weights_forward weights_adjoint cells phases
        initial_potentials residuals errors weight_squares gradient_squares product losses records settings frozen noises
        trial_noises turns;
        inputs deltas potentials sums packed_weights
}

/// A labelled buffer of at least `bytes` bytes.
pub(super) fn buffer(device: &wgpu::Device, label: &str, bytes: u64, usage: Usage) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes.max(16).next_multiple_of(16),
        usage,
        mapped_at_creation: false,
    })
}

/// A buffer with these values.
pub(super) fn filled<T: Pod>(device: &GpuDevice, label: &str, values: &[T]) -> wgpu::Buffer {
    let bytes: &[u8] = bytemuck::cast_slice(values);
    let made = buffer(&device.device, label, bytes.len() as u64, Usage::STORAGE | Usage::COPY_DST);
    device.queue.write_buffer(&made, 0, bytes);
    made
}

impl Shared {
    pub(super) fn new(device: &GpuDevice, plan: &GpuPlan, problem: &Problem) -> Self {
        let population = &problem.population;
        let neurons = population.area_of().iter().zip(population.inhibitory());
        let neurons: Vec<[u32; 2]> = neurons.map(|(area, inhibitory)| [*area, u32::from(*inhibitory)]).collect();
        let mut conditions = vec![[0_u32; 4]; plan.condition_tiles * 4 * plan.quads];
        for (c, entry) in conditions.iter_mut().take(problem.dims.conditions).enumerate() {
            *entry = [problem.input_group[c] as u32, problem.sequence[c] as u32, problem.bins[c] as u32, 1];
        }
        let initial = |given: &[f32]| plan.by_condition(1, |c, _, i| given[c * problem.dims.neurons + i]);
        let (bins, n) = (problem.dims.bins, problem.dims.neurons);
        let targets = plan.by_condition(bins, |c, b, i| {
            // Anything may stand past a condition's bins, NaN too; it must not be read.
            if b < problem.bins[c] { problem.targets[(c * bins + b) * n + i] } else { 0.0 }
        });
        Self {
            population: filled(device, "population", &neurons),
            sequences: filled(device, "sequences", &problem.stimulus),
            conditions: filled(device, "conditions", &conditions),
            initial_rates: filled(device, "initial rates", &initial(&problem.initial_r)),
            initial_x: filled(device, "initial x", &initial(&problem.initial_x)),
            targets: filled(device, "targets", &targets),
        }
    }
}

impl Buffers {
    /// The weights that the recurrences load, forward's and adjoint's.
    pub(super) fn loaded_weights(&self, plan: &GpuPlan) -> [&wgpu::Buffer; 2] {
        match plan.weights {
            Weights::F32 => [&self.weights_forward, &self.weights_adjoint],
            Weights::F16 => self.packed_weights.each_ref(),
        }
    }

    /// Buffers for as many networks as there are `settings`, zero but for what these and the course give.
    pub(super) fn new(device: &GpuDevice, plan: &GpuPlan, settings: &[NetworkSettings], course: &Course) -> Self {
        let k = settings.len() as u64;
        let slabs = k * plan.condition_tiles as u64;
        let n = plan.dims.neurons as u64;
        let storage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
        let slices = match plan.loads {
            Loads::Storage => storage,
            Loads::Texture => storage | Usage::UNIFORM,
        };
        let make = |label: &str, bytes: u64, usage| buffer(&device.device, label, bytes, usage);
        let flat = |label: &str| make(label, 4 * k * plan.dims.parameters() as u64, storage);
        let pair = |label: &str, slots: usize, slice: u64| {
            ["even", "odd"].map(|p| make(&format!("{label} {p}"), slabs * slots as u64 * slice, slices))
        };
        let made = Self {
            parameters: flat("parameters"),
            first_moment: flat("first moment"),
            second_moment: flat("second moment"),
            best: flat("best parameters"),
            gradient: flat("gradient"),
            weights_forward: make("weights forward", 4 * k * (plan.z_rows * plan.weight_stride) as u64, storage),
            weights_adjoint: make("weights adjoint", 4 * k * (plan.d_rows * plan.weight_stride) as u64, storage),
            packed_weights: [plan.z_rows, plan.d_rows].map(|rows| {
                // Next to nothing where weights are loaded as they are.
                let bytes = if plan.weights == Weights::F16 { 2 * k * (rows * plan.weight_stride) as u64 } else { 0 };
                make("packed weights", bytes, storage)
            }),
            cells: make("cells", 16 * k * plan.d_rows as u64, slices),
            phases: filled(device, "phases", &course.table),
            inputs: pair("inputs", plan.z_slots(), plan.z_slice()),
            deltas: pair("deltas", plan.d_slots(), plan.delta_slice()),
            initial_potentials: make("initial potentials", slabs * plan.d_slice(), slices),
            potentials: pair("potentials", 1, plan.d_slice()),
            sums: pair("sums", 1, plan.d_slice()),
            residuals: make("residuals", slabs * plan.dims.bins as u64 * plan.d_slice(), slices),
            errors: make("errors", 4 * slabs * plan.chunks() as u64 * n, storage),
            weight_squares: make("weight squares", 4 * k * PARTIALS as u64, storage),
            gradient_squares: make("gradient squares", 4 * k * PARTIALS as u64, storage),
            product: make("product", 4 * k * (plan.segments * plan.z_rows) as u64 * n, storage),
            losses: make("losses", 32 * k, storage),
            records: make("records", RECORD_BYTES * k, storage),
            settings: make("settings", size_of::<Settings>() as u64 * k, storage),
            frozen: make("frozen", 4 * k * (3 + plan.dims.input_groups) as u64, storage),
            noises: make("noises", size_of::<Noise>() as u64 * k, storage),
            trial_noises: make("trial noises", size_of::<Noise>() as u64 * k, storage),
            turns: make("turns", size_of::<Turn>() as u64 * k, storage),
        };
        settings.iter().enumerate().for_each(|(k, settings)| made.set(device, plan, k, settings));
        made
    }

    /// Writes the settings of network `k`, but for what is done to it.
    pub(super) fn set(&self, device: &GpuDevice, plan: &GpuPlan, k: usize, settings: &NetworkSettings) {
        write_nth(device, &self.settings, k, &[Settings::new(settings)]);
        write_nth(device, &self.noises, k, &[settings.fresh_noise.map_or_else(Noise::default, Noise::fresh)]);
        let groups = Layout::new(&plan.dims).groups();
        let frozen: Vec<u32> = groups.iter().map(|g| u32::from(settings.freeze.contains(g))).collect();
        write_nth(device, &self.frozen, k, &frozen);
    }

    /// Writes the state of network `k`.
    pub(super) fn load(&self, device: &GpuDevice, k: usize, state: &NetworkState) {
        write_nth(device, &self.parameters, k, &state.parameters);
        write_nth(device, &self.first_moment, k, &state.first_moment);
        write_nth(device, &self.second_moment, k, &state.second_moment);
        write_nth(device, &self.best, k, &state.best_parameters);
        write_nth(device, &self.records, k, &[Record::of(state)]);
    }
}

/// Writes the values of network `k` into a buffer that has as many for each.
fn write_nth<T: Pod>(device: &GpuDevice, buffer: &wgpu::Buffer, k: usize, values: &[T]) {
    let bytes: &[u8] = bytemuck::cast_slice(values);
    device.queue.write_buffer(buffer, (k * bytes.len()) as u64, bytes);
}

impl GpuPlan {
    /// An array over conditions and neurons in the kernels' order, `[tile][slices][D_ROWS][4·QUADS]`, padding zero;
    /// `value(condition, slice, neuron)`.
    fn by_condition(&self, slices: usize, value: impl Fn(usize, usize, usize) -> f32) -> Vec<f32> {
        let wide = 4 * self.quads;
        let mut array = vec![0.0; self.condition_tiles * slices * self.d_rows * wide];
        for c in 0..self.dims.conditions {
            let (tile, lane) = (c / wide, c % wide);
            for s in 0..slices {
                for i in 0..self.dims.neurons {
                    array[((tile * slices + s) * self.d_rows + i) * wide + lane] = value(c, s, i);
                }
            }
        }
        array
    }
}
