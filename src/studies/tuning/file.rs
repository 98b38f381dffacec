//! The file of settings of `aon tuning`.

use crate::data::recording::RecordingSettings;
use crate::data::{read_text, toml_fault};
use crate::error::{Error, Result};
use crate::lab::NetworkTrials;
use crate::tuning::population::PopulationSettings;
use crate::tuning::{AlignSettings, EncodingSettings, EpochSettings, RatesSettings, TuningSettings};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything that can be set: how recordings are read, and how tuning is tested. All of it has defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TuningFile {
    /// How recordings are read.
    pub recording: RecordingSettings,
    /// How tuning is tested.
    pub tuning: TuningSettings,
    /// How rates are made, which networks are trained on.
    pub rates: RatesSettings,
    /// How trials are parted in epochs.
    pub epochs: EpochSettings,
    /// From when to when pages show activity around the start of a bout.
    pub aligned: AlignSettings,
    /// How encoding models are fitted.
    pub encoding: EncodingSettings,
    /// How populations are looked at.
    pub population: PopulationSettings,
    /// Which trials of a trained network are studied in place of a recording.
    pub network: NetworkTrials,
}

impl TuningFile {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        let Self { recording: _, tuning, rates, epochs, aligned, encoding, population, network } = self;
        tuning.check()?;
        rates.check().map_err(|e| of_table("rates", e))?;
        epochs.check().map_err(|e| of_table("epochs", e))?;
        aligned.check().map_err(|e| of_table("aligned", e))?;
        encoding.check().map_err(|e| of_table("encoding", e))?;
        population.check().map_err(|e| of_table("population", e))?;
        network.check().map_err(|e| of_table("network", e))
    }
}

/// The error about a setting, named with its table: several tables have settings of one name.
fn of_table(table: &str, error: Error) -> Error {
    match error {
        Error::Input(sentence) if sentence.starts_with('`') => Error::input(format!("`{table}.{}", &sentence[1..])),
        other => other,
    }
}

/// Reads a file of settings.
///
/// # Errors
/// If it cannot be read, or has settings that there are not.
pub fn read_tuning_file(path: &Path) -> Result<TuningFile> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|e| {
        let (line, fault) = toml_fault(&e, &text);
        let line = line.map_or(String::new(), |line| format!(", line {line}"));
        Error::input(format!("{}{line}: {fault}.", path.display()))
    })
}
