//! What must hold in a task beyond its syntax.

use super::{Condition, Epoch, Sequence, StimulusSpec, TaskSpec, TimeSpec};
use crate::error::{Error, Result};
use crate::network::Area;

impl TaskSpec {
    /// Holds every number against its range and every reference against what it refers to.
    ///
    /// # Errors
    /// A sentence on the first thing that is wrong.
    pub fn check(&self) -> Result<()> {
        self.problem().map_or(Ok(()), |problem| Err(Error::input(format!("task `{}`: {problem}", self.name))))
    }

    /// The first thing that is wrong, as a sentence without the task's name.
    pub(super) fn problem(&self) -> Option<String> {
        self.time
            .problem()
            .or_else(|| areas_problem(&self.areas))
            .or_else(|| self.stimulus.problem())
            .or_else(|| self.conditions_problem())
    }

    fn conditions_problem(&self) -> Option<String> {
        let conditions = &self.conditions;
        if conditions.is_empty() {
            return Some("there are no conditions. Add at least one [[conditions]] table.".into());
        }
        repeated(conditions.iter().map(|c| c.name.as_str()), "conditions")
            .or_else(|| repeated(conditions.iter().map(|c| c.firing_rates.as_str()), "firing_rates of conditions"))
            .or_else(|| conditions.iter().find_map(|c| self.reference_problem(c)))
            .or_else(|| self.input_problem())
    }

    fn reference_problem(&self, condition: &Condition) -> Option<String> {
        let sequences = &self.stimulus.sequences;
        if sequences.iter().any(|s| s.name == condition.sequence) {
            return None;
        }
        let names: Vec<String> = sequences.iter().map(|s| format!("`{}`", s.name)).collect();
        Some(format!(
            "condition `{}` refers to the stimulus sequence `{}`, which is not there. There are: {}.",
            condition.name,
            condition.sequence,
            names.join(", ")
        ))
    }

    /// Input matrices are numbered from 0 without a gap.
    fn input_problem(&self) -> Option<String> {
        let highest = self.conditions.iter().max_by_key(|c| c.input)?;
        // A gap must show among the first C numbers, however high the highest is.
        let missing =
            (0..highest.input).take(self.conditions.len()).find(|g| self.conditions.iter().all(|c| c.input != *g))?;
        Some(format!(
            "condition `{}` uses input matrix {}, but no condition uses number {missing}. Number the input matrices from 0 without a gap.",
            highest.name, highest.input
        ))
    }
}

impl TimeSpec {
    fn problem(&self) -> Option<String> {
        if !(self.step_ms.is_finite() && self.step_ms > 0.0) {
            return Some(format!("time.step_ms is {}. A step lasts more than 0 ms.", self.step_ms));
        }
        (self.steps_per_bin == 0).then(|| "time.steps_per_bin is 0. A bin is the mean of at least one step.".into())
    }
}

impl StimulusSpec {
    fn problem(&self) -> Option<String> {
        if self.channels == 0 {
            return Some(
                "stimulus.channels is 0. A stimulus has at least one channel; leave it at zero to show nothing.".into(),
            );
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            return Some(format!("stimulus.noise is {}. A standard deviation is 0 or larger.", self.noise));
        }
        if let Some(s) = &self.smoothing {
            if !(s.sigma.is_finite() && s.sigma > 0.0) {
                return Some(format!(
                    "stimulus.smoothing.sigma is {}. Give a width above 0, in steps, or leave [stimulus.smoothing] out.",
                    s.sigma
                ));
            }
            if s.passes == 0 {
                return Some(
                    "stimulus.smoothing.passes is 0. Give at least 1, or leave [stimulus.smoothing] out.".into(),
                );
            }
        }
        repeated(self.sequences.iter().map(|s| s.name.as_str()), "stimulus sequences")
            .or_else(|| self.sequences.iter().find_map(|s| s.problem(self.channels)))
    }
}

impl Sequence {
    fn problem(&self, channels: usize) -> Option<String> {
        for (k, epoch) in self.epochs.iter().enumerate() {
            let problem = epoch.problem(channels).or_else(|| {
                let other = self.epochs[..k].iter().position(|earlier| earlier.overlaps(epoch))?;
                Some(format!("it sets a channel that epoch {} sets at the same time. Separate them.", other + 1))
            });
            if let Some(problem) = problem {
                return Some(format!("stimulus sequence `{}`, epoch {}: {problem}", self.name, k + 1));
            }
        }
        None
    }
}

impl Epoch {
    fn problem(&self, channels: usize) -> Option<String> {
        if self.channels.is_empty() {
            return Some("it names no channel. Give at least one.".into());
        }
        if let Some(channel) = self.channels.iter().find(|c| **c >= channels) {
            return Some(format!(
                "it sets channel {channel}, but there are {channels} (stimulus.channels), numbered from 0 to {}.",
                channels - 1
            ));
        }
        if !self.value.is_finite() {
            return Some(format!("its value is {}. Give a finite number.", self.value));
        }
        match self.to {
            Some(to) if to <= self.from => Some(format!(
                "it lasts from step {} to step {to}. The end must be later than the start (leave `to` out for the end of the trial).",
                self.from
            )),
            _ => None,
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.to.is_some_and(|to| to <= b.from);
        !before(self, other) && !before(other, self) && self.channels.iter().any(|c| other.channels.contains(c))
    }
}

fn areas_problem(areas: &[Area]) -> Option<String> {
    if areas.is_empty() {
        return Some("there are no areas. Add at least one [[areas]] table with name and size.".into());
    }
    let empty = areas.iter().find(|a| a.size == 0);
    repeated(areas.iter().map(|a| a.name.as_str()), "areas")
        .or_else(|| empty.map(|a| format!("area `{}` has size 0. An area holds at least one neuron.", a.name)))
}

/// A sentence if a name is empty or comes twice.
fn repeated<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Option<String> {
    let mut seen = Vec::new();
    for name in names {
        if name.trim().is_empty() {
            return Some(format!("one of the {what} has an empty name. Name each."));
        }
        if seen.contains(&name) {
            return Some(format!("two of the {what} are called `{name}`. Give each its own name."));
        }
        seen.push(name);
    }
    None
}
