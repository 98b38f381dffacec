//! The configuration as a file.

use super::settings::{Config, Preset};
use crate::data::{read_text, toml_fault};
use crate::error::{Error, Result};
use crate::train::finish_replacement;
use std::path::Path;

impl Config {
    /// Reads a configuration file: its preset, and what the file says in place of it.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, or holds an unknown setting or value.
    pub fn read(path: &Path) -> Result<Self> {
        // That of a run may be about to be replaced.
        path.parent().map_or(Ok(()), finish_replacement)?;
        let text = read_text(path)?;
        Self::from_toml(&text).map_err(|e| Error::input(format!("{}: {e}", path.display())))
    }

    /// The configuration that `text` states.
    ///
    /// # Errors
    /// If it is not TOML or holds an unknown setting or value.
    fn from_toml(text: &str) -> std::result::Result<Self, String> {
        let file: toml::Table = toml::from_str(text).map_err(|e: toml::de::Error| {
            let (line, message) = toml_fault(&e, text);
            format!("line {}: {message}.", line.unwrap_or(1))
        })?;
        Self::from_table(file)
    }

    /// The configuration that the table of a file states: its preset, and what it says in place of it.
    ///
    /// # Errors
    /// If it holds an unknown setting or value.
    pub(crate) fn from_table(file: toml::Table) -> std::result::Result<Self, String> {
        let one_line = |e: &dyn std::fmt::Display| e.to_string().trim_end().replace('\n', " ");
        let preset = match file.get("preset") {
            Some(value) => value.clone().try_into().map_err(|e| one_line(&e))?,
            None => Preset::Default,
        };
        let mut settings = toml::Table::try_from(preset.config()).map_err(|e| one_line(&e))?;
        for (key, value) in file {
            match (settings.get_mut(&key), value) {
                // A task is stated whole; other sections override setting by setting.
                (Some(toml::Value::Table(section)), toml::Value::Table(given)) if key != "task" => {
                    section.extend(given);
                }
                (_, value) => {
                    settings.insert(key, value);
                }
            }
        }
        settings.try_into().map_err(|e| one_line(&e))
    }

    /// All settings, as [`Self::from_table`] takes them.
    ///
    /// # Errors
    /// If TOML cannot hold one.
    pub(crate) fn to_table(&self) -> Result<toml::Table> {
        toml::Table::try_from(self).map_err(|e| Error::run(format!("cannot write the settings: {e}")))
    }

    /// The configuration as a file that reruns as it is.
    ///
    /// # Errors
    /// If it cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String> {
        let text = toml::to_string(self).map_err(|e| Error::run(format!("cannot write config.toml: {e}")))?;
        Ok(format!("# A resolved run: `aon train --config` this file repeats it.\n\n{text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_its_file() {
        let mut config = Preset::Published.config();
        config.data.firing_rates = Some("/data/Firing_Rates.mat".into());
        config.training.clip_norm = f64::INFINITY;
        config.training.learning_rate = 0.1 + 0.2;
        config.network.freeze = vec!["W".into()];
        assert_eq!(Config::from_toml(&config.to_toml().unwrap()).unwrap(), config);
    }

    #[test]
    fn a_short_file_overrides_its_preset_only_where_it_speaks() {
        let config = Config::from_toml("preset = 'published'\n[training]\nn_trials = 7\n").unwrap();
        let mut expected = Preset::Published.config();
        expected.training.n_trials = 7;
        assert_eq!(config, expected);
        assert_eq!(Config::from_toml("").unwrap(), Preset::Default.config());
    }

    #[test]
    fn unknown_settings_and_values_are_named() {
        for (text, named) in [
            ("[training]\nlerning_rate = 1", "lerning_rate"),
            ("[network]\ndale = 'sideways'", "sideways"),
            ("preset = 'mine'", "mine"),
            ("seed = -1", "-1"),
            ("seed = ", "line 1"),
        ] {
            let message = Config::from_toml(text).unwrap_err();
            assert!(message.contains(named), "{text}: {message}");
        }
    }
}
