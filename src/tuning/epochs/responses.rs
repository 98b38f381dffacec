//! Mean activity in each epoch of each trial.

use super::settings::EpochSettings;
use crate::data::recording::{Activity, Agent, Framed, Gap, Session};
use crate::error::Result;
use crate::tuning::alignment::{Aligned, Alignment, STOP, align, label, plain};
use ndarray::Array3;

/// What the first event of a trial is called.
const FIRST: &str = "first";
/// Times differ by so little through rounding alone, in s.
const ROUNDING: f64 = 1e-9;

/// The mean activity of every neuron in each epoch of each trial of one agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Responses {
    /// Who acts.
    pub agent: Agent,
    /// Names of the epochs; the first is the baseline.
    pub epochs: Vec<String>,
    /// The objects, or behaviours.
    pub kinds: Vec<String>,
    /// The place of each trial's object, or behaviour, in `kinds`, `[trials]`.
    pub kind_of: Vec<usize>,
    /// `[N][trials][epochs]`: spikes/s, or the mean of the frames that begin in the epoch, in the recording's unit; NaN where
    /// a frame has no number.
    pub values: Array3<f64>,
}

/// The epochs of one trial, from when to when in s; the first is the baseline.
type Windows = Vec<(f64, f64)>;

/// The responses of each agent that has trials, and what was left out, a sentence each. No-Go trials have no movement and are
/// not among them.
///
/// # Errors
/// If a setting cannot be meant.
pub fn responses(
    session: &Session,
    framed: &Framed,
    settings: &EpochSettings,
) -> Result<(Vec<Responses>, Vec<String>)> {
    settings.check()?;
    let aligned = match align(session, settings.align.as_deref(), None) {
        Ok(aligned) => aligned,
        Err(why) => return Ok((Vec::new(), vec![why])),
    };
    let mut remarks = aligned.remarks;
    let mut found = Vec::new();
    for agent in Agent::ALL {
        let own: Vec<&Aligned> = aligned.each.iter().filter(|t| t.agent == agent && t.go != Some(false)).collect();
        let (epochs, trials) = match &aligned.alignment {
            Alignment::Trials { event, .. } => of_trials(session, settings, event, agent, &own, &mut remarks),
            Alignment::Bouts => of_bouts(settings, &own, &mut remarks, session),
        };
        let trials = enough(session, trials, settings.least_trials, &mut remarks);
        let measured: Vec<_> =
            trials.iter().filter_map(|(what, windows)| Some((what, measure(session, framed, windows)?))).collect();
        if measured.len() < trials.len() {
            let beyond = trials.len() - measured.len();
            remarks.push(format!(
                "{}, {agent}: {beyond} of {} trials are left out: an epoch was not recorded whole.",
                label(session),
                trials.len()
            ));
        }
        if !measured.is_empty() {
            found.push(tabled(agent, epochs, session.neurons.len(), &measured));
        }
    }
    Ok((found, remarks))
}

fn tabled(agent: Agent, epochs: Vec<String>, neurons: usize, measured: &[(&String, Vec<Vec<f64>>)]) -> Responses {
    let mut kinds: Vec<String> = measured.iter().map(|(what, _)| (*what).clone()).collect();
    kinds.sort();
    kinds.dedup();
    let kind_of = measured.iter().map(|(what, _)| kinds.partition_point(|kind| kind < *what)).collect();
    let shape = (neurons, measured.len(), epochs.len());
    let values = Array3::from_shape_fn(shape, |(i, trial, epoch)| measured[trial].1[epoch][i]);
    Responses { agent, epochs, kinds, kind_of, values }
}

/// The epochs of trials around events; trials without one of the events are left out, and so are epochs that overlap the
/// baseline of a trial.
fn of_trials(
    session: &Session,
    settings: &EpochSettings,
    event: &str,
    agent: Agent,
    trials: &[&Aligned],
    remarks: &mut Vec<String>,
) -> (Vec<String>, Vec<(String, Windows)>) {
    let windows = |trial: &&&Aligned| -> Option<(String, Windows)> {
        let window = |epoch: &super::EpochDefinition| {
            let at = match epoch.event.as_deref().map(plain) {
                None => *trial.events.get(event)?,
                Some(name) => match trial.events.get(&name) {
                    Some(t) => *t,
                    None if name == FIRST => trial.events.values().copied().reduce(f64::min)?,
                    None => return None,
                },
            };
            let [from, to] = epoch.window_ms.map(|ms| trial.at + at + ms / 1000.0);
            Some((from, to))
        };
        let windows: Option<Windows> = settings.epochs.iter().map(window).collect();
        Some((trial.what.clone().unwrap_or_else(|| "trial".into()), windows?))
    };
    let mut found: Vec<(String, Windows)> = trials.iter().filter_map(|trial| windows(&trial)).collect();
    if found.len() < trials.len() {
        let (lost, of) = (trials.len() - found.len(), trials.len());
        remarks.push(format!(
            "{}, {agent}: {lost} of {of} trials are left out, without an event that `epochs` names. Those of the first trial are {}.",
            label(session),
            trials.first().map_or(String::new(), |t| t.events.keys().cloned().collect::<Vec<_>>().join(", "))
        ));
    }
    let overlaps =
        |k: usize| found.iter().any(|(_, w)| k > 0 && w[k].0 < w[0].1 - ROUNDING && w[0].0 < w[k].1 - ROUNDING);
    let kept: Vec<usize> = (0..settings.epochs.len()).filter(|k| !overlaps(*k)).collect();
    for k in (0..settings.epochs.len()).filter(|k| !kept.contains(k)) {
        remarks.push(format!(
            "{}, {agent}: the epoch `{}` is left out: it overlaps the baseline.",
            label(session),
            settings.epochs[k].name
        ));
    }
    for (_, windows) in &mut found {
        *windows = kept.iter().map(|k| windows[*k]).collect();
    }
    (kept.iter().map(|k| settings.epochs[*k].name.clone()).collect(), found)
}

/// Baseline and bout; bouts whose baseline overlaps another of the same behaviour are left out.
fn of_bouts(
    settings: &EpochSettings,
    bouts: &[&Aligned],
    remarks: &mut Vec<String>,
    session: &Session,
) -> (Vec<String>, Vec<(String, Windows)>) {
    let end = |bout: &Aligned| bout.at + bout.events.get(STOP).copied().unwrap_or(0.0);
    let mut found = Vec::new();
    for bout in bouts {
        let [from, to] = settings.baseline_ms.map(|ms| bout.at + ms / 1000.0);
        let is_in =
            |other: &&&Aligned| other.what == bout.what && other.at < to - ROUNDING && end(other) > from + ROUNDING;
        if bouts.iter().filter(is_in).all(|other| std::ptr::eq(*other, *bout)) {
            found.push((bout.what.clone().unwrap_or_default(), vec![(from, to), (bout.at, end(bout))]));
        }
    }
    if found.len() < bouts.len() {
        let (lost, of) = (bouts.len() - found.len(), bouts.len());
        remarks.push(format!(
            "{}: {lost} of {of} bouts are left out: the behaviour goes on in their baseline.",
            label(session)
        ));
    }
    (vec!["baseline".into(), "bout".into()], found)
}

/// The trials of objects, or behaviours, that have enough of them.
fn enough(
    session: &Session,
    trials: Vec<(String, Windows)>,
    least: usize,
    remarks: &mut Vec<String>,
) -> Vec<(String, Windows)> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for (what, _) in &trials {
        *counts.entry(what.clone()).or_default() += 1;
    }
    for (what, count) in counts.iter().filter(|(_, count)| **count < least) {
        remarks.push(format!("{}: `{what}` is left out of epochs, with {count} trials of {least}.", label(session)));
    }
    trials.into_iter().filter(|(what, _)| counts[what] >= least).collect()
}

/// The mean activity of each neuron in each epoch, `[epochs][N]`; `None` where it was not recorded.
fn measure(session: &Session, framed: &Framed, windows: &Windows) -> Option<Vec<Vec<f64>>> {
    let mean = |&(from, to): &(f64, f64)| -> Option<Vec<f64>> {
        match &session.activity {
            Activity::Averages(_) => None,
            Activity::Spikes { times, span } => {
                let is_recorded = from >= span.0 - ROUNDING && to <= span.1 + ROUNDING && from < to;
                let count =
                    |spikes: &Vec<f64>| spikes.partition_point(|t| *t < to) - spikes.partition_point(|t| *t < from);
                is_recorded.then(|| times.iter().map(|spikes| count(spikes) as f64 / (to - from)).collect())
            }
            Activity::Frames { .. } => {
                let frames = framed.between(from, to);
                let mean = |i: usize| {
                    let sum: f64 = frames.clone().map(|f| f64::from(framed.activity[[i, f]])).sum();
                    sum / frames.len() as f64
                };
                let is_whole = !frames.is_empty() && is_covered(framed, from, to);
                is_whole.then(|| (0..framed.activity.nrows()).map(mean).collect())
            }
        }
    };
    windows.iter().map(mean).collect()
}

/// Whether frames were taken all the time between two times.
fn is_covered(framed: &Framed, from: f64, to: f64) -> bool {
    let begins = framed.times.first().is_some_and(|t| *t <= from + framed.interval);
    let ends = framed.times.last().is_some_and(|t| to <= t + framed.interval + ROUNDING);
    let is_in = |gap: &Gap| {
        let next = framed.times[gap.frame];
        next > from + ROUNDING && next - gap.seconds + framed.interval < to - ROUNDING
    };
    begins && ends && !framed.gaps.iter().any(is_in)
}
