//! Studies of synthetic recordings.

use aon::data::recording::{Framed, Session};
use aon::synthetic::recording::{RecordingSynthesis, SyntheticRecording};
use aon::tuning::{SessionStudy, TuningSettings, TuningStudy, study_session};
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
