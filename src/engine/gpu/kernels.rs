//! The kernels as a table: which file and entry, with which includes and bindings.

use super::plan::GpuPlan;
use super::tiles::{Loads, Strategy};
use super::trajectory::Trajectory;
use super::weights::Weights;

/// How a kernel uses a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A storage buffer, read.
    Read,
    /// A storage buffer, written (and read where the shader says so).
    Write,
    /// Weights: a storage buffer, or a texture with one layer a network.
    Weights,
    /// A time slice: a storage buffer that holds all slices, or one slice as a uniform buffer with a dynamic offset.
    Slice,
    /// A trajectory as a texture with one row of texels a slot.
    Trajectory,
}

/// One binding of a kernel, in group 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its number.
    pub number: u32,
    /// The variable's name in the shader.
    pub name: &'static str,
    /// How it is used.
    pub access: Access,
}

/// A kernel's workgroup size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workgroup {
    /// As the shader says.
    Fixed(u32),
    /// `WORKGROUP` of the plan.
    Recurrence,
    /// `RESIDENT_LANES` of the plan.
    Resident,
    /// `GRADIENT_X × GRADIENT_Y` of the plan.
    Gradient,
}

/// One kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its name here.
    pub id: Id,
    /// Entry point and label.
    pub entry: &'static str,
    /// The shader file under `shaders/`, which is also the stage's name.
    pub file: &'static str,
    /// Its text.
    pub source: &'static str,
    /// Shared text put before it.
    pub includes: &'static [Include],
    /// Workgroup size.
    pub workgroup: Workgroup,
    /// Bindings of group 0.
    pub bindings: &'static [Binding],
}

/// Text shared between shaders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Include {
    /// `math.wgsl`.
    Math,
    /// `reduce.wgsl`.
    Reduce,
    /// `constraint.wgsl`.
    Constraint,
    /// `network.wgsl`.
    Network,
    /// `noise.wgsl`.
    Noise,
    /// `phase.wgsl`.
    Phase,
    /// `resident_state.wgsl`.
    Resident,
    /// `loads_storage.wgsl` or `loads_texture.wgsl`.
    Loads,
    /// `stepwise.wgsl`.
    Stepwise,
}

macro_rules! shader {
    ($file:ident) => {
        include_str!(concat!("../../../shaders/", stringify!($file), ".wgsl"))
    };
}

impl Include {
    fn source(self, loads: Loads) -> &'static str {
        match (self, loads) {
            (Self::Math, _) => shader!(math),
            (Self::Reduce, _) => shader!(reduce),
            (Self::Constraint, _) => shader!(constraint),
            (Self::Network, _) => shader!(network),
            (Self::Resident, _) => shader!(resident_state),
            (Self::Stepwise, _) => shader!(stepwise),
            (Self::Noise, _) => shader!(noise),
            (Self::Phase, _) => shader!(phase),
            (Self::Loads, Loads::Storage) => shader!(loads_storage),
            (Self::Loads, Loads::Texture) => shader!(loads_texture),
        }
    }
}

/// Makes [`Id`] and [`KERNELS`] of a table: name, entry point and shader file, includes, workgroup, and of each binding the
/// number, the variable and its use.
macro_rules! kernels {
    ($($id:ident: $entry:ident of $file:ident [$($include:ident),*] $workgroup:ident$(($size:literal))?
        { $($number:literal $name:ident: $access:ident),+ })+) => {
        /// The kernels by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is the entry point of that name")]
        pub enum Id {
            $($id),+
        }

        /// All kernels, in the order in which a step runs them.
        pub const KERNELS: [Kernel; 19] = [$(Kernel {
            id: Id::$id,
            entry: stringify!($entry),
            file: stringify!($file),
            source: shader!($file),
            includes: &[$(Include::$include),*],
            workgroup: Workgroup::$workgroup$(($size))?,
            bindings: &[$(Binding { number: $number, name: stringify!($name), access: Access::$access }),+],
        }),+];
    };
}

kernels! {
    Stimulus: stimulus of stimulus [Network, Noise, Phase] Fixed(64) {
        0 sequences: Read, 1 conditions: Read, 3 noises: Read, 5 inputs_even: Write, 6 inputs_odd: Write, 9 turns: Read }
    Start: start of stimulus [Network, Noise, Phase] Fixed(64) {
        2 initial_rates: Read, 3 noises: Read, 4 phases: Read, 5 inputs_even: Write, 7 initial_x: Read,
        8 initial_potentials: Write }
    Weights: weights of weights [Math, Constraint, Network, Phase] Fixed(64) {
        0 parameters: Read, 1 population: Read, 2 weights_forward: Write, 3 weights_adjoint: Write, 4 phases: Read }
    PackWeights: pack_weights of pack_weights [] Fixed(64) {
        0 exact_weights: Read, 1 packed_weights: Write }
    CellsOf: cells_of of weights [Math, Constraint, Network, Phase] Fixed(64) {
        0 parameters: Read, 4 phases: Read, 5 cells: Write, 7 records: Read, 8 turns: Read }
    WeightSquares: weight_squares of weights [Math, Constraint, Network, Phase] Fixed(64) {
        0 parameters: Read, 1 population: Read, 6 squares: Write }
    Forward: forward of forward [Math, Loads, Stepwise] Recurrence {
        0 weights: Weights, 1 state: Slice, 2 previous: Slice, 3 cells: Slice, 7 inputs: Write, 8 potentials: Write,
        9 deltas: Write }
    ForwardResident: forward_resident of forward_resident [Math, Resident] Resident {
        0 weights: Read, 1 cells: Read, 2 previous: Read, 3 inputs_even: Write, 4 inputs_odd: Write,
        5 deltas_even: Write, 6 deltas_odd: Write, 7 potentials: Write }
    BinsOf: bins_of of loss [Reduce, Network] Fixed(64) {
        0 inputs_even: Read, 1 inputs_odd: Read, 2 targets: Read, 3 conditions: Read, 4 residuals: Write,
        5 errors: Write }
    Total: total of loss [Reduce, Network] Fixed(256) {
        5 errors: Write, 6 squares: Read, 7 settings: Read, 8 losses: Write }
    Adjoint: adjoint of adjoint [Loads, Stepwise] Recurrence {
        0 weights: Weights, 1 state: Slice, 2 previous: Slice, 3 cells: Slice, 4 rates: Slice, 5 residuals: Slice,
        6 increments: Slice, 7 losses: Read, 8 deltas: Write, 9 sums: Write }
    AdjointResident: adjoint_resident of adjoint_resident [Math, Resident] Resident {
        0 weights: Read, 1 cells: Read, 2 previous: Read, 3 inputs_even: Write, 4 inputs_odd: Write,
        5 deltas_even: Write, 6 deltas_odd: Write, 7 residuals: Read, 8 losses: Read, 9 sums: Write }
    WeightGradient: weight_gradient of weight_gradient [] Gradient {
        0 deltas: Trajectory, 1 inputs: Trajectory, 2 product: Write, 3 cells: Read }
    WeightGradientTiled: weight_gradient_tiled of weight_gradient_tiled [] Gradient {
        0 deltas: Read, 1 inputs: Read, 2 product: Write, 3 cells: Read }
    ParameterGradient: parameter_gradient of parameter_gradient [Math, Constraint] Fixed(64) {
        0 product: Read, 1 parameters: Read, 2 population: Read, 3 deltas: Read, 4 sums: Read, 5 losses: Read,
        6 frozen: Read, 7 gradient: Write }
    SquaresOf: squares_of of clip [Math, Reduce, Network] Fixed(64) {
        0 gradient: Read, 1 squares: Write }
    Clip: clip of clip [Math, Reduce, Network] Fixed(256) {
        1 squares: Write, 2 losses: Read, 3 settings: Read, 4 records: Write, 5 turns: Read }
    Adam: adam of adam [Network] Fixed(64) {
        0 gradient: Read, 1 records: Read, 2 turns: Read, 3 parameters: Write, 4 first_moment: Write,
        5 second_moment: Write, 6 best: Write }
    Dale: dale of dale [Math, Constraint, Network] Fixed(64) {
        0 population: Read, 1 records: Read, 2 frozen: Read, 3 parameters: Write }
}

impl Kernel {
    /// The bindings under `loads`: with storage buffers the increments are another slice of `state`.
    pub fn bindings(&self, loads: Loads) -> impl Iterator<Item = &'static Binding> + use<> {
        self.bindings.iter().filter(move |b| loads == Loads::Texture || b.name != "increments")
    }

    /// Whether the plan runs it.
    pub fn is_used(&self, plan: &GpuPlan) -> bool {
        match self.id {
            Id::Forward | Id::Adjoint => plan.strategy == Strategy::Stepwise,
            Id::ForwardResident | Id::AdjointResident => plan.strategy == Strategy::Resident,
            Id::WeightGradient => plan.loads == Loads::Texture,
            Id::WeightGradientTiled => plan.loads == Loads::Storage,
            Id::PackWeights => plan.weights == Weights::F16,
            Id::Dale => plan.projects(),
            _ => true,
        }
    }

    /// The complete source text for a plan: its `const` lines, the shared texts, the kernel's file.
    pub fn text(&self, plan: &GpuPlan) -> String {
        let mut text = plan.constants();
        if plan.trajectory == Trajectory::F16 || plan.weights == Weights::F16 {
            text.push_str(shader!(half));
        }
        text.push_str(plan.trajectory.source());
        text.push_str(plan.weights.source());
        text.push_str(shader!(common));
        text.push_str(plan.loss_source());
        for include in self.includes {
            text.push_str(include.source(plan.loads));
        }
        text.push_str(self.source);
        text
    }
}
