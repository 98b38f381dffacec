//! Students: networks that know of a teacher what a recording shows.

use crate::analysis::Recorded;
use crate::config::{Inputs, Plan, Preset};
use crate::engine::{BatchState, cpu::CpuEngine};
use crate::error::{Error, Result};
use crate::lab::{OpenEngine, Subject};
use crate::perturb::validate::TeacherRecording;
use crate::run::{Silent, train_baselines};
use crate::train::{CheckpointInterval, TrainingPlan, settle, train};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
    let start = BatchState::fresh(vec![plan.initial(0)]);
    let mut engine = CpuEngine::<f32>::new(plan.problem.clone(), plan.settings.clone(), &start, recipe.threads)?;
    let training = TrainingPlan {
        planned_steps: recipe.steps,
        stop_after: None,
        checkpoint: CheckpointInterval { steps: u32::MAX, time: Duration::MAX },
        schedules: vec![plan.schedule()],
        seconds_before: 0.0,
    };
    if train(&mut engine, &start, training, &mut [], stop)?.paused {
        return Ok(None);
    }
    let Some(settled) = settle(&mut engine)?.into_iter().next() else { return Ok(None) };
    let baseline = train_baselines(&plan, &[0], stop, &mut Silent)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let recorded = Recorded::of(&plan.problem)?;
    let input_only = baseline.and_then(|b| b.into_iter().next());
    let input_only = input_only.ok_or_else(|| Error::run("the input-only network of a student was not trained."))?;
    let (conditions, step_ms) = (plan.task.conditions.clone(), plan.task.time.step_ms);
    let subject = Subject::new(&plan.problem, settled.best, conditions, &[], step_ms, open)?;
    let median = |rates: &[f32]| Ok(recorded.score(rates)?.summary().median_r2);
    Ok(Some(Student { r2: median(&subject.intact)?, input_only: median(&input_only.rates)?, subject }))
}

fn plan(recording: TeacherRecording, recipe: Recipe) -> Result<Plan> {
    let mut config = Preset::Default.config();
    config.seed = recipe.seed;
    config.training.n_trials = recipe.steps;
    config.engine.threads = Some(recipe.threads).filter(|t| *t > 0);
    let inputs = Inputs { mirror: Some(recording.mirror), ..Inputs::new(recording.conditions, recording.inhibitory) };
    Plan::of(config, recording.task, inputs)
}
