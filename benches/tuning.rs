//! Tests of tuning at the size of a long session: `cargo bench --bench tuning`.
//!
//! Noise of 1000 neurons over 100 000 frames at 20 Hz, four behaviours of both agents with 60 bouts each, 1000 shifts;
//! `AON_TUNING_CASE=50,20000,60,1000` makes it of another size (neurons, frames, bouts, shifts). It prints one line, which
//! `scripts/tuning_speed.py` reads: seconds of the tests for each null distribution, and the share of p below 0.05.
#![allow(missing_docs)]

use aon::data::recording::{Activity, Agent, Bout, Framed, Neuron, Session};
use aon::rng::{Draws, Rng, Stream};
use aon::tuning::{Axis, Null, SessionInput, TuningSettings, examine};
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

const RATE_HZ: f64 = 20.0;
const BEHAVIOURS: [&str; 4] = ["reaching", "grasping", "eating", "grooming"];

struct Case {
    neurons: usize,
    frames: usize,
    bouts: usize,
    shifts: usize,
}

impl Case {
    /// What the environment asks for; without the flag of `cargo bench`, a case that is only tried.
    fn chosen() -> Self {
        let asked = std::env::var("AON_TUNING_CASE").unwrap_or_else(|_| {
            let measured = std::env::args().any(|flag| flag == "--bench");
            if measured { "1000,100000,60,1000" } else { "10,4000,12,100" }.into()
        });
        let numbers: Vec<usize> = asked.split(',').map(|n| n.trim().parse().expect("a whole number")).collect();
        let [neurons, frames, bouts, shifts] = numbers[..] else { panic!("neurons, frames, bouts, shifts") };
        Self { neurons, frames, bouts, shifts }
    }

    /// Noise with a memory of ten frames.
    fn activity(&self) -> Array2<f32> {
        let row = |neuron: usize| {
            let mut draws = Draws::new(Rng::new(0, neuron as u32, Stream::Recording));
            let mut value = 0.0;
            let next = move |_| {
                value = 0.9 * value + draws.uniform() - 0.5;
                value as f32
            };
            (0..self.frames).map(next).collect::<Vec<f32>>()
        };
        let rows: Vec<Vec<f32>> = (0..self.neurons).into_par_iter().map(row).collect();
        Array2::from_shape_vec((self.neurons, self.frames), rows.concat()).expect("rows are alike long")
    }

    /// The bouts of each kind, one to each of as many slots, apart from those of all others; up to 2 s.
    fn bouts(&self) -> Vec<Bout> {
        let kinds: Vec<_> = BEHAVIOURS.iter().flat_map(|name| Agent::ALL.map(|agent| (agent, *name))).collect();
        let place = self.frames as f64 / RATE_HZ / (self.bouts * kinds.len()) as f64;
        let mut draws = Draws::new(Rng::new(0, u32::MAX, Stream::Recording));
        let bout = |k: usize| {
            let (agent, behaviour) = kinds[k % kinds.len()];
            let length = (0.4 + 0.4 * draws.uniform()) * place.min(2.5);
            let start = place * k as f64 + draws.uniform() * (place - length - 1.0 / RATE_HZ);
            Bout { agent, behaviour: behaviour.into(), start, stop: start + length, object: None }
        };
        (0..self.bouts * kinds.len()).map(bout).collect()
    }

    fn session(&self) -> Session {
        let times = (0..self.frames).map(|k| k as f64 / RATE_HZ).collect();
        Session {
            source: "noise".into(),
            animal: "A".into(),
            name: "1".into(),
            neurons: vec![Neuron::default(); self.neurons],
            activity: Activity::Frames { values: self.activity().into(), times },
            bouts: self.bouts(),
            trials: Vec::new(),
            contexts: Vec::new(),
            covariates: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

fn main() {
    let case = Case::chosen();
    let session = case.session();
    let framed = Framed::new(&session, 1.0 / RATE_HZ).expect("the session has frames");
    let axis = Axis::new(&session, &framed).expect("the session has frames");
    let bouts = &session.bouts[..];
    let input = SessionInput { activity: &framed.activity, axis: &axis, bouts, others: &[], key: 1, sessions: 1 };
    for (null, name) in [(Null::Window, "window"), (Null::Circular, "circular")] {
        let settings = TuningSettings { null, shifts: case.shifts, most_shifts: 0, ..TuningSettings::default() };
        let start = Instant::now();
        let found = examine(&input, &settings, &AtomicBool::new(false)).expect("nothing stops it");
        let seconds = start.elapsed().as_secs_f64();
        let p: Vec<f64> = found.tests.behaviours.iter().flat_map(|tests| tests.p.iter().copied()).collect();
        assert_eq!(p.len(), 2 * BEHAVIOURS.len() * case.neurons, "every kind of bout is tested in every neuron");
        let below = p.iter().filter(|p| **p < 0.05).count() as f64 / p.len() as f64;
        print!("{name}_s={seconds:.4} {name}_below={below:.4} ");
    }
    println!("threads={}", rayon::current_num_threads());
}
