//! The Jacobian of one step against finite differences, and spectral radii by Arnoldi's iteration against NumPy and
//! against all eigenvalues of the dense matrix.
#![allow(missing_docs)]

use aon::analysis::stability::{Linearisation, Method};
use aon::rng::{Rng, Stream};
use serde::Deserialize;

/// A case of `reference/stability.py`, numbers in thousandths.
#[derive(Deserialize)]
struct Case {
    weights: Vec<f32>,
    alpha: Vec<f32>,
    sigmoid: Vec<f32>,
    gain: Vec<f32>,
    radius: f64,
    real: f64,
    imaginary: f64,
}

fn normals(count: usize, seed: u64) -> Vec<f64> {
    let rng = Rng::new(seed, 0, Stream::Synthetic);
    (0..count as u32).map(|k| rng.normal(k)).collect()
}

fn uniform(n: usize, seed: u64, low: f64, high: f64) -> Vec<f32> {
    let rng = Rng::new(seed, 1, Stream::Synthetic);
    (0..n as u32).map(|k| (low + (high - low) * rng.uniform(k)) as f32).collect()
}

/// Dale's principle by column, every fourth neuron inhibitory and three times as strong, three areas between which only
/// excitation passes.
fn dale(n: usize, gain: f64) -> Vec<f32> {
    let area = |i: usize| (4 * i / n).min(2);
    let weight = |(k, z): (usize, f64)| {
        let (i, j) = (k / n, k % n);
        let sign = if j % 4 == 3 { -3.0 } else { 1.0 };
        let cut = i == j || (sign < 0.0 && area(i) != area(j));
        if cut { 0.0 } else { (gain / (n as f64).sqrt() * sign * z.abs()) as f32 }
    };
    normals(n * n, 1).into_iter().enumerate().map(weight).collect()
}

/// `W = −Wᵀ`: all eigenvalues of the recurrence are imaginary.
fn antisymmetric(n: usize, gain: f64) -> Vec<f32> {
    let z = normals(n * n, 2);
    (0..n * n).map(|k| (gain / (n as f64).sqrt() * (z[k] - z[k % n * n + k / n])) as f32).collect()
}

#[test]
fn radii_are_those_of_numpy() {
    let text = include_str!("reference/stability.json");
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    for case in &cases {
        let thousandths = |values: &[f32]| -> Vec<f32> { values.iter().map(|v| v / 1000.0).collect() };
        let network = Linearisation::new(&thousandths(&case.weights), &thousandths(&case.alpha)).unwrap();
        let jacobian = network.jacobian(&thousandths(&case.sigmoid), Some(&thousandths(&case.gain))).unwrap();
        for found in [jacobian.spectral_radius().unwrap(), jacobian.dense_spectral_radius().unwrap()] {
            // Inputs are rounded to f32 here and not there: 6e-8 relative each, times a condition of some 10.
            assert!((found.radius - case.radius).abs() < 2e-6, "{found:?} is not {}", case.radius);
            assert!((found.real - case.real).abs() < 2e-6 && (found.imaginary - case.imaginary).abs() < 2e-6);
        }
    }
    assert!(cases.iter().any(|c| c.imaginary > 0.1), "one of the cases turns");
}

/// The iteration stops at residuals of 3e-5; the error of the radius is usually far less. What it
/// must not do is find another eigenvalue than the largest.
#[test]
fn the_iteration_finds_the_radius_of_the_dense_matrix() {
    let n = 200;
    let mut by_iteration = 0;
    for (weights, turns) in [(dale(n, 0.5), false), (dale(n, 3.0), false), (antisymmetric(n, 30.0), true)] {
        for (low, high) in [(0.019, 0.021), (0.02, 0.2), (0.01, 1.0)] {
            let network = Linearisation::new(&weights, &uniform(n, 2, low, high)).unwrap();
            for silenced in [0, 40, 120] {
                let gain: Vec<f32> = (0..n).map(|i| if i % 5 * 40 < silenced { 0.0 } else { 1.0 }).collect();
                let jacobian = network.jacobian(&uniform(n, 3, 0.0, 1.0), Some(&gain)).unwrap();
                assert_eq!(jacobian.neurons().len(), n - silenced);
                let (found, exact) = (jacobian.spectral_radius().unwrap(), jacobian.dense_spectral_radius().unwrap());
                assert!((found.radius - exact.radius).abs() < 1e-4 * exact.radius, "{found:?} is not {exact:?}");
                by_iteration += usize::from(found.method == Method::Arnoldi);
                if turns && silenced == 0 {
                    assert!((found.imaginary - exact.imaginary).abs() < 1e-4 && found.imaginary > 0.05, "{found:?}");
                }
            }
        }
    }
    assert!(by_iteration >= 20, "only {by_iteration} of 27 by iteration");
}

/// A pair of complex eigenvalues of known magnitude above all others: a rotation of two neurons by their weights.
#[test]
fn a_rotation_has_the_radius_of_its_closed_form() {
    let (n, w) = (100, 40.0_f32);
    let mut weights = vec![0.0; n * n];
    (weights[7], weights[7 * n]) = (w, -w);
    let network = Linearisation::new(&weights, &vec![0.1; n]).unwrap();
    let radius = network.jacobian(&vec![0.5; n], None).unwrap().spectral_radius().unwrap();
    // λ = 0.9 ± i · 0.1 · 40 / 4; α is an f32.
    assert!((radius.real - 0.9).abs() < 1e-7 && (radius.imaginary - 1.0).abs() < 1e-7, "{radius:?}");
    assert!((radius.radius - 0.9_f64.hypot(1.0)).abs() < 1e-7);
    assert_eq!(radius.method, Method::Arnoldi, "the Krylov space is exhausted after three dimensions");
}

#[test]
fn the_jacobian_is_the_derivative_of_one_step() {
    let n = 12;
    let (weights, alpha) = (dale(n, 4.0), uniform(n, 4, 0.05, 0.9));
    let (x, current) = (normals(n, 5), normals(n, 6));
    let gain: Vec<f32> = (0..n).map(|i| [1.0, 0.0, 0.5][i % 3]).collect();
    let sigmoid = |x: f64, i: usize| 1.0 / (1.0 + (-x - current[i]).exp());
    let step = |x: &[f64], i: usize| {
        let drive: f64 = (0..n).map(|j| f64::from(weights[i * n + j]) * f64::from(gain[j]) * sigmoid(x[j], j)).sum();
        (1.0 - f64::from(alpha[i])) * x[i] + f64::from(alpha[i]) * drive
    };
    let s: Vec<f32> = (0..n).map(|i| sigmoid(x[i], i) as f32).collect();
    let jacobian = Linearisation::new(&weights, &alpha).unwrap().jacobian(&s, Some(&gain)).unwrap();
    assert_eq!(jacobian.neurons(), (0..n).filter(|i| i % 3 != 1).collect::<Vec<_>>());
    for (b, j) in jacobian.neurons().iter().enumerate() {
        let (mut up, mut down) = (x.clone(), x.clone());
        (up[*j], down[*j]) = (x[*j] + 1e-5, x[*j] - 1e-5);
        for (a, i) in jacobian.neurons().iter().enumerate() {
            let derivative = (step(&up, *i) - step(&down, *i)) / 2e-5;
            // Central differences: 1e-10 of the third derivative, 1e-16 / 1e-5 of rounding; s is rounded to f32.
            assert!((jacobian.entry(a, b) - derivative).abs() < 1e-6, "{i} from {j}");
        }
    }
}

#[test]
fn neurons_that_transmit_nothing_leave_the_matrix_and_their_leak() {
    let n = 60;
    let mut alpha = uniform(n, 7, 0.2, 0.9);
    alpha[3] = 0.01;
    let network = Linearisation::new(&dale(n, 0.1), &alpha).unwrap();
    let silent: Vec<f32> = (0..n).map(|i| if i == 3 { 0.0 } else { 1.0 }).collect();
    let radius = network.jacobian(&vec![0.5; n], Some(&silent)).unwrap().spectral_radius().unwrap();
    assert_eq!((radius.method, radius.radius), (Method::Leak, 1.0 - f64::from(0.01_f32)));
    // Rates of exactly 0 and 1 are flat as well.
    let flat: Vec<f32> = (0..n).map(|i| (i % 2) as f32).collect();
    let all = network.jacobian(&flat, None).unwrap();
    assert!(all.neurons().is_empty());
    assert_eq!(all.spectral_radius().unwrap().radius, 1.0 - f64::from(0.01_f32));
}

#[test]
fn what_is_no_network_or_no_rate_is_refused() {
    assert!(Linearisation::new(&[0.0; 4], &[0.5; 3]).unwrap_err().to_string().contains("3 × 3"));
    assert!(Linearisation::new(&[f32::NAN; 4], &[0.5; 2]).is_err());
    assert!(Linearisation::new(&[0.0; 4], &[0.5, f32::NAN]).unwrap_err().to_string().contains("neuron 2"));
    let network = Linearisation::new(&[0.0, 1.0, 1.0, 0.0], &[0.5; 2]).unwrap();
    assert!(network.jacobian(&[0.5], None).is_err());
    assert!(network.jacobian(&[0.5, 1.5], None).unwrap_err().to_string().contains("neuron 2"));
    assert!(network.jacobian(&[f32::NAN, 0.5], None).is_err());
    assert!(network.jacobian(&[0.5; 2], Some(&[1.0, f32::INFINITY])).is_err());
    let none = Linearisation::new(&[], &[]).unwrap();
    assert!(none.jacobian(&[], None).unwrap().spectral_radius().is_err());
}
