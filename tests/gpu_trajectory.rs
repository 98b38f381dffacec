//! Trajectories in 16-bit numbers: half the memory, the same bits whatever the tiles, errors of a known size, and no
//! silent overflow.
#![allow(missing_docs)]

mod common;

use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuDevice, GpuEngine, GpuOptions, GpuPlan, Loads, Strategy, Tiles, Trajectory, Weights};
use aon::engine::{BatchState, Engine, LossKind, NetworkSettings, Problem, StopReason};
use aon::network::{Constraint, Dale, Group, Layout, SignConstraint};
use common::golden::Golden;
use common::{awkward_problem, constraints, gpu, max_abs_error, relative_norm_error, sized_problem};

const F16: GpuOptions = GpuOptions {
    strategy: None,
    loads: None,
    tiles: None,
    trajectory: Trajectory::F16,
    weights: Weights::F32,
    bank: None,
    dispatches: None,
};

fn engine(device: &GpuDevice, problem: &Problem, start: &[Vec<f32>], options: &GpuOptions) -> GpuEngine {
    let settings = vec![NetworkSettings::default(); problem.dims.networks];
    GpuEngine::new(device, problem, &settings, &BatchState::fresh(start.to_vec()), options).unwrap()
}

/// Rates are rounded to 11 bits, 2.4e-4 near 1, and so are the rates that drive the next step. The adjoint is rounded as
/// often, but independently, and its sums over steps and conditions average that out. Where the weights of softplus
/// saturate many neurons (as here), a rate near 1 leaves few of the bits of 1 − r, and the gradient loses as many.
#[test]
fn errors_are_those_of_eleven_bits() {
    let Some(device) = gpu::device() else { return };
    for loss in LossKind::ALL {
        for constraint in constraints() {
            let (problem, start) = awkward_problem(2, constraint, loss);
            let settings = vec![NetworkSettings::default(); 2];
            let state = BatchState::fresh(start.clone());
            let mut oracle = CpuEngine::<f64>::new(problem.clone(), settings, &state, 1).unwrap();
            let exact = oracle.exact_gradients();
            let mut engine = engine(&device, &problem, &start, &F16);
            assert!(engine.describe().strategy.ends_with("f16 trajectories"));
            let (losses, gradients) = engine.gradients().unwrap();
            for (k, (expected_loss, _, expected)) in exact.iter().enumerate() {
                let what = format!("{constraint:?} {loss:?} network {k}");
                let error = (losses[k].loss / expected_loss.loss - 1.0).abs();
                assert!(error < 2e-4, "{what}: loss off by {error:e}");
                let rates: Vec<f64> = oracle.rates(k).unwrap().into_iter().map(f64::from).collect();
                let error = max_abs_error(&engine.rates(k).unwrap(), &rates);
                assert!(error < 1e-3, "{what}: rates off by {error:e}");
                let saturated = constraint.sign == SignConstraint::Softplus;
                check_gradient(&what, saturated, &Layout::new(&problem.dims), &gradients[k], expected);
            }
        }
    }
}

fn check_gradient(what: &str, saturated: bool, layout: &Layout, found: &[f32], expected: &[f64]) {
    for group in layout.groups() {
        let (found, expected) = (&found[layout.range(group)], &expected[layout.range(group)]);
        let error = relative_norm_error(found, expected);
        let limit = if saturated { 1.5e-2 } else { 3e-3 };
        assert!(error < limit, "{what}: gradient of {} off by {error:e}", group.name());
    }
}

/// Every stage reads what was stored, so no choice changes a bit here either.
#[test]
fn strategies_loads_and_tiles_change_no_bit() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = awkward_problem(2, Constraint::default(), LossKind::L2);
    let narrow = Tiles { row_quads: 1, gradient_tile: 4, tile_quads: 1, block: 5, unroll: 2, ..Tiles::HARDWARE };
    let trained = [
        (Strategy::Stepwise, Loads::Texture, Tiles::SOFTWARE),
        (Strategy::Stepwise, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Stepwise, Loads::Storage, narrow),
        (Strategy::Resident, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Resident, Loads::Storage, narrow),
    ]
    .map(|(strategy, loads, tiles)| {
        let options = GpuOptions { strategy: Some(strategy), loads: Some(loads), tiles: Some(tiles), ..F16 };
        let mut engine = engine(&device, &problem, &start, &options);
        for _ in 0..3 {
            engine.step(&[Some(0.01); 2]).unwrap();
        }
        engine.state().unwrap()
    });
    for (k, other) in trained.iter().enumerate().skip(1) {
        assert!(*other == trained[0], "choice {k} differs");
    }
}

#[test]
fn trajectories_take_half_the_memory() {
    let Some(device) = gpu::device() else { return };
    let (mut problem, _) = sized_problem(355, 12, 10, 2);
    problem.dims = aon::dims::Dims { time_steps: 800, thermal: 100, steps_per_bin: 4, bins: 175, ..problem.dims };
    let plan = |options| GpuPlan::new(&problem, device.info(), &options).unwrap();
    let (wide, half) = (plan(GpuOptions::default()), plan(F16));
    let bytes = |p: &GpuPlan| 2 * (p.z_slots() as u64 * p.z_slice() + p.d_slots() as u64 * p.delta_slice());
    // But for the padding of rows, to 32 instead of 16: 355 neurons take 384 rows, not 368.
    assert_eq!(wide.z_slice(), 2 * half.z_slice());
    assert!(bytes(&half) <= bytes(&wide) * 52 / 100);
    assert!(wide.network_bytes() - half.network_bytes() >= bytes(&wide) * 48 / 100);
}

/// A network at an unstable point that it never leaves (every rate is exactly a half): each step back multiplies the
/// adjoint by about three. What 32-bit numbers hold ends the training as diverged here, instead of saturating.
#[test]
fn an_adjoint_out_of_range_is_reported() {
    let Some(device) = gpu::device() else { return };
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    let (mut problem, mut start) = awkward_problem(1, constraint, LossKind::L2);
    problem.initial_r.fill(0.5);
    let (n, layout) = (problem.dims.neurons, Layout::new(&problem.dims));
    let sign = |i: usize, j: usize| problem.constraint.sign_of(&problem.population, i, j);
    let area = problem.population.area_of();
    start[0].fill(0.0);
    for i in 0..n {
        // Weights of ±1; inhibition does not reach other areas.
        let felt = |j: &usize| *j != i && (area[i] == area[*j] || sign(i, *j) > 0.0);
        (0..n).filter(|j| *j != i).for_each(|j| start[0][i * n + j] = sign(i, j));
        start[0][layout.range(Group::Current).start + i] = -0.5 * (0..n).filter(felt).map(|j| sign(i, j)).sum::<f32>();
    }
    // τ is one step.
    start[0][layout.range(Group::TimeConstant)].fill(-20.0);
    let last = |options: &GpuOptions| {
        let mut engine = engine(&device, &problem, &start, options);
        engine.step(&[Some(1e-3)]).unwrap();
        engine.take_records(true).unwrap().remove(0).remove(0).unwrap()
    };
    let wide = last(&GpuOptions::default());
    assert!(wide.stop.is_none() && wide.grad_norm > 1e6, "the case does not explode: {wide:?}");
    assert_eq!(last(&F16).stop, Some(StopReason::Diverged));
}

/// The small golden case: how far ten updates get from the f64 arrays.
#[test]
fn ten_updates_stay_close_to_the_golden_case() {
    let Some(device) = gpu::device() else { return };
    let golden = Golden::case("small_A_clean").unwrap();
    let settings = [Golden::settings()];
    let mut engine = GpuEngine::new(&device, &golden.problem(1), &settings, &golden.state(1), &F16).unwrap();
    let rate = golden.array("learning_rate")[0];
    for _ in 0..10 {
        engine.step(&[Some(rate)]).unwrap();
    }
    for (k, record) in engine.take_records(true).unwrap().iter().enumerate() {
        let record = record[0].unwrap();
        let loss = (record.loss.loss / golden.array("losses_f64")[k] - 1.0).abs();
        let norm = (record.grad_norm / golden.array("global_norms_f64")[k] - 1.0).abs();
        // Errors of 1e-4 in single rates average out over 12 neurons, 12 conditions and all bins.
        assert!(loss < 1e-5, "loss before update {} off by {loss:e}", k + 1);
        assert!(norm < 1e-3, "norm at update {} off by {norm:e}", k + 1);
    }
}

/// The reference size: one gradient against the f64 arrays.
#[test]
fn the_gradient_at_the_reference_size_keeps_three_digits() {
    let Some(device) = gpu::device() else { return };
    let Some(golden) = Golden::case("full_live_A") else { return };
    let settings = [Golden::settings()];
    let mut engine = GpuEngine::new(&device, &golden.problem(1), &settings, &golden.state(1), &F16).unwrap();
    let (losses, gradients) = engine.gradients().unwrap();
    let error = (losses[0].loss / golden.array("loss_f64")[0] - 1.0).abs();
    println!("loss off by {error:.1e}");
    assert!(error < 2e-6);
    let layout = Layout::new(engine.dims());
    let expected = golden.groups("grad_", "_f64");
    for group in layout.groups() {
        let range = layout.range(group);
        let error = relative_norm_error(&gradients[0][range.clone()], &expected[range]);
        println!("gradient of {} off by {error:.1e}", group.name());
        assert!(error < 2e-3, "gradient of {} off by {error:e}", group.name());
    }
}
