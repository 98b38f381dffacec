//! Draws of tests that fewer leave open.

use super::design::{Row, Tests};
use super::drawing::{Drawing, Space};
use super::first_draws::Neurons;
use super::open_tests::open;
use super::ranges::runs;
use super::running_sums::{LANES, Line, blocks};
use super::tables_of_shifts::{ShiftTables, Turning};
use super::tally::{TIE, Tally};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Draws of one part of the work: tables of shifts are made anew for each.
const PART: usize = 50_000;
/// Draws that are held at once.
const AT_ONCE: usize = 2000;
/// Blocks of neurons that share their draws.
const BLOCKS: usize = 4;

/// A part of the draws of one sampler for some neurons.
struct Part {
    sampler: usize,
    neurons: Vec<usize>,
    drawn: Range<usize>,
}

impl Tests<'_> {
    /// Adds draws to the tallies of `rows`, ten times as many in each round, until no test is open; `None` if it was asked to
    /// stop.
    pub(super) fn draw_more(&self, rows: &mut [Vec<Row>], neurons: &Neurons, stop: &AtomicBool) -> Option<()> {
        let tested: Vec<usize> = (0..neurons.testable.len()).filter(|i| neurons.testable[*i]).collect();
        let mut made = self.settings.shifts;
        while made < self.settings.most_shifts {
            let until = (10 * made).min(self.settings.most_shifts);
            let parts = self.parts(&open(self, rows, &tested), made..until);
            if parts.is_empty() {
                break;
            }
            let drawn: Option<Vec<_>> =
                parts.par_iter().map(|part| self.draw_part(part, rows, &neurons.peak, stop)).collect();
            for (part, tallies) in parts.iter().zip(drawn?) {
                for (i, tally) in part.neurons.iter().zip(tallies) {
                    let known = &mut rows[part.sampler][*i].tally;
                    *known = known.and(tally);
                }
            }
            made = until;
        }
        Some(())
    }

    fn parts(&self, open: &[(usize, usize)], drawn: Range<usize>) -> Vec<Part> {
        let mut by_sampler: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (sampler, i) in open {
            by_sampler.entry(*sampler).or_default().push(*i);
        }
        let mut parts = Vec::new();
        for (sampler, open) in by_sampler {
            let end = drawn.end.min(self.samplers[sampler].most().unwrap_or(usize::MAX));
            for first in (drawn.start..end).step_by(PART) {
                let drawn = first..end.min(first + PART);
                let part = |neurons: &[usize]| Part { sampler, neurons: neurons.to_vec(), drawn: drawn.clone() };
                parts.extend(open.chunks(BLOCKS * LANES).map(part));
            }
        }
        parts
    }

    /// The tallies of a part, `[neurons]`.
    fn draw_part(&self, part: &Part, rows: &[Vec<Row>], peak: &[f64], stop: &AtomicBool) -> Option<Vec<Tally>> {
        let sampler = &self.samplers[part.sampler];
        let turning = Turning::new(sampler);
        let blocks = blocks(self.activity, &part.neurons);
        let tables: Option<Vec<ShiftTables>> = turning.as_ref().map(|t| {
            let frames = runs(&self.axis.frames);
            blocks.iter().map(|(_, activity)| t.tables(activity, &frames)).collect()
        });
        let observed = |i: usize| (rows[part.sampler][i].effect, TIE * peak[i]);
        let mut tallies = vec![Tally::default(); part.neurons.len()];
        let mut space = Space::default();
        for first in part.drawn.clone().step_by(AT_ONCE) {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let drawn = first..part.drawn.end.min(first + AT_ONCE);
            let mut add = |block: usize, statistics: &[Line]| {
                let own = part.neurons.iter().zip(&mut tallies).skip(block * LANES).take(LANES);
                for (lane, (i, tally)) in own.enumerate() {
                    let (effect, tie) = observed(*i);
                    *tally = tally.and(Tally::among(effect, statistics.iter().map(|s| s.0[lane]), tie));
                }
            };
            if let (Some(turning), Some(tables)) = (&turning, &tables) {
                let shifts = turning.shifts(drawn, self.key);
                for (block, tables) in tables.iter().enumerate() {
                    let of = shifts.chunks_exact(tables.windows().max(1));
                    add(block, &of.map(|shifts| tables.statistics(shifts)).collect::<Vec<_>>());
                }
            } else {
                let drawing = Drawing::new(&[(sampler, drawn)], &self.axis.frames, self.key);
                for (block, (_, activity)) in blocks.iter().enumerate() {
                    add(block, &drawing.statistics(activity, &mut space)[1..]);
                }
            }
        }
        Some(tallies)
    }
}
