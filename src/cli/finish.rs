//! The end of a run: which weights are reported, how well they fit, beside what.

use super::{interrupt, output};
use crate::analysis::{Comparison, Recorded, fit_csv, fit_text};
use crate::config::Plan;
use crate::engine::{BatchState, Engine, NetworkState, StopReason, cpu::CpuEngine};
use crate::error::{Error, Result};
use crate::network::{Constraint, Group, Layout};
use crate::report::{self, ConditionInfo, HistoryPoint, ReportData};
use crate::train::{
    CheckpointInterval, Outcome, Progress, RunDirectory, RunWriter, TrainingPlan, WeightsNote, read_history, train,
};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The weights that a run reports: those of the lowest loss it saw, the one after its last update included.
struct Reported {
    parameters: Vec<f32>,
    loss: f64,
    last_loss: f64,
    /// Updates that led to them.
    updates: u32,
}

/// What the input-only baseline reached.
struct BaselineResult {
    rates: Vec<f32>,
    loss: f64,
    steps: u32,
}

/// Evaluates the trained network of `engine`, trains its baseline, and leaves the results in `directory`.
///
/// # Errors
/// If the device fails or a file cannot be written.
pub(super) fn finish(
    plan: &Plan,
    directory: &RunDirectory,
    engine: &mut dyn Engine,
    writer: &RunWriter,
    outcome: &Outcome,
    interrupt: &AtomicBool,
    quiet: bool,
) -> Result<()> {
    let reported = best_weights(engine, writer)?;
    let modelled = engine.binned_rates(0)?;
    let baseline = if plan.config.training.baseline && plan.problem.recurrent {
        train_baseline(plan, interrupt, quiet)?
    } else {
        None
    };

    let problem = &plan.problem;
    let conditions: Vec<String> = plan.task.conditions.iter().map(|c| c.name.clone()).collect();
    let recorded = Recorded::of(problem)?;
    let comparison = Comparison::new(&recorded, &modelled, baseline.as_ref().map(|b| &b.rates[..]))?;
    directory.write("fit.csv", &fit_csv(&comparison.model, &problem.population, &conditions))?;
    let summary = summary(plan, engine, &reported, outcome, baseline.as_ref(), &comparison, &conditions);
    let json = serde_json::to_string_pretty(&summary).map_err(|e| Error::run(format!("cannot encode summary.json: {e}")))?;
    directory.write("summary.json", &(json + "\n"))?;
    write_report(plan, directory, engine, &reported, &modelled, &comparison, outcome.seconds)?;
    if !quiet {
        say_results(plan, directory, &reported, outcome, baseline.as_ref());
        output::say(fit_text(&comparison, &problem.population, &conditions));
        output::say(format!("report     {}", directory.file("report.html").display()));
    }
    Ok(())
}

/// Finds the best weights, writes them, and leaves the engine evaluated at them. The checkpoint stays as it is: a
/// longer run that resumes from it must not know more than an uninterrupted one.
fn best_weights(engine: &mut dyn Engine, writer: &RunWriter) -> Result<Reported> {
    let state = engine.state()?;
    let network = &state.networks[0];
    let last_loss = engine.evaluate()?[0].loss;
    let last_updates = writer.updates(state.step, network);
    let is_last = last_loss <= f64::from(network.best_loss);
    let (parameters, updates) = if is_last {
        (network.parameters.clone(), last_updates)
    } else {
        (network.best_parameters.clone(), network.best_step.saturating_sub(1))
    };
    let best = NetworkState { parameters: parameters.clone(), ..network.clone() };
    let note = |updates, loss| WeightsNote { updates, loss: Some(loss) };
    writer.write_weights("last.safetensors", &network.parameters, &note(last_updates, last_loss))?;
    let loss = if is_last {
        last_loss
    } else {
        engine.load_state(&BatchState { step: state.step, networks: vec![best] })?;
        engine.evaluate()?[0].loss
    };
    writer.write_weights("best.safetensors", &parameters, &note(updates, loss))?;
    Ok(Reported { parameters, loss, last_loss, updates })
}

/// Trains the input-only baseline on the CPU; nothing if it is interrupted.
fn train_baseline(plan: &Plan, interrupt: &AtomicBool, quiet: bool) -> Result<Option<BaselineResult>> {
    let baseline = plan.baseline();
    let start = BatchState::fresh(vec![baseline.initial]);
    let threads = plan.config.engine.threads.unwrap_or(0);
    let mut engine = CpuEngine::<f32>::new(baseline.problem, baseline.settings, &start, threads)?;
    let training = TrainingPlan {
        planned_steps: baseline.steps,
        stop_after: None,
        checkpoint: CheckpointInterval { steps: u32::MAX, time: Duration::MAX },
        schedules: vec![baseline.schedule],
        seconds_before: 0.0,
    };
    let mut progress = (!quiet).then(|| Progress::new("baseline", baseline.steps, 0));
    let outcome = match &mut progress {
        Some(progress) => train(&mut engine, &start, training, &mut [progress], interrupt)?,
        None => train(&mut engine, &start, training, &mut [], interrupt)?,
    };
    drop(progress);
    if outcome.paused {
        output::warn("the input-only baseline was interrupted; the fit is reported without it.");
        return Ok(None);
    }
    let mut state = engine.state()?;
    let network = &mut state.networks[0];
    let last_loss = engine.evaluate()?[0].loss;
    let mut loss = last_loss;
    if f64::from(network.best_loss) < last_loss {
        network.parameters.clone_from(&network.best_parameters);
        engine.load_state(&state)?;
        loss = engine.evaluate()?[0].loss;
    }
    Ok(Some(BaselineResult { rates: engine.binned_rates(0)?, loss, steps: outcome.steps[0] }))
}
