//! How long generalised linear models take; numbers, not claims:
//! `cargo test --release --test glm_speed -- --ignored --nocapture`. `AON_NEURONS` and `AON_FRAMES` change the size.
#![allow(missing_docs)]

use aon::analysis::glm::{Design, Family, Fit, FitSettings, Moments, Problem, fit, score, score_gaussian};
use aon::rng::{Draws, Rng, Stream};
use ndarray::Array2;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

const COLUMNS: usize = 24;
const FOLDS: usize = 10;

fn size(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

/// Slow columns, as covariates and bouts are, and counts of about one in five frames.
fn made(neurons: usize, frames: usize) -> (Design, Array2<f32>) {
    let columns: Vec<Vec<f64>> = (0..COLUMNS)
        .map(|k| {
            let mut draws = Draws::new(Rng::new(1, k as u32, Stream::Synthetic));
            let kept = 1.0 - 1.0 / (5.0 + 10.0 * k as f64);
            let mut value = 0.0;
            (0..frames)
                .map(|_| {
                    value = kept * value + (1.0 - kept * kept).sqrt() * draws.normal();
                    value
                })
                .collect()
        })
        .collect();
    let mut responses = Array2::zeros((neurons, frames));
    for (i, mut row) in responses.rows_mut().into_iter().enumerate() {
        let mut draws = Draws::new(Rng::new(2, i as u32, Stream::Synthetic));
        let weights: Vec<f64> = (0..COLUMNS).map(|_| 0.1 * draws.normal()).collect();
        for (t, y) in row.iter_mut().enumerate() {
            let eta = -1.7 + weights.iter().zip(&columns).map(|(w, c)| w * c[t]).sum::<f64>();
            let mut left = draws.exponential();
            while left < eta.exp() {
                *y += 1.0;
                left += draws.exponential();
            }
        }
    }
    (Design::new(&columns, frames).unwrap(), responses)
}

/// Seconds of all processors that this program has taken (Linux; NaN elsewhere): what counts where others work, too.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |k: usize| fields.get(k).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn taken((begin, processors): (Instant, f64)) -> String {
    format!("{:.2?} ({:.1} s of processors)", begin.elapsed(), processor_seconds() - processors)
}

#[test]
#[ignore = "takes minutes, and means something in release alone"]
fn models_of_many_neurons_are_fitted_in_seconds() {
    let (neurons, frames) = (size("AON_NEURONS", 1000), size("AON_FRAMES", 100_000));
    let (design, responses) = made(neurons, frames);
    let stop = AtomicBool::new(false);
    let whole = vec![1.0; frames];
    let problem = |weights| Problem { design: &design, responses: responses.view(), weights };
    let all: Vec<usize> = (0..COLUMNS).collect();
    let poisson = FitSettings::new(Family::Poisson);
    let begin = (Instant::now(), processor_seconds());
    let full = fit(&problem(&whole), &all, None, &poisson, &stop).unwrap().unwrap();
    let evaluations = full.iter().map(|f| f.iterations).sum::<usize>() as f64 / neurons as f64;
    println!("Poisson, {neurons} × {frames}, {COLUMNS} columns: {}, {evaluations:.1} evaluations", taken(begin));
    // Blocks of a hundredth, dealt in turn.
    let fold = |t: usize| t * 100 / frames % FOLDS;
    let masks: Vec<[Vec<f64>; 2]> = (0..FOLDS)
        .map(|k| {
            [false, true].map(|tested| (0..frames).map(|t| f64::from(u8::from((fold(t) == k) == tested))).collect())
        })
        .collect();
    let models: [Vec<usize>; 4] = [0..8, 0..16, 8..24, 0..24].map(Iterator::collect);
    let begin = (Instant::now(), processor_seconds());
    let mut bits = 0.0;
    for model in &models {
        let whole_fit = fit(&problem(&whole), model, Some(&full), &poisson, &stop).unwrap().unwrap();
        for [train, test] in &masks {
            let fits: Vec<Fit> = fit(&problem(train), model, Some(&whole_fit), &poisson, &stop).unwrap().unwrap();
            let scores = score(&problem(test), &fits, Family::Poisson, &stop).unwrap();
            bits += scores.iter().map(aon::analysis::glm::Score::bits).sum::<f64>();
        }
    }
    println!("Poisson, {FOLDS} folds × 4 models: {} ({bits:.0} bits)", taken(begin));
    let gaussian = FitSettings::new(Family::Gaussian);
    let begin = (Instant::now(), processor_seconds());
    let origin = Moments::origin(&problem(&whole));
    let moments = Moments::new(&problem(&whole), &origin, &stop).unwrap();
    let mut bits = 0.0;
    for [_, test] in &masks {
        let tested = Moments::new(&problem(test), &origin, &stop).unwrap();
        let train = moments.without(&tested);
        for model in &models {
            let fits = train.fit(&design, model, &gaussian);
            bits += score_gaussian(&tested, &design, &fits).iter().map(aon::analysis::glm::Score::bits).sum::<f64>();
        }
    }
    println!("Gaussian, {FOLDS} folds × 4 models: {} ({bits:.0} bits)", taken(begin));
}
