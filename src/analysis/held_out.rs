//! The fit in conditions that a network was not trained on.
//!
//! R² is 1 − SSE/SST here as everywhere, with SST about each neuron's mean over the conditions that *were* trained on: the
//! best guess of whoever has not seen the others. About its mean in a held-out condition, which nobody could know, a
//! prediction would be blamed for more than it could have got right, or praised for a rate that it has in common with
//! all conditions.

use super::score::{Score, Sums};

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
}

fn pooled_r2<'a>(sums: impl Iterator<Item = &'a Sums>) -> f64 {
    let (sse, sst) = sums.fold((0.0, 0.0), |(sse, sst), s| (sse + s.sse, sst + s.variation()));
    if sst > 0.0 { 1.0 - sse / sst } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Recorded;

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
}
