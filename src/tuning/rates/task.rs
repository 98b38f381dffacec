//! The task of recorded trials or bouts: who acts, and what is seen and heard when.

use super::conditions::Kind;
use super::session::{Bins, Shown};
use super::settings::RatesSettings;
use crate::analysis::statistics::quantile;
use crate::data::recording::Agent;
use crate::error::Result;
use crate::network::Area;
use crate::task::{Condition, ConditionClass, Epoch, Sequence, Smoothing, StimulusSpec, TaskSpec, TimeSpec};
use crate::tuning::alignment::{Alignment, STOP, plain};
use std::collections::BTreeMap;

/// What a step should last, in ms; it divides a bin.
const STEP_MS: f64 = 5.0;
/// The warm-up, and what an event is shown for, in ms.
const WARM_UP_MS: f64 = 500.0;
const PULSE_MS: f64 = 200.0;
/// Standard deviations of the filter and of the noise of the stimulus, as in `tasks/`.
const FILTER_MS: f64 = 50.0;
const NOISE: f64 = 0.005;
/// What the beginnings of the signal and of the object's view are called.
const SIGNAL_BEGIN: [&str; 5] = ["start of sound", "start of the sound", "sound start", "sound on", "sound onset"];
const OBJECT_BEGIN: [&str; 5] = ["object onset", "object on", "object visible", "object presentation", "object cue"];

/// The times of all conditions.
pub(super) type AllShown = BTreeMap<Kind, Shown>;

/// The task, and what each of its channels shows.
pub(super) fn task(
    areas: Vec<Area>,
    kinds: &[Kind],
    shown: &AllShown,
    alignment: &Alignment,
    bins: &Bins,
    settings: &RatesSettings,
) -> Result<(TaskSpec, Vec<String>)> {
    let steps_per_bin = (bins.bin_ms / STEP_MS).round().max(1.0) as usize;
    let step_ms = bins.bin_ms / steps_per_bin as f64;
    let time = TimeSpec { step_ms, steps_per_bin, thermal: (WARM_UP_MS / step_ms).round() as usize };
    let mut scene =
        Scene { channels: Vec::new(), from_ms: bins.window_ms[0], step_ms, steps: steps_per_bin * bins.count };
    let sequences = kinds.iter().map(|kind| Sequence {
        name: kind.name(),
        epochs: match (alignment, shown.get(kind)) {
            (_, None) => Vec::new(),
            (Alignment::Bouts, Some(shown)) => scene.of_bouts(kind, shown),
            (Alignment::Trials { event, .. }, Some(shown)) => scene.of_trials(kind, shown, event, settings),
        },
    });
    let sequences = sequences.collect();
    let both = Agent::ALL.into_iter().all(|agent| kinds.iter().any(|k| k.agent == agent));
    let condition = |(c, kind): (usize, &Kind)| Condition {
        name: kind.name(),
        firing_rates: format!("FR{}", c + 1),
        input: usize::from(both && kind.agent == Agent::Other),
        sequence: kind.name(),
        class: match kind.agent {
            Agent::Own => ConditionClass::Execution,
            Agent::Other => ConditionClass::Observation,
        },
        go: kind.go(),
        object: kind.what.clone(),
    };
    let stimulus = StimulusSpec {
        channels: scene.channels.len().max(1),
        smoothing: Some(Smoothing { sigma: FILTER_MS / step_ms, passes: 1 }),
        noise: NOISE,
        noise_seed: 0,
        sequences,
    };
    let conditions = kinds.iter().enumerate().map(condition).collect();
    let task = TaskSpec { name: "recorded".into(), time, areas, stimulus, conditions };
    task.check()?;
    Ok((task, scene.channels))
}

/// The channels, and the axis of steps.
struct Scene {
    channels: Vec<String>,
    from_ms: f64,
    step_ms: f64,
    steps: usize,
}

impl Scene {
    /// A behaviour is shown while it lasts.
    fn of_bouts(&mut self, kind: &Kind, shown: &Shown) -> Vec<Epoch> {
        let channel = kind.what.clone().unwrap_or_else(|| "behaviour".into());
        self.epoch(channel, Some(0.0), shown.usual(STOP)).into_iter().collect()
    }

    /// The signal until it ends, the object from when it is seen, and every other event for a short time; the animal's own
    /// movement, to which trials are aligned, is not shown to it.
    fn of_trials(&mut self, kind: &Kind, shown: &Shown, event: &str, settings: &RatesSettings) -> Vec<Epoch> {
        let named = |setting: &Option<String>, usual: &[&str]| {
            let names = setting.as_ref().map_or_else(|| usual.to_vec(), |name| vec![name.as_str()]);
            names.into_iter().map(plain).find(|name| shown.usual(name).is_some())
        };
        let [begin, end, seen] = [
            named(&settings.signal_from, &SIGNAL_BEGIN),
            named(&settings.fallback, &crate::tuning::alignment::SIGNAL_END),
            named(&settings.object_from, &OBJECT_BEGIN),
        ];
        let at = |name: &Option<String>| name.as_ref().and_then(|name| shown.usual(name));
        let mut epochs = Vec::new();
        if let Some(go) = kind.go() {
            let channel = if go { "Go signal" } else { "No-Go signal" };
            epochs.extend(self.epoch(channel.into(), at(&begin), Some(at(&end).unwrap_or(0.0))));
        }
        if let Some(object) = &kind.what {
            epochs.extend(self.epoch(prefixed("object", object), at(&seen), None));
        }
        let used = [begin, end, seen];
        for name in shown.events.keys().filter(|name| !used.contains(&Some((*name).clone()))) {
            let is_own_movement = name == event && kind.agent == Agent::Own;
            if let Some(t) = shown.usual(name).filter(|_| !is_own_movement) {
                epochs.extend(self.epoch(prefixed("event", name), Some(t), Some(t + PULSE_MS / 1000.0)));
            }
        }
        epochs
    }

    /// A channel at 1 between two times in s from the alignment, or from the begin and to the end of the trial; `None` if
    /// that is outside of it.
    fn epoch(&mut self, channel: String, from: Option<f64>, to: Option<f64>) -> Option<Epoch> {
        let step = |t: f64| ((1000.0 * t - self.from_ms) / self.step_ms).round().clamp(0.0, self.steps as f64) as usize;
        let (from, to) = (from.map_or(0, step), to.map_or(self.steps, step));
        if from >= to {
            return None;
        }
        let number = self.channels.iter().position(|c| *c == channel).unwrap_or_else(|| {
            self.channels.push(channel);
            self.channels.len() - 1
        });
        Some(Epoch { channels: vec![number], value: 1.0, from, to: (to < self.steps).then_some(to) })
    }
}

/// `object cup`, but `object 1` for what is called so.
fn prefixed(what: &str, name: &str) -> String {
    if name.split(' ').next() == Some(what) { name.into() } else { format!("{what} {name}") }
}

impl Shown {
    /// The median time of an event that at least half of the trials have.
    fn usual(&self, event: &str) -> Option<f64> {
        let times = self.events.get(event)?;
        (2 * times.len() >= self.trials).then(|| quantile(times, 0.5)).filter(|t| t.is_finite())
    }
}
