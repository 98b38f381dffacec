//! What is done to a network that is simulated but not changed: lesions, stimulation, and the noise of a single trial.

use crate::error::{Error, Result, ensure};
use std::collections::BTreeSet;

/// The training step by which the noise of trials is keyed: no training reaches it, so that no trial repeats the noise
/// of a step.
pub const TRIAL_STEP: u32 = u32::MAX;

/// What happens to the output of some neurons while a window lasts. Without any, `r = σ(x + I_ext)`.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `r_i` is this value, `[N]`, whatever the input: silencing is a clamp to 0.
    Clamp(Vec<f32>),
    /// `r_i = g σ(x_i + I_ext,i)`: a graded lesion, 0 (silent) … 1 (intact).
    Gain(f32),
    /// `r_i = σ(x_i + I_ext,i + c_i)` with these currents, `[N]`, in the units of `I_ext`.
    Current(Vec<f32>),
}

/// An action on some neurons in a window of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Which neurons, `[N]`.
    pub neurons: Vec<bool>,
    /// First step of the window.
    pub from: usize,
    /// First step after the window.
    pub to: usize,
    /// What happens to them.
    pub action: Action,
}

/// Connections that transmit nothing in a window of steps: all from the neurons `pre` to the neurons `post`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Postsynaptic neurons, `[N]`.
    pub post: Vec<bool>,
    /// Presynaptic neurons, `[N]`.
    pub pre: Vec<bool>,
    /// First step of the window.
    pub from: usize,
    /// First step after the window.
    pub to: usize,
}

/// Everything that is done to one network. The default does nothing, to the bit. Where several effects meet in a neuron
/// they act one after another in their order: a gain scales what the earlier ones left, currents add up, a clamp
/// replaces everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Perturbation {
    /// Changes of the neurons' output.
    pub effects: Vec<Effect>,
    /// Interrupted connections. Weights are never changed.
    pub cuts: Vec<Cut>,
}

/// A stretch of steps in which nothing changes: `r = gain ⊙ σ(x + I_ext + current) + offset`, all `[N]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// First step.
    pub from: usize,
    /// First step after it.
    pub to: usize,
    /// Factor of the rate.
    pub gain: Vec<f32>,
    /// Added to the rate.
    pub offset: Vec<f32>,
    /// Added to `I_ext`.
    pub current: Vec<f32>,
    /// Numbers of the cuts that hold.
    pub cuts: Vec<usize>,
}

impl Perturbation {
    /// Silences the marked `neurons`, `[N]`, from step `from` up to, not including, `to`.
    pub fn silence(neurons: Vec<bool>, from: usize, to: usize) -> Self {
        let action = Action::Clamp(vec![0.0; neurons.len()]);
        Self { effects: vec![Effect { neurons, from, to, action }], cuts: Vec::new() }
    }

    /// This, and then `other`.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.effects.extend(other.effects);
        self.cuts.extend(other.cuts);
        self
    }

    /// Whether the adjoint (docs/model.md#reverse-time-gradient) is the derivative of the perturbed network: it takes
    /// `r (1 − r)` for the slope of the rate, which holds for neurons that are intact, driven or silent, and knows
    /// nothing of cuts.
    pub fn is_differentiable(&self) -> bool {
        let holds = |effect: &Effect| match &effect.action {
            Action::Clamp(values) => effect.neurons.iter().zip(values).all(|(n, v)| !n || *v == 0.0),
            Action::Gain(gain) => *gain == 0.0 || *gain == 1.0,
            Action::Current(_) => true,
        };
        self.cuts.is_empty() && self.effects.iter().all(holds)
    }

    /// Holds every array against `neurons`, the size of the network.
    ///
    /// # Errors
    /// If a length differs, a number is not finite, a clamped rate is outside 0…1, a gain negative, or a window ends
    /// before it begins.
    pub fn check(&self, neurons: usize) -> Result<()> {
        for effect in &self.effects {
            check_window(effect.from, effect.to)?;
            let values = match &effect.action {
                Action::Gain(gain) if gain.is_finite() && *gain >= 0.0 => neurons,
                Action::Gain(gain) => {
                    return Err(Error::input(format!("a gain is {gain}, but must be a number from 0 on.")));
                }
                Action::Clamp(rates) => {
                    if let Some(r) = rates.iter().find(|r| !(0.0..=1.0).contains(*r)) {
                        return Err(Error::input(format!("a clamped rate is {r}, but rates lie in 0…1.")));
                    }
                    rates.len()
                }
                Action::Current(currents) => {
                    if let Some(c) = currents.iter().find(|c| !c.is_finite()) {
                        return Err(Error::input(format!("an added current is {c}.")));
                    }
                    currents.len()
                }
            };
            check_lengths(neurons, &[effect.neurons.len(), values])?;
        }
        for cut in &self.cuts {
            check_window(cut.from, cut.to)?;
            check_lengths(neurons, &[cut.post.len(), cut.pre.len()])?;
        }
        Ok(())
    }

    /// The phases that cover the steps 0 … `time_steps`, in order. At least one; one and the same for all steps if there is
    /// nothing to do.
    pub fn phases(&self, neurons: usize, time_steps: usize) -> Vec<Phase> {
        let windows = self.effects.iter().map(|e| (e.from, e.to)).chain(self.cuts.iter().map(|c| (c.from, c.to)));
        let ends = windows.flat_map(|(from, to)| [from, to]).filter(|t| *t < time_steps);
        let bounds: BTreeSet<usize> = ends.chain([0, time_steps]).collect();
        bounds.iter().zip(bounds.iter().skip(1)).map(|(from, to)| self.phase(neurons, *from, *to)).collect()
    }

    fn phase(&self, neurons: usize, from: usize, to: usize) -> Phase {
        let holds = |first: usize, end: usize| first <= from && from < end;
        let mut phase = Phase {
            from,
            to,
            gain: vec![1.0; neurons],
            offset: vec![0.0; neurons],
            current: vec![0.0; neurons],
            cuts: (0..self.cuts.len()).filter(|k| holds(self.cuts[*k].from, self.cuts[*k].to)).collect(),
        };
        for effect in self.effects.iter().filter(|e| holds(e.from, e.to)) {
            for i in (0..neurons).filter(|i| effect.neurons[*i]) {
                match &effect.action {
                    Action::Clamp(rates) => (phase.gain[i], phase.offset[i]) = (0.0, rates[i]),
                    Action::Gain(gain) => {
                        phase.gain[i] *= gain;
                        phase.offset[i] *= gain;
                    }
                    Action::Current(currents) => phase.current[i] += currents[i],
                }
            }
        }
        phase
    }
}

fn check_window(from: usize, to: usize) -> Result<()> {
    ensure!(from <= to, "a perturbation begins at step {from} and ends before, at step {to}.");
    Ok(())
}

fn check_lengths(neurons: usize, found: &[usize]) -> Result<()> {
    match found.iter().find(|n| **n != neurons) {
        Some(n) => Err(Error::input(format!("a perturbation lists {n} neurons, the network has {neurons}."))),
        None => Ok(()),
    }
}

/// Checks the perturbations `[K]` of a batch.
pub(super) fn check_batch(perturbations: &[Perturbation], networks: usize, neurons: usize) -> Result<()> {
    ensure!(perturbations.len() == networks, "{} perturbations for {networks} networks.", perturbations.len());
    perturbations.iter().try_for_each(|p| p.check(neurons))
}

/// Refuses to train or differentiate what the adjoint does not describe.
pub(super) fn check_differentiable<'a>(mut perturbations: impl Iterator<Item = &'a Perturbation>) -> Result<()> {
    if perturbations.all(Perturbation::is_differentiable) {
        return Ok(());
    }
    Err(Error::input(
        "a network with graded, clamped or disconnected neurons can be simulated but not trained: only silenced and \
         driven ones have a gradient here.",
    ))
}

/// What makes one simulation of a network differ from the next: noise on the stimulus and on the state it starts from.
/// Stimulus element `(s·T + t)·U + u` gets `stimulus_sd` times [`Rng::normal_element`](crate::rng::Rng::normal_element)
/// of the key (seed, trial, `StimulusNoise`, [`TRIAL_STEP`]); `x_{c,0}[i]` gets `initial_sd` times element `c·N + i` of
/// (seed, trial, `InitialState`, [`TRIAL_STEP`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialNoise {
    /// Standard deviation of the noise on every stimulus value.
    pub stimulus_sd: f32,
    /// Standard deviation of the noise on every neuron's state at t = 0.
    pub initial_sd: f32,
    /// Seed.
    pub seed: u64,
    /// Number of the trial under that seed.
    pub trial: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(marked: &[usize], from: usize, to: usize, action: Action) -> Effect {
        Effect { neurons: (0..3).map(|i| marked.contains(&i)).collect(), from, to, action }
    }

    #[test]
    fn nothing_to_do_is_one_phase_that_changes_no_bit() {
        let phases = Perturbation::default().phases(3, 10);
        assert_eq!(phases.len(), 1);
        assert_eq!((phases[0].from, phases[0].to), (0, 10));
        assert_eq!(
            (&phases[0].gain, &phases[0].offset, &phases[0].current),
            (&vec![1.0; 3], &vec![0.0; 3], &vec![0.0; 3])
        );
    }

    #[test]
    fn effects_that_meet_act_one_after_another() {
        let perturbation = Perturbation {
            effects: vec![
                effect(&[0, 1], 2, 8, Action::Clamp(vec![0.4; 3])),
                effect(&[1, 2], 5, 20, Action::Gain(0.5)),
                effect(&[2], 0, 20, Action::Current(vec![0.3; 3])),
            ],
            cuts: vec![Cut { post: vec![true; 3], pre: vec![true; 3], from: 5, to: 6 }],
        };
        let phases = perturbation.phases(3, 10);
        let bounds: Vec<_> = phases.iter().map(|p| (p.from, p.to)).collect();
        assert_eq!(bounds, [(0, 2), (2, 5), (5, 6), (6, 8), (8, 10)]);
        assert_eq!(phases[2].gain, [0.0, 0.0, 0.5]);
        assert_eq!(phases[2].offset, [0.4, 0.2, 0.0]);
        assert_eq!(phases[2].current, [0.0, 0.0, 0.3]);
        assert_eq!(phases.iter().map(|p| p.cuts.len()).collect::<Vec<_>>(), [0, 0, 1, 0, 0]);
        assert_eq!(phases[4].gain, [1.0, 0.5, 0.5]);
    }

    #[test]
    fn what_cannot_be_simulated_is_refused_and_what_cannot_be_trained_is_known() {
        assert!(Perturbation::silence(vec![true; 4], 0, 5).check(3).is_err());
        assert!(Perturbation::silence(vec![true; 3], 6, 5).check(3).is_err());
        for action in [
            Action::Gain(-1.0),
            Action::Gain(f32::NAN),
            Action::Clamp(vec![1.5; 3]),
            Action::Current(vec![f32::NAN; 3]),
        ] {
            let perturbation = Perturbation { effects: vec![effect(&[0], 0, 5, action)], cuts: Vec::new() };
            assert!(perturbation.check(3).is_err(), "{perturbation:?}");
        }
        assert!(Perturbation::silence(vec![true; 3], 0, 5).is_differentiable());
        let graded = Perturbation { effects: vec![effect(&[0], 0, 5, Action::Gain(0.5))], cuts: Vec::new() };
        assert!(graded.check(3).is_ok() && !graded.is_differentiable());
    }
}
