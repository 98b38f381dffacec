//! `summary.json`.

use super::baseline::BaselineResult;
use super::session::Trained;
use crate::analysis::{self, Comparison, GroupFit, HeldOutSummary};
use crate::config::Plan;
use crate::engine::{EngineDescription, StopReason};
use crate::error::{Error, Result};
use serde::Serialize;

/// The figures of a finished run. Numbers that are not defined are null.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Median over neurons of R² over all conditions that are not held out, and bins.
    median_r2: f64,
    mean_r2: f64,
    fraction_above_0_8: f64,
    /// Which weights all of this is about: always `best`.
    weights: &'static str,
    /// Their loss.
    loss: Option<f64>,
    /// The step whose loss that was (before its update); one more than the updates that led to them.
    best_step: u32,
    /// The loss after the last update.
    last_loss: Option<f64>,
    /// Steps done.
    steps: u32,
    /// `planned`, `target` or `patience`.
    stop_reason: &'static str,
    /// Of training; in a batch, of all its networks together.
    seconds: f64,
    trials_per_second: f64,
    seed: u64,
    engine: EngineDescription,
    baseline: Baselines,
    /// The fit in the conditions that were held out; absent where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<HeldOutSummary>,
    /// The fit by area, cell type, class, condition and held-out condition.
    groups: Vec<GroupFit>,
}

/// What simpler explanations reach.
#[derive(Debug, Serialize)]
struct Baselines {
    mean_rate: Fitted,
    /// Null where it was not trained.
    input_only: Option<InputOnly>,
}

#[derive(Debug, Serialize)]
struct InputOnly {
    #[serde(flatten)]
    fit: Fitted,
    loss: Option<f64>,
    steps: u32,
}

#[derive(Debug, Serialize)]
struct Fitted {
    median_r2: f64,
    mean_r2: f64,
    fraction_above_0_8: f64,
}

impl Fitted {
    fn of(fit: &analysis::Fit) -> Self {
        let analysis::Summary { median_r2, mean_r2, fraction_above_0_8, .. } = fit.summary();
        Self { median_r2, mean_r2, fraction_above_0_8 }
    }
}

impl Summary {
    pub(crate) fn new(
        plan: &Plan,
        trained: &Trained,
        baseline: Option<&BaselineResult>,
        comparison: &Comparison,
        groups: Vec<GroupFit>,
        held_out: Option<HeldOutSummary>,
    ) -> Self {
        let Fitted { median_r2, mean_r2, fraction_above_0_8 } = Fitted::of(&comparison.model);
        let settled = &trained.settled;
        let trials = f64::from(trained.steps) * plan.training_conditions().len() as f64;
        let input_only = comparison.input_only.as_ref().zip(baseline);
        Self {
            median_r2,
            mean_r2,
            fraction_above_0_8,
            weights: "best",
            loss: settled.best_note.loss,
            best_step: settled.best_note.updates + 1,
            last_loss: settled.last_note.loss,
            steps: trained.steps,
            stop_reason: match trained.stop {
                None => "planned",
                Some(StopReason::Target) => "target",
                Some(StopReason::Patience) => "patience",
                Some(StopReason::Diverged) => "diverged",
            },
            seconds: trained.seconds,
            trials_per_second: trials / trained.seconds.max(1e-9),
            seed: plan.config.seed,
            engine: trained.engine.clone(),
            baseline: Baselines {
                mean_rate: Fitted::of(&comparison.mean_rate),
                input_only: input_only.map(|(fit, b)| InputOnly { fit: Fitted::of(fit), loss: b.loss, steps: b.steps }),
            },
            held_out,
            groups,
        }
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self);
        json.map(|j| j + "\n").map_err(|e| Error::run(format!("cannot encode summary.json: {e}")))
    }
}
