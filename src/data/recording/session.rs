//! One session, as every reader gives it.

use crate::data::RecordedCondition;
use ndarray::{Array2, ArrayView1};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// One session of one animal. All times are in seconds on one clock, that of the activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The file or directory that it was read from.
    pub source: PathBuf,
    /// The animal, as the file or the settings name it.
    pub animal: String,
    /// The session, as the file or the settings name it.
    pub name: String,
    /// The neurons, `[N]`.
    pub neurons: Vec<Neuron>,
    /// What they did.
    pub activity: Activity,
    /// What was done, and by whom; in the order of their starts, those of one agent and behaviour do not overlap.
    pub bouts: Vec<Bout>,
    /// Trials, where the recording has them, in the order of time.
    pub trials: Vec<Trial>,
    /// Parts of the session that were recorded under conditions of their own; without any, all of it is one.
    pub contexts: Vec<Context>,
    /// What else was measured, each on a clock of its own.
    pub covariates: Vec<Covariate>,
    /// What was assumed, mended or left out when it was read, a sentence each.
    pub remarks: Vec<String>,
}

/// A neuron of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Neuron {
    /// Its name, as the file has it, or its number there.
    pub name: String,
    /// The area it was recorded in.
    pub area: Option<String>,
    /// What it is called in all sessions of its animal, where that is known.
    pub identity: Option<String>,
    /// What kind of cell it is, as the file says: `excitatory`, `inhibitory`, or a name of such a kind.
    #[serde(default)]
    pub cell_type: Option<String>,
}

/// What neurons did.
#[derive(Clone, Debug, PartialEq)]
pub enum Activity {
    /// A number per neuron and frame, as from calcium imaging.
    Frames {
        /// `[N × frames]`, in the file's unit; shared, as it may take most of the memory.
        values: Arc<Array2<f32>>,
        /// When each frame begins, in s, ascending, `[frames]`.
        times: Vec<f64>,
    },
    /// Times of spikes.
    Spikes {
        /// Ascending, in s, `[N][spikes]`.
        times: Vec<Vec<f64>>,
        /// From when to when spikes were looked for, in s.
        span: (f64, f64),
    },
    /// Averages over trials, as networks are trained on: without a clock.
    Averages(Vec<RecordedCondition>),
}

impl Activity {
    /// What it takes of memory, nearly.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Frames { values, times } => 4 * values.len() + 8 * times.len(),
            Self::Spikes { times, .. } => 8 * times.iter().map(Vec::len).sum::<usize>(),
            Self::Averages(conditions) => conditions.iter().map(|c| 8 * c.rates.len()).sum(),
        }
    }
}

/// Why the activity of a neuron says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// So many of its frames are NaN or infinite.
    NotFinite(usize),
    /// It has the same value in all frames, or no spike.
    Constant,
}

impl Session {
    /// From when to when activity was recorded, in s; `None` for averages, and without a frame.
    pub fn span(&self) -> Option<(f64, f64)> {
        match &self.activity {
            Activity::Frames { times, .. } => {
                let last = *times.last()?;
                Some((times[0], last + usual_interval(times).unwrap_or(0.0)))
            }
            Activity::Spikes { span, .. } => Some(*span),
            Activity::Averages(_) => None,
        }
    }

    /// Neurons whose activity says nothing, and why, `[N]`.
    pub fn flaws(&self) -> Vec<Option<Flaw>> {
        match &self.activity {
            Activity::Frames { values, .. } => values.rows().into_iter().map(|row| flaw(&row)).collect(),
            Activity::Spikes { times, .. } => {
                times.iter().map(|spikes| spikes.is_empty().then_some(Flaw::Constant)).collect()
            }
            Activity::Averages(_) => vec![None; self.neurons.len()],
        }
    }
}

fn flaw(values: &ArrayView1<f32>) -> Option<Flaw> {
    match values.iter().filter(|v| !v.is_finite()).count() {
        0 => values.iter().all(|v| *v == values[0]).then_some(Flaw::Constant),
        lost => Some(Flaw::NotFinite(lost)),
    }
}

/// Median distance of neighbouring frames.
pub(super) fn usual_interval(times: &[f64]) -> Option<f64> {
    let mut distances: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let middle = distances.len() / 2;
    (!distances.is_empty()).then(|| *distances.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Agent {
    /// The recorded animal: execution.
    #[serde(rename = "self")]
    Own,
    /// Another, which it watches: observation.
    Other,
}

impl Agent {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Own, Self::Other];

    /// As files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A behaviour, from its start to its stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Bout {
    /// Who does it.
    pub agent: Agent,
    /// What is done.
    pub behaviour: String,
    /// In s.
    pub start: f64,
    /// In s; a frame belongs to the bout if it begins at or after the start and before the stop.
    pub stop: f64,
    /// What it is done to.
    pub object: Option<String>,
}

/// A trial of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Who acts in it.
    pub agent: Agent,
    /// Whether the signal was to act; `None` in tasks without one.
    pub go: Option<bool>,
    /// The object that is grasped or shown.
    pub object: Option<String>,
    /// When what happened, in s, by the names of the events.
    pub events: BTreeMap<String, f64>,
}

/// A part of a session, as "alone" or "through the window".
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// Its name. Several parts may share one.
    pub name: String,
    /// In s.
    pub start: f64,
    /// In s.
    pub stop: f64,
}

/// A quantity that was measured beside the activity, as the pupil or the speed of a wheel.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariate {
    /// Its name.
    pub name: String,
    /// When it was sampled, in s, ascending.
    pub times: Vec<f64>,
    /// Its samples; NaN where one was lost.
    pub values: Vec<f64>,
}
