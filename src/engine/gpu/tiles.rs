//! What may be chosen of how the kernels work: strategy, loads, tiles.

use super::adapter::AdapterInfo;

/// How the recurrences and the weight gradient load their operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loads {
    /// From storage buffers: for hardware, and for small networks on software adapters.
    Storage,
    /// From textures and uniform buffers: for software adapters.
    Texture,
}

/// How a recurrence advances in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// One dispatch per time step; any number of neurons.
    Stepwise,
    /// A workgroup keeps a network's state and runs many steps in one dispatch; where the state fits its memory.
    Resident,
}

impl Strategy {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stepwise => "stepwise",
            Self::Resident => "resident",
        }
    }
}

/// Work per invocation and workgroup. No choice here changes a bit of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tiles {
    /// Quads of neurons of one invocation of a recurrence.
    pub row_quads: u32,
    /// Quads of conditions of one invocation of a recurrence; reduced to a divisor of what a tile of conditions holds.
    pub tile_quads: u32,
    /// Invocations of a workgroup of a recurrence.
    pub workgroup: u32,
    /// Invocations of a stepwise recurrence's workgroup among which the presynaptic rows of a sum are divided, with loads from
    /// storage buffers: 1, 2, 4 or 8. More keep a card busy with few networks.
    #[serde(default = "undivided")]
    pub split: u32,
    /// Neurons of one invocation of a resident recurrence (more, where a workgroup would be too large).
    pub resident_rows: u32,
    /// Most time steps of one dispatch of a resident recurrence; fewer where that would take too long.
    pub block: u32,
    /// Presynaptic neurons of one turn of a recurrence's loop, with loads from storage buffers: 1, 2, 4, 8 or 16; 8 or 16 in
    /// a resident one.
    pub unroll: u32,
    /// Rows and columns of one invocation of the weight gradient: 4, 8 or 16.
    pub gradient_tile: u32,
    /// Workgroup of the weight gradient, columns × rows.
    pub gradient_workgroup: (u32, u32),
}

impl Tiles {
    /// A sound choice for hardware.
    pub const HARDWARE: Self = Self {
        resident_rows: 2,
        block: 100,
        row_quads: 1,
        tile_quads: 3,
        workgroup: 64,
        split: 1,
        unroll: 4,
        gradient_tile: 8,
        gradient_workgroup: (8, 8),
    };
    /// A sound choice for software adapters, which run eight invocations as one vector.
    pub const SOFTWARE: Self = Self {
        resident_rows: 1,
        block: 100,
        row_quads: 2,
        tile_quads: 3,
        workgroup: 8,
        split: 1,
        unroll: 1,
        gradient_tile: 16,
        gradient_workgroup: (8, 1),
    };

    /// A sound choice for `neurons` neurons.
    pub(super) fn default_for(loads: Loads, neurons: usize) -> Self {
        match loads {
            Loads::Storage if neurons >= 100 => Self::HARDWARE,
            // No half of a workgroup's 32 invocations idles.
            Loads::Storage if neurons <= 32 => Self { resident_rows: 1, gradient_tile: 4, ..Self::HARDWARE },
            Loads::Storage => Self { gradient_tile: 4, ..Self::HARDWARE },
            Loads::Texture if neurons >= 100 => Self::SOFTWARE,
            // Large tiles take seconds to compile: small networks never earn them back.
            Loads::Texture => Self { row_quads: 1, gradient_tile: 4, ..Self::SOFTWARE },
        }
    }

    /// Whether compilers find registers for what an invocation of a resident recurrence holds while it sums products: sums of a
    /// segment and of all before, potentials, rows of the state (`HELD` in resident_state.wgsl), and the weights of a turn, of which half are there
    /// twice as others come in.
    pub(super) fn stay_in_registers(&self, adapter: &AdapterInfo) -> bool {
        let quads = self.resident_rows * self.tile_quads;
        let held = (12 / quads).clamp(1, self.unroll.min(8)) * self.tile_quads;
        let most = if adapter.name.contains("NVIDIA") { MOST_NUMBERS_NVIDIA } else { MOST_NUMBERS };
        4 * (3 * quads + held) + self.unroll * self.resident_rows * 3 / 2 <= most
    }

    /// Leaves sums undivided where nothing else is possible: invocations of one workgroup exchange their parts in its memory.
    pub(super) fn fit_split(&mut self, strategy: Strategy, loads: Loads, adapter: &AdapterInfo) {
        let exchanged = 64 * self.row_quads * self.tile_quads * self.workgroup;
        let fits = exchanged <= adapter.workgroup_memory_bytes && self.workgroup.is_multiple_of(self.split);
        if strategy == Strategy::Resident || loads == Loads::Texture || !fits {
            self.split = 1;
        }
    }

    /// Spreads the conditions of a network over workgroups. There is less to do between two loads of weights then, so that
    /// more weights are fetched at once.
    pub(super) fn spread(&mut self, adapter: &AdapterInfo) {
        self.tile_quads = 1;
        let wide = Self { unroll: 16, ..*self };
        if wide.stay_in_registers(adapter) {
            *self = wide;
        }
    }

    /// Invocations of a resident recurrence's workgroup, after raising the rows and lowering the conditions of one
    /// invocation as far as the adapter and its registers ask; `None` if even so the state does not fit.
    pub(super) fn fit_resident(&mut self, neurons: usize, z_rows: usize, adapter: &AdapterInfo) -> Option<u32> {
        self.unroll = self.unroll.max(LEAST_RESIDENT_UNROLL);
        let memory = adapter.workgroup_memory_bytes as usize;
        let wanted = MOST_LANES.min(adapter.max_workgroup_invocations) as usize;
        while self.resident_rows < MOST_RESIDENT_ROWS && neurons.div_ceil(self.resident_rows as usize) > wanted {
            self.resident_rows += 1;
        }
        if z_rows * 16 * self.tile_quads as usize > memory {
            self.spread(adapter);
        }
        let lanes = neurons.div_ceil(self.resident_rows as usize).next_multiple_of(32);
        let lanes = lanes.min(adapter.max_workgroup_invocations as usize);
        let fits = z_rows * 16 * self.tile_quads as usize <= memory && lanes * self.resident_rows as usize >= neurons;
        fits.then_some(lanes as u32)
    }
}

/// What older choices, which name no division, have.
fn undivided() -> u32 {
    1
}

/// More rows than this would not stay in registers.
const MOST_RESIDENT_ROWS: u32 = 4;
/// More invocations than this would leave each too few registers, while there are other ways.
const MOST_LANES: u32 = 512;
/// Most numbers that an invocation may hold: with addresses and what is computed between, AMD's compiler takes up to 136
/// registers for them (tests/amd_compiler.rs), which leave room for six waves.
const MOST_NUMBERS: u32 = 124;
/// The same on NVIDIA's cards, which give an invocation up to 255 registers; how fast that is, tuning measures.
const MOST_NUMBERS_NVIDIA: u32 = 200;
/// Of the weights of fewer rows, none could be fetched while others are used.
const LEAST_RESIDENT_UNROLL: u32 = 8;
