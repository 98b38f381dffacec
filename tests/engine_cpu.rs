//! What the CPU engine promises besides its numbers: bits that depend on nothing but the problem, lesions, frozen
//! groups, stops, and states that continue exactly.
#![allow(missing_docs)]

mod common;

use aon::engine::cpu::CpuEngine;
use aon::engine::cpu::real::Isa;
use aon::engine::{
    Action, BatchState, Cut, Effect, Engine, FreshNoise, LossKind, NetworkSettings, Perturbation, Problem, StopReason,
    TrialNoise,
};
use aon::network::{Constraint, Dale, Group, Layout, SignConstraint};
use aon::rng::{Rng, Stream};
use common::{awkward_problem, constraints, relative_norm_error};

fn engine(problem: &Problem, settings: &[NetworkSettings], start: &[Vec<f32>], threads: usize) -> CpuEngine<f32> {
    CpuEngine::new(problem.clone(), settings.to_vec(), &BatchState::fresh(start.to_vec()), threads).unwrap()
}

fn train(engine: &mut CpuEngine<f32>, steps: usize) -> BatchState {
    let rates = vec![Some(0.01); engine.dims().networks];
    for _ in 0..steps {
        engine.step(&rates).unwrap();
    }
    engine.state().unwrap()
}

fn differing_settings() -> Vec<NetworkSettings> {
    let silence = Perturbation::silence((0..19).map(|i| i < 5).collect(), 3, 30);
    vec![
        NetworkSettings { clip_norm: 0.1, ..NetworkSettings::default() },
        NetworkSettings { regularisation: 0.1, freeze: vec![Group::Input(1)], ..NetworkSettings::default() },
        NetworkSettings { perturbation: silence, ..NetworkSettings::default() },
        NetworkSettings { target: 1e9, ..NetworkSettings::default() },
        NetworkSettings::default(),
    ]
}

#[test]
fn a_network_has_the_same_bits_alone_in_a_batch_and_on_any_number_of_threads() {
    for constraint in constraints() {
        let (problem, starts) = awkward_problem(5, constraint, LossKind::L2);
        let settings = differing_settings();
        let batch = train(&mut engine(&problem, &settings, &starts, 2), 4);
        for k in 0..5 {
            let mut alone = problem.clone();
            alone.dims.networks = 1;
            for threads in [1, 2, 5] {
                let state = train(&mut engine(&alone, &settings[k..=k], &starts[k..=k], threads), 4);
                assert!(state.networks[0] == batch.networks[k], "network {k} differs on {threads} threads");
            }
        }
    }
}

#[test]
fn a_saved_state_continues_bit_for_bit() {
    let (problem, starts) = awkward_problem(5, Constraint::default(), LossKind::L2);
    let straight = train(&mut engine(&problem, &differing_settings(), &starts, 2), 7);
    let half = train(&mut engine(&problem, &differing_settings(), &starts, 2), 3);
    let mut other = engine(&problem, &differing_settings(), &starts, 1);
    other.load_state(&half).unwrap();
    assert!(train(&mut other, 4) == straight);
}

/// Sums run in the same order whatever the registers hold, but with one rounding per product or two.
#[test]
fn every_instruction_set_computes_the_same_gradient_to_rounding() {
    for constraint in constraints() {
        let (problem, start) = awkward_problem(1, constraint, LossKind::L2);
        let layout = Layout::new(&problem.dims);
        let state = BatchState::fresh(start);
        let settings = vec![NetworkSettings::default()];
        let mut oracle = CpuEngine::<f64>::new(problem.clone(), settings.clone(), &state, 1).unwrap();
        let (loss, _, expected) = oracle.exact_gradients().remove(0);
        for isa in Isa::available() {
            let mut engine = CpuEngine::<f32>::with_isa(problem.clone(), settings.clone(), &state, 1, isa).unwrap();
            let (losses, gradients) = engine.gradients().unwrap();
            assert!((losses[0].loss / loss.loss - 1.0).abs() < 2e-6, "{isa:?}: loss {}", losses[0].loss);
            for group in layout.groups() {
                let range = layout.range(group);
                let error = relative_norm_error(&gradients[0][range.clone()], &expected[range]);
                // The golden README's limits for f32, the looser one for θ because x_t − x_{t−1} cancels.
                let limit = if group == Group::TimeConstant { 3e-5 } else { 1e-5 };
                assert!(error < limit, "{isa:?} {constraint:?}: gradient of {} off by {error:e}", group.name());
            }
        }
    }
}

#[test]
fn silenced_neurons_send_nothing_during_their_window_and_only_then() {
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let (n, steps) = (problem.dims.neurons, problem.dims.time_steps);
    let mut engine = engine(&problem, &[NetworkSettings::default()], &start, 1);
    let intact = engine.rates(0).unwrap();
    let neurons: Vec<bool> = (0..n).map(|i| i == 2 || i == 17).collect();
    engine.set_perturbations(&[Perturbation::silence(neurons.clone(), 10, 20)]).unwrap();
    let lesioned = engine.rates(0).unwrap();
    for (k, (a, b)) in intact.iter().zip(&lesioned).enumerate() {
        let (t, i) = (k / n % steps, k % n);
        if t < 10 {
            assert_eq!(a, b, "before the window nothing changes");
        } else if t < 20 && neurons[i] {
            assert_eq!(*b, 0.0);
        } else if neurons[i] {
            assert!(*b > 0.0, "after the window the neuron fires again");
        }
    }
    let downstream = |t: usize| (0..n).any(|i| !neurons[i] && intact[t * n + i] != lesioned[t * n + i]);
    assert!(!downstream(10) && downstream(11), "others feel it one step later");
    engine.set_perturbations(&[Perturbation::default()]).unwrap();
    assert_eq!(engine.rates(0).unwrap(), intact);
}

#[test]
fn fresh_noise_is_drawn_by_step_and_network_and_evaluations_do_not_see_it() {
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let losses = |noise: Option<(f32, u32)>| {
        let fresh_noise = noise.map(|(sigma, network)| FreshNoise { sigma, seed: 5, network });
        let mut engine = engine(&problem, &[NetworkSettings { fresh_noise, ..NetworkSettings::default() }], &start, 2);
        for _ in 0..2 {
            engine.step(&[Some(0.0)]).unwrap();
        }
        let records = engine.take_records(true).unwrap();
        let evaluated = engine.evaluate().unwrap()[0].loss;
        [records[0][0].unwrap().loss.loss, records[1][0].unwrap().loss.loss, evaluated]
    };
    let (quiet, noisy, other) = (losses(None), losses(Some((0.1, 0))), losses(Some((0.1, 1))));
    assert!(quiet[0] == quiet[1] && quiet[0] == quiet[2]);
    assert!(noisy[0] != noisy[1] && noisy[0] != other[0] && noisy[0] != quiet[0]);
    assert_eq!(noisy[2], quiet[2]);
    assert_eq!(noisy, losses(Some((0.1, 0))), "the same key draws the same noise");
    assert_eq!(losses(Some((0.0, 0))), quiet);

    // The noise is what the generator says it is.
    let mut by_hand = problem.clone();
    let rng = Rng::new(5, 0, Stream::StimulusNoise).at_step(2);
    for (k, value) in by_hand.stimulus.iter_mut().enumerate() {
        *value += 0.1 * rng.normal_element(k as u32);
    }
    let mut engine = engine(&by_hand, &[NetworkSettings::default()], &start, 1);
    assert_eq!(engine.evaluate().unwrap()[0].loss, noisy[1]);
}

#[test]
fn frozen_groups_keep_their_values_and_leave_the_norm() {
    let (problem, start) =
        awkward_problem(1, Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect }, LossKind::L2);
    let layout = Layout::new(&problem.dims);
    for group in layout.groups() {
        let settings = NetworkSettings { freeze: vec![group], ..NetworkSettings::default() };
        let mut engine = engine(&problem, &[settings], &start, 2);
        let state = train(&mut engine, 3);
        for other in layout.groups() {
            let same = state.networks[0].parameters[layout.range(other)] == start[0][layout.range(other)];
            assert_eq!(same, other == group, "{} with {} frozen", other.name(), group.name());
        }
        assert!(engine.gradients().unwrap().1[0][layout.range(group)].iter().all(|g| *g == 0.0));
    }
}

#[test]
fn without_recurrence_the_result_is_that_of_zero_weights() {
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Clamp };
    let (mut problem, mut start) = awkward_problem(1, constraint, LossKind::L2);
    let n = problem.dims.neurons;
    start[0][..n * n].fill(0.0);
    let settings = [NetworkSettings { freeze: vec![Group::Recurrent], ..NetworkSettings::default() }];
    let long = train(&mut engine(&problem, &settings, &start, 1), 3);
    problem.recurrent = false;
    assert!(train(&mut engine(&problem, &settings, &start, 1), 3) == long);
}

#[test]
fn training_ends_at_its_target_at_its_patience_and_before_numbers_that_are_not_finite() {
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let run = |settings: NetworkSettings, rate: f64, start: &[Vec<f32>]| {
        let mut engine = engine(&problem, &[settings], start, 1);
        for _ in 0..8 {
            engine.step(&[Some(rate)]).unwrap();
        }
        let records = engine.take_records(true).unwrap();
        (records.iter().filter_map(|step| step[0]).next_back().unwrap(), engine.state().unwrap().networks.remove(0))
    };
    let (record, state) = run(NetworkSettings { target: 1e6, ..NetworkSettings::default() }, 0.01, &start);
    assert_eq!((record.step, record.stop), (1, Some(StopReason::Target)));
    assert!(state.parameters == start[0] && state.best_parameters == start[0] && state.best_step == 1);

    let (record, _) = run(NetworkSettings { patience: 3, ..NetworkSettings::default() }, 0.0, &start);
    assert_eq!((record.step, record.stop), (4, Some(StopReason::Patience)));

    let mut broken = start.clone();
    broken[0][5] = f32::NAN;
    let (record, state) = run(NetworkSettings::default(), 0.01, &broken);
    assert_eq!((record.step, record.stop), (1, Some(StopReason::Diverged)));
    assert_eq!(state.best_step, 0, "numbers that are not finite are never the best");
}

#[test]
fn binned_rates_are_means_of_the_rates_and_give_the_data_term() {
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let d = problem.dims;
    let mut engine = engine(&problem, &[NetworkSettings::default()], &start, 2);
    let loss = engine.evaluate().unwrap()[0];
    let (rates, bins) = (engine.rates(0).unwrap(), engine.binned_rates(0).unwrap());
    let mut squares = 0.0;
    for c in 0..d.conditions {
        for b in 0..d.bins {
            for i in 0..d.neurons {
                let at = |step: usize| f64::from(rates[(c * d.time_steps + d.thermal + b * 3 + step) * d.neurons + i]);
                let (y, k) = ((at(0) + at(1) + at(2)) / 3.0, (c * d.bins + b) * d.neurons + i);
                assert!((y - f64::from(bins[k])).abs() < 1e-7);
                if b < problem.bins[c] {
                    squares += (y - f64::from(problem.targets[k])).powi(2);
                }
            }
        }
    }
    assert!((loss.data_term / squares.sqrt() - 1.0).abs() < 1e-6, "{} and {}", loss.data_term, squares.sqrt());
}

/// Each way to perturb does to the rates exactly what was asked, in its window, on its neurons.
#[test]
fn clamps_gains_currents_and_cuts_do_exactly_what_is_asked() {
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let (n, steps) = (problem.dims.neurons, problem.dims.time_steps);
    let mut engine = engine(&problem, &[NetworkSettings::default()], &start, 1);
    let intact = engine.rates(0).unwrap();
    let marked: Vec<bool> = (0..n).map(|i| i == 4 || i == 11).collect();
    let means: Vec<f32> = (0..n).map(|i| 0.03 * i as f32).collect();
    let mut rates_with = |action: Action, from: usize, to: usize| {
        let effects = vec![Effect { neurons: marked.clone(), from, to, action }];
        engine.set_perturbations(&[Perturbation { effects, cuts: Vec::new() }]).unwrap();
        engine.rates(0).unwrap()
    };
    let at = |rates: &[f32], t: usize, i: usize| rates[t * n + i];

    let clamped = rates_with(Action::Clamp(means.clone()), 8, 21);
    assert!((8..21).all(|t| at(&clamped, t, 4) == means[4] && at(&clamped, t, 11) == means[11]));
    assert!(at(&clamped, 21, 4) != means[4] && clamped[..8 * n] == intact[..8 * n]);

    let halved = rates_with(Action::Gain(0.5), 8, 21);
    assert_eq!(at(&halved, 8, 4), 0.5 * at(&intact, 8, 4), "before others felt it, half of what it was");
    assert_eq!(at(&halved, 8, 5), at(&intact, 8, 5));

    let driven = rates_with(Action::Current(vec![0.7; n]), 8, 9);
    let logit = |r: f32| (r / (1.0 - r)).ln();
    // Rates near 0.5 carry seven digits; their logits six.
    assert!((logit(at(&driven, 8, 4)) - logit(at(&intact, 8, 4)) - 0.7).abs() < 1e-5);
    assert!(at(&driven, 9, 5) != at(&intact, 9, 5) && at(&driven, 8, 5) == at(&intact, 8, 5));

    // Gain 1, and effects outside the trial or on nobody, change no bit.
    assert!(rates_with(Action::Gain(1.0), 0, steps) == intact);
    assert!(rates_with(Action::Clamp(means), steps, steps + 5) == intact);
}

#[test]
fn cut_connections_transmit_nothing_and_weights_stay() {
    let (problem, start) = awkward_problem(1, Constraint::default(), LossKind::L2);
    let (n, steps) = (problem.dims.neurons, problem.dims.time_steps);
    let mut engine = engine(&problem, &[NetworkSettings::default()], &start, 1);
    let (intact, before) = (engine.rates(0).unwrap(), engine.state().unwrap());
    let is_in = |area: u32| -> Vec<bool> { problem.population.area_of().iter().map(|a| *a == area).collect() };
    let cut =
        |from, to| Perturbation { effects: Vec::new(), cuts: vec![Cut { post: is_in(1), pre: is_in(0), from, to }] };
    engine.set_perturbations(&[cut(10, 20)]).unwrap();
    let windowed = engine.rates(0).unwrap();
    assert!(windowed[..10 * n] == intact[..10 * n]);
    let differs = |t: usize, area: u32| {
        (0..n).any(|i| problem.population.area_of()[i] == area && windowed[t * n + i] != intact[t * n + i])
    };
    assert!(differs(10, 1) && !differs(10, 0) && !differs(10, 2), "first felt in the area that is cut off");
    assert!(engine.state().unwrap() == before);

    // A cut for the whole trial is the network without those weights.
    engine.set_perturbations(&[cut(0, steps)]).unwrap();
    let whole = engine.rates(0).unwrap();
    let mut without = start.clone();
    for i in 0..n {
        for j in 0..n {
            if is_in(1)[i] && is_in(0)[j] {
                // Under softplus no weight is zero; so far below zero that it is lost in every sum.
                without[0][i * n + j] = -200.0;
            }
        }
    }
    let mut other = self::engine(&problem, &[NetworkSettings::default()], &without, 1);
    let expected = other.rates(0).unwrap();
    assert!(whole.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6));
    assert!(engine.step(&[Some(0.1)]).is_err(), "no gradient of a cut");
}

#[test]
fn noisy_trials_repeat_by_their_number_and_training_never_sees_them() {
    let (problem, start) = awkward_problem(2, Constraint::default(), LossKind::L2);
    let settings = vec![NetworkSettings::default(); 2];
    let start = vec![start[0].clone(), start[0].clone()];
    let mut engine = engine(&problem, &settings, &start, 2);
    let (intact, gradient) = (engine.rates(0).unwrap(), engine.gradients().unwrap().1);
    let trial = |trial| Some(TrialNoise { stimulus_sd: 0.1, initial_sd: 0.3, seed: 5, trial });
    engine.set_trial_noise(&[trial(0), trial(1)]).unwrap();
    let (a, b) = (engine.rates(0).unwrap(), engine.rates(1).unwrap());
    assert!(a != intact && a != b);
    assert!(engine.gradients().unwrap().1 == gradient);
    engine.set_trial_noise(&[trial(1), None]).unwrap();
    assert!(engine.rates(0).unwrap() == b && engine.rates(1).unwrap() == intact);

    let seen = std::sync::Mutex::new(vec![Vec::new(); 2]);
    engine.evaluate_each(&[0, 1], &|k, binned| seen.lock().unwrap()[k] = binned.to_vec()).unwrap();
    let seen = seen.into_inner().unwrap();
    assert!(seen[0] == engine.binned_rates(0).unwrap() && seen[1] == engine.binned_rates(1).unwrap());
}
