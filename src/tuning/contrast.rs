//! What is tested: the mean over bouts of the mean activity in each, minus the mean outside. It is linear in the activity,
//! so that a contrast is a weight per frame, and those are constant over long pieces.

use super::axis::Axis;
use super::ranges::{length, minus, united};
use crate::data::recording::{Agent, Bout};
use std::ops::Range;

/// Frames with the weight of each.
pub(super) type Weighted = (Range<usize>, f64);

/// The weights by which the activity of a neuron is summed to the statistic of one agent's behaviour.
///
/// S = 1/B Σ_b (mean of the activity in bout b − mean outside, in the context of b), over the B bouts of which frames are
/// left. *Outside* are the frames of the context in no bout of the kind. Frames in which the animal itself does what it
/// observes are in neither.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// Whose behaviour.
    pub agent: Agent,
    /// Which.
    pub behaviour: String,
    /// B.
    pub bouts: usize,
    /// The frames of each bout on the axis, without those that do not count.
    pub of_bouts: Vec<Vec<Range<usize>>>,
    /// The frames in which the animal itself does what it observes, ascending.
    pub excluded: Vec<Range<usize>>,
    /// The parts of the axis in which bouts lie, and the weight of each frame there.
    pub base: Vec<(Range<usize>, f64)>,
    /// What the weight differs by from that of its part, ascending.
    pub pieces: Vec<(Range<usize>, f64)>,
}

impl Contrast {
    /// The contrast of the bouts of `agent` and `behaviour` among `bouts`, within `parts` of the axis.
    pub fn new(agent: Agent, behaviour: &str, bouts: &[Bout], axis: &Axis, parts: &[Range<usize>]) -> Self {
        let of = |who: Agent| {
            bouts.iter().filter(move |b| b.agent == who && b.behaviour == behaviour).map(|b| (b.start, b.stop))
        };
        let excluded: Vec<Range<usize>> = match agent {
            Agent::Own => Vec::new(),
            Agent::Other => united(of(Agent::Own).flat_map(|(start, stop)| axis.between(start, stop))),
        };
        let within = |part: &Range<usize>, range: Range<usize>| range.start.max(part.start)..range.end.min(part.end);
        let mut found = Vec::new();
        for part in parts {
            let clipped = |(start, stop)| axis.between(start, stop).map(|r| within(part, r)).filter(|r| !r.is_empty());
            let all = united(of(agent).flat_map(clipped));
            let outside = minus(&minus(std::slice::from_ref(part), &all), &excluded);
            let each: Vec<Vec<Range<usize>>> = of(agent)
                .flat_map(clipped)
                .map(|bout| minus(&[bout], &excluded))
                .filter(|frames| !frames.is_empty())
                .collect();
            if !each.is_empty() && !outside.is_empty() {
                let inner: Vec<_> =
                    excluded.iter().map(|r| within(part, r.clone())).filter(|r| !r.is_empty()).collect();
                found.push((part.clone(), each, length(&outside), inner));
            }
        }
        let count = found.iter().map(|(_, each, ..)| each.len()).sum::<usize>();
        let (mut base, mut pieces, mut of_bouts) = (Vec::new(), Vec::new(), Vec::new());
        for (part, each, outside, own) in found {
            let weight = -(each.len() as f64) / (count as f64 * outside as f64);
            pieces.extend(own.into_iter().map(|frames| (frames, -weight)));
            for bout in &each {
                let inside = 1.0 / (count as f64 * length(bout) as f64);
                pieces.extend(bout.iter().map(|frames| (frames.clone(), inside - weight)));
            }
            base.push((part, weight));
            of_bouts.extend(each);
        }
        pieces.sort_by_key(|(frames, _)| frames.start);
        Self { agent, behaviour: behaviour.into(), bouts: count, of_bouts, excluded, base, pieces }
    }

    /// Median length of a bout, in frames.
    pub fn median_length(&self) -> usize {
        let mut lengths: Vec<usize> = self.of_bouts.iter().map(|b| length(b)).collect();
        lengths.sort_unstable();
        lengths.get(lengths.len() / 2).copied().unwrap_or(0)
    }
}
