//! Statistics of recordings against pingouin, statsmodels, SciPy and bayesprev (`scripts/statistics_reference.py`).
#![allow(missing_docs)]

use aon::analysis::statistics::{
    Covariates, FTest, MixedAnova, Power, against_baseline, agreement, benjamini_hochberg, overlap, prevalence_lower,
    prevalence_posterior, prevalence_upper,
};
use ndarray::Array2;

#[derive(serde::Deserialize)]
struct Reference {
    anovas: Vec<Anova>,
    families: Vec<Family>,
    /// Positives, tested, α, power, level; lower, upper.
    bounds: Vec<(usize, usize, f64, f64, f64, f64, f64)>,
    /// Positives, tested; detected, planted; lower, upper.
    estimated: Vec<(usize, usize, usize, usize, f64, f64)>,
    posteriors: Vec<Posterior>,
    overlaps: Vec<Overlapping>,
    agreements: Vec<Agreeing>,
    regression: Regression,
}

#[derive(serde::Deserialize)]
struct Anova {
    trials: Vec<Vec<f64>>,
    kinds: Vec<usize>,
    /// F, degrees of freedom of effect and error, p.
    between: Option<[f64; 4]>,
    within: Option<[f64; 4]>,
    interaction: Option<[f64; 4]>,
    within_corrected: Option<f64>,
    interaction_corrected: Option<f64>,
    epsilon: f64,
    /// t, degrees of freedom, p.
    against_first: Vec<[f64; 3]>,
}

#[derive(serde::Deserialize)]
struct Family {
    p: Vec<f64>,
    q: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct Overlapping {
    first: Vec<bool>,
    second: Vec<bool>,
    strata: Vec<usize>,
    observed: usize,
    expected: f64,
    p: f64,
    mid_p: f64,
    odds_ratio: f64,
}

#[derive(serde::Deserialize)]
struct Agreeing {
    first: Vec<usize>,
    second: Vec<usize>,
    kappa: f64,
}

#[derive(serde::Deserialize)]
struct Regression {
    design: Vec<Vec<f64>>,
    responses: Vec<Vec<f32>>,
    valid: Vec<bool>,
    /// Of valid frames alone.
    residuals: Vec<Vec<f64>>,
}

/// Positives, tested; α, power, level; map, bound of the level, bound of 1 − level, ends of the interval.
type Posterior = (usize, usize, [f64; 3], [f64; 5]);

fn reference() -> Reference {
    serde_json::from_str(include_str!("golden/statistics/statistics.json")).unwrap()
}

/// Within `relative` of numbers above 1, `relative` itself of smaller ones.
fn assert_close(ours: f64, theirs: f64, relative: f64) {
    assert!((ours - theirs).abs() <= relative * theirs.abs().max(1.0), "{ours} {theirs}");
}

/// In as many digits however small it is.
fn assert_same_p(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() <= 1e-8 * theirs, "{ours} {theirs}");
}

fn assert_test(ours: &FTest, theirs: Option<[f64; 4]>) {
    let Some([f, effect, error, p]) = theirs else {
        assert!(ours.f.is_nan() && ours.p.is_nan(), "{ours:?}");
        return;
    };
    assert_close(ours.f, f, 1e-8);
    assert_eq!(ours.df, [effect, error]);
    assert_same_p(ours.p, p);
}

#[test]
fn mixed_analyses_of_variance_equal_those_of_pingouin() {
    for case in reference().anovas {
        let found = MixedAnova::of(&case.trials, &case.kinds);
        assert_test(&found.between, case.between);
        assert_test(&found.within, case.within);
        assert_test(&found.interaction, case.interaction);
        assert_close(found.epsilon, case.epsilon, 1e-8);
        // pingouin corrects nothing where there are two epochs.
        let corrected = |ours: &FTest, p: Option<f64>| p.or((case.epsilon == 1.0).then_some(ours.p));
        for (ours, theirs) in [
            (found.within_corrected, corrected(&found.within, case.within_corrected)),
            (found.interaction_corrected, corrected(&found.interaction, case.interaction_corrected)),
        ] {
            theirs.map_or_else(|| assert!(ours.is_nan()), |theirs| assert_same_p(ours, theirs));
        }
    }
}

#[test]
fn epochs_against_the_baseline_equal_paired_tests_of_scipy() {
    for case in reference().anovas {
        let found = against_baseline(&case.trials, 0);
        assert_eq!(found.len(), case.against_first.len() + 1);
        for (ours, [t, df, p]) in found[1..].iter().zip(case.against_first) {
            assert_close(ours.t, t, 1e-8);
            assert_eq!(ours.df, df);
            assert_same_p(ours.p, p);
        }
    }
}

#[test]
fn q_values_equal_those_of_statsmodels() {
    for family in reference().families {
        for (ours, theirs) in benjamini_hochberg(&family.p).iter().zip(&family.q) {
            assert_close(*ours, *theirs, 1e-14);
        }
    }
}

#[test]
fn bounds_of_prevalence_equal_those_made_of_scipys_quantiles() {
    let r = reference();
    for (k, n, alpha, power, level, low, high) in r.bounds {
        assert_close(prevalence_lower(k, n, alpha, Power::Known(power), level), low, 1e-10);
        assert_close(prevalence_upper(k, n, alpha, Power::Known(power), level), high, 1e-10);
    }
    for (k, n, detected, planted, low, high) in r.estimated {
        let power = Power::Estimated { detected, planted };
        assert_close(prevalence_lower(k, n, 0.01, power, 0.95), low, 1e-10);
        assert_close(prevalence_upper(k, n, 0.01, power, 0.95), high, 1e-10);
    }
}

/// fsolve finds their intervals to about six digits.
#[test]
fn posteriors_of_prevalence_equal_those_of_bayesprev() {
    for (k, n, [alpha, power, level], [map, at_least, at_most, low, high]) in reference().posteriors {
        let found = prevalence_posterior(k, n, alpha, power, level);
        assert_close(found.map, map, 1e-12);
        assert_close(found.at_least, at_least, 1e-10);
        assert_close(found.at_most, at_most, 1e-10);
        for (ours, theirs) in [(found.low, low), (found.high, high)] {
            assert!((ours - theirs).abs() < 1e-5, "{k} {n} {alpha} {power} {level}: {found:?} {low} {high}");
        }
    }
}

#[test]
fn overlaps_equal_convolutions_of_scipys_hypergeometric_and_odds_of_statsmodels() {
    for case in reference().overlaps {
        let found = overlap(&case.first, &case.second, &case.strata);
        assert_eq!(found.observed, case.observed);
        assert_close(found.expected, case.expected, 1e-12);
        assert_same_p(found.p, case.p);
        assert_same_p(found.mid_p, case.mid_p);
        assert_close(found.odds_ratio, case.odds_ratio, 1e-12);
    }
}

#[test]
fn agreement_beyond_chance_equals_kappa_of_statsmodels() {
    for case in reference().agreements {
        let found = agreement(&case.first, &case.second, &vec![0; case.first.len()], 10, 1, 0);
        assert_close(found.kappa, case.kappa, 1e-12);
    }
}

/// Residuals are kept in 32 bits.
#[test]
fn residuals_equal_those_of_least_squares_by_numpy() {
    let r = reference().regression;
    let (neurons, frames) = (r.responses.len(), r.valid.len());
    let activity = Array2::from_shape_vec((neurons, frames), r.responses.concat()).unwrap();
    let found = Covariates::new(&r.design, &r.valid).residuals(&activity);
    for (row, expected) in found.rows().into_iter().zip(&r.residuals) {
        let mut expected = expected.iter();
        for (v, valid) in row.iter().zip(&r.valid) {
            if *valid {
                assert_close(f64::from(*v), *expected.next().unwrap(), 2e-7);
            } else {
                assert!(v.is_nan());
            }
        }
    }
}
