//! What decides how the numbers of a network are read.

use crate::engine::{Problem, TimeConstants};
use crate::network::{Constraint, Dale, Population};
use serde::{Deserialize, Serialize};

/// What turns parameters into a network: whose weights have which sign, which weights reach another area, and what a
/// parameter of time means. It travels with the weights, because the same numbers under another reading are another
/// network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Sizes of the areas, in the order of the neurons.
    area_sizes: Vec<usize>,
    /// One digit per neuron: 1 for inhibitory ones.
    inhibitory: String,
    /// Signs.
    #[serde(flatten)]
    constraint: Constraint,
    /// Range of the time constants.
    time_constants: TimeConstants,
}

impl Reading {
    /// That of the networks of `problem`.
    pub fn of(problem: &Problem) -> Self {
        Self {
            area_sizes: area_sizes(&problem.population),
            inhibitory: problem.population.inhibitory().iter().map(|i| if *i { '1' } else { '0' }).collect(),
            constraint: problem.constraint,
            time_constants: problem.time_constants,
        }
    }

    /// What differs between this reading, of weights that were trained, and `now`, as `what it was, and what it is`; `None`
    /// if a network is the same under both. Two ways to keep the same signs are the same.
    pub fn difference(&self, now: &Self) -> Option<(String, String)> {
        let (t, n) = (self.time_constants, now.time_constants);
        let has_signs = self.constraint.dale != Dale::None;
        if self.area_sizes != now.area_sizes {
            let text = |sizes: &[usize]| {
                let list: Vec<String> = sizes.iter().map(ToString::to_string).collect();
                format!("areas of {} neurons", list.join(", "))
            };
            return Some((text(&self.area_sizes), text(&now.area_sizes)));
        }
        if t != n {
            let text = |t: TimeConstants| format!("time constants of {} to {} steps", t.min, t.max);
            return Some((text(t), text(n)));
        }
        if self.constraint.dale != now.constraint.dale {
            let text = |c: Constraint| format!("dale = {:?}", c.dale).to_lowercase();
            return Some((text(self.constraint), text(now.constraint)));
        }
        if has_signs && self.inhibitory != now.inhibitory {
            let pairs = self.inhibitory.chars().zip(now.inhibitory.chars()).zip(1..);
            let rows: Vec<String> = pairs.filter(|((a, b), _)| a != b).map(|(_, row)| row.to_string()).collect();
            let inhibitory = |digits: &str| digits.chars().filter(|d| *d == '1').count();
            let which = if rows.len() > 8 {
                format!("{} and {} more", rows[..8].join(", "), rows.len() - 8)
            } else {
                rows.join(", ")
            };
            return Some((
                format!("{} inhibitory neurons", inhibitory(&self.inhibitory)),
                format!("{}, with other types in the rows {which}", inhibitory(&now.inhibitory)),
            ));
        }
        None
    }
}

/// Sizes of the areas of a population.
pub(crate) fn area_sizes(population: &Population) -> Vec<usize> {
    population.areas().iter().map(|a| a.size).collect()
}
