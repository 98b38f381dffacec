//! What a run's summary says of the conditions that were held out.

use super::comparison::Comparison;
use super::fit::Fit;
use super::held_out::HeldOutFit;
use super::score::Summary;
use serde::{Deserialize, Serialize};

/// The part `held_out` of a run's `summary.json`. What is not defined is `None`, null there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOutSummary {
    /// Names of the held-out conditions, `[H]`.
    pub conditions: Vec<String>,
    /// How well the network predicts them.
    #[serde(flatten)]
    pub model: HeldOutScores,
    /// How well simpler explanations do.
    pub baseline: HeldOutBaselines,
    /// Names of the siblings of each, `[H]`.
    pub siblings: Vec<Vec<String>>,
}

/// The figures of a [`HeldOutFit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOutScores {
    /// Of all neurons, bins and held-out conditions together.
    pub r2: Option<f64>,
    /// The median over neurons of R² over the bins of all held-out conditions.
    pub median_r2: Option<f64>,
    /// Of all neurons and bins of each condition, `[H]`.
    pub r2_by_condition: Vec<Option<f64>>,
}

/// What a prediction of held-out conditions has to surpass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOutBaselines {
    /// Every neuron at its training mean: R² = 0 by definition, but for rounding.
    pub mean_rate: HeldOutScores,
    /// The network without recurrence, trained on the same conditions; `None` where it was not trained.
    pub input_only: Option<HeldOutScores>,
    /// [`Recorded::score_siblings`](super::Recorded::score_siblings).
    pub siblings: Option<HeldOutScores>,
}

impl HeldOutScores {
    fn of(fit: &HeldOutFit) -> Self {
        Self {
            r2: finite(fit.r2),
            median_r2: finite(Summary::of(&fit.overall).median_r2),
            r2_by_condition: fit.r2_by_condition.iter().copied().map(finite).collect(),
        }
    }
}

impl HeldOutSummary {
    /// The summary of `comparison`, with the names of all conditions, `[C]`; `None` where nothing was held out.
    pub fn of(comparison: &Comparison, conditions: &[String]) -> Option<Self> {
        let scores = |fit: &Fit| fit.held_out.as_ref().map(HeldOutScores::of);
        let names = |numbers: &[usize]| numbers.iter().map(|c| conditions[*c].clone()).collect();
        Some(Self {
            conditions: comparison.held_out.iter().map(|h| conditions[h.condition].clone()).collect(),
            model: scores(&comparison.model)?,
            baseline: HeldOutBaselines {
                mean_rate: scores(&comparison.mean_rate)?,
                input_only: comparison.input_only.as_ref().and_then(scores),
                siblings: comparison.siblings.as_ref().map(HeldOutScores::of),
            },
            siblings: comparison.held_out.iter().map(|h| names(&h.siblings)).collect(),
        })
    }

    /// The rows of a table: name, then R² of the network, of the input-only network, of the mean rate and of the
    /// siblings (NaN where undefined); each condition, then all together where they are several.
    pub fn rows(&self) -> Vec<(&str, [f64; 4])> {
        let b = &self.baseline;
        let columns = [Some(&self.model), b.input_only.as_ref(), Some(&b.mean_rate), b.siblings.as_ref()];
        let row = |value: &dyn Fn(&HeldOutScores) -> Option<f64>| {
            columns.map(|scores| scores.and_then(value).unwrap_or(f64::NAN))
        };
        let each = self.conditions.iter().enumerate();
        let each = each.map(|(h, name)| (name.as_str(), row(&|s| s.r2_by_condition.get(h).copied().flatten())));
        let all = (self.conditions.len() > 1).then(|| ("together", row(&|s| s.r2)));
        each.chain(all).collect()
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{HeldOut, Recorded};

    #[test]
    fn rates_at_their_training_mean_have_no_r2() {
        let rates = [0.25_f32, 0.75, 0.5, 0.5];
        let held_out = [HeldOut { condition: 1, siblings: vec![0] }];
        let recorded = Recorded::new(&rates, &[2, 2], 1).unwrap().holding_out(&held_out);
        let comparison = Comparison::new(&recorded, &[0.5; 4], None).unwrap();
        let summary = HeldOutSummary::of(&comparison, &["a".into(), "b".into()]).unwrap();
        assert_eq!((summary.model.r2, summary.model.median_r2), (None, None));
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<HeldOutSummary>(&text).unwrap(), summary);
    }
}
