//! A run of one network, from its plan to its report.

use super::baseline::{BaselineResult, train_baselines};
use super::finish;
use super::session::{Member, Options, Session, Trained, introduce, register, warn_of_another_engine};
use super::waves::MemoryPlan;
use crate::analysis::fit_text;
use crate::cli::{interrupt, output};
use crate::config::{Plan, warnings};
use crate::engine::StopReason;
use crate::engine::device::Device;
use crate::error::{Error, Result};
use crate::train::RunDirectory;
use std::path::PathBuf;

/// `out/NAME-DATE-TIME`, taken for a new run. Runs that begin in the same second get a number.
pub(crate) fn new_directory(name: &str) -> Result<RunDirectory> {
    let time = jiff::Zoned::now().strftime("%Y%m%d-%H%M%S");
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || "-_".contains(c) { c } else { '-' }).collect();
    let path = PathBuf::from("out").join(format!("{name}-{time}"));
    let taken = |p: &PathBuf| p.exists();
    let numbered = (2..).map(|k| PathBuf::from(format!("{}-{k}", path.display())));
    let free = std::iter::once(path.clone()).chain(numbered).find(|p| !taken(p));
    RunDirectory::create(&free.unwrap_or(path), false)
}

/// Trains `plan`'s network in `directory`, from its checkpoint where there is one, and reports the fit.
///
/// # Errors
/// If the device, the directory or the training fails.
pub(crate) fn run(plan: &Plan, directory: &RunDirectory, options: Options) -> Result<()> {
    let problem = plan.training_problem(1);
    let device = Device::choose(&plan.config.engine)?.tuned(&problem, plan.work(), options.quiet);
    let engine = device.describe(&problem)?;
    let memory = MemoryPlan::new(&device, &plan.problem, options.memory)?;
    let mut members = [Member::read(plan, 0, directory)?];
    let before = register(plan, Some(0), directory, &engine, members[0].step)?;
    warn_of_another_engine(before.as_ref(), &engine);
    if !options.quiet {
        introduce(plan, directory, &engine, members[0].step);
        memory.say(1);
    }
    warn(plan);

    let interrupt = interrupt::flag()?;
    let way_back = directory.path();
    let session = Session { plan, device: &device, options, interrupt: &interrupt, label: "training".into(), way_back };
    let advance = session.advance(&mut members)?;
    if members[0].has_diverged() {
        return Err(Error::run(format!(
            "the training diverged: {} Start again with a smaller --learning-rate or --clip-norm; --init {}/best.safetensors goes on from there.",
            divergence(&members[0]),
            way_back.display()
        )));
    }
    if advance.paused {
        say_pause(members[0].step, plan, directory);
        return Ok(());
    }
    let trained = session.evaluate(&mut members, advance)?.remove(0);
    if !options.quiet {
        say_training(plan, &trained);
    }
    let baseline = train_baselines(plan, &[0], &interrupt, options.quiet)?.map(|mut all| all.remove(0));
    let comparison = finish::finish(plan, directory, &trained, baseline.as_ref())?;
    if !options.quiet {
        say_baseline(plan, baseline.as_ref());
        output::say(format!("\n{}", fit_text(&comparison, &plan.problem.population, &plan.condition_names())));
        output::say(format!("report     {}", directory.file("report.html").display()));
    }
    Ok(())
}

/// Says what to think about before the training.
pub(crate) fn warn(plan: &Plan) {
    let task_warnings = plan.task.warnings(plan.problem.dims.bins);
    warnings(&plan.config).iter().chain(&task_warnings).for_each(output::warn);
}

/// Where and how a network diverged, and what is kept of it.
pub(crate) fn divergence(member: &Member) -> String {
    format!(
        "at step {} the loss or its gradient is not finite. The checkpoint of step {} and the best weights until then are kept in {}.",
        member.step,
        member.checkpoint,
        member.directory.path().display()
    )
}

/// Says how to go on.
pub(crate) fn say_pause(step: u32, plan: &Plan, directory: &RunDirectory) {
    output::say(format!(
        "paused after step {step} of {}; continue with: aon train --resume {}",
        plan.config.training.n_trials,
        directory.path().display()
    ));
}

fn say_training(plan: &Plan, trained: &Trained) {
    let why = match trained.stop {
        Some(StopReason::Target) => ", the loss has reached its target",
        Some(StopReason::Patience) => ", the loss no longer improves",
        _ => "",
    };
    let (steps, seconds, settled) = (trained.steps, trained.seconds, &trained.settled);
    let trials = f64::from(steps) * plan.training_conditions().len() as f64 / seconds.max(1e-9);
    output::say(format!("trained    {steps} steps in {seconds:.1} s ({trials:.0} trials/s){why}"));
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
