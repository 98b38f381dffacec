//! How well rates are reproduced: sums over bins, the score of a neuron, the summary of a group.

use crate::data::rounding::is_constant;
use serde::Deserialize as _;

/// R² above which a neuron counts as well fitted in the summaries.
pub const GOOD_FIT: f64 = 0.8;

/// Sums of one neuron over some bins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums {
    pub(super) count: usize,
    pub(super) mean: f64,
    min: f32,
    max: f32,
    /// Σ (recorded − mean)²; see [`Self::variation`].
    pub(super) sst: f64,
    /// Σ (recorded − modelled)².
    pub(super) sse: f64,
}

impl Default for Sums {
    fn default() -> Self {
        Self { count: 0, mean: 0.0, min: f32::INFINITY, max: f32::NEG_INFINITY, sst: 0.0, sse: 0.0 }
    }
}

impl Sums {
    pub(super) fn include(&mut self, rate: f32) {
        self.count += 1;
        self.mean += f64::from(rate);
        self.min = self.min.min(rate);
        self.max = self.max.max(rate);
    }

    /// The sums over several disjoint sets of bins: the deviations around the common mean are those within the sets
    /// plus those of the sets' means.
    pub(super) fn joined<'a>(parts: impl Iterator<Item = &'a Sums> + Clone) -> Self {
        let count = parts.clone().map(|p| p.count).sum::<usize>();
        let mean = parts.clone().map(|p| p.mean * p.count as f64).sum::<f64>() / count.max(1) as f64;
        parts.fold(Self { count, mean, ..Self::default() }, |a, p| Self {
            min: a.min.min(p.min),
            max: a.max.max(p.max),
            sst: a.sst + p.sst + p.count as f64 * (p.mean - mean).powi(2),
            sse: a.sse + p.sse,
            ..a
        })
    }

    /// The same sums about the mean of others, `training`.
    pub(super) fn about(&self, training: &Self) -> Self {
        Self {
            mean: training.mean,
            min: self.min.min(training.min),
            max: self.max.max(training.max),
            sst: self.sst + self.count as f64 * (self.mean - training.mean).powi(2),
            ..*self
        }
    }

    /// SST, 0 where the rates differ by rounding only. They are compared, since the mean of equal f32 values rounds as well.
    pub(super) fn variation(&self) -> f64 {
        if is_constant(self.min, self.max) { 0.0 } else { self.sst }
    }

    pub(super) fn score(&self) -> Score {
        let variation = self.variation();
        Score {
            r2: if variation > 0.0 { 1.0 - self.sse / variation } else { f64::NAN },
            rmse: (self.sse / self.count as f64).sqrt(),
        }
    }
}

/// How well one neuron is reproduced over some bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// R² = 1 − SSE/SST, SST around the neuron's mean over the same bins, or in held-out conditions over those that were
    /// trained on. At most 1; negative where that mean would have been the better prediction. NaN (undefined) for a neuron whose recorded rate is constant over the bins, or
    /// that has none.
    pub r2: f64,
    /// Root mean square error, in the unit of the rates; NaN without bins.
    pub rmse: f64,
}

/// A summary of the scores of some neurons. R² that is undefined is counted, and left out of everything else.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Neurons in the group.
    pub neurons: usize,
    /// Those among them whose R² is undefined (constant recorded rate).
    pub undefined: usize,
    /// Median R²; NaN where no neuron has one.
    #[serde(deserialize_with = "nan_if_null")]
    pub median_r2: f64,
    /// Mean R²; NaN where no neuron has one.
    #[serde(deserialize_with = "nan_if_null")]
    pub mean_r2: f64,
    /// Fraction of the neurons with a defined R² whose R² exceeds [`GOOD_FIT`]; NaN where there are none.
    #[serde(deserialize_with = "nan_if_null")]
    pub fraction_above_0_8: f64,
    /// Median root mean square error; NaN without neurons.
    #[serde(deserialize_with = "nan_if_null")]
    pub median_rmse: f64,
}

/// JSON writes NaN as null.
fn nan_if_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::<f64>::deserialize(deserializer).map(|value| value.unwrap_or(f64::NAN))
}

impl Summary {
    /// The summary of `scores`.
    pub fn of<'a>(scores: impl IntoIterator<Item = &'a Score>) -> Self {
        let scores: Vec<&Score> = scores.into_iter().collect();
        let r2 = sorted(scores.iter().map(|s| s.r2));
        let defined = r2.len() as f64;
        Self {
            neurons: scores.len(),
            undefined: scores.len() - r2.len(),
            median_r2: quantile(&r2, 0.5),
            mean_r2: r2.iter().sum::<f64>() / defined,
            fraction_above_0_8: r2.iter().filter(|r| **r > GOOD_FIT).count() as f64 / defined,
            median_rmse: quantile(&sorted(scores.iter().map(|s| s.rmse)), 0.5),
        }
    }
}

/// The numbers among `values` that are not NaN, ascending.
pub(crate) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.filter(|v| !v.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The `q` quantile of ascending `sorted`, linear between neighbours (as NumPy and R type 7); NaN of nothing.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = q * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn summaries_of_known_scores() {
        let scores: Vec<Score> =
            [0.9, f64::NAN, 0.8, -0.2, 0.95].map(|r2| Score { r2, rmse: 1.0 - r2.max(0.0) }).to_vec();
        let s = Summary::of(&scores);
        assert!(close(s.median_r2, 0.85) && close(s.mean_r2, 2.45 / 4.0));
        // 0.8 itself is not above 0.8.
        assert!(close(s.fraction_above_0_8, 0.5));
        let none = Summary::of(&scores[1..2]);
        assert!(none.median_r2.is_nan() && none.mean_r2.is_nan() && none.fraction_above_0_8.is_nan());
    }

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (q, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (1.0, 8.0)] {
            assert!(close(quantile(&values, q), expected), "{q}");
        }
        assert!(quantile(&[], 0.5).is_nan());
    }
}
