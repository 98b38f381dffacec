//! What all networks of the batch read: the problem in the engine's number type and layout.

use super::aligned::Aligned;
use super::real::Real;
use super::shape::Shape;
use crate::engine::{LossKind, Problem};
use crate::network::SignConstraint;

/// The problem, padded and converted.
pub(super) struct Shared<T> {
    /// Stimulus, `[S][T][U]`.
    pub stimulus: Vec<T>,
    /// Recorded rates, `[C][B][padded]`.
    pub targets: Aligned<T>,
    /// Given x at t = 0, `[C][padded]`.
    pub initial_x: Aligned<T>,
    /// Given r at t = 0, `[C][padded]`.
    pub initial_r: Aligned<T>,
    /// `sign · M` of softplus, or Dale's sign alone for the projections, `[N × N]`.
    pub signs: Vec<T>,
    /// Area of each neuron, `[N]`.
    pub area: Vec<u32>,
    /// Input matrix of each condition, `[C]`.
    pub input_group: Vec<usize>,
    /// Stimulus sequence of each condition, `[C]`.
    pub sequence: Vec<usize>,
    /// Bins that count, `[C]`.
    pub bins: Vec<usize>,
    /// The data term.
    pub loss: LossKind,
    /// Whether the recurrence is computed at all.
    pub recurrent: bool,
}

impl<T: Real> Shared<T> {
    pub(super) fn new(problem: &Problem, shape: &Shape) -> Self {
        let (n, np) = (shape.dims.neurons, shape.padded);
        let convert = |values: Vec<f32>| values.into_iter().map(|v| T::from_f64(f64::from(v))).collect();
        let signs = match problem.constraint.sign {
            SignConstraint::Softplus => problem.constraint.signed_mask(&problem.population),
            SignConstraint::Reflect | SignConstraint::Clamp => {
                (0..n * n).map(|k| problem.constraint.sign_of(&problem.population, k / n, k % n)).collect()
            }
        };
        Self {
            stimulus: convert(problem.stimulus.clone()),
            targets: Aligned::padded(&problem.targets, n, np),
            initial_x: Aligned::padded(&problem.initial_x, n, np),
            initial_r: Aligned::padded(&problem.initial_r, n, np),
            signs: convert(signs),
            area: problem.population.area_of().to_vec(),
            input_group: problem.input_group.clone(),
            sequence: problem.sequence.clone(),
            bins: problem.bins.clone(),
            loss: problem.loss,
            recurrent: problem.recurrent,
        }
    }
}
