//! What is done to one network, in the engine's number type and layout.

use super::aligned::Aligned;
use super::real::Real;
use super::shape::Shape;
use crate::engine::{Cut, Perturbation};

/// A stretch of steps in which nothing changes: `r = gain ⊙ σ(x + I_ext + current) + offset`, all `[padded]`.
pub(super) struct Output<T> {
    /// First step after it.
    to: usize,
    /// Factor of the rate; 0 in the padding, which is always silent.
    pub gain: Aligned<T>,
    /// Added to the rate.
    pub offset: Aligned<T>,
    /// Added to `I_ext`.
    pub current: Aligned<T>,
    /// Which of [`Course::cut_sets`] holds, if one does.
    pub cut_set: Option<usize>,
}

/// The course of a perturbation over a trial.
pub(super) struct Course<T> {
    outputs: Vec<Output<T>>,
    /// Cuts that hold at the same time, each set once.
    pub cut_sets: Vec<Vec<Cut>>,
}

impl<T: Real> Course<T> {
    pub(super) fn new(shape: &Shape, perturbation: &Perturbation) -> Self {
        let (n, mut sets) = (shape.dims.neurons, Vec::<Vec<usize>>::new());
        let aligned = |values: &[f32]| Aligned::padded(values, n, shape.padded);
        let phases = perturbation.phases(n, shape.dims.time_steps);
        let output = |phase: crate::engine::Phase| {
            let known = sets.iter().position(|set| *set == phase.cuts);
            let cut_set = (!phase.cuts.is_empty()).then(|| {
                known.unwrap_or_else(|| {
                    sets.push(phase.cuts.clone());
                    sets.len() - 1
                })
            });
            let (gain, offset, current) = (aligned(&phase.gain), aligned(&phase.offset), aligned(&phase.current));
            Output { to: phase.to, gain, offset, current, cut_set }
        };
        let outputs = phases.into_iter().map(output).collect();
        let cuts = |set: &Vec<usize>| set.iter().map(|k| perturbation.cuts[*k].clone()).collect();
        Self { outputs, cut_sets: sets.iter().map(cuts).collect() }
    }

    /// What holds at step `t`, which is below T.
    pub(super) fn at(&self, t: usize) -> &Output<T> {
        let k = self.outputs.iter().position(|output| t < output.to).unwrap_or(self.outputs.len() - 1);
        &self.outputs[k]
    }
}

/// The packed weights of the forward product without the connections of `cuts`.
pub(super) fn cut_weights<T: Real>(shape: &Shape, packed: &[T], cuts: &[Cut], out: &mut Aligned<T>) {
    let n = shape.dims.neurons;
    out.copy_from_slice(packed);
    for panel in &shape.panels {
        for j in 0..n {
            let row = panel.start * n + j * panel.rows;
            for i in panel.start..n.min(panel.start + panel.rows) {
                if cuts.iter().any(|cut| cut.post[i] && cut.pre[j]) {
                    out[row + i - panel.start] = T::ZERO;
                }
            }
        }
    }
}
