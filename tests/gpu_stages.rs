//! Each GPU stage by itself: what it leaves on the device against its equation in f64, computed from what the stage
//! before it left there. (All stages together: `gpu_engine.rs`, `engine_golden.rs`.)
#![allow(missing_docs)]

mod common;

use aon::engine::gpu::{GpuEngine, GpuOptions, Loads, StageOutput, Strategy};
use aon::engine::{BatchState, Engine, LossKind, NetworkSettings, Problem};
use aon::network::{Constraint, Dale, Group, Layout, SignConstraint};
use common::{awkward_problem, gpu, max_abs_error};

/// Network 1 of a batch of two, under both strategies and ways to load, for one constraint.
struct Case {
    problem: Problem,
    layout: Layout,
    parameters: Vec<f64>,
    engine: GpuEngine,
}

const NETWORK: usize = 1;

fn cases() -> Vec<Case> {
    let Some(device) = gpu::device() else { return Vec::new() };
    let mut cases = Vec::new();
    let ways = [
        (Strategy::Stepwise, Loads::Storage),
        (Strategy::Stepwise, Loads::Texture),
        (Strategy::Resident, Loads::Storage),
    ];
    for (strategy, loads) in ways {
        for sign in [SignConstraint::Softplus, SignConstraint::Reflect] {
            for loss in LossKind::ALL {
                let constraint = Constraint { dale: Dale::Presynaptic, sign };
                let (problem, starts) = awkward_problem(2, constraint, loss);
                let settings = vec![NetworkSettings::default(); 2];
                let options = GpuOptions { strategy: Some(strategy), loads: Some(loads), ..GpuOptions::default() };
                let state = BatchState::fresh(starts.clone());
                cases.push(Case {
                    layout: Layout::new(&problem.dims),
                    parameters: starts[NETWORK].iter().map(|p| f64::from(*p)).collect(),
                    engine: GpuEngine::new(&device, &problem, &settings, &state, &options).unwrap(),
                    problem,
                });
            }
        }
    }
    cases
}

impl Case {
    fn output(&mut self, output: StageOutput) -> Vec<f64> {
        self.engine.stage_output(output, NETWORK).unwrap().into_iter().map(f64::from).collect()
    }

    fn rates(&mut self) -> Vec<f64> {
        self.engine.rates(NETWORK).unwrap().into_iter().map(f64::from).collect()
    }

    fn group(&self, group: Group) -> &[f64] {
        &self.parameters[self.layout.range(group)]
    }

    /// `Σ_u W_in[i, u] u_{c,t}[u]`.
    fn drive(&self, c: usize, t: usize, i: usize) -> f64 {
        let d = &self.problem.dims;
        let weights = self.group(Group::Input(self.problem.input_group[c]));
        let stimulus = &self.problem.stimulus[(self.problem.sequence[c] * d.time_steps + t) * d.channels..];
        (0..d.channels).map(|u| weights[i * d.channels + u] * f64::from(stimulus[u])).sum()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn check(what: &str, found: &[f64], expected: &[f64], limit: f64) {
    let found: Vec<f32> = found.iter().map(|v| *v as f32).collect();
    let error = max_abs_error(&found, expected);
    assert!(error <= limit, "{what} off by {error:e}");
}

#[test]
fn weights_are_rectified_between_areas_and_time_constants_follow_theta() {
    for mut case in cases() {
        case.engine.evaluate().unwrap();
        let stored: Vec<f32> = case.group(Group::Recurrent).iter().map(|w| *w as f32).collect();
        let population = &case.problem.population;
        let weights = case.problem.constraint.weights(population, &stored);
        let expected = Constraint::effective_weights(population, &weights);
        let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
        // Weights are of order 1, their softplus good to a few units in the last place.
        check("W_eff", &case.output(StageOutput::EffectiveWeights), &expected, 5e-7);

        let tau = case.problem.time_constants;
        let alpha = |theta: &f64| 1.0 / (f64::from(tau.min) + f64::from(tau.max - tau.min) * sigmoid(*theta));
        let expected: Vec<f64> = case.group(Group::TimeConstant).iter().map(alpha).collect();
        check("α", &case.output(StageOutput::Alpha), &expected, 1e-7);
    }
}

#[test]
fn forward_takes_every_step_from_the_step_before() {
    for mut case in cases() {
        case.engine.evaluate().unwrap();
        let (w, alpha) = (case.output(StageOutput::EffectiveWeights), case.output(StageOutput::Alpha));
        let (r, increments) = (case.rates(), case.output(StageOutput::Increments));
        let d = case.problem.dims;
        let (n, steps) = (d.neurons, d.time_steps);
        let (mut rates, mut steps_of_x) = (Vec::new(), Vec::new());
        for c in 0..d.conditions {
            let mut x: Vec<f64> = case.problem.initial_x[c * n..(c + 1) * n].iter().map(|x| f64::from(*x)).collect();
            rates.extend(case.problem.initial_r[c * n..(c + 1) * n].iter().map(|r| f64::from(*r)));
            steps_of_x.extend(vec![0.0; n]);
            for t in 1..steps {
                let before = &r[(c * steps + t - 1) * n..][..n];
                for i in 0..n {
                    let recurrent: f64 = (0..n).map(|j| w[i * n + j] * before[j]).sum();
                    steps_of_x.push(alpha[i] * (recurrent + case.drive(c, t - 1, i) - x[i]));
                    // x itself from the device's increments, so that only this step's arithmetic is judged.
                    x[i] += increments[(c * steps + t) * n + i];
                    rates.push(sigmoid(x[i] + case.group(Group::Current)[i]));
                }
            }
        }
        // Sums of 23 terms of order 1 in f32; x adds up 38 rounded increments.
        check("d", &increments, &steps_of_x, 3e-6);
        check("r", &r, &rates, 2e-6);
    }
}

#[test]
fn loss_compares_bins_with_their_targets() {
    for mut case in cases() {
        let loss = case.engine.evaluate().unwrap()[NETWORK];
        let (r, residuals) = (case.rates(), case.output(StageOutput::Residuals));
        let d = case.problem.dims;
        let mut expected = Vec::new();
        for c in 0..d.conditions {
            for b in 0..d.bins {
                for i in 0..d.neurons {
                    let rate = |s| r[(c * d.time_steps + d.thermal + b * d.steps_per_bin + s) * d.neurons + i];
                    let y: f64 = (0..d.steps_per_bin).map(rate).sum::<f64>() / d.steps_per_bin as f64;
                    let target = f64::from(case.problem.targets[(c * d.bins + b) * d.neurons + i]);
                    expected.push(if b < case.problem.bins[c] { y - target } else { 0.0 });
                }
            }
        }
        check("y − F", &residuals, &expected, 2e-7);
        let data = match case.problem.loss {
            LossKind::L2 => expected.iter().map(|e| e * e).sum::<f64>().sqrt(),
            LossKind::L1 => expected.iter().map(|e| e.abs()).sum(),
        };
        assert!((loss.data_term / data - 1.0).abs() < 1e-6, "{} and {data}", loss.data_term);
        assert!((loss.loss - loss.data_term - loss.reg_term).abs() < 1e-6 * loss.loss);
    }
}

#[test]
fn adjoint_takes_every_step_from_the_step_after() {
    for mut case in cases() {
        let loss = case.engine.gradients().unwrap().0[NETWORK];
        let (w, alpha) = (case.output(StageOutput::EffectiveWeights), case.output(StageOutput::Alpha));
        let (r, residuals) = (case.rates(), case.output(StageOutput::Residuals));
        let deltas = case.output(StageOutput::Deltas);
        let d = case.problem.dims;
        let (n, steps) = (d.neurons, d.time_steps);
        let direct = |c: usize, t: usize, i: usize| {
            if t < d.thermal || t >= d.thermal + d.steps_per_bin * d.bins {
                return 0.0;
            }
            let e = residuals[(c * d.bins + (t - d.thermal) / d.steps_per_bin) * n + i];
            let g = match case.problem.loss {
                LossKind::L2 => e / loss.data_term,
                LossKind::L1 if e == 0.0 => 0.0,
                LossKind::L1 => e.signum(),
            };
            g / d.steps_per_bin as f64
        };
        let mut expected = vec![0.0; deltas.len()];
        for c in 0..d.conditions {
            for t in 1..steps {
                let zero = vec![0.0; n];
                let after = if t + 1 < steps { &deltas[(c * steps + t + 1) * n..][..n] } else { &zero };
                for j in 0..n {
                    let through: f64 = (0..n).map(|i| w[i * n + j] * after[i]).sum();
                    let rate = r[(c * steps + t) * n + j];
                    let s = (direct(c, t, j) + through) * rate * (1.0 - rate);
                    expected[(c * steps + t) * n + j] = (1.0 - alpha[j]) * after[j] + alpha[j] * s;
                }
            }
        }
        let largest = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        check("δ", &deltas, &expected, 1e-6 * largest);
    }
}
