//! What holds across networks: solutions are degenerate, so the seed is the statistical unit.

use super::cells::{CellTest, Deal};
use super::effects::{column, corrected};
use super::{CellOutcome, ControlOutcome, Lesion, LesionEffect, LesionOutcome, MeasureKey};
use crate::analysis::statistics::{Interval, Ranked, mean, pearson, spearman, t_interval};
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

/// A lesion's effect on one measure over runs. Its intervals are about networks: those that training of this setting makes of
/// these data from other seeds. They are not about other cells, labels or recordings, which are the same in every run. All
/// intervals of a measure (its lesions and scopes) cover together in 95 of 100 studies; from [`FEWEST_RUNS`] runs on.
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
    /// The same by the cells' mean ranks over runs, which is what p tests.
    pub mean_rank_superiority: f64,
    /// Probability of such a rank sum of the cells' mean ranks over runs if their labels mean nothing. The labels are the same
    /// in every run, so that they are dealt once for all: that runs agree is no evidence about labels.
    pub p: f64,
    /// p after Benjamini and Hochberg over all lesions and scopes of the measure.
    pub q: f64,
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

/// With fewer runs there are no intervals: how much networks differ cannot be told from so few.
pub const FEWEST_RUNS: usize = 5;

/// Effects over all runs, and over those of each setting where there are several settings. `seed` deals the labels, once for
/// all runs.
///
/// Intervals are Student's, of the runs, at 1 − 0.05 / (lesions × scopes of the measure).
pub fn across_seeds(
    runs: &[RunResult],
    keys: &[MeasureKey],
    lesions: &[Lesion],
    population: &Population,
    seed: u64,
) -> Vec<SeedRow> {
    across_seeds_by(runs, keys, lesions, population, Deal::of(seed))
}

/// [`across_seeds`], with labels dealt so often.
pub(crate) fn across_seeds_by(
    runs: &[RunResult],
    keys: &[MeasureKey],
    lesions: &[Lesion],
    population: &Population,
    deal: Deal,
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
            let test = CellTest::new(lesion, number, &cells, population, deal);
            for (measure, key) in keys.iter().enumerate() {
                let ranked = test.as_ref().map(|t| t.by(measure, key.harm));
                let family = lesions.len() * keys.iter().filter(|k| k.measure == key.measure).count();
                rows.extend(row(members, setting, (number, measure), family, ranked));
            }
        }
        let tests: Vec<(usize, f64)> = rows[first..].iter().map(|r| (r.measure, r.p)).collect();
        rows[first..].iter_mut().zip(corrected(&tests, keys)).for_each(|(row, q)| row.q = q);
    }
    rows
}

/// The row of a (lesion, measure) whose intervals are `family` in number.
fn row(
    runs: &[&RunResult],
    setting: &str,
    (lesion, measure): (usize, usize),
    family: usize,
    ranked: Option<Ranked>,
) -> Option<SeedRow> {
    let values = runs.iter().map(|r| r.outcomes[lesion].whole[measure]);
    let effects = runs.iter().map(|r| against_controls(&r.outcomes[lesion], measure));
    let of_cells = |r: &&RunResult| {
        let mut own = r.effects.iter().filter(|e| (e.lesion, e.measure) == (lesion, measure));
        own.find_map(|e| e.comparison).map_or(f64::NAN, |c| c.superiority)
    };
    let superiority = runs.iter().map(of_cells);
    let [values, effects, superiority] =
        [values.collect::<Vec<f64>>(), effects.collect(), superiority.collect()].map(known);
    if values.is_empty() && effects.is_empty() {
        return None;
    }
    let Ranked { p, superiority: mean_rank_superiority } =
        ranked.unwrap_or(Ranked { p: f64::NAN, superiority: f64::NAN });
    let sign = mean(&effects).signum();
    let same = effects.iter().filter(|e| e.signum() == sign).count() as f64;
    let [value, effect, superiority] = [&values, &effects, &superiority].map(|of| joint(of, family));
    Some(SeedRow {
        lesion,
        measure,
        setting: setting.into(),
        runs: values.len().max(effects.len()),
        value,
        effect,
        same_sign: same / effects.len() as f64,
        // A probability.
        superiority: Interval {
            low: superiority.low.clamp(0.0, 1.0),
            high: superiority.high.clamp(0.0, 1.0),
            ..superiority
        },
        mean_rank_superiority,
        p,
        q: f64::NAN,
    })
}

/// The numbers among `values`.
fn known(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().filter(|v| v.is_finite()).collect()
}

/// The mean over runs, with an interval that covers with 95 % together with the others of its family (Bonferroni). None where
/// runs are few, or all equal, as shares of few cells can be: neither says how much others differ.
fn joint(values: &[f64], family: usize) -> Interval {
    let interval = t_interval(values, 1.0 - 0.05 / family as f64);
    let says = values.len() >= FEWEST_RUNS && interval.low < interval.high;
    if says { interval } else { Interval { low: f64::NAN, high: f64::NAN, ..interval } }
}

/// The lesion minus the mean of its controls; NaN where there are none.
fn against_controls(outcome: &LesionOutcome, measure: usize) -> f64 {
    let of = |c: &ControlOutcome| mean(&column(&c.subsets, measure)) - mean(&column(&c.sets, measure));
    outcome.controls.as_ref().map_or(f64::NAN, of)
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
    use super::super::{Balance, ControlComparison, Controls, cell_lesions};
    use super::*;
    use crate::network::Area;
    use crate::rng::{Rng, Stream};

    const NOTHING: ControlComparison = ControlComparison {
        mean: 0.0,
        low: 0.0,
        high: 0.0,
        effect_size: 0.0,
        matched: true,
        superiority: 0.5,
        p: 1.0,
        q: 1.0,
    };

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

    /// Runs as independent as runs are, without an effect: the interval covers zero in 95 of 100 studies, five runs or twenty.
    #[test]
    fn intervals_cover_as_often_as_they_say_also_with_few_runs() {
        for runs in [5, 20] {
            let covers = |study: usize| {
                let normal = |k: usize| Rng::new(study as u64, runs as u32, Stream::Synthetic).normal(k as u32);
                let found = rows(&(0..runs).map(|k| (normal(k), "a")).collect::<Vec<_>>()).remove(0).effect;
                found.low < 0.0 && found.high > 0.0
            };
            let covered = (0..1000).filter(|s| covers(*s)).count();
            // 950 expected, standard deviation 7; four of them.
            assert!((922..978).contains(&covered), "{runs} runs: {covered}");
        }
    }

    /// Three scopes of two lesions are six intervals of one measure; the other measure counts for itself.
    #[test]
    fn intervals_are_as_wide_as_their_measure_has_lesions_and_scopes() {
        let key = |measure, scope: &str| MeasureKey { measure, scope: scope.into(), harm: -1.0 };
        let keys = ["all", "F5", "F6"].map(|s| key("r2_change", s)).into_iter().chain([key("kick_remaining", "all")]);
        let keys: Vec<MeasureKey> = keys.collect();
        let values = [-0.5, -0.6, -0.4, -0.55, -0.45];
        let outcomes = values.map(|v| vec![LesionOutcome { size: 1, whole: vec![v; 4], controls: None }; 2]);
        let run = |outcomes| RunResult { name: "", setting: "a", outcomes, effects: &[], cells: &[], effective: &[] };
        let runs: Vec<RunResult> = outcomes.iter().map(|o| run(o)).collect();
        let rows = across_seeds(&runs, &keys, &[lesion(), lesion()], &population(), 0);
        let expected = |tests: f64| t_interval(&values, 1.0 - 0.05 / tests);
        assert!(rows[..3].iter().all(|r| r.value == expected(6.0)) && rows[3].value == expected(2.0));
        assert!(rows[0].effect.mean.is_nan(), "without controls there is no effect");
    }

    #[test]
    fn an_effect_of_one_setting_is_seen_as_such() {
        let strong = [-0.5, -0.6, -0.55, -0.52, -0.58].map(|v| (v, "strong"));
        let all = rows(&strong.into_iter().chain([(0.01, "weak"), (-0.01, "weak")]).collect::<Vec<_>>());
        let settings: Vec<(&str, usize)> = all.iter().map(|r| (r.setting.as_str(), r.runs)).collect();
        assert_eq!(settings, [("all", 7), ("strong", 5), ("weak", 2)]);
        assert!(all[1].effect.high < 0.0 && all[1].same_sign == 1.0);
        assert!(all[2].effect.mean.abs() < 1e-12 && all[2].effect.high.is_nan() && all[2].same_sign == 0.5);
    }

    /// Of two runs where every cell of a lesion does more harm than any like one, and three where none does.
    #[test]
    fn a_superiority_is_a_probability_also_at_the_ends_of_its_interval() {
        let of = |superiority: f64| {
            let comparison = ControlComparison { superiority, ..NOTHING };
            vec![LesionEffect { lesion: 0, measure: 0, size: 1, value: 0.0, comparison: Some(comparison) }]
        };
        let effects = [1.0, 1.0, 0.0, 0.0, 0.0].map(of);
        let outcomes = outcome(-0.5);
        let run =
            |effects| RunResult { name: "", setting: "a", outcomes: &outcomes, effects, cells: &[], effective: &[] };
        let keys = [MeasureKey { measure: "r2_change", scope: "all".into(), harm: -1.0 }];
        let of = |runs: &[RunResult]| across_seeds(runs, &keys, &[lesion()], &population(), 0).remove(0).superiority;
        let runs: Vec<RunResult> = effects.iter().map(|e| run(e)).collect();
        assert_eq!(of(&runs), Interval { mean: 0.4, low: 0.0, high: 1.0 });
        let equal = vec![runs[0]; 5];
        for without in [&runs[..4], &equal] {
            assert!(of(without).mean >= 0.5 && of(without).low.is_nan() && of(without).high.is_nan());
        }
    }

    #[test]
    fn too_few_runs_have_no_interval() {
        for runs in 1..FEWEST_RUNS {
            let few = rows(&vec![(-0.5, "a"); runs]).remove(0);
            assert!((few.effect.mean + 0.5).abs() < 1e-12 && few.effect.low.is_nan() && few.value.high.is_nan());
        }
    }

    #[test]
    fn runs_with_the_same_weights_correlate_perfectly() {
        let weights = [9.0, 1.0, -2.0, 9.0];
        assert!((correlation(&weights, &weights) - 1.0).abs() < 1e-12);
        assert!((correlation(&weights, &[5.0, -1.0, 2.0, 7.0]) + 1.0).abs() < 1e-12, "the diagonal does not count");
    }
}
