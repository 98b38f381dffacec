//! The GPU engine against the f64 oracle, and what it promises besides its numbers: bits that depend on nothing but
//! the problem, lesions, frozen groups, stops, and states that continue exactly.
#![allow(missing_docs)]

mod common;

use aon::bench::Case;
use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuDevice, GpuEngine, GpuOptions, Loads, StageOutput, Strategy, Tiles};
use aon::engine::{BatchState, Engine, FreshNoise, LossKind, NetworkSettings, Perturbation, Problem, StopReason};
use aon::network::{Constraint, Dale, Group, Layout, SignConstraint};
use common::{awkward_problem, constraints, gpu, max_abs_error, relative_norm_error};

fn engine(device: &GpuDevice, problem: &Problem, settings: &[NetworkSettings], start: &[Vec<f32>]) -> GpuEngine {
    engine_with(device, problem, settings, start, None)
}

fn engine_with(
    device: &GpuDevice,
    problem: &Problem,
    settings: &[NetworkSettings],
    start: &[Vec<f32>],
    strategy: Option<Strategy>,
) -> GpuEngine {
    let (state, options) = (BatchState::fresh(start.to_vec()), GpuOptions { strategy, ..GpuOptions::default() });
    GpuEngine::new(device, problem, settings, &state, &options).unwrap()
}

fn train(engine: &mut GpuEngine, steps: usize) -> BatchState {
    let rates = vec![Some(0.01); engine.dims().networks];
    for _ in 0..steps {
        engine.step(&rates).unwrap();
    }
    engine.state().unwrap()
}

/// Loss, rates and gradients of K networks against the f64 engine, under both strategies.
fn check_against_oracle(device: &GpuDevice, problem: &Problem, settings: &[NetworkSettings], start: &[Vec<f32>]) {
    let state = BatchState::fresh(start.to_vec());
    let mut oracle = CpuEngine::<f64>::new(problem.clone(), settings.to_vec(), &state, 1).unwrap();
    let exact = oracle.exact_gradients();
    for strategy in [Strategy::Stepwise, Strategy::Resident] {
        let mut engine = engine_with(device, problem, settings, start, Some(strategy));
        let (losses, gradients) = engine.gradients().unwrap();
        for (k, (loss, _, expected)) in exact.iter().enumerate() {
            let what = format!("{:?} {:?} {strategy:?} network {k}", problem.constraint, problem.dims);
            // Limits of the golden README for f32 programs; the rates' is absolute.
            let (found, loss) = (losses[k].loss, loss.loss);
            assert!((found / loss - 1.0).abs() < 2e-6, "{what}: loss {found} not {loss}");
            let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
            let error = max_abs_error(&engine.rates(k).unwrap(), &wide(oracle.rates(k).unwrap()));
            assert!(error < 5e-6, "{what}: rates off by {error:e}");
            let error = max_abs_error(&engine.binned_rates(k).unwrap(), &wide(oracle.binned_rates(k).unwrap()));
            assert!(error < 5e-6, "{what}: binned rates off by {error:e}");
            check_gradient(&what, &Layout::new(&problem.dims), &gradients[k], expected);
        }
    }
}

fn check_gradient(what: &str, layout: &Layout, found: &[f32], expected: &[f64]) {
    for group in layout.groups() {
        let (found, expected) = (&found[layout.range(group)], &expected[layout.range(group)]);
        if expected.iter().all(|g| *g == 0.0) {
            assert!(found.iter().all(|g| *g == 0.0), "{what}: {} is zero", group.name());
            continue;
        }
        let error = relative_norm_error(found, expected);
        let limit = if group == Group::TimeConstant { 3e-5 } else { 1e-5 };
        assert!(error < limit, "{what}: gradient of {} off by {error:e}", group.name());
    }
}

fn differing_settings() -> Vec<NetworkSettings> {
    let silence = Perturbation::silence((0..19).map(|i| i < 5).collect(), 0, 30);
    vec![
        NetworkSettings { clip_norm: 0.1, ..NetworkSettings::default() },
        NetworkSettings { regularisation: 0.1, freeze: vec![Group::Input(1)], ..NetworkSettings::default() },
        NetworkSettings { perturbation: silence, ..NetworkSettings::default() },
        NetworkSettings { target: 1e9, ..NetworkSettings::default() },
        NetworkSettings { clip_norm: f32::INFINITY, freeze: vec![Group::TimeConstant], ..NetworkSettings::default() },
    ]
}

#[test]
fn losses_rates_and_gradients_agree_with_the_oracle_under_every_constraint() {
    let Some(device) = gpu::device() else { return };
    for constraint in constraints() {
        for loss in LossKind::ALL {
            let (problem, starts) = awkward_problem(5, constraint, loss);
            check_against_oracle(&device, &problem, &differing_settings(), &starts);
        }
    }
}

#[test]
fn any_size_agrees_with_the_oracle() {
    let Some(device) = gpu::device() else { return };
    // (neurons, conditions, channels, input matrices): several tiles of conditions, single ones, sizes just past a tile.
    for (n, c, u, g) in [(8, 1, 1, 1), (17, 13, 1, 3), (64, 12, 10, 2), (70, 25, 3, 1), (33, 4, 2, 5)] {
        let (problem, start) = common::sized_problem(n, c, u, g);
        check_against_oracle(&device, &problem, &[NetworkSettings::default()], &start);
    }
}

#[test]
fn a_network_has_the_same_bits_alone_and_in_a_batch() {
    let Some(device) = gpu::device() else { return };
    for sign in [SignConstraint::Softplus, SignConstraint::Reflect] {
        let constraint = Constraint { dale: Dale::Presynaptic, sign };
        let (problem, starts) = awkward_problem(5, constraint, LossKind::L2);
        let settings = differing_settings();
        let batch = train(&mut engine(&device, &problem, &settings, &starts), 4);
        let mut alone = problem.clone();
        alone.dims.networks = 1;
        for k in 0..5 {
            let state = train(&mut engine(&device, &alone, &settings[k..=k], &starts[k..=k]), 4);
            assert!(state.networks[0] == batch.networks[k], "network {k} differs under {sign:?}");
        }
    }
}

/// Batches too large for one set of buffers are split over several.
#[test]
fn banks_change_no_bit() {
    let Some(device) = gpu::device() else { return };
    let (problem, starts) = awkward_problem(5, Constraint::default(), LossKind::L2);
    let state = BatchState::fresh(starts.clone());
    let mut whole = engine(&device, &problem, &differing_settings(), &starts);
    let options = GpuOptions { bank: Some(2), ..GpuOptions::default() };
    let mut split = GpuEngine::new(&device, &problem, &differing_settings(), &state, &options).unwrap();
    assert!(train(&mut split, 3) == train(&mut whole, 3));
    assert_eq!(split.take_records(true).unwrap(), whole.take_records(true).unwrap());
    assert_eq!(split.gradients().unwrap(), whole.gradients().unwrap());
    assert_eq!(split.rates(4).unwrap(), whole.rates(4).unwrap());
    assert!(split.rates(5).is_err(), "there are five networks");
    let half = whole.state().unwrap();
    split.load_state(&half).unwrap();
    assert!(train(&mut split, 1) == train(&mut whole, 1));
}

#[test]
fn strategies_loads_and_tiles_change_no_bit() {
    let Some(device) = gpu::device() else { return };
    let (problem, starts) = awkward_problem(5, Constraint::default(), LossKind::L2);
    let state = BatchState::fresh(starts);
    let narrow = Tiles { row_quads: 1, gradient_tile: 4, ..Tiles::SOFTWARE };
    let other = Tiles {
        row_quads: 2,
        tile_quads: 1,
        workgroup: 32,
        resident_rows: 1,
        block: 5,
        split: 4,
        unroll: 2,
        gradient_tile: 8,
        gradient_workgroup: (4, 4),
    };
    let trained = [
        (Strategy::Stepwise, Loads::Texture, Tiles::SOFTWARE),
        (Strategy::Stepwise, Loads::Texture, narrow),
        (Strategy::Stepwise, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Stepwise, Loads::Storage, other),
        (Strategy::Resident, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Resident, Loads::Storage, other),
    ]
    .map(|(strategy, loads, tiles)| {
        let options =
            GpuOptions { strategy: Some(strategy), loads: Some(loads), tiles: Some(tiles), ..GpuOptions::default() };
        let mut engine = GpuEngine::new(&device, &problem, &differing_settings(), &state, &options).unwrap();
        assert_eq!(engine.describe().strategy, strategy.name());
        train(&mut engine, 3)
    });
    for (k, other) in trained.iter().enumerate().skip(1) {
        assert!(*other == trained[0], "choice {k} differs");
    }
}

#[test]
fn a_saved_state_continues_bit_for_bit() {
    let Some(device) = gpu::device() else { return };
    let (problem, starts) = awkward_problem(5, Constraint::default(), LossKind::L2);
    let settings = differing_settings();
    let straight = train(&mut engine(&device, &problem, &settings, &starts), 7);
    let half = train(&mut engine(&device, &problem, &settings, &starts), 3);
    let mut other = engine(&device, &problem, &settings, &starts);
    other.load_state(&half).unwrap();
    assert!(other.state().unwrap() == half);
    assert!(train(&mut other, 4) == straight);
}

#[test]
fn training_follows_the_cpu_engine() {
    let Some(device) = gpu::device() else { return };
    for constraint in constraints() {
        let (problem, starts) = awkward_problem(5, constraint, LossKind::L2);
        let state = BatchState::fresh(starts.clone());
        let mut twin = CpuEngine::<f32>::new(problem.clone(), differing_settings(), &state, 1).unwrap();
        let mut engine = engine(&device, &problem, &differing_settings(), &starts);
        for _ in 0..5 {
            engine.step(&[Some(0.01); 5]).unwrap();
            twin.step(&[Some(0.01); 5]).unwrap();
        }
        let (records, expected) = (engine.take_records(true).unwrap(), twin.take_records(true).unwrap());
        assert_eq!(records.len(), 5);
        for (found, expected) in records.iter().flatten().flatten().zip(expected.iter().flatten().flatten()) {
            assert_eq!((found.step, found.stop), (expected.step, expected.stop));
            // Ten updates of the golden cases stay within 5e-6 and 2e-5; these weights are ten times as steep.
            assert!((found.loss.loss / expected.loss.loss - 1.0).abs() < 5e-6, "{found:?} {expected:?}");
            assert!((found.loss.reg_term / expected.loss.reg_term - 1.0).abs() < 5e-6, "{found:?} {expected:?}");
            assert!((found.grad_norm / expected.grad_norm - 1.0).abs() < 2e-5, "{found:?} {expected:?}");
        }
        for (found, expected) in engine.state().unwrap().networks.iter().zip(&twin.state().unwrap().networks) {
            assert_eq!((found.best_step, found.steps_since_best), (expected.best_step, expected.steps_since_best));
            // Adam divides by the size of a gradient entry: one near zero may differ by a few per cent of a step.
            let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 5e-4);
            assert!(close(&found.parameters, &expected.parameters), "{constraint:?}");
            assert!(close(&found.best_parameters, &expected.best_parameters), "{constraint:?}");
        }
    }
}

/// Noise drawn on the device is the noise that the processor draws: so are losses, over steps and after a resume, and
/// evaluations see none of it.
#[test]
fn fresh_noise_is_that_of_the_cpu_engine() {
    let Some(device) = gpu::device() else { return };
    // Under softplus these weights saturate many neurons, which then do not feel their input.
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    let (problem, starts) = awkward_problem(2, constraint, LossKind::L2);
    let fresh = |network| Some(FreshNoise { sigma: 0.5, seed: 0x1234_5678_9abc, network });
    let settings = [7, 8].map(|n| NetworkSettings { fresh_noise: fresh(n), ..NetworkSettings::default() });
    let state = BatchState::fresh(starts.clone());
    let mut twin = CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), &state, 1).unwrap();
    let mut engine = engine(&device, &problem, &settings, &starts);
    let clean = engine.evaluate().unwrap();
    for step in 1..=4 {
        // A learning rate of zero: the losses differ by their noise alone.
        engine.step(&[Some(0.0); 2]).unwrap();
        twin.step(&[Some(0.0); 2]).unwrap();
        let (found, expected) = (engine.take_records(true).unwrap(), twin.take_records(true).unwrap());
        for k in 0..2 {
            let (found, expected) = (found[0][k].unwrap().loss.loss, expected[0][k].unwrap().loss.loss);
            assert!((found / expected - 1.0).abs() < 3e-6, "network {k}, step {step}: {found} not {expected}");
            assert!(
                (found / clean[k].loss - 1.0).abs() > 1e-4,
                "network {k}, step {step}: there is no noise: {found}, without it {}",
                clean[k].loss
            );
        }
        assert_eq!(engine.evaluate().unwrap(), clean);
    }
}

#[test]
fn silenced_neurons_send_nothing_during_their_window_and_only_then() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let (n, steps) = (problem.dims.neurons, problem.dims.time_steps);
    let mut engine = engine(&device, &problem, &[NetworkSettings::default()], &start);
    let intact = engine.rates(0).unwrap();
    let neurons: Vec<bool> = (0..n).map(|i| i == 2 || i == 17).collect();
    engine.set_perturbations(&[Perturbation::silence(neurons.clone(), 0, 20)]).unwrap();
    let lesioned = engine.rates(0).unwrap();
    for (k, rate) in lesioned.iter().enumerate() {
        let (t, i) = (k / n % steps, k % n);
        assert_eq!(*rate == 0.0, neurons[i] && t < 20, "neuron {i} at step {t}");
    }
    assert!((0..n).any(|i| !neurons[i] && intact[n + i] != lesioned[n + i]), "others feel it one step later");
    engine.set_perturbations(&[Perturbation::default()]).unwrap();
    assert_eq!(engine.rates(0).unwrap(), intact);
}

#[test]
fn frozen_groups_keep_their_values_and_leave_the_norm() {
    let Some(device) = gpu::device() else { return };
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    let groups = Layout::new(&awkward_problem(1, constraint, LossKind::L2).0.dims).groups();
    let (problem, start) = awkward_problem(groups.len(), constraint, LossKind::L2);
    let (layout, start) = (Layout::new(&problem.dims), vec![start[0].clone(); groups.len()]);
    let frozen = |group: &Group| NetworkSettings { freeze: vec![*group], ..NetworkSettings::default() };
    let settings: Vec<NetworkSettings> = groups.iter().map(frozen).collect();
    let mut engine = engine(&device, &problem, &settings, &start);
    let state = train(&mut engine, 3);
    let gradients = engine.gradients().unwrap().1;
    for (k, group) in groups.iter().enumerate() {
        for other in &groups {
            let range = layout.range(*other);
            let same = state.networks[k].parameters[range.clone()] == start[k][range];
            assert_eq!(same, other == group, "{} with {} frozen", other.name(), group.name());
        }
        assert!(gradients[k][layout.range(*group)].iter().all(|g| *g == 0.0));
    }
}

#[test]
fn training_ends_at_its_target_at_its_patience_and_before_numbers_that_are_not_finite() {
    let Some(device) = gpu::device() else { return };
    let (problem, mut starts) = awkward_problem(3, Constraint::default(), LossKind::L2);
    starts[2][5] = f32::NAN;
    let settings = [
        NetworkSettings { target: 1e6, ..NetworkSettings::default() },
        NetworkSettings { patience: 3, ..NetworkSettings::default() },
        NetworkSettings::default(),
    ];
    let mut engine = engine(&device, &problem, &settings, &starts);
    for _ in 0..8 {
        engine.step(&[Some(0.01), Some(0.0), Some(0.01)]).unwrap();
    }
    let records = engine.take_records(true).unwrap();
    let last = |k: usize| records.iter().filter_map(|step| step[k]).next_back().map(|r| (r.step, r.stop)).unwrap();
    let expected = [(1, StopReason::Target), (4, StopReason::Patience), (1, StopReason::Diverged)];
    assert_eq!([0, 1, 2].map(last), expected.map(|(step, reason)| (step, Some(reason))));
    let seen = records.iter().flatten().flatten().count();
    assert_eq!(seen, 6, "a network that has stopped has no records");
    let state = engine.state().unwrap();
    assert_eq!([0, 1, 2].map(|k: usize| state.networks[k].step), [1, 4, 1]);
    assert!(state.networks[0].parameters == starts[0] && state.networks[0].best_parameters == starts[0]);
    assert_eq!(state.networks[0].best_step, 1);
    assert_eq!(state.networks[2].best_step, 0, "numbers that are not finite are never the best");
    assert_eq!(state.networks[2].best_loss, f32::INFINITY);
}

/// The narrowest and the widest networks that are meant to work: as wide as uniform bindings hold (on software adapters),
/// and past that.
#[test]
fn networks_of_8_to_4096_neurons_follow_the_cpu_engine() {
    let Some(device) = gpu::device() else { return };
    for neurons in [8, 4000, 4096] {
        let case = Case { networks: 1, neurons, conditions: 4, time_steps: 16 };
        let (problem, settings, state) = case.pose().unwrap();
        let mut twin = CpuEngine::<f32>::new(problem.clone(), settings.clone(), &state, 0).unwrap();
        let mut engine = GpuEngine::new(&device, &problem, &settings, &state, &GpuOptions::default()).unwrap();
        let ((losses, gradients), (expected_losses, expected)) =
            (engine.gradients().unwrap(), twin.gradients().unwrap());
        // Sums of thousands of terms in another order: their rounding grows with the root of the number.
        assert!((losses[0].loss / expected_losses[0].loss - 1.0).abs() < 1e-6, "{neurons} neurons");
        let expected: Vec<f64> = expected[0].iter().map(|g| f64::from(*g)).collect();
        let error = relative_norm_error(&gradients[0], &expected);
        assert!(error < 2e-5, "{neurons} neurons: gradient off by {error:e}");
    }
}

/// Weights of zero add nothing, so leaving them out changes no bit.
#[test]
fn without_recurrent_weights_the_recurrence_may_be_left_out() {
    let Some(device) = gpu::device() else { return };
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    let (problem, mut starts) = awkward_problem(1, constraint, LossKind::L2);
    let n = problem.dims.neurons;
    starts[0][..n * n].fill(0.0);
    let settings = [NetworkSettings { freeze: vec![Group::Recurrent], ..NetworkSettings::default() }];
    for (strategy, loads) in [
        (Strategy::Stepwise, Loads::Texture),
        (Strategy::Stepwise, Loads::Storage),
        (Strategy::Resident, Loads::Storage),
    ] {
        let trained = |recurrent: bool| {
            let problem = Problem { recurrent, ..problem.clone() };
            let options = GpuOptions { strategy: Some(strategy), loads: Some(loads), ..GpuOptions::default() };
            let state = BatchState::fresh(starts.clone());
            let mut engine = GpuEngine::new(&device, &problem, &settings, &state, &options).unwrap();
            (train(&mut engine, 3), engine.take_records(true).unwrap())
        };
        assert!(trained(false) == trained(true), "{strategy:?} {loads:?}");
    }
}

/// In a training step; an evaluation computes every network.
#[test]
fn networks_that_have_stopped_rest_while_others_train() {
    let Some(device) = gpu::device() else { return };
    let (problem, starts) = awkward_problem(2, Constraint::default(), LossKind::L2);
    let settings = vec![NetworkSettings::default(); 2];
    let mut state = BatchState::fresh(starts);
    state.networks[0].stop = Some(StopReason::Target);
    for (strategy, loads) in [
        (Strategy::Stepwise, Loads::Texture),
        (Strategy::Stepwise, Loads::Storage),
        (Strategy::Resident, Loads::Storage),
    ] {
        let options = GpuOptions { strategy: Some(strategy), loads: Some(loads), ..GpuOptions::default() };
        let mut engine = GpuEngine::new(&device, &problem, &settings, &state, &options).unwrap();
        engine.step(&[Some(0.01); 2]).unwrap();
        let records = engine.take_records(true).unwrap().remove(0);
        assert!(records[0].is_none() && records[1].is_some());
        let mut is_zero = |k: usize| engine.stage_output(StageOutput::Deltas, k).unwrap().iter().all(|d| *d == 0.0);
        assert!(is_zero(0) && !is_zero(1), "{strategy:?} {loads:?}");
        assert!(engine.evaluate().unwrap().iter().all(|loss| loss.loss > 0.0));
        assert!(engine.rates(0).unwrap().iter().any(|r| *r > 0.0));
    }
}

#[test]
fn records_lag_at_most_one_step() {
    let Some(device) = gpu::device() else { return };
    let (problem, starts) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let mut engine = engine(&device, &problem, &[NetworkSettings::default()], &starts);
    let mut seen = 0;
    for step in 1..=6 {
        engine.step(&[Some(0.01)]).unwrap();
        seen += engine.take_records(false).unwrap().len();
        assert!(seen + 2 >= step, "{seen} records after {step} steps");
    }
    assert_eq!(seen + engine.take_records(true).unwrap().len(), 6);
}

#[test]
fn a_profile_is_a_step() {
    let Some(device) = gpu::device() else { return };
    let (problem, starts) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let settings = [NetworkSettings::default()];
    let expected = train(&mut engine(&device, &problem, &settings, &starts), 2);
    let mut profiled = engine(&device, &problem, &settings, &starts);
    let times = profiled.profile(&[Some(0.01)]).unwrap();
    assert_eq!(times.len(), 9);
    assert_eq!((times[0].stage.as_str(), times[8].stage.as_str()), ("weights", "dale"));
    assert!(train(&mut profiled, 1) == expected);
    assert_eq!(profiled.take_records(true).unwrap().len(), 2);
}

#[test]
fn a_problem_that_does_not_fit_is_refused_with_a_sentence() {
    let Some(device) = gpu::device() else { return };
    let (mut problem, _) = awkward_problem(1, Constraint::default(), LossKind::L2);
    problem.dims.neurons = 100_000;
    let error = aon::engine::gpu::GpuPlan::new(&problem, device.info(), &GpuOptions::default()).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(error.to_string().contains("100000 neurons") && error.to_string().contains("MB"), "{error}");

    problem.dims.neurons = 4000;
    let options = GpuOptions { strategy: Some(Strategy::Resident), ..GpuOptions::default() };
    let error = aon::engine::gpu::GpuPlan::new(&problem, device.info(), &options).unwrap_err();
    assert!(error.to_string().contains("stepwise"), "{error}");
}

/// More time steps than a dispatch has workgroups in a dimension.
#[test]
fn trials_may_be_longer_than_a_dispatch_is_wide() {
    let Some(device) = gpu::device() else { return };
    let (problem, settings, state) =
        Case { networks: 1, neurons: 5, conditions: 3, time_steps: 66_000 }.pose().unwrap();
    assert!(problem.dims.time_steps > device.info().max_workgroups as usize, "the device has more: take more steps");
    let mut oracle = CpuEngine::<f64>::new(problem.clone(), settings.clone(), &state, 1).unwrap();
    let mut engine = GpuEngine::new(&device, &problem, &settings, &state, &GpuOptions::default()).unwrap();
    let (found, expected) = (engine.evaluate().unwrap()[0].loss, oracle.evaluate().unwrap()[0].loss);
    assert!((found / expected - 1.0).abs() < 2e-6, "loss {found}, not {expected}");
    let expected: Vec<f64> = oracle.rates(0).unwrap().into_iter().map(f64::from).collect();
    let error = max_abs_error(&engine.rates(0).unwrap(), &expected);
    assert!(error < 5e-6, "rates off by {error:e}");
}
