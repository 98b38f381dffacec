//! Neurons that are looked at one by one: those whose tuning is surest.

use super::classes::{Class, SessionClasses, classify};
use super::session_study::SessionStudy;
use super::session_tests::SessionTests;
use super::study::TuningStudy;
use crate::data::recording::Agent;
use std::cmp::Ordering;

/// Neurons that are chosen.
const CHOSEN: usize = 12;
/// Of each class, at most.
const OF_CLASS: usize = 4;

/// A neuron to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct ChosenCell {
    /// Its session, as a number among those of the study.
    pub session: usize,
    /// Its number in the session.
    pub neuron: usize,
    /// What it is tuned to most surely.
    pub behaviour: String,
}

/// How surely a neuron is tuned to a behaviour: small p first, of equal ones large effects.
#[derive(Clone, Debug)]
struct Surety {
    p: f64,
    effect: f64,
    behaviour: String,
}

impl Surety {
    fn of(tests: &SessionTests, classes: &SessionClasses, i: usize, class: Class) -> Option<Self> {
        let by_agent = |agent: Agent| -> Vec<Self> {
            let own = tests.behaviours.iter().filter(|t| t.agent == agent);
            own.map(|t| Self { p: t.p[i], effect: t.effect[i].abs(), behaviour: t.behaviour.clone() }).collect()
        };
        let all = match class {
            Class::Other => by_agent(Agent::Other),
            Class::Mirror => {
                let effect = |agent, behaviour: &str| tests.of(agent, behaviour).map_or(0.0, |t| t.effect[i].abs());
                let both = |behaviour: &str| effect(Agent::Own, behaviour).min(effect(Agent::Other, behaviour));
                let of = |m: &super::MirrorTests| Self {
                    p: m.p[i],
                    effect: both(&m.behaviour),
                    behaviour: m.behaviour.clone(),
                };
                classes.mirror.iter().map(of).collect()
            }
            Class::Own | Class::None | Class::Untestable => by_agent(Agent::Own),
        };
        all.into_iter().filter(|s| !s.p.is_nan()).min_by(Self::compare)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.p.total_cmp(&other.p).then(other.effect.total_cmp(&self.effect))
    }
}

/// Neurons of one session among which those that are chosen of all sessions will be, as far as one session can tell: single
/// bouts are to be kept of them. `rate` is that of false discoveries.
pub fn candidates(study: &SessionStudy, rate: f64) -> Vec<usize> {
    let tests = &study.examined.tests;
    let classes = &classify(&[tests], rate)[0];
    let mut found = Vec::new();
    for class in [Class::Mirror, Class::Own, Class::Other, Class::None] {
        let of_class = |i: &usize| class == Class::None || classes.class[*i] == class;
        let mut sure: Vec<(usize, Surety)> = (0..tests.testable.len())
            .filter(of_class)
            .filter_map(|i| Some((i, Surety::of(tests, classes, i, class)?)))
            .collect();
        sure.sort_by(|a, b| a.1.compare(&b.1));
        found.extend(sure.into_iter().take(CHOSEN).map(|(i, _)| i));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The neurons to look at, of those that are `kept` (by session and number): up to four mirror cells, four tuned to
/// execution and four to observation, the surest first; where there are fewer, those most surely tuned to an executed
/// behaviour fill up to twelve.
pub fn chosen(study: &TuningStudy, kept: &dyn Fn(usize, usize) -> bool) -> Vec<ChosenCell> {
    let mut found: Vec<ChosenCell> = Vec::new();
    for (class, most) in
        [(Class::Mirror, OF_CLASS), (Class::Own, OF_CLASS), (Class::Other, OF_CLASS), (Class::None, CHOSEN)]
    {
        let mut sure: Vec<(Surety, ChosenCell)> = Vec::new();
        for (number, (session, classes)) in study.sessions.iter().zip(&study.classes).enumerate() {
            let tests = &session.examined.tests;
            for i in (0..tests.testable.len()).filter(|i| kept(number, *i)) {
                let is_of_class = class == Class::None || classes.class[i] == class;
                let is_new = found.iter().all(|c| (c.session, c.neuron) != (number, i));
                let surety = Surety::of(tests, classes, i, class).filter(|_| is_of_class && is_new);
                sure.extend(surety.map(|s| {
                    let behaviour = s.behaviour.clone();
                    (s, ChosenCell { session: number, neuron: i, behaviour })
                }));
            }
        }
        sure.sort_by(|a, b| a.0.compare(&b.0));
        let room = most.min(CHOSEN - found.len());
        found.extend(sure.into_iter().take(room).map(|(_, cell)| cell));
    }
    found
}
