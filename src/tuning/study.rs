//! All sessions together: classes, overlap beyond independence, stability, and the verdict.

use super::classes::{Class, SessionClasses, classify};
use super::session_study::SessionStudy;
use super::session_tests::{CountTest, SessionTests};
use super::settings::TuningSettings;
use super::stability::Stability;
use super::verdict::{AnimalEvidence, Judgement, judge};
use crate::analysis::statistics::{Overlap, overlap, strata_of_like};
use crate::data::recording::Agent;
use serde::Serialize;
use std::collections::BTreeSet;

/// Neurons of a stratum at most: where strata are larger, neurons of one differ in rate, and whoever is found tuned more easily
/// to one behaviour is so to any.
const STRATUM: usize = 20;

/// What was found in all sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct TuningStudy {
    /// The sessions, in the order of animals and names.
    pub sessions: Vec<SessionStudy>,
    /// Their classes, `[sessions]`.
    pub classes: Vec<SessionClasses>,
    /// The classes on what covariates leave, `[sessions]`; none for sessions without covariates.
    pub given_covariates: Vec<Option<SessionClasses>>,
    /// Numbers of tuned neurons, beside their null distributions.
    pub counts: Vec<Counted>,
    /// Whether neurons tuned to an executed behaviour are tuned to the same observed more often than others of like rate.
    pub overlap: Overlap,
    /// Whether neurons keep their classes from a session to the next.
    pub stability: Stability,
    /// What may be concluded.
    pub judgement: Judgement,
}

/// Neurons tuned to one behaviour of one agent, or mirroring it, over all sessions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Counted {
    /// Who; none counts neurons with both p below the level.
    pub agent: Option<Agent>,
    /// What.
    pub behaviour: String,
    /// Neurons that were tested.
    pub tested: usize,
    /// With p below the level of counts.
    pub observed: usize,
    /// Mean over draws.
    pub expected: f64,
    /// One-sided.
    pub p: f64,
    /// Neurons with q at most the rate of false discoveries.
    pub discovered: usize,
    /// With p below the level where the bouts are those of another session; none without such sessions.
    pub mismatched: Option<usize>,
    /// The number in each draw.
    #[serde(skip)]
    pub null: Vec<usize>,
}

impl TuningStudy {
    /// Puts sessions together.
    pub fn new(mut sessions: Vec<SessionStudy>, settings: &TuningSettings) -> Self {
        sessions.sort_by(|a, b| (&a.animal, &a.session).cmp(&(&b.animal, &b.session)));
        let rate = settings.false_discoveries;
        let tests: Vec<&SessionTests> = sessions.iter().map(|s| &s.examined.tests).collect();
        let classes = classify(&tests, rate);
        let residual: Vec<&SessionTests> =
            sessions.iter().filter_map(|s| s.residual.as_ref().map(|r| &r.tests)).collect();
        let mut of_residual = classify(&residual, rate).into_iter();
        let given_covariates = sessions.iter().map(|s| s.residual.as_ref().and_then(|_| of_residual.next())).collect();
        let counts = counts(&sessions, &classes, settings);
        let judgement = judge(&evidence(&sessions), settings.count_level);
        Self {
            overlap: overlap_of(&tests, settings.count_level),
            stability: Stability::new(&sessions, &classes, settings.seed),
            counts,
            judgement,
            classes,
            given_covariates,
            sessions,
        }
    }

    /// How many neurons are of a class.
    pub fn of_class(&self, class: Class) -> usize {
        self.classes.iter().flat_map(|c| &c.class).filter(|c| **c == class).count()
    }
}

fn evidence(sessions: &[SessionStudy]) -> Vec<AnimalEvidence> {
    let mut animals: Vec<AnimalEvidence> = Vec::new();
    for session in sessions {
        if animals.last().is_none_or(|a| a.animal != session.animal) {
            animals.push(AnimalEvidence { animal: session.animal.clone(), ..AnimalEvidence::default() });
        }
        if let Some(animal) = animals.last_mut() {
            animal.counts.extend(session.examined.tests.mirror.iter().map(|(_, count)| count.clone()));
            animal.probes.extend(session.examined.probes.iter().cloned());
            animal.agents.extend(session.examined.tests.behaviours.iter().map(|t| t.agent));
        }
    }
    animals
}

/// The numbers of tuned neurons by agent and behaviour, those of both agents last.
fn counts(sessions: &[SessionStudy], classes: &[SessionClasses], settings: &TuningSettings) -> Vec<Counted> {
    let of = |s: &SessionStudy| s.examined.tests.behaviours.iter().map(|t| t.behaviour.clone()).collect::<Vec<_>>();
    let behaviours: BTreeSet<String> = sessions.iter().flat_map(of).collect();
    let kinds = [Some(Agent::Own), Some(Agent::Other), None];
    let all = kinds.into_iter().flat_map(|agent| behaviours.iter().map(move |behaviour| (agent, behaviour)));
    all.filter_map(|(agent, behaviour)| counted(sessions, classes, settings, agent, behaviour)).collect()
}

fn counted(
    sessions: &[SessionStudy],
    classes: &[SessionClasses],
    settings: &TuningSettings,
    agent: Option<Agent>,
    behaviour: &str,
) -> Option<Counted> {
    let rate = settings.false_discoveries;
    let count_in = |tests: &SessionTests| match agent {
        Some(agent) => tests.of(agent, behaviour).map(|t| t.count.clone()),
        None => tests.mirror.iter().find(|(name, _)| name == behaviour).map(|(_, count)| count.clone()),
    };
    let q_of = |(tests, classes): (&SessionTests, &SessionClasses)| match agent {
        Some(agent) => {
            let k = tests.behaviours.iter().position(|t| t.agent == agent && t.behaviour == behaviour);
            k.map_or_else(Vec::new, |k| classes.q[k].clone())
        }
        None => classes.mirror.iter().find(|m| m.behaviour == behaviour).map_or_else(Vec::new, |m| m.q.clone()),
    };
    let q: Vec<f64> =
        sessions.iter().map(|s| &s.examined.tests).zip(classes).flat_map(q_of).filter(|q| !q.is_nan()).collect();
    let count: CountTest = sessions.iter().filter_map(|s| count_in(&s.examined.tests)).reduce(|a, b| a.and(&b))?;
    let mismatched: Vec<usize> =
        sessions.iter().filter_map(|s| s.mismatched.as_ref().and_then(count_in)).map(|count| count.observed).collect();
    Some(Counted {
        agent,
        behaviour: behaviour.into(),
        tested: q.len(),
        observed: count.observed,
        expected: count.null.iter().sum::<usize>() as f64 / count.null.len() as f64,
        p: count.p(),
        discovered: q.iter().filter(|q| **q <= rate).count(),
        mismatched: (!mismatched.is_empty()).then(|| mismatched.iter().sum()),
        null: count.null,
    })
}

/// Pairs of neuron and behaviour tested in both agents, in strata of session, behaviour and like activity where nothing is done.
fn overlap_of(sessions: &[&SessionTests], level: f64) -> Overlap {
    let (mut first, mut second, mut group, mut activity) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, tests) in sessions.iter().enumerate() {
        for (k, own) in tests.behaviours.iter().enumerate().filter(|(_, t)| t.agent == Agent::Own) {
            let Some(other) = tests.of(Agent::Other, &own.behaviour) else { continue };
            for i in (0..tests.testable.len()).filter(|i| tests.testable[*i]) {
                first.push(own.p[i] < level);
                second.push(other.p[i] < level);
                group.push((number << 16) + k);
                activity.push(tests.mean[i]);
            }
        }
    }
    let strata = strata_of_like(&group, &activity, STRATUM).unwrap_or_default();
    overlap(&first, &second, &strata)
}
