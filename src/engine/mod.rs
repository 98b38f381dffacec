//! The engine: a batch of K networks that share a [`Problem`] and are simulated, differentiated and updated together.
//!
//! Stages, one name each across shader file, CPU twin and test:
//! `weights → forward → loss → adjoint → weight_gradient → parameter_gradient → clip → adam → dale`.
//! A network's result never depends on what else is in its batch.

mod available;
pub mod cpu;
mod device;
mod device_notice;
pub mod gpu;
mod memory;
mod perturbation;
mod problem;
mod state;

pub use available::available_memory;
pub use device::{Automatic, Device, EngineConfig, EngineKind, PeakMeter, automatic, check_threads};
pub use device_notice::DeviceNotice;
pub use memory::{MemoryNeed, memory_text};
pub use perturbation::{Action, Cut, Effect, Perturbation, Phase, TRIAL_STEP, TrialNoise};
pub use problem::{LossKind, Problem, TimeConstants};
pub use state::{BatchState, NetworkState, StopReason};

use crate::dims::Dims;
use crate::error::Result;
use crate::network::Group;

/// Noise that is drawn anew for every training step: Normal(0, sigma) added to every stimulus value, element
/// `(s·T + t)·U + u` of step k being [`Rng::normal_element`](crate::rng::Rng::normal_element) of the key
/// (seed, network, `StimulusNoise`, k). Evaluations see the stimulus without it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FreshNoise {
    /// Standard deviation.
    pub sigma: f32,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the network under that seed (not its place in a batch).
    pub network: u32,
}

/// What may differ between the networks of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSettings {
    /// Gradients are scaled down to this global norm; infinity leaves them alone.
    pub clip_norm: f32,
    /// λ of the regulariser `λ √(‖W‖² + Σ ‖W_in‖²)`.
    pub regularisation: f32,
    /// Training of a network stops when its loss is at most this.
    pub target: f32,
    /// … or has not improved by `min_improvement` in this many steps.
    pub patience: u32,
    /// What counts as an improvement.
    pub min_improvement: f32,
    /// Groups whose gradient is taken as zero (before the global norm).
    pub freeze: Vec<Group>,
    /// What is done to the network, in training and evaluation alike.
    pub perturbation: Perturbation,
    /// Stimulus noise drawn anew for every training step.
    pub fresh_noise: Option<FreshNoise>,
}

impl Default for NetworkSettings {
    /// The constants of the published program.
    fn default() -> Self {
        Self {
            clip_norm: 1.0,
            regularisation: 1e-3,
            target: 1.0,
            patience: 200,
            min_improvement: 1e-6,
            freeze: Vec::new(),
            perturbation: Perturbation::default(),
            fresh_noise: None,
        }
    }
}

/// Constants of Adam as Keras states it (docs/model.md#step).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }
    }
}

impl Adam {
    /// `lr √(1 − β₂ᵗ) / (1 − β₁ᵗ)` for update number `t` (from 1), in f32 as every engine applies it.
    pub fn step_size(&self, learning_rate: f64, t: u32) -> f32 {
        let t = f64::from(t);
        (learning_rate * (1.0 - self.beta2.powf(t)).sqrt() / (1.0 - self.beta1.powf(t))) as f32
    }
}

/// The loss of one network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossRecord {
    /// L = data term + regulariser.
    pub loss: f64,
    /// √E (or E₁ under [`LossKind::L1`]).
    pub data_term: f64,
    /// λ √(‖W‖² + Σ ‖W_in‖²).
    pub reg_term: f64,
}

/// What one step of one network reports; `loss` and `grad_norm` belong to the parameters *before* the update.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepRecord {
    /// Number of the step, from 1.
    pub step: u32,
    /// The loss before the update.
    pub loss: LossRecord,
    /// Global norm of all gradients before clipping.
    pub grad_norm: f64,
    /// Set when this step found a reason to stop; the network's parameters were then left as they were.
    pub stop: Option<StopReason>,
}

/// How an engine presents itself in reports, manifests and benchmarks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EngineDescription {
    /// `cpu` or `gpu`.
    pub engine: String,
    /// The adapter's or processor's name.
    pub adapter: String,
    /// The way it computes, e.g. `stepwise`, `avx512`.
    pub strategy: String,
}

impl EngineDescription {
    /// Whether both compute the same bits: of a processor, the number of threads changes none.
    pub fn computes_alike(&self, other: &Self) -> bool {
        let same_device = self.engine == "cpu" || self.adapter == other.adapter;
        same_device && self.engine == other.engine && self.strategy == other.strategy
    }
}

impl std::fmt::Display for EngineDescription {
    /// In words: `cpu (2 threads, avx2)`.
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} ({}, {})", self.engine, self.adapter, self.strategy)
    }
}

/// Seconds that one stage took in a step that was timed stage by stage.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct StageTime {
    /// The stage's name, as its shader file and its twin are called; fused stages are joined by `+`.
    pub stage: String,
    /// Seconds, all networks together; where several networks run at once, the sum over them divided by how many do.
    pub seconds: f64,
}

/// What a device can do at most, measured on it: what a step's speed is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Floating point operations per second in chains of multiply-adds that never leave the registers, in 10⁹; a
    /// multiply-add counts as two.
    pub gflops: f64,
    /// Bytes read plus bytes written per second in a copy far larger than the caches, in 10⁹.
    pub copy_gb_per_s: f64,
}

/// A batch of networks on some hardware.
///
/// An engine is made for one [`Problem`] and `K` [`NetworkSettings`], starts with the parameters it is given, and
/// keeps parameters, moments, best parameters and stop state on its device.
pub trait Engine {
    /// The sizes, K included.
    fn dims(&self) -> &Dims;

    /// What runs it.
    fn describe(&self) -> EngineDescription;

    /// Bytes of the engine's own arrays on its device.
    fn memory_bytes(&self) -> u64;

    /// Enqueues the next training step of every network that has a learning rate here, `[K]`, and has not stopped (before
    /// Adam's bias correction; each network counts its own updates). The others rest: nothing of them changes. Does not
    /// wait for the device: at most one earlier step is still in flight when it returns.
    ///
    /// In order: loss and gradient at the current parameters; the best parameters are replaced if the loss improved;
    /// a stop condition or a loss or norm that is not finite ends the network's training with its parameters
    /// untouched; otherwise clip, Adam, Dale's projection.
    ///
    /// # Errors
    /// If the device fails.
    fn step(&mut self, learning_rates: &[Option<f64>]) -> Result<()>;

    /// The records of finished steps that were not taken yet, oldest first, each `[K]`; with `wait`, of all enqueued steps.
    /// A network that rested, or had already stopped, has none.
    ///
    /// # Errors
    /// If the device fails.
    fn take_records(&mut self, wait: bool) -> Result<Vec<Vec<Option<StepRecord>>>>;

    /// The losses `[K]` at the current parameters, without training. Leaves the rates for the getters below.
    ///
    /// # Errors
    /// If the device fails.
    fn evaluate(&mut self) -> Result<Vec<LossRecord>>;

    /// Losses and unclipped gradients at the current parameters, without training: the gradients of each network flat,
    /// as [`crate::network::Layout`] says, regulariser included, frozen groups zero.
    ///
    /// # Errors
    /// If the device fails.
    fn gradients(&mut self) -> Result<(Vec<LossRecord>, Vec<Vec<f32>>)>;

    /// Modelled rates of the last evaluation or gradient, averaged in bins: `[C][B][N]`.
    ///
    /// # Errors
    /// If the device fails.
    fn binned_rates(&mut self, network: usize) -> Result<Vec<f32>>;

    /// Modelled rates at every step of the last evaluation or gradient: `[C][T][N]`.
    ///
    /// # Errors
    /// If the device fails.
    fn rates(&mut self, network: usize) -> Result<Vec<f32>>;

    /// Everything that a checkpoint needs to continue bit for bit. Waits for enqueued steps.
    ///
    /// # Errors
    /// If the device fails.
    fn state(&mut self) -> Result<BatchState>;

    /// The same of one network.
    ///
    /// # Errors
    /// If there is no such network, or the device fails.
    fn state_of(&mut self, place: usize) -> Result<NetworkState>;

    /// Puts another network in a place. The others go on as if nothing had happened, and the new one as if it were alone.
    ///
    /// # Errors
    /// If there is no such place, the network does not fit the problem, or the device fails.
    fn replace(&mut self, place: usize, settings: &NetworkSettings, state: &NetworkState) -> Result<()>;

    /// Replaces everything that [`Self::state`] returns.
    ///
    /// # Errors
    /// If the shapes differ from the engine's, or the device fails.
    fn load_state(&mut self, state: &BatchState) -> Result<()>;

    /// One training step as [`Self::step`], timed stage by stage (and slower for it where stages overlap).
    ///
    /// # Errors
    /// If the device fails.
    fn profile(&mut self, learning_rates: &[Option<f64>]) -> Result<Vec<StageTime>>;

    /// As [`Self::evaluate`] for the networks in these places alone, in their order, and shows each one's binned rates
    /// `[C][B][N]` to `read` while they are at hand: what hundreds of lesions of one network are measured by, without keeping
    /// them all. `read` gets the network's place; it may be called from several threads, in any order.
    ///
    /// # Errors
    /// If there is no such place, or the device fails.
    fn evaluate_each(&mut self, places: &[usize], read: &(dyn Fn(usize, &[f32]) + Sync)) -> Result<Vec<LossRecord>>;

    /// Replaces what is done to the networks, `[K]`, for the evaluations and steps that follow. Training and gradients are
    /// refused where [`Perturbation::is_differentiable`] does not hold.
    ///
    /// # Errors
    /// If a perturbation does not fit the networks, or the device fails.
    fn set_perturbations(&mut self, perturbations: &[Perturbation]) -> Result<()>;

    /// Gives the evaluations that follow noise of their own, `[K]`; training and gradients never see it.
    ///
    /// # Errors
    /// If there is not one entry per network, or the device fails.
    fn set_trial_noise(&mut self, noise: &[Option<TrialNoise>]) -> Result<()>;
}
