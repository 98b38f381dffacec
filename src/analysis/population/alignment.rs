//! How much of the variance of one set of points lies along the main axes of another (Elsayed et al. 2016).

use crate::analysis::pca::{Scatter, centred64, product_transposed};
use crate::analysis::statistics::{mean, permutation_p, quantile};
use crate::error::{Result, ensure};
use crate::rng::{Draws, Rng, Stream};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// The main axes of a set of points.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalAxes {
    /// Orthonormal, `[K][features]`.
    pub axes: Vec<f64>,
    /// The variance along each, descending, `[K]`; n − 1 in the denominator.
    pub variance: Vec<f64>,
}

impl PrincipalAxes {
    /// The first `count` of `points` `[points][features]`, fewer where the rank is lower. Of fewer points than features, it is
    /// the smaller matrix of products of points that is decomposed.
    ///
    /// # Errors
    /// When points do not divide into features, are fewer than two or not finite.
    pub fn of(points: &[f64], features: usize, count: usize) -> Result<Self> {
        let centred = centre(points, features)?;
        let n = centred.len() / features;
        if n >= features {
            let mut scatter = Scatter::new(features);
            scatter.add(&centred);
            let found = scatter.axes(count)?;
            return Ok(Self { axes: found.components, variance: found.variance });
        }
        let by_feature: Vec<f64> =
            (0..features).flat_map(|f| (0..n).map(move |i| (f, i))).map(|(f, i)| centred[i * features + f]).collect();
        let mut scatter = Scatter::new(n);
        scatter.add(&by_feature);
        let found = scatter.axes(count)?;
        let mut axes = product_transposed(&found.components, &by_feature, n);
        axes.chunks_exact_mut(features).for_each(normalise);
        // The denominator there was the number of features less one.
        let scale = (features - 1) as f64 / (n - 1) as f64;
        Ok(Self { axes, variance: found.variance.iter().map(|v| v * scale).collect() })
    }

    /// The number of axes.
    pub fn len(&self) -> usize {
        self.variance.len()
    }

    /// Whether there is none: all points are alike.
    pub fn is_empty(&self) -> bool {
        self.variance.is_empty()
    }
}

/// An alignment index beside its null distributions.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AlignmentTest {
    /// The index.
    pub index: f64,
    /// Axes that it is over.
    pub axes: usize,
    /// The probability of at least as large an index if neurons of one set are dealt anew among those of the other.
    pub p_neurons: f64,
    /// The probability of at least as large an index along random axes within the covariance of both sets.
    pub p_subspaces: f64,
    /// Means of both null distributions: what an index means depends on how many dimensions activity has.
    pub expected: [f64; 2],
    /// The 2.5 % and the 97.5 % quantile of the second: below the first, sets are more orthogonal than chance.
    pub subspaces: [f64; 2],
}

/// Tr(D_Bᵀ C_A D_B) / Σ of the largest eigenvalues of C_A (Elsayed et al. 2016): the variance of `projected` along the first
/// `axes` axes of `onto`, as a share of what as many axes can have of it at most; both are `[points][features]`, and
/// covariances are around the mean of each. 1 for one subspace, 0 for orthogonal ones; NaN where a set does not vary.
///
/// # Errors
/// As [`PrincipalAxes::of`].
pub fn alignment_index(projected: &[f64], onto: &[f64], features: usize, axes: usize) -> Result<f64> {
    let onto = PrincipalAxes::of(onto, features, axes)?;
    let own = PrincipalAxes::of(projected, features, onto.len())?;
    Ok(share(&centre(projected, features)?, &onto.axes, features, &own))
}

/// The index beside what it would be by chance, `None` if it was asked to stop.
///
/// * *Neurons*: those of `projected` are dealt anew among the axes' (Jerjian et al. 2020).
/// * *Subspaces*: orthonormal bases of `axes` vectors that are drawn from the covariance of both sets together, U √S times
///   normal numbers (Elsayed et al. 2016). The same vectors are points of both sets, added up with normal weights.
///
/// # Errors
/// As [`PrincipalAxes::of`].
pub fn alignment_test(
    projected: &[f64],
    onto: &[f64],
    features: usize,
    axes: usize,
    (draws, key, network): (usize, u64, u32),
    stop: &AtomicBool,
) -> Result<Option<AlignmentTest>> {
    let basis = PrincipalAxes::of(onto, features, axes)?;
    let own = PrincipalAxes::of(projected, features, basis.len())?;
    let both = centre(&[projected, onto].concat(), features)?;
    let projected = centre(projected, features)?;
    let index = share(&projected, &basis.axes, features, &own);
    let rng = Rng::new(key, network, Stream::Population);
    let draw = |number: usize| {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let mut draws = Draws::new(rng.at_step(number as u32));
        let mut order: Vec<usize> = (0..features).collect();
        draws.shuffle(&mut order);
        let dealt: Vec<f64> =
            basis.axes.chunks_exact(features).flat_map(|axis| order.iter().map(|f| axis[*f])).collect();
        let random = random_basis(&both, features, basis.len(), &mut draws);
        Some([&dealt, &random].map(|axes| share(&projected, axes, features, &own)))
    };
    let null: Option<Vec<[f64; 2]>> = (0..draws).into_par_iter().map(draw).collect();
    let Some(null) = null else { return Ok(None) };
    let [neurons, subspaces] = [0, 1].map(|k| null.iter().map(|pair| pair[k]).collect::<Vec<f64>>());
    Ok(Some(AlignmentTest {
        index,
        axes: basis.len(),
        p_neurons: permutation_p(index, &neurons),
        p_subspaces: permutation_p(index, &subspaces),
        expected: [mean(&neurons), mean(&subspaces)],
        subspaces: [0.025, 0.975].map(|q| quantile(&subspaces, q)),
    }))
}

/// What each neuron is divided by so that none is large only for its rate: its range over all `rows` `[rows][features]`, plus
/// `soften`, `[features]`.
pub fn soft_factors(rows: &[f64], features: usize, soften: f64) -> Vec<f64> {
    let mut least_most = vec![(f64::INFINITY, f64::NEG_INFINITY); features];
    for row in rows.chunks_exact(features.max(1)) {
        for ((least, most), value) in least_most.iter_mut().zip(row) {
            (*least, *most) = (least.min(*value), most.max(*value));
        }
    }
    least_most.iter().map(|(least, most)| most - least + soften).collect()
}

fn centre(points: &[f64], features: usize) -> Result<Vec<f64>> {
    let n = points.len().checked_div(features).unwrap_or(0);
    ensure!(
        n >= 2 && n * features == points.len(),
        "Axes of a population need at least two points of equal length; {} numbers are not that many of {features} neurons.",
        points.len()
    );
    ensure!(points.iter().all(|v| v.is_finite()), "Axes of a population need finite numbers; found NaN or infinity.");
    Ok(centred64(points, features))
}

/// The variance of centred points along orthonormal axes, as a share of that along their own.
fn share(centred: &[f64], axes: &[f64], features: usize, own: &PrincipalAxes) -> f64 {
    if own.is_empty() || axes.is_empty() {
        return f64::NAN;
    }
    let points = centred.len() / features;
    let along: f64 = product_transposed(centred, axes, features).iter().map(|v| v * v).sum();
    along / (points - 1) as f64 / own.variance.iter().sum::<f64>()
}

/// Orthonormal vectors from the covariance of `centred` points, `[count][features]` (Gram and Schmidt, twice).
fn random_basis(centred: &[f64], features: usize, count: usize, draws: &mut Draws) -> Vec<f64> {
    let mut basis: Vec<f64> = Vec::with_capacity(count * features);
    for _ in 0..count {
        let mut vector = vec![0.0; features];
        for point in centred.chunks_exact(features) {
            let weight = draws.normal();
            vector.iter_mut().zip(point).for_each(|(v, p)| *v += weight * p);
        }
        for _ in 0..2 {
            for known in basis.chunks_exact(features) {
                let along: f64 = known.iter().zip(&vector).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(known).for_each(|(v, k)| *v -= along * k);
            }
        }
        normalise(&mut vector);
        basis.extend(vector);
    }
    basis
}

fn normalise(vector: &mut [f64]) {
    let norm = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    for v in vector {
        *v /= norm;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(seed: u64, n: usize, features: usize, sources: usize) -> Vec<f64> {
        let rng = Rng::new(seed, 0, Stream::Synthetic);
        let mixing: Vec<f64> = (0..sources * features).map(|i| rng.normal(i as u32)).collect();
        let point = |i: usize| {
            let source: Vec<f64> = (0..sources).map(|s| rng.at_step(1).normal((i * sources + s) as u32)).collect();
            (0..features)
                .map(|f| (0..sources).map(|s| source[s] * mixing[s * features + f]).sum::<f64>())
                .collect::<Vec<_>>()
        };
        (0..n).flat_map(point).collect()
    }

    #[test]
    fn axes_by_the_smaller_matrix_are_those_by_the_larger() {
        // 12 points of 30 features, and both again with as many copies as make them more than features.
        let few = points(1, 12, 30, 5);
        let many = few.repeat(3);
        let (a, b) = (PrincipalAxes::of(&few, 30, 3).unwrap(), PrincipalAxes::of(&many, 30, 3).unwrap());
        for k in 0..3 {
            let along: f64 = (0..30).map(|f| a.axes[k * 30 + f] * b.axes[k * 30 + f]).sum();
            assert!((along.abs() - 1.0).abs() < 1e-10, "{along}");
            // n − 1 in the denominators: 11 / 12 against 35 / 36.
            assert!((a.variance[k] * 11.0 / 12.0 - b.variance[k] * 35.0 / 36.0).abs() < 1e-10 * a.variance[0]);
        }
        assert_eq!(PrincipalAxes::of(&few, 30, 9).unwrap().len(), 5);
    }

    #[test]
    fn one_subspace_is_aligned_orthogonal_ones_are_not_and_chance_lies_between() {
        let a = points(2, 20, 40, 3);
        let moved: Vec<f64> = a.iter().map(|v| 0.5 * v + 3.0).collect();
        assert!((alignment_index(&moved, &a, 40, 3).unwrap() - 1.0).abs() < 1e-12);
        let (mut left, mut right) = (vec![0.0; 800], vec![0.0; 800]);
        for i in 0..20 {
            left[40 * i..40 * i + 20].copy_from_slice(&a[40 * i..40 * i + 20]);
            right[40 * i + 20..40 * i + 40].copy_from_slice(&a[40 * i + 20..40 * i + 40]);
        }
        assert!(alignment_index(&left, &right, 40, 3).unwrap() < 1e-20);
        let go = AtomicBool::new(false);
        let found = alignment_test(&a, &points(9, 20, 40, 3), 40, 3, (400, 1, 0), &go).unwrap().unwrap();
        // Three random axes of 40 have 3 / 40 of the variance of three sources.
        assert!((found.expected[0] - 3.0 / 40.0).abs() < 0.03 && found.index < 0.25, "{found:?}");
        let same = alignment_test(&moved, &a, 40, 3, (400, 1, 0), &go).unwrap().unwrap();
        assert!(same.p_neurons < 0.01 && (same.index - 1.0).abs() < 1e-12, "{same:?}");
        assert_eq!(same, alignment_test(&moved, &a, 40, 3, (400, 1, 0), &go).unwrap().unwrap());
        assert!(alignment_test(&a, &a, 40, 3, (9, 1, 0), &AtomicBool::new(true)).unwrap().is_none());
    }

    #[test]
    fn what_does_not_vary_has_no_index_and_nonsense_is_refused() {
        let flat = vec![1.0; 12];
        assert!(alignment_index(&flat, &points(1, 3, 4, 2), 4, 2).unwrap().is_nan());
        assert!(alignment_index(&points(1, 3, 4, 2), &flat, 4, 2).unwrap().is_nan());
        assert!(alignment_index(&flat, &[f64::NAN; 12], 4, 2).is_err() && PrincipalAxes::of(&flat, 0, 1).is_err());
        assert_eq!(soft_factors(&[1.0, 4.0, 3.0, 4.0], 2, 5.0), [7.0, 5.0]);
    }
}
