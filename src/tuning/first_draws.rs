//! The draws that are made of all tests.

use super::design::{Row, Tests};
use super::ranges::runs;
use super::running_sums::{LANES, Line, RunningSums, blocks, contiguous};
use super::tally::{TIE, Tally, extreme};
use super::terms::Term;
use ndarray::ArrayView1;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is known of the neurons of a session, `[N]` each.
pub(super) struct Neurons {
    /// Whether it can be tested: it has a number in every frame, and not always the same.
    pub(super) testable: Vec<bool>,
    /// Mean activity.
    pub(super) mean: Vec<f64>,
    /// The largest magnitude of the activity.
    pub(super) peak: Vec<f64>,
}

/// All draws of all samplers, as one list of terms.
struct Together {
    /// By place, so that the sums are read from the first to the last, and once.
    terms: Vec<Term>,
    /// Which statistics are those of each sampler: the observed one, and its draws.
    of: Vec<Range<usize>>,
    /// How many others may reach a value that is extreme.
    most: Vec<Option<usize>>,
}

/// What is seen of a neuron's activity.
struct Seen {
    first: f32,
    varies: bool,
    sum: f64,
    /// The bits of the largest magnitude: as whole numbers they are in the order of magnitudes, and NaN is above all.
    largest: u32,
}

impl Seen {
    fn new(first: f32) -> Self {
        Self { first, varies: false, sum: 0.0, largest: 0 }
    }

    fn add(&mut self, values: &[f32]) {
        // Eight sums side by side do not wait for each other.
        let mut sums = [0.0; 8];
        let (pieces, rest) = values.as_chunks::<8>();
        for piece in pieces {
            sums = std::array::from_fn(|k| sums[k] + f64::from(piece[k]));
        }
        self.sum += sums.iter().sum::<f64>() + rest.iter().map(|v| f64::from(*v)).sum::<f64>();
        self.varies = self.varies || values.iter().any(|v| *v != self.first);
        self.largest = values.iter().fold(self.largest, |most, v| most.max(v.abs().to_bits()));
    }
}

/// What a thread uses for one block of neurons after the other.
#[derive(Default)]
struct Space {
    sums: RunningSums,
    statistics: Vec<Line>,
    values: Vec<f64>,
}

impl Tests<'_> {
    /// What is known of the neurons.
    pub(super) fn neurons(&self) -> Neurons {
        let runs = runs(&self.axis.frames);
        let of = |i: usize| {
            let row = contiguous(&self.activity.row(i));
            let mut found = Seen::new(row[self.axis.frames[0]]);
            for run in &runs {
                found.add(&row[run.clone()]);
            }
            let peak = f32::from_bits(found.largest);
            (peak.is_finite() && found.varies, (found.sum / self.axis.len() as f64, f64::from(peak)))
        };
        let (testable, rest): (Vec<_>, Vec<_>) = (0..self.activity.nrows()).into_par_iter().map(of).unzip();
        let (mean, peak) = rest.into_iter().unzip();
        Neurons { testable, mean, peak }
    }

    /// The first draws of all samplers for the neurons that can be tested, `[samplers][N]`; `None` if it was asked to stop.
    pub(super) fn draw(&self, neurons: &Neurons, stop: &AtomicBool) -> Option<Vec<Vec<Row>>> {
        let tested: Vec<usize> = (0..neurons.testable.len()).filter(|i| neurons.testable[*i]).collect();
        let together = self.together();
        let of_block = |space: &mut Space, (block, activity): &(Vec<usize>, Vec<ArrayView1<f32>>)| {
            (!stop.load(Ordering::Relaxed)).then(|| {
                space.sums.fill(activity, &self.axis.frames);
                together.rows(space, block, &neurons.peak)
            })
        };
        let blocks = blocks(self.activity, &tested);
        let found: Option<Vec<_>> = blocks.par_iter().map_init(Space::default, of_block).collect();
        let mut rows = vec![vec![Row::default(); neurons.testable.len()]; self.samplers.len()];
        for (sampler, i, row) in found?.into_iter().flatten() {
            rows[sampler][i] = row;
        }
        Some(rows)
    }

    fn together(&self) -> Together {
        let draws = |k: usize| self.settings.shifts.min(self.samplers[k].most().unwrap_or(usize::MAX));
        let all = 0..self.samplers.len();
        let of: Vec<Range<usize>> = all
            .clone()
            .scan(0, |end, k| {
                let first = *end;
                *end += draws(k) + 1;
                Some(first..*end)
            })
            .collect();
        let of_sampler = |k: usize| {
            let mut terms = self.samplers[k].terms(0..draws(k), self.key);
            for term in &mut terms {
                term.draw += of[k].start as u32;
            }
            terms
        };
        let mut terms: Vec<Term> = all.clone().into_par_iter().flat_map_iter(of_sampler).collect();
        // Stable: terms of one place are added in the order of samplers and draws, on any number of threads.
        terms.par_sort_by_key(|term| term.at);
        let most = all.map(|k| self.most_extreme(k, draws(k))).collect();
        Together { terms, of, most }
    }

    /// How many others may reach a value for its p to be below the level of counts.
    pub(super) fn most_extreme(&self, sampler: usize, draws: usize) -> Option<usize> {
        (0..draws).take_while(|b| self.samplers[sampler].p(*b, draws, draws) < self.settings.count_level).last()
    }
}

impl Together {
    /// The rows of a block of neurons, as (sampler, neuron, row).
    fn rows(&self, space: &mut Space, block: &[usize], peak: &[f64]) -> Vec<(usize, usize, Row)> {
        let Space { sums, statistics, values } = space;
        sums.add(&self.terms, self.of.last().map_or(0, |of| of.end), statistics);
        let mut rows = Vec::with_capacity(LANES * self.of.len());
        for (sampler, (of, most)) in self.of.iter().zip(&self.most).enumerate() {
            for (lane, i) in block.iter().enumerate() {
                values.clear();
                values.extend(statistics[of.clone()].iter().map(|s| s.0[lane]));
                let tie = TIE * peak[*i];
                let extreme = most.map_or_else(Vec::new, |most| extreme(values, most, tie));
                rows.push((sampler, *i, Row { effect: values[0], tally: Tally::of(values, tie), extreme }));
            }
        }
        rows
    }
}
