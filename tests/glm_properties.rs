//! What holds of every generalised linear model, and inputs of which nothing can be fitted.
#![allow(missing_docs)]

use aon::analysis::glm::{Design, Family, Fit, FitSettings, Problem, Status, fit, linear_predictors, score};
use aon::rng::{Draws, Rng, Stream};
use ndarray::Array2;
use std::sync::atomic::AtomicBool;

const FRAMES: usize = 1500;
const FAMILIES: [Family; 4] =
    [Family::Gaussian, Family::Poisson, Family::Bernoulli, Family::NegativeBinomial { dispersion: Some(0.5) }];

fn columns(count: usize) -> Vec<Vec<f64>> {
    let column = |k: usize| {
        let mut draws = Draws::new(Rng::new(4, k as u32, Stream::Synthetic));
        (0..FRAMES).map(|_| draws.normal()).collect()
    };
    (0..count).map(column).collect()
}

/// Zeros and ones that follow the first columns: any family admits them.
fn responses(columns: &[Vec<f64>], neurons: usize) -> Array2<f32> {
    let mut draws = Draws::new(Rng::new(5, 0, Stream::Synthetic));
    Array2::from_shape_fn((neurons, FRAMES), |(i, t)| {
        let eta = -1.0 + 0.5 * columns[i % columns.len()][t];
        f32::from(u8::from(draws.uniform() < 1.0 / (1.0 + (-eta).exp())))
    })
}

fn fits(problem: &Problem, columns: &[usize], start: Option<&[Fit]>, settings: &FitSettings) -> Vec<Fit> {
    fit(problem, columns, start, settings, &AtomicBool::new(false)).unwrap().unwrap()
}

/// At a maximum no column goes with what is left, but for the penalty; whatever the start, the number of neurons and of threads.
#[test]
fn nothing_goes_with_what_is_left_at_a_maximum() {
    let columns = columns(6);
    let (design, responses) = (Design::new(&columns, FRAMES).unwrap(), responses(&columns, 70));
    let weights: Vec<f64> = (0..FRAMES).map(|t| [1.0, 0.0, 0.5, 2.0][t % 4]).collect();
    let total: f64 = weights.iter().sum();
    let problem = Problem { design: &design, responses: responses.view(), weights: &weights };
    for family in FAMILIES {
        let settings = FitSettings { ridge: 0.01, ..FitSettings::new(family) };
        let found = fits(&problem, &[0, 1, 2, 4], None, &settings);
        let eta = linear_predictors(&design, &found, 0..FRAMES);
        for (i, fit) in found.iter().enumerate() {
            assert!(fit.status == Status::Converged && fit.coefficients[3] == 0.0 && fit.coefficients[5] == 0.0);
            for k in [0, 1, 2, 4] {
                let along: f64 = (0..FRAMES)
                    .map(|t| {
                        let mean = family.mean(eta[[i, t]]);
                        let slope =
                            if let Family::NegativeBinomial { .. } = family { 1.0 / (1.0 + 0.5 * mean) } else { 1.0 };
                        weights[t] * (f64::from(responses[[i, t]]) - mean) * slope * design.standard()[[k, t]]
                    })
                    .sum();
                let pull = settings.ridge * fit.coefficients[k] * design.scale()[k];
                // The tolerance in units of the predictor.
                assert!((along / total - pull).abs() < 1e-9, "{family:?} {i} {k}: {} and {pull}", along / total);
            }
        }
        let start = fits(&problem, &[0, 1, 2, 3, 4, 5], None, &settings);
        let again = fits(&problem, &[0, 1, 2, 4], Some(&start), &settings);
        for (a, b) in found.iter().zip(&again) {
            assert!(a.coefficients.iter().zip(&b.coefficients).all(|(a, b)| (a - b).abs() < 1e-7), "{family:?}");
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let alone = pool.install(|| fits(&problem, &[0, 1, 2, 4], None, &settings));
        // NaN is not equal to itself, but written as it is.
        assert!(format!("{alone:?}") == format!("{found:?}"), "{family:?}");
    }
}

/// A column that has values in left-out frames alone has no coefficient, whatever a start knew of it.
#[test]
fn frames_without_weight_are_not_seen() {
    let mut columns = columns(3);
    columns[2][..1000].fill(0.25);
    let (design, mut responses) = (Design::new(&columns, FRAMES).unwrap(), responses(&columns, 9));
    let weights: Vec<f64> = (0..FRAMES).map(|t| f64::from(u8::from(t < 1000))).collect();
    let whole = vec![1.0; FRAMES];
    for family in FAMILIES {
        let settings = FitSettings::new(family);
        let of = |weights: &[f64], responses: &Array2<f32>, start: Option<&[Fit]>| {
            fits(&Problem { design: &design, responses: responses.view(), weights }, &[0, 1, 2], start, &settings)
        };
        let start = of(&whole, &responses, None);
        let found = of(&weights, &responses, Some(&start));
        for t in 1000..FRAMES {
            responses[[4, t]] = f32::NAN;
        }
        let blind = of(&weights, &responses, None);
        for (a, b) in found.iter().zip(&blind) {
            assert_eq!(a.status, Status::Converged);
            assert!(
                a.coefficients[2].abs() < 1e-9 && (a.coefficients[0] - b.coefficients[0]).abs() < 1e-8,
                "{a:?} {b:?}"
            );
        }
        for t in 1000..FRAMES {
            responses[[4, t]] = 1.0;
        }
    }
}

#[test]
fn neurons_and_columns_of_which_nothing_is_known_are_flagged() {
    let mut columns = columns(3);
    columns[1] = vec![0.1; FRAMES];
    let design = Design::new(&columns, FRAMES).unwrap();
    assert_eq!(design.constant(), [1]);
    let mut responses = responses(&columns, 6);
    responses.row_mut(0).fill(0.0);
    responses.row_mut(1).fill(1.0);
    responses[[2, 9]] = f32::NAN;
    responses[[3, 9]] = -1.0;
    let weights = vec![1.0; FRAMES];
    let problem = Problem { design: &design, responses: responses.view(), weights: &weights };
    for family in FAMILIES {
        let found = fits(&problem, &[0, 1, 2], None, &FitSettings::new(family));
        let expected = match family {
            Family::Gaussian => Status::Converged,
            _ => Status::Undefined,
        };
        let status: Vec<Status> = found.iter().map(|f| f.status).collect();
        let known = Status::Converged;
        assert_eq!(
            status,
            [Status::Constant, Status::Constant, Status::Undefined, expected, known, known],
            "{family:?}"
        );
        assert!(found[4].coefficients[1] == 0.0 && found[2].constant.is_nan());
        assert!(found[0].constant.is_finite() && found[1].constant.is_finite());
        let scores = score(&problem, &found, family, &AtomicBool::new(false)).unwrap();
        assert!(scores[2].log_likelihood.is_nan() && scores[4].deviance_explained() > 0.0);
        if family != Family::Gaussian {
            assert!(scores[0].log_likelihood.is_finite() && scores[1].log_likelihood.is_finite(), "{family:?}");
        }
        // No frame, no column.
        let none = vec![0.0; FRAMES];
        let nothing = Problem { weights: &none, ..problem };
        assert!(fits(&nothing, &[0], None, &FitSettings::new(family)).iter().all(|f| f.status == Status::Undefined));
        let constant = fits(&problem, &[], None, &FitSettings::new(family));
        assert!((family.mean(constant[4].constant) - constant[4].mean).abs() < 1e-9);
    }
}

/// A column in which no event was recorded has no finite coefficient.
#[test]
fn what_has_no_maximum_is_flagged() {
    let columns = vec![(0..FRAMES).map(|t| f64::from(u8::from(t % 7 == 0))).collect::<Vec<f64>>()];
    let design = Design::new(&columns, FRAMES).unwrap();
    let responses = Array2::from_shape_fn((1, FRAMES), |(_, t)| f32::from(u8::from(t % 7 != 0 && t % 3 == 0)));
    let weights = vec![1.0; FRAMES];
    let problem = Problem { design: &design, responses: responses.view(), weights: &weights };
    for family in [Family::Poisson, Family::Bernoulli] {
        let found = fits(&problem, &[0], None, &FitSettings::new(family));
        assert!(found[0].status == Status::Unbounded && found[0].coefficients[0].is_finite(), "{found:?}");
    }
}

#[test]
fn sizes_that_do_not_go_together_are_refused_and_a_stop_is_heard() {
    let columns = columns(2);
    let (design, responses) = (Design::new(&columns, FRAMES).unwrap(), responses(&columns, 2));
    assert!(Design::new(&[vec![0.0; 3]], 4).is_err() && Design::new(&[vec![0.0, f64::NAN]], 2).is_err());
    let weights = vec![1.0; FRAMES];
    let problem = Problem { design: &design, responses: responses.view(), weights: &weights };
    let (poisson, no) = (FitSettings::new(Family::Poisson), AtomicBool::new(false));
    assert!(fit(&problem, &[2], None, &poisson, &no).is_err());
    assert!(fit(&Problem { weights: &weights[1..], ..problem }, &[0], None, &poisson, &no).is_err());
    assert!(fit(&problem, &[0], None, &FitSettings { ridge: f64::NAN, ..poisson }, &no).is_err());
    let negative: Vec<f64> = vec![-1.0; FRAMES];
    assert!(fit(&Problem { weights: &negative, ..problem }, &[0], None, &poisson, &no).is_err());
    let yes = AtomicBool::new(true);
    assert!(fit(&problem, &[0], None, &poisson, &yes).unwrap().is_none());
    assert!(fit(&problem, &[0], None, &FitSettings::new(Family::Gaussian), &yes).unwrap().is_none());
}
