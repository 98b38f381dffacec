//! Weights that the recurrences load in 16-bit numbers: the nearest ones, the same bits whatever the tiles, errors of a known
//! size, and no silent overflow.
#![allow(missing_docs)]

mod common;

use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuDevice, GpuEngine, GpuOptions, Loads, Strategy, Tiles, Trajectory, Weights};
use aon::engine::{BatchState, Engine, LossKind, NetworkSettings, Perturbation, Problem, StopReason};
use aon::network::{Constraint, Dale, Group, Layout, SignConstraint};
use common::golden::Golden;
use common::{awkward_problem, constraints, gpu, max_abs_error, relative_norm_error};
use half::f16;

const REFLECT: Constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };

fn engine(device: &GpuDevice, problem: &Problem, start: &[Vec<f32>], options: &GpuOptions) -> GpuEngine {
    // The regulariser is of the weights that are trained.
    let settings = vec![NetworkSettings { regularisation: 0.0, ..NetworkSettings::default() }; problem.dims.networks];
    GpuEngine::new(device, problem, &settings, &BatchState::fresh(start.to_vec()), options).unwrap()
}

fn halved() -> GpuOptions {
    GpuOptions { weights: Weights::F16, ..GpuOptions::default() }
}

/// Every way to load.
fn ways(options: GpuOptions) -> [GpuOptions; 5] {
    let narrow = Tiles { row_quads: 1, gradient_tile: 4, tile_quads: 1, block: 5, ..Tiles::HARDWARE };
    [
        (Strategy::Stepwise, Loads::Texture, Tiles::SOFTWARE),
        (Strategy::Stepwise, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Stepwise, Loads::Storage, narrow),
        (Strategy::Resident, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Resident, Loads::Storage, narrow),
    ]
    .map(|(strategy, loads, tiles)| GpuOptions {
        strategy: Some(strategy),
        loads: Some(loads),
        tiles: Some(tiles),
        ..options
    })
}

/// The weights of a network, without currents and time constants.
fn is_weight(layout: &Layout, k: usize) -> bool {
    layout
        .groups()
        .into_iter()
        .any(|group| matches!(group, Group::Recurrent | Group::Input(_)) && layout.range(group).contains(&k))
}

/// Networks whose weights are the nearest 16-bit numbers: rounded by another implementation, loaded as they are.
#[test]
fn weights_are_the_nearest_halves() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = awkward_problem(3, REFLECT, LossKind::L2);
    let layout = Layout::new(&problem.dims);
    let rounded: Vec<Vec<f32>> = start
        .iter()
        .map(|network| {
            let halve = |(k, w): (usize, &f32)| if is_weight(&layout, k) { f16::from_f32(*w).to_f32() } else { *w };
            network.iter().enumerate().map(halve).collect()
        })
        .collect();
    assert!(rounded != start);
    let marked = |is: &dyn Fn(usize) -> bool| (0..problem.dims.neurons).map(is).collect::<Vec<bool>>();
    let cut = aon::engine::Cut { post: marked(&|i| i < 8), pre: marked(&|i| i > 10), from: 10, to: 20 };
    let perturbation = Perturbation { effects: Vec::new(), cuts: vec![cut] };
    for trajectory in [Trajectory::F32, Trajectory::F16] {
        let usual = GpuOptions { trajectory, ..GpuOptions::default() };
        let mut expected = engine(&device, &problem, &rounded, &usual);
        let simulated = expected.gradients().unwrap().1;
        let found_rates = |engine: &mut GpuEngine| {
            engine.set_perturbations(&vec![perturbation.clone(); 3]).unwrap();
            (0..3).map(|k| engine.rates(k).unwrap()).collect::<Vec<_>>()
        };
        let rates = found_rates(&mut expected);
        for options in ways(GpuOptions { trajectory, ..halved() }) {
            let mut engine = engine(&device, &problem, &start, &options);
            let gradients = engine.gradients().unwrap().1;
            assert!(gradients == simulated, "{options:?}: other gradients than with rounded weights");
            assert!(found_rates(&mut engine) == rates, "{options:?}: other rates than with rounded weights");
        }
    }
}

#[test]
fn strategies_loads_and_tiles_change_no_bit() {
    let Some(device) = gpu::device() else { return };
    for trajectory in [Trajectory::F32, Trajectory::F16] {
        let (problem, start) = awkward_problem(2, Constraint::default(), LossKind::L2);
        let mut bits: Option<BatchState> = None;
        for options in ways(GpuOptions { trajectory, ..halved() }) {
            let mut engine = engine(&device, &problem, &start, &options);
            assert!(engine.describe().strategy.contains("f16 weights"));
            (0..3).for_each(|_| engine.step(&[Some(0.01); 2]).unwrap());
            let state = engine.state().unwrap();
            assert!(*bits.get_or_insert_with(|| state.clone()) == state, "{options:?}");
        }
    }
}

/// A weight is off by a part in 2¹² at most, and sums of them average that out. Limits: three times what was found.
#[test]
fn errors_are_those_of_eleven_bits() {
    let Some(device) = gpu::device() else { return };
    for constraint in constraints() {
        let (problem, start) = awkward_problem(2, constraint, LossKind::L2);
        let settings = vec![NetworkSettings { regularisation: 0.0, ..NetworkSettings::default() }; 2];
        let mut oracle =
            CpuEngine::<f64>::new(problem.clone(), settings, &BatchState::fresh(start.clone()), 1).unwrap();
        let exact = oracle.exact_gradients();
        let mut engine = engine(&device, &problem, &start, &halved());
        let (losses, gradients) = engine.gradients().unwrap();
        for (k, (expected_loss, _, expected)) in exact.iter().enumerate() {
            let what = format!("{constraint:?} network {k}");
            let error = (losses[k].loss / expected_loss.loss - 1.0).abs();
            assert!(error < 5e-5, "{what}: loss off by {error:e}");
            let rates: Vec<f64> = oracle.rates(k).unwrap().into_iter().map(f64::from).collect();
            let error = max_abs_error(&engine.rates(k).unwrap(), &rates);
            assert!(error < 4e-4, "{what}: rates off by {error:e}");
            let layout = Layout::new(&problem.dims);
            for group in layout.groups() {
                let error = relative_norm_error(&gradients[k][layout.range(group)], &expected[layout.range(group)]);
                assert!(error < 1e-3, "{what}: gradient of {} off by {error:e}", group.name());
            }
        }
    }
}

#[test]
fn a_weight_out_of_range_is_reported() {
    let Some(device) = gpu::device() else { return };
    let (problem, mut start) = awkward_problem(1, REFLECT, LossKind::L2);
    // From the second neuron to the first, within an area; the second inhibits.
    start[0][1] = -7e4;
    let last = |options: &GpuOptions| {
        let mut engine = engine(&device, &problem, &start, options);
        engine.step(&[Some(1e-3)]).unwrap();
        engine.take_records(true).unwrap().remove(0).remove(0).unwrap()
    };
    assert_eq!(last(&GpuOptions::default()).stop, None);
    assert_eq!(last(&halved()).stop, Some(StopReason::Diverged));
}

/// How far ten updates of the golden cases get from the f64 arrays.
#[test]
fn ten_updates_stay_close_to_the_golden_cases() {
    let Some(device) = gpu::device() else { return };
    for (case, limit) in [("small_A_clean", 1e-4), ("full_A", 1e-6)] {
        let Some(golden) = Golden::case(case) else { continue };
        let settings = [Golden::settings()];
        let mut engine = GpuEngine::new(&device, &golden.problem(1), &settings, &golden.state(1), &halved()).unwrap();
        let rate = golden.array("learning_rate")[0];
        for _ in 0..10 {
            engine.step(&[Some(rate)]).unwrap();
        }
        let losses = golden.array("losses_f64");
        let records: Vec<_> =
            engine.take_records(true).unwrap().into_iter().map(|mut r| r.remove(0).unwrap()).collect();
        for (record, expected) in records.iter().zip(losses) {
            let error = (record.loss.loss / expected - 1.0).abs();
            println!("{case}: loss of step {} off by {error:.1e}", record.step);
            assert!(error < limit, "{case}: loss off by {error:e}");
        }
    }
}
