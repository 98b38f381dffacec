//! Which settings of a search are the best.

use super::halving::{Replicate, cost};
use super::home::Job;
use super::outcome::Outcome;
use super::runs::Sweep;
use std::collections::{BTreeMap, BTreeSet};

/// The settings of a search that has ended, the best first; those without a value, and those that went no further after a
/// comparison, are left out.
pub(super) fn best_settings(sweep: &Sweep, jobs: &[Job], outcomes: &[Option<Outcome>]) -> Vec<usize> {
    let mut replicates: BTreeMap<usize, Vec<Replicate>> = BTreeMap::new();
    let mut is_halved: BTreeSet<usize> = BTreeSet::new();
    for (job, outcome) in jobs.iter().zip(outcomes).filter(|(job, _)| !job.confirmation) {
        if outcome.as_ref().is_some_and(Outcome::is_halved) {
            is_halved.insert(job.run.setting);
        }
        let value = outcome.as_ref().and_then(|outcome| outcome.value(sweep.objective));
        replicates.entry(job.run.setting).or_default().push((job.run.seed, value));
    }
    let own = replicates.into_iter().filter(|(setting, _)| !is_halved.contains(setting));
    let mut ranked: Vec<(usize, f64)> = own.map(|(s, values)| (s, cost(&values, sweep.objective))).collect();
    ranked.retain(|(_, cost)| cost.is_finite());
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    ranked.into_iter().map(|(setting, _)| setting).collect()
}
