//! Population decoders: against scikit-learn, and on data whose information is known.
#![allow(missing_docs)]

use aon::analysis::decoding::{
    Decoder, DecodingScore, Settings, Trials, auc, chance, cross_validate, cross_validate_on, probabilities,
    stratified_folds,
};
use aon::analysis::statistics::quantile;
use aon::rng::{Rng, Stream};

#[derive(serde::Deserialize)]
struct Case {
    trials: usize,
    windows: usize,
    neurons: usize,
    classes: usize,
    components: usize,
    l2: f64,
    /// Rates times 4096.
    values: Vec<f32>,
    labels: Vec<usize>,
    folds: Vec<usize>,
    cross_validated: Vec<[f64; 2]>,
    training: Vec<usize>,
    test: Vec<usize>,
    probabilities: Vec<f64>,
    scores: Vec<[f64; 2]>,
}

impl Case {
    /// Four cases: two and three classes, overlapping and separable, with fewer and more components than the rank.
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("reference/decoding.json")).unwrap()
    }

    fn data(&self) -> Trials {
        let values = self.values.iter().map(|v| v / 4096.0).collect();
        Trials::new(values, self.trials, self.windows, self.neurons).unwrap()
    }

    fn settings(&self) -> Settings {
        Settings { components: self.components, l2: self.l2, ..Settings::default() }
    }
}

fn at(labels: &[usize], chosen: &[usize]) -> Vec<usize> {
    chosen.iter().map(|i| labels[*i]).collect()
}

fn assert_scores(ours: &[DecodingScore], reference: &[[f64; 2]]) {
    assert_eq!(ours.len(), reference.len());
    for (ours, [accuracy, auc]) in ours.iter().zip(reference) {
        assert!((ours.accuracy - accuracy).abs() < 1e-12, "{ours:?} {accuracy}");
        assert!((ours.auc - auc).abs() < 1e-12, "{ours:?} {auc}");
    }
}

/// scikit-learn stops at gradients of 1e-12; the folded weights round at 1e-12 or so of the largest product.
#[test]
fn probabilities_of_unseen_trials_equal_those_of_scikit_learn() {
    for (number, case) in Case::all().iter().enumerate() {
        let (data, labels) = (case.data(), &case.labels);
        let decoder = Decoder::fit(
            &data.select(&case.training).unwrap(),
            &at(labels, &case.training),
            case.classes,
            &case.settings(),
        )
        .unwrap();
        let test = data.select(&case.test).unwrap();
        let ours = probabilities(&decoder.linear().scores(&test).unwrap(), case.classes);
        let worst = ours.iter().zip(&case.probabilities).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
        assert_eq!(ours.len(), case.probabilities.len());
        assert!(worst < 1e-9, "case {number}: {worst:e}");
        assert_scores(&decoder.evaluate(&test, &at(labels, &case.test)).unwrap(), &case.scores);
    }
}

#[test]
fn cross_validated_scores_equal_those_of_scikit_learn_on_the_same_folds() {
    for case in Case::all() {
        let ours = cross_validate_on(&case.data(), &case.labels, case.classes, &case.folds, &case.settings()).unwrap();
        assert_scores(&ours, &case.cross_validated);
    }
}

/// 200 trials of 4 windows and 12 neurons, labels 0 and 1 in turn; class 1 has a higher rate of neuron 3 in window 2 by
/// `signal` standard deviations.
fn planted(signal: f64) -> (Trials, Vec<usize>) {
    let rng = Rng::new(11, 0, Stream::Synthetic);
    let (trials, windows, neurons) = (200, 4, 12);
    let values = (0..trials * windows * neurons).map(|i| {
        let (trial, window, neuron) = (i / neurons / windows, i / neurons % windows, i % neurons);
        let shift = if trial % 2 == 1 && window == 2 && neuron == 3 { signal } else { 0.0 };
        (0.5 + 0.1 * (rng.normal(i as u32) + shift)) as f32
    });
    (Trials::new(values.collect(), trials, windows, neurons).unwrap(), (0..trials).map(|i| i % 2).collect())
}

#[test]
fn the_planted_window_is_found_and_no_other() {
    let (trials, labels) = planted(2.5);
    let settings = Settings { seed: 4, ..Settings::default() };
    let scores = cross_validate(&trials, &labels, 2, &settings).unwrap();
    let null = chance(&trials, &labels, 2, &settings, 100).unwrap();
    for (window, score) in scores.iter().enumerate() {
        // Largest of any window in each permutation: a family-wise error of 1 %.
        let highest = |measure: &[Vec<f64>]| {
            let maxima: Vec<f64> = measure.iter().map(|w| w.iter().copied().fold(0.0, f64::max)).collect();
            quantile(&maxima, 0.99)
        };
        assert_eq!(score.accuracy > highest(&null.accuracy), window == 2, "{window}: {score:?}");
        assert_eq!(score.auc > highest(&null.auc), window == 2, "{window}: {score:?}");
    }
    // Neuron 3 alone is the best read-out there is. Learning which of 12 neurons it is, from 160 trials, costs little.
    let rates: Vec<f64> = (0..200).map(|trial| f64::from(trials.row(trial, 2)[3])).collect();
    let best = auc(&rates, &labels.iter().map(|l| *l == 1).collect::<Vec<_>>());
    assert!(best > 0.9 && scores[2].auc < best + 0.01 && scores[2].auc > best - 0.05, "{:?}, best {best}", scores[2]);
}

#[test]
fn without_signal_scores_are_at_chance_and_the_null_covers_them() {
    let (trials, labels) = planted(0.0);
    let settings = Settings { seed: 1, ..Settings::default() };
    let scores = cross_validate(&trials, &labels, 2, &settings).unwrap();
    let null = chance(&trials, &labels, 2, &settings, 60).unwrap();
    for window in 0..4 {
        let of_window = |measure: &[Vec<f64>]| measure.iter().map(|w| w[window]).collect::<Vec<f64>>();
        let (accuracy, auc) = (of_window(&null.accuracy), of_window(&null.auc));
        // 60 means of 200 trials, standard deviation about 0.04 each: standard error 0.005.
        for (values, score) in [(&accuracy, scores[window].accuracy), (&auc, scores[window].auc)] {
            let mean = aon::analysis::statistics::mean(values);
            assert!((mean - 0.5).abs() < 0.02, "{window}: mean of the null {mean}");
            assert!((score - 0.5).abs() < 0.15, "{window}: {score}");
            assert!(quantile(values, 0.0) <= score && score <= quantile(values, 1.0), "{window}: {score}");
        }
    }
}

/// Sums run in a fixed order inside every task, whatever thread takes it.
#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (trials, labels) = planted(1.0);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let settings = Settings::default();
            let decoder = Decoder::fit(&trials, &labels, 2, &settings).unwrap();
            (
                decoder.linear().scores(&trials).unwrap(),
                cross_validate(&trials, &labels, 2, &settings).unwrap(),
                chance(&trials, &labels, 2, &settings, 3).unwrap(),
                decoder,
            )
        })
    };
    assert!(run(1) == run(3));
}

#[test]
fn the_folded_weights_are_the_scores() {
    let (trials, labels) = planted(1.0);
    let decoder = Decoder::fit(&trials, &labels, 2, &Settings { components: 5, ..Settings::default() }).unwrap();
    let linear = decoder.linear();
    assert_eq!((decoder.components(), linear.outputs(), linear.weights().len()), (5, 1, 4 * 12));
    let scores = linear.scores(&trials).unwrap();
    for (trial, window) in [(0, 0), (17, 2), (199, 3)] {
        let weights = &linear.weights()[window * 12..(window + 1) * 12];
        let product: f64 = weights.iter().zip(trials.row(trial, window)).map(|(w, r)| w * f64::from(*r)).sum();
        assert!((scores[trial * 4 + window] - product - linear.intercepts()[window]).abs() < 1e-12);
    }
}

/// Cross-decoding: what separates classes 0 and 1 in one half of the trials separates them in the other.
#[test]
fn a_decoder_reads_trials_it_was_not_trained_on() {
    let (trials, labels) = planted(3.0);
    let (first, second): (Vec<usize>, Vec<usize>) = (0..200).partition(|i| *i < 100);
    let decoder = Decoder::fit(&trials.select(&first).unwrap(), &at(&labels, &first), 2, &Settings::default()).unwrap();
    let scores = decoder.evaluate(&trials.select(&second).unwrap(), &at(&labels, &second)).unwrap();
    assert!(scores[2].auc > 0.9 && scores[0].auc < 0.75, "{scores:?}");
    // One class only: an accuracy, and no area.
    let ones: Vec<usize> = (1..200).step_by(2).collect();
    let scores = decoder.evaluate(&trials.select(&ones).unwrap(), &at(&labels, &ones)).unwrap();
    assert!(scores[2].accuracy > 0.8 && scores[2].auc.is_nan());
}

#[test]
fn constant_rates_teach_the_frequencies_of_the_classes() {
    let trials = Trials::new(vec![0.3; 12 * 2 * 3], 12, 2, 3).unwrap();
    let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
    let decoder = Decoder::fit(&trials, &labels, 3, &Settings::default()).unwrap();
    assert_eq!(decoder.components(), 0);
    let p = probabilities(&decoder.linear().scores(&trials).unwrap(), 3);
    assert!(p.chunks_exact(3).all(|p| (p[0] - 0.5).abs() < 1e-9 && (p[1] - 0.25).abs() < 1e-9));
    let scores = cross_validate(&trials, &labels, 3, &Settings { folds: 3, ..Settings::default() }).unwrap();
    assert!(scores.iter().all(|s| (s.accuracy - 0.5).abs() < 1e-12 && s.auc == 0.5), "{scores:?}");
}

#[test]
fn what_cannot_be_decoded_is_refused_in_a_sentence() {
    let (trials, mut labels) = planted(1.0);
    let settings = Settings::default();
    let message = |result: aon::error::Result<Decoder>| result.unwrap_err().to_string();
    assert!(message(Decoder::fit(&trials, &labels, 3, &settings)).contains("none of class 2"));
    assert!(message(Decoder::fit(&trials, &labels, 1, &settings)).contains("at least two classes"));
    assert!(message(Decoder::fit(&trials, &labels[1..], 2, &settings)).contains("found 199"));
    assert!(message(Decoder::fit(&trials, &labels, 2, &Settings { l2: 0.0, ..settings })).contains("positive"));
    let decoder = Decoder::fit(&trials, &labels, 2, &settings).unwrap();
    assert!(decoder.linear().scores(&Trials::new(vec![0.0; 36], 1, 3, 12).unwrap()).is_err());
    // All of class 1 in one fold: the others cannot teach it.
    let folds: Vec<usize> = labels.clone();
    let message = cross_validate_on(&trials, &labels, 2, &folds, &settings).unwrap_err().to_string();
    assert!(message.contains("training set of fold 0"), "{message}");
    for folds in [vec![0; 200], labels.iter().map(|l| 2 * l).collect(), vec![usize::MAX; 200], vec![]] {
        assert!(cross_validate_on(&trials, &labels, 2, &folds, &settings).is_err());
    }
    assert!(
        cross_validate_on(&trials, &labels, 2, &stratified_folds(&labels, 2, 5, 0).unwrap()[1..], &settings).is_err()
    );
    labels[7] = 5;
    assert!(cross_validate(&trials, &labels, 2, &settings).unwrap_err().to_string().contains("found 5"));
    assert!(Trials::new(vec![f32::NAN; 4], 2, 1, 2).unwrap_err().to_string().contains("neuron 1 in trial 1"));
    assert!(Trials::new(vec![], 0, 1, 2).is_err() && trials.select(&[200]).is_err() && trials.select(&[]).is_err());
}
