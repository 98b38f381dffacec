//! Measures of populations against scikit-learn and NumPy: tests/reference/population_reference.py.
#![allow(missing_docs)]

use aon::analysis::decoding::{Decoder, Settings, Trials, balanced_accuracy, decisions, probabilities};
use aon::analysis::pca::Pca;
use aon::analysis::population::{
    Distances, alignment_index, embed, silhouette, silhouettes, soft_factors, trustworthiness,
};
use std::sync::atomic::AtomicBool;

#[derive(serde::Deserialize)]
struct Reference {
    silhouettes: Vec<Silhouettes>,
    decoders: Vec<Weighed>,
    alignments: Vec<Aligned>,
    embeddings: Vec<Embedded>,
}

#[derive(serde::Deserialize)]
struct Silhouettes {
    features: usize,
    values: Vec<f64>,
    labels: Vec<usize>,
    samples: Vec<f64>,
    mean: f64,
}

#[derive(serde::Deserialize)]
struct Weighed {
    features: usize,
    classes: usize,
    training: usize,
    values: Vec<f64>,
    labels: Vec<usize>,
    probabilities: Vec<f64>,
    predicted: Vec<usize>,
    balanced_accuracy: f64,
}

#[derive(serde::Deserialize)]
struct Aligned {
    neurons: usize,
    axes: usize,
    soften: f64,
    executed: Vec<f64>,
    observed: Vec<f64>,
    observed_on_executed: f64,
    executed_on_observed: f64,
}

#[derive(serde::Deserialize)]
struct Embedded {
    features: usize,
    perplexity: f64,
    values: Vec<f64>,
    /// Of scikit-learn's t-SNE, of 5 and of 12 neighbours.
    tsne: [f64; 2],
    plane: Vec<f64>,
    of_plane: [f64; 2],
}

const NEIGHBOURS: [usize; 2] = [5, 12];

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/population.json")).unwrap()
}

fn scaled(values: &[f64]) -> Vec<f64> {
    values.iter().map(|v| v / 4096.0).collect()
}

/// Sums of at most 40 distances in double precision.
#[test]
fn silhouettes_are_those_of_scikit_learn() {
    for case in reference().silhouettes {
        let n = case.labels.len();
        let distances = Distances::new(&scaled(&case.values), case.features);
        let (items, even): (Vec<usize>, Vec<f64>) = (0..n).map(|i| (i, 1.0)).unzip();
        let found = silhouettes(&distances, &items, &case.labels, &even);
        for (found, expected) in found.iter().zip(&case.samples) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        let found = silhouette(&distances, &items, &case.labels, &even);
        assert!((found.mean - case.mean).abs() < 1e-9);
    }
}

/// As tests/decoding.rs: scikit-learn stops at gradients of 1e-12.
#[test]
fn balanced_decoders_and_accuracy_are_those_of_scikit_learn() {
    for case in reference().decoders {
        let values: Vec<f32> = case.values.iter().map(|v| *v as f32 / 4096.0).collect();
        let (training, test) = values.split_at(case.training * case.features);
        let trials =
            |values: &[f32]| Trials::new(values.to_vec(), values.len() / case.features, 1, case.features).unwrap();
        let settings = Settings { components: 5, balanced: true, ..Settings::default() };
        let (known, unknown) = case.labels.split_at(case.training);
        let decoder = Decoder::fit(&trials(training), known, case.classes, &settings).unwrap();
        let scores = decoder.linear().scores(&trials(test)).unwrap();
        for (found, expected) in probabilities(&scores, case.classes).iter().zip(&case.probabilities) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        let predicted = decisions(&scores, case.classes);
        assert_eq!(predicted, case.predicted);
        assert!((balanced_accuracy(unknown, &predicted) - case.balanced_accuracy).abs() < 1e-9);
        let plain =
            Decoder::fit(&trials(training), known, case.classes, &Settings { balanced: false, ..settings }).unwrap();
        assert_ne!(plain.linear().scores(&trials(test)).unwrap(), scores);
    }
}

/// Squared singular values against eigenvalues of a covariance: both round at 1e-13 of the largest.
#[test]
fn alignment_indices_are_those_of_numpy() {
    for case in reference().alignments {
        let (n, [a, b]) = (case.neurons, [&case.executed, &case.observed].map(|v| scaled(v)));
        let factors = soft_factors(&[a.clone(), b.clone()].concat(), n, case.soften);
        let divided = |rates: &[f64]| -> Vec<f64> {
            rates.chunks_exact(n).flat_map(|row| row.iter().zip(&factors).map(|(v, f)| v / f)).collect()
        };
        let (a, b) = (divided(&a), divided(&b));
        let found = alignment_index(&b, &a, n, case.axes).unwrap();
        assert!((found - case.observed_on_executed).abs() < 1e-9, "{found} {}", case.observed_on_executed);
        let found = alignment_index(&a, &b, n, case.axes).unwrap();
        assert!((found - case.executed_on_observed).abs() < 1e-9, "{found} {}", case.executed_on_observed);
    }
}

#[test]
fn trustworthiness_is_that_of_scikit_learn_and_embeddings_are_as_good() {
    for case in reference().embeddings {
        let values: Vec<f32> = case.values.iter().map(|v| *v as f32 / 4096.0).collect();
        let pca = Pca::fit(&values, case.features, case.features).unwrap();
        let scores = pca.project(&values).unwrap();
        let data = Distances::new(&scaled(&case.values), case.features);
        let plane = Distances::new(&scaled(&case.plane), 2);
        let found = embed(&scores, pca.len(), case.perplexity, &AtomicBool::new(false)).unwrap().unwrap();
        let found = Distances::new(found.as_flattened(), 2);
        for (place, k) in NEIGHBOURS.into_iter().enumerate() {
            assert!((trustworthiness(&data, &plane, k) - case.of_plane[place]).abs() < 1e-9);
            let (ours, theirs) = (trustworthiness(&data, &found, k), case.tsne[place]);
            println!("{k} neighbours of {}: {ours:.4}, scikit-learn {theirs:.4}", data.items());
            assert!(ours > theirs - 0.02, "{ours} {theirs}");
        }
        assert!(trustworthiness(&data, &plane, 0).is_nan() && trustworthiness(&data, &plane, data.items()).is_nan());
    }
}
