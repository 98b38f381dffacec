//! The kernels as a table: which file and entry, with which includes and bindings.

use super::plan::Plan;
use super::tiles::{Loads, Strategy};

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
}

macro_rules! shader {
    ($file:literal) => {
        include_str!(concat!("../../../shaders/", $file, ".wgsl"))
    };
}

impl Include {
    fn source(self, loads: Loads) -> &'static str {
        match (self, loads) {
            (Self::Math, _) => shader!("math"),
            (Self::Reduce, _) => shader!("reduce"),
            (Self::Constraint, _) => shader!("constraint"),
            (Self::Network, _) => shader!("network"),
            (Self::Resident, _) => shader!("resident_state"),
            (Self::Noise, _) => shader!("noise"),
            (Self::Phase, _) => shader!("phase"),
            (Self::Loads, Loads::Storage) => shader!("loads_storage"),
            (Self::Loads, Loads::Texture) => shader!("loads_texture"),
        }
    }
}

/// The kernels by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the entry point of that name")]
pub enum Id {
    Stimulus,
    Start,
    Weights,
    CellsOf,
    WeightSquares,
    Forward,
    BinsOf,
    Total,
    ForwardResident,
    Adjoint,
    AdjointResident,
    WeightGradient,
    WeightGradientTiled,
    ParameterGradient,
    SquaresOf,
    Clip,
    Adam,
    Dale,
}

const fn binding(number: u32, name: &'static str, access: Access) -> Binding {
    Binding { number, name, access }
}

use Access::{Read, Slice, Trajectory, Weights, Write};

/// Includes of the kernels of the stage `weights`.
const WEIGHTS: &[Include] = &[Include::Math, Include::Constraint, Include::Network, Include::Phase];

/// All kernels, in the order in which a step runs them.
pub const KERNELS: [Kernel; 18] = [
    Kernel {
        id: Id::Stimulus,
        entry: "stimulus",
        file: "stimulus",
        source: shader!("stimulus"),
        includes: &[Include::Noise, Include::Phase],
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "sequences", Read),
            binding(1, "conditions", Read),
            binding(3, "noises", Read),
            binding(5, "inputs_even", Write),
            binding(6, "inputs_odd", Write),
        ],
    },
    Kernel {
        id: Id::Start,
        entry: "start",
        file: "stimulus",
        source: shader!("stimulus"),
        includes: &[Include::Noise, Include::Phase],
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(2, "initial_rates", Read),
            binding(3, "noises", Read),
            binding(4, "phases", Read),
            binding(5, "inputs_even", Write),
            binding(7, "initial_x", Read),
            binding(8, "initial_potentials", Write),
        ],
    },
    Kernel {
        id: Id::Weights,
        entry: "weights",
        file: "weights",
        source: shader!("weights"),
        includes: WEIGHTS,
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "parameters", Read),
            binding(1, "population", Read),
            binding(2, "weights_forward", Write),
            binding(3, "weights_adjoint", Write),
            binding(4, "phases", Read),
        ],
    },
    Kernel {
        id: Id::CellsOf,
        entry: "cells_of",
        file: "weights",
        source: shader!("weights"),
        includes: WEIGHTS,
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "parameters", Read),
            binding(4, "phases", Read),
            binding(5, "cells", Write),
            binding(7, "records", Read),
        ],
    },
    Kernel {
        id: Id::WeightSquares,
        entry: "weight_squares",
        file: "weights",
        source: shader!("weights"),
        includes: WEIGHTS,
        workgroup: Workgroup::Fixed(64),
        bindings: &[binding(0, "parameters", Read), binding(1, "population", Read), binding(6, "squares", Write)],
    },
    Kernel {
        id: Id::Forward,
        entry: "forward",
        file: "forward",
        source: shader!("forward"),
        includes: &[Include::Math, Include::Loads],
        workgroup: Workgroup::Recurrence,
        bindings: &[
            binding(0, "weights", Weights),
            binding(1, "state", Slice),
            binding(2, "previous", Slice),
            binding(3, "cells", Slice),
            binding(7, "inputs", Write),
            binding(8, "potentials", Write),
            binding(9, "deltas", Write),
        ],
    },
    Kernel {
        id: Id::ForwardResident,
        entry: "forward_resident",
        file: "forward_resident",
        source: shader!("forward_resident"),
        includes: &[Include::Math, Include::Resident],
        workgroup: Workgroup::Resident,
        bindings: &[
            binding(0, "weights", Read),
            binding(1, "cells", Read),
            binding(2, "previous", Read),
            binding(3, "inputs_even", Write),
            binding(4, "inputs_odd", Write),
            binding(5, "deltas_even", Write),
            binding(6, "deltas_odd", Write),
            binding(7, "potentials", Write),
        ],
    },
    Kernel {
        id: Id::BinsOf,
        entry: "bins_of",
        file: "loss",
        source: shader!("loss"),
        includes: &[Include::Reduce, Include::Network],
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "inputs_even", Read),
            binding(1, "inputs_odd", Read),
            binding(2, "targets", Read),
            binding(3, "conditions", Read),
            binding(4, "residuals", Write),
            binding(5, "errors", Write),
        ],
    },
    Kernel {
        id: Id::Total,
        entry: "total",
        file: "loss",
        source: shader!("loss"),
        includes: &[Include::Reduce, Include::Network],
        workgroup: Workgroup::Fixed(256),
        bindings: &[
            binding(5, "errors", Write),
            binding(6, "squares", Read),
            binding(7, "settings", Read),
            binding(8, "losses", Write),
        ],
    },
    Kernel {
        id: Id::Adjoint,
        entry: "adjoint",
        file: "adjoint",
        source: shader!("adjoint"),
        includes: &[Include::Loads],
        workgroup: Workgroup::Recurrence,
        bindings: &[
            binding(0, "weights", Weights),
            binding(1, "state", Slice),
            binding(2, "previous", Slice),
            binding(3, "cells", Slice),
            binding(4, "rates", Slice),
            binding(5, "residuals", Slice),
            binding(6, "increments", Slice),
            binding(7, "losses", Read),
            binding(8, "deltas", Write),
            binding(9, "sums", Write),
        ],
    },
    Kernel {
        id: Id::AdjointResident,
        entry: "adjoint_resident",
        file: "adjoint_resident",
        source: shader!("adjoint_resident"),
        includes: &[Include::Math, Include::Resident],
        workgroup: Workgroup::Resident,
        bindings: &[
            binding(0, "weights", Read),
            binding(1, "cells", Read),
            binding(2, "previous", Read),
            binding(3, "inputs_even", Write),
            binding(4, "inputs_odd", Write),
            binding(5, "deltas_even", Write),
            binding(6, "deltas_odd", Write),
            binding(7, "residuals", Read),
            binding(8, "losses", Read),
            binding(9, "sums", Write),
        ],
    },
    Kernel {
        id: Id::WeightGradient,
        entry: "weight_gradient",
        file: "weight_gradient",
        source: shader!("weight_gradient"),
        includes: &[],
        workgroup: Workgroup::Gradient,
        bindings: &[
            binding(0, "deltas", Trajectory),
            binding(1, "inputs", Trajectory),
            binding(2, "product", Write),
            binding(3, "cells", Read),
        ],
    },
    Kernel {
        id: Id::WeightGradientTiled,
        entry: "weight_gradient_tiled",
        file: "weight_gradient_tiled",
        source: shader!("weight_gradient_tiled"),
        includes: &[],
        workgroup: Workgroup::Gradient,
        bindings: &[
            binding(0, "deltas", Read),
            binding(1, "inputs", Read),
            binding(2, "product", Write),
            binding(3, "cells", Read),
        ],
    },
    Kernel {
        id: Id::ParameterGradient,
        entry: "parameter_gradient",
        file: "parameter_gradient",
        source: shader!("parameter_gradient"),
        includes: &[Include::Math, Include::Constraint],
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "product", Read),
            binding(1, "parameters", Read),
            binding(2, "population", Read),
            binding(3, "deltas", Read),
            binding(4, "sums", Read),
            binding(5, "losses", Read),
            binding(6, "frozen", Read),
            binding(7, "gradient", Write),
        ],
    },
    Kernel {
        id: Id::SquaresOf,
        entry: "squares_of",
        file: "clip",
        source: shader!("clip"),
        includes: &[Include::Math, Include::Reduce, Include::Network],
        workgroup: Workgroup::Fixed(64),
        bindings: &[binding(0, "gradient", Read), binding(1, "squares", Write)],
    },
    Kernel {
        id: Id::Clip,
        entry: "clip",
        file: "clip",
        source: shader!("clip"),
        includes: &[Include::Math, Include::Reduce, Include::Network],
        workgroup: Workgroup::Fixed(256),
        bindings: &[
            binding(1, "squares", Write),
            binding(2, "losses", Read),
            binding(3, "settings", Read),
            binding(4, "records", Write),
        ],
    },
    Kernel {
        id: Id::Adam,
        entry: "adam",
        file: "adam",
        source: shader!("adam"),
        includes: &[Include::Network],
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "gradient", Read),
            binding(1, "records", Read),
            binding(2, "step_sizes", Read),
            binding(3, "parameters", Write),
            binding(4, "first_moment", Write),
            binding(5, "second_moment", Write),
            binding(6, "best", Write),
        ],
    },
    Kernel {
        id: Id::Dale,
        entry: "dale",
        file: "dale",
        source: shader!("dale"),
        includes: &[Include::Math, Include::Constraint, Include::Network],
        workgroup: Workgroup::Fixed(64),
        bindings: &[
            binding(0, "population", Read),
            binding(1, "records", Read),
            binding(2, "frozen", Read),
            binding(3, "parameters", Write),
        ],
    },
];

impl Kernel {
    /// The bindings under `loads`: with storage buffers the increments are another slice of `state`.
    pub fn bindings(&self, loads: Loads) -> impl Iterator<Item = &'static Binding> + use<> {
        self.bindings.iter().filter(move |b| loads == Loads::Texture || b.name != "increments")
    }

    /// Whether the plan runs it.
    pub fn is_used(&self, plan: &Plan) -> bool {
        match self.id {
            Id::Forward | Id::Adjoint => plan.strategy == Strategy::Stepwise,
            Id::ForwardResident | Id::AdjointResident => plan.strategy == Strategy::Resident,
            Id::WeightGradient => plan.loads == Loads::Texture,
            Id::WeightGradientTiled => plan.loads == Loads::Storage,
            Id::Dale => plan.projects(),
            _ => true,
        }
    }

    /// The complete source text for a plan: its `const` lines, the shared texts, the kernel's file.
    pub fn text(&self, plan: &Plan) -> String {
        let mut text = plan.constants();
        text.push_str(plan.trajectory.source());
        text.push_str(shader!("common"));
        text.push_str(plan.loss_source());
        for include in self.includes {
            text.push_str(include.source(plan.loads));
        }
        text.push_str(self.source);
        text
    }
}
