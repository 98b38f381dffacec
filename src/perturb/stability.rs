//! How close to instability a lesioned network works.

use super::{Lesion, MeasureKey};
use crate::analysis::stability::Linearisation;
use crate::error::Result;
use crate::lab::Subject;
use crate::task::ConditionClass;

/// Moments at which the Jacobian is taken, evenly spaced over the lesion's window.
const MOMENTS: usize = 3;

/// The spectral radius of the Jacobian of one step (its largest eigenvalue's magnitude: above 1, small deviations grow),
/// with the slopes of the neurons averaged over the conditions of an agent, and over some moments of the trial.
#[derive(Debug)]
pub(super) struct Stability<'a> {
    subject: &'a Subject,
    linearisation: Linearisation,
    /// Scope and conditions.
    agents: Vec<(&'static str, Vec<usize>)>,
}

impl<'a> Stability<'a> {
    /// The linearisation of `subject`.
    ///
    /// # Errors
    /// If a weight is not finite.
    pub(super) fn new(subject: &'a Subject) -> Result<Self> {
        let of = |class| {
            let is = |c: &usize| subject.conditions[*c].class == class && subject.problem.bins[*c] > 0;
            (0..subject.conditions.len()).filter(is).collect::<Vec<_>>()
        };
        let mut agents =
            vec![("execution", of(ConditionClass::Execution)), ("observation", of(ConditionClass::Observation))];
        agents.retain(|(_, conditions)| !conditions.is_empty());
        if agents.is_empty() {
            agents.push(("all", (0..subject.conditions.len()).collect()));
        }
        let linearisation = Linearisation::new(&subject.effective, &subject.alpha)?;
        Ok(Self { subject, linearisation, agents })
    }

    /// What [`Probe::of`] gives, in order.
    pub(super) fn keys(&self) -> Vec<MeasureKey> {
        let key = |scope: &str| MeasureKey { measure: "spectral_radius_change", scope: scope.into(), harm: 1.0 };
        self.agents.iter().map(|(scope, _)| key(scope)).collect()
    }

    /// The radius of the intact network, for each agent.
    pub(super) fn intact(&self) -> Vec<f64> {
        let everywhere = self.probe_between(0, self.subject.common_bins(), None, 1.0);
        everywhere.radii(&self.subject.intact, &[])
    }

    /// What it takes to measure `lesion` and its controls.
    ///
    /// # Errors
    /// If the weights without the connections that it cuts cannot be linearised.
    pub(super) fn probe(&self, lesion: &Lesion) -> Result<Probe<'_>> {
        let d = self.subject.dims();
        let bin_of = |t: usize| t.saturating_sub(d.thermal) / d.steps_per_bin;
        let end = self.subject.common_bins();
        let (first, last) = (bin_of(lesion.from).min(end.saturating_sub(1)), bin_of(lesion.to).min(end));
        let without = lesion.mode.cut_off().map(|post| self.without(lesion, post)).transpose()?;
        Ok(self.probe_between(first, last.max(first + 1), without, lesion.mode.gain().into()))
    }

    fn without(&self, lesion: &Lesion, post: &[bool]) -> Result<Linearisation> {
        let n = self.subject.dims().neurons;
        let mut weights = self.subject.effective.clone();
        for i in (0..n).filter(|i| post[*i]) {
            lesion.neurons.iter().for_each(|j| weights[i * n + j] = 0.0);
        }
        Linearisation::new(&weights, &self.subject.alpha)
    }

    fn probe_between(&self, first: usize, end: usize, without: Option<Linearisation>, gain: f64) -> Probe<'_> {
        let moments = (0..MOMENTS).map(|k| first + (2 * k + 1) * (end - first) / (2 * MOMENTS)).collect();
        let mut probe = Probe { stability: self, moments, without, gain, intact: Vec::new() };
        probe.intact = Probe { without: None, moments: probe.moments.clone(), gain: 1.0, intact: Vec::new(), ..probe }
            .radii(&self.subject.intact, &[]);
        probe
    }
}

/// The moments at which a lesion is looked at, and the intact network there.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    stability: &'a Stability<'a>,
    /// Bins.
    moments: Vec<usize>,
    /// The network without the connections that the lesion cuts.
    without: Option<Linearisation>,
    /// What the lesion multiplies the rate of its neurons by.
    gain: f64,
    intact: Vec<f64>,
}

impl Probe<'_> {
    /// Changes of the spectral radius for each agent, where `rates [C][B][N]` are those under the lesion of `set`.
    pub(super) fn of(&self, rates: &[f32], set: &[usize]) -> Vec<f64> {
        self.radii(rates, set).iter().zip(&self.intact).map(|(now, before)| now - before).collect()
    }

    fn radii(&self, rates: &[f32], set: &[usize]) -> Vec<f64> {
        let linearisation = self.without.as_ref().unwrap_or(&self.stability.linearisation);
        let radius = |conditions: &Vec<usize>, bin: usize| {
            let sigmoid = sigmoid_of(&self.slopes(rates, set, conditions, bin));
            let radius = linearisation.jacobian(&sigmoid, None).and_then(|j| j.spectral_radius());
            radius.map_or(f64::NAN, |r| r.radius)
        };
        let mean = |(_, conditions): &(&str, Vec<usize>)| {
            self.moments.iter().map(|bin| radius(conditions, *bin)).sum::<f64>() / self.moments.len() as f64
        };
        self.stability.agents.iter().map(mean).collect()
    }

    /// ∂r/∂x of each neuron, averaged over conditions, `[N]`.
    fn slopes(&self, rates: &[f32], set: &[usize], conditions: &[usize], bin: usize) -> Vec<f64> {
        let d = self.stability.subject.dims();
        let mut slopes = vec![0.0; d.neurons];
        for c in conditions {
            let row = &rates[(c * d.bins + bin) * d.neurons..][..d.neurons];
            slopes.iter_mut().zip(row).for_each(|(s, r)| *s += f64::from(r * (1.0 - r)) / conditions.len() as f64);
            if self.gain == 1.0 {
                continue;
            }
            for i in set {
                // Under a gain the rate is g σ, its slope g σ (1 − σ).
                let r = f64::from(row[*i]);
                let slope = if self.gain == 0.0 { 0.0 } else { r * (1.0 - r / self.gain).max(0.0) };
                slopes[*i] += (slope - r * (1.0 - r)) / conditions.len() as f64;
            }
        }
        slopes
    }
}

/// Values of the logistic function, at most ½, that have these slopes; slopes lie in 0…¼ up to rounding.
fn sigmoid_of(slopes: &[f64]) -> Vec<f32> {
    slopes.iter().map(|s| (0.5 * (1.0 - (1.0 - 4.0 * s.clamp(0.0, 0.25)).sqrt())) as f32).collect()
}
