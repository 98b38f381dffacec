//! Which epochs a trial has, and what counts as a response.

use crate::error::{Result, ensure};
use serde::{Deserialize, Serialize};

/// Which epochs a trial has, and what counts as a response. Every setting has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EpochSettings {
    /// The event that trials are aligned to; by default one that is called as the onset of the movement is.
    pub align: Option<String>,
    /// The epochs of a trial; the first is the baseline.
    pub epochs: Vec<EpochDefinition>,
    /// From when to when the baseline lasts, in ms from the start of a bout, where there are no trials: its epochs are this
    /// and the bout.
    pub baseline_ms: [f64; 2],
    /// A response has a p below this.
    pub level: f64,
    /// Objects, or behaviours, with fewer trials are left out.
    pub least_trials: usize,
}

/// A part of each trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochDefinition {
    /// Its name.
    pub name: String,
    /// The event that it is near: `first` is the first of the trial's events; without one, what trials are aligned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// From when to when it lasts, in ms from the event.
    pub window_ms: [f64; 2],
}

impl Default for EpochSettings {
    fn default() -> Self {
        let epoch = |name: &str, event: Option<&str>, window_ms| EpochDefinition {
            name: name.into(),
            event: event.map(Into::into),
            window_ms,
        };
        Self {
            align: None,
            epochs: vec![
                epoch("baseline", Some("first"), [-500.0, 0.0]),
                epoch("preparation", None, [-500.0, 0.0]),
                epoch("movement", None, [0.0, 500.0]),
            ],
            baseline_ms: [-1000.0, 0.0],
            level: 0.01,
            least_trials: 5,
        }
    }
}

impl EpochSettings {
    /// Refuses what cannot be done.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.level > 0.0 && self.level < 1.0,
            "`level = {}`: expected a probability between 0 and 1.",
            self.level
        );
        ensure!(self.least_trials >= 2, "`least_trials = {}`: expected at least 2.", self.least_trials);
        ensure!(
            self.epochs.len() >= 2,
            "`epochs`: expected a baseline and at least one other epoch, found {}.",
            self.epochs.len()
        );
        let is_window = |[from, to]: [f64; 2]| from.is_finite() && to.is_finite() && from < to;
        for (k, epoch) in self.epochs.iter().enumerate() {
            let (name, [from, to]) = (&epoch.name, epoch.window_ms);
            ensure!(!name.trim().is_empty(), "`epochs`: one of them has an empty name. Name each.");
            ensure!(
                self.epochs[..k].iter().all(|other| other.name != *name),
                "`epochs`: two are called `{name}`. Give each its own name."
            );
            ensure!(
                is_window(epoch.window_ms),
                "`epochs`, `{name}`, `window_ms = [{from}, {to}]`: expected two times in ms, the first before the second."
            );
        }
        let [from, to] = self.baseline_ms;
        ensure!(
            is_window(self.baseline_ms) && to <= 0.0,
            "`baseline_ms = [{from}, {to}]`: expected two times in ms, the first before the second, and the second not after the start of a bout, which is 0."
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut EpochSettings);

    #[test]
    fn defaults_are_sound_and_nonsense_is_named() {
        EpochSettings::default().check().unwrap();
        let cases: [(Change, &str); 7] = [
            (|s| s.level = f64::NAN, "`level = NaN`"),
            (|s| s.least_trials = 1, "`least_trials = 1`"),
            (|s| s.epochs.truncate(1), "`epochs`: expected a baseline"),
            (|s| s.epochs[1].name = "baseline".into(), "two are called `baseline`"),
            (|s| s.epochs[1].name = " ".into(), "empty name"),
            (|s| s.epochs[2].window_ms = [3.0, f64::INFINITY], "`movement`"),
            (|s| s.baseline_ms = [-1.0, 1.0], "`baseline_ms = [-1, 1]`"),
        ];
        for (change, named) in cases {
            let mut settings = EpochSettings::default();
            change(&mut settings);
            let error = settings.check().unwrap_err();
            assert!(error.to_string().contains(named) && error.exit_code() == 2, "{error}");
        }
        let text =
            "epochs = [{ name = 'a', window_ms = [0.0, 1.0] }, { name = 'b', event = 'go', window_ms = [0.0, 1.0] }]";
        assert_eq!(toml::from_str::<EpochSettings>(text).unwrap().epochs[1].event.as_deref(), Some("go"));
    }
}
