//! The fit in conditions that a network was not trained on.
//!
//! R² is 1 − SSE/SST here as everywhere, with SST about each neuron's mean over the conditions that *were* trained on: the
//! best guess of whoever has not seen the others. About its mean in a held-out condition, which nobody could know, a
//! prediction would be blamed for more than it could have got right, or praised for a rate that it has in common with
//! all conditions.

use super::Comparison;
use super::fit::{Fit, Recorded, Score, Summary, Sums};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A condition that is held out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOut {
    /// Its number among all conditions, from 0.
    pub condition: usize,
    /// The conditions that are trained on and ask the same of the animal: those of its class and of its Go or No-Go.
    pub siblings: Vec<usize>,
}

/// How well a prediction does in the H conditions that are held out.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldOutFit {
    /// Each neuron over the bins of all of them, `[N]`.
    pub overall: Vec<Score>,
    /// R² of all neurons, bins and held-out conditions together, `1 − Σ SSE / Σ SST`: neurons weigh as much as they move.
    /// NaN where every rate is at its neuron's training mean.
    pub r2: f64,
    /// The same within each of them, `[H]`.
    pub r2_by_condition: Vec<f64>,
}

impl HeldOutFit {
    /// From sums about the training means, `[H][N]`.
    pub(super) fn of(by_condition: &[&Vec<Sums>]) -> Self {
        let neurons = by_condition.first().map_or(0, |sums| sums.len());
        let overall = (0..neurons).map(|i| Sums::joined(by_condition.iter().map(|s| &s[i])).score()).collect();
        let r2_by_condition = by_condition.iter().map(|sums| pooled_r2(sums.iter())).collect();
        Self { overall, r2: pooled_r2(by_condition.iter().copied().flatten()), r2_by_condition }
    }

    fn scores(&self) -> HeldOutScores {
        HeldOutScores {
            r2: finite(self.r2),
            median_r2: finite(Summary::of(&self.overall).median_r2),
            r2_by_condition: self.r2_by_condition.iter().copied().map(finite).collect(),
        }
    }
}

fn pooled_r2<'a>(sums: impl Iterator<Item = &'a Sums>) -> f64 {
    let (sse, sst) = sums.fold((0.0, 0.0), |(sse, sst), s| (sse + s.sse, sst + s.sst));
    if sst > 0.0 { 1.0 - sse / sst } else { f64::NAN }
}

impl Recorded<'_> {
    /// How well the siblings of held-out conditions predict them: in each bin, a neuron fires at its mean over the
    /// siblings that last so long, and past these at its training mean. Chosen by the task alone, and not by whose rates
    /// are nearest, it is what one could say without a model. NaN where a condition has no siblings; `None` where nothing
    /// is held out or no condition has any.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn score_siblings(&self) -> Result<Option<HeldOutFit>> {
        let held_out = self.held_out();
        if held_out.iter().all(|h| h.siblings.is_empty()) {
            return Ok(None);
        }
        let mut rates = self.mean_rate();
        for HeldOut { condition, siblings } in held_out {
            for b in 0..self.bins()[*condition] {
                let rows: Vec<&[f32]> = siblings.iter().filter_map(|c| self.row(*c, b)).collect();
                if !rows.is_empty() {
                    let start = self.offset(*condition, b);
                    for (i, rate) in rates[start..start + self.neurons()].iter_mut().enumerate() {
                        *rate = (rows.iter().map(|row| f64::from(row[i])).sum::<f64>() / rows.len() as f64) as f32;
                    }
                }
            }
        }
        let Fit { held_out: Some(mut fit), .. } = self.score(&rates)? else { return Ok(None) };
        for (r2, _) in fit.r2_by_condition.iter_mut().zip(held_out).filter(|(_, h)| h.siblings.is_empty()) {
            *r2 = f64::NAN;
        }
        if held_out.iter().any(|h| h.siblings.is_empty()) {
            fit.r2 = f64::NAN;
            fit.overall.iter_mut().for_each(|score| score.r2 = f64::NAN);
        }
        Ok(Some(fit))
    }
}

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
    /// [`Recorded::score_siblings`].
    pub siblings: Option<HeldOutScores>,
}

impl HeldOutSummary {
    /// The summary of `comparison`, with the names of all conditions, `[C]`; `None` where nothing was held out.
    pub fn of(comparison: &Comparison, conditions: &[String]) -> Option<Self> {
        let scores = |fit: &Fit| fit.held_out.as_ref().map(HeldOutFit::scores);
        let names = |numbers: &[usize]| numbers.iter().map(|c| conditions[*c].clone()).collect();
        Some(Self {
            conditions: comparison.held_out.iter().map(|h| conditions[h.condition].clone()).collect(),
            model: scores(&comparison.model)?,
            baseline: HeldOutBaselines {
                mean_rate: scores(&comparison.mean_rate)?,
                input_only: comparison.input_only.as_ref().and_then(scores),
                siblings: comparison.siblings.as_ref().map(HeldOutFit::scores),
            },
            siblings: comparison.held_out.iter().map(|h| names(&h.siblings)).collect(),
        })
    }

    /// What the finished run in `directory` says of its held-out conditions; `None` where it held out none.
    ///
    /// # Errors
    /// If its `summary.json` cannot be read (the run has not ended) or is damaged.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Part {
            #[serde(default)]
            held_out: Option<HeldOutSummary>,
        }
        let path = directory.join("summary.json");
        let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        let part: Part =
            serde_json::from_str(&text).map_err(|e| Error::run(format!("{} is damaged: {e}.", path.display())))?;
        Ok(part.held_out)
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

    /// Three conditions of 2, 2 and 3 bins, two neurons, the last one held out; the first has a mean of 0.3 in training,
    /// the second is constant there.
    const BINS: [usize; 3] = [2, 2, 3];
    #[rustfmt::skip]
    const RECORDED: [f32; 18] = [
        0.1, 0.5,   0.3, 0.5,   9.0, 9.0,
        0.3, 0.5,   0.5, 0.5,   9.0, 9.0,
        0.4, 0.5,   0.6, 0.5,   0.5, 0.7,
    ];

    fn held_out(siblings: &[usize]) -> [HeldOut; 1] {
        [HeldOut { condition: 2, siblings: siblings.to_vec() }]
    }

    /// f32 rates of order 1 carry errors of 6e-8; every R² here multiplies them by less than 100.
    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-5
    }

    #[test]
    fn r2_is_about_the_training_mean_and_scores_over_all_leave_it_out() {
        let held_out = held_out(&[]);
        let recorded = Recorded::new(&RECORDED, &BINS, 2).unwrap().holding_out(&held_out);
        let mut modelled = RECORDED;
        modelled.iter_mut().step_by(2).for_each(|r| *r += 0.1);
        let fit = recorded.score(&modelled).unwrap();
        // Training: 0.1, 0.3, 0.3, 0.5 about 0.3, SST = 0.08, SSE = 0.04.
        assert!(close(fit.overall[0].r2, 0.5) && fit.overall[1].r2.is_nan());
        // Held out: 0.4, 0.6, 0.5 about 0.3, SST = 0.01 + 0.09 + 0.04, SSE = 0.03; 0.5, 0.5, 0.7 about 0.5, SST = 0.04.
        let expected = fit.held_out.unwrap();
        assert!(close(expected.overall[0].r2, 1.0 - 0.03 / 0.14) && close(expected.overall[1].r2, 1.0));
        assert!(close(expected.r2, 1.0 - 0.03 / 0.18) && close(expected.r2_by_condition[0], expected.r2));
        assert!(close(fit.by_condition[2][0].r2, 1.0 - 0.03 / 0.14));
        let mean = recorded.score(&recorded.mean_rate()).unwrap();
        assert!(close(mean.overall[0].r2, 0.0) && close(mean.held_out.unwrap().r2, 0.0));
        assert!(recorded.score_siblings().unwrap().is_none());
    }

    #[test]
    fn siblings_predict_while_they_last() {
        let held_out = held_out(&[0, 1]);
        let recorded = Recorded::new(&RECORDED, &BINS, 2).unwrap().holding_out(&held_out);
        let fit = recorded.score_siblings().unwrap().unwrap();
        // 0.2, 0.4, then the training mean 0.3: SSE = 3 · 0.04; the other neuron at 0.5: SSE = 0.04.
        assert!(close(fit.overall[0].r2, 1.0 - 0.12 / 0.14) && close(fit.overall[1].r2, 0.0), "{fit:?}");
        assert!(close(fit.r2, 1.0 - 0.16 / 0.18));
    }

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
