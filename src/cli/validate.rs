//! `aon validate`: whether lesions of trained networks find what was planted in the networks that they were trained on.

use super::notices::Terminal;
use super::{interrupt, output};
use crate::error::Result;
use crate::perturb::validate::Observed;
use crate::studies::{self, ValidateSettings};
use clap::Args;
use std::path::PathBuf;

/// The flags of `aon validate`.
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Teacher networks with a planted class, and as many without
    #[arg(long, value_name = "K", default_value_t = 10)]
    teachers: u32,
    /// What is recorded of a teacher: all of its neurons, or half of twice as many
    #[arg(long, value_delimiter = ',', default_values = ["all", "half"])]
    observed: Vec<Observed>,
    /// Neurons of a student
    #[arg(long, default_value_t = 288)]
    neurons: usize,
    /// Training steps of a student
    #[arg(long, default_value_t = 600)]
    steps: u32,
    /// Sets of like cells that each lesion of a student is compared with (those of teachers: a quarter of it)
    #[arg(long, default_value_t = 100)]
    controls: usize,
    /// Networks whose random lesions say whether p values are uniform (0 leaves that out)
    #[arg(long, value_name = "K", default_value_t = 40)]
    calibration: u32,
    /// Seed of teachers, students and controls
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads [default: one per processor]
    #[arg(long)]
    threads: Option<usize>,
    /// Where tables go. What they hold of the same settings is not done again
    #[arg(long, value_name = "DIR", default_value = "out/validate")]
    output_dir: PathBuf,
    /// Print nothing but warnings, errors and the tables
    #[arg(long)]
    quiet: bool,
}

/// Trains and lesions every student that the tables do not hold yet, calibrates, and says what was found.
pub(super) fn run(args: &ValidateArgs) -> Result<()> {
    let settings = ValidateSettings {
        teachers: args.teachers,
        observed: args.observed.clone(),
        neurons: args.neurons,
        steps: args.steps,
        controls: args.controls,
        calibration: args.calibration,
        seed: args.seed,
        threads: args.threads,
    };
    interrupt::say_at_end("paused; the students that are finished are kept, and the same command goes on from there.");
    match studies::validate(&args.output_dir, &settings, interrupt::flag(), &mut Terminal::new(args.quiet))? {
        None => interrupt::last_words(),
        Some(validation) => {
            output::say(validation.to_text());
            output::say(format!("\ntables     {}", args.output_dir.display()));
        }
    }
    Ok(())
}
