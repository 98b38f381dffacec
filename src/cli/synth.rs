//! `aon synth`: data to try things on.

use super::output;
use super::spelling::typed;
use crate::data::read_mask;
use crate::error::{Error, Result};
use crate::synthetic::{Masks, Synthetic, SyntheticSettings};
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
    /// Cell types to take, in place of drawing them (with --mirror-mat)
    #[arg(long, value_name = "FILE", requires = "mirror_mat")]
    inhibitory_mask_mat: Option<PathBuf>,
    /// Mirror neurons to take, in place of drawing them (with --inhibitory-mask-mat)
    #[arg(long, value_name = "FILE", requires = "inhibitory_mask_mat")]
    mirror_mat: Option<PathBuf>,
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
    let mut settings = settings(args.small, args.seed);
    let neurons = settings.areas.iter().map(|a| a.size).sum();
    if let (Some(inhibitory), Some(mirror)) = (&args.inhibitory_mask_mat, &args.mirror_mat) {
        settings.masks = Some(Masks {
            inhibitory: read_mask(inhibitory, "inhibitory", neurons)?,
            mirror: read_mask(mirror, "mirror", neurons)?,
        });
    }
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
    let files = [
        ("task", "task.toml"),
        ("firing-rates-mat", RATES),
        ("inhibitory-mask-mat", "InhibitoryMask.mat"),
        ("mirror-mat", "Mirror.mat"),
    ];
    files.map(|(flag, file)| typed(flag, &directory.join(file).display().to_string())).join(" ")
}
