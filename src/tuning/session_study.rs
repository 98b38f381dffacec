//! All that is asked of one session: its tests, what would have been found, and the controls.

use super::axis::Axis;
use super::controls::{design, onsets, while_still};
use super::examine::{Examined, SessionInput, TimedBouts, examine, tests_of, transplanted};
use super::null::Null;
use super::session_tests::SessionTests;
use super::settings::TuningSettings;
use crate::analysis::statistics::residuals;
use crate::data::recording::{Agent, Bout, Framed, Neuron, Session};
use crate::error::Result;
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// What was found in one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionStudy {
    /// Whose it is.
    pub animal: String,
    /// Which.
    pub session: String,
    /// The neurons, `[N]`.
    pub neurons: Vec<Neuron>,
    /// Its tests and probes.
    pub examined: Examined,
    /// Answers to the onset of any observed bout.
    pub onset: SessionTests,
    /// Observed behaviours in frames in which the animal itself does nothing.
    pub still: SessionTests,
    /// The tests again on what covariates leave of the activity; none without covariates.
    pub residual: Option<Residual>,
    /// The tests again with the bouts of another session of the animal; none where there is none.
    pub mismatched: Option<SessionTests>,
}

/// What covariates leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Residual {
    /// The covariates that were regressed out.
    pub covariates: Vec<String>,
    /// The share of the frames in which all of them were measured; the others are left out.
    pub measured: f64,
    /// The tests.
    pub tests: SessionTests,
}

/// Studies `session`; `others` are the other sessions of its animal, and `sessions` how many are tested in one family. `None`
/// if it was asked to stop.
///
/// # Errors
/// If no frame can be used.
pub fn study_session(
    session: &Session,
    framed: &Framed,
    others: &[TimedBouts],
    key: u64,
    sessions: usize,
    settings: &TuningSettings,
    stop: &AtomicBool,
) -> Result<Option<SessionStudy>> {
    let axis = Axis::new(session, framed)?;
    let is_action = |b: &&Bout| b.agent == Agent::Own || !settings.objects.contains(&b.behaviour);
    let actions: Vec<Bout> = session.bouts.iter().filter(is_action).cloned().collect();
    let input = SessionInput { activity: &framed.activity, axis: &axis, bouts: &actions, others, key, sessions };
    let again = |agents: &[Agent], activity: &Array2<f32>, axis: &Axis, bouts: &[Bout], settings: &TuningSettings| {
        tests_of(agents, &SessionInput { activity, axis, bouts, ..input }, settings, stop)
    };
    let found = || {
        let examined = examine(&input, settings, stop)?;
        // Controls need no corrected threshold.
        let plain = TuningSettings { most_shifts: settings.shifts, ..settings.clone() };
        let seen = onsets(&session.bouts, &settings.objects, settings.onset_ms / 1000.0);
        let onset = again(&[Agent::Other], &framed.activity, &axis, &seen, &plain)?;
        let still = again(&[Agent::Other], &framed.activity, &axis, &while_still(&actions), &plain)?;
        let mismatched = match others.first() {
            None => None,
            Some(other) => {
                let by_shifts = match settings.null {
                    Null::Sessions => TuningSettings { null: Null::default(), ..plain.clone() },
                    Null::Window | Null::Circular | Null::Linear | Null::Trials => plain.clone(),
                };
                Some(again(&Agent::ALL, &framed.activity, &axis, &transplanted(other, &axis), &by_shifts)?)
            }
        };
        let residual = match Given::new(session, framed, settings) {
            None => None,
            Some(given) => {
                let axis = axis.only(&given.measured);
                let measured = axis.len() as f64 / framed.frames() as f64;
                if axis.is_empty() {
                    None
                } else {
                    let tests = again(&Agent::ALL, &given.activity, &axis, &actions, settings)?;
                    Some(Residual { covariates: given.names, measured, tests })
                }
            }
        };
        Some((examined, onset, still, residual, mismatched))
    };
    Ok(found().map(|(examined, onset, still, residual, mismatched)| SessionStudy {
        animal: session.animal.clone(),
        session: session.name.clone(),
        neurons: session.neurons.clone(),
        examined,
        onset,
        still,
        residual,
        mismatched,
    }))
}

/// The activity, given the covariates.
struct Given {
    names: Vec<String>,
    measured: Vec<bool>,
    activity: Array2<f32>,
}

impl Given {
    fn new(session: &Session, framed: &Framed, settings: &TuningSettings) -> Option<Self> {
        // A covariate that was hardly measured would leave hardly any frame.
        let enough = |values: &[f64]| 2 * values.iter().filter(|v| v.is_finite()).count() > values.len();
        let used: Vec<usize> = (0..framed.covariates.len()).filter(|k| enough(&framed.covariates[*k])).collect();
        if used.is_empty() {
            return None;
        }
        let covariates: Vec<Vec<f64>> = used.iter().map(|k| framed.covariates[*k].clone()).collect();
        let step = settings.lag_ms / 1000.0 / framed.interval / settings.lags.max(1) as f64;
        let design = design(&covariates, settings.lags, (step.round() as usize).max(1));
        let measured: Vec<bool> =
            (0..framed.frames()).map(|t| design.iter().all(|column| column[t].is_finite())).collect();
        let activity = residuals(&framed.activity, &design, &measured);
        let names = used.into_iter().map(|k| session.covariates[k].name.clone()).collect();
        Some(Self { names, measured, activity })
    }
}
