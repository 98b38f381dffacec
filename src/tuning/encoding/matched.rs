//! Bouts of execution and observation that are alike in number and duration.

use super::design::SessionDesign;
use super::folds::Fold;
use crate::data::recording::Agent;
use crate::rng::{Draws, Rng, Stream};

/// Bouts are alike if neither lasts longer than this times the other.
const ALIKE: f64 = 1.25;

/// A set of pairs of bouts.
pub(super) struct Matching {
    /// Pairs.
    pub(super) pairs: usize,
    /// Frames of bouts that have no partner.
    pub(super) unmatched: Vec<std::ops::Range<usize>>,
}

impl Matching {
    /// Pairs of an executed and an observed bout of one behaviour that are alike long, as many as a random order gives; `number` is that of
    /// the draw.
    pub(super) fn new(session: &SessionDesign, seed: u64, key: u64, number: usize) -> Self {
        let rng = Rng::new(seed ^ key, number as u32, Stream::Matchings);
        let mut found = Self { pairs: 0, unmatched: Vec::new() };
        let units = &session.units;
        let mut partnered = vec![false; units.len()];
        for (own, unit) in units.iter().enumerate().filter(|(_, u)| u.agent == Agent::Own) {
            let other = units.iter().position(|o| o.agent == Agent::Other && o.behaviour == unit.behaviour);
            let Some(other) = other else { continue };
            (partnered[own], partnered[other]) = (true, true);
            let mut draws = Draws::new(rng.at_step(own as u32));
            let few = if units[own].events.len() <= units[other].events.len() { [own, other] } else { [other, own] };
            let [mut first, mut second] = few.map(|u| {
                let mut order: Vec<usize> = (0..units[u].events.len()).collect();
                draws.shuffle(&mut order);
                order
            });
            let length = |u: usize, e: usize| units[u].events[e].length as f64;
            first.retain(|e| {
                let wanted = length(few[0], *e);
                let distance = |k: &usize| (length(few[1], second[*k]) / wanted).ln().abs();
                let nearest = (0..second.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
                let partner = nearest.filter(|k| distance(k) <= ALIKE.ln());
                if let Some(k) = partner {
                    second.swap_remove(k);
                    found.pairs += 1;
                }
                partner.is_none()
            });
            for (u, left) in [(few[0], first), (few[1], second)] {
                found.unmatched.extend(left.into_iter().map(|e| {
                    let event = &units[u].events[e];
                    event.onset..event.onset + event.length
                }));
            }
        }
        for (u, unit) in units.iter().enumerate().filter(|(u, _)| !partnered[*u]) {
            debug_assert!(!partnered[u]);
            found.unmatched.extend(unit.events.iter().map(|e| e.onset..e.onset + e.length));
        }
        found
    }

    /// The folds without frames of bouts that have no partner.
    pub(super) fn folds(&self, folds: &[Fold]) -> Vec<Fold> {
        let mut folds = folds.to_vec();
        for fold in &mut folds {
            for frames in &self.unmatched {
                fold.train[frames.clone()].fill(0.0);
                fold.test[frames.clone()].fill(0.0);
            }
        }
        folds
    }
}
