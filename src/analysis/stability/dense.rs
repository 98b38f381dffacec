//! Eigenvalues of small dense matrices, on one thread: the order of the sums, and so the result, depends on nothing else.

use crate::error::{Error, Result};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, evd_real, evd_scratch};
use faer::{Col, MatRef, Par, Spec};

/// The eigenvalue (real, imaginary part) of largest magnitude of a square matrix with at least one row; of equal ones the
/// first found.
pub(super) fn dominant(matrix: MatRef<f64>) -> Result<(f64, f64)> {
    let n = matrix.nrows();
    let (mut re, mut im) = (Col::<f64>::zeros(n), Col::<f64>::zeros(n));
    let (none, params) = (ComputeEigenvectors::No, Spec::default());
    let mut memory = MemBuffer::try_new(evd_scratch::<f64>(n, none, none, Par::Seq, params))
        .map_err(|_| Error::run(format!("eigenvalues: no memory for a matrix of {n} rows.")))?;
    let stack = MemStack::new(&mut memory);
    evd_real(matrix, re.as_diagonal_mut(), im.as_diagonal_mut(), None, None, Par::Seq, stack, params)
        .map_err(|_| Error::run(format!("eigenvalues: the QR iteration did not converge for {n} rows.")))?;
    let magnitude = |k: &usize| re[*k].hypot(im[*k]);
    let largest = (1..n).fold(0, |best, k| if magnitude(&k) > magnitude(&best) { k } else { best });
    Ok((re[largest], im[largest]))
}
