//! What would have been found: executed responses, made weaker, are put into observed bouts, and these are tested again.

use super::contrast::Contrast;
use super::design::Tests;
use super::drawing::{Drawing, Space};
use super::running_sums::{LANES, Line};
use super::session_tests::{BehaviourTests, SessionTests};
use super::tally::{TIE, Tally};
use crate::analysis::statistics::benjamini_hochberg;
use crate::data::recording::Agent;
use crate::rng::{Draws, Rng, Stream};
use ndarray::{Array1, ArrayView1};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// The sizes that are put in, in units of the executed response.
pub const SCALES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// A neuron that is tuned to an executed behaviour, and what observation of that behaviour did to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Its number in the session.
    pub neuron: usize,
    /// The executed behaviour that it is tuned to most surely.
    pub behaviour: String,
    /// Whether its p for the observed behaviour is below the level of counts.
    pub found: bool,
    /// Whether it would be with an executed response of each of [`SCALES`] put in.
    pub would_be: [bool; SCALES.len()],
}

/// Probes the neurons that are tuned to an executed behaviour which was observed as well; `None` if it was asked to stop.
///
/// To each observed bout the response in an executed one is added, drawn at random: the activity from its start on, minus
/// the mean outside of executed bouts; repeated where the observed bout is longer. The statistic is linear, so that one more null
/// distribution, of what is added, serves all sizes: S(a + s z) = S(a) + s S(z), under each shift.
pub(super) fn probe(tests: &Tests, found: &SessionTests, stop: &AtomicBool) -> Option<Vec<Probe>> {
    let mut by_behaviour: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, behaviour) in executed(found, tests.settings.false_discoveries) {
        by_behaviour.entry(behaviour).or_default().push(i);
    }
    let mut probes = Vec::new();
    for (behaviour, neurons) in by_behaviour {
        let of = |agent: Agent| tests.contrasts.iter().position(|c| c.agent == agent && c.behaviour == behaviour);
        let (Some(own), Some(other)) = (of(Agent::Own), of(Agent::Other)) else { continue };
        let most = tests.samplers[other].most().unwrap_or(usize::MAX);
        let draws = tests.settings.shifts.min(most);
        let drawing = Drawing::new(&[(&tests.samplers[other], 0..draws)], &tests.axis.frames, tests.key);
        let of_block = |space: &mut Space, block: &[usize]| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let recorded: Vec<_> = block.iter().map(|i| tests.activity.row(*i)).collect();
            let added: Vec<Array1<f32>> =
                block.iter().map(|i| response(tests, *i, &tests.contrasts[own], &tests.contrasts[other])).collect();
            let views: Vec<ArrayView1<f32>> = added.iter().map(|a| a.view()).collect();
            let ties: Vec<f64> = recorded.iter().zip(&views).map(|(a, z)| TIE * (largest(a) + largest(z))).collect();
            let recorded: Vec<Line> = drawing.statistics(&recorded, space).to_vec();
            let added = drawing.statistics(&views, space);
            let is_found = |lane: usize, scale: f64| {
                let values: Vec<f64> = recorded.iter().zip(added).map(|(a, z)| a.0[lane] + scale * z.0[lane]).collect();
                tests.p(other, Tally::of(&values, ties[lane])) < tests.settings.count_level
            };
            let probe = |(lane, i): (usize, &usize)| Probe {
                neuron: *i,
                behaviour: behaviour.into(),
                found: found.of(Agent::Other, behaviour).is_some_and(|t| t.p[*i] < tests.settings.count_level),
                would_be: SCALES.map(|scale| is_found(lane, scale)),
            };
            Some(block.iter().enumerate().map(probe).collect::<Vec<_>>())
        };
        let blocks: Option<Vec<_>> = neurons.par_chunks(LANES).map_init(Space::default, of_block).collect();
        probes.extend(blocks?.into_iter().flatten());
    }
    probes.sort_by_key(|p| p.neuron);
    Some(probes)
}

/// The largest magnitude.
fn largest(values: &ArrayView1<f32>) -> f64 {
    values.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max)
}

/// The neurons that are tuned to an executed behaviour which was tested in observation, too, in the family of their session;
/// and of these behaviours the one with the smallest p, or the largest effect.
fn executed(found: &SessionTests, rate: f64) -> Vec<(usize, &str)> {
    let own: Vec<&BehaviourTests> = found.behaviours.iter().filter(|t| t.agent == Agent::Own).collect();
    let family: Vec<f64> = own.iter().flat_map(|t| t.p.iter().copied()).collect();
    let (q, n) = (benjamini_hochberg(&family), found.testable.len());
    let of = |i: usize| {
        let tuned = own
            .iter()
            .enumerate()
            .filter(|(k, t)| q[k * n + i] <= rate && found.of(Agent::Other, &t.behaviour).is_some());
        let surest = tuned
            .min_by(|(_, a), (_, b)| a.p[i].total_cmp(&b.p[i]).then(b.effect[i].abs().total_cmp(&a.effect[i].abs())));
        surest.map(|(_, t)| (i, t.behaviour.as_str()))
    };
    (0..n).filter_map(of).collect()
}

/// What is added to the activity of a neuron, `[frames of the recording]`.
fn response(tests: &Tests, neuron: usize, own: &Contrast, other: &Contrast) -> Array1<f32> {
    let row = tests.activity.row(neuron);
    let at = |place: usize| f64::from(row[tests.axis.frames[place]]);
    let outside = mean_outside(own, &at);
    let mut added = Array1::zeros(row.len());
    let mut drawn = Draws::new(Rng::new(tests.key, neuron as u32, Stream::Responses));
    for bout in &other.of_bouts {
        let model: Vec<usize> = own.of_bouts[drawn.below(own.of_bouts.len())].iter().flat_map(Clone::clone).collect();
        for (place, k) in bout.iter().flat_map(Clone::clone).zip(model.iter().cycle()) {
            added[tests.axis.frames[place]] = (at(*k) - outside) as f32;
        }
    }
    added
}

/// The mean over the parts of a contrast of the activity outside of its bouts, as the statistic weighs them.
fn mean_outside(contrast: &Contrast, at: &dyn Fn(usize) -> f64) -> f64 {
    let of = |(part, weight): &(std::ops::Range<usize>, f64)| {
        let inside = contrast.pieces.iter().filter(|(frames, _)| part.contains(&frames.start));
        let sum =
            part.clone().map(at).sum::<f64>() - inside.flat_map(|(frames, _)| frames.clone()).map(at).sum::<f64>();
        -weight * sum
    };
    contrast.base.iter().map(of).sum()
}
