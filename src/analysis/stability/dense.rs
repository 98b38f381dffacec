//! Eigenvalues of dense matrices.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, Schur};

/// Steps of the QR iteration an eigenvalue at most. It takes two or three.
const ITERATIONS: usize = 100;

/// The eigenvalue (real, imaginary part) of largest magnitude of a square matrix with at least one row; of equal ones the
/// first found.
pub(super) fn dominant(matrix: DMatrix<f64>) -> Result<(f64, f64)> {
    let n = matrix.nrows();
    let values = Schur::try_new(matrix, f64::EPSILON, ITERATIONS * n).map(|schur| schur.complex_eigenvalues());
    let values = values
        .filter(|values| values.iter().all(|v| v.re.is_finite() && v.im.is_finite()))
        .ok_or_else(|| Error::run(format!("eigenvalues: the QR iteration did not converge for {n} rows.")))?;
    let magnitude = |k: &usize| values[*k].re.hypot(values[*k].im);
    let largest = (1..n).fold(0, |best, k| if magnitude(&k) > magnitude(&best) { k } else { best });
    Ok((values[largest].re, values[largest].im))
}
