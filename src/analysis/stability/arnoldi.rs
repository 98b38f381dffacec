//! Arnoldi's iteration for the eigenvalue of largest magnitude (Saad, Numerical Methods for Large Eigenvalue Problems,
//! 2011, section 6.2).
//!
//! After m products with J the columns of V span the Krylov space of a random vector and `J V = V H + h v eₘᵀ`, H small. An
//! eigenvalue of H with eigenvector y approximates one of J, the outermost first, with the residual `h |yₘ| / ‖y‖`. The
//! space is not restarted: the dense matrix is a few times as expensive as the largest space that is tried. That is
//! reached where the recurrence is weak beside the differences of the leaks, whose largest are close together.

use super::dense;
use crate::rng::{Rng, Stream};
use nalgebra::{Complex, DMatrix, DMatrixView, DVector};

/// Residual `‖J v − λ v‖`, `‖v‖ = 1`, at which an eigenvalue λ counts as found. The radius is then off by that times a
/// condition number, which is between 1 and 10 for matrices of excitation and inhibition; differences to the dense
/// matrix are below 1e-6 nearly always. It is absolute, and small beside the distance of eigenvalues to the leaks, which
/// is of the order of α: 0.02 for time constants of 50 steps.
pub const RESIDUAL_TOLERANCE: f64 = 3e-5;

/// Dimensions of the Krylov space at which its eigenvalues are looked at; past the last the dense matrix is cheaper.
const LOOKS: [usize; 6] = [12, 20, 32, 50, 80, 128];

/// Matrices up to this size are left to the dense method.
const SMALL: usize = 48;

/// The eigenvalue (real, imaginary part) of largest magnitude of a finite square matrix. `None` where the iteration does
/// not converge, or is not worth it.
pub(super) fn dominant(matrix: DMatrixView<f64>) -> Option<(f64, f64)> {
    let n = matrix.nrows();
    if n <= SMALL {
        return None;
    }
    let last = LOOKS[LOOKS.len() - 1].min(n / 2);
    let mut basis = DMatrix::<f64>::zeros(n, last + 1);
    let mut hessenberg = DMatrix::<f64>::zeros(last + 1, last);
    let rng = Rng::new(0, 0, Stream::Directions);
    let norm = (0..n).map(|i| rng.normal(i as u32).powi(2)).sum::<f64>().sqrt();
    (0..n).for_each(|i| basis[(i, 0)] = rng.normal(i as u32) / norm);
    for m in 1..=last {
        let next = extend(&matrix, &mut basis, &mut hessenberg, m);
        // The space is invariant: there is nothing more to be found in it.
        let exhausted = next <= f64::EPSILON * hessenberg.column(m - 1).norm();
        if exhausted || LOOKS.contains(&m) {
            let (eigenvalue, residual) = outermost(&hessenberg.view((0, 0), (m, m)).into_owned(), next)?;
            if residual <= RESIDUAL_TOLERANCE {
                return Some(eigenvalue);
            }
            if exhausted {
                return None;
            }
        }
    }
    None
}

/// Adds column `m` to the basis and column `m − 1` to H; returns `h[m, m − 1]`. Orthogonalises twice, which is enough
/// (Giraud, Langou & Rozložník 2005).
fn extend(matrix: &DMatrixView<f64>, basis: &mut DMatrix<f64>, hessenberg: &mut DMatrix<f64>, m: usize) -> f64 {
    let (old, mut new) = basis.columns_range_pair_mut(..m, m);
    new.gemv(1.0, matrix, &old.column(m - 1), 0.0);
    let mut along = DVector::zeros(m);
    for _ in 0..2 {
        along.gemv_tr(1.0, &old, &new, 0.0);
        new.gemv(-1.0, &old, &along, 1.0);
        (0..m).for_each(|i| hessenberg[(i, m - 1)] += along[i]);
    }
    let norm = new.norm();
    hessenberg[(m, m - 1)] = norm;
    if norm > 0.0 {
        new /= norm;
    }
    norm
}

/// The eigenvalue of H of largest magnitude, and the residual of the vector that belongs to it.
///
/// With `yₘ = 1` the rows of `(H − λ) y = 0` give the other elements from the last to the first (Hyman's method). They grow
/// the faster the smaller the residual is.
fn outermost(hessenberg: &DMatrix<f64>, next: f64) -> Option<((f64, f64), f64)> {
    let eigenvalue = dense::dominant(hessenberg.clone()).ok()?;
    let (m, lambda) = (hessenberg.nrows(), Complex::new(eigenvalue.0, eigenvalue.1));
    let mut y = vec![Complex::new(0.0, 0.0); m];
    y[m - 1] = Complex::new(1.0, 0.0);
    for k in (1..m).rev() {
        let row: Complex<f64> = (k..m).map(|j| y[j] * hessenberg[(k, j)]).sum();
        y[k - 1] = (lambda * y[k] - row) / hessenberg[(k, k - 1)];
    }
    let norm = y.iter().map(Complex::norm_sqr).sum::<f64>().sqrt();
    Some((eigenvalue, next / norm))
}
