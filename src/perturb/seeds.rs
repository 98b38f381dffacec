//! What holds across networks: solutions are degenerate, so the seed is the statistical unit.

use super::cells::CellTest;
use super::effects::{column, corrected};
use super::{CellOutcome, Lesion, LesionEffect, LesionOutcome, MeasureKey};
use crate::analysis::statistics::{Interval, hierarchical_bootstrap, mean, pearson, spearman};
use crate::network::Population;
use std::collections::BTreeSet;

/// One run's part in a comparison of runs.
#[derive(Clone, Copy, Debug)]
pub struct RunResult<'a> {
    /// The run's name.
    pub name: &'a str,
    /// What runs of this kind have in common: sign constraint and λ.
    pub setting: &'a str,
    /// What its lesions did, in the same order for every run.
    pub outcomes: &'a [LesionOutcome],
    /// How these compare with other cells.
    pub effects: &'a [LesionEffect],
    /// What single cells did, in the same order for every run.
    pub cells: &'a [CellOutcome],
    /// W_eff, `[N × N]`.
    pub effective: &'a [f32],
}

/// A lesion's effect on one measure over runs.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedRow {
    /// The lesion's number.
    pub lesion: usize,
    /// The measure's number.
    pub measure: usize,
    /// The setting whose runs these are, or `all`.
    pub setting: String,
    /// Runs with a value.
    pub runs: usize,
    /// The lesion's own value, over runs.
    pub value: Interval,
    /// The lesion (subsampled like its controls) minus its controls, over runs and controls.
    pub effect: Interval,
    /// Fraction of the runs in which the effect has the sign of its mean.
    pub same_sign: f64,
    /// Probability that a cell of the lesion does more harm than a like cell, over runs: of these cells and labels.
    pub superiority: Interval,
    /// Probability of such a rank sum of the cells' mean ranks over runs if their labels mean nothing. The labels are the same
    /// in every run, so that they are dealt once for all: that runs agree is no evidence about labels.
    pub p: f64,
    /// p after Benjamini and Hochberg over all lesions and scopes of the measure.
    pub q: f64,
}

impl SeedRow {
    /// Whether the interval of the effect lies on one side of zero.
    pub fn excludes_zero(&self) -> bool {
        self.effect.low > 0.0 || self.effect.high < 0.0
    }
}

/// How alike two runs are.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsistencyRow {
    /// Numbers of the runs.
    pub runs: (usize, usize),
    /// Pearson's correlation of their effective weights, over pairs of different neurons.
    pub weights: f64,
    /// Spearman's correlation of their lesions' effects on the fit of each area and class.
    pub effects: f64,
    /// Spearman's correlation of what each single cell does to the fit of all neurons.
    pub cells: f64,
}

/// Resamples of a bootstrap.
const RESAMPLES: usize = 1000;

/// Effects over all runs, and over those of each setting where there are several settings.
///
/// Intervals are of the hierarchical bootstrap: runs are drawn with replacement, and controls within each.
pub fn across_seeds(
    runs: &[RunResult],
    keys: &[MeasureKey],
    lesions: &[Lesion],
    population: &Population,
    seed: u64,
) -> Vec<SeedRow> {
    let settings: BTreeSet<&str> = runs.iter().map(|r| r.setting).collect();
    let mut groups = vec![("all", runs.iter().collect::<Vec<_>>())];
    if settings.len() > 1 {
        groups.extend(settings.iter().map(|s| (*s, runs.iter().filter(|r| r.setting == *s).collect())));
    }
    let mut rows = Vec::new();
    for (setting, members) in &groups {
        let first = rows.len();
        let cells: Vec<&[CellOutcome]> = members.iter().map(|r| r.cells).collect();
        for (number, lesion) in lesions.iter().enumerate() {
            let test = CellTest::new(lesion, number, &cells, population, seed);
            for (measure, key) in keys.iter().enumerate() {
                let p = test.as_ref().map_or(f64::NAN, |t| t.by(measure, key.harm).p);
                rows.extend(row(members, setting, number, measure, seed).map(|row| SeedRow { p, ..row }));
            }
        }
        let tests: Vec<(usize, f64)> = rows[first..].iter().map(|r| (r.measure, r.p)).collect();
        rows[first..].iter_mut().zip(corrected(&tests, keys)).for_each(|(row, q)| row.q = q);
    }
    rows
}

fn row(runs: &[&RunResult], setting: &str, lesion: usize, measure: usize, seed: u64) -> Option<SeedRow> {
    let values: Vec<Vec<f64>> =
        runs.iter().map(|r| r.outcomes[lesion].whole[measure]).filter(|v| v.is_finite()).map(|v| vec![v]).collect();
    let effects: Vec<Vec<f64>> =
        runs.iter().map(|r| against_controls(&r.outcomes[lesion], measure)).filter(|e| !e.is_empty()).collect();
    if values.is_empty() && effects.is_empty() {
        return None;
    }
    let means: Vec<f64> = effects.iter().map(|e| mean(e)).collect();
    let sign = mean(&means).signum();
    let of_cells = |r: &&RunResult| {
        let own = r.effects.iter().filter(|e| e.lesion == lesion && e.measure == measure);
        own.filter_map(|e| Some(e.comparison?.superiority)).filter(|s| s.is_finite()).collect::<Vec<f64>>()
    };
    let superiority: Vec<Vec<f64>> = runs.iter().map(of_cells).collect();
    let same = means.iter().filter(|m| m.signum() == sign).count() as f64;
    Some(SeedRow {
        lesion,
        measure,
        setting: setting.into(),
        runs: values.len().max(effects.len()),
        value: hierarchical_bootstrap(&values, 0.95, RESAMPLES, seed),
        effect: hierarchical_bootstrap(&effects, 0.95, RESAMPLES, seed),
        same_sign: same / means.len() as f64,
        superiority: hierarchical_bootstrap(&superiority, 0.95, RESAMPLES, seed),
        p: f64::NAN,
        q: f64::NAN,
    })
}

/// The lesion minus each of its controls.
fn against_controls(outcome: &LesionOutcome, measure: usize) -> Vec<f64> {
    let Some(controls) = &outcome.controls else { return Vec::new() };
    let own = mean(&column(&controls.subsets, measure));
    column(&controls.sets, measure).iter().map(|c| own - c).filter(|e| e.is_finite()).collect()
}

/// Every pair of runs: whether they found the same weights, and whether lesions do the same to them.
pub fn consistency(runs: &[RunResult], keys: &[MeasureKey]) -> Vec<ConsistencyRow> {
    let profile = |run: &RunResult| -> Vec<f64> {
        let measures = || (0..keys.len()).filter(|m| keys[*m].measure == "r2_change");
        let of = |o: &LesionOutcome| measures().map(|m| o.whole[m]).collect::<Vec<_>>();
        run.outcomes.iter().flat_map(of).collect()
    };
    let profiles: Vec<Vec<f64>> = runs.iter().map(profile).collect();
    let of_cells: Vec<Vec<f64>> = runs.iter().map(|run| fit_without_each(run, keys)).collect();
    let pairs = (0..runs.len()).flat_map(|a| (a + 1..runs.len()).map(move |b| (a, b)));
    let row = |(a, b): (usize, usize)| ConsistencyRow {
        runs: (a, b),
        weights: correlation(runs[a].effective, runs[b].effective),
        effects: where_both(&profiles[a], &profiles[b]),
        cells: where_both(&of_cells[a], &of_cells[b]),
    };
    pairs.map(row).collect()
}

/// The change of R² of all spared neurons without each cell.
fn fit_without_each(run: &RunResult, keys: &[MeasureKey]) -> Vec<f64> {
    let fit = keys.iter().position(|k| k.measure == "r2_change" && k.scope == "all");
    let of = |measure: usize| run.cells.iter().flat_map(move |c| c.damages.iter().map(move |d| d[measure]));
    fit.map_or_else(Vec::new, |measure| of(measure).collect())
}

/// Spearman's correlation where both are numbers.
fn where_both(x: &[f64], y: &[f64]) -> f64 {
    let both = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite());
    let (x, y): (Vec<f64>, Vec<f64>) = both.unzip();
    spearman(&x, &y)
}

/// Over all pairs of different neurons.
fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let n = (a.len() as f64).sqrt() as usize;
    let between = |w: &[f32]| -> Vec<f64> {
        w.iter().enumerate().filter(|(k, _)| k / n != k % n).map(|(_, w)| f64::from(*w)).collect()
    };
    pearson(&between(a), &between(b))
}

#[cfg(test)]
mod tests {
    use super::super::{Balance, ControlOutcome, Controls, cell_lesions};
    use super::*;
    use crate::network::Area;

    /// A run whose only lesion has this value, beside controls around zero.
    fn outcome(value: f64) -> Vec<LesionOutcome> {
        let balance = Balance::default();
        let drawn = Controls { size: 1, subsets: vec![], sets: vec![], widening: 1.0, balance };
        let sets = [-0.1, 0.0, 0.1].map(|c| vec![c]).to_vec();
        let controls = ControlOutcome { drawn, subsets: vec![vec![value]], sets };
        vec![LesionOutcome { size: 1, whole: vec![value], controls: Some(controls) }]
    }

    /// The lesion is of three of eight like cells, of which none was lesioned alone.
    fn rows(values: &[(f64, &str)]) -> Vec<SeedRow> {
        rows_with(values, &vec![Vec::new(); values.len()])
    }

    fn lesion() -> Lesion {
        Lesion::silencing("lesion", vec![0, 1, 2], 1)
    }

    fn population() -> Population {
        Population::new(vec![Area { name: "F5".into(), size: 8 }], vec![false; 8], None).unwrap()
    }

    fn rows_with(values: &[(f64, &str)], cells: &[Vec<CellOutcome>]) -> Vec<SeedRow> {
        let outcomes: Vec<Vec<LesionOutcome>> = values.iter().map(|(v, _)| outcome(*v)).collect();
        let runs: Vec<RunResult> = values
            .iter()
            .zip(outcomes.iter().zip(cells))
            .map(|((_, setting), (outcomes, cells))| RunResult {
                name: "run",
                setting,
                outcomes,
                effects: &[],
                cells,
                effective: &[],
            })
            .collect();
        let keys = [MeasureKey { measure: "r2_change", scope: "all".into(), harm: -1.0 }];
        across_seeds(&runs, &keys, &[lesion()], &population(), 0)
    }

    /// Labels are the same in every run: five networks in which the same cells matter are no more evidence about labels
    /// than one.
    #[test]
    fn runs_that_agree_are_no_evidence_about_labels() {
        let of = |fit: [f64; 8]| {
            let lesion = cell_lesions(&[lesion()], &population()).remove(0);
            vec![CellOutcome { lesion, damages: fit.iter().map(|f| vec![*f]).collect() }]
        };
        let p = |cells: &[Vec<CellOutcome>]| rows_with(&vec![(-0.5, "a"); cells.len()], cells)[0].p;
        let some = of([-0.9, -0.8, -0.1, -0.7, 0.0, -0.2, -0.3, -0.4]);
        let one = p(std::slice::from_ref(&some));
        assert!(one > 0.1 && p(&vec![some.clone(); 5]) == one, "{one}");
        // Another network, in which a cell of the lesion takes the place of the one that it spares.
        let other = of([-0.9, -0.8, -0.7, -0.1, 0.0, -0.2, -0.3, -0.4]);
        let both = p(&[some, other.clone()]);
        assert!(p(&[other]) < both && both < one, "{both}");
        assert!(p(&[Vec::new()]).is_nan());
    }

    #[test]
    fn an_effect_that_all_runs_share_excludes_zero_and_one_that_they_do_not_share_does_not() {
        let shared = rows(&[(-0.5, "a"), (-0.6, "a"), (-0.4, "a"), (-0.55, "a"), (-0.45, "a")]).remove(0);
        assert!((shared.effect.mean + 0.5).abs() < 1e-12 && shared.effect.high < 0.0 && shared.same_sign == 1.0);
        let split = rows(&[(-0.5, "a"), (0.6, "a"), (-0.4, "a"), (0.55, "a"), (-0.45, "a")]).remove(0);
        assert!(split.effect.low < 0.0 && split.effect.high > 0.0 && split.same_sign == 0.6);
    }

    #[test]
    fn an_effect_of_one_setting_is_seen_as_such() {
        let all = rows(&[(-0.5, "strong"), (-0.6, "strong"), (0.01, "weak"), (-0.01, "weak")]);
        let settings: Vec<(&str, usize)> = all.iter().map(|r| (r.setting.as_str(), r.runs)).collect();
        assert_eq!(settings, [("all", 4), ("strong", 2), ("weak", 2)]);
        assert!(all[1].effect.high < 0.0 && all[2].effect.high > 0.0);
    }

    #[test]
    fn one_run_has_no_interval() {
        let one = rows(&[(-0.5, "a")]).remove(0);
        assert!((one.effect.mean + 0.5).abs() < 1e-12 && one.effect.low.is_nan());
    }

    #[test]
    fn runs_with_the_same_weights_correlate_perfectly() {
        let weights = [9.0, 1.0, -2.0, 9.0];
        assert!((correlation(&weights, &weights) - 1.0).abs() < 1e-12);
        assert!((correlation(&weights, &[5.0, -1.0, 2.0, 7.0]) + 1.0).abs() < 1e-12, "the diagonal does not count");
    }
}
