//! What lesions did, held against what other cells do.

use super::cells::{CellOutcome, CellTest, Deal};
use super::experiment::{ControlOutcome, LesionOutcome};
use super::{Lesion, MeasureKey};
use crate::analysis::statistics::{Ranked, benjamini_hochberg, effect_size, mean, quantile};
use crate::network::Population;
use std::collections::BTreeSet;

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
    effects_by(lesions, outcomes, cells, keys, population, Deal::of(seed))
}

/// [`effects`], with labels dealt so often.
pub(crate) fn effects_by(
    lesions: &[Lesion],
    outcomes: &[LesionOutcome],
    cells: &[CellOutcome],
    keys: &[MeasureKey],
    population: &Population,
    deal: Deal,
) -> Vec<LesionEffect> {
    let mut rows = Vec::new();
    for (lesion, outcome) in outcomes.iter().enumerate() {
        let test = CellTest::new(&lesions[lesion], lesion, &[cells], population, deal);
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

/// Labels count as telling which cells matter where the false discovery rate is below this.
pub const SIGNIFICANT: f64 = 0.05;

/// The tests of each measure, by its lesions and scopes, as places in `tests`.
fn families(tests: &[(usize, f64)], keys: &[MeasureKey]) -> Vec<Vec<usize>> {
    let names: BTreeSet<&str> = keys.iter().map(|k| k.measure).collect();
    let of = |name: &str| (0..tests.len()).filter(|t| keys[tests[*t].0].measure == name).collect();
    names.into_iter().map(of).collect()
}

/// Which tests, given as (number of the measure, q), hold over all measures together.
///
/// q bounds what is found in one measure; of a dozen measures of labels that mean nothing, some would find something in
/// every third study or so. Measures are therefore tested as a family themselves, by the smallest q of each (Simes' p of it),
/// and with R of m selected their own tests count where q < R / m × [`SIGNIFICANT`] (Benjamini and Bogomolov 2014). Where
/// labels mean nothing, no more than one study in twenty finds anything at all.
pub fn found(tests: &[(usize, f64)], keys: &[MeasureKey]) -> Vec<bool> {
    let smallest = |family: &Vec<usize>| family.iter().map(|t| tests[*t].1).fold(f64::NAN, f64::min);
    let measures: Vec<f64> = families(tests, keys).iter().map(smallest).filter(|q| q.is_finite()).collect();
    let selected = benjamini_hochberg(&measures).iter().filter(|q| **q < SIGNIFICANT).count();
    let bound = SIGNIFICANT * selected as f64 / measures.len() as f64;
    tests.iter().map(|(_, q)| *q < bound).collect()
}

/// q of tests, given as (number of the measure, p): a measure with all its lesions and scopes is a family.
pub(super) fn corrected(tests: &[(usize, f64)], keys: &[MeasureKey]) -> Vec<f64> {
    let mut corrected = vec![f64::NAN; tests.len()];
    for family in families(tests, keys) {
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
    fn what_is_found_holds_over_all_measures_together() {
        let key = |measure| MeasureKey { measure, scope: "all".into(), harm: 1.0 };
        let keys = ["a", "b", "c", "d"].map(key);
        let of = |q: [f64; 4]| found(&[0, 1, 2, 3].map(|m| (m, q[m])), &keys);
        // Alone among four a measure needs a quarter of 0.05, and with three others no less than 0.05.
        assert_eq!(of([0.013, 0.9, 0.9, 0.9]), [false; 4]);
        assert_eq!(of([0.012, 0.9, 0.9, 0.9]), [true, false, false, false]);
        assert_eq!(of([0.04, 0.03, 0.049, 0.02]), [true; 4]);
        // Two of four: what is selected is held against half of 0.05, in each of its tests.
        let tests = [(0, 0.02), (1, 0.01), (1, 0.03), (2, 0.9), (3, 0.8)];
        assert_eq!(found(&tests, &keys), [true, true, false, false, false]);
        // What could not be tested is no measure.
        assert_eq!(of([0.04, f64::NAN, f64::NAN, f64::NAN]), [true, false, false, false]);
        assert_eq!(of([f64::NAN; 4]), [false; 4]);
        assert!(found(&[], &keys).is_empty());
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
