//! What else could make a neuron look tuned to observation: bouts as the controls need them.

use crate::data::recording::{Agent, Bout};
use std::collections::BTreeSet;

/// What the behaviour is called by which onsets of objects are tested.
pub const ONSET: &str = "onset";

/// What a neuron that sees answers to: `objects`, as bouts of the observed behaviours of these names; where there are none, the
/// first `seconds` of every observed bout, whatever the behaviour.
pub(super) fn onsets(bouts: &[Bout], objects: &[String], seconds: f64) -> Vec<Bout> {
    let is_object = |b: &&Bout| b.agent == Agent::Other && objects.contains(&b.behaviour);
    let shown: Vec<Bout> =
        bouts.iter().filter(is_object).map(|b| Bout { behaviour: ONSET.into(), ..b.clone() }).collect();
    if !shown.is_empty() {
        return shown;
    }
    let of = |b: &Bout| Bout {
        agent: Agent::Other,
        behaviour: ONSET.into(),
        start: b.start,
        stop: b.stop.min(b.start + seconds),
        object: b.object.clone(),
    };
    bouts.iter().filter(|b| b.agent == Agent::Other).map(of).collect()
}

/// Observed bouts, where frames in which the animal itself does anything are no observation; whatever it does then counts as
/// every behaviour.
pub(super) fn while_still(bouts: &[Bout]) -> Vec<Bout> {
    let observed: BTreeSet<&String> = bouts.iter().filter(|b| b.agent == Agent::Other).map(|b| &b.behaviour).collect();
    let own = bouts.iter().filter(|b| b.agent == Agent::Own);
    let as_each = own.flat_map(|b| observed.iter().map(|h| Bout { behaviour: (*h).clone(), ..b.clone() }));
    bouts.iter().filter(|b| b.agent == Agent::Other).cloned().chain(as_each).collect()
}

/// Columns that say what covariates explain: each, its square, and both as they were and will be up to `lags` steps of
/// `step` frames earlier and later. NaN where a covariate was not measured.
pub(super) fn design(covariates: &[Vec<f64>], lags: usize, step: usize) -> Vec<Vec<f64>> {
    let shifted = |values: &[f64], by: isize| -> Vec<f64> {
        (0..values.len())
            .map(|t| t.checked_add_signed(by).and_then(|t| values.get(t)).copied().unwrap_or(f64::NAN))
            .collect()
    };
    let lags = lags as isize;
    let of = |values: &Vec<f64>| {
        // Centred, so that a square is not nearly the covariate itself.
        let measured: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let mean = measured.iter().sum::<f64>() / measured.len().max(1) as f64;
        let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
        (-lags..=lags)
            .flat_map(|lag| {
                let linear = shifted(&centred, lag * step as isize);
                let square = linear.iter().map(|v| v * v).collect();
                [linear, square]
            })
            .collect::<Vec<_>>()
    };
    covariates.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bout(agent: Agent, behaviour: &str, start: f64, stop: f64) -> Bout {
        Bout { agent, behaviour: behaviour.into(), start, stop, object: None }
    }

    #[test]
    fn controls_are_made_from_bouts() {
        let bouts = [
            bout(Agent::Own, "eating", 0.0, 2.0),
            bout(Agent::Other, "eating", 5.0, 9.0),
            bout(Agent::Other, "grooming", 20.0, 20.2),
        ];
        assert_eq!(
            onsets(&bouts, &["object".into()], 0.5),
            [bout(Agent::Other, ONSET, 5.0, 5.5), bout(Agent::Other, ONSET, 20.0, 20.2)]
        );
        let shown = [&bouts[..], &[bout(Agent::Other, "object", 3.0, 4.0)]].concat();
        assert_eq!(onsets(&shown, &["object".into()], 0.5), [bout(Agent::Other, ONSET, 3.0, 4.0)]);
        let still = while_still(&bouts);
        assert_eq!(still[2..], [bout(Agent::Own, "eating", 0.0, 2.0), bout(Agent::Own, "grooming", 0.0, 2.0)]);
    }

    #[test]
    fn covariates_come_with_lags_and_squares() {
        let columns = design(&[vec![1.0, 3.0, 5.0, f64::NAN]], 1, 2);
        assert_eq!(columns.len(), 6);
        assert_eq!(columns[2][..3], [-2.0, 0.0, 2.0]);
        assert_eq!(columns[3][..3], [4.0, 0.0, 4.0]);
        assert!(columns[0][..2].iter().all(|v| v.is_nan()) && columns[0][2] == -2.0 && columns[4][0] == 2.0);
    }
}
