//! A small random network that is really perturbed.

use super::{conditions, population};
use aon::dims::Dims;
use aon::engine::cpu::CpuEngine;
use aon::engine::{Adam, BatchState, Engine, LossKind, NetworkSettings, Problem, TimeConstants};
use aon::error::Result;
use aon::lab::Subject;
use aon::network::{Constraint, InitScheme, InitSettings, Layout, MagnitudeDistribution, initial_parameters};
use aon::perturb::{
    Anatomy, ControlSettings, Experiment, ExperimentSettings, ReadoutSettings, Readouts, Study, default_lesions,
    effects,
};
use aon::rng::{Rng, Stream};

const BINS: usize = 12;

fn problem(mirror: bool) -> Problem {
    let population = population(&[("AIP", 12), ("F5", 16), ("F6", 20)], mirror);
    let n = population.len();
    let dims = Dims {
        networks: 1,
        neurons: n,
        conditions: 8,
        time_steps: 10 + 2 * BINS,
        thermal: 10,
        steps_per_bin: 2,
        bins: BINS,
        channels: 4,
        sequences: 4,
        input_groups: 2,
    };
    let noise = Rng::new(11, 0, Stream::Synthetic);
    let targets = (0..8 * BINS * n).map(|k| (0.1 + 0.8 * noise.uniform(k as u32)) as f32).collect();
    // A channel for each sequence, on from a third of the trial.
    let on = |k: usize| k / (dims.time_steps * 4) == k % 4 && k / 4 % dims.time_steps > 14;
    Problem {
        population,
        constraint: Constraint::default(),
        time_constants: TimeConstants::default(),
        loss: LossKind::L2,
        adam: Adam::default(),
        input_group: (0..8).map(|c| c / 4).collect(),
        sequence: (0..8).map(|c| c % 4).collect(),
        bins: (0..8).map(|c| if c % 4 < 2 { BINS } else { BINS - 2 }).collect(),
        stimulus: (0..4 * dims.time_steps * 4).map(|k| f32::from(u8::from(on(k)))).collect(),
        targets,
        initial_x: vec![0.0; 8 * n],
        initial_r: vec![0.5; 8 * n],
        recurrent: true,
        dims,
    }
}

fn open(problem: &Problem, settings: &[NetworkSettings], state: &BatchState) -> Result<Box<dyn Engine>> {
    Ok(Box::new(CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), state, 2)?))
}

/// Every class silenced, with controls, and read-outs if asked for.
pub(crate) fn small(mirror: bool, readouts: bool) -> Study {
    let problem = problem(mirror);
    let n = problem.dims.neurons;
    let init = InitSettings {
        scheme: InitScheme::Balanced,
        distribution: MagnitudeDistribution::Normal,
        gain: 1.5,
        mean_rate: &vec![0.4; n],
        seed: 3,
        network: 0,
        without_recurrence: false,
    };
    let layout = Layout::new(&problem.dims);
    let mut parameters = initial_parameters(&layout, &problem.population, &problem.constraint, &init);
    parameters[layout.inputs()].iter_mut().for_each(|w| *w *= 30.0);
    let subject = Subject::new(&problem, parameters, conditions(&["cup", "ring"]), &[], 20.0, &open).unwrap();
    let readouts = readouts.then(|| ReadoutSettings {
        trials: 8,
        control_trials: 2,
        window_ms: 80.0,
        permutations: 4,
        ..ReadoutSettings::default()
    });
    let controls = ControlSettings { count: 59, subsets: 4, matched: true, seed: 2 };
    let lesions = default_lesions(&subject);
    let mut experiment =
        Experiment::new(&subject, ExperimentSettings { controls, readouts, slots: 16 }, &open).unwrap();
    let mut decoding = experiment.readouts().map_or_else(Vec::new, Readouts::intact_rows);
    let mut outcomes = Vec::new();
    for (number, lesion) in lesions.iter().enumerate() {
        outcomes.push(experiment.examine(lesion, number, &mut |_| true).unwrap().unwrap());
        let read = experiment.decode(lesion).unwrap();
        decoding.extend(experiment.readouts().map_or_else(Vec::new, |r| r.rows(&lesion.name, &read)));
    }
    let mut cells = Vec::new();
    for manner in experiment.cell_lesions(&lesions) {
        cells.push(experiment.examine_cells(&manner, &mut |_| true).unwrap().unwrap());
    }
    let (keys, intact) = (experiment.keys().to_vec(), experiment.intact());
    let lesioned_rates = experiment.rates(&lesions).unwrap();
    drop(experiment);
    Study {
        effects: effects(&lesions, &outcomes, &cells, &keys, &subject.problem.population, 2),
        anatomy: Anatomy::of(&subject, 1).unwrap(),
        subject,
        lesions,
        keys,
        intact,
        outcomes,
        cells,
        lesioned_rates,
        decoding,
        recurrence: Vec::new(),
        held_out: None,
    }
}
