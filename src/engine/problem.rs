//! What all networks of a batch share: the task, the recorded rates, the population and its constraints.

use crate::dims::Dims;
use crate::error::{Error, Result, ensure};
use crate::network::{Constraint, Population};

/// The data term of the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
    /// √ Σ (y − F)².
    #[default]
    L2,
    /// Σ |y − F|.
    L1,
}

impl LossKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::L2, Self::L1];

    /// The data term of `sum`, the summed squares (or magnitudes) of the residuals, and the factor of the residuals (or their
    /// signs) in the direct term `g_t` of the adjoint: `1/(w √E)`, or `1/w` under L1; zero where the fit is perfect.
    pub(super) fn data_term(self, sum: f64, steps_per_bin: usize) -> (f64, f64) {
        let w = steps_per_bin as f64;
        match self {
            Self::L1 => (sum, 1.0 / w),
            Self::L2 if sum == 0.0 => (0.0, 0.0),
            Self::L2 => (sum.sqrt(), 1.0 / (w * sum.sqrt())),
        }
    }
}

/// Range of the time constants, in units of the step: `τ = min + (max − min) σ(θ)`, `α = Δt/τ`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TimeConstants {
    /// τ_min, in steps.
    pub min: f32,
    /// τ_max, in steps.
    pub max: f32,
    /// Δt, in steps.
    pub dt: f32,
}

impl Default for TimeConstants {
    fn default() -> Self {
        Self { min: 1.0, max: 100.0, dt: 1.0 }
    }
}

impl TimeConstants {
    /// τ in steps for each θ: `min + (max − min) σ(θ)`.
    pub fn taus(&self, theta: &[f32]) -> Vec<f32> {
        theta.iter().map(|t| self.min + (self.max - self.min) / (1.0 + (-t).exp())).collect()
    }
}

/// A batch's common ground. All arrays are row-major, slowest axis first.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The sizes; `networks` is the K of the batch.
    pub dims: Dims,
    /// Who the neurons are.
    pub population: Population,
    /// Signs.
    pub constraint: Constraint,
    /// Time constants.
    pub time_constants: TimeConstants,
    /// The data term.
    pub loss: LossKind,
    /// Adam's constants.
    pub adam: super::Adam,
    /// Input matrix of each condition, `[C]`.
    pub input_group: Vec<usize>,
    /// Stimulus sequence of each condition, `[C]`.
    pub sequence: Vec<usize>,
    /// Bins that count in the loss, per condition (ragged data), `[C]`, each at most B.
    pub bins: Vec<usize>,
    /// Stimulus, `[S][T][U]`.
    pub stimulus: Vec<f32>,
    /// Recorded rates in 0…1, `[C][B][N]`; anything past a condition's bins.
    pub targets: Vec<f32>,
    /// Given x at t = 0, `[C][N]`.
    pub initial_x: Vec<f32>,
    /// Given r at t = 0, `[C][N]`.
    pub initial_r: Vec<f32>,
    /// Whether any network has recurrent weights other than zero. An engine may skip the recurrence where this is false:
    /// then W must be frozen at zero.
    pub recurrent: bool,
}

impl Problem {
    /// Holds every array against the sizes.
    ///
    /// # Errors
    /// Naming the first array whose length or index is wrong.
    pub fn check(&self) -> Result<()> {
        let d = &self.dims;
        let lengths = [
            ("neurons", self.population.len(), d.neurons),
            ("input group", self.input_group.len(), d.conditions),
            ("sequence", self.sequence.len(), d.conditions),
            ("bins", self.bins.len(), d.conditions),
            ("stimulus", self.stimulus.len(), d.sequences * d.time_steps * d.channels),
            ("targets", self.targets.len(), d.conditions * d.bins * d.neurons),
            ("initial x", self.initial_x.len(), d.conditions * d.neurons),
            ("initial r", self.initial_r.len(), d.conditions * d.neurons),
        ];
        for (name, found, expected) in lengths {
            ensure!(found == expected, "{name}: expected {expected} values for {d:?}, found {found}.");
        }
        ensure!(
            ![d.networks, d.neurons, d.conditions, d.steps_per_bin, d.bins].contains(&0),
            "a problem needs at least one network, neuron, condition and bin, found {d:?}."
        );
        let Dims { time_steps, thermal, steps_per_bin, bins, .. } = self.dims;
        ensure!(
            thermal + steps_per_bin * bins <= time_steps && time_steps >= 2,
            "{bins} bins of {steps_per_bin} steps after {thermal} steps of warm-up do not fit into {time_steps} steps."
        );
        let limits = [
            ("input matrix", &self.input_group, d.input_groups),
            ("stimulus sequence", &self.sequence, d.sequences),
            ("number of bins", &self.bins, d.bins + 1),
        ];
        for (name, values, limit) in limits {
            if let Some(v) = values.iter().find(|v| **v >= limit) {
                return Err(Error::input(format!("a condition's {name} is {v}, but must be below {limit}.")));
            }
        }
        Ok(())
    }

    /// Mean recorded rate of each neuron over conditions and their bins, `[N]`.
    pub fn mean_rate(&self) -> Vec<f32> {
        let (n, b) = (self.dims.neurons, self.dims.bins);
        let mut sum = vec![0.0_f64; n];
        for (c, bins) in self.bins.iter().enumerate() {
            for row in self.targets[c * b * n..(c * b + bins) * n].chunks_exact(n) {
                sum.iter_mut().zip(row).for_each(|(s, f)| *s += f64::from(*f));
            }
        }
        let count = self.bins.iter().sum::<usize>().max(1) as f64;
        sum.iter().map(|s| (s / count) as f32).collect()
    }
}
