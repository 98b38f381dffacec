//! Statistics against statsmodels, SciPy, NumPy and scikit-learn (`tests/reference/statistics_reference.py`).
#![allow(missing_docs)]

use aon::analysis::pca::Pca;
use aon::analysis::statistics::{
    benjamini_hochberg, clopper_pearson, ks_uniform, mean, pearson, quantile, sd, spearman,
};

#[derive(serde::Deserialize)]
struct Reference {
    families: Vec<Family>,
    uniform: Vec<Uniform>,
    x: Vec<f64>,
    y: Vec<f64>,
    mean: f64,
    sd: f64,
    quantiles: Vec<[f64; 2]>,
    pearson: f64,
    spearman: f64,
    /// Successes, trials, level, low, high.
    clopper_pearson: Vec<(usize, usize, f64, f64, f64)>,
    rows: Vec<f32>,
    components: Vec<f64>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    scores: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct Family {
    p: Vec<f64>,
    q: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct Uniform {
    p: Vec<f64>,
    p_value: f64,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/statistics.json")).unwrap()
}

/// The tolerance for formulas that only round; 1e-12 of numbers of order 1.
fn assert_close(ours: &[f64], theirs: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), theirs.len());
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= tolerance, "{a} {b}");
    }
}

#[test]
fn q_values_equal_those_of_statsmodels() {
    for family in reference().families {
        assert_close(&benjamini_hochberg(&family.p), &family.q, 1e-12);
    }
}

#[test]
fn moments_quantiles_and_correlations_equal_those_of_numpy_and_scipy() {
    let r = reference();
    let ours = [mean(&r.x), sd(&r.x), pearson(&r.x, &r.y), spearman(&r.x, &r.y)];
    assert_close(&ours, &[r.mean, r.sd, r.pearson, r.spearman], 1e-12);
    for [q, value] in r.quantiles {
        assert_close(&[quantile(&r.x, q)], &[value], 1e-12);
    }
}

/// The exact distribution loses digits as 1 − P; the tail is a sum of positive terms.
#[test]
fn the_test_of_uniformity_equals_the_exact_one_of_scipy() {
    for sample in reference().uniform {
        assert_close(&[ks_uniform(&sample.p)], &[sample.p_value], f64::min(1e-10, 1e-9 * sample.p_value));
    }
}

#[test]
fn intervals_of_rates_equal_those_of_statsmodels() {
    for (successes, trials, level, low, high) in reference().clopper_pearson {
        let ours = clopper_pearson(successes, trials, level);
        assert_close(&[ours.mean, ours.low, ours.high], &[successes as f64 / trials as f64, low, high], 1e-12);
    }
}

#[test]
fn principal_components_equal_those_of_scikit_learn() {
    let r = reference();
    let pca = Pca::fit(&r.rows, 5, 4).unwrap();
    assert_close(pca.components(), &r.components, 1e-11);
    assert_close(pca.explained_variance(), &r.explained_variance, 1e-11);
    assert_close(&pca.explained_variance_ratio(), &r.explained_variance_ratio, 1e-12);
    assert_close(&pca.project(&r.rows).unwrap(), &r.scores, 1e-11);
}
