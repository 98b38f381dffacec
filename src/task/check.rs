//! What must hold in a task beyond its syntax.

use super::{Condition, Epoch, Sequence, Smoothing, StimulusSpec, TaskSpec, TimeSpec};
use crate::error::{Error, Result};
use crate::network::Area;
use std::collections::HashSet;

/// A sentence on what is wrong.
type Verified = std::result::Result<(), String>;

/// Returns a sentence unless a condition holds.
macro_rules! require {
    ($condition:expr, $($sentence:tt)+) => {
        if !$condition {
            return Err(format!($($sentence)+));
        }
    };
}

impl TaskSpec {
    /// Holds every number against its range and every reference against what it refers to.
    ///
    /// # Errors
    /// A sentence on the first thing that is wrong.
    pub fn check(&self) -> Result<()> {
        self.verify().map_err(|problem| Error::input(format!("task `{}`: {problem}", self.name)))
    }

    /// The same without the task's name.
    pub(super) fn verify(&self) -> Verified {
        self.time.verify()?;
        verify_areas(&self.areas)?;
        self.stimulus.verify()?;
        let conditions = &self.conditions;
        require!(!conditions.is_empty(), "there are no conditions. Add at least one [[conditions]] table.");
        verify_names(conditions.iter().map(|c| c.name.as_str()), "conditions")?;
        verify_names(conditions.iter().map(|c| c.firing_rates.as_str()), "firing_rates of conditions")?;
        conditions.iter().try_for_each(|c| self.verify_reference(c))?;
        self.verify_inputs()
    }

    fn verify_reference(&self, condition: &Condition) -> Verified {
        let (name, sequence, sequences) = (&condition.name, &condition.sequence, &self.stimulus.sequences);
        let names: Vec<String> = sequences.iter().map(|s| format!("`{}`", s.name)).collect();
        require!(
            sequences.iter().any(|s| s.name == *sequence),
            "condition `{name}` refers to the stimulus sequence `{sequence}`, which is not there. There are: {}.",
            names.join(", ")
        );
        Ok(())
    }

    /// Input matrices are numbered from 0 without a gap.
    fn verify_inputs(&self) -> Verified {
        let Some(highest) = self.conditions.iter().max_by_key(|c| c.input) else { return Ok(()) };
        // A gap must show among the first C numbers, however high the highest is.
        let is_missing = |g: &usize| self.conditions.iter().all(|c| c.input != *g);
        let Some(missing) = (0..highest.input).take(self.conditions.len()).find(is_missing) else { return Ok(()) };
        Err(format!(
            "condition `{}` uses input matrix {}, but no condition uses number {missing}. Number the input matrices from 0 without a gap.",
            highest.name, highest.input
        ))
    }
}

impl TimeSpec {
    fn verify(&self) -> Verified {
        let step = self.step_ms;
        require!(step.is_finite() && step > 0.0, "time.step_ms is {step}. A step lasts more than 0 ms.");
        require!(self.steps_per_bin > 0, "time.steps_per_bin is 0. A bin is the mean of at least one step.");
        Ok(())
    }
}

impl StimulusSpec {
    fn verify(&self) -> Verified {
        let (channels, noise) = (self.channels, self.noise);
        require!(
            channels > 0,
            "stimulus.channels is 0. A stimulus has at least one channel; leave it at zero to show nothing."
        );
        require!(noise.is_finite() && noise >= 0.0, "stimulus.noise is {noise}. A standard deviation is 0 or larger.");
        if let Some(Smoothing { sigma, passes }) = self.smoothing {
            require!(
                sigma.is_finite() && sigma > 0.0,
                "stimulus.smoothing.sigma is {sigma}. Give a width above 0, in steps, or leave [stimulus.smoothing] out."
            );
            require!(passes > 0, "stimulus.smoothing.passes is 0. Give at least 1, or leave [stimulus.smoothing] out.");
        }
        verify_names(self.sequences.iter().map(|s| s.name.as_str()), "stimulus sequences")?;
        self.sequences.iter().try_for_each(|s| s.verify(channels))
    }
}

impl Sequence {
    fn verify(&self, channels: usize) -> Verified {
        for (k, epoch) in self.epochs.iter().enumerate() {
            let place = |problem| format!("stimulus sequence `{}`, epoch {}: {problem}", self.name, k + 1);
            epoch.verify(channels).map_err(place)?;
            if let Some(other) = self.epochs[..k].iter().position(|earlier| earlier.overlaps(epoch)) {
                let other = other + 1;
                return Err(place(format!(
                    "it sets a channel that epoch {other} sets at the same time. Separate them."
                )));
            }
        }
        Ok(())
    }
}

impl Epoch {
    fn verify(&self, channels: usize) -> Verified {
        require!(!self.channels.is_empty(), "it names no channel. Give at least one.");
        if let Some(channel) = self.channels.iter().find(|c| **c >= channels) {
            return Err(format!(
                "it sets channel {channel}, but there are {channels} (stimulus.channels), numbered from 0 to {}.",
                channels - 1
            ));
        }
        let (value, from, to) = (self.value, self.from, self.to.unwrap_or(usize::MAX));
        require!(value.is_finite(), "its value is {value}. Give a finite number.");
        require!(
            self.to.is_none() || to > from,
            "it lasts from step {from} to step {to}. The end must be later than the start (leave `to` out for the end of the trial)."
        );
        Ok(())
    }

    fn overlaps(&self, other: &Self) -> bool {
        let before = |a: &Self, b: &Self| a.to.is_some_and(|to| to <= b.from);
        !before(self, other) && !before(other, self) && self.channels.iter().any(|c| other.channels.contains(c))
    }
}

fn verify_areas(areas: &[Area]) -> Verified {
    require!(!areas.is_empty(), "there are no areas. Add at least one [[areas]] table with name and size.");
    verify_names(areas.iter().map(|a| a.name.as_str()), "areas")?;
    match areas.iter().find(|a| a.size == 0) {
        Some(empty) => Err(format!("area `{}` has size 0. An area holds at least one neuron.", empty.name)),
        None => Ok(()),
    }
}

/// Refuses a name that is empty or comes twice.
fn verify_names<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Verified {
    let mut seen = HashSet::new();
    for name in names {
        require!(!name.trim().is_empty(), "one of the {what} has an empty name. Name each.");
        require!(seen.insert(name), "two of the {what} are called `{name}`. Give each its own name.");
    }
    Ok(())
}
