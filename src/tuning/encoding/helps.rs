//! Which regressors help which neurons.

use super::super::session_tests::{BehaviourTests, CountTest, SessionTests};
use super::super::settings::TuningSettings;
use super::design::SessionDesign;
use super::neurons::Neurons;
use super::regressors::Unit;
use super::shifts::{Shifts, Tested};
use crate::analysis::glm::uncorrelated;
use crate::data::recording::Agent;
use crate::error::Result;
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::atomic::Ordering;

/// Tests of regressors of all neurons of a session.
pub(super) struct Helps<'a> {
    pub(super) session: &'a SessionDesign,
    pub(super) neurons: &'a Neurons<'a>,
    pub(super) tuning: &'a TuningSettings,
    pub(super) key: u64,
}

/// Whether an agent's behaviours help a model, `[N]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Helped {
    pub(super) p: Vec<f64>,
    pub(super) count: CountTest,
}

impl Helps<'_> {
    /// Whether behaviours of an agent help the model of covariates, and that with the other agent's behaviours, `[2]`; `None` if it was asked to
    /// stop.
    pub(super) fn agents(&self) -> Result<Option<[[Helped; 2]; 2]>> {
        let base: Vec<usize> = self.session.base.clone().collect();
        let mut alone: [Helped; 2] = Default::default();
        let mut given: [Helped; 2] = Default::default();
        let Some(left) = self.neurons.residuals(&base, true)? else { return Ok(None) };
        for (k, agent) in Agent::ALL.into_iter().enumerate() {
            let units: Vec<&Unit> = self.session.units.iter().filter(|u| u.agent == agent).collect();
            let other = Agent::ALL[1 - k];
            let columns = [&base[..], &self.session.of_agent(other)].concat();
            let Some(found) = self.tested(&units, &base, &left) else { return Ok(None) };
            alone[k] = found.into();
            let Some(left) = self.neurons.residuals(&columns, true)? else { return Ok(None) };
            let Some(found) = self.tested(&units, &columns, &left) else { return Ok(None) };
            given[k] = found.into();
        }
        Ok(Some([alone, given]))
    }

    /// Each behaviour of each agent, given all others and, if asked, covariates; `testable` are the session's neurons, of which those of the models
    /// are the ones that are.
    pub(super) fn behaviours(&self, covariates: bool, testable: &[bool], mean: &[f64]) -> Result<Option<SessionTests>> {
        let base = if covariates { self.session.base.clone() } else { self.session.contexts.clone() };
        let mut behaviours = Vec::new();
        for (u, unit) in self.session.units.iter().enumerate() {
            let columns: Vec<usize> = base.clone().chain(self.session.of_units(|other| other != u)).collect();
            let Some(left) = self.neurons.residuals(&columns, covariates)? else { return Ok(None) };
            let Some(found) = self.tested(&[unit], &columns, &left) else { return Ok(None) };
            let of_all = |of: &dyn Fn(&Tested) -> f64| {
                let mut found = found.iter();
                testable.iter().map(|is| if *is { found.next().map_or(f64::NAN, of) } else { f64::NAN }).collect()
            };
            behaviours.push(BehaviourTests {
                agent: unit.agent,
                behaviour: unit.behaviour.clone(),
                bouts: unit.events.len(),
                effect: of_all(&|t| t.effect[0]),
                p: of_all(&|t| t.p),
                draws: testable.iter().map(|is| if *is { self.tuning.shifts } else { 0 }).collect(),
                least_p: 1.0 / (self.tuning.shifts + 1) as f64,
                count: count(&found),
            });
        }
        Ok(Some(SessionTests { testable: testable.to_vec(), mean: mean.to_vec(), behaviours, mirror: Vec::new() }))
    }

    fn tested(&self, units: &[&Unit], columns: &[usize], left: &Array2<f32>) -> Option<Vec<Tested>> {
        let stop = self.neurons.stop;
        if units.is_empty() {
            let none = Tested { p: f64::NAN, effect: Vec::new(), extreme: Vec::new() };
            return Some(vec![none; left.nrows()]);
        }
        let rows = uncorrelated(&self.session.design, columns).mapv(|v| v as f32);
        let shifts = Shifts::new(units, &rows, self.tuning.shifts, self.key, stop)?;
        let of_neuron =
            |i: usize| (!stop.load(Ordering::Relaxed)).then(|| shifts.test(&left.row(i), self.tuning.count_level));
        (0..left.nrows()).into_par_iter().map(of_neuron).collect()
    }
}

impl From<Vec<Tested>> for Helped {
    fn from(found: Vec<Tested>) -> Self {
        Self { p: found.iter().map(|t| t.p).collect(), count: count(&found) }
    }
}

/// Neurons that are extreme in what was recorded, and in each draw.
fn count(found: &[Tested]) -> CountTest {
    let most = found.iter().map(|t| t.extreme.len()).max().unwrap_or(0);
    let in_draw = |draw: usize| found.iter().filter(|t| t.extreme.get(draw) == Some(&true)).count();
    CountTest { observed: in_draw(0), null: (1..most).map(in_draw).collect() }
}
