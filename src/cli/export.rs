//! `aon export`: a trained network as a MAT or npz file.

use super::flags::EngineFlags;
use super::notices::Terminal;
use super::output;
use crate::data::ArrayFormat;
use crate::engine::EngineConfig;
use crate::error::Result;
use crate::run::{Opening, TrainedRun, WhichWeights, export};
use crate::train::EXPORT;
use clap::Args;
use std::path::PathBuf;

/// The flags of `aon export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The directory of a run
    run: PathBuf,
    /// For MATLAB, or for Python
    #[arg(long, value_enum, default_value = "mat")]
    format: ArrayFormat,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    weights: WhichWeights,
    /// Where to [default: weights.mat or weights.npz in the run's directory]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineFlags,
}

/// Writes the file.
pub(super) fn run(args: &ExportArgs) -> Result<()> {
    let engine = |config: &mut EngineConfig| args.engine.apply(config);
    let opening = Opening { weights: args.weights, engine: &engine, ..Opening::default() };
    let (trained, mut terminal) = (TrainedRun::open(&args.run, &opening)?, Terminal::new(true));
    trained.say_remarks(&mut terminal);
    let path = args.output.clone().unwrap_or_else(|| args.run.join(args.format.file_name(EXPORT)));
    export(&trained, &path, &mut terminal)?;
    output::say(path.display());
    Ok(())
}
