//! A run that has ended, as it is read.

use super::notice::{Listener, Notice};
use crate::config::{Config, Plan};
use crate::engine::{BatchState, Device, LossRecord, Problem};
use crate::error::{Error, Result};
use crate::network::Layout;
use crate::train::{CONFIG, no_run, read_weights};
use std::path::{Path, PathBuf};

/// The weights that a run keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum WhichWeights {
    /// Those of the lowest loss.
    #[default]
    Best,
    /// Those after the last update.
    Last,
}

/// A trained network: its plan, and its parameters in place of the initial ones.
#[derive(Debug)]
pub struct TrainedRun {
    /// The plan of its run.
    pub plan: Plan,
    /// Parameters, flat as the layout says.
    pub parameters: Vec<f32>,
    /// The file they were read from.
    pub file: PathBuf,
}

impl TrainedRun {
    /// Reads the run in `directory`, after `change` to its configuration.
    ///
    /// # Errors
    /// If there is no single run, or its files or those that it names cannot be used.
    pub fn read(directory: &Path, weights: WhichWeights, change: impl FnOnce(&mut Config)) -> Result<Self> {
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
    ///
    /// # Errors
    /// If there is no such device, or it fails.
    pub fn simulate(&self, listener: &mut dyn Listener) -> Result<(LossRecord, Vec<f32>)> {
        let plan = &self.plan;
        let device = Device::choose(&plan.config.engine, &mut |notice| listener.notice(&Notice::Device(notice)))?;
        let state = BatchState::fresh(vec![self.parameters.clone()]);
        let open = |problem: &Problem| device.open(problem, &plan.settings, &state);
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

/// The runs in the directories that were named: a batch stands for its members.
///
/// # Errors
/// If one holds no run, or is named twice.
pub fn members(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut runs = Vec::new();
    for directory in named {
        let path = directory.join(CONFIG);
        if !path.is_file() {
            return Err(no_run(directory));
        }
        let config = Config::read(&path)?;
        if config.networks > 1 {
            runs.extend((config.seed..).take(config.networks).map(|seed| directory.join(format!("seed-{seed}"))));
        } else {
            runs.push(directory.clone());
        }
    }
    for (k, run) in runs.iter().enumerate() {
        if runs[..k].contains(run) {
            return Err(Error::input(format!("{} is named twice.", run.display())));
        }
    }
    Ok(runs)
}
