//! Teacher networks: networks of the model itself, whose wiring is known.

use super::wiring::{Draw, Role, Wiring};
use crate::dims::Dims;
use crate::engine::{Adam, LossKind, Problem, TimeConstants};
use crate::error::{Result, ensure};
use crate::lab::{OpenEngine, Subject};
use crate::network::{Area, Constraint, Dale, Population, SignConstraint};
use crate::rng::{Rng, Stream};
use crate::task::TaskSpec;

/// What the labels of a teacher's neurons have to do with its wiring. The numbers are part of the keys of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One class carries the dynamics.
    Planted = 0,
    /// The neurons that carry the dynamics are drawn from both classes of their area and type.
    Null = 1,
}

impl Kind {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planted => "planted",
            Self::Null => "null",
        }
    }
}

/// A network that is known because it was made.
#[derive(Clone, Debug)]
pub struct Teacher {
    /// What its labels mean.
    pub kind: Kind,
    /// Its task.
    pub task: TaskSpec,
    /// The network, simulated; its recorded rates are its own.
    pub subject: Subject,
    /// The neurons that carry the dynamics, ascending.
    pub generator: Vec<usize>,
    pub(super) rng: Rng,
}

/// Areas of a teacher.
const AREAS: [&str; 3] = ["AIP", "F5", "F6"];

/// Fraction of each area that is inhibitory. High, so that there are enough like cells to compare inhibitory classes with.
const INHIBITORY: f64 = 0.375;

/// Bins of every condition.
const BINS: usize = 60;

impl Teacher {
    /// Teacher `number` of `neurons` neurons; the same arguments give the same bits.
    ///
    /// # Errors
    /// If there are fewer than 24 neurons, or the engine fails.
    pub fn new(kind: Kind, neurons: usize, seed: u64, number: u32, open: &OpenEngine) -> Result<Self> {
        ensure!(neurons >= 24, "a teacher of {neurons} neurons is too small: give at least 24.");
        let rng = Rng::new(seed, 2 * number + kind as u32, Stream::Teacher);
        let population = population(neurons)?;
        let task = short_task(population.areas())?;
        let generator = generator(kind, &population, rng);
        let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Softplus };
        let mut problem = problem(&task, population, constraint);
        let wiring = Wiring {
            population: &problem.population,
            constraint: &constraint,
            role: Role::of(&problem.population, &generator),
            rng,
        };
        let parameters = wiring.parameters(&problem.dims, &problem.time_constants);
        let (x, r) = wiring.start();
        problem.initial_x = x.repeat(problem.dims.conditions);
        problem.initial_r = r.repeat(problem.dims.conditions);
        let subject = |problem: &Problem| {
            Subject::new(problem, parameters.clone(), task.conditions.clone(), &[], task.time.step_ms, open)
        };
        problem.targets = subject(&problem)?.intact;
        Ok(Self { kind, subject: subject(&problem)?, task, generator, rng })
    }
}

/// Three areas of the same size, each with the same classes: mirror neurons are every second of each type.
fn population(neurons: usize) -> Result<Population> {
    let sizes = (0..AREAS.len()).map(|a| (neurons + a) / AREAS.len());
    let areas: Vec<Area> = AREAS.iter().zip(sizes).map(|(name, size)| Area { name: (*name).into(), size }).collect();
    let (mut inhibitory, mut mirror) = (Vec::with_capacity(neurons), Vec::with_capacity(neurons));
    for area in &areas {
        let excitatory = area.size - (INHIBITORY * area.size as f64).round() as usize;
        inhibitory.extend((0..area.size).map(|k| k >= excitatory));
        mirror.extend((0..area.size).map(|k| k % 2 == 0));
    }
    Population::new(areas, inhibitory, Some(mirror))
}

/// The excitatory neurons of one area that carry the dynamics: a class of it, or as many of both.
fn generator(kind: Kind, population: &Population, rng: Rng) -> Vec<usize> {
    let draws = rng.at_step(Draw::Generator as u32);
    let (area, mirror) = (draws.below(AREAS.len(), 0) as u32, draws.below(2, 1) == 0);
    let is_mirror = |i: &usize| population.mirror().is_some_and(|m| m[*i]) == mirror;
    let excitatory: Vec<usize> =
        (0..population.len()).filter(|i| population.area_of()[*i] == area && !population.inhibitory()[*i]).collect();
    let class: Vec<usize> = excitatory.iter().copied().filter(is_mirror).collect();
    match kind {
        Kind::Planted => class,
        Kind::Null => draws.subset(&excitatory, class.len(), 2),
    }
}

/// The built-in task with steps of twice the length, and cut: the tone from 0.6 s on, the object from 1.4 s on, 2.4 s in
/// all.
fn short_task(areas: &[Area]) -> Result<TaskSpec> {
    let mut task = TaskSpec::load("go-nogo")?;
    task.name = "go-nogo-short".into();
    task.areas = areas.to_vec();
    task.time.step_ms *= 2.0;
    task.time.thermal /= 2;
    if let Some(smoothing) = &mut task.stimulus.smoothing {
        smoothing.sigma /= 2.0;
    }
    for epoch in task.stimulus.sequences.iter_mut().flat_map(|s| &mut s.epochs) {
        epoch.from /= 2;
        epoch.to = epoch.to.map(|t| t / 2);
    }
    task.check()?;
    Ok(task)
}

/// The problem of one network, without rates and without the state at t = 0.
fn problem(task: &TaskSpec, population: Population, constraint: Constraint) -> Problem {
    let time_steps = task.time.time_steps(BINS);
    let stimulus = task.stimulus.render(time_steps, task.time.thermal);
    let (neurons, conditions) = (population.len(), task.conditions.len());
    Problem {
        dims: Dims {
            networks: 1,
            neurons,
            conditions,
            time_steps,
            thermal: task.time.thermal,
            steps_per_bin: task.time.steps_per_bin,
            bins: BINS,
            channels: stimulus.channels,
            sequences: stimulus.sequences,
            input_groups: task.input_groups(),
        },
        population,
        constraint,
        time_constants: TimeConstants::default(),
        loss: LossKind::default(),
        adam: Adam::default(),
        input_group: task.inputs(),
        sequence: task.sequence_indices(),
        bins: vec![BINS; conditions],
        stimulus: stimulus.values,
        targets: vec![0.0; conditions * BINS * neurons],
        initial_x: vec![0.0; conditions * neurons],
        initial_r: vec![0.0; conditions * neurons],
        recurrent: true,
    }
}
