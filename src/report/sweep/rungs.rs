//! What halving did: whether each rung ranked settings as the end did.

use super::data::{Halving, Run, RunState, SweepReport};
use super::standings::seed_values;
use crate::analysis::statistics::{quantile, spearman};
use std::collections::BTreeSet;

/// One rung, in settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RungRow {
    pub(super) step: u32,
    /// Settings with a value there.
    pub(super) reached: usize,
    /// Settings that were halved there.
    pub(super) halved: usize,
    /// Spearman's correlation of the medians over seeds there with those at the end, 1 where the order is the same; NaN of
    /// fewer than three settings.
    pub(super) correlation: f64,
    /// Settings behind it: those that trained to their end.
    pub(super) compared: usize,
}

/// All rungs, in their order.
pub(super) fn rows(report: &SweepReport) -> Vec<RungRow> {
    let Some(halving) = &report.halving else { return Vec::new() };
    let ended = |r: &Run| r.objective.filter(|_| r.state == RunState::Ended);
    let end = medians(&seed_values(report, ended), |v| report.objective.cost(v));
    (0..halving.rungs.len()).map(|k| row(report, halving, k, &end)).collect()
}

fn row(report: &SweepReport, halving: &Halving, k: usize, end: &[f64]) -> RungRow {
    let value = |r: &Run| r.rung_values.get(k).copied().flatten().filter(|v| v.is_finite());
    let here = medians(&seed_values(report, value), |v| halving.measure.cost(v));
    let last = |r: &Run| r.rung_values.iter().rposition(Option::is_some);
    let halved = report.runs.iter().filter(|r| !r.confirmation && r.state == RunState::Halved && last(r) == Some(k));
    let halved: BTreeSet<usize> = halved.map(|r| r.setting).collect();
    let both: Vec<usize> = (0..end.len()).filter(|s| end[*s].is_finite() && here[*s].is_finite()).collect();
    let of = |values: &[f64]| both.iter().map(|s| values[*s]).collect::<Vec<f64>>();
    RungRow {
        step: halving.rungs[k].step,
        reached: here.iter().filter(|v| v.is_finite()).count(),
        halved: halved.len(),
        correlation: if both.len() < 3 { f64::NAN } else { spearman(&of(&here), &of(end)) },
        compared: both.len(),
    }
}

/// The median over seeds of each setting, so that lower is better.
fn medians(seeds: &[Vec<(u64, f64)>], cost: impl Fn(f64) -> f64) -> Vec<f64> {
    let median = |values: &Vec<(u64, f64)>| quantile(&values.iter().map(|(_, v)| cost(*v)).collect::<Vec<f64>>(), 0.5);
    seeds.iter().map(median).collect()
}
