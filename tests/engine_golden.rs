//! Every engine against the golden arrays: rates, loss and gradients at the start, ten updates.
//! Tolerances and their reasons: `tests/golden/README.md`.
#![allow(missing_docs)]

mod common;

use aon::engine::Engine;
use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuEngine, GpuOptions, Strategy};
use aon::network::{Group, Layout};
use common::golden::{Golden, Tolerances, by_group};
use common::{max_abs_error, relative_norm_error};

/// Holds an engine made for the case (K = 1, at the start) against its arrays.
fn check(case: &str, golden: &Golden, engine: &mut dyn Engine) {
    let (tolerance, layout) = (Tolerances::of(case), Layout::new(engine.dims()));
    let (losses, gradients) = engine.gradients().unwrap();
    check_rates(golden, &engine.rates(0).unwrap(), engine.dims().neurons, tolerance.rates);
    let relative = |found: f64, expected: f64| ((found - expected) / expected).abs();
    let start = relative(losses[0].loss, golden.array("loss_f64")[0]);
    assert!(start <= tolerance.loss, "{case}: loss at the start off by {start:e}");

    let expected = golden.groups("grad_", "_f64");
    for ((group, found), (_, expected)) in
        by_group(&layout, &gradients[0]).into_iter().zip(by_group(&layout, &expected))
    {
        let name = group.name();
        let (limit, limit_max) = match group {
            Group::TimeConstant => (tolerance.tau_gradient, f64::INFINITY),
            _ => (tolerance.gradient, tolerance.gradient_max),
        };
        let error = relative_norm_error(found, expected);
        assert!(error <= limit, "{case}: gradient of {name} off by {error:e} in norm");
        let largest = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
        let error = max_abs_error(found, expected) / largest;
        assert!(error <= limit_max, "{case}: gradient of {name} off by {error:e} of its largest entry");
    }

    let rate = golden.array("learning_rate")[0];
    for step in 1..=10 {
        engine.step(&[Some(rate)]).unwrap();
        let name = format!("W_after{step}");
        if golden.has(&name) {
            let parameters = engine.state().unwrap().networks[0].parameters.clone();
            let error = max_abs_error(&parameters, &golden.groups("", &format!("_after{step}")));
            assert!(error <= tolerance.parameters, "{case}: parameters after {step} updates off by {error:e}");
        }
    }
    let records = engine.take_records(true).unwrap();
    assert_eq!(records.len(), 10);
    for (k, record) in records.iter().enumerate() {
        let record = record[0].unwrap();
        let loss = relative(record.loss.loss, golden.array("losses_f64")[k]);
        assert!(loss <= tolerance.losses, "{case}: loss before update {} off by {loss:e}", k + 1);
        let norm = relative(record.grad_norm, golden.array("global_norms_f64")[k]);
        let limit = if k == 0 { tolerance.norm } else { tolerance.norms };
        assert!(norm <= limit, "{case}: norm at update {} off by {norm:e}", k + 1);
        assert_eq!((record.step as usize, record.stop), (k + 1, None));
    }
    let last = relative(engine.evaluate().unwrap()[0].loss, golden.array("losses_f64")[10]);
    assert!(last <= tolerance.losses, "{case}: loss after ten updates off by {last:e}");
}

/// `rates [C][T][N]` against all golden rates, or the sixteen steps that the full cases hold.
fn check_rates(golden: &Golden, rates: &[f32], n: usize, limit: f64) {
    let steps = rates.len() / (12 * n);
    let error = if golden.has("rates") {
        max_abs_error(rates, golden.array("rates"))
    } else {
        let name = if golden.has("rates_sub_f64") { "rates_sub_f64" } else { "rates_sub" };
        let chosen: Vec<f32> = (0..12)
            .flat_map(|c| golden.array("rate_steps").iter().map(move |t| (c * steps + *t as usize) * n))
            .flat_map(|row| rates[row..row + n].iter().copied())
            .collect();
        max_abs_error(&chosen, golden.array(name))
    };
    assert!(error <= limit, "rates off by {error:e}");
}

fn check_cpu(case: &str) {
    let Some(golden) = Golden::case(case) else { return };
    let settings = vec![Golden::settings()];
    let mut engine = CpuEngine::<f32>::new(golden.problem(1), settings, &golden.state(1), 0).unwrap();
    check(case, &golden, &mut engine);
}

#[test]
fn cpu_small_clean() {
    check_cpu("small_A_clean");
}

#[test]
fn cpu_small_noise() {
    check_cpu("small_A_noise");
}

#[test]
fn cpu_full_saturated() {
    check_cpu("full_A");
}

#[test]
fn cpu_full_live() {
    check_cpu("full_live_A");
}

/// The f64 engine against the f64 arrays. What is left is λ = 1e-3 as an f32, 5e-8 off: 1e-11 of the loss, 1e-9 of
/// the gradient.
#[test]
fn cpu_f64_small() {
    let golden = Golden::case("small_A_clean").unwrap();
    let mut engine = CpuEngine::<f64>::new(golden.problem(1), vec![Golden::settings()], &golden.state(1), 1).unwrap();
    let (loss, norm, gradient) = engine.exact_gradients().remove(0);
    assert!((loss.loss / golden.array("loss_f64")[0] - 1.0).abs() < 1e-10);
    assert!((norm / golden.array("global_norm_f64")[0] - 1.0).abs() < 1e-8);
    let expected = golden.groups("grad_", "_f64");
    let largest = expected.iter().fold(0.0_f64, |m, e| m.max(e.abs()));
    for (k, (g, e)) in gradient.iter().zip(&expected).enumerate() {
        assert!((g - e).abs() < 1e-8 * largest, "gradient {k}: {g} instead of {e}");
    }
}

/// A golden case on a graphics device: a hardware adapter where there is one, else a software one.
fn check_gpu(case: &str, strategy: Option<Strategy>) {
    let Some(device) = common::gpu::device() else { return };
    let Some(golden) = Golden::case(case) else { return };
    let settings = [Golden::settings()];
    let options = GpuOptions { strategy, ..GpuOptions::default() };
    let mut engine = GpuEngine::new(&device, &golden.problem(1), &settings, &golden.state(1), &options).unwrap();
    check(case, &golden, &mut engine);
}

#[test]
fn gpu_small_clean() {
    check_gpu("small_A_clean", None);
    check_gpu("small_A_clean", Some(Strategy::Stepwise));
    check_gpu("small_A_clean", Some(Strategy::Resident));
}

#[test]
fn gpu_small_noise() {
    check_gpu("small_A_noise", None);
}

/// The strategy that the adapter gets by default; on software adapters the resident one would take minutes.
#[test]
fn gpu_full_saturated() {
    check_gpu("full_A", None);
}

#[test]
fn gpu_full_live() {
    check_gpu("full_live_A", None);
}
