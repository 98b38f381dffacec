//! Whether execution is better clustered than observation, in bouts that are matched.
//!
//! A silhouette depends on how many bouts there are and how long they are, and so would a comparison. Of each behaviour that
//! both agents have, all bouts of the one with fewer are taken, and as many of the other's, each as nearly as long as can be.
//! Where there is a choice it is drawn, and the comparison is the mean over draws.
//!
//! The difference is tested in its standard errors, against the same with the agents of the bouts of each behaviour dealt anew
//! (Janssen 1997; Chung and Romano 2016 for statistics of pairs): such a test keeps its level for agents that are alike, and, as
//! bouts become many, also for agents that are equally well clustered in different places. The standard error is that of the
//! infinitesimal jackknife over bouts.

use super::measure::{Draw, Measure, Measured, Who, draws, weights};
use super::separation::Space;
use super::settings::PopulationSettings;
use super::vectors::Points;
use crate::analysis::population::silhouette;
use crate::analysis::statistics::mean;
use crate::data::recording::Agent;
use crate::rng::Draws;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// Execution and observation in matched bouts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// The behaviours, and how many bouts of each agent are taken of each.
    pub behaviours: Vec<(String, usize)>,
    /// How many times as long executed bouts are as the observed ones that they are matched with: the geometric mean.
    pub length_ratio: f64,
    /// The silhouettes of both, untested, and the difference.
    pub measures: Vec<Measured>,
}

/// The bouts of the behaviours of both agents.
struct Pool<'a> {
    space: &'a Space,
    /// Numbers of the bouts, `[bouts]`.
    items: Vec<usize>,
    labels: Vec<usize>,
    log_length: Vec<f64>,
    classes: usize,
}

/// A comparison.
struct Compared {
    own: f64,
    other: f64,
    error: f64,
    log_ratio: f64,
}

/// Compares the agents in the bouts of behaviours that both have often enough; no measure with fewer than two such behaviours,
/// `None` if it was asked to stop.
pub(super) fn matched(
    points: &Points,
    space: &Space,
    behaviours: &[usize],
    settings: &PopulationSettings,
    key: u64,
    stop: &AtomicBool,
) -> Option<Matched> {
    let class = |b: &usize| behaviours.iter().position(|k| *k == points.bouts[*b].behaviour);
    let all = || (0..points.bouts.len()).filter_map(|b| Some((b, class(&b)?)));
    let pool = Pool {
        space,
        items: all().map(|(b, _)| b).collect(),
        labels: all().map(|(_, class)| class).collect(),
        log_length: all().map(|(b, _)| points.bouts[b].seconds.ln()).collect(),
        classes: behaviours.len(),
    };
    let executed: Vec<bool> = pool.items.iter().map(|b| points.bouts[*b].agent == Agent::Own).collect();
    let even = vec![1.0; executed.len()];
    let found = pool.compare(&executed, &even, settings.subsets, key, 0);
    let draw = |number: usize| {
        (!stop.load(Ordering::Relaxed)).then(|| {
            let drawn = weights(&mut draws(key, Draw::Weights, Who::Difference as u32, number), executed.len());
            let dealt = pool.dealt(&executed, &mut draws(key, Draw::Agents, 0, number));
            let weighted = pool.compare(&executed, &drawn, settings.subsets, key, 0);
            (weighted, pool.compare(&dealt, &even, settings.subsets, key, number as u32 + 1))
        })
    };
    let drawn: Vec<(Compared, Compared)> = (0..settings.draws).into_par_iter().map(draw).collect::<Option<_>>()?;
    let count = |class: usize| pool.pairs(&executed, class);
    let bouts = (0..pool.classes).map(count).sum();
    let measured = |who: Who, of: fn(&Compared) -> f64| {
        let tested = who == Who::Difference;
        let null = |of: fn(&Compared) -> f64| drawn.iter().filter(|_| tested).map(|(_, null)| of(null)).collect();
        Measured {
            who,
            measure: Measure::Matched,
            bouts,
            behaviours: pool.classes,
            value: of(&found),
            error: tested.then_some(found.error),
            spread: drawn.iter().map(|(spread, _)| of(spread)).collect(),
            null: null(of),
            null_error: null(|c| c.error),
        }
    };
    Some(Matched {
        behaviours: (0..pool.classes).map(|k| (points.behaviours[behaviours[k]].clone(), count(k))).collect(),
        length_ratio: found.log_ratio.exp(),
        measures: vec![
            measured(Who::Own, |c| c.own),
            measured(Who::Other, |c| c.other),
            measured(Who::Difference, |c| c.own - c.other),
        ],
    })
}

impl Pool<'_> {
    /// How many bouts of a class each agent has matched.
    fn pairs(&self, executed: &[bool], class: usize) -> usize {
        let count = |of: bool| (0..executed.len()).filter(|i| self.labels[*i] == class && executed[*i] == of).count();
        count(true).min(count(false))
    }

    /// Agents dealt anew among the bouts of each behaviour.
    fn dealt(&self, executed: &[bool], draws: &mut Draws) -> Vec<bool> {
        let mut dealt = executed.to_vec();
        for class in 0..self.classes {
            let members: Vec<usize> = (0..executed.len()).filter(|i| self.labels[*i] == class).collect();
            let mut own: Vec<bool> = members.iter().map(|i| executed[*i]).collect();
            draws.shuffle(&mut own);
            members.iter().zip(own).for_each(|(i, agent)| dealt[*i] = agent);
        }
        dealt
    }

    /// The mean over subsets, keyed by `number`; one where both agents have as many bouts of each behaviour: there is no choice.
    fn compare(&self, executed: &[bool], weights: &[f64], subsets: usize, key: u64, number: u32) -> Compared {
        let has_choice = (0..self.classes).any(|class| {
            let of_class = self.labels.iter().filter(|l| **l == class).count();
            of_class != 2 * self.pairs(executed, class)
        });
        let subsets = if has_choice { subsets } else { 1 };
        let n = executed.len();
        let (mut influence, mut taken) = (vec![0.0; n], vec![0.0; n]);
        let (mut own, mut other, mut log_ratio) = (0.0, 0.0, 0.0);
        for subset in 0..subsets {
            let (mine, theirs) =
                self.subset(executed, &mut draws(key, Draw::Agents, subset as u32 + 1, number as usize));
            let share = 1.0 / subsets as f64;
            for (side, sign, sum) in [(&mine, share, &mut own), (&theirs, -share, &mut other)] {
                let of = |values: &[f64]| side.iter().map(|i| values[*i]).collect::<Vec<f64>>();
                let items: Vec<usize> = side.iter().map(|i| self.items[*i]).collect();
                let labels: Vec<usize> = side.iter().map(|i| self.labels[*i]).collect();
                let found = silhouette(&self.space.distances, &items, &labels, &of(weights));
                *sum += share * found.mean;
                log_ratio += sign * mean(&of(&self.log_length));
                for (i, by_weight) in side.iter().zip(&found.by_weight) {
                    influence[*i] += sign * by_weight;
                    taken[*i] += share;
                }
            }
        }
        Compared { own, other, error: self.error(executed, &influence, &taken), log_ratio }
    }

    /// The bouts of both agents that are compared, those of the agent with fewer in random order, each with the one of the other
    /// agent that is most nearly as long among those that are left.
    fn subset(&self, executed: &[bool], draws: &mut Draws) -> (Vec<usize>, Vec<usize>) {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for class in 0..self.classes {
            let mut of = |agent: bool| {
                let own = (0..executed.len()).filter(|i| self.labels[*i] == class && executed[*i] == agent);
                let mut own: Vec<usize> = own.collect();
                draws.shuffle(&mut own);
                own
            };
            let (own, other) = (of(true), of(false));
            let (fewer, mut more) =
                if own.len() <= other.len() { (&own, other.clone()) } else { (&other, own.clone()) };
            let mut partners = Vec::new();
            for bout in fewer {
                let far = |k: &usize| (self.log_length[more[*k]] - self.log_length[*bout]).abs();
                let nearest = (0..more.len()).min_by(|a, b| far(a).total_cmp(&far(b)));
                partners.extend(nearest.map(|k| more.swap_remove(k)));
            }
            let (first, second) = if own.len() <= other.len() { (fewer, &partners) } else { (&partners, fewer) };
            mine.extend(first);
            theirs.extend(second);
        }
        (mine, theirs)
    }

    /// The standard error, if the numbers of bouts of each agent and behaviour are given.
    fn error(&self, executed: &[bool], influence: &[f64], taken: &[f64]) -> f64 {
        let mut variance = 0.0;
        for agent in [true, false] {
            for class in 0..self.classes {
                let own = || (0..executed.len()).filter(move |i| self.labels[*i] == class && executed[*i] == agent);
                let count: f64 = own().map(|i| taken[i]).sum();
                let mean = own().map(|i| influence[i]).sum::<f64>() / count;
                let squares: f64 = own().map(|i| (influence[i] - taken[i] * mean).powi(2)).sum();
                variance += squares * count / (count - 1.0).max(1.0);
            }
        }
        variance.sqrt()
    }
}
