//! Principal components of centred rows, by the eigenvectors of their covariance.
//!
//! The covariance squares the condition of the data. A component whose variance is below max(rows, features) · 2⁻⁵² of
//! the largest is rounding noise and is dropped: its standard deviation is 10⁻⁷ to 10⁻⁶ of the largest one, about the
//! rounding of the f32 rates themselves.

use crate::error::{Error, Result};
use nalgebra::{DMatrix, DMatrixView, Dyn, SymmetricEigen, U1};

/// Steps of the QR iteration a component at most. It takes about two.
const ITERATIONS: usize = 50;

/// The principal components of a set of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    axes: Axes,
}

impl Pca {
    /// The first `components` principal components of `rows` `[rows][features]`, fewer where the rank is lower.
    ///
    /// # Errors
    /// When the rows do not divide into `features`, are fewer than two, or hold a number that is not finite.
    pub fn fit(rows: &[f32], features: usize, components: usize) -> Result<Self> {
        if features == 0 || !rows.len().is_multiple_of(features) || rows.len() / features < 2 {
            return Err(Error::input(format!(
                "Principal components need at least two rows of equal length; {} numbers are not that many rows of \
                 {features} features.",
                rows.len()
            )));
        }
        if let Some(at) = rows.iter().position(|v| !v.is_finite()) {
            let (row, feature) = (at / features + 1, at % features + 1);
            return Err(Error::input(format!(
                "Principal components need finite numbers; feature {feature} of row {row} is {}.",
                rows[at]
            )));
        }
        let mean = column_means(rows.chunks_exact(features), features);
        let mut scatter = Scatter::new(features);
        scatter.add(&centred(rows.chunks_exact(features), &mean));
        Ok(Self { mean, axes: scatter.axes(components)? })
    }

    /// The number of components K.
    pub fn len(&self) -> usize {
        self.axes.variance.len()
    }

    /// Whether there is no component: the rows are all equal, or none was asked for.
    pub fn is_empty(&self) -> bool {
        self.axes.variance.is_empty()
    }

    /// The mean row, `[features]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The components, `[K][features]`: orthonormal, the largest loading of each positive.
    pub fn components(&self) -> &[f64] {
        &self.axes.components
    }

    /// The variance along each component, descending, `[K]`; n − 1 in the denominator, as in scikit-learn.
    pub fn explained_variance(&self) -> &[f64] {
        &self.axes.variance
    }

    /// The part of the total variance along each component, `[K]`.
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        self.axes.variance.iter().map(|v| v / self.axes.total).collect()
    }

    /// The scores of `rows` `[rows][features]` on the components, `[rows][K]`.
    ///
    /// # Errors
    /// When the rows do not divide into the features of the fit.
    pub fn project(&self, rows: &[f32]) -> Result<Vec<f64>> {
        let features = self.mean.len();
        if !rows.len().is_multiple_of(features) {
            return Err(Error::input(format!(
                "The principal components were fitted to rows of {features} features; {} numbers are no such rows.",
                rows.len()
            )));
        }
        let centred = centred(rows.chunks_exact(features), &self.mean);
        Ok(product_transposed(&centred, &self.axes.components, features))
    }
}

/// Orthonormal directions of largest variance.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axes {
    /// `[K][features]`, the largest loading of each positive.
    pub(crate) components: Vec<f64>,
    /// Along each, descending, `[K]`.
    pub(crate) variance: Vec<f64>,
    /// Over all features.
    pub(crate) total: f64,
}

/// Σ x xᵀ over centred rows, added in blocks so that the pooled rows never stand in memory together.
pub(crate) struct Scatter {
    rows: usize,
    /// `[features][features]`.
    sum: DMatrix<f64>,
}

impl Scatter {
    pub(crate) fn new(features: usize) -> Self {
        Self { rows: 0, sum: DMatrix::zeros(features, features) }
    }

    /// Adds centred `rows` `[rows][features]`.
    pub(crate) fn add(&mut self, rows: &[f64]) {
        let features = self.sum.nrows();
        self.rows += rows.len() / features;
        self.sum.gemm(1.0, &columns(rows, features), &by_rows(rows, features), 1.0);
    }

    /// The first `components` principal axes, fewer where the rank is lower; see the module about the rank.
    ///
    /// # Errors
    /// When the eigenvalues do not converge.
    pub(crate) fn axes(&self, components: usize) -> Result<Axes> {
        let n = self.sum.nrows();
        let eigen = SymmetricEigen::try_new(self.sum.clone(), f64::EPSILON, ITERATIONS * n)
            .filter(|eigen| eigen.eigenvalues.iter().all(|v| v.is_finite()))
            .ok_or_else(|| {
                Error::run("The eigenvalues of the covariance did not converge: are the rates of a sane size?")
            })?;
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let largest = order.first().map_or(0.0, |k| eigen.eigenvalues[*k]);
        let tolerance = largest * n.max(self.rows) as f64 * f64::EPSILON;
        order.retain(|k| eigen.eigenvalues[*k] > tolerance);
        let denominator = self.rows.saturating_sub(1) as f64;
        let mut axes = Axes {
            components: Vec::new(),
            variance: Vec::new(),
            total: (0..n).map(|i| self.sum[(i, i)]).sum::<f64>() / denominator,
        };
        for k in order.into_iter().take(components) {
            let vector = eigen.eigenvectors.column(k);
            let sign = vector.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a }).unwrap_or(1.0);
            axes.components.extend(vector.iter().map(|v| v * sign.signum()));
            axes.variance.push(eigen.eigenvalues[k] / denominator);
        }
        Ok(axes)
    }
}

/// The mean of each column, `[features]`. A column that is constant has exactly its value as its mean.
pub(crate) fn column_means<'a>(rows: impl Iterator<Item = &'a [f32]>, features: usize) -> Vec<f64> {
    let mut rows = rows.peekable();
    // Deviations from the first row: those of a constant column are exactly zero, whatever its value.
    let first: Vec<f64> =
        rows.peek().map_or(vec![f64::NAN; features], |row| row.iter().map(|v| f64::from(*v)).collect());
    let (mut sum, mut count) = (vec![0.0; features], 0.0);
    for row in rows {
        count += 1.0;
        for ((sum, value), first) in sum.iter_mut().zip(row).zip(&first) {
            *sum += f64::from(*value) - first;
        }
    }
    sum.iter().zip(&first).map(|(sum, first)| first + sum / count).collect()
}

/// The rows less `mean`, `[rows][features]`.
pub(crate) fn centred<'a>(rows: impl Iterator<Item = &'a [f32]>, mean: &[f64]) -> Vec<f64> {
    rows.flat_map(|row| row.iter().zip(mean).map(|(value, mean)| f64::from(*value) - mean)).collect()
}

/// The rows `[rows][features]`, at least one, less their mean; a column that is constant is exactly zero.
pub(crate) fn centred64(rows: &[f64], features: usize) -> Vec<f64> {
    let (first, count) = (&rows[..features], (rows.len() / features) as f64);
    let mut mean = vec![0.0; features];
    for row in rows.chunks_exact(features) {
        mean.iter_mut().zip(row.iter().zip(first)).for_each(|(mean, (v, first))| *mean += (v - first) / count);
    }
    let from_mean = |row: &[f64]| row.iter().zip(first).zip(&mean).map(|((v, first), mean)| v - first - mean).collect();
    rows.chunks_exact(features).flat_map(|row| -> Vec<f64> { from_mean(row) }).collect()
}

/// `left · rightᵀ`, `[rows of left][rows of right]`, both of `columns` columns.
pub(crate) fn product_transposed(left: &[f64], right: &[f64], columns: usize) -> Vec<f64> {
    left.chunks_exact(columns).flat_map(|l| right.chunks_exact(columns).map(move |r| dot(l, r))).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        (0..LANES).for_each(|l| sums[l] += a[l] * b[l]);
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

/// `rows` `[rows][features]` as the columns of a matrix.
pub(crate) fn columns(rows: &[f64], features: usize) -> DMatrixView<'_, f64> {
    DMatrixView::from_slice(rows, features, rows.len() / features)
}

/// `rows` `[rows][features]` as the rows of a matrix.
pub(crate) fn by_rows(rows: &[f64], features: usize) -> DMatrixView<'_, f64, Dyn, U1> {
    DMatrixView::from_slice_with_strides_generic(rows, Dyn(rows.len() / features), Dyn(features), Dyn(features), U1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    /// 40 rows of 6 features: three sources of falling size, mixed; rank 3.
    fn rows() -> Vec<f32> {
        let rng = Rng::new(1, 0, Stream::Synthetic);
        let mixing: Vec<f64> = (0..18).map(|i| rng.normal(i)).collect();
        (0..40_usize)
            .flat_map(|row| {
                let source: Vec<f64> =
                    (0..3).map(|s| rng.at_step(1).normal((row * 3 + s) as u32) / (s + 1) as f64).collect();
                let mixing = mixing.clone();
                (0..6).map(move |f| (0..3).map(|s| source[s] * mixing[s * 6 + f]).sum::<f64>() as f32 + 7.0)
            })
            .collect()
    }

    #[test]
    fn components_are_orthonormal_with_descending_variance_and_positive_largest_loading() {
        let pca = Pca::fit(&rows(), 6, 3).unwrap();
        assert_eq!(pca.len(), 3);
        for a in pca.components().chunks_exact(6) {
            let largest = a.iter().copied().fold(0.0_f64, |m, v| if v.abs() > m.abs() { v } else { m });
            assert!(largest > 0.0);
        }
        for (i, a) in pca.components().chunks_exact(6).enumerate() {
            for (j, b) in pca.components().chunks_exact(6).enumerate() {
                let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((dot - f64::from(i == j)).abs() < 1e-12);
            }
        }
        assert!(pca.explained_variance().is_sorted_by(|a, b| a >= b));
        assert!((pca.explained_variance_ratio().iter().sum::<f64>() - 1.0).abs() < 1e-6);
    }

    /// Scores have the variances that the components claim, no covariance, and rebuild the rows.
    #[test]
    fn scores_are_uncorrelated_and_rebuild_the_rows() {
        let rows = rows();
        let pca = Pca::fit(&rows, 6, 6).unwrap();
        let k = pca.len();
        let scores = pca.project(&rows).unwrap();
        for a in 0..k {
            for b in 0..k {
                let covariance: f64 = scores.chunks_exact(k).map(|s| s[a] * s[b]).sum::<f64>() / 39.0;
                let expected = if a == b { pca.explained_variance()[a] } else { 0.0 };
                assert!((covariance - expected).abs() < 1e-12 * pca.explained_variance()[0].max(1.0), "{a} {b}");
            }
        }
        for (row, score) in rows.chunks_exact(6).zip(scores.chunks_exact(k)) {
            for (f, value) in row.iter().enumerate() {
                let rebuilt = pca.mean()[f] + (0..k).map(|c| score[c] * pca.components()[c * 6 + f]).sum::<f64>();
                // Components below 1e-6 of the first are dropped.
                assert!((rebuilt - f64::from(*value)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn the_rank_limits_the_components_and_constant_rows_have_none() {
        // The third feature is the sum of the others, exactly: small integers.
        let rows: Vec<f32> = (0..20_u8)
            .flat_map(|i| {
                let (a, b) = (f32::from(i % 5), f32::from(i % 3));
                [a, b, a + b]
            })
            .collect();
        assert_eq!(Pca::fit(&rows, 3, 3).unwrap().len(), 2);
        assert_eq!(Pca::fit(&rows, 3, 1).unwrap().len(), 1);
        let constant = Pca::fit(&[0.1; 12], 3, 3).unwrap();
        assert!(constant.is_empty() && constant.project(&[0.1; 3]).unwrap().is_empty());
    }

    #[test]
    fn rows_that_are_none_and_numbers_that_are_not_finite_are_refused() {
        assert!(Pca::fit(&[1.0; 7], 3, 2).is_err());
        assert!(Pca::fit(&[1.0; 3], 3, 2).is_err());
        assert!(Pca::fit(&[], 0, 2).is_err());
        let message = Pca::fit(&[1.0, 2.0, f32::NAN, 4.0], 2, 2).unwrap_err().to_string();
        assert!(message.contains("feature 1 of row 2"), "{message}");
    }
}
