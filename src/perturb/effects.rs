//! What lesions did, held against their controls.

use super::experiment::{ControlOutcome, Outcome};
use super::{MeasureKey, Study};
use crate::analysis::statistics::{benjamini_hochberg, effect_size, mean, permutation_p, quantile};
use crate::data::{csv, csv_number, csv_text};

/// A lesion's effect on one measure: a row of `effects.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The lesion's number.
    pub lesion: usize,
    /// The measure's number.
    pub measure: usize,
    /// Neurons that were lesioned. Smaller than the lesion where it was subsampled for the comparison.
    pub size: usize,
    /// The measure; the mean over its subsets where the lesion was subsampled.
    pub value: f64,
    /// The comparison, where there is one.
    pub comparison: Option<Comparison>,
}

/// A value beside those of control lesions; NaN where there are no controls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Mean of the controls.
    pub mean: f64,
    /// 2.5 % quantile of the controls, widened as [`super::Controls`] says.
    pub low: f64,
    /// 97.5 % quantile.
    pub high: f64,
    /// Probability that so much harm comes of dealing the labels anew: `(1 + #{relabelled ≥ lesion}) / (n + 1)`, for the
    /// whole lesion.
    pub p: f64,
    /// p after Benjamini and Hochberg over all lesions and scopes of the measure.
    pub q: f64,
    /// (value − mean) / standard deviation of the widened controls.
    pub effect_size: f64,
    /// Whether lesion and controls are alike in rate and outgoing weight.
    pub matched: bool,
}

/// All effects: for each lesion and measure the lesion itself, and where it had to be subsampled to be compared, the
/// subsample as well.
pub fn effects(outcomes: &[Outcome], keys: &[MeasureKey]) -> Vec<Effect> {
    let mut rows = Vec::new();
    for (lesion, outcome) in outcomes.iter().enumerate() {
        for (measure, key) in keys.iter().enumerate() {
            let value = outcome.whole[measure];
            let controls = outcome.controls.as_ref();
            let whole = controls.is_some_and(|c| c.is_whole(outcome.size));
            if !whole {
                rows.push(Effect { lesion, measure, size: outcome.size, value, comparison: None });
            }
            if let Some(c) = controls {
                let own = if whole { value } else { mean(&column(&c.subsets, measure)) };
                let size = if whole { outcome.size } else { c.drawn.size };
                rows.push(Effect {
                    lesion,
                    measure,
                    size,
                    value: own,
                    comparison: compare(own, value, c, measure, key.harm),
                });
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

/// The compared value `own` beside the controls, and the value of the whole lesion among the relabelled sets.
fn compare(own: f64, whole: f64, outcome: &ControlOutcome, measure: usize, harm: f64) -> Option<Comparison> {
    let (drawn, controls) = (&outcome.drawn, column(&outcome.sets, measure));
    let relabelled: Vec<f64> = column(&outcome.relabelled, measure).iter().map(|r| harm * r).collect();
    if relabelled.is_empty() || !whole.is_finite() {
        return None;
    }
    let middle = mean(&controls);
    let widened: Vec<f64> = controls.iter().map(|c| middle + drawn.widening * (c - middle)).collect();
    Some(Comparison {
        mean: middle,
        low: quantile(&widened, 0.025),
        high: quantile(&widened, 0.975),
        p: permutation_p(harm * whole, &relabelled),
        q: f64::NAN,
        effect_size: effect_size(own, &widened),
        matched: !controls.is_empty() && drawn.balance.is_matched(),
    })
}

/// Fills in q: a measure with all its lesions and scopes is a family.
fn correct(rows: &mut [Effect], keys: &[MeasureKey]) {
    let mut names: Vec<&str> = keys.iter().map(|k| k.measure).collect();
    names.dedup();
    for name in names {
        let mut family: Vec<&mut Comparison> = rows
            .iter_mut()
            .filter(|row| keys[row.measure].measure == name)
            .filter_map(|row| row.comparison.as_mut())
            .collect();
        let p: Vec<f64> = family.iter().map(|c| c.p).collect();
        for (comparison, q) in family.iter_mut().zip(benjamini_hochberg(&p)) {
            comparison.q = q;
        }
    }
}

/// The header of `effects.csv`.
const EFFECTS_HEADER: &str = "lesion,area,cell_type,class,size,window,mode,measure,scope,value,control_mean,\
                                  control_low,control_high,p,q,effect_size,matched";

/// `effects.csv`: the intact network's fit first, then a row per effect. What is undefined is empty.
pub fn effects_csv(study: &Study) -> String {
    let intact = study.intact.iter().map(|(measure, scope, value)| {
        let texts = ["intact", "", "", "", "0", "", "", measure, scope].map(csv_text);
        let numbers = std::iter::once(csv_number(*value)).chain(std::iter::repeat_n(String::new(), 7));
        texts.into_iter().chain(numbers).collect()
    });
    csv(EFFECTS_HEADER, intact.chain(study.effects.iter().map(|row| effect_cells(study, row))))
}

fn effect_cells(study: &Study, row: &Effect) -> Vec<String> {
    let (lesion, key) = (&study.lesions[row.lesion], &study.keys[row.measure]);
    let (size, window, mode) = (row.size.to_string(), lesion.window(&study.subject), lesion.mode.label());
    let texts = [&lesion.name, &lesion.area, &lesion.cell_type, &lesion.class, &size, &window, &mode];
    let mut cells: Vec<String> = texts.into_iter().map(|t| csv_text(t)).collect();
    cells.extend([key.measure, &key.scope].map(csv_text));
    cells.push(csv_number(row.value));
    match &row.comparison {
        None => cells.extend(std::iter::repeat_n(String::new(), 7)),
        Some(c) => {
            cells.extend([c.mean, c.low, c.high, c.p, c.q, c.effect_size].map(csv_number));
            cells.push(if c.matched { "yes" } else { "no" }.into());
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::super::{Balance, Controls};
    use super::*;

    fn outcome(own: f64, controls: &[f64], widening: f64) -> Outcome {
        let sets: Vec<Vec<f64>> = controls.iter().map(|c| vec![*c]).collect();
        let balance = Balance::default();
        let drawn = Controls { size: 3, subsets: vec![], sets: vec![], relabelled: vec![], widening, balance };
        let controls = ControlOutcome { drawn, subsets: vec![vec![own]], relabelled: sets.clone(), sets };
        Outcome { size: 3, whole: vec![own], controls: Some(controls) }
    }

    fn key(harm: f64) -> Vec<MeasureKey> {
        vec![MeasureKey { measure: "r2_change", scope: "all".into(), harm }]
    }

    #[test]
    fn p_counts_relabelled_sets_that_do_at_least_as_much_harm() {
        let controls = [-0.1, -0.2, -0.3, -0.4];
        let p = |own: f64, harm: f64| effects(&[outcome(own, &controls, 1.0)], &key(harm))[0].comparison.unwrap().p;
        assert_eq!(p(-0.35, -1.0), 2.0 / 5.0);
        assert_eq!(p(-0.9, -1.0), 1.0 / 5.0);
        assert_eq!(p(-0.4, -1.0), 2.0 / 5.0, "a tie counts");
        assert_eq!(p(-0.35, 1.0), 4.0 / 5.0);
    }

    /// With deviations doubled around −0.25 the controls are 0.05, −0.15, −0.35, −0.55.
    #[test]
    fn widened_controls_keep_their_mean() {
        let c = effects(&[outcome(-0.4, &[-0.1, -0.2, -0.3, -0.4], 2.0)], &key(-1.0))[0].comparison.unwrap();
        assert!((c.mean + 0.25).abs() < 1e-12 && (c.low + 0.535).abs() < 1e-12 && (c.high - 0.035).abs() < 1e-12);
        assert_eq!(c.p, 2.0 / 5.0);
        // The standard deviation of those four, with n − 1, is √(0.2/3).
        assert!((c.effect_size + 0.15 / (0.2_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn lesions_of_a_measure_are_one_family_and_nothing_is_made_of_nothing() {
        let outcomes = [
            outcome(-9.0, &[-0.1, -0.2, -0.3, -0.4], 1.0),
            outcome(-0.25, &[-0.1, -0.2, -0.3, -0.4], 1.0),
            outcome(f64::NAN, &[-0.1, -0.2, -0.3, -0.4], 1.0),
            outcome(-0.25, &[f64::NAN; 4], 1.0),
        ];
        let rows = effects(&outcomes, &key(-1.0));
        let q: Vec<Option<f64>> = rows.iter().map(|r| r.comparison.map(|c| c.q)).collect();
        // p: 1/5 and 3/5 of a family of two.
        assert_eq!(q, [Some(2.0 / 5.0), Some(3.0 / 5.0), None, None]);
    }
}
