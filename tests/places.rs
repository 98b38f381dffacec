//! Networks that come to and leave the places of an engine at any time: each is what it would be alone, on both engines.
#![allow(missing_docs)]

mod common;

use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuEngine, GpuOptions, Loads, Strategy};
use aon::engine::{
    BatchState, Engine, FreshNoise, LossKind, NetworkSettings, NetworkState, Perturbation, Problem, StepRecord,
    StopReason,
};
use aon::network::{Constraint, Group};
use common::{awkward_problem, gpu};
use std::sync::Mutex;

/// Opens an engine for a problem with these networks.
type Open<'a> = &'a dyn Fn(&Problem, &[NetworkSettings], &BatchState) -> Box<dyn Engine>;

/// Networks that differ in all that may differ.
fn settings() -> Vec<NetworkSettings> {
    let silence = Perturbation::silence((0..19).map(|i| i < 5).collect(), 3, 30);
    let fresh = |network| Some(FreshNoise { sigma: 0.5, seed: 11, network });
    vec![
        NetworkSettings::default(),
        NetworkSettings { clip_norm: 0.05, regularisation: 0.1, ..NetworkSettings::default() },
        NetworkSettings { freeze: vec![Group::Recurrent], ..NetworkSettings::default() },
        NetworkSettings {
            freeze: vec![Group::Current, Group::Input(0)],
            fresh_noise: fresh(3),
            ..NetworkSettings::default()
        },
        NetworkSettings { perturbation: silence, ..NetworkSettings::default() },
        NetworkSettings { fresh_noise: fresh(8), patience: 2, min_improvement: 1e3, ..NetworkSettings::default() },
    ]
}

/// What came of a network.
#[derive(Debug, PartialEq)]
struct Course {
    records: Vec<StepRecord>,
    state: NetworkState,
    loss: f64,
    rates: Vec<f32>,
}

fn rate(network: usize, step: u32) -> f64 {
    0.01 * (1 + network) as f64 / f64::from(step)
}

/// Evaluates the network in one place, with the others where they are.
fn evaluated(engine: &mut dyn Engine, place: usize) -> (f64, Vec<f32>) {
    let seen = Mutex::new(Vec::new());
    let losses = engine
        .evaluate_each(&[place], &|k, rates| {
            assert_eq!(k, place);
            *seen.lock().unwrap() = rates.to_vec();
        })
        .unwrap();
    assert_eq!(losses.len(), 1);
    (losses[0].loss, seen.into_inner().unwrap())
}

/// Trains network after network in `places` places, each for so many steps of its own, with evaluations in between.
fn in_places(open: Open, problem: &Problem, starts: &[Vec<f32>], steps: &[u32], places: usize) -> Vec<Course> {
    let settings = settings();
    let mut held = problem.clone();
    held.dims.networks = places;
    let nothing = BatchState::fresh(vec![vec![0.25; starts[0].len()]; places]);
    let mut engine = open(&held, &vec![NetworkSettings::default(); places], &nothing);
    let engine = engine.as_mut();
    let mut courses: Vec<Option<Course>> = starts.iter().map(|_| None).collect();
    let mut records: Vec<Vec<StepRecord>> = vec![Vec::new(); starts.len()];
    let (mut seats, mut done, mut next): (Vec<Option<usize>>, Vec<u32>, _) =
        (vec![None; places], vec![0; starts.len()], 0);
    let mut turn = 0;
    loop {
        for (place, seat) in seats.iter_mut().enumerate() {
            if let Some(k) = seat.take_if(|k| done[*k] >= steps[*k]) {
                let state = engine.state_of(place).unwrap();
                let (loss, rates) = evaluated(engine, place);
                courses[k] = Some(Course { records: std::mem::take(&mut records[k]), state, loss, rates });
            }
            if seat.is_none() && next < starts.len() {
                engine.replace(place, &settings[next], &NetworkState::fresh(starts[next].clone())).unwrap();
                *seat = Some(next);
                next += 1;
            }
        }
        if seats.iter().all(Option::is_none) {
            return courses.into_iter().map(Option::unwrap).collect();
        }
        turn += 1;
        // Now and then a network rests for a step: it does not notice.
        let rests = |place: usize| places > 1 && (turn + place).is_multiple_of(5);
        let trains: Vec<Option<usize>> = (0..places).map(|p| seats[p].filter(|_| !rests(p))).collect();
        trains.iter().flatten().for_each(|k| done[*k] += 1);
        engine.step(&trains.iter().map(|k| k.map(|k| rate(k, done[k]))).collect::<Vec<_>>()).unwrap();
        // As a device's do, records come in their own time, but all before a network leaves.
        for step in engine
            .take_records(turn.is_multiple_of(3) || seats.iter().flatten().any(|k| done[*k] >= steps[*k]))
            .unwrap()
        {
            for (seat, record) in seats.iter().zip(step) {
                if let (Some(k), Some(record)) = (seat, record) {
                    records[*k].push(record);
                }
            }
        }
    }
}

/// A network in an engine that was made for it, and for no other.
fn alone(open: Open, problem: &Problem, k: usize, start: &[f32], steps: u32) -> Course {
    let mut own = problem.clone();
    own.dims.networks = 1;
    let mut engine = open(&own, &settings()[k..=k], &BatchState::fresh(vec![start.to_vec()]));
    for step in 1..=steps {
        engine.step(&[Some(rate(k, step))]).unwrap();
    }
    let records = engine.take_records(true).unwrap().into_iter().filter_map(|step| step[0]).collect();
    let state = engine.state().unwrap().networks.remove(0);
    let loss = engine.evaluate().unwrap()[0].loss;
    Course { records, state, loss, rates: engine.binned_rates(0).unwrap() }
}

fn check(what: &str, open: Open) {
    let (problem, starts) = awkward_problem(6, Constraint::default(), LossKind::L2);
    let steps = [3, 9, 4, 1, 6, 12];
    let alone: Vec<Course> = (0..6).map(|k| alone(open, &problem, k, &starts[k], steps[k])).collect();
    for (k, course) in alone.iter().enumerate() {
        assert_eq!(course.records.len() as u32, course.state.step, "{what}: network {k}");
        let is_last = |(record, step): (&StepRecord, u32)| record.step == step;
        assert!(course.records.iter().zip(1..).all(is_last), "{what}: network {k} counts its own steps");
    }
    assert_eq!(alone[5].state.stop, Some(StopReason::Patience));
    assert!(alone[5].state.step < 12 && alone[4].state.step == 6);
    for places in [1, 2, 3, 6, 8] {
        for (k, (found, alone)) in in_places(open, &problem, &starts, &steps, places).iter().zip(&alone).enumerate() {
            assert!(found == alone, "{what}: network {k} in {places} places is {found:?}\nalone {alone:?}");
        }
    }
}

#[test]
fn on_the_processor() {
    for threads in [1, 3] {
        check(&format!("{threads} threads"), &|problem, settings, state| {
            Box::new(CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), state, threads).unwrap())
        });
    }
}

#[test]
fn on_a_graphics_device() {
    let Some(device) = gpu::device() else { return };
    for (strategy, loads, bank) in [
        (Strategy::Stepwise, Loads::Texture, None),
        (Strategy::Stepwise, Loads::Storage, Some(2)),
        (Strategy::Resident, Loads::Storage, None),
    ] {
        let options = GpuOptions { strategy: Some(strategy), loads: Some(loads), bank, ..GpuOptions::default() };
        check(&format!("{strategy:?} {loads:?}"), &|problem, settings, state| {
            Box::new(GpuEngine::new(&device, problem, settings, state, &options).unwrap())
        });
    }
}

#[test]
fn there_are_only_the_places_that_there_are() {
    let (mut problem, starts) = awkward_problem(1, Constraint::default(), LossKind::L2);
    problem.dims.networks = 1;
    let state = BatchState::fresh(vec![starts[0].clone()]);
    let check = |engine: &mut dyn Engine| {
        let (settings, network) = (NetworkSettings::default(), NetworkState::fresh(starts[0].clone()));
        assert!(engine.state_of(1).is_err() && engine.replace(1, &settings, &network).is_err());
        assert!(engine.evaluate_each(&[1], &|_, _| ()).is_err());
        assert!(engine.step(&[Some(0.1), Some(0.1)]).is_err(), "a rate too many");
        assert!(engine.replace(0, &settings, &NetworkState::fresh(vec![0.0; 3])).is_err(), "of other sizes");
        let other = NetworkSettings { perturbation: Perturbation::silence(vec![true; 3], 0, 5), ..settings };
        assert!(engine.replace(0, &other, &network).is_err(), "other neurons");
        assert_eq!(engine.state().unwrap(), state, "what is refused changes nothing");
    };
    check(&mut CpuEngine::<f32>::new(problem.clone(), vec![NetworkSettings::default()], &state, 1).unwrap());
    let Some(device) = gpu::device() else { return };
    check(
        &mut GpuEngine::new(&device, &problem, &[NetworkSettings::default()], &state, &GpuOptions::default()).unwrap(),
    );
}
