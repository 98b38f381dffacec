//! What the report of a sweep shows, and what its tables are made from.

use crate::error::{Error, Result};
use std::path::PathBuf;

/// All that is known of a sweep. Whoever fills it reads directories; nothing here does.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepReport {
    /// The sweep's name.
    pub title: String,
    /// What settings are compared by, at the end of training.
    pub objective: Objective,
    /// What was swept.
    pub axes: Vec<Axis>,
    /// The points of the swept space.
    pub settings: Vec<Setting>,
    /// Every run that the specification asks for, whatever became of it.
    pub runs: Vec<Run>,
    /// Where training was cut short by comparison.
    pub halving: Option<Halving>,
    /// Whether the specification asks for the best settings to be trained again on fresh seeds.
    pub confirms: bool,
    /// What was chosen for all runs, as label and value.
    pub choices: Vec<(String, String)>,
    /// Sentences to be read first.
    pub notes: Vec<String>,
}

/// A quantity by which runs are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objective {
    /// As the specification spells it: `median_r2`.
    pub name: String,
    /// As people read it: `median R²`.
    pub label: String,
    /// Its direction.
    pub lower_is_better: bool,
}

impl Objective {
    /// A value, so that lower is better.
    pub(super) fn cost(&self, value: f64) -> f64 {
        if self.lower_is_better { value } else { -value }
    }
}

/// One setting that was swept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// As configuration files spell it: `training.learning_rate`.
    pub key: String,
    /// How its values compare.
    pub kind: AxisKind,
}

/// How the values of an axis compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    /// By their differences.
    Linear,
    /// By their ratios.
    Log,
    /// Not at all.
    Choice,
}

/// A value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    /// As people would type it.
    pub text: String,
    /// The number, if it is one.
    pub number: Option<f64>,
}

/// A point of the swept space: runs of it differ in seed, and in the condition that is held out.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// A value for each axis.
    pub values: Vec<AxisValue>,
    /// The number of the engine's group that its networks are trained in.
    pub group: usize,
}

/// Where the specification's halving compared runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Halving {
    /// What they were compared by.
    pub measure: Objective,
    /// The share of settings that went on.
    pub keep: f64,
    /// In the order of their steps.
    pub rungs: Vec<Rung>,
}

/// One comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// After how many steps.
    pub step: u32,
}

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunState {
    /// Trained to its end: all steps, its target, or its patience.
    Ended,
    /// Something was not finite.
    Diverged,
    /// Not among those that went on at a rung.
    Halved,
    /// Being trained.
    Training,
    /// Not begun, or cut off and to be resumed.
    Waiting,
    /// Could not be trained.
    Failed,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Ended, Self::Diverged, Self::Halved, Self::Training, Self::Waiting, Self::Failed];

    /// As tables say it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Diverged => "diverged",
            Self::Halved => "halved",
            Self::Training => "training",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
        }
    }
}

/// One network. Numbers that are not finite count as none.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name among the directories.
    pub hash: String,
    /// The number of its setting.
    pub setting: usize,
    /// What it begins from.
    pub seed: u64,
    /// The condition that it was not trained on, where conditions are held out in turn.
    pub hold_out: Option<String>,
    /// Whether it belongs to the confirmation on fresh seeds.
    pub confirmation: bool,
    /// What became of it.
    pub state: RunState,
    /// Why it ended, in a few words.
    pub reason: String,
    /// Steps that it was trained for.
    pub steps: u32,
    /// The objective: at the end, or of a halved run at its last rung, if known.
    pub objective: Option<f64>,
    /// The lowest loss.
    pub loss: Option<f64>,
    /// Median R² over neurons.
    pub median_r2: Option<f64>,
    /// R² on the held-out condition.
    pub held_out_r2: Option<f64>,
    /// `median_r2` of the network without recurrent connections.
    pub input_only_r2: Option<f64>,
    /// `held_out_r2` of the network without recurrent connections.
    pub input_only_held_out_r2: Option<f64>,
    /// Time that it was in an engine.
    pub seconds: f64,
    /// Where.
    pub host: String,
    /// In which.
    pub engine: String,
    /// Its directory.
    pub path: PathBuf,
    /// The loss of every step.
    pub losses: Vec<f32>,
    /// What it was compared by at each rung that it reached.
    pub rung_values: Vec<Option<f64>>,
    /// At which step what was not finite.
    pub divergence: Option<String>,
}

impl Run {
    /// The input-only value beside the objective `name`; none of a loss.
    pub(super) fn input_only(&self, name: &str) -> Option<f64> {
        match name {
            "median_r2" => self.input_only_r2,
            "held_out_r2" => self.input_only_held_out_r2,
            _ => None,
        }
    }

    /// Why it ended, in one line.
    pub(super) fn why(&self) -> String {
        let parts = [Some(self.reason.as_str()), self.divergence.as_deref()];
        let parts = parts.into_iter().flatten().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        let mut parts: Vec<String> = parts.filter(|text| !text.is_empty()).collect();
        parts.dedup();
        parts.join(": ")
    }
}

impl SweepReport {
    /// Refuses parts that do not belong together.
    ///
    /// # Errors
    /// If a setting has not a value for each axis, a run names no setting, or has values of rungs that there are not.
    pub fn check(&self) -> Result<()> {
        let (axes, settings) = (self.axes.len(), self.settings.len());
        let rungs = self.halving.as_ref().map_or(0, |h| h.rungs.len());
        for (k, setting) in self.settings.iter().enumerate() {
            if setting.values.len() != axes {
                let found = setting.values.len();
                return Err(Error::run(format!("report: expected {axes} values of setting {k}, found {found}.")));
            }
        }
        for run in &self.runs {
            let Run { hash, setting, rung_values, .. } = run;
            if *setting >= settings {
                return Err(Error::run(format!(
                    "report: run {hash} is of setting {setting}, of {settings} there are."
                )));
            }
            if rung_values.len() > rungs {
                let found = rung_values.len();
                return Err(Error::run(format!(
                    "report: run {hash} has values of {found} rungs, of {rungs} there are."
                )));
            }
        }
        Ok(())
    }
}
