//! What files do not say by themselves. Every setting has a default, and a recording that says all needs no file of settings.

use super::session::Agent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How recordings are read. Paths are looked for beside the recording, then beside the file of settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingSettings {
    /// The activity and whose it is.
    pub source: SourceSettings,
    /// Behaviours.
    pub bouts: BoutSettings,
    /// Trials and their events.
    pub trials: TrialSettings,
    /// Parts of the session.
    pub contexts: Vec<ContextSettings>,
    /// What else was measured.
    pub covariates: Vec<CovariateSettings>,
    /// Neurons across sessions.
    pub identities: IdentitySettings,
}

/// The activity and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceSettings {
    /// The animal, where files do not name it.
    pub animal: Option<String>,
    /// The session, where files do not name it.
    pub session: Option<String>,
    /// The area of neurons for which files name none.
    pub area: Option<String>,
    /// The name of the activity, where a file has several that could be meant.
    pub activity: Option<String>,
    /// Frames a second, where files do not say when they were taken.
    pub frame_rate: Option<f64>,
    /// Length of the bins in which spikes are counted, in ms.
    pub bin_ms: f64,
    /// Whether neurons that were not accepted (`iscell`, `accepted`) are left out.
    pub accepted_only: bool,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            animal: None,
            session: None,
            area: None,
            activity: None,
            frame_rate: None,
            bin_ms: 50.0,
            accepted_only: true,
        }
    }
}

/// Behaviours: where they stand, who is who, and which are one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoutSettings {
    /// A BORIS export, or a table with columns `agent`, `behaviour`, `start` and `stop`.
    pub file: Option<PathBuf>,
    /// The table of intervals, where a file of many holds the bouts under another name than one that is recognised.
    pub table: Option<String>,
    /// A label per frame in place of intervals, by agent: the variable or column whose values name behaviours (0, an empty
    /// text and NaN are none).
    pub labels: BTreeMap<Agent, String>,
    /// Names of the labels by their numbers.
    pub label_names: BTreeMap<String, String>,
    /// Who acts, where all bouts of a table are of one agent.
    pub agent: Option<Agent>,
    /// Names of subjects that are the recorded animal, beside `self`.
    #[serde(rename = "self")]
    pub own: Vec<String>,
    /// Names of subjects that are watched, beside `other`.
    pub other: Vec<String>,
    /// Columns, where they have other names: `agent`, `behaviour`, `start`, `stop`, `object`.
    pub columns: BTreeMap<String, String>,
    /// Time of the activity's clock at which the clock of the bouts is 0, in s.
    pub offset_s: f64,
    /// Frames a second of the video, where starts and stops are numbers of its frames.
    pub video_rate: Option<f64>,
    /// Behaviours that are one: the new name, and the names it takes in.
    pub merge: BTreeMap<String, Vec<String>>,
    /// Behaviours that are left out.
    pub leave_out: Vec<String>,
}

/// Trials, and the bouts that are cut from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrialSettings {
    /// Names of events by the numbers that files have for them.
    pub events: BTreeMap<String, String>,
    /// Names of objects by the numbers that files have for them.
    pub objects: BTreeMap<String, String>,
    /// The event that a bout is cut around.
    pub align: Option<String>,
    /// From when to when the bout lasts, in ms from that event.
    pub window_ms: Option<[f64; 2]>,
}

/// A part of the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextSettings {
    /// Its name.
    pub name: String,
    /// In s.
    pub start: f64,
    /// In s.
    pub stop: f64,
}

/// Something else that was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CovariateSettings {
    /// What it is called.
    pub name: String,
    /// A CSV table or a DeepLabCut export; without one, `column` is a variable of the recording.
    pub file: Option<PathBuf>,
    /// The column, or variable, of its values.
    pub column: Option<String>,
    /// The column, or variable, of its times in s.
    pub time_column: Option<String>,
    /// Samples a second, where no column has their times.
    pub rate: Option<f64>,
    /// Time of the activity's clock at which its clock is 0, in s.
    pub offset_s: f64,
    /// Two points of a DeepLabCut export, whose distance it is.
    pub points: Option<[String; 2]>,
    /// Samples of points below this likelihood are lost.
    pub likelihood: Option<f64>,
}

/// Neurons across sessions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// A table with columns `session`, `neuron` and `identity`, or CellReg's `cell_to_index_map`.
    pub file: Option<PathBuf>,
    /// The column of each session in CellReg's map, counted from 1.
    pub sessions: BTreeMap<String, usize>,
}
