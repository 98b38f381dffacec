//! All sessions together.
//!
//! Sessions weigh alike: a value is the mean over those that have it. Its null distribution is that of means of sessions, each
//! with labels dealt anew by itself. Its interval is hierarchical: animals are drawn anew, sessions of each, and bouts of each
//! (Saravanan et al. 2020), with one animal sessions and bouts, with one session bouts.

use super::measure::{Draw, Measure, Measured, Who, draws, interval, studentised_p};
use super::session::SessionPopulation;
use crate::analysis::statistics::{mean, permutation_p};
use serde::Serialize;
use std::collections::BTreeMap;

/// The level of the sentence: of 100 recordings in which agents are clustered alike, one is said to differ.
const LEVEL: f64 = 0.01;
/// Matched bouts whose lengths differ by more than this factor are said to.
const UNEQUAL: f64 = 1.25;

/// The populations of all sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationStudy {
    /// The sessions, in the order of animals and names.
    pub sessions: Vec<SessionPopulation>,
    /// What they give together.
    pub combined: Vec<Combined>,
    /// Whether execution is better clustered than observation.
    pub clustering: Clustering,
}

/// A number of all sessions that have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Combined {
    /// Whose bouts.
    pub who: Who,
    /// What.
    pub measure: Measure,
    /// Sessions that have it.
    pub sessions: usize,
    /// Animals that have it.
    pub animals: usize,
    /// The mean over sessions.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// Its p; NaN where it is not tested.
    pub p: f64,
}

/// Whether execution is better clustered than observation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clustering {
    /// Who is better clustered at a level of 0.01; none where no difference is shown.
    pub better: Option<Who>,
    /// In a sentence, with the numbers.
    pub sentence: String,
}

impl PopulationStudy {
    /// Puts sessions together; `seed` is that of draws of animals and sessions.
    pub fn new(mut sessions: Vec<SessionPopulation>, seed: u64) -> Self {
        sessions.sort_by(|a, b| (&a.animal, &a.session).cmp(&(&b.animal, &b.session)));
        let mut of: BTreeMap<(Measure, Who), Vec<(&str, &Measured)>> = BTreeMap::new();
        for session in &sessions {
            for m in session.measured() {
                of.entry((m.measure, m.who)).or_default().push((&session.animal, m));
            }
        }
        let combined: Vec<Combined> = of.values().map(|each| combine(each, seed)).collect();
        let clustering = Clustering::of(&sessions, &combined);
        Self { sessions, combined, clustering }
    }

    /// What sessions give together.
    pub fn of(&self, who: Who, measure: Measure) -> Option<&Combined> {
        self.combined.iter().find(|c| c.who == who && c.measure == measure)
    }
}

impl SessionPopulation {
    /// All numbers of a session.
    pub fn measured(&self) -> impl Iterator<Item = &Measured> {
        self.separation.iter().chain(self.matched.iter().flat_map(|m| &m.measures))
    }

    /// A number of the session.
    pub fn of(&self, who: Who, measure: Measure) -> Option<&Measured> {
        self.measured().find(|m| m.who == who && m.measure == measure)
    }
}

fn combine(each: &[(&str, &Measured)], seed: u64) -> Combined {
    let count = each.len() as f64;
    let (who, measure) = (each[0].1.who, each[0].1.measure);
    let value = mean(&each.iter().map(|(_, m)| m.value).collect::<Vec<_>>());
    // Draw by draw, those that all sessions have.
    let length = |of: &dyn Fn(&Measured) -> usize| each.iter().map(|(_, m)| of(m)).min().unwrap_or(0);
    let null: Vec<f64> =
        (0..length(&|m| m.null.len())).map(|k| each.iter().map(|(_, m)| m.null[k]).sum::<f64>() / count).collect();
    let joint =
        |errors: &dyn Fn(&Measured) -> f64| each.iter().map(|(_, m)| errors(m).powi(2)).sum::<f64>().sqrt() / count;
    let p = match each[0].1.error {
        Some(_) => {
            let errors: Vec<f64> = (0..length(&|m| m.null_error.len())).map(|k| joint(&|m| m.null_error[k])).collect();
            studentised_p(value, joint(&|m| m.error.unwrap_or(f64::NAN)), &null, &errors)
        }
        None if null.is_empty() => f64::NAN,
        None => permutation_p(value, &null),
    };
    let mut animals: BTreeMap<&str, Vec<&Measured>> = BTreeMap::new();
    for (animal, m) in each {
        animals.entry(animal).or_default().push(m);
    }
    let animals: Vec<Vec<&Measured>> = animals.into_values().collect();
    let purpose = (measure as u32) << 3 | who as u32;
    let drawn = |number: usize| {
        let mut draws = draws(seed, Draw::Sessions, purpose, number);
        let (mut sum, mut sessions) = (0.0, 0.0);
        for _ in 0..animals.len() {
            let animal = &animals[draws.below(animals.len())];
            for _ in 0..animal.len() {
                let session = animal[draws.below(animal.len())];
                sum += session.spread[draws.below(session.spread.len())];
                sessions += 1.0;
            }
        }
        sum / sessions
    };
    let spread: Vec<f64> = (0..length(&|m| m.spread.len())).map(drawn).collect();
    let interval = if each.len() == 1 { each[0].1.interval() } else { interval(&spread) };
    Combined { who, measure, sessions: each.len(), animals: animals.len(), value, interval, p }
}

impl Clustering {
    fn of(sessions: &[SessionPopulation], combined: &[Combined]) -> Self {
        let of = |who: Who| combined.iter().find(|c| c.who == who && c.measure == Measure::Matched);
        let (Some(own), Some(other), Some(difference)) = (of(Who::Own), of(Who::Other), of(Who::Difference)) else {
            let sentence = "Whether execution is better clustered than observation cannot be said: no session has two behaviours with bouts enough of both.";
            return Self { better: None, sentence: sentence.into() };
        };
        let better = match difference {
            d if d.p.is_nan() || d.p >= LEVEL => None,
            d if d.value > 0.0 => Some(Who::Own),
            _ => Some(Who::Other),
        };
        let claim = match better {
            Some(Who::Own) => "Execution is better clustered than observation",
            Some(_) => "Observation is better clustered than execution",
            None => "No difference between how well execution and observation are clustered is shown",
        };
        let [low, high] = difference.interval;
        let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let p = if difference.p < 0.1 { format!("{:.1e}", difference.p) } else { format!("{:.2}", difference.p) };
        let told = format!(
            "{claim}: in matched bouts the mean silhouette is {:.3} against {:.3}, a difference of {:.3} (95 % interval {low:.3} to {high:.3}; p = {p}, agents of bouts dealt anew; {} of {}).",
            own.value,
            other.value,
            difference.value,
            plural(difference.sessions, "session"),
            plural(difference.animals, "animal"),
        );
        let ratios: Vec<f64> =
            sessions.iter().filter_map(|s| s.matched.as_ref()).map(|m| m.length_ratio.ln()).collect();
        let ratio = mean(&ratios).exp();
        let unequal = format!(
            " Executed bouts are {ratio:.2} times as long as the observed ones that they are matched with, for want of others: longer bouts are averaged over more frames, and cluster better for that alone."
        );
        let sentence = if ratio.max(1.0 / ratio) > UNEQUAL { told + &unequal } else { told };
        Self { better, sentence }
    }
}
