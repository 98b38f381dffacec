//! Logistic regression with an L2 penalty, by Newton's method (docs/perturbation.md#read-outs).

use crate::analysis::pca::{by_rows, columns, product_transposed};
use crate::error::{Error, Result};
use nalgebra::{Cholesky, DMatrix, DMatrixViewMut, DVector};

/// Newton steps at most; the worst separable problems take about 20.
const STEPS: usize = 100;
/// The squared Newton decrement gᵀH⁻¹g that makes the next step the last: twice the excess of the loss before it.
const LAST_DECREMENT: f64 = 1e-14;

/// A penalised regression on fixed features.
struct Problem<'a> {
    /// `[n][d]`, the last column ones.
    features: &'a [f64],
    labels: &'a [usize],
    /// How much the loss of each trial counts, `[n]`.
    weights: &'a [f64],
    d: usize,
    /// 1 for two classes (the log odds of class 1), otherwise the classes.
    outputs: usize,
    l2: f64,
}

/// The objective at some coefficients.
struct Evaluation {
    loss: f64,
    /// `[n][outputs]`.
    probabilities: Vec<f64>,
}

/// The outputs of a classifier of `classes` classes.
pub(super) fn outputs(classes: usize) -> usize {
    if classes == 2 { 1 } else { classes }
}

/// Turns the scores of one trial into probabilities, and returns the logarithm of their normaliser: ln(1 + eᶻ) for one
/// output, ln Σ eᶻ for more.
pub(super) fn link(scores: &mut [f64]) -> f64 {
    if let [z] = scores {
        let small = (-z.abs()).exp();
        let normaliser = z.max(0.0) + small.ln_1p();
        *z = if *z >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        return normaliser;
    }
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for z in scores.iter_mut() {
        *z = (*z - largest).exp();
        sum += *z;
    }
    for p in scores.iter_mut() {
        *p /= sum;
    }
    largest + sum.ln()
}

/// Coefficients `[outputs][d]` of the regression of `labels` `[n]` on `features` `[n][d]`, whose last column is ones and
/// has the intercepts as its coefficients. The loss of each trial counts `weights` `[n]` times. Every class must occur.
///
/// # Errors
/// When Newton's method does not converge, which rounding alone can cause.
pub(super) fn fit(features: &[f64], labels: &[usize], weights: &[f64], classes: usize, l2: f64) -> Result<Vec<f64>> {
    let (d, outputs) = (features.len() / labels.len(), outputs(classes));
    let problem = Problem { features, labels, weights, d, outputs, l2 };
    let mut coefficients = vec![0.0; problem.outputs * problem.d];
    let mut now = problem.evaluate(&coefficients);
    for _ in 0..STEPS {
        let gradient = problem.gradient(&coefficients, &now.probabilities);
        let step = solve(problem.hessian(&now.probabilities), &gradient).ok_or_else(no_minimum)?;
        let decrement: f64 = gradient.iter().zip(&step).map(|(g, s)| g * s).sum();
        if decrement <= LAST_DECREMENT {
            coefficients.iter_mut().zip(&step).for_each(|(c, s)| *c -= s);
            return Ok(coefficients);
        }
        (coefficients, now) = problem.descend(&coefficients, &step, decrement, now.loss).ok_or_else(no_minimum)?;
    }
    Err(no_minimum())
}

fn no_minimum() -> Error {
    Error::run(
        "The logistic regression of a decoder did not converge: raise its l2 penalty, or ask for fewer components.",
    )
}

impl Problem<'_> {
    fn evaluate(&self, coefficients: &[f64]) -> Evaluation {
        let mut logits = product_transposed(self.features, coefficients, self.d);
        let mut loss = 0.0;
        let trials = logits.chunks_exact_mut(self.outputs).zip(self.labels).zip(self.weights);
        for ((logits, label), weight) in trials {
            let correct = match (self.outputs, *label) {
                (1, 0) => 0.0,
                (1, _) => logits[0],
                (_, label) => logits[label],
            };
            loss += weight * (link(logits) - correct);
        }
        let squares: f64 = coefficients.chunks_exact(self.d).flat_map(|c| &c[..self.d - 1]).map(|c| c * c).sum();
        Evaluation { loss: loss + 0.5 * self.l2 * squares, probabilities: logits }
    }

    /// `[outputs][d]`.
    fn gradient(&self, coefficients: &[f64], probabilities: &[f64]) -> Vec<f64> {
        let mut residuals = probabilities.to_vec();
        let trials = residuals.chunks_exact_mut(self.outputs).zip(self.labels).zip(self.weights);
        for ((residuals, label), weight) in trials {
            match (self.outputs, *label) {
                (1, label) => residuals[0] -= label as f64,
                (_, label) => residuals[label] -= 1.0,
            }
            for residual in residuals.iter_mut() {
                *residual *= weight;
            }
        }
        let mut gradient = vec![0.0; coefficients.len()];
        DMatrixViewMut::from_slice(&mut gradient, self.d, self.outputs).gemm(
            1.0,
            &columns(self.features, self.d),
            &by_rows(&residuals, self.outputs),
            0.0,
        );
        for (gradient, coefficients) in gradient.chunks_exact_mut(self.d).zip(coefficients.chunks_exact(self.d)) {
            gradient[..self.d - 1].iter_mut().zip(coefficients).for_each(|(g, c)| *g += self.l2 * c);
        }
        gradient
    }

    /// The lower triangle of the Hessian, `[outputs · d][outputs · d]`: Σᵢ wᵢ xᵢ xᵢᵀ pᵢa (δab − pᵢb) in block (a, b).
    fn hessian(&self, probabilities: &[f64]) -> DMatrix<f64> {
        let size = self.outputs * self.d;
        let mut hessian = DMatrix::zeros(size, size);
        let mut weighted = vec![0.0; self.features.len()];
        for a in 0..self.outputs {
            for b in 0..=a {
                let rows = weighted.chunks_exact_mut(self.d).zip(self.features.chunks_exact(self.d));
                let trials = rows.zip(probabilities.chunks_exact(self.outputs)).zip(self.weights);
                for (((to, from), p), weight) in trials {
                    let weight = weight * if a == b { p[a] * (1.0 - p[a]) } else { -p[a] * p[b] };
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = weight * from);
                }
                hessian.view_mut((a * self.d, b * self.d), (self.d, self.d)).gemm(
                    1.0,
                    &columns(self.features, self.d),
                    &by_rows(&weighted, self.d),
                    0.0,
                );
            }
        }
        for i in (0..size).filter(|i| i % self.d + 1 < self.d) {
            hessian[(i, i)] += self.l2;
        }
        // A constant added to all intercepts of a softmax changes nothing. Penalising their sum, which starts at zero,
        // keeps it there and the matrix regular, and moves nothing else.
        if self.outputs > 1 {
            for a in 0..self.outputs {
                for b in 0..=a {
                    hessian[((a + 1) * self.d - 1, (b + 1) * self.d - 1)] += 1.0;
                }
            }
        }
        hessian
    }

    /// Coefficients a step (or the first of its halves) down that lowers the loss by enough; none where none does.
    fn descend(&self, from: &[f64], step: &DVector<f64>, decrement: f64, loss: f64) -> Option<(Vec<f64>, Evaluation)> {
        // A sum of n terms of order 1 does not resolve less.
        let rounding = 1e-12 * loss.abs().max(1.0);
        (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|length| {
            let to: Vec<f64> = from.iter().zip(step).map(|(c, s)| c - length * s).collect();
            let there = self.evaluate(&to);
            (there.loss <= loss - 1e-4 * length * decrement + rounding).then_some((to, there))
        })
    }
}

/// H⁻¹g by Cholesky's factorisation of the lower triangle of H; none where H is not positive definite or the result not
/// finite.
fn solve(hessian: DMatrix<f64>, gradient: &[f64]) -> Option<DVector<f64>> {
    let mut step = DVector::from_column_slice(gradient);
    Cholesky::new(hessian)?.solve_mut(&mut step);
    step.iter().all(|s| s.is_finite()).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    fn problem(n: usize, k: usize, classes: usize, signal: f64) -> (Vec<f64>, Vec<usize>) {
        let rng = Rng::new(n as u64, 0, Stream::Synthetic);
        let labels: Vec<usize> = (0..n).map(|i| i % classes).collect();
        let mut features = Vec::new();
        for (i, label) in labels.iter().enumerate() {
            let score = |j: usize| rng.normal((i * k + j) as u32) + if j == *label { signal } else { 0.0 };
            features.extend((0..k).map(score).chain([1.0]));
        }
        (features, labels)
    }

    /// The minimum of a smooth convex function is where its gradient vanishes. The gradient is a sum of n terms of order
    /// 1 to 10 (features times residuals), rounded at 1e-13; overlapping, and separable with a penalty down to 1e-4.
    #[test]
    fn the_gradient_vanishes_at_the_minimum() {
        for (classes, signal, l2) in [(2, 0.3, 1.0), (2, 12.0, 1e-4), (3, 0.3, 1.0), (3, 12.0, 1e-4), (4, 30.0, 1e-2)] {
            let (features, labels) = problem(90, 6, classes, signal);
            let weights: Vec<f64> = (0..90).map(|i| 0.5 + f64::from(i % 4)).collect();
            let coefficients = fit(&features, &labels, &weights, classes, l2).unwrap();
            let (features, labels, weights) = (&features, &labels, &weights);
            let problem = Problem { features, labels, weights, d: 7, outputs: outputs(classes), l2 };
            let gradient = problem.gradient(&coefficients, &problem.evaluate(&coefficients).probabilities);
            let worst = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
            assert!(worst < 1e-10, "{classes} classes, signal {signal}, l2 {l2}: {worst:e}");
            let intercepts: f64 = coefficients.iter().skip(6).step_by(7).sum();
            assert!(classes == 2 || intercepts.abs() < 1e-10);
        }
    }

    /// Gradient and Hessian against central differences of the loss and of the gradient.
    #[test]
    fn gradient_and_hessian_are_the_derivatives_of_the_loss() {
        for classes in [2, 3] {
            let (features, labels) = problem(20, 3, classes, 0.5);
            let weights: Vec<f64> = (0..20).map(|i| 0.5 + f64::from(i % 3)).collect();
            let (features, labels, weights) = (&features, &labels, &weights);
            let problem = Problem { features, labels, weights, d: 4, outputs: outputs(classes), l2: 0.7 };
            let size = problem.outputs * 4;
            let at: Vec<f64> = (0..size).map(|i| 0.3 * (i as f64).sin()).collect();
            let gradient_at = |c: &[f64]| problem.gradient(c, &problem.evaluate(c).probabilities);
            let hessian = problem.hessian(&problem.evaluate(&at).probabilities);
            for i in 0..size {
                let shifted =
                    |h: f64| at.iter().enumerate().map(|(j, c)| if i == j { c + h } else { *c }).collect::<Vec<_>>();
                let (up, down) = (shifted(1e-5), shifted(-1e-5));
                let slope = (problem.evaluate(&up).loss - problem.evaluate(&down).loss) / 2e-5;
                assert!((slope - gradient_at(&at)[i]).abs() < 1e-7, "{classes} {i}");
                for j in i..size {
                    let curvature = (gradient_at(&up)[j] - gradient_at(&down)[j]) / 2e-5;
                    // The sum of the intercepts is penalised in the Hessian only; see there.
                    let extra = f64::from(classes > 2 && i % 4 == 3 && j % 4 == 3);
                    assert!((curvature - hessian[(j, i)] + extra).abs() < 1e-7, "{classes} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn without_features_the_intercept_is_the_log_odds() {
        let coefficients = fit(&[1.0; 5], &[0, 1, 1, 1, 0], &[1.0; 5], 2, 1.0).unwrap();
        assert!((coefficients[0] - 1.5_f64.ln()).abs() < 1e-12);
        let heavy = fit(&[1.0; 5], &[0, 1, 1, 1, 0], &[3.0, 1.0, 1.0, 1.0, 3.0], 2, 1.0).unwrap();
        assert!((heavy[0] - 0.5_f64.ln()).abs() < 1e-12);
    }
}
