//! The shape of a problem on a device: tiles, padding, slots, and whether it fits.

use super::adapter::AdapterInfo;
use super::tiles::{Loads, Strategy, Tiles};
use super::trajectory::Trajectory;
use super::weights::Weights;
use crate::dims::Dims;
use crate::engine::{LossKind, Problem};
use crate::error::{Error, Result};
use crate::network::{Dale, SignConstraint};

/// From so many tiles of conditions on, the workgroups of a resident recurrence keep a card busy without being divided.
const MANY_SLABS: usize = 32;
/// The same of the cores that a software adapter computes on.
const MANY_SLABS_OF_CORES: usize = 8;

/// Most neurons of a network that advances within a workgroup on a software adapter, where nothing is asked for: there is less
/// to dispatch and nothing to copy into textures, from which larger networks are loaded faster.
pub(super) const SMALL_FOR_SOFTWARE: usize = 64;

fn not_resident(problem: &Problem, adapter: &AdapterInfo) -> Error {
    Error::input(format!(
        "the state of {} neurons does not fit the workgroups of {} ({} bytes of memory, {} invocations). \
         Use the strategy stepwise.",
        problem.dims.neurons, adapter.name, adapter.workgroup_memory_bytes, adapter.max_workgroup_invocations
    ))
}

/// What a user of the engine may choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// How recurrences advance; if not given, resident where it fits, and on software adapters only for small networks.
    pub strategy: Option<Strategy>,
    /// How operands are loaded; by the kind of adapter if not given.
    pub loads: Option<Loads>,
    /// Tiles; by the loads if not given.
    pub tiles: Option<Tiles>,
    /// How trajectories are kept.
    pub trajectory: Trajectory,
    /// How weights are loaded.
    pub weights: Weights,
    /// Most networks that share buffers and dispatches; as many as fit the adapter's bindings if not given.
    pub bank: Option<usize>,
    /// Dispatches of a submission; as many as take about a tenth of a second if not given. For tests.
    #[doc(hidden)]
    pub dispatches: Option<usize>,
}

/// Bins that one invocation of the loss works on (`CHUNK` in loss.wgsl).
const CHUNK: usize = 8;
/// Partial sums of squares of a network (`PARTIALS` in common.wgsl).
pub(super) const PARTIALS: usize = 1024;
/// Most memory that the apart-summed products of one network may take, in bytes.
const PRODUCT_BYTES: usize = 32 << 20;

/// Every size that the kernels and their buffers need.
#[derive(Clone, Copy, Debug)]
pub struct GpuPlan {
    /// The problem's sizes.
    pub dims: Dims,
    /// How recurrences advance.
    pub strategy: Strategy,
    /// How operands are loaded.
    pub loads: Loads,
    /// How trajectories are kept.
    pub trajectory: Trajectory,
    /// How weights are loaded.
    pub weights: Weights,
    /// The data term.
    pub loss: LossKind,
    /// Invocations of a resident recurrence's workgroup.
    pub resident_lanes: u32,
    /// Work per invocation.
    pub tiles: Tiles,
    /// Quads of conditions in a tile of conditions.
    pub quads: usize,
    /// Tiles of conditions of a network.
    pub condition_tiles: usize,
    /// Rows of a time slice of `inputs`.
    pub z_rows: usize,
    /// Rows of a time slice of `deltas`.
    pub d_rows: usize,
    /// Columns of a weight matrix.
    pub weight_stride: usize,
    /// Parts of the time axis in the weight gradient.
    pub segments: usize,
    /// Networks that share buffers and dispatches.
    pub bank: usize,
    /// Most workgroups in one dimension of a dispatch.
    pub(super) most_groups: usize,
    constants: Constants,
}

#[derive(Clone, Copy, Debug)]
struct Constants {
    recurrent: bool,
    dale: u32,
    sign: u32,
    projects: bool,
    tau: [f64; 3],
    adam: crate::engine::Adam,
    delta_scale: f64,
}

impl GpuPlan {
    /// The plan for `problem` on a device of `adapter`.
    ///
    /// # Errors
    /// If a single network needs a larger buffer than the device offers.
    pub fn new(problem: &Problem, adapter: &AdapterInfo, options: &GpuOptions) -> Result<Self> {
        let dims = problem.dims;
        if adapter.software
            && dims.neurons <= SMALL_FOR_SOFTWARE
            && options.strategy.is_none()
            && options.loads.is_none()
        {
            let resident = GpuOptions { strategy: Some(Strategy::Resident), ..*options };
            if let Ok(plan) = Self::new(problem, adapter, &resident) {
                return Ok(plan);
            }
        }
        let resident = options.strategy == Some(Strategy::Resident);
        let wanted = if adapter.software { Loads::Texture } else { Loads::Storage };
        let wanted = if resident { Loads::Storage } else { options.loads.unwrap_or(wanted) };
        let columns = dims.neurons + dims.input_groups * dims.channels + 1;
        let trajectory = options.trajectory;
        let z_rows = columns.next_multiple_of(trajectory.row_padding());
        let uniform = adapter.max_uniform_binding_bytes as usize;
        // The widest uniform bindings hold 32-bit residuals or a slice of a trajectory; a texture has a row for each slot.
        let (widest, slots) = (z_rows * 16, dims.time_steps.div_ceil(2) + 1);
        let texture = adapter.max_texture_size as usize;
        let fits = |q| widest * q <= uniform && z_rows * q <= texture && slots <= texture;
        let quads = condition_quads(dims.conditions, |q| wanted == Loads::Storage || fits(q));
        // What is too wide for a uniform binding, or too long for a texture, falls back to storage buffers: slower on software,
        // but correct.
        let (loads, quads) = match quads {
            Some(quads) => (wanted, quads),
            None => (Loads::Storage, condition_quads(dims.conditions, |_| true).unwrap_or(1)),
        };
        let mut tiles = options.tiles.unwrap_or(Tiles::default_for(loads, dims.neurons));
        if !(quads as u32).is_multiple_of(tiles.tile_quads) {
            tiles.tile_quads = if tiles.tile_quads == 1 { 1 } else { quads as u32 };
        }
        let mut fitted = tiles;
        let resident_lanes = fitted.fit_resident(dims.neurons, z_rows, adapter);
        let strategy = match (options.strategy, resident_lanes) {
            (Some(Strategy::Resident), None) => return Err(not_resident(problem, adapter)),
            (None, Some(_)) if loads == Loads::Storage && !adapter.software => Strategy::Resident,
            (strategy, _) => strategy.unwrap_or(Strategy::Stepwise),
        };
        tiles.fit_split(strategy, loads, adapter);
        if strategy == Strategy::Resident {
            tiles = fitted;
            // Few networks leave most of a card idle: their conditions are spread over workgroups.
            let many = if adapter.software { MANY_SLABS_OF_CORES } else { MANY_SLABS };
            if options.tiles.is_none() && dims.networks * dims.conditions.div_ceil(4 * quads) < many {
                tiles.spread(adapter);
            }
        }
        let mut plan = Self {
            bank: 1,
            most_groups: adapter.max_workgroups as usize,
            strategy,
            loads,
            trajectory,
            weights: options.weights,
            loss: problem.loss,
            resident_lanes: resident_lanes.unwrap_or(1),
            tiles,
            quads,
            condition_tiles: dims.conditions.div_ceil(4 * quads),
            z_rows,
            d_rows: dims.neurons.next_multiple_of(trajectory.row_padding()),
            // Rows of textures are copied in multiples of 256 bytes.
            weight_stride: dims.neurons.next_multiple_of(256 / options.weights.bytes()),
            segments: (PRODUCT_BYTES / (4 * dims.neurons * z_rows)).clamp(1, 8),
            dims,
            constants: Constants::new(problem, trajectory),
        };
        plan.bank = plan.networks_per_bank(adapter)?.min(options.bank.unwrap_or(usize::MAX)).max(1);
        Ok(plan)
    }

    /// Operations of one network in the weight gradient of one parity of slots and one tile of conditions.
    pub(super) fn gradient_work(&self) -> f64 {
        2.0 * (self.d_rows * self.z_rows * 4 * self.quads * self.z_slots()) as f64
    }

    /// Networks of a dispatch of the weight gradient that has at most so many operations, and rows of its `groups` rows of
    /// workgroups.
    pub(super) fn gradient_dispatch(&self, longest: f64, groups: usize) -> (usize, usize) {
        let fitting = longest / self.gradient_work();
        ((fitting as usize).max(1), ((groups as f64 * fitting) as usize).clamp(1, groups))
    }

    /// Operations of a time step of so many slabs in a recurrence.
    pub(super) fn step_work(&self, slabs: usize) -> f64 {
        2.0 * (self.dims.neurons * self.z_rows * 4 * self.quads * slabs) as f64
    }

    /// Time steps of one dispatch of a resident recurrence of so many networks that has at most so many operations.
    pub(super) fn block(&self, longest: f64, networks: usize) -> usize {
        let step = self.step_work(networks * self.condition_tiles);
        ((longest / step) as usize).clamp(1, self.tiles.block as usize)
    }

    /// Rows of a weight matrix that stand side by side: one load brings as many to an invocation of a resident recurrence.
    fn weight_rows(&self) -> usize {
        match self.strategy {
            Strategy::Stepwise => 1,
            Strategy::Resident => 4,
        }
    }

    /// Where a weight stands in its matrix, as in common.wgsl.
    pub(super) fn weight_place(&self, row: usize, column: usize) -> usize {
        let rows = self.weight_rows();
        (row / rows * self.weight_stride + column) * rows + row % rows
    }

    /// Slots of one parity in `inputs`: steps 0 … T − 1.
    pub fn z_slots(&self) -> usize {
        self.dims.time_steps.div_ceil(2)
    }

    /// Slots of one parity in `deltas`: 0 … T + 1.
    pub fn d_slots(&self) -> usize {
        self.dims.time_steps.div_ceil(2) + 1
    }

    /// Chunks of bins in the loss.
    pub fn chunks(&self) -> usize {
        self.dims.bins.div_ceil(CHUNK)
    }

    /// Bytes of a time slice of `inputs`.
    pub fn z_slice(&self) -> u64 {
        (self.z_rows * self.quads * self.trajectory.quad_bytes()) as u64
    }

    /// Bytes of a time slice of `deltas`.
    pub fn delta_slice(&self) -> u64 {
        (self.d_rows * self.quads * self.trajectory.quad_bytes()) as u64
    }

    /// Bytes of a slice of 32-bit numbers over neurons and conditions: x, residuals, sums.
    pub fn d_slice(&self) -> u64 {
        (self.d_rows * self.quads * 16) as u64
    }

    /// Bytes of one network's cells.
    pub(super) fn cells_slice(&self) -> u64 {
        16 * self.d_rows as u64
    }

    /// Parts of a tile of conditions that different workgroups of a recurrence work on.
    pub(super) fn parts(&self) -> usize {
        self.quads / self.tiles.tile_quads as usize
    }

    /// How often larger the stored adjoint is than δ.
    pub(super) fn delta_scale(&self) -> f64 {
        self.constants.delta_scale
    }

    /// The shader text of the data term.
    pub(super) fn loss_source(&self) -> &'static str {
        match self.loss {
            LossKind::L2 => include_str!("../../../shaders/loss_l2.wgsl"),
            LossKind::L1 => include_str!("../../../shaders/loss_l1.wgsl"),
        }
    }

    /// Whether weights are projected after an update.
    pub(super) fn projects(&self) -> bool {
        self.constants.projects
    }

    /// The `const` lines of this plan.
    pub(super) fn constants(&self) -> String {
        let t = &self.tiles;
        let (gx, gy) = t.gradient_workgroup;
        let lines = named! {
            QUADS: self.quads as u32, TILE_QUADS: t.tile_quads, ROW_QUADS: t.row_quads, WORKGROUP: t.workgroup,
            SPLIT: t.split,
            RESIDENT_LANES: self.resident_lanes, RESIDENT_ROWS: t.resident_rows, UNROLL: t.unroll,
            WEIGHT_ROWS: self.weight_rows() as u32,
            GRADIENT_TILE: t.gradient_tile, GRADIENT_X: gx, GRADIENT_Y: gy,
            Z_ROWS: self.z_rows as u32, D_ROWS: self.d_rows as u32,
        };
        let lines = lines.map(|(name, value)| format!("const {name}: u32 = {value}u;\n"));
        let scale = format!("const DELTA_SCALE: f32 = {:.1};\n", self.constants.delta_scale);
        lines.concat() + &scale
    }

    /// The values of the `override` constants.
    pub fn overrides(&self) -> Vec<(&'static str, f64)> {
        let (d, c) = (&self.dims, &self.constants);
        let sizes = named! {
            N: d.neurons, T: d.time_steps, U: d.channels, G: d.input_groups, THERMAL: d.thermal,
            STEPS_PER_BIN: d.steps_per_bin, BINS: d.bins, TILES: self.condition_tiles, PARAMETERS: d.parameters(),
            W_STRIDE: self.weight_stride, Z_SLOTS: self.z_slots(), D_SLOTS: self.d_slots(), SEGMENTS: self.segments,
            RECURRENT: usize::from(c.recurrent), DALE: c.dale as usize, SIGN: c.sign as usize,
        };
        let numbers = named! {
            TAU_MIN: c.tau[0], TAU_SPAN: c.tau[1], DT: c.tau[2], BETA1: c.adam.beta1, BETA2: c.adam.beta2,
            ONE_MINUS_BETA1: 1.0 - c.adam.beta1, ONE_MINUS_BETA2: 1.0 - c.adam.beta2, EPSILON: c.adam.epsilon,
        };
        // In f32 as the kernels hold them.
        let numbers = numbers.map(|(name, value)| (name, f64::from(value as f32)));
        sizes.iter().map(|(name, value)| (*name, *value as f64)).chain(numbers).collect()
    }
}

impl Constants {
    fn new(problem: &Problem, trajectory: Trajectory) -> Self {
        let tau = &problem.time_constants;
        Self {
            recurrent: problem.recurrent,
            dale: match problem.constraint.dale {
                Dale::None => 0,
                Dale::Presynaptic => 1,
                Dale::Postsynaptic => 2,
            },
            sign: match problem.constraint.sign {
                SignConstraint::Reflect => 0,
                SignConstraint::Clamp => 1,
                SignConstraint::Softplus => 2,
            },
            projects: !problem.constraint.sign.is_implied(),
            tau: [tau.min, tau.max - tau.min, tau.dt].map(f64::from),
            adam: problem.adam,
            delta_scale: trajectory.delta_scale(problem),
        }
    }
}

/// The quads per tile of conditions that cost least, where loading a row's weights costs as much as three quads of
/// conditions; `None` if none `fits`.
fn condition_quads(conditions: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    (1..=3).filter(|q| fits(*q)).min_by_key(|q| conditions.div_ceil(4 * q) * (3 + q))
}

#[cfg(test)]
mod tests {
    use super::{AdapterInfo, GpuOptions, GpuPlan, Loads, Strategy, condition_quads};
    use crate::bench::Case;
    use crate::engine::gpu::adapter::typical;

    #[test]
    fn no_dispatch_has_more_work_than_is_allowed() {
        let adapter = typical(false);
        for (networks, longest) in [(1, 5e10), (16, 5e10), (16, 1e9), (300, 5e10)] {
            let (problem, ..) = Case { networks, ..Case::default() }.pose().unwrap();
            let plan = GpuPlan::new(&problem, &adapter, &GpuOptions::default()).unwrap();
            let step = 2.0 * (355 * 384 * 12 * plan.bank) as f64;
            let block = plan.block(longest, plan.bank);
            assert!((1..=100).contains(&block) && block as f64 * step <= longest);
            assert_eq!(block == 100, networks < 300 && longest > 1e9, "few networks need no short blocks");
            let (together, rows) = plan.gradient_dispatch(longest, 6);
            let network = 2.0 * (368 * 384 * 12 * 400) as f64;
            if longest > 1e9 {
                assert!(rows == 6 && together > 1 && together as f64 * network <= longest);
            } else {
                assert!(together == 1 && rows as f64 / 6.0 * network <= longest, "parts of a network");
            }
        }
        let (problem, ..) = Case { neurons: 4096, ..Case::default() }.pose().unwrap();
        let plan = GpuPlan::new(&problem, &adapter, &GpuOptions::default()).unwrap();
        let (together, rows) = plan.gradient_dispatch(5e10, 64);
        assert!(together == 1 && rows < 64, "a network too large for one dispatch is done in parts");
        assert_eq!(plan.gradient_dispatch(1.0, 64), (1, 1));
    }

    #[test]
    fn small_networks_stay_in_workgroups_of_software_adapters_that_hold_them() {
        let planned = |neurons, bytes, strategy, loads| {
            let (problem, ..) = Case { neurons, ..Case::default() }.pose().unwrap();
            let adapter = AdapterInfo { workgroup_memory_bytes: bytes, ..typical(true) };
            let options = GpuOptions { strategy, loads, ..GpuOptions::default() };
            let plan = GpuPlan::new(&problem, &adapter, &options).unwrap();
            (plan.strategy, plan.loads)
        };
        let (inside, outside) = ((Strategy::Resident, Loads::Storage), (Strategy::Stepwise, Loads::Texture));
        assert_eq!(planned(12, 1 << 15, None, None), inside);
        assert_eq!(planned(64, 1 << 15, None, None), inside);
        assert_eq!(planned(65, 1 << 15, None, None), outside);
        assert_eq!(planned(64, 1 << 10, None, None), outside, "the state does not fit");
        assert_eq!(planned(64, 1 << 15, Some(Strategy::Stepwise), None), outside);
        assert_eq!(planned(64, 1 << 15, None, Some(Loads::Texture)), outside);
        assert_eq!(planned(64, 1 << 15, None, Some(Loads::Storage)), (Strategy::Stepwise, Loads::Storage));
    }

    #[test]
    fn tiles_of_conditions_are_large_and_pad_little() {
        let quads = |c| condition_quads(c, |_| true).unwrap();
        assert_eq!([1, 4, 5, 8, 12, 13, 16, 24, 25].map(quads), [1, 1, 2, 2, 3, 2, 2, 3, 3]);
        assert_eq!(condition_quads(12, |q| q < 3), Some(2));
        assert_eq!(condition_quads(12, |_| false), None);
    }
}
