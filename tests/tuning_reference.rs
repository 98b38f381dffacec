//! Tests of tuning against plain NumPy under the same shifts, and aligned activity against pynapple
//! (`scripts/tuning_reference.py`).
#![allow(missing_docs)]

use aon::data::recording::{Activity, Agent, Bout, Context, Framed, Neuron, Session};
use aon::tuning::{
    AlignSettings, Alignment, Axis, CountTest, Null, SessionInput, SessionTests, TuningSettings, examine, mean_over,
};
use ndarray::{Array2, s};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

#[derive(serde::Deserialize)]
struct Reference {
    first: f64,
    interval: f64,
    frames: usize,
    /// Frames of this time are lost.
    lost: (f64, f64),
    contexts: Vec<(String, f64, f64)>,
    /// Agent, behaviour, start, stop.
    bouts: Vec<(Agent, String, f64, f64)>,
    activity: Vec<Vec<f32>>,
    key: u64,
    settings: TuningSettings,
    nulls: BTreeMap<String, Tested>,
    /// Frames before any is lost.
    regular: usize,
    /// Neurons that are aligned.
    aligned: usize,
    events: Vec<f64>,
    around: Vec<Around>,
}

#[derive(serde::Deserialize)]
struct Tested {
    behaviours: Vec<Tests>,
    mirror: Vec<(String, CountTest)>,
}

#[derive(serde::Deserialize)]
struct Tests {
    agent: Agent,
    behaviour: String,
    bouts: usize,
    draws: usize,
    effect: Vec<f64>,
    p: Vec<f64>,
    count: CountTest,
}

#[derive(serde::Deserialize)]
struct Around {
    before_s: f64,
    after_s: f64,
    per_bin: usize,
    /// `[neuron][bin]`.
    all: Vec<Vec<f64>>,
    odd: Vec<Vec<f64>>,
    even: Vec<Vec<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("golden/tuning/tuning.json")).unwrap()
}

fn bout(agent: Agent, behaviour: &str, start: f64, stop: f64) -> Bout {
    Bout { agent, behaviour: behaviour.into(), start, stop, object: None }
}

/// The recording of the reference.
fn session(r: &Reference) -> Session {
    let times = (0..r.frames).map(|k| r.first + k as f64 * r.interval);
    let times: Vec<f64> = times.filter(|t| *t < r.lost.0 || *t >= r.lost.1).collect();
    let values = Array2::from_shape_vec((r.activity.len(), times.len()), r.activity.concat()).unwrap();
    let mut bouts: Vec<Bout> = r.bouts.iter().map(|(agent, what, a, b)| bout(*agent, what, *a, *b)).collect();
    bouts.sort_by(|a, b| a.start.total_cmp(&b.start));
    let context = |(name, start, stop): &(String, f64, f64)| Context { name: name.clone(), start: *start, stop: *stop };
    Session {
        source: "reference.npz".into(),
        animal: "A".into(),
        name: "1".into(),
        neurons: (0..values.nrows()).map(|i| Neuron { name: i.to_string(), ..Neuron::default() }).collect(),
        activity: Activity::Frames { values: values.into(), times },
        bouts,
        trials: Vec::new(),
        contexts: r.contexts.iter().map(context).collect(),
        covariates: Vec::new(),
        remarks: Vec::new(),
    }
}

fn tested(r: &Reference, null: Null) -> SessionTests {
    let session = session(r);
    let framed = Framed::new(&session, 0.05).unwrap();
    let axis = Axis::new(&session, &framed).unwrap();
    let (activity, bouts) = (&framed.activity, &session.bouts[..]);
    let input = SessionInput { activity, axis: &axis, bouts, others: &[], key: r.key, sessions: 1 };
    let settings = TuningSettings { null, ..r.settings.clone() };
    examine(&input, &settings, &AtomicBool::new(false)).unwrap().tests
}

/// The same shifts, rolled by NumPy and averaged frame by frame: statistics agree to 1e-10 of the largest activity, and p, the
/// number of bouts that count and the numbers of neurons below the level, as recorded and in every draw, are the same.
fn equal(null: Null, name: &str) {
    let r = reference();
    let (found, expected) = (tested(&r, null), &r.nulls[name]);
    let peak: Vec<f64> =
        r.activity.iter().map(|row| f64::from(row.iter().fold(0.0_f32, |a, v| a.max(v.abs())))).collect();
    assert_eq!(found.behaviours.len(), expected.behaviours.len());
    for e in &expected.behaviours {
        let f = found.of(e.agent, &e.behaviour).unwrap();
        let what = format!("{name}, {:?}, {}", e.agent, e.behaviour);
        assert_eq!(f.bouts, e.bouts, "{what}");
        for (i, (effect, expected)) in f.effect.iter().zip(&e.effect).enumerate() {
            assert!((effect - expected).abs() < 1e-10 * peak[i], "{what}, neuron {i}: {effect}, not {expected}");
        }
        assert_eq!(f.draws, vec![e.draws; e.p.len()], "{what}");
        assert_eq!(f.p, e.p, "{what}");
        assert_eq!(f.count, e.count, "{what}");
    }
    assert_eq!(found.mirror, expected.mirror, "{name}");
}

#[test]
fn shifts_within_windows_are_those_of_numpy() {
    equal(Null::Window, "window");
}

#[test]
fn shifts_in_a_circle_are_those_of_numpy() {
    equal(Null::Circular, "circular");
}

#[test]
fn shifts_along_a_line_are_those_of_numpy() {
    equal(Null::Linear, "linear");
}

#[test]
fn flips_of_signs_are_those_of_numpy() {
    equal(Null::Trials, "trials");
}

/// Both take the frame nearest the event for its onset, the later of two that are alike near, and leave out of means what lies
/// beyond the recording. What had to be matched: pynapple wants one regular clock and knows no contexts and no gaps, so that
/// the frames before the first pause are given, and no axis; its window holds the frame at its end as well, and that is
/// taken off; it has no bins, so that where frames share them, its frames are averaged in pairs, bout by bout. Halves are kept in
/// single precision, and are equal to that.
#[test]
fn aligned_activity_is_that_of_pynapple() {
    let r = reference();
    let mut framed = Framed::new(&session(&r), 0.05).unwrap();
    framed.activity = framed.activity.slice(s![..r.aligned, ..r.regular]).to_owned().into();
    framed.times.truncate(r.regular);
    let bouts: Vec<Bout> = r.events.iter().map(|t| bout(Agent::Own, "eating", *t, t + 1.0)).collect();
    for expected in &r.around {
        let settings = AlignSettings { before_s: expected.before_s, after_s: expected.after_s };
        let found = Alignment::new(Agent::Own, "eating", &bouts, &framed, None, &settings);
        assert_eq!(found.bouts.len(), r.events.len());
        assert_eq!(found.width, expected.per_bin as f64 * r.interval);
        let halves = found.halves();
        for i in 0..r.aligned {
            let traces = found.traces(i);
            for (first, step, mean) in [(0, 1, &expected.all), (0, 2, &expected.odd), (1, 2, &expected.even)] {
                let own = mean_over(&traces, (first..bouts.len()).step_by(step));
                assert_eq!(own.len(), mean[i].len());
                for (bin, (own, mean)) in own.iter().zip(&mean[i]).enumerate() {
                    assert!((own - mean).abs() < 1e-9, "neuron {i}, bin {bin}: {own}, not {mean}");
                }
            }
            for (half, mean) in [(&halves.odd, &expected.odd), (&halves.even, &expected.even)] {
                for (own, mean) in half.row(i).iter().zip(&mean[i]) {
                    assert!((f64::from(*own) - mean).abs() <= 1e-7 * mean.abs() + 1e-12, "{own}, not {mean}");
                }
            }
        }
    }
}
