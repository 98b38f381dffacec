//! The draws that are made of all tests.

use super::design::{Row, Tests};
use super::drawing::{Drawing, Space};
use super::ranges::{length, runs};
use super::running_sums::{Line, blocks, contiguous};
use super::tally::{TIE, Tally, extreme};
use ndarray::ArrayView1;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known of the neurons of a session, `[N]` each.
#[derive(Default)]
pub(super) struct Neurons {
    /// Whether it can be tested: it has a number in every frame, and not always the same.
    pub(super) testable: Vec<bool>,
    /// Mean activity where nothing is done.
    pub(super) mean: Vec<f64>,
    /// The largest magnitude of the activity.
    pub(super) peak: Vec<f64>,
}

/// What is seen of a neuron's activity.
struct Seen {
    first: f32,
    varies: bool,
    /// Mean activity where nothing is done.
    mean: f64,
    /// The bits of the largest magnitude: as whole numbers they are in the order of magnitudes, and NaN is above all.
    largest: u32,
}

impl Seen {
    fn new(first: f32) -> Self {
        Self { first, varies: false, mean: 0.0, largest: 0 }
    }

    fn add(&mut self, values: &[f32]) {
        self.varies = self.varies || values.iter().any(|v| *v != self.first);
        self.largest = values.iter().fold(self.largest, |most, v| most.max(v.abs().to_bits()));
    }

    fn peak(&self) -> f64 {
        f64::from(f32::from_bits(self.largest))
    }

    fn is_testable(&self) -> bool {
        self.peak().is_finite() && self.varies
    }
}

/// The tests of a neuron, `[samplers]`; without a draw where it cannot be tested.
type Drawn = (Seen, Vec<Row>);

impl Tests<'_> {
    /// The first draws of all samplers, `[samplers][N]`, and what is seen of the neurons on the way; `None` if it was asked to
    /// stop.
    pub(super) fn draw(&self, stop: &AtomicBool) -> Option<(Neurons, Vec<Vec<Row>>)> {
        let draws = |k: usize| self.settings.shifts.min(self.samplers[k].most().unwrap_or(usize::MAX));
        let all: Vec<_> = self.samplers.iter().enumerate().map(|(k, sampler)| (sampler, 0..draws(k))).collect();
        let drawing = Drawing::new(&all, &self.axis.frames, self.key);
        let most: Vec<Option<usize>> = (0..all.len()).map(|k| self.most_extreme(k, draws(k))).collect();
        let runs = runs(&self.axis.frames);
        let of_block = |(space, values): &mut (Space, Vec<f64>), (_, block): &(_, Vec<ArrayView1<f32>>)| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let seen: Vec<Seen> = block.iter().map(|activity| self.seen(activity, &runs)).collect();
            let statistics = drawing.statistics(block, space);
            let of_neuron = |(lane, seen): (usize, Seen)| {
                let rows = if seen.is_testable() {
                    let tie = TIE * seen.peak();
                    let samplers = drawing.of().iter().zip(&most);
                    samplers.map(|(of, most)| row(&statistics[of.clone()], lane, *most, tie, values)).collect()
                } else {
                    vec![Row::default(); all.len()]
                };
                (seen, rows)
            };
            Some(seen.into_iter().enumerate().map(of_neuron).collect::<Vec<Drawn>>())
        };
        let neurons: Vec<usize> = (0..self.activity.nrows()).collect();
        let blocks = blocks(self.activity, &neurons);
        let found: Option<Vec<_>> = blocks.par_iter().map_init(Default::default, of_block).collect();
        let (mut neurons, mut rows) = (Neurons::default(), vec![Vec::new(); all.len()]);
        for (seen, own) in found?.into_iter().flatten() {
            neurons.testable.push(seen.is_testable());
            neurons.mean.push(seen.mean);
            neurons.peak.push(seen.peak());
            rows.iter_mut().zip(own).for_each(|(rows, row)| rows.push(row));
        }
        Some((neurons, rows))
    }

    fn seen(&self, activity: &ArrayView1<f32>, runs: &[Range<usize>]) -> Seen {
        let activity = contiguous(activity);
        let mut seen = Seen::new(activity[self.axis.frames[0]]);
        for run in runs {
            seen.add(&activity[run.clone()]);
        }
        seen.mean = self.idle.iter().map(|run| sum(&activity[run.clone()])).sum::<f64>() / length(self.idle) as f64;
        seen
    }

    /// How many others may reach a value for its p to be below the level of counts.
    pub(super) fn most_extreme(&self, sampler: usize, draws: usize) -> Option<usize> {
        (0..draws).take_while(|b| self.samplers[sampler].p(*b, draws, draws) < self.settings.count_level).last()
    }
}

fn sum(values: &[f32]) -> f64 {
    // Eight sums side by side do not wait for each other.
    let mut sums = [0.0; 8];
    let (pieces, rest) = values.as_chunks::<8>();
    for piece in pieces {
        sums = std::array::from_fn(|k| sums[k] + f64::from(piece[k]));
    }
    sums.iter().sum::<f64>() + rest.iter().map(|v| f64::from(*v)).sum::<f64>()
}

/// What is known of one neuron of a block and one sampler, after its first draws.
fn row(statistics: &[Line], lane: usize, most: Option<usize>, tie: f64, values: &mut Vec<f64>) -> Row {
    values.clear();
    values.extend(statistics.iter().map(|s| s.0[lane]));
    let extreme = most.map_or_else(Vec::new, |most| extreme(values, most, tie));
    Row { effect: values[0], tally: Tally::of(values, tie), extreme }
}
