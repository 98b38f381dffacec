//! What a study of lesions is asked for.

use crate::data::ArrayFormat;
use crate::error::{Result, at_most, ensure};
use crate::perturb::{ControlSettings, ReadoutSettings};
use std::path::PathBuf;

/// What the lesions of trained networks are compared with, read out by, and written to.
#[derive(Clone, Debug)]
pub struct PerturbSettings {
    /// Lesions to make; `None` for area × cell type × mirror or not.
    pub lesions: Option<PathBuf>,
    /// Sets of like cells that each lesion is compared with.
    pub controls: ControlSettings,
    /// Read-outs of noisy trials; `None` leaves them out.
    pub readouts: Option<ReadoutSettings>,
    /// Seed of labels dealt anew and rewirings.
    pub seed: u64,
    /// Where the comparison of several runs goes; `None` for the batch's directory, or `out/perturb`.
    pub output_dir: Option<PathBuf>,
    /// Whether, and for whom, every number is also written as arrays.
    pub export: Option<ArrayFormat>,
    /// Networks simulated at once.
    pub at_once: usize,
}

impl Default for PerturbSettings {
    fn default() -> Self {
        Self {
            lesions: None,
            controls: ControlSettings { count: 200, subsets: 10, matched: false, seed: 0 },
            readouts: Some(ReadoutSettings::default()),
            seed: 0,
            output_dir: None,
            export: None,
            at_once: 32,
        }
    }
}

impl PerturbSettings {
    /// Refuses numbers that cannot be meant.
    ///
    /// # Errors
    /// Naming the setting and what is allowed.
    pub fn check(&self) -> Result<()> {
        ensure!(self.at_once > 0, "`at_once = 0`: at least one network must be simulated at a time.");
        ensure!(
            self.controls.count == 0 || self.controls.count >= 20,
            "`controls`: fewer than 20 sets say little about what like cells do. Give at least 20, or 0 for no comparison."
        );
        // A device is busy with far fewer networks, and statistics gain nothing beyond.
        at_most("at_once", self.at_once, 4096)?;
        at_most("controls", self.controls.count, 100_000)?;
        at_most("subsets", self.controls.subsets, 1000)?;
        let Some(r) = &self.readouts else { return Ok(()) };
        for (setting, trials) in [("trials", r.trials), ("control_trials", r.control_trials)] {
            at_most(setting, trials, 10_000)?;
        }
        at_most("permutations", r.permutations, 100_000)?;
        ensure!(
            r.trials >= 5,
            "`trials`: read-outs are cross-validated in 5 parts, give at least 5 trials (or 0 for none)."
        );
        for (setting, sd) in [("stimulus_sd", r.stimulus_sd), ("initial_sd", r.initial_sd)] {
            ensure!(sd.is_finite() && sd >= 0.0, "`{setting} = {sd}`: expected a number from 0 on.");
        }
        let window = r.window_ms;
        ensure!(window.is_finite() && window > 0.0, "`window_ms = {window}`: expected a length above 0.");
        Ok(())
    }
}
