//! Pictures of points: t-SNE (van der Maaten and Hinton 2008, by the trees of van der Maaten 2014).

use crate::error::{Error, Result, ensure};
use crate::rng::{Rng, Stream};
use bhtsne::{Neighbor, SparseAffinities, tSNE};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most points that are embedded.
pub const MOST_POINTS: usize = 5000;
/// Steps of gradient descent, and those at the begin in which points attract each other more strongly: as in scikit-learn.
const EPOCHS: usize = 1000;
const EXAGGERATED: usize = 250;
const EXAGGERATION: f64 = 12.0;
/// Steps between two looks at whether to stop, with 5000 points about a second on one core.
const CHUNK: usize = 25;
/// The accuracy of the trees.
const THETA: f64 = 0.5;
/// The picture begins so small (standard deviation of its first axis), with noise of a hundredth of it.
const BEGIN: f64 = 1e-4;

/// Coordinates of `points` in a picture, `[points][2]`; `None` if it was asked to stop, which it looks at every 25 steps.
///
/// `points` are `[points][features]`, those of most variance first, as principal components are: the first two are where the
/// picture begins. `perplexity` is about how many neighbours a point has. Nothing depends on the clock, on the number of
/// threads or on entropy of the machine: the same points give the same bits. For that, descent runs on one thread, neighbours
/// are found by all distances, and momenta begin anew after each look at `stop`.
///
/// # Errors
/// With more than 5000 points, fewer than 3 · perplexity + 2 or than 5, a perplexity below 1, or numbers that are not finite.
pub fn embed(points: &[f64], features: usize, perplexity: f64, stop: &AtomicBool) -> Result<Option<Vec<[f64; 2]>>> {
    let n = check(points, features, perplexity)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|e| Error::run(format!("A thread for an embedding could not be started: {e}.")))?;
    let Some(neighbours) = neighbours(points, features, (3.0 * perplexity) as usize, stop) else { return Ok(None) };
    Ok(pool.install(|| descend(&begin(points, features), n, perplexity, &neighbours, stop)))
}

fn check(points: &[f64], features: usize, perplexity: f64) -> Result<usize> {
    let n = points.len().checked_div(features).unwrap_or(0);
    ensure!(
        (5..=MOST_POINTS).contains(&n) && n * features == points.len(),
        "An embedding needs 5 to {MOST_POINTS} points; found {n}. Take a part of them."
    );
    ensure!(
        perplexity >= 1.0 && 3.0 * perplexity + 1.0 < n as f64,
        "`perplexity = {perplexity}`: expected 1 to less than {:.1} with {n} points, a third of them. Choose a smaller one.",
        (n as f64 - 1.0) / 3.0
    );
    ensure!(points.iter().all(|v| v.is_finite()), "An embedding needs finite numbers; found NaN or infinity.");
    Ok(n)
}

/// The nearest points of each, the nearest first, of those alike near the first; `None` if it was asked to stop.
fn neighbours(points: &[f64], features: usize, count: usize, stop: &AtomicBool) -> Option<Vec<Vec<Neighbor<f64>>>> {
    let between = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let nearer = |a: &Neighbor<f64>, b: &Neighbor<f64>| a.distance.total_cmp(&b.distance).then(a.index.cmp(&b.index));
    let nearest = |(i, own): (usize, &[f64])| {
        let others = points.chunks_exact(features).enumerate().filter(|(j, _)| *j != i);
        let mut all: Vec<Neighbor<f64>> =
            others.map(|(index, other)| Neighbor { index, distance: between(own, other) }).collect();
        if count < all.len() {
            all.select_nth_unstable_by(count, nearer);
            all.truncate(count);
        }
        all.sort_unstable_by(nearer);
        (!stop.load(Ordering::Relaxed)).then_some(all)
    };
    points.par_chunks_exact(features).enumerate().map(nearest).collect()
}

/// The first two features, small; noise parts points that are alike in them.
fn begin(points: &[f64], features: usize) -> Vec<f64> {
    let rows = || points.chunks_exact(features);
    let n = rows().len() as f64;
    let mean = rows().map(|row| row[0]).sum::<f64>() / n;
    let sd = (rows().map(|row| (row[0] - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = if sd > 0.0 { BEGIN / sd } else { 0.0 };
    let rng = Rng::new(0, 0, Stream::Population);
    let at = |(i, row): (usize, &[f64])| {
        let (x, y) = (row[0] - mean, row.get(1).copied().unwrap_or(0.0));
        let noise = |k: usize| 0.01 * BEGIN * rng.normal((2 * i + k) as u32);
        [scale * x + noise(0), scale * y + noise(1)]
    };
    rows().enumerate().flat_map(at).collect()
}

fn descend(
    begin: &[f64],
    n: usize,
    perplexity: f64,
    neighbours: &[Vec<Neighbor<f64>>],
    stop: &AtomicBool,
) -> Option<Vec<[f64; 2]>> {
    let samples = vec![(); n];
    let rate = (n as f64 / EXAGGERATION / 4.0).max(50.0);
    let (mut at, mut affinities) = (begin.to_vec(), None::<SparseAffinities<f64>>);
    for epoch in (0..EPOCHS).step_by(CHUNK) {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        let (exaggeration, momentum) = if epoch < EXAGGERATED { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
        let mut tsne: tSNE<f64, (), 2> = tSNE::new(&samples);
        tsne.perplexity(perplexity).learning_rate(rate).epochs(CHUNK).initial_embedding(at);
        tsne.early_exaggeration(exaggeration).momentum(momentum);
        // Both change between chunks only.
        tsne.stop_lying_epoch(usize::MAX).momentum_switch_epoch(usize::MAX);
        match affinities.take() {
            None => tsne.barnes_hut_with_neighbors(THETA, neighbours),
            Some(known) => tsne.with_affinities(known).barnes_hut(THETA, |(), ()| 0.0),
        };
        at = tsne.embedding();
        affinities = tsne.affinities();
    }
    Some(at.as_chunks::<2>().0.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(n: usize, features: usize) -> Vec<f64> {
        let rng = Rng::new(5, 0, Stream::Synthetic);
        let value = |i: usize, f: usize| rng.normal((i * features + f) as u32) + if i % 3 == f { 8.0 } else { 0.0 };
        (0..n).flat_map(|i| (0..features).map(move |f| value(i, f))).collect()
    }

    #[test]
    fn the_same_points_give_the_same_bits_on_any_number_of_threads() {
        let points = clusters(60, 5);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| embed(&points, 5, 8.0, &AtomicBool::new(false)).unwrap().unwrap())
        };
        let first = on(1);
        assert_eq!(first, on(1));
        assert_eq!(first, on(3));
        assert!(first.iter().flatten().all(|v| v.is_finite()));
        assert!(embed(&points, 5, 8.0, &AtomicBool::new(true)).unwrap().is_none());
    }

    #[test]
    fn points_that_are_alike_and_lines_are_embedded_and_nonsense_is_refused() {
        let go = AtomicBool::new(false);
        for points in [vec![0.0; 40], (0..40).map(f64::from).collect()] {
            let found = embed(&points, 1, 5.0, &go).unwrap().unwrap();
            assert!(found.len() == 40 && found.iter().flatten().all(|v| v.is_finite()));
        }
        assert!(embed(&[0.0; 40], 1, 13.5, &go).unwrap_err().to_string().contains("`perplexity"));
        assert!(embed(&[f64::NAN; 40], 1, 5.0, &go).is_err() && embed(&[0.0; 4], 1, 1.0, &go).is_err());
        assert!(embed(&[], 0, 1.0, &go).is_err() && embed(&[0.0; 40], 1, f64::NAN, &go).is_err());
    }
}
