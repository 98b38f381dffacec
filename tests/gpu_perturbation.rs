//! What is done to simulated networks on the GPU: clamps, gains, currents, cuts and the noise of trials, against the CPU
//! engine and against what was asked, under every way to compute.
#![allow(missing_docs)]

mod common;

use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuDevice, GpuEngine, GpuOptions, Loads, Strategy, Tiles, Trajectory};
use aon::engine::{
    Action, BatchState, Cut, Effect, Engine, FreshNoise, LossKind, NetworkSettings, Perturbation, Problem, TrialNoise,
};
use aon::network::{Constraint, Dale, Group, Layout, SignConstraint};
use common::{awkward_problem, gpu, max_abs_error, relative_norm_error};
use std::sync::Mutex;

const NEURONS: usize = 19;
const STEPS: usize = 38;

/// Both strategies, both ways to load, blocks of a resident recurrence that perturbations divide otherwise.
fn ways() -> [GpuOptions; 4] {
    let short = Tiles { block: 5, resident_rows: 1, tile_quads: 1, ..Tiles::HARDWARE };
    [
        (Strategy::Stepwise, Loads::Texture, None),
        (Strategy::Stepwise, Loads::Storage, None),
        (Strategy::Resident, Loads::Storage, None),
        (Strategy::Resident, Loads::Storage, Some(short)),
    ]
    .map(|(strategy, loads, tiles)| GpuOptions {
        strategy: Some(strategy),
        loads: Some(loads),
        tiles,
        ..GpuOptions::default()
    })
}

/// Under softplus these weights saturate many neurons, which then hardly feel what is done to others.
fn problem(networks: usize) -> (Problem, Vec<Vec<f32>>) {
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    awkward_problem(networks, constraint, LossKind::L2)
}

fn engine(device: &GpuDevice, problem: &Problem, start: &[Vec<f32>], options: &GpuOptions) -> GpuEngine {
    let settings = vec![NetworkSettings::default(); problem.dims.networks];
    GpuEngine::new(device, problem, &settings, &BatchState::fresh(start.to_vec()), options).unwrap()
}

fn oracle(problem: &Problem, start: &[Vec<f32>]) -> CpuEngine<f64> {
    let settings = vec![NetworkSettings::default(); problem.dims.networks];
    CpuEngine::new(problem.clone(), settings, &BatchState::fresh(start.to_vec()), 1).unwrap()
}

fn marked(is: impl Fn(usize) -> bool) -> Vec<bool> {
    (0..NEURONS).map(is).collect()
}

fn effect(is: impl Fn(usize) -> bool, from: usize, to: usize, action: Action) -> Effect {
    Effect { neurons: marked(is), from, to, action }
}

fn clamp() -> Action {
    Action::Clamp((0..NEURONS).map(|i| 0.03 * i as f32).collect())
}

fn current() -> Action {
    Action::Current((0..NEURONS).map(|i| 1.5 - 0.2 * i as f32).collect())
}

fn cut(post: impl Fn(usize) -> bool, pre: impl Fn(usize) -> bool, from: usize, to: usize) -> Cut {
    Cut { post: marked(post), pre: marked(pre), from, to }
}

fn effects(effects: Vec<Effect>) -> Perturbation {
    Perturbation { effects, cuts: Vec::new() }
}

fn cuts(cuts: Vec<Cut>) -> Perturbation {
    Perturbation { effects: Vec::new(), cuts }
}

/// Every action, in windows that begin before, at and after the first step, overlap, and end after the trial.
fn perturbations() -> Vec<Perturbation> {
    vec![
        Perturbation::default(),
        effects(vec![effect(|i| i % 3 == 0, 8, 21, clamp())]),
        effects(vec![effect(|i| i < 9, 0, 12, Action::Gain(0.5))]),
        effects(vec![effect(|_| true, 1, 30, current())]),
        effects(vec![effect(|i| i > 4, 0, 1, clamp())]),
        effects(vec![
            effect(|i| i < 7, 5, 25, clamp()),
            effect(|i| i > 3, 10, 60, Action::Gain(0.5)),
            effect(|i| i > 2, 12, 18, current()),
            effect(|i| i > 15, 14, 16, Action::Gain(1.7)),
        ]),
        cuts(vec![cut(|i| i < 8, |i| i > 10, 10, 20)]),
        cuts(vec![cut(|_| true, |i| i < 6, 0, STEPS), cut(|i| i % 2 == 0, |i| i > 8, 15, 33)]),
        Perturbation {
            effects: vec![effect(|i| i == 2, 11, 19, Action::Gain(0.0)), effect(|i| i < 5, 19, 30, current())],
            cuts: vec![cut(|i| i > 12, |_| true, 11, 19)],
        },
    ]
}

fn wide(values: Vec<f32>) -> Vec<f64> {
    values.into_iter().map(f64::from).collect()
}

/// Losses, rates and binned rates, under limits of the golden README for f32 programs; the rates' is absolute.
fn check_against(what: &str, engine: &mut GpuEngine, oracle: &mut CpuEngine<f64>) {
    let seen = Mutex::new(vec![Vec::new(); engine.dims().networks]);
    let all: Vec<usize> = (0..engine.dims().networks).collect();
    let losses = engine.evaluate_each(&all, &|k, binned| seen.lock().unwrap()[k] = binned.to_vec()).unwrap();
    let (seen, expected) = (seen.into_inner().unwrap(), oracle.evaluate().unwrap());
    for (k, (found, expected)) in losses.iter().zip(&expected).enumerate() {
        let (found, expected) = (found.loss, expected.loss);
        assert!((found / expected - 1.0).abs() < 2e-6, "{what}, network {k}: loss {found} not {expected}");
        let error = max_abs_error(&engine.rates(k).unwrap(), &wide(oracle.rates(k).unwrap()));
        assert!(error < 5e-6, "{what}, network {k}: rates off by {error:e}");
        let error = max_abs_error(&seen[k], &wide(oracle.binned_rates(k).unwrap()));
        assert!(error < 5e-6, "{what}, network {k}: binned rates off by {error:e}");
        assert!(seen[k] == engine.binned_rates(k).unwrap());
    }
}

#[test]
fn every_perturbation_agrees_with_the_oracle_under_every_way_to_compute() {
    let Some(device) = gpu::device() else { return };
    let wanted = perturbations();
    let (problem, start) = problem(wanted.len());
    let start = vec![start[0].clone(); wanted.len()];
    let mut oracle = oracle(&problem, &start);
    oracle.set_perturbations(&wanted).unwrap();
    let mut bits: Option<Vec<Vec<f32>>> = None;
    for options in ways() {
        let mut engine = engine(&device, &problem, &start, &options);
        let intact = engine.rates(1).unwrap();
        engine.set_perturbations(&wanted).unwrap();
        check_against(&format!("{options:?}"), &mut engine, &mut oracle);
        let rates: Vec<Vec<f32>> = (0..wanted.len()).map(|k| engine.rates(k).unwrap()).collect();
        assert!(rates[0] == intact && rates[1..].iter().all(|r| *r != intact), "only the intact network is intact");
        assert!(*bits.get_or_insert_with(|| rates.clone()) == rates, "{options:?} changes a bit");
        // As at the start.
        engine.set_perturbations(&vec![Perturbation::default(); wanted.len()]).unwrap();
        assert!(engine.rates(1).unwrap() == intact, "{options:?} leaves something behind");
    }
}

/// The steps at which others in the batch change divide a network's simulation, but change no bit of it.
#[test]
fn a_perturbed_network_has_the_same_bits_alone_and_in_banks() {
    let Some(device) = gpu::device() else { return };
    let wanted = perturbations();
    let (problem, start) = problem(wanted.len());
    let mut whole = engine(&device, &problem, &start, &GpuOptions::default());
    whole.set_perturbations(&wanted).unwrap();
    let mut split = engine(&device, &problem, &start, &GpuOptions { bank: Some(4), ..GpuOptions::default() });
    split.set_perturbations(&wanted).unwrap();
    assert_eq!(split.evaluate().unwrap(), whole.evaluate().unwrap());
    let alone = Problem { dims: aon::dims::Dims { networks: 1, ..problem.dims }, ..problem.clone() };
    for k in [0, 5, 8] {
        let expected = whole.rates(k).unwrap();
        assert!(split.rates(k).unwrap() == expected, "network {k} differs in a bank");
        let mut engine = engine(&device, &alone, &start[k..=k], &GpuOptions::default());
        engine.set_perturbations(&wanted[k..=k]).unwrap();
        assert!(engine.rates(0).unwrap() == expected, "network {k} differs alone");
        // As a setting, it is there from the start.
        let settings = [NetworkSettings { perturbation: wanted[k].clone(), ..NetworkSettings::default() }];
        let state = BatchState::fresh(start[k..=k].to_vec());
        let mut engine = GpuEngine::new(&device, &alone, &settings, &state, &GpuOptions::default()).unwrap();
        assert!(engine.rates(0).unwrap() == expected, "network {k} differs with perturbed settings");
    }
}

#[test]
fn rates_are_exactly_what_was_asked_in_the_window_and_only_there() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = problem(1);
    for options in ways() {
        let mut engine = engine(&device, &problem, &start, &options);
        let intact = engine.rates(0).unwrap();
        let mut rates_with = |perturbation: Perturbation| {
            engine.set_perturbations(&[perturbation]).unwrap();
            engine.rates(0).unwrap()
        };
        for from in [0, 1, 2, 8] {
            let clamped = rates_with(effects(vec![effect(|i| i == 4 || i == 11, from, 21, clamp())]));
            for (k, (rate, before)) in clamped.iter().zip(&intact).enumerate() {
                let (t, i) = (k / NEURONS % STEPS, k % NEURONS);
                if t < from {
                    assert_eq!(rate, before, "before the window nothing changes");
                } else if t < 21 && (i == 4 || i == 11) {
                    assert_eq!(*rate, 0.03 * i as f32, "neuron {i} at step {t}");
                } else if t == from {
                    assert_eq!(rate, before, "others feel it one step later");
                } else if t == 21 && i == 4 {
                    assert_ne!(*rate, 0.03 * i as f32, "after the window the neuron fires on its own");
                }
            }
            assert_ne!(clamped, intact);
        }
        let halved = rates_with(effects(vec![effect(|i| i == 4, 8, 21, Action::Gain(0.5))]));
        assert_eq!(halved[8 * NEURONS + 4], 0.5 * intact[8 * NEURONS + 4]);

        // Windows that ask for nothing divide the simulation, but change no bit.
        let nothing = [
            Perturbation::default(),
            effects(vec![effect(|_| true, 8, 21, Action::Gain(1.0))]),
            effects(vec![effect(|_| true, 3, 9, Action::Current(vec![0.0; NEURONS]))]),
            effects(vec![effect(|_| false, 3, 9, clamp()), effect(|_| true, STEPS, STEPS + 5, clamp())]),
            cuts(vec![cut(|_| false, |_| true, 4, 9), cut(|_| true, |_| true, 12, 12)]),
        ];
        for perturbation in nothing {
            assert!(rates_with(perturbation.clone()) == intact, "{options:?} {perturbation:?}");
        }
    }
}

/// A cut for the whole trial is the network without those weights; the weights themselves stay.
#[test]
fn cut_connections_transmit_nothing_and_weights_stay() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = problem(1);
    let is_cut = |i: usize, j: usize| i < 8 && j % 3 == 1;
    let mut without = start.clone();
    for k in (0..NEURONS * NEURONS).filter(|k| is_cut(k / NEURONS, k % NEURONS)) {
        without[0][k] = 0.0;
    }
    for options in ways() {
        let mut engine = engine(&device, &problem, &start, &options);
        let before = engine.state().unwrap();
        engine.set_perturbations(&[cuts(vec![cut(|i| i < 8, |j| j % 3 == 1, 0, STEPS)])]).unwrap();
        let expected = self::engine(&device, &problem, &without, &options).rates(0).unwrap();
        assert!(engine.rates(0).unwrap() == expected, "{options:?}");
        assert!(engine.state().unwrap() == before);
    }
}

/// Gradient of networks that are silenced and driven in windows, and the loss of a training step.
#[test]
fn silenced_and_driven_networks_are_trained_by_their_own_gradient() {
    let Some(device) = gpu::device() else { return };
    let wanted = [
        effects(vec![
            effect(|i| i < 5, 3, 30, Action::Clamp(vec![0.0; NEURONS])),
            effect(|i| i > 3, 10, 25, current()),
        ]),
        effects(vec![effect(|i| i % 4 == 0, 0, 17, Action::Gain(0.0)), effect(|_| true, 0, 9, current())]),
    ];
    let (problem, start) = problem(2);
    let mut oracle = oracle(&problem, &start);
    oracle.set_perturbations(&wanted).unwrap();
    let (exact, layout) = (oracle.exact_gradients(), Layout::new(&problem.dims));
    for options in ways() {
        let mut engine = engine(&device, &problem, &start, &options);
        engine.set_perturbations(&wanted).unwrap();
        let (losses, gradients) = engine.gradients().unwrap();
        for (k, (loss, _, expected)) in exact.iter().enumerate() {
            assert!((losses[k].loss / loss.loss - 1.0).abs() < 2e-6, "{options:?}");
            for group in layout.groups() {
                let range = layout.range(group);
                let error = relative_norm_error(&gradients[k][range.clone()], &expected[range]);
                // The golden README's limits for f32, the looser one for θ because x_t − x_{t−1} cancels.
                let limit = if group == Group::TimeConstant { 3e-5 } else { 1e-5 };
                assert!(error < limit, "{options:?} network {k}: gradient of {} off by {error:e}", group.name());
            }
        }
        engine.step(&[Some(0.01); 2]).unwrap();
        let records = engine.take_records(true).unwrap().remove(0);
        assert!(records.iter().zip(&losses).all(|(record, loss)| record.unwrap().loss == *loss));
    }
}

#[test]
fn what_has_no_gradient_is_simulated_but_not_trained() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = problem(1);
    let mut engine = engine(&device, &problem, &start, &GpuOptions::default());
    let graded = effects(vec![effect(|i| i < 5, 3, 30, Action::Gain(0.5))]);
    for refused in [graded, cuts(vec![cut(|_| true, |_| true, 3, 5)])] {
        engine.set_perturbations(&[refused]).unwrap();
        assert!(engine.evaluate().is_ok());
        let message = engine.step(&[Some(0.01)]).unwrap_err().to_string();
        assert!(message.contains("can be simulated but not trained"), "{message}");
        assert!(engine.gradients().is_err() && engine.profile(&[Some(0.01)]).is_err());
        assert_eq!(engine.state().unwrap().networks[0].step, 0);
    }
    assert!(engine.set_perturbations(&[Perturbation::silence(vec![true; 3], 0, 5)]).is_err(), "other neurons");
    assert!(engine.set_perturbations(&[]).is_err() && engine.set_trial_noise(&[]).is_err());
    engine.set_perturbations(&[Perturbation::default()]).unwrap();
    engine.step(&[Some(0.01)]).unwrap();
    assert_eq!(engine.state().unwrap().networks[0].step, 1);
}

fn trial(trial: u32) -> TrialNoise {
    TrialNoise { stimulus_sd: 0.2, initial_sd: 0.3, seed: 0x1234_5678_9abc, trial }
}

/// The device draws the numbers that the processor draws, up to the rounding of its logarithms and cosines.
#[test]
fn noise_of_trials_is_that_of_the_cpu_engine() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = problem(4);
    let only_start = Some(TrialNoise { stimulus_sd: 0.0, ..trial(3) });
    let only_stimulus = Some(TrialNoise { initial_sd: 0.0, ..trial(3) });
    let mut oracle = oracle(&problem, &start);
    for options in ways() {
        let mut engine = engine(&device, &problem, &start, &options);
        let intact = engine.rates(3).unwrap();
        for noise in
            [[Some(trial(0)), Some(trial(1)), only_start, None], [None, only_stimulus, Some(trial(7)), Some(trial(0))]]
        {
            engine.set_trial_noise(&noise).unwrap();
            oracle.set_trial_noise(&noise).unwrap();
            check_against(&format!("{options:?} {noise:?}"), &mut engine, &mut oracle);
            assert_eq!(engine.rates(3).unwrap() == intact, noise[3].is_none());
        }
        // A perturbation and noise together: clamped neurons stay clamped.
        let clamped = vec![effects(vec![effect(|i| i == 6, 0, 20, clamp())]); 4];
        engine.set_perturbations(&clamped).unwrap();
        oracle.set_perturbations(&clamped).unwrap();
        check_against(&format!("{options:?} clamped"), &mut engine, &mut oracle);
        assert_eq!(engine.rates(2).unwrap()[9 * NEURONS + 6], 0.03 * 6.0_f32);
        oracle.set_perturbations(&vec![Perturbation::default(); 4]).unwrap();
    }
}

#[test]
fn noisy_trials_repeat_by_their_number_and_training_never_sees_them() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = problem(2);
    let start = vec![start[0].clone(), start[0].clone()];
    let fresh_noise = Some(FreshNoise { sigma: 0.1, seed: 3, network: 0 });
    for fresh_noise in [None, fresh_noise] {
        let settings = vec![NetworkSettings { fresh_noise, ..NetworkSettings::default() }; 2];
        let state = BatchState::fresh(start.clone());
        let new = || GpuEngine::new(&device, &problem, &settings, &state, &GpuOptions::default()).unwrap();
        let (mut engine, mut quiet) = (new(), new());
        let (intact, losses, gradient) =
            (quiet.rates(0).unwrap(), quiet.evaluate().unwrap(), quiet.gradients().unwrap().1);
        engine.set_trial_noise(&[Some(trial(0)), Some(trial(1))]).unwrap();
        let (a, b) = (engine.rates(0).unwrap(), engine.rates(1).unwrap());
        assert!(a != intact && a != b);
        assert!(engine.gradients().unwrap().1 == gradient);
        assert!(engine.rates(0).unwrap() == a, "rates are those of the trial, also after a gradient");
        for _ in 0..2 {
            engine.step(&[Some(0.0); 2]).unwrap();
            quiet.step(&[Some(0.0); 2]).unwrap();
            engine.evaluate().unwrap();
        }
        assert_eq!(engine.take_records(true).unwrap(), quiet.take_records(true).unwrap());
        engine.set_trial_noise(&[Some(trial(1)), None]).unwrap();
        assert!(engine.rates(0).unwrap() == b && engine.rates(1).unwrap() == intact);
        let silent = Some(TrialNoise { stimulus_sd: 0.0, initial_sd: 0.0, ..trial(1) });
        for none in [[None, None], [silent, None]] {
            engine.set_trial_noise(&none).unwrap();
            assert!(engine.rates(0).unwrap() == intact && engine.evaluate().unwrap() == losses);
        }
    }
}

/// Rates of 16 bits keep eleven of them (as in `gpu_trajectory.rs`), clamped ones too.
#[test]
fn half_precision_trajectories_are_perturbed_as_well() {
    let Some(device) = gpu::device() else { return };
    let wanted = perturbations();
    let (problem, start) = problem(wanted.len());
    let options = GpuOptions { trajectory: Trajectory::F16, ..GpuOptions::default() };
    let (mut engine, mut oracle) = (engine(&device, &problem, &start, &options), oracle(&problem, &start));
    engine.set_perturbations(&wanted).unwrap();
    oracle.set_perturbations(&wanted).unwrap();
    for k in 0..wanted.len() {
        let error = max_abs_error(&engine.rates(k).unwrap(), &wide(oracle.rates(k).unwrap()));
        assert!(error < 1e-3, "network {k}: rates off by {error:e}");
        let error = max_abs_error(&engine.binned_rates(k).unwrap(), &wide(oracle.binned_rates(k).unwrap()));
        assert!(error < 1e-3, "network {k}: binned rates off by {error:e}");
    }
}
