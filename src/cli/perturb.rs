//! `aon perturb`: what trained networks do when some of their neurons are silenced.

use super::flags::EngineFlags;
use super::notices::Terminal;
use super::{interrupt, output};
use crate::data::ArrayFormat;
use crate::engine::EngineConfig;
use crate::error::Result;
use crate::perturb::{ControlSettings, ReadoutSettings};
use crate::run::{Opening, WhichWeights};
use crate::studies::{self, PerturbSettings, Studies};
use clap::Args;
use std::path::PathBuf;

/// The flags of `aon perturb`.
#[derive(Debug, Args)]
pub(super) struct PerturbArgs {
    /// Directories of runs, or of batches of runs
    #[arg(required = true)]
    runs: Vec<PathBuf>,
    /// Which neurons are mirror neurons [default: the mask that the run was trained with]
    #[arg(long, value_name = "FILE")]
    mirror_mat: Option<PathBuf>,
    /// Lesions to make [default: area × cell type × mirror or not]
    #[arg(long, value_name = "FILE.toml")]
    lesions: Option<PathBuf>,
    /// Random sets of spared like cells that each lesion is compared with (0 leaves all comparisons out)
    #[arg(long, default_value_t = 200)]
    controls: usize,
    /// Choose controls that are alike in mean rate, peak rate and outgoing weight
    #[arg(long = "match")]
    matched: bool,
    /// Random subsets of a lesion whose pool of like cells is too small
    #[arg(long, default_value_t = 10)]
    subsets: usize,
    /// Noisy trials a condition that read-outs are trained and tested on (0 leaves read-outs out)
    #[arg(long, default_value_t = ReadoutSettings::default().trials)]
    trials: usize,
    /// Noisy trials a condition that control lesions and single cells are read out on
    #[arg(long, default_value_t = ReadoutSettings::default().control_trials)]
    control_trials: usize,
    /// Standard deviation of the noise on every stimulus value of a noisy trial
    #[arg(long, default_value_t = ReadoutSettings::default().stimulus_sd)]
    stimulus_sd: f32,
    /// Standard deviation of the noise on the state that a noisy trial starts from
    #[arg(long, default_value_t = ReadoutSettings::default().initial_sd)]
    initial_sd: f32,
    /// Window of the read-outs in ms
    #[arg(long, default_value_t = ReadoutSettings::default().window_ms)]
    window_ms: f64,
    /// Label permutations that say what chance is
    #[arg(long, default_value_t = ReadoutSettings::default().permutations)]
    permutations: usize,
    /// Seed of controls, labels dealt anew, noise, folds and rewirings
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    weights: WhichWeights,
    /// Where the comparison of several runs goes [default: perturb in the batch's directory, else out/perturb]
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Also write every number to perturb.mat or perturb.npz
    #[arg(long, value_enum)]
    export: Option<ArrayFormat>,
    /// Networks simulated at once
    #[arg(long, value_name = "K", default_value_t = 32)]
    at_once: usize,
    /// Print nothing but warnings and errors
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    engine: EngineFlags,
}

impl PerturbArgs {
    fn settings(&self) -> PerturbSettings {
        let readouts = ReadoutSettings {
            trials: self.trials,
            control_trials: self.control_trials.max(1),
            stimulus_sd: self.stimulus_sd,
            initial_sd: self.initial_sd,
            window_ms: self.window_ms,
            permutations: self.permutations,
            seed: self.seed,
        };
        let (count, subsets, matched, seed) = (self.controls, self.subsets, self.matched, self.seed);
        PerturbSettings {
            lesions: self.lesions.clone(),
            controls: ControlSettings { count, subsets, matched, seed },
            readouts: Some(readouts).filter(|r| r.trials > 0),
            seed,
            output_dir: self.output_dir.clone(),
            export: self.export,
            at_once: self.at_once,
        }
    }
}

/// Studies every run, and compares them where there are several.
pub(super) fn run(args: &PerturbArgs) -> Result<()> {
    let engine = |config: &mut EngineConfig| args.engine.apply(config);
    let mirror = args.mirror_mat.clone();
    let opening = Opening { weights: args.weights, engine: &engine, mirror, ..Opening::default() };
    interrupt::say_at_end("paused; what is finished is kept, and the same command goes on from there.");
    let (settings, stop) = (args.settings(), interrupt::flag());
    match studies::perturb(&args.runs, &settings, &opening, stop, &mut Terminal::new(args.quiet))? {
        None => interrupt::last_words(),
        Some(Studies { across: Some(page), .. }) if !args.quiet => {
            output::say(format!("all runs   {}", page.display()));
        }
        Some(_) => {}
    }
    Ok(())
}
