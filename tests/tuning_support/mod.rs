//! Studies of synthetic recordings.

use aon::analysis::statistics::clopper_pearson;
use aon::data::recording::{Framed, Session};
use aon::synthetic::recording::{RecordingSynthesis, SyntheticRecording};
use aon::tuning::{
    Axis, SessionInput, SessionStudy, SessionTests, TuningSettings, TuningStudy, examine, study_session,
};
use std::sync::atomic::AtomicBool;

/// How many recordings are made of each kind: `AON_RECORDINGS`, or so many.
pub(crate) fn recordings(brief: u64) -> u64 {
    std::env::var("AON_RECORDINGS").ok().and_then(|n| n.parse().ok()).unwrap_or(brief)
}

/// 1000 draws, and no more.
pub(crate) fn brief() -> TuningSettings {
    TuningSettings { most_shifts: 0, ..TuningSettings::default() }
}

pub(crate) fn sessions(synthesis: &RecordingSynthesis) -> SyntheticRecording {
    SyntheticRecording::generate(synthesis).unwrap()
}

/// The tests of one session alone.
pub(crate) fn tested(session: &Session, settings: &TuningSettings, key: u64) -> SessionTests {
    let framed = Framed::new(session, 0.05).unwrap();
    let axis = Axis::new(session, &framed).unwrap();
    let (activity, bouts) = (&framed.activity, &session.bouts[..]);
    let input = SessionInput { activity, axis: &axis, bouts, others: &[], key, sessions: 1 };
    examine(&input, settings, &AtomicBool::new(false)).unwrap().tests
}

/// The study of one session.
pub(crate) fn studied(session: &Session, settings: &TuningSettings, key: u64) -> SessionStudy {
    let framed = Framed::new(session, 0.05).unwrap();
    study_session(session, &framed, &[], key, 1, settings, &AtomicBool::new(false)).unwrap().unwrap()
}

/// The study of all sessions of a recording.
pub(crate) fn study(recording: &SyntheticRecording, settings: &TuningSettings) -> TuningStudy {
    let each = recording.sessions.iter().enumerate();
    let studies = each.map(|(k, s)| studied(s, settings, recording.settings.seed * 1000 + k as u64)).collect();
    TuningStudy::new(studies, settings)
}

/// All p values.
pub(crate) fn p_values<'a>(tests: impl Iterator<Item = &'a SessionTests>) -> Vec<f64> {
    tests.flat_map(|t| &t.behaviours).flat_map(|t| t.p.iter().copied()).filter(|p| !p.is_nan()).collect()
}

/// The share below 0.01, with its interval as if all were independent.
pub(crate) fn share(p: &[f64]) -> (f64, String) {
    let below = p.iter().filter(|p| **p < 0.01).count();
    let interval = clopper_pearson(below, p.len(), 0.95);
    (interval.mean, format!("{:.4} ({:.4}–{:.4}) of {}", interval.mean, interval.low, interval.high, p.len()))
}
