//! `aon eval`: losses and fit of a trained network.

use super::flags::EngineFlags;
use super::notices::Terminal;
use super::{interrupt, output};
use crate::analysis::{Comparison, fit_csv, fit_text};
use crate::data::write_atomically;
use crate::engine::EngineConfig;
use crate::error::Result;
use crate::run::{Opening, TrainedRun, WhichWeights, write_page};
use clap::Args;
use std::path::PathBuf;

/// The flags of `aon eval`.
#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// The directory of a run
    run: PathBuf,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    weights: WhichWeights,
    /// Other recorded rates of the same neurons and conditions
    #[arg(long, value_name = "FILE")]
    firing_rates_mat: Option<PathBuf>,
    /// Also write report.html of the run, as its training does: for runs of a sweep
    #[arg(long)]
    report: bool,
    /// Also write the fit as a table
    #[arg(long, value_name = "FILE.csv")]
    fit: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineFlags,
}

impl EvalArgs {
    /// What `aon train --mode eval` asks for.
    pub(super) fn of_run(run: PathBuf, firing_rates_mat: Option<PathBuf>, engine: EngineFlags) -> Self {
        Self { run, weights: WhichWeights::Best, firing_rates_mat, report: false, fit: None, engine }
    }
}

/// Prints losses and fit.
pub(super) fn run(args: &EvalArgs) -> Result<()> {
    let firing_rates = args.firing_rates_mat.clone();
    let engine = |config: &mut EngineConfig| args.engine.apply(config);
    let opening = Opening { weights: args.weights, engine: &engine, firing_rates, mirror: None };
    let (trained, mut terminal) = (TrainedRun::open(&args.run, &opening)?, Terminal::new(true));
    trained.say_remarks(&mut terminal);
    args.fit.as_deref().map_or(Ok(()), |path| trained.check_output(path))?;
    let (loss, modelled) = trained.simulate(&mut terminal)?;
    let plan = &trained.plan;
    let (population, conditions) = (&plan.problem.population, plan.condition_names());
    let comparison = Comparison::new(&plan.recorded()?, &modelled, None)?;
    output::say(format!("weights    {}", trained.file.display()));
    output::say(format!("run        {}", trained.state));
    output::say(format!(
        "loss       {:.6} (data {:.6}, regulariser {:.6})\n",
        loss.loss, loss.data_term, loss.reg_term
    ));
    output::say(fit_text(&comparison, population, &conditions));
    if args.report {
        let page = write_page(&trained, interrupt::flag(), &mut terminal)?;
        output::say(format!("report     {}", page.display()));
    }
    if let Some(path) = &args.fit {
        let csv = fit_csv(&comparison.model, population, &conditions);
        write_atomically(path, |w| w.write_all(csv.as_bytes()))?;
    }
    Ok(())
}
