//! A trained network as the laboratory holds it.

use super::{OpenEngine, Simulator, Trial};
use crate::dims::Dims;
use crate::engine::Problem;
use crate::error::Result;
use crate::network::{Constraint, Group, Layout};
use crate::task::Condition;
use std::sync::{Mutex, PoisonError};

/// A trained network, its task, and what it does when nothing is done to it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The problem of one network, every condition with a stimulus sequence of its own: conditions that are shown the
    /// same get noise of their own.
    pub problem: Problem,
    /// Parameters, flat as the layout says.
    pub parameters: Vec<f32>,
    /// The conditions, `[C]`.
    pub conditions: Vec<Condition>,
    /// Which of them the network was not trained on, `[C]`.
    pub held_out: Vec<bool>,
    /// Length of a step in ms.
    pub step_ms: f64,
    /// W_eff, `[N post × N pre]`.
    pub effective: Vec<f32>,
    /// α, `[N]`.
    pub alpha: Vec<f32>,
    /// Rates without any lesion, `[C][B][N]`.
    pub intact: Vec<f32>,
    /// Mean of these over the scored bins of all conditions, `[N]`.
    pub mean_rate: Vec<f32>,
    /// Their largest value there, `[N]`.
    pub peak_rate: Vec<f32>,
    /// Sum of the magnitudes of the weights by which a neuron drives others, `[N]`.
    pub outgoing: Vec<f32>,
}

impl Subject {
    /// The network with `parameters`, simulated once; `held_out` are the numbers of the conditions that it was not
    /// trained on.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn new(
        problem: &Problem,
        parameters: Vec<f32>,
        conditions: Vec<Condition>,
        held_out: &[usize],
        step_ms: f64,
        open: &OpenEngine,
    ) -> Result<Self> {
        let problem = with_own_sequences(problem);
        let (d, layout) = (problem.dims, Layout::new(&problem.dims));
        let weights = problem.constraint.weights(&problem.population, &parameters[layout.range(Group::Recurrent)]);
        let effective = Constraint::effective_weights(&problem.population, &weights);
        let taus = problem.time_constants.taus(&parameters[layout.range(Group::TimeConstant)]);
        let n = d.neurons;
        let outgoing = (0..n).map(|j| (0..n).map(|i| effective[i * n + j].abs()).sum()).collect();
        let intact = Mutex::new(Vec::new());
        Simulator::new(&problem, &parameters, 1, open)?.run(&[Trial::default()], &|_, rates| {
            *intact.lock().unwrap_or_else(PoisonError::into_inner) = rates.to_vec();
        })?;
        let intact = intact.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut subject = Self {
            alpha: taus.iter().map(|tau| problem.time_constants.dt / tau).collect(),
            mean_rate: vec![0.0; n],
            peak_rate: vec![0.0; n],
            held_out: (0..conditions.len()).map(|c| held_out.contains(&c)).collect(),
            problem,
            parameters,
            conditions,
            step_ms,
            effective,
            intact,
            outgoing,
        };
        subject.summarise();
        Ok(subject)
    }

    /// Mean and peak rates of the intact network.
    fn summarise(&mut self) {
        let d = self.problem.dims;
        let mut sums = vec![0.0_f64; d.neurons];
        let mut count = 0.0_f64;
        for c in 0..d.conditions {
            for b in 0..self.problem.bins[c] {
                let row = &self.intact[(c * d.bins + b) * d.neurons..][..d.neurons];
                for (i, r) in row.iter().enumerate() {
                    sums[i] += f64::from(*r);
                    self.peak_rate[i] = self.peak_rate[i].max(*r);
                }
                count += 1.0;
            }
        }
        // A clamp takes rates in 0…1, which a mean of rounded ones may leave by a rounding.
        self.mean_rate = sums.iter().map(|s| ((s / count.max(1.0)) as f32).clamp(0.0, 1.0)).collect();
    }

    /// The sizes; one network.
    pub fn dims(&self) -> Dims {
        self.problem.dims
    }

    /// Bins that every condition has.
    pub fn common_bins(&self) -> usize {
        self.problem.bins.iter().copied().filter(|b| *b > 0).min().unwrap_or(0)
    }

    /// Pairs of an executed condition and the observed one that is alike: the same object and signal where the task
    /// names them, else the next of its kind in order.
    pub fn self_other_pairs(&self) -> Vec<(usize, usize)> {
        use crate::task::ConditionClass::{Execution, Observation};
        let of = |class| move |c: &usize| self.conditions[*c].class == class;
        let (own, others): (Vec<usize>, Vec<usize>) = (
            (0..self.conditions.len()).filter(of(Execution)).collect(),
            (0..self.conditions.len()).filter(of(Observation)).collect(),
        );
        let label = |c: usize| (&self.conditions[c].object, self.conditions[c].go);
        let named = own.iter().chain(&others).all(|c| self.conditions[*c].object.is_some());
        if !named {
            return own.into_iter().zip(others).collect();
        }
        own.iter().filter_map(|e| others.iter().find(|o| label(*e) == label(**o)).map(|o| (*e, *o))).collect()
    }
}

/// The problem of one network with one stimulus sequence per condition.
fn with_own_sequences(problem: &Problem) -> Problem {
    let d = problem.dims;
    let length = d.time_steps * d.channels;
    let stimulus = problem.sequence.iter().flat_map(|s| &problem.stimulus[s * length..(s + 1) * length]).copied();
    Problem {
        dims: Dims { networks: 1, sequences: d.conditions, ..d },
        stimulus: stimulus.collect(),
        sequence: (0..d.conditions).collect(),
        ..problem.clone()
    }
}
