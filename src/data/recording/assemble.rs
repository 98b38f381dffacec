//! What every reader's sessions have in common: names, bouts in order, and what is told of neurons.

use super::session::{Activity, Flaw, Session};
use super::settings::RecordingSettings;
use super::tidy::{self, counted};
use crate::error::{Error, Result, ensure};
use std::collections::HashSet;
use std::path::Path;

/// Refuses settings that no recording can meet.
///
/// # Errors
/// Naming the setting.
pub(super) fn check_settings(settings: &RecordingSettings) -> Result<()> {
    let positive = |name: &str, value: Option<f64>| {
        let is = value.is_none_or(|v| v.is_finite() && v > 0.0);
        ensure!(is, "`{name} = {}`: expected a number above 0.", value.unwrap_or_default());
        Ok(())
    };
    positive("source.frame_rate", settings.source.frame_rate)?;
    positive("source.bin_ms", Some(settings.source.bin_ms))?;
    positive("bouts.video_rate", settings.bouts.video_rate)?;
    let offset = settings.bouts.offset_s;
    ensure!(offset.is_finite(), "`bouts.offset_s = {offset}`: expected a time in s.");
    let mut names = HashSet::new();
    for covariate in &settings.covariates {
        let name = &covariate.name;
        ensure!(!name.is_empty(), "`covariates`: expected a `name` for each, found one without.");
        ensure!(names.insert(name), "`covariates`: expected each name once, found `{name}` twice.");
        positive("covariates.rate", covariate.rate)?;
        let offset = covariate.offset_s;
        ensure!(offset.is_finite(), "`covariates.offset_s = {offset}`: expected a time in s.");
    }
    Ok(())
}

/// Names the session and its animal, where its files do not.
pub(super) fn name(session: &mut Session, settings: &RecordingSettings, usual: &str) {
    let source = &settings.source;
    if session.animal.is_empty() {
        session.animal = source.animal.clone().unwrap_or_else(|| {
            session
                .remarks
                .push("No animal is named (`source.animal`): recordings without one count as of one animal.".into());
            "unnamed".into()
        });
    }
    if session.name.is_empty() {
        session.name = source.session.clone().unwrap_or_else(|| usual.into());
    }
    for neuron in session.neurons.iter_mut().filter(|n| n.area.is_none()) {
        neuron.area.clone_from(&source.area);
    }
}

/// Puts everything in order that has been read of a session.
///
/// # Errors
/// If something of it cannot be.
pub(super) fn finish(session: &mut Session, settings: &RecordingSettings) -> Result<()> {
    check_neurons(session)?;
    leave_without_clock(session);
    if session.bouts.is_empty() && !session.trials.is_empty() {
        session.bouts = tidy::bouts_of_trials(&session.trials, &settings.trials)?;
    }
    tidy::bouts(session, &settings.bouts)?;
    if !settings.contexts.is_empty() {
        let of = |c: &super::settings::ContextSettings| super::session::Context {
            name: c.name.clone(),
            start: c.start,
            stop: c.stop,
        };
        session.contexts = settings.contexts.iter().map(of).collect();
    }
    tidy::contexts(session)?;
    check_covariates(session)?;
    tell_flaws(session);
    Ok(())
}

/// Averages have no clock: nothing can be told by time that lies beside them.
fn leave_without_clock(session: &mut Session) {
    let Activity::Averages(_) = session.activity else { return };
    let timed = session.bouts.len() + session.trials.len() + session.contexts.len() + session.covariates.len();
    if timed > 0 {
        session
            .remarks
            .push("Averages have no clock: bouts, trials, contexts and covariates beside them are left out.".into());
    }
    session.bouts.clear();
    session.trials.clear();
    session.contexts.clear();
    session.covariates.clear();
}

/// Refuses sessions without neurons, and two neurons of one name.
fn check_neurons(session: &Session) -> Result<()> {
    let source: &Path = &session.source;
    let none = || {
        Error::variable(
            source,
            "neurons",
            "at least one",
            "none",
            "If none is accepted, set `source.accepted_only = false`.",
        )
    };
    session.neurons.first().ok_or_else(none)?;
    let mut seen = HashSet::new();
    match session.neurons.iter().find(|neuron| !seen.insert(&neuron.name)) {
        Some(twice) => {
            let found = format!("\"{}\" twice", twice.name);
            Err(Error::variable(source, "neurons", "each name once", found, "Rename one of them."))
        }
        None => Ok(()),
    }
}

fn check_covariates(session: &mut Session) -> Result<()> {
    let mut seen = HashSet::new();
    if let Some(twice) = session.covariates.iter().find(|c| !seen.insert(c.name.clone())) {
        let found = format!("\"{}\" twice", twice.name);
        return Err(Error::variable(&session.source, "covariates", "each name once", found, "Leave one of them out."));
    }
    let Some((begin, end)) = session.span() else { return Ok(()) };
    for covariate in &session.covariates {
        let measured = covariate.times.iter().zip(&covariate.values).filter(|(_, v)| v.is_finite());
        if !measured.into_iter().any(|(t, _)| (begin..=end).contains(t)) {
            let what = &covariate.name;
            session.remarks.push(format!(
                "The covariate {what} has no sample between {begin} and {end} s, when activity was recorded."
            ));
        }
    }
    Ok(())
}

/// Tells which neurons say nothing.
fn tell_flaws(session: &mut Session) {
    let flaws = session.flaws();
    let silent = match session.activity {
        Activity::Spikes { .. } => "without a spike",
        Activity::Frames { .. } | Activity::Averages(_) => "that never change",
    };
    let is_lost = |flaw: &Option<Flaw>| matches!(flaw, Some(Flaw::NotFinite(_)));
    let is_silent = |flaw: &Option<Flaw>| matches!(flaw, Some(Flaw::Constant));
    let named = |is: &dyn Fn(&Option<Flaw>) -> bool| -> Vec<&str> {
        let flawed = session.neurons.iter().zip(&flaws).filter(|(_, flaw)| is(flaw));
        flawed.map(|(neuron, _)| neuron.name.as_str()).collect()
    };
    let mut remarks = Vec::new();
    for (what, names) in [("with NaN or infinite values", named(&is_lost)), (silent, named(&is_silent))] {
        if names.is_empty() {
            continue;
        }
        let more = if names.len() > 10 { ", …" } else { "" };
        let listed = names[..names.len().min(10)].join(", ");
        let of = session.neurons.len();
        remarks.push(format!(
            "{} of {of} {what} ({listed}{more}): nothing is tested of them.",
            counted(names.len(), "neuron")
        ));
    }
    session.remarks.append(&mut remarks);
}
