//! From p values to classes: who is tuned to executed behaviours, to observed ones, to the same one in both.

use super::session_tests::SessionTests;
use crate::analysis::statistics::{benjamini_hochberg, pearson};
use crate::data::recording::Agent;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a neuron is tuned to, all behaviours taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Executed behaviours only; or to observed ones less surely, without mirroring any.
    #[serde(rename = "self")]
    Own,
    /// Observed behaviours only; or to executed ones less surely, without mirroring any.
    Other,
    /// The same behaviour executed and observed, so surely that q of both together is small.
    Mirror,
    /// Nothing that was tested.
    None,
    /// Not tested, or in one of both agents alone.
    Untestable,
}

impl Class {
    /// All, in the order of tables.
    pub const ALL: [Self; 5] = [Self::Own, Self::Other, Self::Mirror, Self::None, Self::Untestable];

    /// As files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Other => "other",
            Self::Mirror => "mirror",
            Self::None => "none",
            Self::Untestable => "untestable",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One behaviour in both agents.
#[derive(Clone, Debug, PartialEq)]
pub struct MirrorTests {
    /// The behaviour.
    pub behaviour: String,
    /// The larger of both p values: both null hypotheses are rejected only together (intersection–union test, Berger
    /// 1982), `[N]`.
    pub p: Vec<f64>,
    /// In the family of all neurons and behaviours that were tested in both agents, `[N]`.
    pub q: Vec<f64>,
    /// Whether both effects have the same sign, `[N]`.
    pub congruent: Vec<bool>,
}

/// The classes of the neurons of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionClasses {
    /// In the family of all neurons and behaviours of the agent, `[behaviours][N]` as in [`SessionTests::behaviours`].
    pub q: Vec<Vec<f64>>,
    /// Of the behaviours that were tested in both agents.
    pub mirror: Vec<MirrorTests>,
    /// `[N]`.
    pub class: Vec<Class>,
    /// The behaviours that each neuron mirrors, `[N]`.
    pub mirrored: Vec<Vec<String>>,
    /// Correlation over behaviours of executed and observed effects, `[N]`; NaN with fewer than three behaviours.
    pub correlation: Vec<f64>,
}

/// Classes the neurons of all sessions; discoveries are controlled at `rate` over all of them.
pub fn classify(sessions: &[&SessionTests], rate: f64) -> Vec<SessionClasses> {
    let mut all: Vec<SessionClasses> = sessions.iter().map(|tests| unclassed(tests)).collect();
    for agent in Agent::ALL {
        let of = |tests: &SessionTests| -> Vec<usize> {
            (0..tests.behaviours.len()).filter(|k| tests.behaviours[*k].agent == agent).collect()
        };
        let family: Vec<f64> = sessions
            .iter()
            .flat_map(|tests| of(tests).into_iter().flat_map(|k| tests.behaviours[k].p.iter().copied()))
            .collect();
        let mut q = benjamini_hochberg(&family).into_iter();
        for (tests, classes) in sessions.iter().zip(&mut all) {
            for k in of(tests) {
                classes.q[k] = q.by_ref().take(tests.testable.len()).collect();
            }
        }
    }
    let family: Vec<f64> = all.iter().flat_map(|c| c.mirror.iter().flat_map(|m| m.p.iter().copied())).collect();
    let mut q = benjamini_hochberg(&family).into_iter();
    for (tests, classes) in sessions.iter().zip(&mut all) {
        for mirror in &mut classes.mirror {
            mirror.q = q.by_ref().take(mirror.p.len()).collect();
        }
        for i in 0..tests.testable.len() {
            (classes.class[i], classes.mirrored[i]) = class(tests, classes, i, rate);
        }
    }
    all
}

fn unclassed(tests: &SessionTests) -> SessionClasses {
    let n = tests.testable.len();
    let pairs = || {
        let own = tests.behaviours.iter().filter(|t| t.agent == Agent::Own);
        own.filter_map(|own| Some((own, tests.of(Agent::Other, &own.behaviour)?)))
    };
    let mirror = |(own, other): (&super::BehaviourTests, &super::BehaviourTests)| MirrorTests {
        behaviour: own.behaviour.clone(),
        // The larger of both, and NaN where one is.
        p: own.p.iter().zip(&other.p).map(|(a, b)| if a >= b || a.is_nan() { *a } else { *b }).collect(),
        q: vec![f64::NAN; n],
        congruent: own.effect.iter().zip(&other.effect).map(|(a, b)| a * b > 0.0).collect(),
    };
    let correlation = |i: usize| {
        let (own, other): (Vec<f64>, Vec<f64>) = pairs().map(|(a, b)| (a.effect[i], b.effect[i])).unzip();
        if own.len() < 3 { f64::NAN } else { pearson(&own, &other) }
    };
    SessionClasses {
        q: tests.behaviours.iter().map(|t| vec![f64::NAN; t.p.len()]).collect(),
        mirror: pairs().map(mirror).collect(),
        class: vec![Class::Untestable; n],
        mirrored: vec![Vec::new(); n],
        correlation: (0..n).map(correlation).collect(),
    }
}

fn class(tests: &SessionTests, classes: &SessionClasses, i: usize, rate: f64) -> (Class, Vec<String>) {
    let tested = |agent| tests.behaviours.iter().any(|t| t.agent == agent);
    if !tests.testable[i] || !Agent::ALL.into_iter().all(tested) {
        return (Class::Untestable, Vec::new());
    }
    let mirrored: Vec<String> = classes.mirror.iter().filter(|m| m.q[i] <= rate).map(|m| m.behaviour.clone()).collect();
    // The smallest p of what the neuron is tuned to.
    let tuned = |agent: Agent| {
        let own = tests.behaviours.iter().zip(&classes.q).filter(|(t, q)| t.agent == agent && q[i] <= rate);
        own.map(|(t, _)| t.p[i]).min_by(f64::total_cmp)
    };
    let class = match (tuned(Agent::Own), tuned(Agent::Other)) {
        _ if !mirrored.is_empty() => Class::Mirror,
        (None, None) => Class::None,
        (Some(own), Some(other)) if own > other => Class::Other,
        (Some(_), _) => Class::Own,
        (None, Some(_)) => Class::Other,
    };
    (class, mirrored)
}

#[cfg(test)]
mod tests {
    use super::Class::{Mirror, None, Other, Own, Untestable};
    use super::*;
    use crate::tuning::{BehaviourTests, CountTest};

    fn tests(of: &[(Agent, &str, &[f64])]) -> SessionTests {
        let behaviour = |(agent, behaviour, p): &(Agent, &str, &[f64])| BehaviourTests {
            agent: *agent,
            behaviour: (*behaviour).into(),
            bouts: 20,
            effect: p
                .iter()
                .enumerate()
                .map(|(i, _)| if i == 1 && *agent == Agent::Other { -1.0 } else { 1.0 })
                .collect(),
            p: p.to_vec(),
            draws: vec![1000; p.len()],
            least_p: 0.001,
            count: CountTest::default(),
        };
        let n = of[0].2.len();
        SessionTests {
            testable: (0..n).map(|i| !of[0].2[i].is_nan()).collect(),
            mean: vec![1.0; n],
            behaviours: of.iter().map(behaviour).collect(),
            mirror: Vec::new(),
        }
    }

    #[test]
    fn a_mirror_neuron_does_and_sees_the_same() {
        let (yes, no) = (1e-5, 0.9);
        // Mirror, incongruent mirror, executed, observed, two behaviours apart, nothing, without numbers.
        let session = tests(&[
            (Agent::Own, "eating", &[yes, yes, yes, no, 1e-6, no, f64::NAN]),
            (Agent::Own, "grooming", &[no, no, no, no, no, no, f64::NAN]),
            (Agent::Other, "eating", &[yes, yes, no, no, no, no, f64::NAN]),
            (Agent::Other, "grooming", &[no, no, no, yes, yes, no, f64::NAN]),
        ]);
        let found = &classify(&[&session], 0.05)[0];
        assert_eq!(found.class, [Mirror, Mirror, Own, Other, Own, None, Untestable]);
        assert_eq!(found.mirrored[0], ["eating"]);
        assert_eq!(found.mirror[0].congruent[..2], [true, false]);
        assert!(found.mirror[0].p[6].is_nan() && found.mirror[0].q[6].is_nan());
        // One agent alone says nothing about mirror neurons.
        let alone = tests(&[(Agent::Own, "eating", &[yes, no])]);
        assert_eq!(classify(&[&alone], 0.05)[0].class, [Untestable, Untestable]);
    }

    /// q of each session is that of the family of all.
    #[test]
    fn discoveries_are_controlled_over_all_sessions() {
        let few = tests(&[(Agent::Own, "a", &[0.01, 0.5]), (Agent::Other, "a", &[0.5, 0.5])]);
        let more = tests(&[(Agent::Own, "a", &[0.02, 0.6, 0.7]), (Agent::Other, "a", &[0.5, 0.5, 0.5])]);
        let found = classify(&[&few, &more], 0.05);
        let expected = benjamini_hochberg(&[0.01, 0.5, 0.02, 0.6, 0.7]);
        assert_eq!([found[0].q[0].clone(), found[1].q[0].clone()].concat(), expected);
    }
}
