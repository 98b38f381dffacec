//! Behaviours that were recorded and could not be tested: untestable, which is not untuned.

use super::session_activity::{Kind, SessionActivity};
use super::settings::TuningSettings;
use super::study::TuningStudy;
use crate::data::recording::Agent;
use crate::data::{csv, csv_number, csv_text};

/// A behaviour of one agent in one session that was recorded and not tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Untested<'a> {
    /// The number of the session in the study.
    pub session: usize,
    /// What there is of it.
    pub kind: &'a Kind,
    /// Why nothing is known of it.
    pub why: String,
}

/// What could not be tested in the sessions of `study`; `activity` is theirs, in the same order. Objects that come into view
/// are no behaviour, and not among it.
pub fn untested<'a>(
    study: &TuningStudy,
    activity: &[&'a SessionActivity],
    settings: &TuningSettings,
) -> Vec<Untested<'a>> {
    let is_object = |kind: &Kind| kind.agent == Agent::Other && settings.objects.contains(&kind.behaviour);
    let mut found = Vec::new();
    for (session, (studied, activity)) in study.sessions.iter().zip(activity).enumerate() {
        let tests = &studied.examined.tests;
        let left = activity.kinds.iter().filter(|k| !is_object(k) && tests.of(k.agent, &k.behaviour).is_none());
        found.extend(left.map(|kind| Untested { session, kind, why: why(kind, settings.least_bouts) }));
    }
    found
}

fn why(kind: &Kind, least: usize) -> String {
    if kind.usable < least {
        format!("fewer than {least} bouts of which frames can be used")
    } else {
        "its null distribution cannot be drawn: too few baselines, other sessions, or too short a context".into()
    }
}

/// `untested.csv`: behaviours of which nothing is known.
pub fn untested_csv(study: &TuningStudy, untested: &[Untested]) -> String {
    let rows = untested.iter().map(|u| {
        vec![
            csv_text(&study.sessions[u.session].animal),
            csv_text(&study.sessions[u.session].session),
            u.kind.agent.name().into(),
            csv_text(&u.kind.behaviour),
            u.kind.bouts.to_string(),
            u.kind.usable.to_string(),
            csv_number(u.kind.seconds),
            csv_text(&u.why),
        ]
    });
    csv("animal,session,agent,behaviour,bouts,usable_bouts,seconds,why", rows)
}
