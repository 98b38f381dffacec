//! The end of a run: which weights are reported, how well they fit, beside what.

use super::baseline::{BaselineResult, train_baseline};
use super::summary::Summary;
use super::{output, report};
use crate::analysis::{Comparison, Recorded, fit_csv, fit_text};
use crate::config::Plan;
use crate::engine::{Engine, StopReason};
use crate::error::Result;
use crate::train::{Outcome, RunDirectory, RunWriter, Settled, settle};
use std::sync::atomic::AtomicBool;

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
    let settled = settle(engine)?.remove(0);
    writer.write_weights("last.safetensors", &settled.last, &settled.last_note)?;
    writer.write_weights("best.safetensors", &settled.best, &settled.best_note)?;
    let modelled = engine.binned_rates(0)?;
    if !quiet {
        say_training(plan, &settled, outcome);
    }
    let baseline = train_baseline(plan, interrupt, quiet)?;

    let (problem, conditions) = (&plan.problem, plan.condition_names());
    let rates = baseline.as_ref().map(|b| &b.rates[..]);
    let comparison = Comparison::new(&Recorded::of(problem)?, &modelled, rates)?;
    directory.write("fit.csv", &fit_csv(&comparison.model, &problem.population, &conditions))?;
    let groups = comparison.groups(&problem.population, &conditions);
    let summary = Summary::new(plan, engine.describe(), &settled, outcome, baseline.as_ref(), &comparison, groups);
    directory.write("summary.json", &summary.to_json()?)?;
    report::write_report(plan, directory, engine, &settled, &modelled, &comparison, outcome.seconds)?;
    if !quiet {
        say_baseline(plan, baseline.as_ref());
        output::say(format!("\n{}", fit_text(&comparison, &problem.population, &conditions)));
        output::say(format!("report     {}", directory.file("report.html").display()));
    }
    Ok(())
}

fn say_training(plan: &Plan, settled: &Settled, outcome: &Outcome) {
    let why = match outcome.stop[0] {
        Some(StopReason::Target) => ", the loss has reached its target",
        Some(StopReason::Patience) => ", the loss no longer improves",
        _ => "",
    };
    let steps = outcome.steps[0];
    let trials = f64::from(steps) * plan.problem.dims.conditions as f64 / outcome.seconds.max(1e-9);
    output::say(format!("trained    {steps} steps in {:.1} s ({trials:.0} trials/s){why}", outcome.seconds));
    let loss = |loss: Option<f64>| loss.map_or("unknown".into(), |l| format!("{l:.4}"));
    output::say(format!(
        "loss       {} with the best weights, which are reported (after {} updates); {} with the last",
        loss(settled.best_note.loss),
        settled.best_note.updates,
        loss(settled.last_note.loss)
    ));
}

fn say_baseline(plan: &Plan, baseline: Option<&BaselineResult>) {
    let text = match baseline {
        Some(b) => format!("input-only: W held at 0, trained {} steps by the default recipe", b.steps),
        None if !plan.problem.recurrent => "this network is the input-only one: W is frozen at 0".into(),
        None => "the fit is not held against the input-only network".into(),
    };
    output::say(format!("baseline   {text}"));
}
