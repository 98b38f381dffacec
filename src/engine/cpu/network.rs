//! One network through one step.

use super::adam::Update;
use super::adjoint::Adjoint;
use super::aligned::Aligned;
use super::clip::judge;
use super::course::{Course, cut_weights};
use super::forward::Forward;
use super::parameter_gradient::{RecurrentRows, small_groups};
use super::real::{Isa, Kernel, Real};
use super::shape::Shape;
use super::shared::Shared;
use super::weight_gradient::{Part, WeightGradient, shares};
use super::weights::{Derived, WeightRows, pack_adjoint};
use super::{dale, noise, weights};
use crate::engine::{
    LossRecord, NetworkSettings, NetworkState, Problem, StepRecord, StopReason, TRIAL_STEP, TrialNoise,
};
use crate::network::{Group, Layout};
use crate::rng::{Rng, Stream};
use rayon::prelude::*;
use std::ops::Range;
use std::time::Instant;

/// What a network keeps between steps, in the engine's number type.
pub(super) struct Network<T> {
    pub step: u32,
    pub parameters: Vec<T>,
    pub first_moment: Vec<T>,
    pub second_moment: Vec<T>,
    pub best_parameters: Vec<T>,
    pub best_loss: f32,
    pub best_step: u32,
    pub steps_since_best: u32,
    pub stop: Option<StopReason>,
}

impl<T: Real> Network<T> {
    pub(super) fn new(state: &NetworkState) -> Self {
        let convert = |values: &[f32]| values.iter().map(|v| T::from_f64(f64::from(*v))).collect();
        Self {
            step: state.step,
            parameters: convert(&state.parameters),
            first_moment: convert(&state.first_moment),
            second_moment: convert(&state.second_moment),
            best_parameters: convert(&state.best_parameters),
            best_loss: state.best_loss,
            best_step: state.best_step,
            steps_since_best: state.steps_since_best,
            stop: state.stop,
        }
    }

    pub(super) fn state(&self) -> NetworkState {
        let convert = |values: &[T]| values.iter().map(|v| v.to_f64() as f32).collect();
        NetworkState {
            step: self.step,
            parameters: convert(&self.parameters),
            first_moment: convert(&self.first_moment),
            second_moment: convert(&self.second_moment),
            best_parameters: convert(&self.best_parameters),
            best_loss: self.best_loss,
            best_step: self.best_step,
            steps_since_best: self.steps_since_best,
            stop: self.stop,
        }
    }
}

/// The stages that are timed apart; `loss` is part of the forward pass, `dale` of the update.
pub(super) const STAGES: [&str; 6] =
    ["weights", "forward+loss", "adjoint", "weight_gradient", "parameter_gradient", "clip+adam+dale"];

/// The large arrays of a step. Networks that are computed one after another share one.
pub(super) struct Workspace<T> {
    pub derived: Derived<T>,
    /// x, then δ, `[C][T][padded]`.
    pub x: Aligned<T>,
    /// r, `[C][T][padded]`.
    pub r: Aligned<T>,
    /// Stimulus with the step's own noise, `[S][T][U]`; empty where the shared stimulus is used as it is.
    stimulus: Vec<T>,
    /// x at t = 0 with a trial's own noise, `[C][padded]`; empty where the shared one is used as it is.
    initial_x: Vec<T>,
    /// Packed weights of the perturbation's sets of cuts.
    cut_weights: Vec<Aligned<T>>,
    residual: Aligned<T>,
    data: Vec<f64>,
    lambda: Aligned<T>,
    d_current: Aligned<T>,
    d_alpha: Aligned<T>,
    recurrent_product: Aligned<T>,
    input_product: Aligned<T>,
    row_squares: Vec<f64>,
    /// The flat gradient.
    pub gradient: Vec<T>,
    /// Seconds spent in each of [`STAGES`] since they were last set to zero.
    pub seconds: [f64; STAGES.len()],
}

impl<T: Real> Workspace<T> {
    /// Numbers in a workspace: trajectories, residuals, W and its packed copies, the gradient and its parts.
    pub(super) fn numbers(shape: &Shape, layout: &Layout) -> usize {
        let (d, np) = (shape.dims, shape.padded);
        d.conditions * (2 * shape.trajectory() + (d.bins + 3) * np)
            + 2 * d.neurons * np
            + 3 * shape.packed_len(d.neurons)
            + 2 * shape.packed_len(d.input_groups * d.channels)
            + layout.len()
    }

    pub(super) fn new(shape: &Shape, layout: &Layout) -> Self {
        let (d, np) = (shape.dims, shape.padded);
        let inputs = d.input_groups * d.channels;
        Self {
            derived: Derived::new(shape),
            x: Aligned::zeros(d.conditions * shape.trajectory()),
            r: Aligned::zeros(d.conditions * shape.trajectory()),
            stimulus: Vec::new(),
            initial_x: Vec::new(),
            cut_weights: Vec::new(),
            residual: Aligned::zeros(d.conditions * d.bins * np),
            data: vec![0.0; d.conditions],
            lambda: Aligned::zeros(d.conditions * np),
            d_current: Aligned::zeros(d.conditions * np),
            d_alpha: Aligned::zeros(d.conditions * np),
            recurrent_product: Aligned::zeros(shape.packed_len(d.neurons)),
            input_product: Aligned::zeros(shape.packed_len(inputs)),
            row_squares: vec![0.0; d.neurons],
            gradient: vec![T::ZERO; layout.len()],
            seconds: [0.0; STAGES.len()],
        }
    }
}

/// Adds the time since `start` to `total`; returns now.
fn lap(total: &mut f64, start: Instant) -> Instant {
    let now = Instant::now();
    *total += now.duration_since(start).as_secs_f64();
    now
}

/// What a network's step reads: the same for every network but for settings, perturbation and noise.
pub(super) struct Context<'a, T> {
    /// Number of the network in its batch.
    pub index: usize,
    pub isa: Isa,
    pub shape: &'a Shape,
    pub layout: &'a Layout,
    pub problem: &'a Problem,
    pub shared: &'a Shared<T>,
    pub settings: &'a NetworkSettings,
    pub course: &'a Course<T>,
    /// Noise of the evaluations.
    pub noise: Option<TrialNoise>,
    /// Threads that work on this network. Never changes a bit of the result.
    pub team: usize,
}

impl<T: Real> Context<'_, T> {
    fn run<K: Kernel<T, Output = ()> + Send>(&self, kernels: Vec<K>) {
        let one = |kernel| T::dispatch(self.isa, kernel);
        if self.team > 1 { kernels.into_par_iter().for_each(one) } else { kernels.into_iter().for_each(one) }
    }

    /// Conditions per thread.
    fn share(&self) -> usize {
        self.shape.dims.conditions.div_ceil(self.team)
    }

    fn is_frozen(&self, group: Group) -> bool {
        self.settings.freeze.contains(&group)
    }

    /// Stage `weights`.
    fn weights(&self, ws: &mut Workspace<T>, parameters: &[T]) {
        let (n, np, out) = (self.shape.dims.neurons, self.shape.padded, &mut ws.derived);
        weights::small_parameters(self.layout, &self.problem.time_constants, parameters, np, out);
        let rows = self.shape.panels[0].rows;
        let kernels = self
            .shape
            .panels
            .iter()
            .zip(out.weights.chunks_mut(rows * np))
            .zip(out.effective.chunks_mut(rows * np))
            .zip(out.forward.chunks_mut(rows * n))
            .zip(out.row_squares.chunks_mut(rows))
            .map(|((((panel, weights), effective), packed), squares)| WeightRows {
                shape: self.shape,
                panel: *panel,
                constraint: self.problem.constraint.sign,
                signed_mask: &self.shared.signs,
                area: &self.shared.area,
                stored: &parameters[..n * n],
                weights,
                effective,
                packed,
                squares,
            });
        self.run(kernels.collect());
        ws.cut_weights.resize_with(self.course.cut_sets.len(), || Aligned::zeros(self.shape.packed_len(n)));
        for (cuts, out) in self.course.cut_sets.iter().zip(&mut ws.cut_weights) {
            cut_weights(self.shape, &ws.derived.forward, cuts, out);
        }
    }

    /// The transposed copy that only the adjoint needs.
    fn pack_adjoint(&self, ws: &mut Workspace<T>) {
        let rows = self.shape.panels[0].rows * self.shape.dims.neurons;
        let effective: &[T] = &ws.derived.effective;
        for (panel, packed) in self.shape.panels.iter().zip(ws.derived.adjoint.chunks_mut(rows)) {
            pack_adjoint(self.shape, *panel, effective, packed);
        }
    }

    /// Simulates one trial: [`Self::evaluate`] with the trial's noise.
    pub(super) fn simulate(&self, ws: &mut Workspace<T>, parameters: &[T]) -> LossRecord {
        if let Some(noise) = self.noise {
            let rng = |stream| Rng::new(noise.seed, noise.trial, stream).at_step(TRIAL_STEP);
            if noise.stimulus_sd > 0.0 {
                self.draw_stimulus(ws, rng(Stream::StimulusNoise), noise.stimulus_sd);
            }
            if noise.initial_sd > 0.0 {
                let (n, np) = (self.shape.dims.neurons, self.shape.padded);
                noise::start(
                    &self.shared.initial_x,
                    (n, np),
                    rng(Stream::InitialState),
                    noise.initial_sd,
                    &mut ws.initial_x,
                );
            }
        }
        let loss = self.evaluate(ws, parameters).0;
        ws.stimulus.clear();
        ws.initial_x.clear();
        loss
    }

    fn draw_stimulus(&self, ws: &mut Workspace<T>, rng: Rng, sigma: f32) {
        noise::stimulus(&self.shared.stimulus, rng, sigma, self.team > 1, &mut ws.stimulus);
    }

    /// Stages `weights`, `forward` and `loss`. Returns the loss and the factor of the residuals in the adjoint.
    pub(super) fn evaluate(&self, ws: &mut Workspace<T>, parameters: &[T]) -> (LossRecord, f64) {
        let clock = Instant::now();
        self.weights(ws, parameters);
        let clock = lap(&mut ws.seconds[0], clock);
        let (share, d) = (self.share(), self.shape.dims);
        let kernels =
            ws.x.chunks_mut(share * self.shape.trajectory())
                .zip(ws.r.chunks_mut(share * self.shape.trajectory()))
                .zip(ws.residual.chunks_mut(share * d.bins * self.shape.padded))
                .zip(ws.data.chunks_mut(share))
                .enumerate()
                .map(|(k, (((x, r), residual), data))| Forward {
                    shape: self.shape,
                    shared: self.shared,
                    derived: &ws.derived,
                    course: self.course,
                    cut_weights: &ws.cut_weights,
                    initial_x: if ws.initial_x.is_empty() { &self.shared.initial_x } else { &ws.initial_x },
                    stimulus: if ws.stimulus.is_empty() { &self.shared.stimulus } else { &ws.stimulus },
                    conditions: k * share..k * share + data.len(),
                    x,
                    r,
                    residual,
                    data,
                });
        self.run(kernels.collect());
        let (data_term, scale) = self.shared.loss.data_term(ws.data.iter().sum(), d.steps_per_bin);
        let reg_term = f64::from(self.settings.regularisation) * ws.derived.squares().sqrt();
        lap(&mut ws.seconds[1], clock);
        (LossRecord { loss: data_term + reg_term, data_term, reg_term }, scale)
    }

    /// Stages `adjoint`, `weight_gradient` and `parameter_gradient`, after [`Self::evaluate`]. Leaves the gradient in
    /// the workspace and returns its global norm.
    pub(super) fn differentiate(&self, ws: &mut Workspace<T>, parameters: &[T], scale: f64) -> f64 {
        let mut clock = Instant::now();
        if self.shared.recurrent {
            self.pack_adjoint(ws);
        }
        for conditions in self.shape.blocks(self.team) {
            self.adjoint(ws, T::from_f64(scale), conditions.clone());
            clock = lap(&mut ws.seconds[2], clock);
            self.weight_gradient(ws, conditions);
            clock = lap(&mut ws.seconds[3], clock);
        }
        let norm = self.parameter_gradient(ws, parameters);
        lap(&mut ws.seconds[4], clock);
        norm
    }

    fn adjoint(&self, ws: &mut Workspace<T>, scale: T, block: Range<usize>) {
        let (share, trajectory) = (block.len().div_ceil(self.team), self.shape.trajectory());
        let (np, bins) = (self.shape.padded, self.shape.dims.bins * self.shape.padded);
        let part = |length: usize| block.start * length..block.end * length;
        let kernels = ws.x[part(trajectory)]
            .chunks_mut(share * trajectory)
            .zip(ws.r[part(trajectory)].chunks(share * trajectory))
            .zip(ws.residual[part(bins)].chunks(share * bins))
            .zip(ws.lambda[part(np)].chunks_mut(share * np))
            .zip(ws.d_current[part(np)].chunks_mut(share * np))
            .zip(ws.d_alpha[part(np)].chunks_mut(share * np))
            .zip((block.start..).step_by(share))
            .map(|((((((x, r), residual), lambda), d_current), d_alpha), first)| Adjoint {
                shape: self.shape,
                shared: self.shared,
                derived: &ws.derived,
                conditions: first..first + lambda.len() / np,
                scale,
                x,
                r,
                residual,
                lambda,
                d_current,
                d_alpha,
            });
        self.run(kernels.collect());
    }

    fn weight_gradient(&self, ws: &mut Workspace<T>, conditions: Range<usize>) {
        let shares = shares(self.shape, self.team);
        let (mut recurrent, mut input): (&mut [T], &mut [T]) = (&mut ws.recurrent_product, &mut ws.input_product);
        let mut kernels = Vec::with_capacity(shares.len());
        for parts in &shares {
            let recurrent_len = parts.iter().map(Part::recurrent_len).sum();
            let input_len = parts.iter().map(|p| p.input_len(self.shape)).sum();
            let recurrent_out = recurrent.split_off_mut(..recurrent_len).unwrap_or_default();
            let input_out = input.split_off_mut(..input_len).unwrap_or_default();
            kernels.push(WeightGradient {
                shape: self.shape,
                shared: self.shared,
                parts,
                conditions: conditions.clone(),
                recurrent: self.shared.recurrent && !self.is_frozen(Group::Recurrent),
                stimulus: if ws.stimulus.is_empty() { &self.shared.stimulus } else { &ws.stimulus },
                delta: &ws.x,
                r: &ws.r,
                recurrent_out,
                input_out,
            });
        }
        self.run(kernels);
    }

    fn parameter_gradient(&self, ws: &mut Workspace<T>, parameters: &[T]) -> f64 {
        let (n, rows) = (self.shape.dims.neurons, self.shape.panels[0].rows);
        let squares = ws.derived.squares();
        let lambda = f64::from(self.settings.regularisation);
        let shrink = T::from_f64(if squares > 0.0 { lambda / squares.sqrt() } else { 0.0 });
        let recurrent = &mut ws.gradient[..n * n];
        if self.is_frozen(Group::Recurrent) || !self.shared.recurrent {
            recurrent.fill(T::ZERO);
            ws.row_squares.fill(0.0);
        } else {
            let kernels = self
                .shape
                .panels
                .iter()
                .zip(ws.recurrent_product.chunks(rows * n))
                .zip(recurrent.chunks_mut(rows * n))
                .zip(ws.row_squares.chunks_mut(rows))
                .map(|(((panel, product), out), squares)| RecurrentRows {
                    shape: self.shape,
                    shared: self.shared,
                    derived: &ws.derived,
                    panel: *panel,
                    constraint: self.problem.constraint.sign,
                    stored: &parameters[..n * n],
                    product,
                    shrink,
                    out,
                    squares,
                });
            self.run(kernels.collect());
        }
        small_groups(
            self.shape,
            self.layout,
            &ws.derived,
            parameters,
            &ws.input_product,
            &ws.d_current,
            &ws.d_alpha,
            shrink,
            &mut ws.gradient,
        );
        for group in &self.settings.freeze {
            ws.gradient[self.layout.range(*group)].fill(T::ZERO);
        }
        let small: f64 = ws.gradient[n * n..].iter().map(|g| g.to_f64() * g.to_f64()).sum();
        (ws.row_squares.iter().sum::<f64>() + small).sqrt()
    }

    /// One training step: everything above, then stages `clip`, `adam` and `dale`.
    pub(super) fn step(&self, ws: &mut Workspace<T>, network: &mut Network<T>, learning_rate: f64) -> StepRecord {
        network.step += 1;
        let step = network.step;
        if let Some(noise) = self.settings.fresh_noise {
            let rng = Rng::new(noise.seed, noise.network, Stream::StimulusNoise).at_step(step);
            self.draw_stimulus(ws, rng, noise.sigma);
        }
        let (loss, scale) = self.evaluate(ws, &network.parameters);
        let grad_norm = self.differentiate(ws, &network.parameters, scale);
        ws.stimulus.clear();
        let clock = Instant::now();
        let verdict = judge(self.settings, &loss, grad_norm, network.best_loss, network.steps_since_best);
        if verdict.improved {
            network.best_parameters.copy_from_slice(&network.parameters);
            (network.best_loss, network.best_step, network.steps_since_best) = (loss.loss as f32, step, 0);
        } else {
            network.steps_since_best += 1;
        }
        network.stop = verdict.stop;
        if verdict.stop.is_none() {
            self.update(&ws.gradient, network, verdict.factor, self.problem.adam.step_size(learning_rate, step));
        }
        lap(&mut ws.seconds[5], clock);
        StepRecord { step, loss, grad_norm, stop: verdict.stop }
    }

    fn update(&self, gradient: &[T], network: &mut Network<T>, factor: f64, step_size: f32) {
        let n = self.shape.dims.neurons;
        let chunk = self.layout.len().div_ceil(self.team);
        let kernels = network
            .parameters
            .chunks_mut(chunk)
            .zip(gradient.chunks(chunk))
            .zip(network.first_moment.chunks_mut(chunk))
            .zip(network.second_moment.chunks_mut(chunk))
            .map(|(((parameters, gradient), first_moment), second_moment)| Update {
                adam: self.problem.adam,
                step_size,
                factor,
                gradient,
                parameters,
                first_moment,
                second_moment,
            });
        self.run(kernels.collect());
        if !self.is_frozen(Group::Recurrent) {
            dale::project(self.problem.constraint.sign, n, 0, &self.shared.signs, &mut network.parameters[..n * n]);
        }
    }
}
