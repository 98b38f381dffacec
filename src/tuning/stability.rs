//! Whether neurons keep their classes from a session to the next.

use super::classes::{Class, SessionClasses};
use super::session_study::SessionStudy;
use crate::analysis::statistics::{Agreement, agreement, holm};
use serde::Serialize;
use std::collections::BTreeMap;

/// Shuffles of identities.
const SHUFFLES: usize = 10_000;

/// Whether neurons that were identified in two successive sessions of their animal have the same class in both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stability {
    /// Of all classes.
    #[serde(flatten)]
    pub all: Agreement,
    /// Of each class that a neuron has in one of both sessions.
    pub classes: Vec<ClassStability>,
}

/// Whether neurons of one class have it again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassStability {
    /// The class.
    pub class: Class,
    /// Neurons that have it in the first session.
    pub first: usize,
    /// Of these, in the second, too.
    pub kept: usize,
    /// Their mean number if identities said nothing: exact, not drawn.
    pub expected: f64,
    /// The probability of as many if identities said nothing; NaN where their number could not have been another.
    pub p: f64,
    /// Corrected over classes (Holm 1979).
    pub corrected: f64,
}

/// A neuron in two successive sessions.
struct Seen {
    first: Class,
    second: Class,
    /// The number of the first session.
    pair: usize,
}

impl Stability {
    /// Of `sessions` in the order of animals and names, and their classes; identities are dealt anew by `seed`. Neurons that
    /// could not be classed in both sessions are left out.
    pub(super) fn new(sessions: &[SessionStudy], classes: &[SessionClasses], seed: u64) -> Self {
        let seen = seen(sessions, classes);
        let pairs: Vec<usize> = seen.iter().map(|s| s.pair).collect();
        let test = |label: &dyn Fn(Class) -> usize, number: u32| {
            let (first, second): (Vec<_>, Vec<_>) = seen.iter().map(|s| (label(s.first), label(s.second))).unzip();
            agreement(&first, &second, &pairs, SHUFFLES, seed, number)
        };
        let of_class = |class: Class| {
            let count = |is: &dyn Fn(&Seen) -> bool| seen.iter().filter(|s| is(s)).count();
            let (first, second) = (count(&|s| s.first == class), count(&|s| s.second == class));
            // Whether two labels agree, the class and all others, says the same as how many keep the class: margins are fixed.
            let found = test(&|c| usize::from(c == class), class as u32 + 1);
            (first + second > 0).then(|| ClassStability {
                class,
                first,
                kept: count(&|s| s.first == class && s.second == class),
                expected: f64::midpoint(found.items as f64 * (found.expected - 1.0), (first + second) as f64),
                p: found.p,
                corrected: f64::NAN,
            })
        };
        let mut classes: Vec<ClassStability> = Class::ALL.into_iter().filter_map(of_class).collect();
        let corrected = holm(&classes.iter().map(|c| c.p).collect::<Vec<_>>());
        classes.iter_mut().zip(corrected).for_each(|(class, corrected)| class.corrected = corrected);
        Self { all: test(&|c| c as usize, 0), classes }
    }
}

fn seen(sessions: &[SessionStudy], classes: &[SessionClasses]) -> Vec<Seen> {
    let mut found = Vec::new();
    for (pair, two) in sessions.windows(2).enumerate() {
        if two[0].animal != two[1].animal {
            continue;
        }
        let of = |k: usize| -> BTreeMap<&str, Class> {
            let named = two[k].neurons.iter().zip(&classes[pair + k].class);
            let named = named.filter(|(_, class)| **class != Class::Untestable);
            named.filter_map(|(neuron, class)| Some((neuron.identity.as_deref()?, *class))).collect()
        };
        let (before, after) = (of(0), of(1));
        let both = |(identity, first)| Some(Seen { first, second: *after.get(identity)?, pair });
        found.extend(before.into_iter().filter_map(both));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::classes::Class::{Mirror, None, Own, Untestable};
    use super::super::examine::Examined;
    use super::super::session_tests::SessionTests;
    use super::*;
    use crate::data::recording::Neuron;

    fn session(name: &str, class: &[Class]) -> (SessionStudy, SessionClasses) {
        let n = class.len();
        let tests = SessionTests { testable: vec![true; n], mean: vec![1.0; n], behaviours: vec![], mirror: vec![] };
        let neuron = |i: usize| Neuron { identity: Some(format!("cell {i}")), ..Neuron::default() };
        let study = SessionStudy {
            animal: "a".into(),
            session: name.into(),
            neurons: (0..n).map(neuron).collect(),
            examined: Examined { tests: tests.clone(), probes: vec![] },
            onset: tests.clone(),
            still: tests,
            residual: Option::None,
            mismatched: Option::None,
        };
        let classes = SessionClasses {
            q: vec![],
            mirror: vec![],
            class: class.to_vec(),
            mirrored: vec![vec![]; n],
            correlation: vec![f64::NAN; n],
        };
        (study, classes)
    }

    /// Of eight neurons two are mirror both times, always the same: one of 28 ways to deal them.
    #[test]
    fn each_class_is_tested_by_itself() {
        let (one, first) = session("1", &[Mirror, Mirror, Own, None, None, None, None, None, Untestable]);
        let (two, second) = session("2", &[Mirror, Mirror, None, Own, None, None, None, None, Mirror]);
        let found = Stability::new(&[one, two], &[first, second], 3);
        assert_eq!(found.all.items, 8);
        let of = |class: Class| *found.classes.iter().find(|c| c.class == class).unwrap();
        let mirror = of(Mirror);
        assert_eq!((mirror.first, mirror.kept, mirror.expected), (2, 2, 0.5));
        // Standard error 0.002.
        assert!((mirror.p - 1.0 / 28.0).abs() < 0.008, "{mirror:?}");
        assert!((mirror.corrected - 3.0 * mirror.p).abs() < 1e-12, "{mirror:?}");
        let own = of(Own);
        assert!((own.first, own.kept) == (1, 0) && own.p == 1.0 && (own.expected - 0.125).abs() < 1e-12, "{own:?}");
        assert_eq!((of(None).first, of(None).kept), (5, 4));
        assert!(found.classes.iter().all(|c| c.class != Untestable));
    }
}
