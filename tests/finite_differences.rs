//! The f64 engine's gradients against central differences of its own loss, for every parameter group.
#![allow(missing_docs)]

mod common;

use aon::engine::cpu::CpuEngine;
use aon::engine::{BatchState, Engine, LossKind, NetworkSettings, Perturbation};
use aon::network::{Constraint, Layout, SignConstraint};
use common::{awkward_problem, constraints};

/// Largest relative error of the gradient along directions inside each group.
///
/// A direction is a whole group with random signs, so every entry counts, and the error is relative to a derivative that
/// is not near zero by accident. h = 1e-5 makes the truncation error ~h² = 1e-10 and the rounding error ~1e-16/h = 1e-11.
fn worst_error(constraint: Constraint, loss: LossKind, perturbation: Perturbation) -> f64 {
    let (problem, start) = awkward_problem(1, constraint, loss);
    let layout = Layout::new(&problem.dims);
    let settings = NetworkSettings { regularisation: 0.05, perturbation, ..NetworkSettings::default() };
    let mut engine = CpuEngine::<f64>::new(problem, vec![settings], &BatchState::fresh(start), 1).unwrap();
    let gradient = engine.exact_gradients().remove(0).2;
    let origin = engine.parameters_mut(0).to_vec();
    let n = layout.neurons;
    let mut worst: f64 = 0.0;
    for group in layout.groups() {
        for trial in 0_u32..4 {
            let mut direction = vec![0.0; layout.len()];
            for k in layout.range(group) {
                let is_diagonal = k < n * n && k / n == k % n;
                // Away from kinks: rectified weights lie at least 1e-3 from zero by the choice below; the diagonal is exactly
                // there, but its neurons share an area, so its effective weight has no kink.
                let bit = (k as u32 ^ (trial * 0x9E37)).wrapping_mul(2_654_435_761) >> 30;
                let near_kink = k < n * n && constraint.sign != SignConstraint::Softplus && origin[k].abs() < 1e-3;
                direction[k] = if near_kink && !is_diagonal { 0.0 } else { f64::from(bit) - 1.5 };
            }
            let analytic: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
            let mut loss_at = |h: f64| {
                for ((p, o), d) in engine.parameters_mut(0).iter_mut().zip(&origin).zip(&direction) {
                    *p = o + h * d;
                }
                engine.evaluate().unwrap()[0].loss
            };
            // Fourth-order central difference.
            let h = 1e-4;
            let numeric = (8.0 * (loss_at(h) - loss_at(-h)) - (loss_at(2.0 * h) - loss_at(-2.0 * h))) / (12.0 * h);
            let error = ((numeric - analytic) / analytic).abs();
            assert!(
                error <= 1e-6,
                "{constraint:?} {loss:?} {}: {numeric} by differences, {analytic} by the adjoint",
                group.name()
            );
            worst = worst.max(error);
        }
    }
    worst
}

#[test]
fn the_adjoint_agrees_with_central_differences_under_every_constraint() {
    for constraint in constraints() {
        let worst = worst_error(constraint, LossKind::L2, Perturbation::default());
        println!("{constraint:?}: largest relative error {worst:.1e}");
    }
}

#[test]
fn the_adjoint_agrees_under_every_loss() {
    for loss in LossKind::ALL {
        worst_error(Constraint::default(), loss, Perturbation::default());
    }
}

#[test]
fn the_adjoint_agrees_with_neurons_silenced_for_a_while() {
    let neurons = (0..19).map(|i| i % 3 == 0).collect();
    worst_error(Constraint::default(), LossKind::L2, Perturbation::silence(neurons, 9, 25));
}
