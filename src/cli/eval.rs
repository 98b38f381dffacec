//! `aon eval`: losses and fit of a trained network.

use super::flags::EngineFlags;
use super::output;
use crate::analysis::{Comparison, fit_csv, fit_text};
use crate::config::{Config, Plan};
use crate::data::write_atomically;
use crate::engine::device;
use crate::engine::{BatchState, LossRecord, Problem};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::train::{CONFIG, no_run, read_weights};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// The flags of `aon eval`.
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// The directory of a run
    run: PathBuf,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    weights: WhichWeights,
    /// Other recorded rates of the same neurons and conditions
    #[arg(long, value_name = "FILE")]
    firing_rates_mat: Option<PathBuf>,
    /// Also write the fit as a table
    #[arg(long, value_name = "FILE.csv")]
    fit: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineFlags,
}

/// The weights that a run keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhichWeights {
    /// Those of the lowest loss.
    Best,
    /// Those after the last update.
    Last,
}

/// A trained network: its plan, and its parameters in place of the initial ones.
pub(crate) struct Trained {
    pub(crate) plan: Plan,
    /// Parameters, flat as the layout says.
    pub(crate) parameters: Vec<f32>,
    /// The file they were read from.
    pub(crate) file: PathBuf,
}

impl Trained {
    /// Reads the run in `directory`, after `change` to its configuration.
    pub(crate) fn read(directory: &Path, weights: WhichWeights, change: impl FnOnce(&mut Config)) -> Result<Self> {
        let path = directory.join(CONFIG);
        if !path.is_file() {
            return Err(no_run(directory));
        }
        let mut config = Config::read(&path)?;
        if config.networks > 1 {
            return Err(Error::input(format!(
                "{} holds a batch of {} runs. Name one of them, such as {}.",
                directory.display(),
                config.networks,
                directory.join(format!("seed-{}", config.seed)).display()
            )));
        }
        change(&mut config);
        let plan = Plan::new(config)?;
        let file = directory.join(match weights {
            WhichWeights::Best => "best.safetensors",
            WhichWeights::Last => "last.safetensors",
        });
        let (parameters, _) = read_weights(&file, &Layout::new(&plan.problem.dims), &plan.problem.constraint)?;
        Ok(Self { plan, parameters, file })
    }

    /// Simulates the network: its loss over the conditions that it was trained on, and its rates in all, `[C][B][N]`.
    pub(crate) fn simulate(&self) -> Result<(LossRecord, Vec<f32>)> {
        let plan = &self.plan;
        let state = BatchState::fresh(vec![self.parameters.clone()]);
        let open = |problem: &Problem| device::open(&plan.config.engine, problem, &plan.settings, &state);
        let mut engine = open(&plan.problem)?;
        let mut loss = engine.evaluate()?[0];
        let rates = engine.binned_rates(0)?;
        if !plan.held_out.is_empty() {
            drop(engine);
            loss = open(&plan.training_problem(1))?.evaluate()?[0];
        }
        Ok((loss, rates))
    }
}

impl EvalArgs {
    /// What `aon train --mode eval` asks for.
    pub(crate) fn of_run(run: PathBuf, firing_rates_mat: Option<PathBuf>, engine: EngineFlags) -> Self {
        Self { run, weights: WhichWeights::Best, firing_rates_mat, fit: None, engine }
    }
}

/// Prints losses and fit.
pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    let trained = Trained::read(&args.run, args.weights, |config| {
        args.engine.apply(&mut config.engine);
        if let Some(path) = &args.firing_rates_mat {
            config.data.firing_rates = Some(path.clone());
        }
    })?;
    let (loss, modelled) = trained.simulate()?;
    let plan = &trained.plan;
    let (population, conditions) = (&plan.problem.population, plan.condition_names());
    let comparison = Comparison::new(&plan.recorded()?, &modelled, None)?;
    output::say(format!("weights    {}", trained.file.display()));
    output::say(format!(
        "loss       {:.6} (data {:.6}, regulariser {:.6})\n",
        loss.loss, loss.data_term, loss.reg_term
    ));
    output::say(fit_text(&comparison, population, &conditions));
    if let Some(path) = &args.fit {
        let csv = fit_csv(&comparison.model, population, &conditions);
        write_atomically(path, |w| w.write_all(csv.as_bytes()))?;
    }
    Ok(())
}
