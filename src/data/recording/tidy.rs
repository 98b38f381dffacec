//! Bouts and contexts put in order: what is left out, merged, cut, and told.

use super::cut;
use super::session::{Agent, Bout, Context, Session, Trial};
use super::settings::{BoutSettings, TrialSettings};
use crate::error::{Error, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Bouts may reach beyond the recording by so much of its length, as clocks differ; then they are cut.
const BEYOND: f64 = 0.01;

/// The bouts that are cut around the event `align` of each trial: the behaviour is named by the object (`trial` without one).
/// Trials without that event, and those whose signal was not to act, have none.
///
/// # Errors
/// If one of `align` and `window_ms` is missing, the window is none, or no trial has the event.
pub(super) fn bouts_of_trials(trials: &[Trial], settings: &TrialSettings) -> Result<Vec<Bout>> {
    let (Some(align), Some([from, to])) = (&settings.align, settings.window_ms) else {
        ensure!(
            settings.align.is_none() && settings.window_ms.is_none(),
            "`trials`: expected both `align` and `window_ms`, or neither, found one of them."
        );
        return Ok(Vec::new());
    };
    ensure!(
        from.is_finite() && to.is_finite() && from < to,
        "`trials.window_ms`: expected [from, to] in ms from the event, found [{from}, {to}]."
    );
    let has_event = |trial: &&Trial| trial.events.contains_key(align);
    if !trials.is_empty() && !trials.iter().any(|t| has_event(&t)) {
        let events: BTreeSet<&str> = trials.iter().flat_map(|t| t.events.keys()).map(String::as_str).collect();
        let listed = events.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Error::input(format!(
            "`trials.align`: expected an event of the trials ({listed}), found `{align}`. Correct it."
        )));
    }
    let object = |trial: &Trial| trial.object.clone().unwrap_or_else(|| "trial".into());
    Ok(cut::bouts(trials, align, (from / 1000.0, to / 1000.0), object))
}

/// Puts the bouts of `session` in order.
///
/// # Errors
/// If one stops before it starts or lies beyond the recording, or two merges take in the same behaviour.
pub(super) fn bouts(session: &mut Session, settings: &BoutSettings) -> Result<()> {
    let names = new_names(settings)?;
    let before: BTreeSet<&String> = session.bouts.iter().map(|b| &b.behaviour).collect();
    let named = settings.leave_out.iter().map(|n| ("leave_out", n)).chain(names.keys().map(|n| ("merge", *n)));
    let absent = named.filter(|(_, name)| !before.contains(name));
    let absent: Vec<String> =
        absent.map(|(key, name)| format!("No bout is of \"{name}\", which `bouts.{key}` names.")).collect();
    let mut bouts = std::mem::take(&mut session.bouts);
    if !bouts.is_empty() {
        session.remarks.extend(absent);
    }
    bouts.retain(|bout| !settings.leave_out.contains(&bout.behaviour));
    for bout in &mut bouts {
        if let Some(name) = names.get(&bout.behaviour) {
            bout.behaviour = (*name).clone();
        }
    }
    let bouts = within(session, bouts)?;
    let all = bouts.len();
    let bouts: Vec<Bout> = bouts.into_iter().filter(|bout| bout.start < bout.stop).collect();
    if bouts.len() < all {
        let points = all - bouts.len();
        session.remarks.push(format!("{} without length (point events) left out.", counted(points, "bout")));
    }
    session.bouts = joined(bouts, &mut session.remarks);
    Ok(())
}

/// The new name of each behaviour that is merged.
fn new_names(settings: &BoutSettings) -> Result<BTreeMap<&String, &String>> {
    let mut names = BTreeMap::new();
    for (new, old) in &settings.merge {
        for name in old {
            if let Some(other) = names.insert(name, new).filter(|other| *other != new) {
                return Err(Error::input(format!(
                    "`bouts.merge`: expected each behaviour in one list, found \"{name}\" in those of \"{other}\" and \"{new}\"."
                )));
            }
        }
    }
    Ok(names)
}

/// Bouts within the recording: by a little they may reach beyond it.
fn within(session: &mut Session, mut bouts: Vec<Bout>) -> Result<Vec<Bout>> {
    for bout in &bouts {
        let (start, stop) = (bout.start, bout.stop);
        if !(start.is_finite() && stop.is_finite() && start <= stop) {
            let found = format!("{} by {} from {start} to {stop} s", bout.behaviour, bout.agent);
            let remedy = "Correct it, or leave it out.";
            return Err(Error::variable(&session.source, "bouts", "stops after their starts", found, remedy));
        }
    }
    let Some((begin, end)) = session.span() else { return Ok(bouts) };
    let least = BEYOND * (end - begin);
    if let Some(bout) = bouts.iter().find(|b| b.start < begin - least || b.stop > end + least) {
        return Err(Error::variable(
            &session.source,
            "bouts",
            format!("bouts within the recording, which lasts from {begin} to {end} s"),
            format!("{} by {} from {} to {} s", bout.behaviour, bout.agent, bout.start, bout.stop),
            "If their clocks differ, give `bouts.offset_s`; if times are frames of a video, `bouts.video_rate`; check the frame rate. If spikes were looked for longer, say so (`span`).",
        ));
    }
    let all = bouts.len();
    bouts.retain(|bout| bout.stop >= begin && bout.start < end);
    let outside = |bout: &&mut Bout| bout.start < begin || bout.stop > end;
    let mut cut = all - bouts.len();
    for bout in bouts.iter_mut().filter(outside) {
        (bout.start, bout.stop) = (bout.start.max(begin), bout.stop.min(end));
        cut += 1;
    }
    if cut > 0 {
        session
            .remarks
            .push(format!("{} reaching a little beyond the recording cut at its ends.", counted(cut, "bout")));
    }
    Ok(bouts)
}

/// Bouts in the order of their starts; those of one agent and behaviour that overlap are one.
fn joined(bouts: Vec<Bout>, remarks: &mut Vec<String>) -> Vec<Bout> {
    let mut of: BTreeMap<(Agent, String), Vec<Bout>> = BTreeMap::new();
    for bout in bouts {
        of.entry((bout.agent, bout.behaviour.clone())).or_default().push(bout);
    }
    let mut all = Vec::new();
    for ((agent, behaviour), mut bouts) in of {
        bouts.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.stop.total_cmp(&b.stop)));
        let before = bouts.len();
        let mut apart: Vec<Bout> = Vec::with_capacity(before);
        for bout in bouts {
            match apart.last_mut() {
                Some(last) if bout.start < last.stop => {
                    last.stop = last.stop.max(bout.stop);
                    last.object = last.object.take().filter(|object| bout.object.as_ref() == Some(object));
                }
                _ => apart.push(bout),
            }
        }
        if apart.len() < before {
            let bouts = counted(before - apart.len(), "bout");
            remarks.push(format!("{bouts} of {behaviour} by {agent} overlapping the one before merged with it."));
        }
        all.append(&mut apart);
    }
    all.sort_by(|a, b| a.start.total_cmp(&b.start));
    all
}

/// Checks the contexts of `session`, and puts them in the order of time.
///
/// # Errors
/// If two overlap, or one is empty or lies beyond the recording.
pub(super) fn contexts(session: &mut Session) -> Result<()> {
    let place = "contexts";
    session.contexts.sort_by(|a, b| a.start.total_cmp(&b.start));
    let refuse = |source: &Path, expected: String, found: String| {
        Err(Error::variable(source, place, expected, found, "Correct them."))
    };
    let text = |c: &Context| format!("\"{}\" from {} to {} s", c.name, c.start, c.stop);
    for context in &session.contexts {
        if context.start >= context.stop || context.start.is_nan() || context.stop.is_nan() {
            return refuse(&session.source, "contexts that stop after their start".into(), text(context));
        }
        if let Some((begin, end)) = session.span().filter(|(a, b)| context.start >= *b || context.stop <= *a) {
            let expected = format!("contexts within the recording, which lasts from {begin} to {end} s");
            return refuse(&session.source, expected, text(context));
        }
    }
    let mut pairs = session.contexts.iter().zip(session.contexts.iter().skip(1));
    if let Some((a, b)) = pairs.find(|(a, b)| b.start < a.stop) {
        let found = format!("{} and {}", text(a), text(b));
        return refuse(&session.source, "contexts that do not overlap".into(), found);
    }
    let inside = |bout: &&Bout| session.contexts.iter().any(|c| c.start <= bout.start && bout.stop <= c.stop);
    let outside = session.bouts.len() - session.bouts.iter().filter(inside).count();
    if outside > 0 && !session.contexts.is_empty() {
        session.remarks.push(format!("{} not within one context.", counted(outside, "bout")));
    }
    Ok(())
}

/// `1 bout`, `2 bouts`
pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
