//! What happens in a session besides the neurons, frame by frame.

use super::schedule::Schedule;
use super::settings::{Arousal, Contexts, Draw, Objects, RecordingSynthesis};
use crate::data::recording::{Agent, Bout, Context, Covariate};
use crate::rng::Draws;
use std::collections::BTreeMap;

/// Samples of covariates a second, and when the first is taken, in s: a clock of their own.
const COVARIATE_HZ: f64 = 10.0;
const COVARIATE_START_S: f64 = 0.02;
/// Speed in wheel running and in other movements of the observer, and the noise of a sample, in cm/s.
const WHEEL: f64 = 20.0;
const MOVING: f64 = 5.0;
const SPEED_NOISE: f64 = 0.5;
/// Levels of arousal that activity follows, and how many make a standard deviation.
pub(super) const LEVELS: usize = 256;
const LEVELS_IN_SD: f64 = 32.0;

/// What a neuron's event rate depends on in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct State {
    /// The behaviour that the animal executes.
    pub(super) executed: Option<usize>,
    /// The behaviour that it observes.
    pub(super) observed: Option<usize>,
    /// Whether an object has just come in sight.
    pub(super) object: bool,
    /// Whether this is the second of two contexts.
    pub(super) watching: bool,
}

/// A session without its neurons.
pub(super) struct Scene {
    /// What is done, as it is listed.
    pub(super) bouts: Vec<Bout>,
    /// As they are told.
    pub(super) contexts: Vec<Context>,
    /// Pupil and speed.
    pub(super) covariates: Vec<Covariate>,
    /// All states that occur.
    pub(super) states: Vec<State>,
    /// Which of them it is, `[frames]`.
    pub(super) state: Vec<u32>,
    /// The level of arousal, `[frames]`.
    pub(super) level: Vec<u8>,
    /// The number of the burst, from 1; 0 outside, `[frames]`.
    pub(super) burst: Vec<u32>,
    /// How many there are.
    pub(super) bursts: usize,
}

impl Scene {
    pub(super) fn draw(settings: &RecordingSynthesis, animal: usize, session: usize) -> Self {
        let frames = settings.frames();
        let draws = |draw| settings.draws(draw, animal, Some(session), 0);
        let arousal = process(&settings.nuisance.arousal, 1.0 / settings.rate_hz, frames, draws(Draw::Arousal));
        let schedule = Schedule::draw(settings, animal, session, &arousal);
        let by_frame = by_frame(settings, &schedule);
        let (states, state) = numbered(&by_frame);
        let level = |a: &f64| ((a * LEVELS_IN_SD).round() + (LEVELS / 2) as f64).clamp(0.0, (LEVELS - 1) as f64) as u8;
        let (bursts, burst) = bursts(settings, draws(Draw::Bursts));
        let covariates =
            vec![pupil(settings, &arousal, draws(Draw::Pupil)), running(settings, &by_frame, draws(Draw::Running))];
        Self {
            bouts: schedule.bouts,
            contexts: contexts(settings),
            covariates,
            states,
            state,
            level: arousal.iter().map(level).collect(),
            burst,
            bursts,
        }
    }
}

/// Arousal, in standard deviations, at a level.
pub(super) fn arousal_at(level: usize) -> f64 {
    (level as f64 - (LEVELS / 2) as f64) / LEVELS_IN_SD
}

/// `a ← ρ a + √(1 − ρ²) ξ`, from its stationary distribution on.
fn process(arousal: &Arousal, interval: f64, frames: usize, mut draws: Draws) -> Vec<f64> {
    let kept = (-interval / arousal.time_s).exp();
    let fresh = (1.0 - kept * kept).sqrt();
    let mut a = draws.normal();
    (0..frames)
        .map(|_| {
            let now = a;
            a = kept * a + fresh * draws.normal();
            now
        })
        .collect()
}

fn by_frame(settings: &RecordingSynthesis, schedule: &Schedule) -> Vec<State> {
    let frames = settings.frames();
    let mut states = vec![State::default(); frames];
    if settings.contexts != Contexts::One {
        let half = settings.frame_from(settings.duration_s / 2.0);
        for state in &mut states[half..] {
            state.watching = true;
        }
    }
    let number = |name: &str| settings.behaviours.iter().position(|b| b == name);
    for bout in &schedule.bouts {
        let during = settings.frame_from(bout.start)..settings.frame_from(bout.stop);
        let behaviour = number(&bout.behaviour);
        for state in &mut states[during] {
            match bout.agent {
                Agent::Own => state.executed = behaviour,
                Agent::Other if bout.behaviour == Objects::NAME => state.object = true,
                Agent::Other => state.observed = behaviour,
            }
        }
    }
    for m in &schedule.movements {
        for state in &mut states[settings.frame_from(m.start)..settings.frame_from(m.stop)] {
            state.executed = Some(m.behaviour);
        }
    }
    states
}

/// The different states, and the number of each frame's.
fn numbered(by_frame: &[State]) -> (Vec<State>, Vec<u32>) {
    let mut numbers = BTreeMap::new();
    let mut states = Vec::new();
    let mut number = |state: &State| {
        *numbers.entry(*state).or_insert_with(|| {
            states.push(*state);
            states.len() as u32 - 1
        })
    };
    // Neighbouring frames are mostly alike.
    let mut last: Option<(State, u32)> = None;
    let state = by_frame
        .iter()
        .map(|state| match last {
            Some((before, n)) if before == *state => n,
            _ => {
                let n = number(state);
                last = Some((*state, n));
                n
            }
        })
        .collect();
    (states, state)
}

/// How many bursts there are, and which one it is in each frame.
fn bursts(settings: &RecordingSynthesis, mut draws: Draws) -> (usize, Vec<u32>) {
    let mut burst = vec![0; settings.frames()];
    let Some(wanted) = settings.nuisance.bursts.filter(|b| b.per_minute > 0.0) else { return (0, burst) };
    let (mut count, mut time) = (0, 0.0);
    loop {
        time += draws.exponential() * 60.0 / wanted.per_minute;
        if time >= settings.duration_s {
            return (count, burst);
        }
        count += 1;
        burst[settings.frame_from(time)..settings.frame_from(time + wanted.duration_s)].fill(count as u32);
    }
}

fn contexts(settings: &RecordingSynthesis) -> Vec<Context> {
    let (half, whole) = (settings.duration_s / 2.0, settings.duration_s);
    match settings.contexts {
        Contexts::One | Contexts::Untold => Vec::new(),
        Contexts::Two => {
            let part = |name: &str, start, stop| Context { name: name.into(), start, stop };
            vec![part(Contexts::NAMES[0], 0.0, half), part(Contexts::NAMES[1], half, whole)]
        }
    }
}

/// Arousal as the pupil shows it: late and noisy.
fn pupil(settings: &RecordingSynthesis, arousal: &[f64], mut draws: Draws) -> Covariate {
    let Arousal { pupil_lag_s: lag, pupil_noise: noise, .. } = settings.nuisance.arousal;
    let follows = if lag > 0.0 { 1.0 - (-1.0 / (settings.rate_hz * lag)).exp() } else { 1.0 };
    let mut size = arousal.first().copied().unwrap_or(0.0);
    let sizes: Vec<f64> = arousal
        .iter()
        .map(|a| {
            size += follows * (a - size);
            size
        })
        .collect();
    covariate(settings, "pupil", |at| between(&sizes, at) + noise * draws.normal())
}

/// How fast the animal moves.
fn running(settings: &RecordingSynthesis, states: &[State], mut draws: Draws) -> Covariate {
    let wheel = settings.behaviours.iter().position(|b| b == "wheel running");
    covariate(settings, "running", |at| {
        let state = states[(at as usize).min(states.len() - 1)];
        let speed = match state.executed {
            Some(b) if Some(b) == wheel => WHEEL,
            // Another behaviour is done in place, unless the animal should watch.
            Some(_) if state.observed.is_some() => MOVING,
            _ => 0.0,
        };
        (speed + SPEED_NOISE * draws.normal()).abs()
    })
}

/// A covariate on its clock; `value` takes a time in frames.
fn covariate(settings: &RecordingSynthesis, name: &str, mut value: impl FnMut(f64) -> f64) -> Covariate {
    let samples = ((settings.duration_s - COVARIATE_START_S) * COVARIATE_HZ).ceil().max(0.0) as usize;
    let hundredths = |time: f64| (time * 100.0).round() / 100.0;
    let times: Vec<f64> = (0..samples).map(|k| hundredths(COVARIATE_START_S + k as f64 / COVARIATE_HZ)).collect();
    // Four digits, as files have them.
    let values = times.iter().map(|t| (value(t * settings.rate_hz) * 1e4).round() / 1e4).collect();
    Covariate { name: name.into(), times, values }
}

/// `values` at a time between two frames.
fn between(values: &[f64], at: f64) -> f64 {
    let before = (at as usize).min(values.len() - 1);
    let after = (before + 1).min(values.len() - 1);
    values[before] + (values[after] - values[before]) * (at - before as f64).clamp(0.0, 1.0)
}

impl RecordingSynthesis {
    /// Frames of a session.
    pub(super) fn frames(&self) -> usize {
        // A session of a whole number of frames keeps its last one in spite of rounding.
        (self.duration_s * self.rate_hz + 1e-6) as usize
    }

    /// When a frame begins, in s.
    pub(super) fn time_of(&self, frame: usize) -> f64 {
        frame as f64 / self.rate_hz
    }

    /// The first frame that begins at or after `time`, at most the number of frames.
    fn frame_from(&self, time: f64) -> usize {
        let frames = self.frames();
        let mut frame = ((time * self.rate_hz).ceil().max(0.0) as usize).min(frames);
        // The begins of frames as they are listed decide, not their products with the rate.
        while frame > 0 && self.time_of(frame - 1) >= time {
            frame -= 1;
        }
        while frame < frames && self.time_of(frame) < time {
            frame += 1;
        }
        frame
    }
}
