//! `aon tuning`: are there mirror neurons in these recordings?

use super::notices::Terminal;
use super::{interrupt, output};
use crate::error::Result;
use crate::studies::{Also, Tuned, TuningFile, TuningInput, check_recordings, read_tuning_file, tuning};
use crate::tuning::Null;
use clap::Args;
use std::path::PathBuf;

/// The flags of `aon tuning`.
#[derive(Debug, Args)]
pub(super) struct TuningArgs {
    /// Recordings: NWB, MAT and npz files, suite2p folders, the folders of Tili et al. 2025
    #[arg(required = true, value_name = "RECORDING")]
    recordings: Vec<PathBuf>,
    /// How they are read and tested, where files do not say
    #[arg(long, value_name = "FILE.toml")]
    config: Option<PathBuf>,
    /// Read everything, say what was understood and draw it, and test nothing
    #[arg(long)]
    check: bool,
    /// The null distribution [default: window]
    #[arg(long, value_enum)]
    null: Option<Null>,
    /// Draws of it [default: 1000]
    #[arg(long)]
    shifts: Option<usize>,
    /// Seed of everything that is drawn [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// What is found besides, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    also: Vec<Also>,
    /// A neuron that the report shows beside those that it chooses, as its recording names it. May be given several times
    #[arg(long, value_name = "NAME")]
    neuron: Vec<String>,
    /// Where tables and the report go. What they hold of the same recordings and settings is not done again
    #[arg(long, value_name = "DIR", default_value = "out/tuning")]
    output_dir: PathBuf,
    /// Print nothing but warnings, errors and the verdict
    #[arg(long)]
    quiet: bool,
}

impl TuningArgs {
    fn input(&self) -> Result<TuningInput> {
        let mut settings = self.config.as_deref().map_or_else(|| Ok(TuningFile::default()), read_tuning_file)?;
        let tuning = &mut settings.tuning;
        tuning.null = self.null.unwrap_or(tuning.null);
        tuning.shifts = self.shifts.unwrap_or(tuning.shifts);
        tuning.seed = self.seed.unwrap_or(tuning.seed);
        let beside = self.config.as_deref().and_then(|file| file.parent()).map(PathBuf::from);
        let (recordings, asked, also) = (self.recordings.clone(), self.neuron.clone(), self.also.clone());
        Ok(TuningInput { recordings, settings, asked, also, beside })
    }
}

/// Studies the recordings, or says what was understood of them.
pub(super) fn run(args: &TuningArgs) -> Result<()> {
    let input = args.input()?;
    if args.check {
        check_recordings(&args.output_dir, &input)?.lines().into_iter().for_each(output::say);
        output::say(format!("page       {}", args.output_dir.join("check.html").display()));
        return Ok(());
    }
    interrupt::say_at_end("paused; the sessions that are finished are kept, and the same command goes on from there.");
    match tuning(&args.output_dir, &input, interrupt::flag(), &mut Terminal::new(args.quiet))? {
        None => interrupt::last_words(),
        Some(Tuned { text, remarks, training, .. }) => {
            output::say(text);
            if !args.quiet {
                tell(&remarks);
            }
            output::say(format!("\ntables     {}", args.output_dir.display()));
            if !args.quiet {
                training.remarks.iter().for_each(|remark| output::say(format!("training   {remark}")));
                training.command.iter().for_each(|command| output::say(format!("train with:\n  {command}")));
            }
        }
    }
    Ok(())
}

/// What was assumed, mended or left out where recordings were read; of very much, the first.
fn tell(remarks: &[String]) {
    const MOST: usize = 20;
    remarks.iter().take(MOST).for_each(|remark| output::say(format!("note       {remark}")));
    if let Some(more) = remarks.len().checked_sub(MOST).filter(|more| *more > 0) {
        output::say(format!("note       {more} more: the report lists all"));
    }
}
