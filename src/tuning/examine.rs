//! A session and its settings, as tests.

use super::axis::Axis;
use super::contrast::Contrast;
use super::design::Tests;
use super::null::{Null, Sampler};
use super::power::{Probe, probe};
use super::ranges::{minus, runs, united};
use super::session_tests::SessionTests;
use super::settings::TuningSettings;
use crate::analysis::statistics::quantile;
use crate::data::recording::{Agent, Bout, GAP};
use ndarray::{Array2, aview1};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::ops::{Deref, Range};
use std::sync::atomic::AtomicBool;

/// What is tested in a session.
#[derive(Clone, Copy, Debug)]
pub struct SessionInput<'a> {
    /// `[N × frames of the recording]`.
    pub activity: &'a Array2<f32>,
    /// The frames that count.
    pub axis: &'a Axis,
    /// What was done.
    pub bouts: &'a [Bout],
    /// What was done in the other sessions of the animal.
    pub others: &'a [TimedBouts],
    /// What draws of this session are keyed by: it must differ between sessions.
    pub key: u64,
    /// How many sessions are tested in one family.
    pub sessions: usize,
}

/// What was found in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Examined {
    /// Its tests.
    pub tests: SessionTests,
    /// What would have been found.
    pub probes: Vec<Probe>,
}

/// Bouts of another session, and when each of its contexts began, in s.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedBouts {
    /// Name and begin of its contexts.
    pub contexts: Vec<(String, f64)>,
    /// Its bouts.
    pub bouts: Vec<Bout>,
}

/// Tests every neuron of a session against every behaviour of both agents; `None` if it was asked to stop. Behaviours with
/// fewer usable bouts than `least_bouts`, and those whose null distribution has no draw, are not among the results. The same
/// settings, key and data give the same bits, on any number of threads.
pub fn examine(input: &SessionInput, settings: &TuningSettings, stop: &AtomicBool) -> Option<Examined> {
    with_tests(input, settings, &Agent::ALL, |tests| {
        let found = tests.run(stop)?;
        let probes = probe(tests, &found, stop)?;
        Some(Examined { tests: found, probes })
    })
}

/// Tests every neuron of a session against the behaviours of some agents, and asks nothing further.
pub(super) fn tests_of(
    agents: &[Agent],
    input: &SessionInput,
    settings: &TuningSettings,
    stop: &AtomicBool,
) -> Option<SessionTests> {
    with_tests(input, settings, agents, |tests| tests.run(stop))
}

fn with_tests<T>(
    input: &SessionInput,
    settings: &TuningSettings,
    agents: &[Agent],
    then: impl FnOnce(&Tests) -> T,
) -> T {
    // Of the session, whatever the behaviour.
    let margin = LazyCell::new(|| {
        let least = (settings.least_shift_s / input.axis.interval).ceil() as usize;
        least.max(5 * correlated(input.activity, input.axis))
    });
    let bouts: Vec<Range<usize>> = input.bouts.iter().flat_map(|b| input.axis.between(b.start, b.stop)).collect();
    let (contrasts, samplers): (Vec<_>, Vec<_>) = kinds(input.bouts)
        .into_iter()
        .filter(|(agent, _)| agents.contains(agent))
        .filter_map(|(agent, behaviour)| sampler(input, settings, agent, &behaviour, &bouts, &margin))
        .filter(|(_, sampler)| sampler.most() != Some(0))
        .unzip();
    then(&Tests {
        activity: input.activity,
        axis: input.axis,
        idle: &idle(input.axis, &bouts),
        contrasts: &contrasts,
        samplers: &samplers,
        settings,
        key: input.key,
        sessions: input.sessions,
    })
}

/// The frames of the recording on the axis that are in none of `bouts`; all of the axis, where there are none.
fn idle(axis: &Axis, bouts: &[Range<usize>]) -> Vec<Range<usize>> {
    let places = minus(std::slice::from_ref(&(0..axis.len())), &united(bouts.iter().cloned()));
    let frames = places.into_iter().flat_map(|places| runs(&axis.frames[places])).collect::<Vec<_>>();
    if frames.is_empty() { runs(&axis.frames) } else { frames }
}

/// The behaviours of each agent.
fn kinds(bouts: &[Bout]) -> BTreeSet<(Agent, String)> {
    bouts.iter().map(|b| (b.agent, b.behaviour.clone())).collect()
}

/// The contrast of one behaviour and its null distribution, if it has bouts enough; `bouts` are those of any kind, and shifts of
/// whole contexts are by at least `margin` frames.
fn sampler(
    input: &SessionInput,
    settings: &TuningSettings,
    agent: Agent,
    behaviour: &str,
    bouts: &[Range<usize>],
    margin: &dyn Deref<Target = usize>,
) -> Option<(Contrast, Sampler)> {
    let axis = input.axis;
    let parts: Vec<Range<usize>> = axis.parts.iter().map(|part| part.frames.clone()).collect();
    let contrast_in = |parts: &[Range<usize>], bouts: &[Bout]| Contrast::new(agent, behaviour, bouts, axis, parts);
    let enough = |contrast: &Contrast| contrast.bouts >= settings.least_bouts;
    let contrast = Some(contrast_in(&parts, input.bouts)).filter(enough)?;
    let own = contrast.clone();
    Some(match settings.null {
        Null::Window => (own, Sampler::windows(contrast, axis, settings.window_s, bouts)),
        Null::Circular => (own, Sampler::circular(contrast, **margin)),
        Null::Linear => {
            let used: Vec<Range<usize>> = contrast.base.iter().map(|(part, _)| part.clone()).collect();
            let reach = used.iter().map(|part| part.len() / 8).min().unwrap_or(0);
            let stride = (reach / settings.shifts.div_ceil(2)).max(1);
            let inner: Vec<_> = used.iter().map(|part| part.start + reach..part.end - reach).collect();
            let contrast = Some(contrast_in(&inner, input.bouts)).filter(enough)?;
            (contrast.clone(), Sampler::Line { contrast, reach, stride })
        }
        Null::Trials => {
            let epochs = epochs(&contrast, axis, settings.baseline_ms);
            let contrast = Contrast { bouts: epochs.len(), ..own };
            (Some(contrast).filter(enough)?, Sampler::Signs { epochs })
        }
        Null::Sessions => {
            let of = |other: &TimedBouts| contrast_in(&parts, &transplanted(other, axis));
            let others = input.others.iter().map(of).filter(enough).collect();
            (own, Sampler::Others { own: contrast, others })
        }
    })
}

/// The frames of each bout and those before it, within its context; bouts whose baseline is not in it whole and without a
/// gap, or in which the behaviour goes on, are left out.
fn epochs(contrast: &Contrast, axis: &Axis, baseline_ms: [f64; 2]) -> Vec<(Vec<Range<usize>>, Range<usize>)> {
    let frames = |ms: f64| (ms / 1000.0 / axis.interval).round() as isize;
    let [from, to] = baseline_ms.map(frames);
    let of = |bout: &Vec<Range<usize>>| {
        let first = bout.first()?.start;
        let part = &axis.parts.iter().find(|part| part.frames.contains(&first))?.frames;
        let baseline = first.checked_add_signed(from)?..first.checked_add_signed(to)?;
        let inside = baseline.start >= part.start && !baseline.is_empty();
        // Places side by side may be far apart in time: a context may come again.
        let near = |place: usize| axis.times[place + 1] - axis.times[place] <= GAP * axis.interval;
        let busy = contrast.of_bouts.iter().flatten().chain(&contrast.excluded);
        let over = busy.into_iter().all(|b| b.end <= baseline.start || b.start >= baseline.end);
        (inside && over && (baseline.start..first).all(near)).then(|| (bout.clone(), baseline))
    };
    contrast.of_bouts.iter().filter_map(of).collect()
}

/// The bouts of another session as if they had happened in this one: each context begins when it begins here.
pub(super) fn transplanted(other: &TimedBouts, axis: &Axis) -> Vec<Bout> {
    let begin = |bout: &Bout| {
        let own = other.contexts.iter().filter(|(_, begin)| *begin <= bout.start).max_by(|a, b| a.1.total_cmp(&b.1))?;
        let part = axis.parts.iter().find(|part| part.name == own.0)?;
        Some(axis.times[part.frames.start] - own.1)
    };
    let moved = |bout: &Bout| {
        let by = begin(bout)?;
        Some(Bout { start: bout.start + by, stop: bout.stop + by, ..bout.clone() })
    };
    other.bouts.iter().filter_map(moved).collect()
}

/// The autocorrelation time of the activity in frames: the lag at which the autocorrelation falls below 1/e, the median over
/// neurons. Of many neurons, some are taken.
pub(super) fn correlated(activity: &Array2<f32>, axis: &Axis) -> usize {
    const NEURONS: usize = 50;
    let step = activity.nrows().div_ceil(NEURONS).max(1);
    let lag = |i: usize| {
        let values: Vec<f64> = axis.frames.iter().map(|f| f64::from(activity[[i, *f]])).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let centred: Vec<f64> = values.iter().map(|v| v - mean).collect();
        let at = |lag: usize| aview1(&centred[..centred.len() - lag]).dot(&aview1(&centred[lag..]));
        let whole = at(0);
        (whole > 0.0)
            .then(|| (1..centred.len()).find(|k| at(*k) < whole / std::f64::consts::E).unwrap_or(centred.len()))
    };
    let lags: Vec<f64> =
        (0..activity.nrows()).into_par_iter().step_by(step).filter_map(lag).map(|lag| lag as f64).collect();
    if lags.is_empty() { 0 } else { quantile(&lags, 0.5).ceil() as usize }
}
