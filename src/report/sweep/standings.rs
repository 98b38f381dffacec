//! How settings compare: over seeds, in the search and on fresh seeds.

use super::data::{Run, RunState, SweepReport};
use crate::analysis::statistics::{Interval, mean, t_interval};
use std::collections::{BTreeMap, BTreeSet};

/// The level of all intervals.
pub const LEVEL: f64 = 0.95;

/// The objective of one setting over the seeds of the search, or of the confirmation. Conditions that were held out in turn
/// are no replicates: of each seed their mean counts, once all of them are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicates {
    /// Each seed that trained to its end, and its value.
    pub values: Vec<(u64, f64)>,
    /// Seeds of which a run diverged.
    pub diverged: usize,
    /// Seeds of which a run is missing, was halved, or has no objective.
    pub missing: usize,
    /// The median over seeds, those that diverged being worst; NaN of none, and where it falls on one that diverged.
    pub median: f64,
    /// Whether the median falls on seeds that diverged.
    pub fails: bool,
    /// Mean and 95 % t interval over the seeds that trained to their end: independent networks. Undefined ends of one.
    pub interval: Interval,
}

/// A setting among the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Its number.
    pub setting: usize,
    /// Over the seeds of the search.
    pub search: Replicates,
    /// Over the fresh seeds.
    pub confirmation: Replicates,
    /// Whether it was halved.
    pub halved: bool,
    /// The numbers of the runs that ended and that it is ranked by.
    pub runs: Vec<usize>,
}

impl Standing {
    /// Whether fresh seeds were trained to an end.
    pub fn is_confirmed(&self) -> bool {
        !self.confirmation.median.is_nan() || self.confirmation.fails
    }

    /// What it is ranked by: the confirmation, where there is one.
    pub fn decisive(&self) -> &Replicates {
        if self.is_confirmed() { &self.confirmation } else { &self.search }
    }

    /// Whether a median says how good it is.
    pub fn is_ranked(&self) -> bool {
        !self.decisive().median.is_nan()
    }
}

/// All settings, the best first: those that were confirmed by their confirmation, then the others by the search, then those
/// without a value (diverged, halved, missing). Equal ones keep their order.
pub fn standings(report: &SweepReport) -> Vec<Standing> {
    let folds = Folds::of(report);
    let search = replicates(report, false, &folds);
    let confirmation = replicates(report, true, &folds);
    let halved: BTreeSet<usize> =
        report.runs.iter().filter(|r| r.state == RunState::Halved).map(|r| r.setting).collect();
    let both = search.into_iter().zip(confirmation).enumerate();
    let standing = |(setting, (search, confirmation))| Standing {
        setting,
        search,
        confirmation,
        halved: halved.contains(&setting),
        runs: Vec::new(),
    };
    let mut all: Vec<Standing> = both.map(standing).collect();
    for (number, run) in report.runs.iter().enumerate() {
        let standing = &mut all[run.setting];
        if run.state == RunState::Ended && run.confirmation == standing.is_confirmed() {
            standing.runs.push(number);
        }
    }
    let cost = |s: &Standing| if s.is_ranked() { report.objective.cost(s.decisive().median) } else { f64::INFINITY };
    all.sort_by(|a, b| {
        let unranked = |s: &Standing| !s.is_ranked();
        let order = unranked(a).cmp(&unranked(b)).then(b.is_confirmed().cmp(&a.is_confirmed()));
        order.then(cost(a).total_cmp(&cost(b))).then(a.halved.cmp(&b.halved))
    });
    all
}

/// The paths of the runs behind the `top` best settings that have a value, for `aon perturb`: runs on fresh seeds where there
/// are, else those of the search, those that ended alone.
pub fn best_paths(report: &SweepReport, top: usize) -> Vec<std::path::PathBuf> {
    let all = standings(report);
    let best = all.iter().filter(|s| s.is_ranked()).take(top);
    best.flat_map(|s| runs_of(report, s)).map(|r| r.path.clone()).collect()
}

/// The runs that ended and that a standing is ranked by.
pub(super) fn runs_of<'a>(report: &'a SweepReport, standing: &'a Standing) -> impl Iterator<Item = &'a Run> {
    standing.runs.iter().map(|k| &report.runs[*k])
}

/// The conditions that are held out of each setting.
struct Folds<'a>(Vec<BTreeSet<Option<&'a str>>>);

impl<'a> Folds<'a> {
    fn of(report: &'a SweepReport) -> Self {
        let mut folds = vec![BTreeSet::new(); report.settings.len()];
        for run in &report.runs {
            folds[run.setting].insert(run.hold_out.as_deref());
        }
        Self(folds)
    }
}

/// The runs of each setting's seeds, `[settings]`.
fn by_seed(report: &SweepReport, confirmation: bool) -> Vec<BTreeMap<u64, Vec<&Run>>> {
    let mut seeds = vec![BTreeMap::<u64, Vec<&Run>>::new(); report.settings.len()];
    for run in report.runs.iter().filter(|r| r.confirmation == confirmation) {
        seeds[run.setting].entry(run.seed).or_default().push(run);
    }
    seeds
}

fn replicates(report: &SweepReport, confirmation: bool, folds: &Folds) -> Vec<Replicates> {
    let ended = |r: &Run| r.objective.filter(|_| r.state == RunState::Ended);
    let seeds = by_seed(report, confirmation);
    let of_setting = |(setting, seeds): (usize, BTreeMap<u64, Vec<&Run>>)| {
        let diverged = |runs: &Vec<&Run>| runs.iter().any(|r| r.state == RunState::Diverged);
        let failing = seeds.values().filter(|runs| diverged(runs)).count();
        let value = |(seed, runs): (&u64, &Vec<&Run>)| Some((*seed, over_folds(runs, folds.0[setting].len(), ended)?));
        let values: Vec<(u64, f64)> = seeds.iter().filter(|(_, runs)| !diverged(runs)).filter_map(value).collect();
        let missing = seeds.len() - values.len() - failing;
        summary(report, values, failing, missing)
    };
    seeds.into_iter().enumerate().map(of_setting).collect()
}

/// The mean of a seed's runs over the conditions held out, if all are there.
fn over_folds(runs: &[&Run], folds: usize, value: impl Fn(&Run) -> Option<f64>) -> Option<f64> {
    let of: BTreeMap<Option<&str>, f64> =
        runs.iter().filter_map(|r| Some((r.hold_out.as_deref(), value(r).filter(|v| v.is_finite())?))).collect();
    (of.len() == folds).then(|| mean(&of.into_values().collect::<Vec<f64>>()))
}

fn summary(report: &SweepReport, values: Vec<(u64, f64)>, diverged: usize, missing: usize) -> Replicates {
    let of_seeds: Vec<f64> = values.iter().map(|(_, v)| *v).collect();
    let mut costs: Vec<f64> = of_seeds.iter().map(|v| report.objective.cost(*v)).collect();
    costs.extend(std::iter::repeat_n(f64::INFINITY, diverged));
    let median = report.objective.cost(middle(costs));
    let fails = median.is_infinite();
    let interval = t_interval(&of_seeds, LEVEL);
    Replicates { values, diverged, missing, median: if fails { f64::NAN } else { median }, fails, interval }
}

/// The median, of infinite numbers too; NaN of nothing.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// The seeds of each setting, each with a value.
pub(super) type SeedValues = Vec<Vec<(u64, f64)>>;

/// Each setting's seeds of the search with a value of every condition that was held out, their mean, `[settings]`.
pub(super) fn seed_values(report: &SweepReport, value: impl Fn(&Run) -> Option<f64>) -> SeedValues {
    let folds = Folds::of(report);
    let of = |(setting, seeds): (usize, BTreeMap<u64, Vec<&Run>>)| {
        let one = |(seed, runs): (&u64, &Vec<&Run>)| Some((*seed, over_folds(runs, folds.0[setting].len(), &value)?));
        seeds.iter().filter_map(one).collect()
    };
    by_seed(report, false).into_iter().enumerate().map(of).collect()
}

/// The median over seeds of another value of the runs that a standing is ranked by, conditions held out averaged first.
pub(super) fn beside(report: &SweepReport, standing: &Standing, value: impl Fn(&Run) -> Option<f64>) -> f64 {
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for run in runs_of(report, standing) {
        if let Some(v) = value(run).filter(|v| v.is_finite()) {
            seeds.entry(run.seed).or_default().push(v);
        }
    }
    middle(seeds.into_values().map(|v| mean(&v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_what_diverged_are_worst() {
        assert_eq!(middle(vec![3.0, 1.0, f64::INFINITY]), 3.0);
        assert_eq!(middle(vec![1.0, f64::INFINITY]), f64::INFINITY);
        assert_eq!(middle(vec![f64::INFINITY; 2]), f64::INFINITY);
        assert_eq!(middle(vec![4.0, 1.0]), 2.5);
        assert!(middle(vec![]).is_nan());
    }
}
