//! `aon perturb`: what trained networks do when some of their neurons are silenced.

use super::eval::WhichWeights;
use super::flags::EngineFlags;
use super::{interrupt, output};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::perturb::{ControlSettings, ReadoutSettings};
use crate::studies::{across, perturb as one};
use crate::train::{CONFIG, no_run};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The flags of `aon perturb`.
#[derive(Debug, Args)]
pub(crate) struct PerturbArgs {
    /// Directories of runs, or of batches of runs
    #[arg(required = true)]
    pub(crate) runs: Vec<PathBuf>,
    /// Which neurons are mirror neurons [default: the mask that the run was trained with]
    #[arg(long, value_name = "FILE")]
    pub(crate) mirror_mat: Option<PathBuf>,
    /// Lesions to make [default: area × cell type × mirror or not]
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) lesions: Option<PathBuf>,
    /// Random sets of spared like cells that each lesion is compared with (0 leaves all comparisons out)
    #[arg(long, default_value_t = 200)]
    pub(crate) controls: usize,
    /// Choose controls that are alike in mean rate, peak rate and outgoing weight
    #[arg(long = "match")]
    pub(crate) matched: bool,
    /// Random subsets of a lesion whose pool of like cells is too small
    #[arg(long, default_value_t = 10)]
    pub(crate) subsets: usize,
    /// Noisy trials a condition that read-outs are trained and tested on (0 leaves read-outs out)
    #[arg(long, default_value_t = ReadoutSettings::default().trials)]
    pub(crate) trials: usize,
    /// Noisy trials a condition that control lesions and single cells are read out on
    #[arg(long, default_value_t = ReadoutSettings::default().control_trials)]
    pub(crate) control_trials: usize,
    /// Standard deviation of the noise on every stimulus value of a noisy trial
    #[arg(long, default_value_t = ReadoutSettings::default().stimulus_sd)]
    pub(crate) stimulus_sd: f32,
    /// Standard deviation of the noise on the state that a noisy trial starts from
    #[arg(long, default_value_t = ReadoutSettings::default().initial_sd)]
    pub(crate) initial_sd: f32,
    /// Window of the read-outs in ms
    #[arg(long, default_value_t = ReadoutSettings::default().window_ms)]
    pub(crate) window_ms: f64,
    /// Label permutations that say what chance is
    #[arg(long, default_value_t = ReadoutSettings::default().permutations)]
    pub(crate) permutations: usize,
    /// Seed of controls, labels dealt anew, noise, folds, rewirings and bootstrap
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Which weights
    #[arg(long, value_enum, default_value = "best")]
    pub(crate) weights: WhichWeights,
    /// Where the comparison of several runs goes [default: perturb in the batch's directory, else out/perturb]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_dir: Option<PathBuf>,
    /// Also write every number to perturb.mat or perturb.npz
    #[arg(long, value_enum)]
    pub(crate) export: Option<ExportFormat>,
    /// Networks simulated at once
    #[arg(long, value_name = "K", default_value_t = 32)]
    pub(crate) at_once: usize,
    /// Print nothing but warnings and errors
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) engine: EngineFlags,
}

/// Files for MATLAB or Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// MATLAB.
    Mat,
    /// NumPy.
    Npz,
}

/// The directory in a run's own where its study goes.
pub(crate) const PERTURB: &str = "perturb";

impl PerturbArgs {
    pub(crate) fn controls(&self) -> ControlSettings {
        ControlSettings { count: self.controls, subsets: self.subsets, matched: self.matched, seed: self.seed }
    }

    pub(crate) fn readouts(&self) -> Option<ReadoutSettings> {
        (self.trials > 0).then(|| ReadoutSettings {
            trials: self.trials,
            control_trials: self.control_trials.max(1),
            stimulus_sd: self.stimulus_sd,
            initial_sd: self.initial_sd,
            window_ms: self.window_ms,
            permutations: self.permutations,
            seed: self.seed,
        })
    }

    fn check(&self) -> Result<()> {
        let refuse = |sentence: &str| Err(Error::input(sentence));
        if self.trials > 0 && self.trials < 5 {
            return refuse(
                "--trials: read-outs are cross-validated in 5 parts, give at least 5 trials (or 0 for none).",
            );
        }
        if self.at_once == 0 {
            return refuse("--at-once 0: at least one network must be simulated at a time.");
        }
        if self.controls > 0 && self.controls < 20 {
            return refuse(
                "--controls: fewer than 20 sets say little about what like cells do. Give at least 20, or 0 for no comparison.",
            );
        }
        let numbers = [("--stimulus-sd", f64::from(self.stimulus_sd)), ("--initial-sd", f64::from(self.initial_sd))];
        for (flag, value) in numbers {
            if !value.is_finite() || value < 0.0 {
                return refuse(&format!("{flag} {value}: expected a number from 0 on."));
            }
        }
        if !self.window_ms.is_finite() || self.window_ms <= 0.0 {
            return refuse(&format!("--window-ms {}: expected a length above 0.", self.window_ms));
        }
        Ok(())
    }
}

/// Studies every run, and compares them where there are several.
pub(crate) fn run(args: &PerturbArgs) -> Result<()> {
    args.check()?;
    let stop = interrupt::flag()?;
    let runs = members(&args.runs)?;
    let mut studies = Vec::with_capacity(runs.len());
    for (k, directory) in runs.iter().enumerate() {
        if !args.quiet && runs.len() > 1 {
            output::say(format!("run        {} ({} of {})", directory.display(), k + 1, runs.len()));
        }
        match one::study(args, directory, &stop)? {
            Some(study) => studies.push(study),
            None => break,
        }
    }
    if stop.load(Ordering::Relaxed) {
        output::say("paused; what is finished is kept, and the same command goes on from there.");
        return Ok(());
    }
    if studies.len() > 1 {
        across::write(args, &runs, &studies)?;
    }
    Ok(())
}

/// The runs in the directories that were named: a batch stands for its members.
fn members(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
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

/// The last part of a path.
pub(crate) fn name_of(directory: &Path) -> String {
    directory.file_name().map_or_else(|| directory.display().to_string(), |n| n.to_string_lossy().into_owned())
}
