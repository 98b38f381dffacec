//! Everything that an engine does, once, in small: what further judges than the usual adapter are shown.

use super::{awkward_problem, relative_norm_error};
use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{AdapterInfo, Choice, GpuDevice, GpuEngine, GpuOptions, Trajectory, Weights, candidates};
use aon::engine::{
    Action, BatchState, Cut, Effect, Engine, FreshNoise, LossKind, NetworkSettings, Perturbation, Problem, TrialNoise,
};
use aon::network::{Constraint, Dale, Group, SignConstraint};
use std::sync::Mutex;

/// What an engine was seen to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Losses of the first gradient, and after each thing that is done later.
    pub losses: Vec<f64>,
    /// The first gradient of all networks.
    pub gradient: Vec<f32>,
    /// Rates of perturbed networks.
    pub rates: Vec<f32>,
    /// States of all networks at the end.
    pub end: Vec<f32>,
}

const NETWORKS: usize = 3;

/// The problem, and what three networks are given.
pub fn posed() -> (Problem, Vec<NetworkSettings>, BatchState) {
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    let (problem, start) = awkward_problem(NETWORKS, constraint, LossKind::L2);
    let mut settings = vec![NetworkSettings::default(); NETWORKS];
    settings[0].fresh_noise = Some(FreshNoise { sigma: 0.05, seed: 3, network: 0 });
    settings[2].freeze = vec![Group::Input(0)];
    (problem, settings, BatchState::fresh(start))
}

fn perturbations(neurons: usize) -> Vec<Perturbation> {
    let marked = |is: &dyn Fn(usize) -> bool| (0..neurons).map(is).collect::<Vec<bool>>();
    let gain = Effect { neurons: marked(&|i| i > 9), from: 5, to: 30, action: Action::Gain(0.5) };
    let cut = Cut { post: marked(&|i| i < 8), pre: marked(&|i| i > 10), from: 10, to: 20 };
    vec![
        Perturbation::silence(marked(&|i| i % 3 == 0), 8, 21),
        Perturbation { effects: vec![gain], cuts: vec![cut] },
        Perturbation::default(),
    ]
}

/// Gradients, training in which a network rests, lesions, noise of trials, another network in a place, training, the end.
pub fn exercise(engine: &mut dyn Engine) -> Seen {
    let mut seen = Seen::default();
    let neurons = engine.dims().neurons;
    let note = |seen: &mut Seen, losses: &[aon::engine::LossRecord]| seen.losses.extend(losses.iter().map(|l| l.loss));
    let (losses, gradients) = engine.gradients().unwrap();
    note(&mut seen, &losses);
    seen.gradient = gradients.concat();
    engine.step(&[Some(0.01), Some(0.02), Some(0.01)]).unwrap();
    engine.step(&[Some(0.01), None, Some(0.01)]).unwrap();
    engine.set_perturbations(&perturbations(neurons)).unwrap();
    note(&mut seen, &engine.evaluate().unwrap());
    (0..NETWORKS).for_each(|k| seen.rates.extend(engine.rates(k).unwrap()));
    let noise = TrialNoise { stimulus_sd: 0.1, initial_sd: 0.1, seed: 5, trial: 2 };
    engine.set_trial_noise(&[Some(noise), None, Some(TrialNoise { trial: 3, ..noise })]).unwrap();
    let binned = Mutex::new(Vec::new());
    let losses = engine.evaluate_each(&[2, 0], &|k, rates| binned.lock().unwrap().push((k, rates.to_vec()))).unwrap();
    note(&mut seen, &losses);
    let mut binned = binned.into_inner().unwrap();
    binned.sort_by_key(|(k, _)| *k);
    seen.rates.extend(binned.into_iter().flat_map(|(_, rates)| rates));
    engine.set_trial_noise(&[None; NETWORKS]).unwrap();
    engine.set_perturbations(&vec![Perturbation::default(); NETWORKS]).unwrap();
    let (_, settings, state) = posed();
    engine.replace(1, &settings[0], &state.networks[2]).unwrap();
    engine.step(&[Some(0.01); NETWORKS]).unwrap();
    note(&mut seen, &engine.evaluate().unwrap());
    for network in engine.state().unwrap().networks {
        seen.end.extend([network.parameters, network.second_moment].concat());
    }
    seen
}

/// What the f64 engine of the processor does.
pub fn expected() -> Seen {
    let (problem, settings, state) = posed();
    exercise(&mut CpuEngine::<f64>::new(problem, settings, &state, 1).unwrap())
}

/// What a device does under these options.
pub fn on(device: &GpuDevice, options: &GpuOptions) -> Seen {
    let (problem, settings, state) = posed();
    exercise(&mut GpuEngine::new(device, &problem, &settings, &state, options).unwrap())
}

/// Fails where what a device does is not what is expected: of 32-bit numbers at the limits of the golden README, and after
/// Adam, which divides by the size of a gradient, at ten times those; of 16-bit ones, which keep 11 bits, at 2⁻¹¹.
pub fn compare(what: &str, found: &Seen, expected: &Seen, is_exact: bool) {
    let [first, later, gradient, rates] = if is_exact { [2e-6, 2e-5, 2e-5, 5e-5] } else { [5e-4, 5e-4, 5e-3, 5e-3] };
    assert_eq!(found.losses.len(), expected.losses.len());
    for (k, (found, expected)) in found.losses.iter().zip(&expected.losses).enumerate() {
        let limit = if k < NETWORKS { first } else { later };
        assert!((found / expected - 1.0).abs() < limit, "{what}: loss {k} is {found}, not {expected}");
    }
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let error = relative_norm_error(&found.gradient, &wide(&expected.gradient));
    assert!(error < gradient, "{what}: gradient off by {error:e}");
    let error = super::max_abs_error(&found.rates, &wide(&expected.rates));
    assert!(error < rates, "{what}: rates off by {error:e}");
}

/// All that tuning may choose on this device, and would on a card with its limits.
pub fn choices(device: &GpuDevice) -> Vec<Choice> {
    let (problem, ..) = posed();
    let mut all: Vec<Choice> = Vec::new();
    for software in [true, false] {
        let adapter = AdapterInfo { software, ..device.info().clone() };
        let found = candidates(&problem, &adapter, &GpuOptions::default());
        all.extend(found.into_iter().filter(|choice| !all.contains(choice)).collect::<Vec<_>>());
    }
    all
}

/// Shows a device everything under every choice: the same bits under all, and those that are expected.
pub fn show_everything(device: &GpuDevice) {
    let expected = expected();
    let choices = choices(device);
    for (trajectory, weights) in
        [(Trajectory::F32, Weights::F32), (Trajectory::F16, Weights::F32), (Trajectory::F32, Weights::F16)]
    {
        let mut bits: Option<Seen> = None;
        for choice in &choices {
            let options = choice.apply(&GpuOptions { trajectory, weights, ..GpuOptions::default() });
            let what = format!("{}, {options:?}", device.info().name);
            let found = on(device, &options);
            compare(&what, &found, &expected, (trajectory, weights) == (Trajectory::F32, Weights::F32));
            assert!(*bits.get_or_insert_with(|| found.clone()) == found, "{what}: other bits than the first choice");
        }
    }
    println!("SHOWN {} choices to {}", choices.len(), device.info().name);
}
