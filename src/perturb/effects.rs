//! What lesions did, held against what other cells do.

use super::cells::{CellOutcome, CellTest};
use super::experiment::{ControlOutcome, LesionOutcome};
use super::{Lesion, MeasureKey};
use crate::analysis::statistics::{Ranked, benjamini_hochberg, effect_size, mean, quantile};
use crate::network::Population;

/// A lesion's effect on one measure: a row of `effects.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct LesionEffect {
    /// The lesion's number.
    pub lesion: usize,
    /// The measure's number.
    pub measure: usize,
    /// Neurons that were lesioned. Smaller than the lesion where it was subsampled for the comparison.
    pub size: usize,
    /// The measure; the mean over its subsets where the lesion was subsampled.
    pub value: f64,
    /// The comparison, where there is one.
    pub comparison: Option<ControlComparison>,
}

/// How a lesion compares with lesions of other cells: its value with those of control sets (NaN where there are none), and its
/// cells, each lesioned alone, with like cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlComparison {
    /// Mean of the controls.
    pub mean: f64,
    /// 2.5 % quantile of the controls, widened as [`super::Controls`] says.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
    /// (value − mean) / standard deviation of the widened controls.
    pub effect_size: f64,
    /// Whether lesion and controls are alike in rate and outgoing weight.
    pub matched: bool,
    /// Probability that a cell of the whole lesion, lesioned alone, does more harm than a spared like cell.
    pub superiority: f64,
    /// Probability of such a rank sum of the whole lesion's cells if their labels mean nothing ([`CellOutcome`]).
    pub p: f64,
    /// p after Benjamini and Hochberg over all lesions and scopes of the measure.
    pub q: f64,
}

/// All effects: for each lesion and measure the lesion itself, and where it had to be subsampled to be compared, the
/// subsample as well. `outcomes` are those of the `lesions`; `seed` deals the labels.
pub fn effects(
    lesions: &[Lesion],
    outcomes: &[LesionOutcome],
    cells: &[CellOutcome],
    keys: &[MeasureKey],
    population: &Population,
    seed: u64,
) -> Vec<LesionEffect> {
    let mut rows = Vec::new();
    for (lesion, outcome) in outcomes.iter().enumerate() {
        let test = CellTest::new(&lesions[lesion], lesion, &[cells], population, seed);
        for (measure, key) in keys.iter().enumerate() {
            let value = outcome.whole[measure];
            let controls = outcome.controls.as_ref();
            let whole = controls.is_some_and(|c| c.is_whole(outcome.size));
            if !whole {
                rows.push(LesionEffect { lesion, measure, size: outcome.size, value, comparison: None });
            }
            if let Some(c) = controls {
                let own = if whole { value } else { mean(&column(&c.subsets, measure)) };
                let size = if whole { outcome.size } else { c.drawn.size };
                let ranked = test.as_ref().map(|t| t.by(measure, key.harm));
                let comparison = compare(own, c, measure, ranked);
                rows.push(LesionEffect { lesion, measure, size, value: own, comparison });
            }
        }
    }
    correct(&mut rows, keys);
    rows
}

/// One measure of each set, those without a value left out.
pub(super) fn column(sets: &[Vec<f64>], measure: usize) -> Vec<f64> {
    sets.iter().map(|set| set[measure]).filter(|v| v.is_finite()).collect()
}

/// The compared value beside the controls, and the lesion's cells among like ones. Nothing where neither says anything.
fn compare(own: f64, outcome: &ControlOutcome, measure: usize, ranked: Option<Ranked>) -> Option<ControlComparison> {
    let (drawn, controls) = (&outcome.drawn, column(&outcome.sets, measure));
    let Ranked { p, superiority } = ranked.unwrap_or(Ranked { p: f64::NAN, superiority: f64::NAN });
    if !own.is_finite() || controls.is_empty() && p.is_nan() {
        return None;
    }
    let middle = mean(&controls);
    let widened: Vec<f64> = controls.iter().map(|c| middle + drawn.widening * (c - middle)).collect();
    Some(ControlComparison {
        mean: middle,
        low: quantile(&widened, 0.025),
        high: quantile(&widened, 0.975),
        effect_size: effect_size(own, &widened),
        matched: !controls.is_empty() && drawn.balance.is_matched(),
        superiority,
        p,
        q: f64::NAN,
    })
}

/// Fills in q.
fn correct(rows: &mut [LesionEffect], keys: &[MeasureKey]) {
    let tests: Vec<(usize, f64)> = rows.iter().map(|r| (r.measure, r.comparison.map_or(f64::NAN, |c| c.p))).collect();
    for (row, q) in rows.iter_mut().zip(corrected(&tests, keys)) {
        if let Some(comparison) = &mut row.comparison {
            comparison.q = q;
        }
    }
}

/// q of tests, given as (number of the measure, p): a measure with all its lesions and scopes is a family.
pub(super) fn corrected(tests: &[(usize, f64)], keys: &[MeasureKey]) -> Vec<f64> {
    let mut names: Vec<&str> = keys.iter().map(|k| k.measure).collect();
    names.dedup();
    let mut corrected = vec![f64::NAN; tests.len()];
    for name in names {
        let family: Vec<usize> = (0..tests.len()).filter(|t| keys[tests[*t].0].measure == name).collect();
        let p: Vec<f64> = family.iter().map(|t| tests[*t].1).collect();
        family.iter().zip(benjamini_hochberg(&p)).for_each(|(t, q)| corrected[*t] = q);
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::super::{Balance, Controls, cell_lesions};
    use super::*;
    use crate::network::Area;

    const CELLS: usize = 8;

    /// A lesion of the first three of eight like cells.
    fn lesion() -> Lesion {
        Lesion::silencing("three", vec![0, 1, 2], 10)
    }

    fn population() -> Population {
        Population::new(vec![Area { name: "F5".into(), size: CELLS }], vec![false; CELLS], None).unwrap()
    }

    fn outcome(own: f64, controls: &[f64], widening: f64) -> LesionOutcome {
        let sets: Vec<Vec<f64>> = controls.iter().map(|c| vec![*c]).collect();
        let drawn = Controls { size: 3, subsets: vec![], sets: vec![], widening, balance: Balance::default() };
        let controls = ControlOutcome { drawn, subsets: vec![vec![own]], sets };
        LesionOutcome { size: 3, whole: vec![own], controls: Some(controls) }
    }

    /// What each cell does.
    fn cells(values: [f64; CELLS]) -> Vec<CellOutcome> {
        let lesion = cell_lesions(&[lesion()], &population()).remove(0);
        vec![CellOutcome { lesion, damages: values.iter().map(|v| vec![*v]).collect() }]
    }

    fn compared(outcomes: &[LesionOutcome], cells: &[CellOutcome], harm: f64) -> Vec<Option<ControlComparison>> {
        let keys = [MeasureKey { measure: "r2_change", scope: "all".into(), harm }];
        let lesions = vec![lesion(); outcomes.len()];
        effects(&lesions, outcomes, cells, &keys, &population(), 0).into_iter().map(|e| e.comparison).collect()
    }

    #[test]
    fn p_ranks_the_cells_of_a_lesion_among_like_cells() {
        let controls = [-0.1, -0.2, -0.3, -0.4];
        let of = |values: [f64; CELLS], harm: f64| {
            compared(&[outcome(-0.35, &controls, 1.0)], &cells(values), harm)[0].unwrap()
        };
        let worst = [-0.9, -0.8, -0.7, -0.6, -0.1, -0.2, -0.3, 0.0];
        let (harm, good) = (of(worst, -1.0), of(worst, 1.0));
        // One of the 56 ways to choose three of eight, four standard errors of 0.001.
        assert!((harm.p - 1.0 / 56.0).abs() < 0.004 && harm.superiority == 1.0, "{harm:?}");
        assert!(good.p == 1.0 && good.superiority == 0.0, "{good:?}");
        // Ranks see order, not size: a single cell that does everything is one rank.
        let hub = of([-9.0, -0.1, -0.2, -0.3, -0.15, -0.25, -0.05, 0.0], -1.0);
        assert!(hub.p > 0.1 && (hub.superiority - (5.0 + 2.0 + 3.0) / 15.0).abs() < 1e-12, "{hub:?}");
        let unknown = of([f64::NAN; CELLS], -1.0);
        assert!(unknown.p.is_nan() && (unknown.mean + 0.25).abs() < 1e-12);
    }

    /// With deviations doubled around −0.25 the controls are 0.05, −0.15, −0.35, −0.55.
    #[test]
    fn widened_controls_keep_their_mean() {
        let c = compared(&[outcome(-0.4, &[-0.1, -0.2, -0.3, -0.4], 2.0)], &[], -1.0)[0].unwrap();
        assert!((c.mean + 0.25).abs() < 1e-12 && (c.low + 0.535).abs() < 1e-12 && (c.high - 0.035).abs() < 1e-12);
        // The standard deviation of those four, with n − 1, is √(0.2/3).
        assert!((c.effect_size + 0.15 / (0.2_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!(c.p.is_nan() && c.q.is_nan(), "no single cells were lesioned");
    }

    #[test]
    fn lesions_of_a_measure_are_one_family_and_nothing_is_made_of_nothing() {
        let outcomes = [
            outcome(-0.25, &[-0.1, -0.2, -0.3, -0.4], 1.0),
            outcome(-0.25, &[-0.1, -0.2, -0.3, -0.4], 1.0),
            outcome(f64::NAN, &[-0.1, -0.2, -0.3, -0.4], 1.0),
            outcome(-0.25, &[f64::NAN; 4], 1.0),
        ];
        let found = compared(&outcomes, &cells([-0.9, -0.8, -0.7, -0.6, -0.1, -0.2, -0.3, 0.0]), -1.0);
        // Three tests of about the same p, 1/56, which the family leaves as they are.
        assert_eq!(found[2], None);
        assert!(found[3].unwrap().mean.is_nan() && found[3].unwrap().effect_size.is_nan());
        assert!(found.iter().flatten().all(|c| c.q >= c.p && c.q < 0.025));
        let alone = compared(&[outcome(-0.25, &[f64::NAN; 4], 1.0)], &[], -1.0);
        assert_eq!(alone, [None]);
    }
}
