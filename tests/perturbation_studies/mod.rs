//! Studies for the tests of their report.
#![allow(missing_docs, dead_code)] // Each test file uses a part.

pub(crate) mod made_up;
pub(crate) mod runs;
pub(crate) mod small;

use aon::network::{Area, Population};
use aon::task::{Condition, ConditionClass};

pub(crate) fn population(areas: &[(&str, usize)], mirror: bool) -> Population {
    let areas: Vec<Area> = areas.iter().map(|(name, size)| Area { name: (*name).into(), size: *size }).collect();
    let n: usize = areas.iter().map(|a| a.size).sum();
    let is_mirror = |i: usize| i % 9 < 4;
    Population::new(areas, (0..n).map(|i| i % 5 == 0).collect(), mirror.then(|| (0..n).map(is_mirror).collect()))
        .unwrap()
}

/// Executed, then observed conditions, each Go with every object, then No-Go.
pub(crate) fn conditions(objects: &[&str]) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (class, verb) in [(ConditionClass::Execution, "execute"), (ConditionClass::Observation, "observe")] {
        for go in [true, false] {
            for object in objects {
                conditions.push(Condition {
                    name: format!("{verb} {} {object}", if go { "go" } else { "no-go" }),
                    firing_rates: format!("FR{}", conditions.len() + 1),
                    input: usize::from(class == ConditionClass::Observation),
                    sequence: format!("{go} {object}"),
                    class,
                    go: Some(go),
                    object: Some((*object).into()),
                });
            }
        }
    }
    conditions
}
