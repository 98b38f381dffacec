//! What must hold in a task beyond its syntax.

use super::names::{Named, verify_scopes};
use super::{Condition, Epoch, Sequence, Smoothing, StimulusSpec, TaskSpec, TimeSpec};
use crate::data::initial_names;
use crate::error::{Error, Result, ensure};
use crate::network::Area;
use std::collections::HashSet;

/// Most neurons of all areas together. The weights alone, with what their training keeps of each, take 160 GB then.
const MOST_NEURONS: usize = 100_000;

/// Most steps of a warm-up, of a bin, and of a trial: at 5 ms a step, 23 hours.
const MOST_STEPS: usize = 1 << 24;

/// Most channels, of which each has a weight to every neuron.
const MOST_CHANNELS: usize = 1 << 16;

/// Longest filter, and most passes of it: a filter of this σ leaves nothing of what happens within any trial.
const MOST_SIGMA: f64 = 1e6;
const MOST_PASSES: usize = 1000;

/// Most products that the filter may take: some minutes on one core.
const MOST_PRODUCTS: f64 = 1e12;

/// Shortest and longest step in ms.
const STEP_MS: std::ops::RangeInclusive<f64> = 1e-3..=3.6e6;

/// Largest standard deviation of the noise, which single precision holds with room for what is drawn.
const MOST_NOISE: f64 = 1e30;

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

    /// Refuses trials of so many bins of which the stimulus is larger than can be meant, before anything is allocated for
    /// it. The task is checked.
    ///
    /// # Errors
    /// A sentence that names the sizes.
    pub fn check_trial(&self, bins: usize) -> Result<()> {
        let (time, stimulus) = (&self.time, &self.stimulus);
        let steps = time.steps_per_bin.saturating_mul(bins).saturating_add(time.thermal);
        ensure!(
            steps <= MOST_STEPS,
            "task `{}`: a trial of {bins} bins has {steps} steps (`thermal` {} and {} for each bin), but at most {MOST_STEPS} are simulated.",
            self.name,
            time.thermal,
            time.steps_per_bin
        );
        let series = stimulus.sequences.len() * stimulus.channels;
        // What is drawn has numbers of 32 bits.
        ensure!(
            u32::try_from(series.saturating_mul(steps)).is_ok(),
            "task `{}`: a stimulus of {} sequences, {} channels and {steps} steps has more than 2^32 values. Make it smaller.",
            self.name,
            stimulus.sequences.len(),
            stimulus.channels
        );
        let of_filter = |s: &Smoothing| (series * steps * s.passes) as f64 * 4.0 * s.sigma;
        ensure!(
            stimulus.smoothing.as_ref().is_none_or(|s| of_filter(s) < MOST_PRODUCTS),
            "task `{}`: the filter stimulus.smoothing would take hours for {steps} steps of {series} series. Give a smaller sigma or fewer passes.",
            self.name
        );
        Ok(())
    }

    /// The same without the task's name.
    pub(super) fn verify(&self) -> Verified {
        self.time.verify()?;
        verify_areas(&self.areas)?;
        self.stimulus.verify()?;
        let conditions = &self.conditions;
        require!(!conditions.is_empty(), "there are no conditions. Add at least one [[conditions]] table.");
        verify_names(conditions.iter().map(|c| c.name.as_str()), "conditions")?;
        conditions.iter().try_for_each(|c| Named::Condition.verify(&c.name))?;
        verify_scopes(&self.areas, &conditions.iter().map(|c| c.name.as_str()).collect::<Vec<_>>())?;
        verify_names(conditions.iter().map(|c| c.firing_rates.as_str()), "firing_rates of conditions")?;
        conditions.iter().try_for_each(|c| self.verify_reference(c))?;
        self.verify_states()?;
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

    /// The variables of states at t = 0 are found by name: rates that were called so would be taken for them.
    fn verify_states(&self) -> Verified {
        for condition in &self.conditions {
            let (r, x) = initial_names(&condition.firing_rates);
            if let Some(other) = self.conditions.iter().find(|c| [&r, &x].contains(&&c.firing_rates)) {
                return Err(format!(
                    "the variable `{}` holds the rates of condition `{}` and, by its name, the state at t = 0 of condition `{}`. Give it another name.",
                    other.firing_rates, other.name, condition.name
                ));
            }
        }
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
        let (shortest, longest) = (STEP_MS.start(), STEP_MS.end());
        require!(STEP_MS.contains(&step), "time.step_ms is {step:?}. A step lasts {shortest} to {longest} ms.");
        require!(self.steps_per_bin > 0, "time.steps_per_bin is 0. A bin is the mean of at least one step.");
        for (name, steps) in [("thermal", self.thermal), ("steps_per_bin", self.steps_per_bin)] {
            require!(steps <= MOST_STEPS, "time.{name} is {steps}. Give at most {MOST_STEPS} steps.");
        }
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
        require!(channels <= MOST_CHANNELS, "stimulus.channels is {channels}. Give at most {MOST_CHANNELS}.");
        require!(
            (0.0..=MOST_NOISE).contains(&noise),
            "stimulus.noise is {noise:?}. A standard deviation is 0 or larger, and at most {MOST_NOISE:e}."
        );
        if let Some(Smoothing { sigma, passes }) = self.smoothing {
            require!(
                sigma > 0.0 && sigma <= MOST_SIGMA,
                "stimulus.smoothing.sigma is {sigma:?}. Give a width above 0 and up to {MOST_SIGMA}, in steps, or leave [stimulus.smoothing] out."
            );
            require!(
                (1..=MOST_PASSES).contains(&passes),
                "stimulus.smoothing.passes is {passes}. Give 1 to {MOST_PASSES}, or leave [stimulus.smoothing] out."
            );
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
    areas.iter().try_for_each(|a| Named::Area.verify(&a.name))?;
    if let Some(empty) = areas.iter().find(|a| a.size == 0) {
        return Err(format!("area `{}` has size 0. An area holds at least one neuron.", empty.name));
    }
    let neurons = areas.iter().fold(0_usize, |sum, a| sum.saturating_add(a.size));
    require!(
        neurons <= MOST_NEURONS,
        "the areas hold {neurons} neurons. A network has at most {MOST_NEURONS}; `areas` gives sizes."
    );
    Ok(())
}

/// Refuses a name that is empty or comes twice.
fn verify_names<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Verified {
    let mut seen = HashSet::new();
    for name in names {
        require!(!name.trim().is_empty(), "one of the {what} has an empty name. Name each.");
        require!(seen.insert(name.trim()), "two of the {what} are called `{name}`. Give each its own name.");
    }
    Ok(())
}
