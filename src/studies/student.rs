//! Students: networks that know of a teacher what a recording shows.

use crate::analysis::Recorded;
use crate::config::{Inputs, Plan, Preset};
use crate::engine::{EngineConfig, EngineKind};
use crate::error::{Error, Result};
use crate::lab::{OpenEngine, Subject};
use crate::perturb::validate::TeacherRecording;
use crate::run::{FittedNetwork, Silent, fit, subject, train_baselines};
use std::sync::atomic::{AtomicBool, Ordering};

/// A trained student.
pub(super) struct Student {
    pub(super) subject: Subject,
    /// Median R² over neurons.
    pub(super) r2: f64,
    /// The same of a network without recurrence.
    pub(super) input_only: f64,
}

/// How students are trained, besides the default recipe.
#[derive(Clone, Copy)]
pub(super) struct Recipe {
    pub(super) steps: u32,
    pub(super) seed: u64,
    pub(super) threads: usize,
}

/// Trains a student on a recording by the default recipe; `None` if it was interrupted.
pub(super) fn student(
    recording: TeacherRecording,
    recipe: Recipe,
    open: &OpenEngine,
    stop: &AtomicBool,
) -> Result<Option<Student>> {
    let plan = plan(recording, recipe)?;
    let first = |networks: Option<Vec<FittedNetwork>>| networks.and_then(|n| n.into_iter().next());
    let Some(fitted) = first(fit(&plan, stop, &mut Silent)?) else { return Ok(None) };
    let input_only = first(train_baselines(&plan, &[0], stop, &mut Silent)?);
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let input_only = input_only.ok_or_else(|| Error::run("the input-only network of a student was not trained."))?;
    let recorded = Recorded::of(&plan.problem)?;
    let subject = subject(&plan, fitted.settled.best, open)?;
    let median = |rates: &[f32]| Ok(recorded.score(rates)?.summary().median_r2);
    Ok(Some(Student { r2: median(&subject.intact)?, input_only: median(&input_only.rates)?, subject }))
}

fn plan(recording: TeacherRecording, recipe: Recipe) -> Result<Plan> {
    let mut config = Preset::Default.config();
    config.seed = recipe.seed;
    config.training.n_trials = recipe.steps;
    let threads = Some(recipe.threads).filter(|t| *t > 0);
    config.engine = EngineConfig { engine: EngineKind::Cpu, threads, ..EngineConfig::default() };
    let inputs = Inputs { mirror: Some(recording.mirror), ..Inputs::new(recording.conditions, recording.inhibitory) };
    Plan::of(config, recording.task, inputs)
}
