//! `aon synth`: data to try things on.

use super::output;
use crate::data::synthetic::{Synthetic, SyntheticSettings};
use crate::error::{Error, Result};
use clap::Args;
use std::path::{Path, PathBuf};

/// The flags of `aon synth`.
#[derive(Debug, Args)]
pub(super) struct SynthArgs {
    /// Where to
    #[arg(long, value_name = "DIR", default_value = "data")]
    output_dir: PathBuf,
    /// A small population, which trains in seconds, in place of the reference size (355 neurons)
    #[arg(long)]
    small: bool,
    /// Seed of the population and its rates
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,
}

/// The recorded rates among the files: what must not be lost.
const RATES: &str = "Firing_Rates.mat";

/// Writes the files and says how to train on them.
pub(super) fn run(args: &SynthArgs) -> Result<()> {
    let rates = args.output_dir.join(RATES);
    if rates.exists() && !args.overwrite {
        return Err(Error::input(format!(
            "{} is there already. Choose another --output-dir, or replace it with --overwrite.",
            rates.display()
        )));
    }
    let settings = settings(args.small, args.seed);
    for file in Synthetic::generate(&settings)?.write(&args.output_dir)? {
        output::say(file.display());
    }
    output::say(format!("\ntrain on them with:\n  aon train {}", train_flags(&args.output_dir)));
    Ok(())
}

/// What to generate.
pub(super) fn settings(small: bool, seed: u64) -> SyntheticSettings {
    if small { SyntheticSettings::small(seed) } else { SyntheticSettings::reference(seed) }
}

/// The flags of `aon train` that name the files in `directory`.
pub(super) fn train_flags(directory: &Path) -> String {
    let file = |name: &str| directory.join(name).display().to_string();
    format!(
        "--task {} --firing-rates-mat {} --inhibitory-mask-mat {} --mirror-mat {}",
        file("task.toml"),
        file(RATES),
        file("InhibitoryMask.mat"),
        file("Mirror.mat")
    )
}
