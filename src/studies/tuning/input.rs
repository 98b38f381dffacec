//! What is studied.

use super::file::TuningFile;
use super::network::{is_run, read_run};
use crate::data::recording::{Session, read};
use crate::error::Result;
use std::path::{Path, PathBuf};

/// What may be found beside the tuning of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Also {
    /// What executed and observed behaviours add to covariates, in models of each neuron
    Encoding,
    /// How well behaviours part in populations, and whose axes they share
    Population,
}

/// What is studied.
#[derive(Clone, Debug)]
pub struct TuningInput {
    /// Files or directories of recordings.
    pub recordings: Vec<PathBuf>,
    /// How they are read and tested.
    pub settings: TuningFile,
    /// Neurons that the page shows one by one beside those that it chooses, as recordings name them.
    pub asked: Vec<String>,
    /// What is found besides.
    pub also: Vec<Also>,
    /// The directory of the file of settings: what it names is looked for there, too.
    pub beside: Option<PathBuf>,
}

impl TuningInput {
    pub(super) fn read(&self, path: &Path) -> Result<Vec<Session>> {
        if is_run(path) {
            return Ok(vec![read_run(path, &self.settings.network)?]);
        }
        read(path, &self.settings.recording, self.beside.as_deref())
    }

    pub(super) fn bin_s(&self) -> f64 {
        self.settings.recording.source.bin_ms / 1000.0
    }
}
