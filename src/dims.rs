//! The sizes of a problem, in one place.

/// Sizes shared by every array of a batch of networks. Symbols as in docs/model.md#notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Dims {
    /// K, networks in the batch.
    pub networks: usize,
    /// N, neurons of a network.
    pub neurons: usize,
    /// C, conditions: trials of one network per step.
    pub conditions: usize,
    /// T, time steps including the given state at t = 0 and the warm-up; the longest condition's.
    pub time_steps: usize,
    /// Steps discarded before the first bin.
    pub thermal: usize,
    /// w, consecutive steps averaged into one bin.
    pub steps_per_bin: usize,
    /// B, bins of the longest condition; `thermal + w·B ≤ T`.
    pub bins: usize,
    /// U, stimulus channels.
    pub channels: usize,
    /// S, stimulus sequences.
    pub sequences: usize,
    /// G, input matrices.
    pub input_groups: usize,
}

/// The stages that take nearly all operations.
const PRODUCTS: [&str; 3] = ["forward", "adjoint", "weight_gradient"];

impl Dims {
    /// Trainable parameters of one network: `N·N + G·N·U + 2N`.
    pub fn parameters(&self) -> usize {
        self.neurons * (self.neurons + self.input_groups * self.channels + 2)
    }

    /// Bytes of the state that a network starts from: four arrays of parameters, as they are drawn and as a batch holds
    /// them.
    pub fn start_bytes(&self) -> u64 {
        8 * 4 * self.parameters() as u64
    }

    /// Floating point operations of one training step of one network: those of its three large products. Everything
    /// else is left out.
    pub fn flops_per_step(&self) -> f64 {
        PRODUCTS.iter().filter_map(|stage| self.flops_of(stage)).sum()
    }

    /// Floating point operations of one stage of one network, of stages that are fused (joined by `+`) together: the
    /// forward recurrence, the adjoint recurrence and the weight gradient each have a product of `2·N²·C·(T−1)`. `None`
    /// for the others, whose operations nobody counts.
    pub fn flops_of(&self, stage: &str) -> Option<f64> {
        let products = stage.split('+').filter(|part| PRODUCTS.contains(part)).count();
        let steps = self.time_steps.saturating_sub(1);
        let product = 2.0 * (self.neurons * self.neurons) as f64 * self.conditions as f64 * steps as f64;
        (products > 0).then_some(products as f64 * product)
    }
}
