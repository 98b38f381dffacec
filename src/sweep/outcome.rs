//! What became of a run, as its directory says.

use super::specification::Objective;
use crate::engine::{EngineDescription, StopReason};
use crate::error::{Error, Result};
use crate::run::RunSummary;
use crate::train::{RunDirectory, read_sealed_json, to_sealed_json};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Why a run ended that went no further after a comparison.
pub(super) const HALVED: &str = "halved";

/// A run that diverged: a result, with a reason.
const DIVERGED: &str = "diverged.json";

/// What a run was compared by until now.
pub(super) const RUNGS: &str = "rungs.json";

/// Steps, and the value that a run had after them; none where it has none.
pub(super) type RungValues = Vec<(u32, Option<f64>)>;

/// What is known of a run that diverged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// The name of the run.
    pub hash: String,
    /// The step that was not finite.
    pub step: u32,
    /// What in it.
    pub what: String,
    /// The loss of the step before.
    pub loss_before: Option<f64>,
    /// The norm of its gradient.
    pub grad_norm_before: Option<f64>,
    /// Seconds of training.
    pub seconds: f64,
    /// The seed.
    pub seed: u64,
    /// What computed it.
    pub engine: EngineDescription,
    /// The computer that it was trained on.
    pub host: String,
    /// What it was compared by before.
    pub rungs: RungValues,
}

impl Diverged {
    /// In a few words.
    pub fn text(&self) -> String {
        let before = self.grad_norm_before.map_or(String::new(), |norm| format!(" (gradient norm before: {norm:.3e})"));
        format!("step {}: {} not finite{before}", self.step, self.what)
    }
}

/// What became of a run that has ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was trained to its end, or to the comparison that ended it.
    Trained(Box<RunSummary>),
    /// It diverged.
    Diverged(Box<Diverged>),
}

impl Outcome {
    /// That of the run in a directory; `None` while it has not ended.
    ///
    /// # Errors
    /// If a file cannot be read, or is damaged.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        if let Some(summary) = RunSummary::read(directory)? {
            check_name(directory, "summary.json", summary.hash.as_deref())?;
            return Ok(Some(Self::Trained(Box::new(summary))));
        }
        let path = directory.join(DIVERGED);
        if !path.exists() {
            return Ok(None);
        }
        let diverged: Diverged = read_sealed_json(&path, |_| true)?;
        check_name(directory, DIVERGED, Some(&diverged.hash))?;
        Ok(Some(Self::Diverged(Box::new(diverged))))
    }

    /// Whether a run has ended, without a look at how.
    pub fn is_there(directory: &Path) -> bool {
        directory.join("summary.json").exists() || directory.join(DIVERGED).exists()
    }

    /// Whether it was ended by a comparison.
    pub fn is_halved(&self) -> bool {
        matches!(self, Self::Trained(summary) if summary.stop_reason == HALVED)
    }

    /// What it was compared by at rungs.
    pub fn rungs(&self) -> &[(u32, Option<f64>)] {
        match self {
            Self::Trained(summary) => &summary.rungs,
            Self::Diverged(diverged) => &diverged.rungs,
        }
    }

    /// What it is ranked by; none of one that diverged.
    pub fn value(&self, objective: Objective) -> Option<f64> {
        match self {
            Self::Diverged(_) => None,
            Self::Trained(summary) => match objective {
                Objective::Loss => summary.loss,
                Objective::MedianR2 => summary.fit.median_r2,
                Objective::HeldOutR2 => summary.held_out.as_ref().and_then(|h| h.model.r2),
            },
        }
    }
}

/// Refuses what was copied here from another run.
fn check_name(directory: &Path, file: &str, hash: Option<&str>) -> Result<()> {
    let is_own = directory.file_name().is_none_or(|name| hash.is_none_or(|hash| name == hash));
    if is_own {
        return Ok(());
    }
    Err(Error::run(format!(
        "{} is of run {}. Remove {}: the specification trains it again.",
        directory.join(file).display(),
        hash.unwrap_or_default(),
        directory.display()
    )))
}

/// Writes down that a run diverged: with that it has ended.
pub(super) fn write_diverged(directory: &RunDirectory, diverged: &Diverged) -> Result<()> {
    directory.write(DIVERGED, &to_sealed_json(&directory.file(DIVERGED), diverged)?)
}

/// What in a record is not finite.
pub(super) fn what_is_not_finite(record: &crate::engine::StepRecord) -> String {
    debug_assert_eq!(record.stop, Some(StopReason::Diverged));
    let parts = [("loss", record.loss.loss), ("gradient", record.grad_norm)];
    let names: Vec<&str> = parts.iter().filter(|(_, value)| !value.is_finite()).map(|(name, _)| *name).collect();
    if names.is_empty() { "loss or gradient".into() } else { names.join(" and ") }
}

/// What the run in a directory was compared by until now, ended or not.
///
/// # Errors
/// If a file cannot be read, or is damaged.
pub(super) fn read_rungs(directory: &Path) -> Result<RungValues> {
    let path = directory.join(RUNGS);
    if path.exists() {
        let rungs = read_sealed_json::<Rungs>(&path, |_| true)?;
        return check_name(directory, RUNGS, Some(&rungs.hash)).map(|()| rungs.values);
    }
    Ok(Outcome::read(directory)?.map_or_else(Vec::new, |outcome| outcome.rungs().to_vec()))
}

/// Writes down what a run was compared by.
pub(super) fn write_rungs(directory: &RunDirectory, values: RungValues) -> Result<()> {
    directory.write(RUNGS, &to_sealed_json(&directory.file(RUNGS), &Rungs { hash: name_of(directory.path()), values })?)
}

/// Removes what is in the outcome by now.
pub(super) fn remove_rungs(directory: &RunDirectory) -> Result<()> {
    directory.remove(&[RUNGS])
}

#[derive(Serialize, Deserialize)]
struct Rungs {
    hash: String,
    values: RungValues,
}

fn name_of(directory: &Path) -> String {
    directory.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
