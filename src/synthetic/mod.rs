//! Synthetic firing rates that need recurrence.
//!
//! Rates that follow their stimulus can be reproduced without recurrent weights, by input weights, currents and time
//! constants alone; nothing about recurrence, or about a lesion, can be learned from a good fit to them. The population
//! made here performs the built-in Go/No-Go task, and most of the variance of its rates has no counterpart in the stimulus:
//!
//! * **A wave** runs around a ring of neurons from before the first cue until the end of the trial, about once in 2 s.
//!   Each neuron fires at its own phase, so that the population passes through a sequence before the cues, in the delay
//!   and during the movement while the stimulus stands still. The wave is kept up by the population's own activity.
//! * **It outlasts its input.** The Go tone supports the ring, the No-Go tone weakens it. After the tone has ended, Go and
//!   No-Go trials show the same stimulus, and differ by what is left of the wave.
//! * **The same input has different time courses**: neurons filter it with their own time constants and combine it with
//!   their own phase.
//! * **Mirror neurons** receive the same input in execution and observation. The other neurons are driven down, by tone
//!   and object alike, in the class that is not theirs; the ring loses them there, and the wave with it.
//!
//! The equations are those of the private module `circuit`. It is no network of the kind that is fitted: it obeys no Dale's
//! principle, and its couplings are no ground truth for `W`.

mod circuit;
mod files;

use crate::data::{ConditionRates, Recording};
use crate::error::{Error, Result};
use crate::network::{Area, Population};
use crate::rng::{Rng, Stream};
use crate::task::{ConditionClass, TaskSpec};
use circuit::Circuit;
use ndarray::{Array1, Array2};

/// Bins of every condition: 3.5 s of the built-in task.
const BINS: usize = 175;

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticSettings {
    /// The areas, in the row order of the rates.
    pub areas: Vec<Area>,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Fraction of inhibitory neurons in every area.
    pub inhibitory: f64,
    /// Fraction of mirror neurons in every area.
    pub mirror: f64,
    /// Standard deviation of the observation noise on each binned rate.
    pub noise: f64,
    /// The circuit that makes the rates.
    pub circuit: CircuitSettings,
    /// Who the neurons are, where that is given and not drawn.
    pub masks: Option<Masks>,
}

/// Cell types and classes that are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masks {
    /// Which neurons are inhibitory, `[N]`.
    pub inhibitory: Vec<bool>,
    /// Which are mirror neurons, `[N]`.
    pub mirror: Vec<bool>,
}

/// The circuit that makes the rates. Times in ms; inputs and couplings in units of the argument of the logistic function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CircuitSettings {
    /// Mean argument of a neuron at rest.
    pub rest: f64,
    /// Period of the wave where it is small.
    pub period: f64,
    /// Time constant of the ring.
    pub ring_time: f64,
    /// Gain of the ring at rest; the wave keeps itself up above 1.
    pub gain: f64,
    /// Standard deviation of the input weights.
    pub input: f64,
    /// What the Go tone adds to every neuron, and the No-Go tone takes away.
    pub support: f64,
    /// What tone and object each take away from neurons in the class that is not theirs.
    pub suppression: f64,
    /// Shortest and longest time constant of the neurons' inputs.
    pub input_time: (f64, f64),
}

impl Default for CircuitSettings {
    fn default() -> Self {
        Self {
            rest: -1.0,
            period: 2000.0,
            ring_time: 100.0,
            gain: 1.5,
            input: 0.9,
            support: 0.3,
            suppression: 3.0,
            input_time: (60.0, 300.0),
        }
    }
}

impl SyntheticSettings {
    /// The reference size: AIP 86, F5 106, F6 163.
    pub fn reference(seed: u64) -> Self {
        Self::with_sizes([86, 106, 163], seed)
    }

    /// Eighty neurons, which train in seconds: AIP 20, F5 24, F6 36.
    pub fn small(seed: u64) -> Self {
        Self::with_sizes([20, 24, 36], seed)
    }

    fn with_sizes(sizes: [usize; 3], seed: u64) -> Self {
        let areas = ["AIP", "F5", "F6"].into_iter().zip(sizes).map(|(name, size)| Area { name: name.into(), size });
        Self {
            areas: areas.collect(),
            seed,
            inhibitory: 0.2,
            mirror: 0.45,
            noise: 0.01,
            circuit: CircuitSettings::default(),
            masks: None,
        }
    }

    fn check(&self) -> Result<()> {
        for (name, fraction) in [("inhibitory", self.inhibitory), ("mirror", self.mirror)] {
            if !(0.0..=1.0).contains(&fraction) {
                return Err(Error::input(format!(
                    "the fraction of {name} neurons is {fraction}. Give one from 0 to 1."
                )));
            }
        }
        let neurons: usize = self.areas.iter().map(|a| a.size).sum();
        if let Some(masks) = self.masks.as_ref().filter(|m| m.inhibitory.len() != neurons || m.mirror.len() != neurons)
        {
            return Err(Error::input(format!(
                "the masks have {} and {} values, but the areas hold {neurons} neurons.",
                masks.inhibitory.len(),
                masks.mirror.len()
            )));
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            return Err(Error::input(format!("the observation noise is {}. Give 0 or more.", self.noise)));
        }
        let CircuitSettings { period, ring_time, input_time: (shortest, longest), .. } = self.circuit;
        let times = [("period", period), ("ring time", ring_time), ("input time", shortest), ("input time", longest)];
        if let Some((name, time)) = times.into_iter().find(|(_, t)| !(t.is_finite() && *t > 0.0)) {
            return Err(Error::input(format!("the circuit's {name} is {time} ms. Give more than 0.")));
        }
        Ok(())
    }
}

/// Synthetic data, whole: everything that a run takes from files.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthetic {
    /// What they were made from.
    pub settings: SyntheticSettings,
    /// The task that the population performs.
    pub task: TaskSpec,
    /// Who the neurons are.
    pub population: Population,
    /// Their rates.
    pub recording: Recording,
}

/// What a set of random numbers is for: the step in the key of [`Stream::Synthetic`].
#[derive(Clone, Copy)]
enum Draw {
    Inhibitory,
    Mirror,
    Class,
    Rest,
    Phase,
    Coupling,
    Input,
    InputTime,
    Rates,
    InitialRates,
}

impl Synthetic {
    /// Generates data. The same settings give the same bits.
    ///
    /// # Errors
    /// If a setting is out of its range.
    pub fn generate(settings: &SyntheticSettings) -> Result<Self> {
        settings.check()?;
        let mut task = TaskSpec::load("go-nogo")?;
        task.name = "go-nogo-synthetic".into();
        task.areas.clone_from(&settings.areas);
        task.check()?;
        let Masks { inhibitory, mirror } = settings.masks.clone().unwrap_or_else(|| Masks {
            inhibitory: choose(settings, settings.inhibitory, Draw::Inhibitory),
            mirror: choose(settings, settings.mirror, Draw::Mirror),
        });
        let circuit = Circuit::new(settings, &task, &active_classes(settings, &mirror));
        let conditions = (0..task.conditions.len()).map(|c| observe(settings, &task, &circuit, c)).collect();
        let population = Population::new(settings.areas.clone(), inhibitory, Some(mirror))?;
        let recording = Recording { file: "synthetic".into(), conditions, factors: None };
        Ok(Self { settings: settings.clone(), task, population, recording })
    }
}

impl SyntheticSettings {
    fn rng(&self, draw: Draw) -> Rng {
        Rng::new(self.seed, 0, Stream::Synthetic).at_step(draw as u32)
    }
}

/// `fraction` of the neurons of each area, at random, `[N]`.
fn choose(settings: &SyntheticSettings, fraction: f64, draw: Draw) -> Vec<bool> {
    let rng = settings.rng(draw);
    let mut first = 0;
    let mut chosen = Vec::new();
    for area in &settings.areas {
        let mut order: Vec<usize> = (0..area.size).collect();
        order.sort_by(|a, b| rng.uniform((first + a) as u32).total_cmp(&rng.uniform((first + b) as u32)));
        let count = (fraction * area.size as f64).round() as usize;
        let mut mask = vec![false; area.size];
        order[..count].iter().for_each(|i| mask[*i] = true);
        chosen.append(&mut mask);
        first += area.size;
    }
    chosen
}

/// The only class in which a neuron is active, `[N]`: none for mirror neurons, which are active in both; execution for
/// six in ten of the others.
fn active_classes(settings: &SyntheticSettings, mirror: &[bool]) -> Vec<Option<ConditionClass>> {
    let rng = settings.rng(Draw::Class);
    let class = |i| if rng.uniform(i) < 0.6 { ConditionClass::Execution } else { ConditionClass::Observation };
    mirror.iter().zip(0..).map(|(mirror, i)| (!mirror).then(|| class(i))).collect()
}

/// The rates of condition `c` as a recording has them: binned, noisy, with the state at the first step.
fn observe(settings: &SyntheticSettings, task: &TaskSpec, circuit: &Circuit, c: usize) -> ConditionRates {
    let (time, n) = (&task.time, circuit.neurons());
    let rates = circuit.run(c);
    let noise = |draw: Draw, index: usize| settings.noise * settings.rng(draw).normal(index as u32);
    let binned = Array2::from_shape_fn((n, BINS), |(i, b)| {
        let first = time.thermal + b * time.steps_per_bin;
        let sum: f64 = rates[first..first + time.steps_per_bin].iter().map(|r| r[i]).sum();
        let rate = sum / time.steps_per_bin as f64 + noise(Draw::Rates, (c * BINS + b) * n + i);
        rate.clamp(0.0, 1.0) as f32
    });
    // Away from 0 and 1, where the logit ends.
    let initial = |i: usize| (rates[0][i] + noise(Draw::InitialRates, c * n + i)).clamp(0.001, 0.999);
    ConditionRates {
        variable: task.conditions[c].firing_rates.clone(),
        rates: binned,
        initial_r: Some(Array1::from_shape_fn(n, |i| initial(i) as f32)),
        initial_x: Some(Array1::from_shape_fn(n, |i| (initial(i) / (1.0 - initial(i))).ln() as f32)),
    }
}
