//! Silhouettes (Rousseeuw 1987): how much nearer an item is to those of its class than to those of the next one.

use rayon::prelude::*;

/// Euclidean distances of all pairs of items.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    items: usize,
    /// `[items][items]`.
    values: Vec<f64>,
}

impl Distances {
    /// Of `points`, `[items][features]`; none where there are no features.
    pub fn new(points: &[f64], features: usize) -> Self {
        let rows: Vec<&[f64]> = if features == 0 { Vec::new() } else { points.chunks_exact(features).collect() };
        let between = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let values = rows.par_iter().flat_map_iter(|a| rows.iter().map(move |b| between(a, b))).collect();
        Self { items: rows.len(), values }
    }

    /// The number of items.
    pub fn items(&self) -> usize {
        self.items
    }

    /// From one item to all, `[items]`; the number must be in range.
    pub fn from(&self, item: usize) -> &[f64] {
        &self.values[item * self.items..(item + 1) * self.items]
    }
}

/// A mean silhouette, and what it owes to each item.
#[derive(Clone, Debug, PartialEq)]
pub struct Influenced {
    /// Over items, by their weights.
    pub mean: f64,
    /// Its derivative by the weight of each item, `[items that were asked for]`.
    pub by_weight: Vec<f64>,
}

/// Where an item lies between its class and the next one.
struct Place {
    silhouette: f64,
    /// The nearest other class.
    next: usize,
    /// Mean distances to the own class and to the next one, and the weights that they are means over.
    own: (f64, f64),
    other: (f64, f64),
}

/// The silhouette (b − a) / max(a, b) of each of `items`, a being the mean distance to the others of its class and b the least
/// of the mean distances to the other classes. 0 for an item that is alone in its class, as in scikit-learn; NaN where there is
/// no other class.
///
/// `labels` and `weights` are those of `items`, in their order; means are over weights.
pub fn silhouettes(distances: &Distances, items: &[usize], labels: &[usize], weights: &[f64]) -> Vec<f64> {
    places(distances, items, labels, weights).iter().map(|p| p.silhouette).collect()
}

/// The mean of [`silhouettes`] by weights, with its derivative by each weight.
pub fn silhouette(distances: &Distances, items: &[usize], labels: &[usize], weights: &[f64]) -> Influenced {
    let places = places(distances, items, labels, weights);
    let total: f64 = weights.iter().sum();
    let mean = places.iter().zip(weights).map(|(p, w)| p.silhouette * w).sum::<f64>() / total;
    let mut by_weight: Vec<f64> = places.iter().map(|p| (p.silhouette - mean) / total).collect();
    for (i, (place, weight)) in places.iter().zip(weights).enumerate() {
        let ((a, within), (b, across)) = (place.own, place.other);
        if !(within > 0.0 && across > 0.0 && a.max(b) > 0.0) {
            continue;
        }
        let (by_a, by_b) = if a < b { (-1.0 / b, a / (b * b)) } else { (-b / (a * a), 1.0 / a) };
        let (by_a, by_b) = (weight * by_a / (within * total), weight * by_b / (across * total));
        let row = distances.from(items[i]);
        for (j, item) in items.iter().enumerate().filter(|(j, _)| *j != i) {
            if labels[j] == labels[i] {
                by_weight[j] += by_a * (row[*item] - a);
            } else if labels[j] == place.next {
                by_weight[j] += by_b * (row[*item] - b);
            }
        }
    }
    Influenced { mean, by_weight }
}

fn places(distances: &Distances, items: &[usize], labels: &[usize], weights: &[f64]) -> Vec<Place> {
    let classes = labels.iter().max().map_or(0, |last| last + 1);
    let (mut sums, mut of_class) = (vec![0.0; classes], vec![0.0; classes]);
    labels.iter().zip(weights).for_each(|(label, weight)| of_class[*label] += weight);
    let place = |i: usize| {
        sums.fill(0.0);
        let row = distances.from(items[i]);
        // The distance to itself is 0.
        for ((item, label), weight) in items.iter().zip(labels).zip(weights) {
            sums[*label] += weight * row[*item];
        }
        let label = labels[i];
        // What rounding leaves of the weight of an item that is alone is no weight.
        let alone = labels.iter().zip(weights).enumerate().all(|(j, (l, w))| j == i || *l != label || *w == 0.0);
        let within = if alone { 0.0 } else { of_class[label] - weights[i] };
        let others = (0..classes).filter(|c| *c != label && of_class[*c] > 0.0);
        let next = others.min_by(|c, d| (sums[*c] / of_class[*c]).total_cmp(&(sums[*d] / of_class[*d])));
        let Some(next) = next else {
            let none = (f64::NAN, 0.0);
            return Place { silhouette: f64::NAN, next: label, own: none, other: none };
        };
        let (a, b) = (sums[label] / within, sums[next] / of_class[next]);
        let silhouette = if alone || a.max(b) == 0.0 { 0.0 } else { (b - a) / a.max(b) };
        Place { silhouette, next, own: (a, within), other: (b, of_class[next]) }
    };
    (0..items.len()).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    fn made_up() -> (Distances, Vec<usize>, Vec<f64>) {
        let rng = Rng::new(3, 0, Stream::Synthetic);
        let labels: Vec<usize> = (0..24).map(|i| i % 3).collect();
        let point = |i: usize| (0..4).map(move |k| rng.normal((4 * i + k) as u32) + f64::from(u8::from(k == i % 3)));
        let points: Vec<f64> = (0..24).flat_map(point).collect();
        (Distances::new(&points, 4), labels, (0..24).map(|i| 0.5 + f64::from(i % 5)).collect())
    }

    #[test]
    fn the_influence_is_the_derivative_by_the_weight() {
        let (distances, labels, weights) = made_up();
        let items: Vec<usize> = (0..24).collect();
        let found = silhouette(&distances, &items, &labels, &weights);
        for i in items.iter().copied() {
            let at = |step: f64| {
                let mut moved = weights.clone();
                moved[i] += step;
                silhouette(&distances, &items, &labels, &moved).mean
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            // Central differences: an error of about step² and of rounding / step.
            assert!((slope - found.by_weight[i]).abs() < 1e-8, "{i}: {slope} {}", found.by_weight[i]);
        }
    }

    /// A weight of two is an item twice, but for the distance of nothing between its copies.
    #[test]
    fn weights_count_items_and_nothing_is_its_own_neighbour() {
        let distances = Distances::new(&[0.0, 1.0, 5.0, 7.0], 1);
        let items = [0, 1, 2, 3];
        let found = silhouettes(&distances, &items, &[0, 0, 1, 1], &[1.0, 1.0, 2.0, 1.0]);
        // Item 0: a = 1, b = (2 · 5 + 7) / 3. Item 2: a = 2 to item 3 alone, b = (5 + 4) / 2.
        assert!((found[0] - (1.0 - 3.0 / 17.0)).abs() < 1e-15 && (found[2] - (1.0 - 2.0 / 4.5)).abs() < 1e-15);
        let alone = silhouettes(&distances, &[0, 1, 2], &[0, 0, 1], &[1.0; 3]);
        assert_eq!(alone[2], 0.0);
        assert!(silhouettes(&distances, &[0, 1], &[0, 0], &[1.0; 2])[0].is_nan());
        assert_eq!(silhouettes(&Distances::new(&[1.0; 4], 1), &items, &[0, 0, 1, 1], &[1.0; 4]), [0.0; 4]);
    }
}
