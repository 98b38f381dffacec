//! `aon demo`: everything once, with nothing to bring along.

use super::flags::EngineFlags;
use super::{output, synth, train};
use crate::config::{Plan, Preset, TaskSource};
use crate::error::Result;
use crate::run::{Options, new_directory};
use crate::synthetic::Synthetic;
use crate::train::RunDirectory;
use clap::Args;
use std::path::PathBuf;

/// The flags of `aon demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The reference size (355 neurons) in place of a small population
    #[arg(long)]
    full: bool,
    /// Training steps
    #[arg(long, value_name = "STEPS", default_value_t = 200)]
    n_trials: u32,
    /// Seed of the data and of the network
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the run is kept [default: out/demo-DATE-TIME]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Replace the run that --output-dir holds
    #[arg(long, requires = "output_dir")]
    overwrite: bool,
    #[command(flatten)]
    engine: EngineFlags,
}

/// Makes data, trains on them by the default recipe, prints and draws the fit.
pub(super) fn run(args: &DemoArgs) -> Result<()> {
    let directory = match &args.output_dir {
        Some(path) => RunDirectory::create(path, args.overwrite)?,
        None => new_directory("demo")?,
    };
    let (data, place) = (directory.file("data"), directory.path().join("data"));
    Synthetic::check_place(&place)?;
    Synthetic::generate(&synth::settings(!args.full, args.seed))?.write(&data)?;

    let mut config = Preset::Default.config();
    config.seed = args.seed;
    config.training.n_trials = args.n_trials;
    config.data.firing_rates = Some(data.join("Firing_Rates.mat"));
    config.data.inhibitory_mask = Some(data.join("InhibitoryMask.mat"));
    config.data.mirror = Some(data.join("Mirror.mat"));
    config.task = TaskSource::Named(data.join("task.toml").display().to_string());
    args.engine.apply(&mut config.engine);
    train::train(&Plan::new(config)?, &directory, Options::default(), false)?;
    let (flags, steps) = (synth::train_flags(&place), args.n_trials);
    output::say(format!("\nthe same by hand:\n  aon train {flags} --n-trials {steps}"));
    Ok(())
}
