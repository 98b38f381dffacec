//! Recordings for tests of rates and epochs, and the numbers of pynapple.
#![allow(dead_code, missing_docs)] // Each test file uses some.

use aon::data::recording::{Activity, Agent, Bout, Framed, Neuron, Session, Trial};
use aon::tuning::{Class, SessionClasses};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(serde::Deserialize)]
pub(crate) struct Reference {
    pub(crate) span: (f64, f64),
    pub(crate) bin_ms: f64,
    pub(crate) window_ms: [f64; 2],
    pub(crate) smoothing_ms: f64,
    pub(crate) spikes: Vec<Vec<f64>>,
    /// Agent, object, onset of the movement.
    pub(crate) trials: Vec<(usize, String, f64)>,
    /// [condition][neuron][bin]
    pub(crate) rates: Vec<Vec<Vec<f64>>>,
    pub(crate) epochs: Epochs,
    pub(crate) frames: Vec<Vec<f32>>,
    pub(crate) frame_times: Vec<f64>,
    pub(crate) frame_events: Vec<f64>,
    pub(crate) frame_rates: Vec<Vec<f64>>,
}

#[derive(serde::Deserialize)]
pub(crate) struct Epochs {
    pub(crate) baseline_ms: [f64; 2],
    pub(crate) movement_ms: [f64; 2],
    /// [agent]: [epoch][neuron][trial]
    pub(crate) spikes: BTreeMap<String, Vec<Vec<Vec<f64>>>>,
}

pub(crate) fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rates/rates.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn trial(agent: Agent, go: Option<bool>, object: Option<&str>, events: &[(&str, f64)]) -> Trial {
    let events = events.iter().map(|(name, t)| ((*name).to_string(), *t)).collect();
    Trial { agent, go, object: object.map(Into::into), events }
}

pub(crate) fn bout(agent: Agent, behaviour: &str, start: f64, stop: f64) -> Bout {
    Bout { agent, behaviour: behaviour.into(), start, stop, object: None }
}

pub(crate) fn neuron(name: &str, area: &str) -> Neuron {
    Neuron { name: name.into(), area: Some(area.into()), ..Neuron::default() }
}

pub(crate) fn session(
    name: &str,
    neurons: Vec<Neuron>,
    activity: Activity,
    trials: Vec<Trial>,
    bouts: Vec<Bout>,
) -> Session {
    Session {
        source: format!("{name}.npz").into(),
        animal: "A".into(),
        name: name.into(),
        neurons,
        activity,
        bouts,
        trials,
        contexts: Vec::new(),
        covariates: Vec::new(),
        remarks: Vec::new(),
    }
}

pub(crate) fn framed(session: &Session) -> Framed {
    Framed::new(session, 0.05).unwrap()
}

pub(crate) fn classes(class: &[Class]) -> SessionClasses {
    SessionClasses {
        q: Vec::new(),
        mirror: Vec::new(),
        class: class.to_vec(),
        mirrored: vec![Vec::new(); class.len()],
        correlation: vec![f64::NAN; class.len()],
    }
}

/// Numbers in 0…1 of a generator of the test's own.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Spikes at `rate` a second from `from` to `to`.
    pub(crate) fn spikes(&mut self, rate: f64, from: f64, to: f64) -> Vec<f64> {
        let mut spikes = Vec::new();
        let mut t = from;
        loop {
            t -= (1.0 - self.next()).ln() / rate;
            if t >= to {
                return spikes;
            }
            spikes.push(t);
        }
    }
}

/// A Go/No-Go task of `repeats` trials of each kind: executed Go, observed Go and No-Go, two objects; units of three areas
/// out of order, of which every second fires with the movement.
pub(crate) fn go_no_go(name: &str, repeats: usize, neurons: usize, seed: u64) -> Session {
    let mut numbers = Numbers(seed);
    let kinds = [
        (Agent::Own, true, "cup"),
        (Agent::Own, true, "ring"),
        (Agent::Other, true, "cup"),
        (Agent::Other, true, "ring"),
        (Agent::Other, false, "cup"),
        (Agent::Other, false, "ring"),
    ];
    let (mut trials, mut onsets) = (Vec::new(), Vec::new());
    for k in 0..repeats * kinds.len() {
        let (agent, go, object) = kinds[k % kinds.len()];
        let begin = 5.0 + 6.0 * k as f64;
        let end = begin + 1.8;
        let mut events = vec![("event 1", begin), ("sound on", begin + 0.6), ("end of sound", end)];
        if go {
            let onset = end + 0.3 + 0.1 * numbers.next();
            events.push(("movement onset", onset));
            onsets.push(onset);
        }
        trials.push(trial(agent, Some(go), Some(object), &events));
    }
    let span = (0.0, 10.0 + 6.0 * (repeats * kinds.len()) as f64);
    let unit = |i: usize| {
        let mut spikes = numbers.spikes(5.0 + i as f64, span.0, span.1);
        if i.is_multiple_of(2) {
            for t in &onsets {
                spikes.extend(numbers.spikes(40.0, *t, t + 0.4));
            }
        }
        spikes.sort_by(f64::total_cmp);
        spikes
    };
    let times = (0..neurons).map(unit).collect();
    let named = (0..neurons).map(|i| neuron(&format!("unit {i}"), ["F6", "AIP", "F5"][i % 3])).collect();
    session(name, named, Activity::Spikes { times, span }, trials, Vec::new())
}

pub(crate) fn frames(values: &[Vec<f32>], times: Vec<f64>) -> Activity {
    let shape = (values.len(), times.len());
    Activity::Frames { values: Array2::from_shape_vec(shape, values.concat()).unwrap().into(), times }
}
