//! The task file.

use crate::data::mat::variable_names;
use crate::network::Area;
use serde::{Deserialize, Serialize};

/// A task as its TOML file states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// The task's name.
    pub name: String,
    /// Time axis.
    pub time: TimeSpec,
    /// Areas, in the row order of the rates.
    pub areas: Vec<Area>,
    /// What the network is shown.
    pub stimulus: StimulusSpec,
    /// Conditions, in order.
    pub conditions: Vec<Condition>,
}

impl TaskSpec {
    /// N, neurons of all areas together.
    pub fn neurons(&self) -> usize {
        self.areas.iter().map(|a| a.size).sum()
    }

    /// G, input matrices: one more than the highest number that a condition uses.
    pub fn input_groups(&self) -> usize {
        self.conditions.iter().map(|c| c.input + 1).max().unwrap_or(0)
    }

    /// Input matrix of each condition, `[C]`.
    pub fn inputs(&self) -> Vec<usize> {
        self.conditions.iter().map(|c| c.input).collect()
    }

    /// Number of the stimulus sequence of each condition, `[C]`. In a checked task every sequence exists.
    pub fn sequence_indices(&self) -> Vec<usize> {
        let number = |c: &Condition| self.stimulus.sequences.iter().position(|s| s.name == c.sequence).unwrap_or(0);
        self.conditions.iter().map(number).collect()
    }

    /// What a user should know before a run whose longest condition has `bins` bins: epochs that begin after its end
    /// are never shown, and rates whose names MATLAB does not take are exported under others. One sentence each.
    pub fn warnings(&self, bins: usize) -> Vec<String> {
        let steps = bins * self.time.steps_per_bin;
        let late = |s: &Sequence| {
            let sentence = |(k, e): (usize, &Epoch)| {
                format!(
                    "stimulus sequence `{}`, epoch {}, begins at step {}, but the longest condition has {steps} steps \
                     ({bins} bins of {}): it is never shown. Does the task belong to these data?",
                    s.name,
                    k + 1,
                    e.from,
                    self.time.steps_per_bin
                )
            };
            let epochs = s.epochs.iter().enumerate().filter(|(_, e)| e.from >= steps);
            epochs.map(sentence).collect::<Vec<_>>()
        };
        self.stimulus.sequences.iter().flat_map(late).chain(self.renamed_in_matlab()).collect()
    }

    fn renamed_in_matlab(&self) -> Option<String> {
        let modelled: Vec<String> = self.conditions.iter().map(Condition::modelled).collect();
        let names = variable_names(&modelled.iter().map(String::as_str).collect::<Vec<_>>());
        let is_renamed = |(given, name): &(&String, &String)| given != name;
        let pairs: Vec<_> = modelled.iter().zip(&names).filter(is_renamed).collect();
        let (given, name) = pairs.first()?;
        let others = if pairs.len() > 1 { format!(" ({} more such names)", pairs.len() - 1) } else { String::new() };
        Some(format!(
            "MATLAB takes no variable called `{given}`{others}: MAT files will hold it as `{name}`, and the list \
             `variable_names`; npz files keep the name"
        ))
    }
}

/// The time axis.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// Length of a step in ms (for axes; the model counts in steps).
    pub step_ms: f64,
    /// w, steps averaged into one bin of the recorded rates.
    pub steps_per_bin: usize,
    /// Warm-up steps before the first bin.
    pub thermal: usize,
}

impl TimeSpec {
    /// T, steps of a trial of `bins` bins: the warm-up, then every bin.
    pub fn time_steps(&self, bins: usize) -> usize {
        self.thermal + self.steps_per_bin * bins
    }

    /// Length of a bin in ms.
    pub fn bin_ms(&self) -> f64 {
        self.step_ms * self.steps_per_bin as f64
    }
}

/// The stimulus of a task: sequences of epochs on channels, then a filter and noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StimulusSpec {
    /// U.
    pub channels: usize,
    /// Gaussian filter along time; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<Smoothing>,
    /// Standard deviation of the noise added after the filter.
    #[serde(default)]
    pub noise: f64,
    /// Seed of the noise that is drawn once. The task's own: networks of different seeds are shown the same stimulus.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub noise_seed: u64,
    /// The sequences.
    pub sequences: Vec<Sequence>,
}

fn is_zero(seed: &u64) -> bool {
    *seed == 0
}

/// A Gaussian filter with reflecting edges, truncated at 4σ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smoothing {
    /// σ in steps.
    pub sigma: f64,
    /// How often it is applied.
    pub passes: usize,
}

/// What happens on the channels in one stimulus sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The sequence's name.
    pub name: String,
    /// Epochs; channels are 0 elsewhere.
    pub epochs: Vec<Epoch>,
}

/// A constant value on some channels for some time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Channels, from 0.
    pub channels: Vec<usize>,
    /// The value on them.
    pub value: f32,
    /// First step, counted from the end of the warm-up.
    pub from: usize,
    /// First step after the epoch; absent means the end of the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<usize>,
}

/// One condition: a trial type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The condition's name, as figures and tables show it.
    pub name: String,
    /// Variable of the recorded rates, e.g. `FR1`; the given state at t = 0 is in `IC_FR1` and `IC_X1`.
    pub firing_rates: String,
    /// Input matrix, from 0 (`W_in`, `W_in2`, …).
    pub input: usize,
    /// Stimulus sequence, by name.
    pub sequence: String,
    /// Executed or observed.
    pub class: ConditionClass,
    /// Whether it is told to go, where that is a question: the label of a Go/No-Go read-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go: Option<bool>,
    /// The object it is shown, by name: the label of an object read-out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
}

impl Condition {
    /// The variable of its modelled rates in exported files.
    pub fn modelled(&self) -> String {
        format!("modelled_{}", self.firing_rates)
    }
}

/// What the animal does in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionClass {
    /// It acts.
    Execution,
    /// It watches.
    Observation,
    /// Neither.
    Other,
}
