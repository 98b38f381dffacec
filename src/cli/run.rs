//! A run from its plan to its report.

use super::{device, finish, interrupt, output};
use crate::config::{Plan, warnings};
use crate::data::NormalizationFactors;
use crate::engine::{BatchState, Engine, NetworkState, StopReason};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::train::{
    CHECKPOINT, CheckpointInterval, HistoryRow, Manifest, Observer, Outcome, Progress, RunDirectory, RunWriter, Start,
    TrainingPlan, read_checkpoint, train,
};
use std::path::PathBuf;
use std::time::Duration;

/// A checkpoint is at most this old.
const CHECKPOINT_TIME: Duration = Duration::from_secs(30);

/// What is no setting of the run, but of this start of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    /// Pause after this step.
    pub(super) stop_after: Option<u32>,
    /// Print nothing but warnings and errors.
    pub(super) quiet: bool,
}

/// `out/PREFIX DATE-TIME-NAME`, taken for a new run. Runs that begin in the same second get a number.
pub(super) fn new_directory(prefix: &str, name: &str) -> Result<RunDirectory> {
    let time = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S");
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
    let path = PathBuf::from("out").join(format!("{prefix}{time}-{name}"));
    let taken = |p: &PathBuf| p.exists();
    let numbered = (2..).map(|k| PathBuf::from(format!("{}-{k}", path.display())));
    let free = std::iter::once(path.clone()).chain(numbered).find(|p| !taken(p));
    RunDirectory::create(&free.unwrap_or(path), false)
}

/// Trains `plan` in `directory`, from its checkpoint where there is one, and reports the fit.
///
/// # Errors
/// If the device, the directory or the training fails.
pub(super) fn run(plan: &Plan, directory: &RunDirectory, options: Options) -> Result<()> {
    let start = starting_point(plan, directory)?;
    let mut engine = device::open(&plan.config.engine, &plan.problem, &plan.settings, &start)?;
    let engine = engine.as_mut();
    register(plan, directory, engine, start.step)?;
    if !options.quiet {
        introduce(plan, directory, engine, start.step);
    }
    let task_warnings = plan.task.warnings(plan.problem.dims.bins);
    warnings(&plan.config).iter().chain(&task_warnings).for_each(output::warn);

    let (mut writer, history) = RunWriter::begin(directory, &plan.problem, 0, start.step, &start.networks[0])?;
    let interrupt = interrupt::flag()?;
    let outcome = {
        let planned = plan.config.training.n_trials;
        let mut progress = (!options.quiet).then(|| Progress::new("training", planned, start.step));
        let mut observers: Vec<&mut dyn Observer> = vec![&mut writer];
        if let Some(progress) = &mut progress {
            observers.push(progress);
        }
        train(engine, &start, training_plan(plan, &history, options), &mut observers, &interrupt)
    };
    let outcome = outcome.map_err(|e| with_way_back(&e, directory, writer.checkpoint_step()))?;
    if outcome.stop[0] == Some(StopReason::Diverged) {
        return Err(diverged(&outcome, directory, writer.checkpoint_step()));
    }
    if outcome.paused {
        output::say(format!(
            "paused after step {} of {}; continue with: aon train --resume {}",
            outcome.steps[0],
            plan.config.training.n_trials,
            directory.path().display()
        ));
        return Ok(());
    }
    finish::finish(plan, directory, engine, &writer, &outcome, &interrupt, options.quiet)
}

/// The checkpoint, or before there is one the initial values.
fn starting_point(plan: &Plan, directory: &RunDirectory) -> Result<BatchState> {
    let path = directory.file(CHECKPOINT);
    if !path.exists() {
        return Ok(BatchState::fresh(plan.initial.clone()));
    }
    let (step, network): (u32, NetworkState) = read_checkpoint(&path, &Layout::new(&plan.problem.dims))?;
    if step > plan.config.training.n_trials {
        return Err(Error::input(format!(
            "--n-trials {}: the run in {} has done {step} steps already.",
            plan.config.training.n_trials,
            directory.path().display()
        )));
    }
    Ok(BatchState { step, networks: vec![network] })
}

/// Writes down what is about to run. `config.toml` comes last: it makes the directory a run.
fn register(plan: &Plan, directory: &RunDirectory, engine: &dyn Engine, step: u32) -> Result<()> {
    let path = directory.file("manifest.json");
    let mut manifest = if path.exists() {
        let manifest = Manifest::read(&path)?;
        manifest.check_inputs(&plan.inputs)?;
        manifest
    } else {
        Manifest::new(plan.config.seed, plan.inputs.clone())
    };
    let start = Start::now(step, plan.config.training.n_trials, engine.describe());
    if let Some(before) = manifest.starts.last()
        && before.engine != start.engine
    {
        output::warn(format!(
            "the run began on {}, and continues on {}: the last digits may differ from those of an uninterrupted run.",
            device::text(&before.engine),
            device::text(&start.engine)
        ));
    }
    manifest.starts.push(start);
    manifest.write(directory)?;
    if let Some(factors) = &plan.factors {
        directory.write("normalization.csv", &normalization_csv(factors))?;
    }
    directory.write("config.toml", &plan.config.to_toml()?)
}

fn normalization_csv(factors: &NormalizationFactors) -> String {
    let rows = factors.0.iter().zip(1..).map(|(factor, neuron)| format!("{neuron},{factor}"));
    std::iter::once("neuron,divisor".to_string()).chain(rows).map(|line| line + "\n").collect()
}

fn introduce(plan: &Plan, directory: &RunDirectory, engine: &dyn Engine, step: u32) {
    let engine = ("engine".to_string(), device::text(&engine.describe()));
    for (label, text) in plan.choices().into_iter().chain([engine]) {
        output::say(format!("{label:<10} {text}"));
    }
    let resumed = if step > 0 { format!(", resumed after step {step}") } else { String::new() };
    output::say(format!("{:<10} {}{resumed}", "run", directory.path().display()));
}

fn training_plan(plan: &Plan, history: &[HistoryRow], options: Options) -> TrainingPlan {
    let mut schedule = plan.schedule();
    for row in history {
        schedule.observe(row.step, row.loss);
    }
    TrainingPlan {
        planned_steps: plan.config.training.n_trials,
        stop_after: options.stop_after,
        checkpoint: CheckpointInterval { steps: plan.config.training.checkpoint_every, time: CHECKPOINT_TIME },
        schedules: vec![schedule],
        seconds_before: history.last().map_or(0.0, |row| row.seconds),
    }
}

fn with_way_back(error: &Error, directory: &RunDirectory, step: u32) -> Error {
    Error::run(format!(
        "{error} The checkpoint of step {step} is kept; continue with: aon train --resume {}",
        directory.path().display()
    ))
}

fn diverged(outcome: &Outcome, directory: &RunDirectory, checkpoint: u32) -> Error {
    let path = directory.path().display();
    Error::run(format!(
        "the training diverged: at step {} the loss or its gradient is not finite. The checkpoint of step {checkpoint} and the best weights until then are kept in {path}. Start again with a smaller --learning-rate or --clip-norm; --init {path}/best.safetensors goes on from there.",
        outcome.steps[0]
    ))
}
