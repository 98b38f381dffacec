//! `summary.json` of a run: written at its end, and read by whoever asks what came of it.

use super::fit::FittedNetwork;
use super::member::TrainedNetwork;
use crate::analysis::{Comparison, Fit, GroupFit, HeldOutSummary};
use crate::config::Plan;
use crate::engine::{EngineDescription, StopReason};
use crate::error::Result;
use crate::train::{RunDirectory, read_sealed_json, to_sealed_json};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The figures of a run that has ended.
const SUMMARY: &str = "summary.json";

/// Why a run ended that did all its steps.
pub(super) const PLANNED: &str = "planned";

/// The figures of a finished run. Numbers that are not defined are `None`, null in the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunSummary {
    /// Names the run, see [`Stamp`](crate::train::Stamp); files of earlier versions do not.
    #[serde(default)]
    pub run: String,
    /// The fit, over all conditions that are not held out, and bins.
    #[serde(flatten)]
    pub fit: FitFigures,
    /// Which weights all of this is about: always `best`.
    pub weights: String,
    /// Their loss.
    pub loss: Option<f64>,
    /// The step whose loss that was (before its update); one more than the updates that led to them.
    pub best_step: u32,
    /// The loss after the last update.
    pub last_loss: Option<f64>,
    /// Steps done.
    pub steps: u32,
    /// `planned`, `target` or `patience`; `halved` where a sweep ended it.
    pub stop_reason: String,
    /// Of training; in a batch, of all its networks together.
    pub seconds: f64,
    /// Trials of this network, over `seconds`.
    pub trials_per_second: f64,
    /// The seed.
    pub seed: u64,
    /// What computed it.
    pub engine: EngineDescription,
    /// Its name in the sweep that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The computer that it was trained on, of runs of a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What it was compared by at the rungs of a sweep: steps and values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<(u32, Option<f64>)>,
    /// What simpler explanations reach.
    pub baseline: BaselineFits,
    /// The fit in the conditions that were held out; absent where none were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOutSummary>,
    /// The fit by area, cell type, class, condition and held-out condition.
    pub groups: Vec<GroupFit>,
}

/// What simpler explanations reach.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BaselineFits {
    /// Every neuron at its mean rate.
    pub mean_rate: FitFigures,
    /// A network without recurrence; null where it was not trained.
    pub input_only: Option<InputOnlyFit>,
}

/// The fit of a network without recurrence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputOnlyFit {
    /// Its fit.
    #[serde(flatten)]
    pub fit: FitFigures,
    /// Its loss.
    pub loss: Option<f64>,
    /// Steps it was trained.
    pub steps: u32,
}

/// A fit in three figures, over neurons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitFigures {
    /// Median R².
    pub median_r2: Option<f64>,
    /// Mean R².
    pub mean_r2: Option<f64>,
    /// Fraction of neurons with an R² above 0.8.
    pub fraction_above_0_8: Option<f64>,
}

impl FitFigures {
    fn of(fit: &Fit) -> Self {
        let summary = fit.summary();
        let [median_r2, mean_r2, fraction_above_0_8] =
            [summary.median_r2, summary.mean_r2, summary.fraction_above_0_8].map(|v| Some(v).filter(|v| v.is_finite()));
        Self { median_r2, mean_r2, fraction_above_0_8 }
    }
}

impl RunSummary {
    pub(super) fn new(
        plan: &Plan,
        trained: &TrainedNetwork,
        baseline: Option<&FittedNetwork>,
        comparison: &Comparison,
        run: &str,
    ) -> Self {
        let (settled, conditions) = (&trained.settled, plan.condition_names());
        let trials = f64::from(trained.steps) * plan.training_conditions().len() as f64;
        let input_only = comparison.input_only.as_ref().zip(baseline);
        Self {
            run: run.into(),
            fit: FitFigures::of(&comparison.model),
            weights: "best".into(),
            loss: settled.best_note.loss,
            best_step: settled.best_note.updates + 1,
            last_loss: settled.last_note.loss,
            steps: trained.steps,
            stop_reason: trained.stop.map_or(PLANNED, StopReason::name).into(),
            seconds: trained.seconds,
            trials_per_second: trials / trained.seconds.max(1e-9),
            seed: plan.config.seed,
            engine: trained.engine.clone(),
            hash: None,
            host: None,
            rungs: Vec::new(),
            baseline: BaselineFits {
                mean_rate: FitFigures::of(&comparison.mean_rate),
                input_only: input_only.map(|(fit, b)| InputOnlyFit {
                    fit: FitFigures::of(fit),
                    loss: b.settled.best_note.loss,
                    steps: b.steps,
                }),
            },
            held_out: HeldOutSummary::of(comparison, &conditions),
            groups: comparison.groups(&plan.problem.population, &conditions),
        }
    }

    /// Writes it; where it is, the run has ended.
    pub(super) fn write(&self, directory: &RunDirectory) -> Result<()> {
        directory.write(SUMMARY, &to_sealed_json(&directory.file(SUMMARY), self)?)
    }

    /// The figures of the run in `directory`; `None` if it has not ended.
    ///
    /// # Errors
    /// If they cannot be read, or are damaged.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(SUMMARY);
        let is_there = path.exists();
        is_there.then(|| read_sealed_json(&path, |summary: &Self| !summary.run.is_empty())).transpose()
    }
}
