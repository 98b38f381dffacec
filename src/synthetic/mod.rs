//! Synthetic firing rates that need recurrence: most of their variance has no counterpart in the stimulus. What is in them,
//! and by which equations, is in docs/tasks.md#synthetic-data. And [`recording`]: behaving animals.

mod circuit;
mod files;
pub mod recording;
mod settings;

pub use settings::{CircuitSettings, Masks, SyntheticSettings};

use crate::data::{ConditionRates, FiringRates};
use crate::error::Result;
use crate::network::Population;
use crate::task::{ConditionClass, TaskSpec};
use circuit::Circuit;
use ndarray::{Array1, Array2};
use settings::{BINS, Draw};

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
    pub recording: FiringRates,
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
        let recording = FiringRates { file: "synthetic".into(), conditions, factors: None, silenced: Vec::new() };
        Ok(Self { settings: settings.clone(), task, population, recording })
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
