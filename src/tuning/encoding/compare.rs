//! Executed against observed, over neurons and over animals.

use super::session::SessionEncoding;
use crate::analysis::statistics::{Interval, SignedRank, mean, quantile, signed_rank};
use crate::rng::{Draws, Rng, Stream};
use rayon::prelude::*;
use serde::Serialize;

/// Whether executed behaviours contribute more than observed ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Neurons with both contributions.
    pub neurons: usize,
    /// Animals.
    pub animals: usize,
    /// Mean over neurons of the contribution of executed behaviours less that of observed ones, in bits a second. The interval (95 %) is
    /// that of animals, sessions of them and neurons of those drawn anew with replacement (hierarchical bootstrap, Saravanan et al. 2020);
    /// of fewer than five animals it is too narrow.
    pub difference: Interval,
    /// Two-sided, of the same draws: twice the share that lies on the other side of 0.
    pub bootstrap_p: f64,
    /// Wilcoxon's test over neurons, which takes them as independent.
    pub wilcoxon: SignedRank,
}

/// With all bouts, and with bouts that are matched in number and duration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Of all bouts.
    pub all: Compared,
    /// Of matched bouts; none where no session has any.
    pub matched: Option<Compared>,
}

/// Compares the contributions of both agents over all sessions, with `resamplings` draws keyed by `seed`; `None` where no neuron has both.
pub fn executed_against_observed(sessions: &[SessionEncoding], resamplings: usize, seed: u64) -> Option<Comparison> {
    let all = |s: &SessionEncoding| {
        let [own, other] = s.contributions.as_slice() else { return Vec::new() };
        differences(&own.bits_per_s, &other.bits_per_s)
    };
    let matched =
        |s: &SessionEncoding| s.matched.as_ref().map_or_else(Vec::new, |m| differences(&m.executed, &m.observed));
    Some(Comparison {
        all: compared(sessions, &all, resamplings, seed)?,
        matched: compared(sessions, &matched, resamplings, seed),
    })
}

fn differences(executed: &[f64], observed: &[f64]) -> Vec<f64> {
    executed.iter().zip(observed).map(|(a, b)| a - b).filter(|d| d.is_finite()).collect()
}

fn compared(
    sessions: &[SessionEncoding],
    of: &dyn Fn(&SessionEncoding) -> Vec<f64>,
    resamplings: usize,
    seed: u64,
) -> Option<Compared> {
    // Differences of each session of each animal.
    let mut animals: Vec<(&str, Vec<Vec<f64>>)> = Vec::new();
    for session in sessions {
        let own = of(session);
        if own.is_empty() {
            continue;
        }
        match animals.iter_mut().find(|(animal, _)| *animal == session.animal) {
            Some((_, all)) => all.push(own),
            None => animals.push((&session.animal, vec![own])),
        }
    }
    let all: Vec<f64> = animals.iter().flat_map(|(_, sessions)| sessions.iter().flatten().copied()).collect();
    if all.is_empty() {
        return None;
    }
    let resampled = |number: usize| {
        let mut draws = Draws::new(Rng::new(seed, 0, Stream::Resamplings).at_step(number as u32));
        let (mut sum, mut count) = (0.0, 0);
        for _ in 0..animals.len() {
            let sessions = &animals[draws.below(animals.len())].1;
            for _ in 0..sessions.len() {
                let neurons = &sessions[draws.below(sessions.len())];
                sum += (0..neurons.len()).map(|_| neurons[draws.below(neurons.len())]).sum::<f64>();
                count += neurons.len();
            }
        }
        sum / f64::from(count.max(1) as u32)
    };
    let means: Vec<f64> = (0..resamplings).into_par_iter().map(resampled).collect();
    let beyond = |is: &dyn Fn(&f64) -> bool| (1 + means.iter().filter(|m| is(m)).count()) as f64;
    let nearer = beyond(&|m| *m <= 0.0).min(beyond(&|m| *m >= 0.0));
    Some(Compared {
        neurons: all.len(),
        animals: animals.len(),
        difference: Interval { mean: mean(&all), low: quantile(&means, 0.025), high: quantile(&means, 0.975) },
        bootstrap_p: (2.0 * nearer / (resamplings + 1) as f64).min(1.0),
        wilcoxon: signed_rank(&all),
    })
}
