//! Coordinates in which the columns of a design are uncorrelated.

use super::moments::{FRAMES, Moments};
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, s};
use rayon::prelude::*;

/// A direction that has less than this share of the variance of the largest is what other columns make up, and rounding.
const COLLINEAR: f64 = 1e-10;

/// q = A (z − m): of some columns z of a design in standard units, the directions that vary, with mean 0, variance 1 and no
/// correlation over the frames that have a weight.
pub(super) struct Basis {
    /// The columns that are used, `[used]`.
    columns: Vec<usize>,
    /// m, `[used]`.
    mean: DVector<f64>,
    /// A, `[r × used]`.
    whitening: DMatrix<f64>,
    /// Covariances of q and z, `[r × used]`.
    covariance: DMatrix<f64>,
    /// What makes coefficients of columns from those of q, `[used × r]`.
    back: DMatrix<f64>,
    /// Half the squared form of coefficients of q that is the penalty, `[r × r]`.
    penalty: DMatrix<f64>,
}

impl Basis {
    /// Of `columns`, by the moments of all. The penalty is `ridge / 2 Σ (β / scale)²` over coefficients β in standard units.
    pub(super) fn new(moments: &Moments, columns: &[usize], ridge: f64, scale: &[f64]) -> Self {
        let weight = moments.weight;
        // A column that is constant in all frames is 0 in standard units.
        let columns: Vec<usize> = columns.iter().copied().filter(|k| moments.gram[[*k, *k]] > 0.0).collect();
        let mean = DVector::from_iterator(columns.len(), columns.iter().map(|k| moments.columns[*k] / weight));
        let covariance = DMatrix::from_fn(columns.len(), columns.len(), |a, b| {
            moments.gram[[columns[a], columns[b]]] / weight - mean[a] * mean[b]
        });
        let defined = covariance.iter().all(|v| v.is_finite());
        // There is no decomposition of nothing.
        let (values, vectors) = if columns.is_empty() || !defined {
            (DVector::zeros(columns.len()), DMatrix::zeros(columns.len(), columns.len()))
        } else {
            let eigen = SymmetricEigen::new(covariance);
            (eigen.eigenvalues, eigen.eigenvectors)
        };
        let largest = values.iter().fold(0.0_f64, |most, v| most.max(*v));
        // The order of eigenvalues is the solver's: sorted, so that it is ours.
        let mut kept: Vec<usize> =
            (0..columns.len()).filter(|k| values[*k] > COLLINEAR * largest.max(COLLINEAR)).collect();
        kept.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        let direction = |k: usize, by: f64| vectors.column(kept[k]).transpose() * by;
        let rows = |power: f64| {
            let mut rows = DMatrix::zeros(kept.len(), columns.len());
            for k in 0..kept.len() {
                rows.set_row(k, &direction(k, values[kept[k]].powf(power)));
            }
            rows
        };
        let (whitening, covariance) = (rows(-0.5), rows(0.5));
        // Of all coefficients that give the same fit, those of the smallest penalty: β = D⁻¹ Rᵀ (R D⁻¹ Rᵀ)⁻¹ γ.
        let mut spread = covariance.clone();
        for (k, mut column) in spread.column_iter_mut().enumerate() {
            column *= scale[columns[k]] * scale[columns[k]];
        }
        let inverse = (&spread * covariance.transpose()).try_inverse();
        let inverse = inverse.unwrap_or_else(|| DMatrix::identity(kept.len(), kept.len()));
        let back = spread.transpose() * &inverse;
        Self { columns, mean, whitening, covariance, back, penalty: inverse * ridge }
    }

    /// r.
    pub(super) fn directions(&self) -> usize {
        self.whitening.nrows()
    }

    /// The columns that are used.
    pub(super) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// A, `[r × used]`.
    pub(super) fn whitening(&self) -> &DMatrix<f64> {
        &self.whitening
    }

    /// m, `[used]`.
    pub(super) fn mean(&self) -> &DVector<f64> {
        &self.mean
    }

    /// `[r × r]`.
    pub(super) fn penalty(&self) -> &DMatrix<f64> {
        &self.penalty
    }

    /// Constant and coefficients of all `count` columns in standard units, from those of q.
    pub(super) fn columns_of(&self, constant: f64, coefficients: &DVector<f64>, count: usize) -> (f64, Vec<f64>) {
        let own = &self.back * coefficients;
        let mut all = vec![0.0; count];
        for (k, value) in self.columns.iter().zip(own.iter()) {
            all[*k] = *value;
        }
        (constant - own.dot(&self.mean), all)
    }

    /// Constant and coefficients of q whose fit is nearest to one by all columns, in the frames that have a weight.
    pub(super) fn nearest(&self, constant: f64, all: &[f64]) -> (f64, DVector<f64>) {
        let own = DVector::from_iterator(self.columns.len(), self.columns.iter().map(|k| all[*k]));
        (constant + own.dot(&self.mean), &self.covariance * own)
    }

    /// A constant and the directions, `[1 + r][T]`, of columns in standard units.
    pub(super) fn rows(&self, standard: &Array2<f64>) -> Array2<f64> {
        let (frames, r) = (standard.ncols(), self.directions());
        let whitening = Array2::from_shape_fn((r, self.columns.len()), |(a, b)| self.whitening[(a, b)]);
        let offset: Vec<f64> = (&self.whitening * &self.mean).iter().copied().collect();
        let firsts: Vec<usize> = (0..frames).step_by(16 * FRAMES).collect();
        let part = |first: &usize| {
            let span = *first..frames.min(first + 16 * FRAMES);
            let mut used = Array2::zeros((self.columns.len(), span.len()));
            for (mut row, k) in used.rows_mut().into_iter().zip(&self.columns) {
                row.assign(&standard.slice(s![*k, span.clone()]));
            }
            let mut rows = Array2::ones((1 + r, span.len()));
            let mut directions = rows.slice_mut(s![1.., ..]);
            general_mat_mul(1.0, &whitening, &used, 0.0, &mut directions);
            for (mut row, offset) in directions.rows_mut().into_iter().zip(&offset) {
                row -= *offset;
            }
            rows
        };
        let parts: Vec<Array2<f64>> = firsts.par_iter().map(part).collect();
        let mut rows = Array2::ones((1 + r, frames));
        for (first, part) in firsts.into_iter().zip(parts) {
            rows.slice_mut(s![.., first..first + part.ncols()]).assign(&part);
        }
        rows
    }
}
