//! What is gained by the behaviours of an agent over all else.

use super::super::undefined;
use super::folds::Fold;
use crate::analysis::glm::Score;
use crate::analysis::statistics::{signed_rank, t_interval};
use crate::data::recording::Agent;
use serde::{Deserialize, Serialize};

/// The level of intervals.
const LEVEL: f64 = 0.95;

/// What the behaviours of an agent contribute to the model of all regressors, of each neuron of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Whose behaviours.
    pub part: Agent,
    /// Held-out bits a second of the model with all regressors, less those of the model without the agent's behaviours, `[N]`.
    #[serde(with = "undefined")]
    pub bits_per_s: Vec<f64>,
    /// The lower end of a 95 % interval, `[N]`: Student's t over folds, its variance times 1 + folds × tested / fitted frames, since folds
    /// share the frames that they are fitted to (Nadeau and Bengio 2003).
    #[serde(with = "undefined")]
    pub low: Vec<f64>,
    /// The upper end, `[N]`.
    #[serde(with = "undefined")]
    pub high: Vec<f64>,
    /// Whether they help: the rank of their score statistic, given all other regressors, among those of shifted bouts, `[N]`.
    #[serde(with = "undefined")]
    pub p: Vec<f64>,
    /// Wilcoxon's signed-rank test over folds, two-sided, as others use it: not below 0.002 of ten folds, which are not independent. `[N]`.
    #[serde(with = "undefined")]
    pub wilcoxon_p: Vec<f64>,
}

impl Contribution {
    /// From scores with and without the part, `[folds][N]`; `p` are those of shifts, `[N]`.
    pub(super) fn new(
        part: Agent,
        with: &[Vec<Score>],
        without: &[Vec<Score>],
        folds: &[Fold],
        interval: f64,
        p: Vec<f64>,
    ) -> Self {
        let ratio = |fold: &Fold| fold.test.iter().sum::<f64>() / fold.train.iter().sum::<f64>();
        let shared = 1.0 + folds.iter().map(ratio).sum::<f64>();
        let mut found = Self { part, bits_per_s: vec![], low: vec![], high: vec![], p, wilcoxon_p: vec![] };
        for i in 0..with.first().map_or(0, Vec::len) {
            let gains: Vec<f64> =
                with.iter().zip(without).map(|(a, b)| gain(&a[i], &b[i], interval)).filter(|g| !g.is_nan()).collect();
            let all = |scores: &[Vec<Score>]| scores.iter().fold(Score::default(), |sum, fold| sum + fold[i]);
            let value = gain(&all(with), &all(without), interval);
            let of_folds = t_interval(&gains, LEVEL);
            let half = (of_folds.high - of_folds.mean) * shared.sqrt();
            found.bits_per_s.push(value);
            found.low.push(value - half);
            found.high.push(value + half);
            found.wilcoxon_p.push(signed_rank(&gains).p);
        }
        found
    }

    /// With undefined values for neurons that were not fitted.
    #[must_use]
    pub(super) fn spread(self, over: &dyn Fn(Vec<f64>) -> Vec<f64>) -> Self {
        Self {
            part: self.part,
            bits_per_s: over(self.bits_per_s),
            low: over(self.low),
            high: over(self.high),
            p: over(self.p),
            wilcoxon_p: over(self.wilcoxon_p),
        }
    }
}

/// Bits a second more.
pub(super) fn gain(with: &Score, without: &Score, interval: f64) -> f64 {
    (with.log_likelihood - without.log_likelihood) / std::f64::consts::LN_2 / (with.frames * interval)
}
