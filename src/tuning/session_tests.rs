//! Every neuron of a session against every behaviour.

use super::contrast::Contrast;
use super::design::{Row, Tests};
use super::first_draws::Neurons;
use super::undefined;
use crate::analysis::statistics::permutation_p;
use crate::data::recording::Agent;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// One behaviour of one agent, tested in every neuron of a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BehaviourTests {
    /// Who.
    pub agent: Agent,
    /// What.
    pub behaviour: String,
    /// Bouts that could be used.
    pub bouts: usize,
    /// The statistic, in units of the activity, `[N]`; NaN where a neuron cannot be tested.
    #[serde(with = "undefined")]
    pub effect: Vec<f64>,
    /// Two-sided, `[N]`; NaN where it cannot be tested.
    #[serde(with = "undefined")]
    pub p: Vec<f64>,
    /// Draws that it is made from, `[N]`.
    pub draws: Vec<usize>,
    /// The smallest p that could have been found.
    pub least_p: f64,
    /// Neurons with p below the level of counts.
    pub count: CountTest,
}

/// A number of tests below a level, and that number in each draw of the null distribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CountTest {
    /// What was found.
    pub observed: usize,
    /// What draws gave.
    pub null: Vec<usize>,
}

impl CountTest {
    /// One-sided: whether there are more than the null distribution gives.
    pub fn p(&self) -> f64 {
        let null: Vec<f64> = self.null.iter().map(|n| *n as f64).collect();
        permutation_p(self.observed as f64, &null)
    }

    /// The sum of both, draw by draw; draws that only one has are left out.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            observed: self.observed + other.observed,
            null: self.null.iter().zip(&other.null).map(|(a, b)| a + b).collect(),
        }
    }
}

/// What was found in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionTests {
    /// Whether each neuron can be tested: it has a number in every frame, and not always the same, `[N]`.
    pub testable: Vec<bool>,
    /// Mean activity where nothing is done, by which neurons are alike: over all frames, whoever is tuned would be more
    /// active for it, and among neurons that are alike in that one label would make another rarer. `[N]`.
    #[serde(with = "undefined")]
    pub mean: Vec<f64>,
    /// What was tested.
    pub behaviours: Vec<BehaviourTests>,
    /// Of each behaviour that was tested in both agents, the neurons for which both p are below the level of counts; in
    /// draws, only the observed activity is shifted.
    pub mirror: Vec<(String, CountTest)>,
}

impl SessionTests {
    /// The tests of `agent` and `behaviour`.
    pub fn of(&self, agent: Agent, behaviour: &str) -> Option<&BehaviourTests> {
        self.behaviours.iter().find(|t| t.agent == agent && t.behaviour == behaviour)
    }
}

impl Tests<'_> {
    /// Runs them; `None` if it was asked to stop.
    pub(super) fn run(&self, stop: &AtomicBool) -> Option<SessionTests> {
        let (neurons, mut rows) = self.draw(stop)?;
        self.draw_more(&mut rows, &neurons, stop)?;
        Some(self.found(neurons, &rows))
    }

    fn found(&self, neurons: Neurons, rows: &[Vec<Row>]) -> SessionTests {
        let Neurons { testable, mean, .. } = neurons;
        // Of no neuron, none is found in any draw: a session of such neurons takes nothing from the others.
        let is_empty = !testable.contains(&true);
        let of_none = |sampler: usize, count: CountTest| {
            let draws = self.samplers[sampler].most().unwrap_or(usize::MAX).min(self.settings.shifts);
            let draws = self.most_extreme(sampler, draws).map_or(0, |_| draws);
            if is_empty { CountTest { observed: 0, null: vec![0; draws] } } else { count }
        };
        let behaviour = |(sampler, contrast): (usize, &Contrast)| {
            let own = &rows[sampler];
            let or_nan = |i: usize, value: f64| if testable[i] { value } else { f64::NAN };
            let draws = self.settings.most_shifts.max(self.settings.shifts);
            let most = self.samplers[sampler].most().unwrap_or(draws).min(draws);
            BehaviourTests {
                agent: contrast.agent,
                behaviour: contrast.behaviour.clone(),
                bouts: contrast.bouts,
                effect: own.iter().enumerate().map(|(i, row)| or_nan(i, row.effect)).collect(),
                p: own.iter().enumerate().map(|(i, row)| or_nan(i, self.p(sampler, row.tally))).collect(),
                draws: own.iter().map(|row| row.tally.draws).collect(),
                least_p: self.samplers[sampler].p(0, 0, most),
                count: of_none(sampler, count(own.iter().map(|row| row.extreme.iter().copied()))),
            }
        };
        let behaviours: Vec<_> = self.contrasts.iter().enumerate().map(behaviour).collect();
        let of = |agent: Agent, behaviour: &str| {
            self.contrasts.iter().position(|c| c.agent == agent && c.behaviour == behaviour)
        };
        let mirror = |contrast: &Contrast| {
            let (own, other) = (of(Agent::Own, &contrast.behaviour)?, of(Agent::Other, &contrast.behaviour)?);
            let executed = |i: usize| rows[own][i].extreme.first() == Some(&true);
            let both = rows[other].iter().enumerate();
            let both = both.map(|(i, row)| row.extreme.iter().map(move |extreme| *extreme && executed(i)));
            (contrast.agent == Agent::Own).then(|| (contrast.behaviour.clone(), of_none(other, count(both))))
        };
        let mirror = self.contrasts.iter().filter_map(mirror).collect();
        SessionTests { testable, mean, behaviours, mirror }
    }
}

/// How many rows are extreme in what was observed, and in each draw.
fn count(rows: impl Iterator<Item = impl Iterator<Item = bool>>) -> CountTest {
    let mut counts: Vec<usize> = Vec::new();
    for row in rows {
        for (draw, extreme) in row.enumerate() {
            if draw == counts.len() {
                counts.push(0);
            }
            counts[draw] += usize::from(extreme);
        }
    }
    let mut counts = counts.into_iter();
    CountTest { observed: counts.next().unwrap_or(0), null: counts.collect() }
}

#[cfg(test)]
mod tests {
    use super::super::axis::Axis;
    use super::super::examine::{SessionInput, examine};
    use super::super::null::Null;
    use super::super::settings::TuningSettings;
    use super::*;
    use crate::data::recording::{Bout, Context, Framed, Session};
    use crate::rng::{Rng, Stream};
    use ndarray::Array2;

    /// Ten neurons of noise in two contexts with bouts of two behaviours, some of which overlap the animal's own.
    fn session() -> Session {
        let rng = Rng::new(5, 0, Stream::Synthetic);
        let frames = 4000_u32;
        let values = Array2::from_shape_fn((10, frames as usize), |(i, t)| {
            rng.at_step(i as u32).normal(t as u32) as f32 + 3.0 * f32::from(i == 3)
        });
        let bout = |agent, behaviour: &str, start: f64, length: f64| Bout {
            agent,
            behaviour: behaviour.into(),
            start,
            stop: start + length,
            object: None,
        };
        let mut bouts: Vec<Bout> = (0..12)
            .flat_map(|k| {
                let at = 3.0 + 7.9 * f64::from(k);
                [
                    bout(Agent::Own, "eating", at, 1.0 + 0.1 * f64::from(k)),
                    bout(Agent::Other, "eating", 100.3 + 7.9 * f64::from(k), 0.75),
                ]
            })
            .collect();
        bouts.push(bout(Agent::Own, "eating", 100.4, 0.5));
        bouts.push(bout(Agent::Own, "grooming", 20.0, 4.0));
        let context = |name: &str, start, stop| Context { name: name.into(), start, stop };
        Session {
            source: "made up".into(),
            animal: "a".into(),
            name: "s".into(),
            neurons: vec![crate::data::recording::Neuron::default(); 10],
            activity: crate::data::recording::Activity::Frames {
                values: values.into(),
                times: (0..frames).map(|t| f64::from(t) * 0.05).collect(),
            },
            bouts,
            trials: Vec::new(),
            contexts: vec![context("alone", 0.0, 99.0), context("watching", 99.0, 200.0)],
            covariates: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn examined(session: &Session, settings: &TuningSettings) -> SessionTests {
        let framed = Framed::new(session, 0.05).unwrap();
        let axis = Axis::new(session, &framed).unwrap();
        let input = SessionInput {
            activity: &framed.activity,
            axis: &axis,
            bouts: &session.bouts,
            others: &[],
            key: 7,
            sessions: 1,
        };
        examine(&input, settings, &AtomicBool::new(false)).unwrap().tests
    }

    /// The statistic by its definition, frame by frame.
    #[test]
    fn the_statistic_is_the_mean_of_bouts_minus_the_mean_outside() {
        let session = session();
        let found = examined(&session, &TuningSettings { shifts: 10, most_shifts: 0, ..TuningSettings::default() });
        assert_eq!(found.behaviours.len(), 2, "grooming has one bout");
        let crate::data::recording::Activity::Frames { values, times } = &session.activity else { unreachable!() };
        let observed = found.of(Agent::Other, "eating").unwrap();
        let own = |t: f64| {
            session
                .bouts
                .iter()
                .any(|b| b.agent == Agent::Own && b.behaviour == "eating" && (b.start..b.stop).contains(&t))
        };
        for i in 0..10 {
            let (mut means, mut outside) = (Vec::new(), Vec::new());
            let of: Vec<&Bout> = session.bouts.iter().filter(|b| b.agent == Agent::Other).collect();
            for bout in &of {
                let inside: Vec<f64> = (0..times.len())
                    .filter(|t| (bout.start..bout.stop).contains(&times[*t]) && !own(times[*t]))
                    .map(|t| f64::from(values[[i, t]]))
                    .collect();
                means.push(inside.iter().sum::<f64>() / inside.len() as f64);
            }
            for (t, time) in times.iter().enumerate() {
                if *time >= 99.0 && !own(*time) && !of.iter().any(|b| (b.start..b.stop).contains(time)) {
                    outside.push(f64::from(values[[i, t]]));
                }
            }
            let expected =
                means.iter().sum::<f64>() / means.len() as f64 - outside.iter().sum::<f64>() / outside.len() as f64;
            assert!((observed.effect[i] - expected).abs() < 1e-10, "{i}: {} and {expected}", observed.effect[i]);
            let idle = |time: f64| !session.bouts.iter().any(|b| (b.start..b.stop).contains(&time));
            let at_rest: Vec<f64> =
                (0..times.len()).filter(|t| idle(times[*t])).map(|t| f64::from(values[[i, t]])).collect();
            let mean = at_rest.iter().sum::<f64>() / at_rest.len() as f64;
            assert!((found.mean[i] - mean).abs() < 1e-12, "{i}: {} and {mean}", found.mean[i]);
        }
    }

    #[test]
    fn every_null_distribution_gives_p_values_and_threads_do_not_matter() {
        let session = session();
        for null in [Null::Window, Null::Circular, Null::Linear, Null::Trials] {
            let settings = TuningSettings {
                null,
                shifts: 200,
                window_s: 20.0,
                least_shift_s: 2.0,
                baseline_ms: [-500.0, 0.0],
                least_bouts: 5,
                ..TuningSettings::default()
            };
            let found = examined(&session, &settings);
            let p: Vec<f64> = found.behaviours.iter().flat_map(|t| t.p.clone()).collect();
            assert!(p.len() == 20 && p.iter().all(|p| (0.0..=1.0).contains(p)), "{null:?}: {p:?}");
            assert!(p.iter().any(|p| *p < 0.5) && p.iter().any(|p| *p > 0.5), "{null:?}: {p:?}");
            let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
            assert_eq!(one.install(|| examined(&session, &settings)), found);
        }
    }

    /// Draws that are added for open tests are the same as if all had been made at once.
    #[test]
    fn more_draws_are_the_draws_that_follow() {
        let mut session = session();
        let bouts = session.bouts.clone();
        let crate::data::recording::Activity::Frames { values, times } = &mut session.activity else { unreachable!() };
        let values = std::sync::Arc::make_mut(values);
        for (t, time) in times.iter().enumerate() {
            let inside = bouts.iter().any(|b| b.behaviour == "eating" && (b.start..b.stop).contains(time));
            (5..9).for_each(|i| values[[i, t]] += 0.25 * i as f32 * f32::from(u8::from(inside)));
        }
        for null in [Null::Window, Null::Circular, Null::Trials] {
            let settings = TuningSettings {
                null,
                window_s: 20.0,
                least_shift_s: 2.0,
                baseline_ms: [-500.0, 0.0],
                least_bouts: 5,
                ..TuningSettings::default()
            };
            let few = examined(&session, &TuningSettings { shifts: 50, most_shifts: 3000, ..settings.clone() });
            let all = examined(&session, &TuningSettings { shifts: 3000, most_shifts: 0, ..settings });
            let mut extended = 0;
            for (few, all) in few.behaviours.iter().zip(&all.behaviours) {
                for i in (0..10).filter(|i| few.draws[*i] == 3000) {
                    assert_eq!(few.p[i], all.p[i], "{null:?} {i}");
                    extended += 1;
                }
            }
            assert!(extended > 2 && few.behaviours.iter().any(|t| t.draws.contains(&50)), "{null:?}: {extended}");
        }
    }

    #[test]
    fn neurons_without_numbers_or_changes_are_not_tested() {
        let mut session = session();
        let crate::data::recording::Activity::Frames { values, .. } = &mut session.activity else { unreachable!() };
        let values = std::sync::Arc::make_mut(values);
        values.row_mut(2).fill(0.1);
        values[[5, 77]] = f32::NAN;
        let found = examined(&session, &TuningSettings::default());
        let expected: Vec<bool> = (0..10).map(|i| i != 2 && i != 5).collect();
        assert_eq!(found.testable, expected);
        for tests in &found.behaviours {
            let tested: Vec<bool> = tests.p.iter().map(|p| !p.is_nan()).collect();
            assert_eq!(tested, expected);
        }
    }
}
