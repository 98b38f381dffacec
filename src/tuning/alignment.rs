//! Trials, or bouts where there are no trials, each with the time that it is aligned to.

use crate::analysis::statistics::quantile;
use crate::data::recording::{Agent, Session, Trial};
use std::collections::{BTreeMap, BTreeSet};

/// What movement onsets are called.
const ONSET: [&str; 5] =
    ["movement onset", "onset of movement", "onset of the movement", "movement start", "start of movement"];
/// What the end of the signal that tells Go from No-Go is called.
pub(super) const SIGNAL_END: [&str; 5] = ["end of sound", "end of the sound", "sound end", "sound off", "sound offset"];
/// The end of a bout among its events.
pub(super) const STOP: &str = "stop";

/// A trial or a bout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Aligned {
    pub(super) agent: Agent,
    pub(super) go: Option<bool>,
    /// The object of a trial, the behaviour of a bout.
    pub(super) what: Option<String>,
    /// When its time is 0, in s.
    pub(super) at: f64,
    /// When what happened, in s from then on, by the [`plain`] names of events.
    pub(super) events: BTreeMap<String, f64>,
}

/// What a session is aligned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Alignment {
    /// Trials to an event, those of No-Go that lack it to another; both by their [`plain`] names.
    Trials { event: String, fallback: Option<String> },
    /// Bouts to their starts.
    Bouts,
}

/// A session's trials or bouts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AlignedSession {
    pub(super) alignment: Alignment,
    pub(super) each: Vec<Aligned>,
    pub(super) remarks: Vec<String>,
}

/// A name in small letters, with a space for each hyphen and underscore: events that differ in no more are the same.
pub(super) fn plain(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ").to_lowercase();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `animal session`, as sentences name a session.
pub(super) fn label(session: &Session) -> String {
    format!("{} {}", session.animal, session.name).trim().to_string()
}

/// Aligns the trials of `session` to the event `asked`, by default the onset of the movement, and its No-Go trials without
/// that event to `fallback`, by default the end of the sound: their time is 0 as long after it as the movement begins after
/// it in the other trials of the agent, by their median. Bouts are aligned where there are no trials, or where no event was
/// asked for and none has a usual name.
///
/// # Errors
/// A sentence on why there is nothing to align.
pub(super) fn align(session: &Session, asked: Option<&str>, fallback: Option<&str>) -> Result<AlignedSession, String> {
    let trials = &session.trials;
    let event = event_of(trials, asked, &ONSET);
    let Some(event) = event else { return without_event(session, asked) };
    let mut remarks = Vec::new();
    let used = event_of(trials, fallback, &SIGNAL_END);
    if let (Some(named), None) = (fallback, &used) {
        remarks.push(format!("{}: {}", label(session), no_such_event(session, named)));
    }
    let delays = Agent::ALL.map(|agent| used.as_ref().and_then(|f| delay(trials, &event, f, agent)));
    let (mut each, mut lacking, mut moved) = (Vec::new(), 0, 0);
    for trial in trials {
        let events: BTreeMap<String, f64> = trial.events.iter().map(|(name, t)| (plain(name), *t)).collect();
        let by_fallback = || {
            let at = events.get(used.as_ref()?).filter(|_| trial.go == Some(false))?;
            Some(at + delays[usize::from(trial.agent == Agent::Other)].unwrap_or(0.0))
        };
        let own = events.get(&event).copied();
        moved += usize::from(own.is_none() && by_fallback().is_some());
        let Some(at) = own.or_else(by_fallback).filter(|at| at.is_finite()) else {
            lacking += 1;
            continue;
        };
        let events = events.into_iter().map(|(name, t)| (name, t - at)).collect();
        each.push(Aligned { agent: trial.agent, go: trial.go, what: trial.object.clone(), at, events });
    }
    if lacking > 0 {
        remarks.push(format!(
            "{}: {lacking} of {} trials are left out, without `{event}`.",
            label(session),
            trials.len()
        ));
    }
    let fallback = used.filter(|_| moved > 0);
    Ok(AlignedSession { alignment: Alignment::Trials { event, fallback }, each, remarks })
}

fn without_event(session: &Session, asked: Option<&str>) -> Result<AlignedSession, String> {
    let place = label(session);
    match (session.trials.is_empty(), session.bouts.is_empty(), asked) {
        (true, true, _) => Err(format!("{place} has neither trials nor bouts.")),
        (false, _, Some(asked)) => Err(format!("{place}: {}", no_such_event(session, asked))),
        (false, true, None) => Err(format!("{place}: {}", no_such_event(session, ONSET[0]))),
        (is_without, false, _) => {
            let told = format!("{place}: {} Bouts are taken in place of trials.", no_such_event(session, ONSET[0]));
            let each = session.bouts.iter().map(|bout| Aligned {
                agent: bout.agent,
                go: None,
                what: Some(bout.behaviour.clone()),
                at: bout.start,
                events: BTreeMap::from([(STOP.into(), bout.stop - bout.start)]),
            });
            let remarks = if is_without { Vec::new() } else { vec![told] };
            Ok(AlignedSession { alignment: Alignment::Bouts, each: each.collect(), remarks })
        }
    }
}

fn no_such_event(session: &Session, name: &str) -> String {
    let names: BTreeSet<&String> = session.trials.iter().flat_map(|t| t.events.keys()).collect();
    let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    let there = if names.is_empty() { "none".into() } else { names.join(", ") };
    format!("no trial has the event `{name}`; its events are {there}. Name one of them in the settings.")
}

/// The plain name of the event that is asked for, or of the first usual one that a trial has.
pub(super) fn event_of(trials: &[Trial], asked: Option<&str>, usual: &[&str]) -> Option<String> {
    let names: BTreeSet<String> = trials.iter().flat_map(|t| t.events.keys()).map(|name| plain(name)).collect();
    let wanted = asked.map_or_else(|| usual.iter().map(|name| plain(name)).collect(), |name| vec![plain(name)]);
    wanted.into_iter().find(|name| names.contains(name))
}

/// How long after `fallback` the event happens in trials of `agent` that have both, or else in those of any agent; the
/// median.
fn delay(trials: &[Trial], event: &str, fallback: &str, agent: Agent) -> Option<f64> {
    let of = |trial: &Trial| {
        let at = |wanted: &str| trial.events.iter().find(|(name, _)| plain(name) == wanted).map(|(_, t)| *t);
        Some(at(event)? - at(fallback)?)
    };
    let among = |anyone: bool| -> Vec<f64> {
        trials.iter().filter(|t| anyone || t.agent == agent).filter_map(of).filter(|d| d.is_finite()).collect()
    };
    let own = among(false);
    let delays = if own.is_empty() { among(true) } else { own };
    (!delays.is_empty()).then(|| quantile(&delays, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recording::{Activity, Bout};

    fn trial(agent: Agent, go: Option<bool>, events: &[(&str, f64)]) -> Trial {
        let events = events.iter().map(|(name, t)| ((*name).to_string(), *t)).collect();
        Trial { agent, go, object: None, events }
    }

    fn session(trials: Vec<Trial>, bouts: Vec<Bout>) -> Session {
        Session {
            source: "made up".into(),
            animal: "A".into(),
            name: "1".into(),
            neurons: Vec::new(),
            activity: Activity::Spikes { times: Vec::new(), span: (0.0, 100.0) },
            bouts,
            trials,
            contexts: Vec::new(),
            covariates: Vec::new(),
            remarks: Vec::new(),
        }
    }

    #[test]
    fn no_go_trials_begin_as_long_after_the_sound_as_the_movement_does() {
        let go = |at: f64, delay: f64| {
            trial(Agent::Own, Some(true), &[("End_of-sound", at), ("movement onset", at + delay)])
        };
        let withheld = trial(Agent::Own, Some(false), &[("End_of-sound", 40.0)]);
        let failed = trial(Agent::Own, Some(true), &[("End_of-sound", 50.0)]);
        let found =
            align(&session(vec![go(1.0, 0.2), go(10.0, 0.4), go(20.0, 0.3), withheld, failed], Vec::new()), None, None);
        let found = found.unwrap();
        let fallback = Some("end of sound".into());
        assert_eq!(found.alignment, Alignment::Trials { event: "movement onset".into(), fallback });
        assert_eq!(found.each.len(), 4);
        assert!((found.each[3].at - 40.3).abs() < 1e-12 && (found.each[3].events["end of sound"] + 0.3).abs() < 1e-12);
        assert!(found.remarks[0].contains("1 of 5 trials"), "{:?}", found.remarks);
    }

    #[test]
    fn bouts_are_taken_without_trials_and_what_is_not_there_is_said() {
        let bout = Bout { agent: Agent::Other, behaviour: "eating".into(), start: 3.0, stop: 5.0, object: None };
        let found = align(&session(Vec::new(), vec![bout.clone()]), Some("go"), None).unwrap();
        assert_eq!((found.alignment, found.each[0].at, found.each[0].events[STOP]), (Alignment::Bouts, 3.0, 2.0));
        let other = trial(Agent::Own, None, &[("cue", 1.0)]);
        let told = align(&session(vec![other.clone()], vec![bout]), None, None).unwrap();
        assert!(told.alignment == Alignment::Bouts && told.remarks[0].contains("`cue`"), "{:?}", told.remarks);
        assert!(align(&session(vec![other], Vec::new()), Some("grasp"), None).unwrap_err().contains("`cue`"));
        assert!(align(&session(Vec::new(), Vec::new()), None, None).unwrap_err().contains("neither"));
    }
}
