//! `aon synth`: data to try things on.

use super::output;
use super::spelling::{typed, word};
use crate::data::read_mask;
use crate::error::{Error, Result};
use crate::synthetic::recording::{Kind, RecordingSynthesis, Scenario};
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
    /// Recordings of behaving animals, for `aon tuning`, in place of rates
    #[arg(long, conflicts_with_all = ["small", "mirror_mat"])]
    recording: bool,
    #[command(flatten)]
    of_recording: RecordingFlags,
    /// Replace files that are there
    #[arg(long)]
    overwrite: bool,
}

/// What to record, where it is not as the scenario has it.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --recording")]
struct RecordingFlags {
    /// What is planted, and what misleads [default: demonstration]
    #[arg(long, requires = "recording")]
    scenario: Option<Scenario>,
    /// Animals
    #[arg(long, requires = "recording")]
    animals: Option<usize>,
    /// Sessions of each
    #[arg(long, requires = "recording")]
    sessions: Option<usize>,
    /// Neurons of each
    #[arg(long, requires = "recording")]
    neurons: Option<usize>,
    /// Length of a session
    #[arg(long, requires = "recording")]
    minutes: Option<f64>,
    /// Bouts of each behaviour, executed and observed each
    #[arg(long, requires = "recording")]
    bouts: Option<usize>,
    /// What is recorded of the neurons
    #[arg(long, requires = "recording")]
    kind: Option<Kind>,
    /// Share of neurons that are congruent mirror cells
    #[arg(long, requires = "recording")]
    mirror_share: Option<f64>,
    /// Relative change of event rates in the bouts that cells are tuned to
    #[arg(long, requires = "recording")]
    effect: Option<f64>,
}

/// The recorded rates among the files: what must not be lost.
const RATES: &str = "Firing_Rates.mat";

/// Writes the files and says how to train on them.
pub(super) fn run(args: &SynthArgs) -> Result<()> {
    if args.recording {
        return run_recording(args);
    }
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

/// Writes recordings and says how to go on.
fn run_recording(args: &SynthArgs) -> Result<()> {
    let flags = &args.of_recording;
    let mut settings = RecordingSynthesis::of(flags.scenario.unwrap_or_default(), args.seed);
    if let Some(kind) = flags.kind {
        settings = settings.recorded_as(kind);
    }
    settings.animals = flags.animals.unwrap_or(settings.animals);
    settings.sessions = flags.sessions.unwrap_or(settings.sessions);
    settings.neurons = flags.neurons.unwrap_or(settings.neurons);
    settings.duration_s = flags.minutes.map_or(settings.duration_s, |minutes| 60.0 * minutes);
    settings.bouts = flags.bouts.unwrap_or(settings.bouts);
    settings.shares.mirror = flags.mirror_share.unwrap_or(settings.shares.mirror);
    settings.effect = flags.effect.unwrap_or(settings.effect);
    for path in settings.write(&args.output_dir, args.overwrite)? {
        output::say(path.display());
    }
    // One that begins with a dash would be taken for a flag.
    let place = args.output_dir.display().to_string();
    let place = word(&if place.starts_with('-') { format!("./{place}") } else { place });
    output::say(format!("\nlook for tuned cells with:\n  aon tuning {place}/*.npz"));
    output::say(format!("what there is to find: {}", args.output_dir.join("truth.csv").display()));
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
