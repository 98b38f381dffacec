//! A network as a recording: noisy trials of its conditions, one after another, with who acts in them and when what is shown.

use super::{OpenEngine, Simulator, Subject, Trial as Simulation, collect};
use crate::data::recording::{Activity, Agent, Bout, Neuron, Session, Trial};
use crate::engine::TrialNoise;
use crate::error::{Result, ensure};
use crate::rng::{Draws, Rng, Stream};
use crate::task::{ConditionClass, Sequence, TaskSpec};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The last change of what is shown: the network is to act from then on, or to watch it.
const ONSET: &str = "movement onset";
/// What is done in a condition that names no object.
const MOVEMENT: &str = "movement";
/// Between two trials nothing is recorded, for so long, in s: longer than a window of responses.
const PAUSE_S: f64 = 10.0;
/// Simulations at once.
const AT_ONCE: usize = 16;

/// Which trials of a network are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkTrials {
    /// Of each condition.
    pub trials: usize,
    /// Standard deviation of the noise on every stimulus value and step.
    pub stimulus_sd: f32,
    /// Standard deviation of the noise on the state at t = 0.
    pub initial_sd: f32,
    /// Spikes/s of a unit whose rate is 1: spikes are drawn (Poisson), as in an animal answers that are small beside their noise are
    /// not found. 0 records the rates themselves, in which the noise above is all there is.
    pub peak_hz: f64,
    /// Seed of the noise.
    pub seed: u64,
}

impl Default for NetworkTrials {
    fn default() -> Self {
        Self { trials: 20, stimulus_sd: 0.5, initial_sd: 0.5, peak_hz: 50.0, seed: 0 }
    }
}

impl NetworkTrials {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        ensure!(
            (2..=10_000).contains(&self.trials),
            "`trials = {}`: expected 2 to 10000 trials of each condition.",
            self.trials
        );
        for (name, sd) in [("stimulus_sd", self.stimulus_sd), ("initial_sd", self.initial_sd)] {
            ensure!(sd.is_finite() && sd >= 0.0, "`{name} = {sd}`: expected a standard deviation, 0 or more.");
        }
        ensure!((0.0..=1e4).contains(&self.peak_hz), "`peak_hz = {}`: expected 0 to 10000 spikes/s.", self.peak_hz);
        ensure!(
            self.stimulus_sd > 0.0 || self.initial_sd > 0.0 || self.peak_hz > 0.0,
            "`stimulus_sd = 0`, `initial_sd = 0` and `peak_hz = 0`: all trials of a condition would be the same. Give one of them a value above 0."
        );
        Ok(())
    }
}

/// Records `wanted` trials of each condition of `subject`, which `task` describes; the session is called as `animal`, read from
/// `source`. Activity is spikes a bin, or rates in 0…1, a frame a bin. Conditions that are neither executed nor observed are left out.
///
/// # Errors
/// If a setting cannot be meant, or the engine fails.
pub fn recording(
    subject: &Subject,
    task: &TaskSpec,
    wanted: &NetworkTrials,
    (animal, source): (String, PathBuf),
    open: &OpenEngine,
) -> Result<Session> {
    wanted.check()?;
    let layout = Layout::new(subject, task, wanted.trials);
    let noise = |k: usize| TrialNoise {
        stimulus_sd: wanted.stimulus_sd,
        initial_sd: wanted.initial_sd,
        seed: wanted.seed,
        trial: k as u32,
    };
    let simulated: Vec<Simulation> =
        (0..wanted.trials).map(|k| Simulation { noise: Some(noise(k)), ..Simulation::default() }).collect();
    let mut simulator = Simulator::new(&subject.problem, &subject.parameters, wanted.trials.min(AT_ONCE), open)?;
    let rates = collect(&mut simulator, &simulated, &|_, rates| rates.to_vec())?;
    let mut values = layout.frames(subject, &rates);
    if wanted.peak_hz > 0.0 {
        draw_spikes(&mut values, wanted.peak_hz * task.time.bin_ms() / 1000.0, wanted.seed);
    }
    Ok(Session {
        source,
        animal,
        name: "trials".into(),
        neurons: neurons(subject),
        activity: Activity::Frames { values: values.into(), times: layout.times },
        bouts: layout.bouts,
        trials: layout.trials,
        contexts: Vec::new(),
        covariates: Vec::new(),
        remarks: layout.remarks,
    })
}

/// The half second, or what there is of it, before anything is shown in any condition of `task`, in ms from the last change
/// on: the baseline of trials with so many bins, `[C]`. `None` where no condition has both.
pub fn baseline_ms(task: &TaskSpec, bins: &[usize]) -> Option<[f64; 2]> {
    const LONGEST_MS: f64 = 500.0;
    let sequences = task.sequence_indices();
    let acted = (0..task.conditions.len()).filter(|c| task.conditions[*c].go != Some(false));
    let changes = acted.map(|c| changes(&task.stimulus.sequences[sequences[c]], task, bins[c]));
    let ends = changes.filter_map(|all| Some((*all.first()?, *all.last()?)));
    let (lead, before) = ends
        .map(|(first, last)| (last - first, first))
        .reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))
        .map(|(lead, before)| (lead as f64 * task.time.step_ms, before as f64 * task.time.step_ms))?;
    (before > 0.0).then(|| [-lead - before.min(LONGEST_MS), -lead])
}

/// The middle of each bin of a trial of each condition, in s from the last change of what is shown, `[C][bins]`; from the begin where
/// nothing changes.
pub fn bin_times(task: &TaskSpec, bins: &[usize]) -> Vec<Vec<f64>> {
    let sequences = task.sequence_indices();
    let of = |(c, bins): (usize, &usize)| {
        let onset = changes(&task.stimulus.sequences[sequences[c]], task, *bins).pop().unwrap_or(0);
        let middle = |b: usize| (b as f64 + 0.5) * task.time.bin_ms() - onset as f64 * task.time.step_ms;
        (0..*bins).map(|b| middle(b) / 1000.0).collect()
    };
    bins.iter().enumerate().map(of).collect()
}

fn neurons(subject: &Subject) -> Vec<Neuron> {
    let population = &subject.problem.population;
    let neuron = |i: usize| Neuron {
        name: (i + 1).to_string(),
        area: Some(population.area_name(i).to_string()),
        identity: None,
        cell_type: Some(population.cell_type(i).to_string()),
    };
    (0..population.len()).map(neuron).collect()
}

/// Puts numbers of spikes in place of rates, `most` of which are expected in a frame of rate 1.
fn draw_spikes(values: &mut Array2<f32>, most: f64, seed: u64) {
    for (i, mut row) in values.rows_mut().into_iter().enumerate() {
        let mut draws = Draws::new(Rng::new(seed, i as u32, Stream::Spikes));
        for value in &mut row {
            // Intervals of a Poisson process, one after another, until the frame is full.
            let (expected, mut spikes) = (f64::from(*value) * most, 0.0);
            let mut passed = draws.exponential();
            while passed < expected {
                spikes += 1.0;
                passed += draws.exponential();
            }
            *value = spikes;
        }
    }
}

/// What is recorded when.
struct Layout {
    /// When each frame begins, in s.
    times: Vec<f64>,
    /// Number of the simulation, condition and bin of each frame.
    frames: Vec<(usize, usize, usize)>,
    trials: Vec<Trial>,
    bouts: Vec<Bout>,
    remarks: Vec<String>,
}

impl Layout {
    fn new(subject: &Subject, task: &TaskSpec, trials: usize) -> Self {
        let mut layout =
            Self { times: Vec::new(), frames: Vec::new(), trials: Vec::new(), bouts: Vec::new(), remarks: Vec::new() };
        let bin_s = task.time.bin_ms() / 1000.0;
        let sequences = task.sequence_indices();
        let mut begin = 0.0;
        for k in 0..trials {
            for (c, condition) in subject.conditions.iter().enumerate() {
                let bins = subject.problem.bins[c];
                let agent = match condition.class {
                    ConditionClass::Execution => Agent::Own,
                    ConditionClass::Observation => Agent::Other,
                    ConditionClass::Other => continue,
                };
                layout.times.extend((0..bins).map(|b| begin + b as f64 * bin_s));
                layout.frames.extend((0..bins).map(|b| (k, c, b)));
                let end = begin + bins as f64 * bin_s;
                let at = |step: usize| begin + step as f64 * task.time.step_ms / 1000.0;
                let changes = changes(&task.stimulus.sequences[sequences[c]], task, bins);
                let changes: Vec<f64> = changes.into_iter().map(at).collect();
                if let Some(last) = changes.last() {
                    let events = events(&changes);
                    let (go, object) = (condition.go, condition.object.clone());
                    if go != Some(false) {
                        let behaviour = object.clone().unwrap_or_else(|| MOVEMENT.into());
                        let (start, stop) = (*last, end);
                        layout.bouts.push(Bout { agent, behaviour, start, stop, object: object.clone() });
                    }
                    layout.trials.push(Trial { agent, go, object, events });
                } else if k == 0 {
                    layout.remarks.push(format!(
                        "condition {:?} is shown nothing that changes: its trials are not tested.",
                        condition.name
                    ));
                }
                begin = end + PAUSE_S;
            }
        }
        layout
    }

    /// `[N × frames]` from the binned rates `[C][B][N]` of each simulation.
    fn frames(&self, subject: &Subject, rates: &[Vec<f32>]) -> Array2<f32> {
        let d = subject.dims();
        let mut values = Array2::zeros((d.neurons, self.frames.len()));
        for (mut column, (k, c, b)) in values.columns_mut().into_iter().zip(&self.frames) {
            let from = (c * d.bins + b) * d.neurons;
            column.iter_mut().zip(&rates[*k][from..from + d.neurons]).for_each(|(to, rate)| *to = *rate);
        }
        values
    }
}

/// When what is shown changes within so many bins, in steps from the first, ascending.
fn changes(sequence: &Sequence, task: &TaskSpec, bins: usize) -> Vec<usize> {
    let end = bins * task.time.steps_per_bin;
    let mut steps: Vec<usize> = sequence.epochs.iter().flat_map(|e| [Some(e.from), e.to]).flatten().collect();
    steps.retain(|step| *step < end);
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// Changes by their names: the last is what trials are aligned to.
fn events(changes: &[f64]) -> BTreeMap<String, f64> {
    let name = |k: usize| if k + 1 == changes.len() { ONSET.into() } else { format!("stimulus {}", k + 1) };
    changes.iter().enumerate().map(|(k, at)| (name(k), *at)).collect()
}
