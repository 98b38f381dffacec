//! Students: networks that know of a teacher what a recording shows.

use crate::analysis::Recorded;
use crate::config::{Plan, Preset, TaskSource};
use crate::engine::{BatchState, cpu::CpuEngine};
use crate::error::{Error, Result};
use crate::lab::{OpenEngine, Subject};
use crate::perturb::validate::RecordingFiles;
use crate::run::baseline::train_baselines;
use crate::train::{CheckpointInterval, TrainingPlan, settle, train};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A trained student.
pub(crate) struct Student {
    pub(crate) subject: Subject,
    /// Median R² over neurons.
    pub(crate) r2: f64,
    /// The same of a network without recurrence.
    pub(crate) input_only: f64,
}

/// How students are trained, besides the default recipe.
#[derive(Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) steps: u32,
    pub(crate) seed: u64,
    pub(crate) threads: usize,
}

/// Trains a student on a recording by the default recipe; `None` if it was interrupted.
pub(crate) fn student(
    files: RecordingFiles,
    recipe: Recipe,
    open: &OpenEngine,
    stop: &AtomicBool,
) -> Result<Option<Student>> {
    let plan = plan(files, recipe)?;
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
    let baseline = train_baselines(&plan, &[0], stop, true)?;
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

fn plan(files: RecordingFiles, recipe: Recipe) -> Result<Plan> {
    let mut config = Preset::Default.config();
    config.seed = recipe.seed;
    config.training.n_trials = recipe.steps;
    config.engine.threads = Some(recipe.threads).filter(|t| *t > 0);
    config.data.firing_rates = Some(files.firing_rates);
    config.data.inhibitory_mask = Some(files.inhibitory);
    config.data.mirror = Some(files.mirror);
    config.task = TaskSource::Spec(Box::new(files.task));
    Plan::new(config)
}
