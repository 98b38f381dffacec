//! The statistics of many draws: the activity is summed up segment by segment, and of each segment all that is asked of it is
//! taken while it is near.

use super::contrast::Contrast;
use super::null::{Circle, Sampler};
use super::ranges::runs;
use super::running_sums::{Line, RunningSums, contiguous};
use super::terms::{Term, sum};
use crate::engine::cpu::Real;
use crate::engine::cpu::real::Kernel;
use crate::engine::cpu::simd::Vector;
use ndarray::ArrayView1;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// Frames of a segment: their sums, a line of cache each, are held by the second cache of any processor.
const SEGMENT: usize = 4096;

/// What is drawn of some samplers, for any neurons: made once.
pub(super) struct Drawing {
    segments: Vec<Segment>,
    /// Of each circle the shifts with their draws, ascending.
    turns: Vec<Vec<Turn>>,
    /// Which statistics are those of each sampler: the observed one, and its draws.
    of: Vec<Range<usize>>,
}

/// What is asked of a stretch of the axis.
struct Segment {
    /// Its frames in the recording.
    frames: Vec<Range<usize>>,
    strands: Vec<Strand>,
    /// Their places are counted from its first.
    terms: Vec<Term>,
}

/// Draw 0 is what was recorded, and has the shift 0.
#[derive(Clone, Copy)]
struct Turn {
    shift: u32,
    draw: u32,
}

/// The end of a piece in those draws of a circle that shift it into one segment: `weight` × the sum over the frames before
/// `place` − shift adds to each statistic.
struct Strand {
    /// The observed one of the sampler.
    statistic: u32,
    circle: u32,
    /// Among the turns of the circle.
    turns: Range<u32>,
    /// From the segment's first.
    place: i64,
    weight: f64,
}

/// What a thread uses for one block of neurons after the other.
#[derive(Default)]
pub(super) struct Space {
    sums: RunningSums,
    found: Vec<Line>,
}

impl Drawing {
    /// The draws `drawn` of each of `samplers`; `frames` are the numbers of the axis' frames in the recording.
    pub(super) fn new(samplers: &[(&Sampler, Range<usize>)], frames: &[usize], key: u64) -> Self {
        let whole =
            |places: Range<usize>| Segment { frames: runs(&frames[places]), strands: Vec::new(), terms: Vec::new() };
        // The last one holds the sum over all frames, too.
        let starts = (0..=frames.len()).step_by(SEGMENT);
        let segments = starts.map(|first| whole(first..frames.len().min(first + SEGMENT))).collect();
        let mut drawing = Self { segments, turns: Vec::new(), of: Vec::new() };
        let mut known = BTreeMap::new();
        for (sampler, drawn) in samplers {
            let first = drawing.len();
            for term in sampler.terms(drawn.clone(), key) {
                drawing.add_term(Term { draw: term.draw + first as u32, ..term });
            }
            if let Sampler::Circles { contrast, windows } = sampler {
                for circle in windows {
                    drawing.add_circle(first, contrast, circle, drawn, key, &mut known);
                }
            }
            drawing.of.push(first..first + drawn.len() + 1);
        }
        drawing
    }

    /// How many statistics there are.
    fn len(&self) -> usize {
        self.of.last().map_or(0, |of| of.end)
    }

    /// Which statistics are those of each sampler: the observed one, and its draws.
    pub(super) fn of(&self) -> &[Range<usize>] {
        &self.of
    }

    fn add_term(&mut self, term: Term) {
        let place = term.at as usize;
        self.segments[place / SEGMENT].terms.push(Term { at: (place % SEGMENT) as u32, ..term });
    }

    /// Adds what of a contrast lies in a circle, in each draw where its shift takes it.
    fn add_circle(
        &mut self,
        statistic: usize,
        contrast: &Contrast,
        circle: &Circle,
        drawn: &Range<usize>,
        key: u64,
        known: &mut BTreeMap<(usize, usize), usize>,
    ) {
        let frames = &circle.frames;
        let pieces = contrast.pieces_in(frames);
        if pieces.is_empty() {
            return;
        }
        // Samplers that share a circle share its shifts.
        let number = *known.entry((frames.start, frames.end)).or_insert_with(|| {
            self.turns.push(turns(circle, drawn, key));
            self.turns.len() - 1
        });
        let turns = std::mem::take(&mut self.turns[number]);
        debug_assert_eq!(turns.len(), drawn.len() + 1, "samplers of one circle are drawn alike often");
        for (piece, weight) in pieces {
            let until = |shift: usize| turns.partition_point(|turn| (turn.shift as usize) < shift);
            let (inside, around) = (until(piece.start - frames.start + 1), until(piece.end - frames.start));
            let around = around.max(inside);
            for (place, weight) in [(piece.start, -weight), (piece.end, weight)] {
                self.add_strands(statistic, number, &turns, 0..inside, place, weight);
                self.add_strands(statistic, number, &turns, around..turns.len(), place + frames.len(), weight);
            }
            for turn in &turns[inside..around] {
                let parted = circle.turned(&piece, turn.shift as usize);
                for term in sum(statistic + turn.draw as usize, &parted, weight) {
                    self.add_term(term);
                }
            }
        }
        self.turns[number] = turns;
    }

    /// Deals an end of a piece out to the segments that the turns `of` shift it into.
    fn add_strands(
        &mut self,
        statistic: usize,
        circle: usize,
        turns: &[Turn],
        mut of: Range<usize>,
        place: usize,
        weight: f64,
    ) {
        while !of.is_empty() {
            let segment = (place - turns[of.start].shift as usize) / SEGMENT;
            let first = segment * SEGMENT;
            let next = of.start + turns[of.clone()].partition_point(|turn| place - turn.shift as usize >= first);
            self.segments[segment].strands.push(Strand {
                statistic: statistic as u32,
                circle: circle as u32,
                turns: of.start as u32..next as u32,
                place: place as i64 - first as i64,
                weight,
            });
            of.start = next;
        }
    }

    /// The statistics of up to [`LANES`](super::running_sums::LANES) neurons, whose activity in the recording is given.
    pub(super) fn statistics<'a>(&self, neurons: &[ArrayView1<f32>], space: &'a mut Space) -> &'a [Line] {
        let Space { sums, found } = space;
        let rows: Vec<Cow<[f32]>> = neurons.iter().map(contiguous).collect();
        found.clear();
        found.resize(self.len(), Line::default());
        let mut before = Line::default();
        for segment in &self.segments {
            sums.fill(&rows, &segment.frames, before);
            before = sums.last();
            <f32 as Real>::dispatch(
                <f32 as Real>::detect(),
                Adding { sums: sums.all(), segment, turns: &self.turns, found },
            );
        }
        found
    }
}

fn turns(circle: &Circle, drawn: &Range<usize>, key: u64) -> Vec<Turn> {
    let of_draw = |(k, draw)| Turn { shift: circle.shift(key, draw) as u32, draw: k as u32 + 1 };
    let mut turns = vec![Turn { shift: 0, draw: 0 }];
    turns.extend(drawn.clone().enumerate().map(of_draw));
    turns.sort_by_key(|turn| turn.shift);
    turns
}

/// Adds what is asked of a segment, compiled for the widest vectors that the processor has. Products are rounded before they
/// are added, so that all processors find the same bits.
struct Adding<'a> {
    sums: &'a [Line],
    segment: &'a Segment,
    turns: &'a [Vec<Turn>],
    found: &'a mut [Line],
}

impl Kernel<f32> for Adding<'_> {
    type Output = ();

    #[allow(clippy::inline_always)] // It takes on the instructions of what it is inlined into.
    #[inline(always)]
    unsafe fn run<V: Vector<Real = f32>>(self) {
        // Lines are read whole before any is written: then they are vectors.
        let add = |statistic: &mut Line, weight: f64, sums: Line| {
            let before = statistic.0;
            statistic.0 = std::array::from_fn(|lane| before[lane] + weight * sums.0[lane]);
        };
        for term in &self.segment.terms {
            add(&mut self.found[term.draw as usize], term.weight, self.sums[term.at as usize]);
        }
        for strand in &self.segment.strands {
            let found = &mut self.found[strand.statistic as usize..];
            for turn in &self.turns[strand.circle as usize][strand.turns.start as usize..strand.turns.end as usize] {
                let sums = self.sums[(strand.place - i64::from(turn.shift)) as usize];
                add(&mut found[turn.draw as usize], strand.weight, sums);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::running_sums::LANES;
    use super::*;
    use crate::data::recording::Agent;
    use crate::rng::{Rng, Stream};
    use ndarray::{Array2, ArrayView1};

    /// Of an axis of several segments that leaves frames of the recording out, pieces at both ends of a circle, over the border
    /// of segments and of circles, and a circle too short to be turned: each draw against its definition, frame by frame.
    #[test]
    fn statistics_are_those_of_activity_that_is_shifted_frame_by_frame() {
        let places = 2 * SEGMENT + 1500;
        let frames: Vec<usize> = (0..SEGMENT + 700).chain(SEGMENT + 900..places + 200).collect();
        let random = |i: u32, t: usize| Rng::new(3, 0, Stream::Synthetic).at_step(i).normal(t as u32) as f32;
        let activity = Array2::from_shape_fn((LANES - 1, places + 230), |(i, t)| random(i as u32, t) + 1.0);
        let contrast = |pieces: &[Range<usize>], parts: &[Range<usize>]| Contrast {
            agent: Agent::Own,
            behaviour: "eating".into(),
            bouts: pieces.len(),
            of_bouts: Vec::new(),
            excluded: Vec::new(),
            base: parts.iter().map(|part| (part.clone(), -0.001)).collect(),
            pieces: pieces.iter().enumerate().map(|(k, piece)| (piece.clone(), 0.1 + 0.01 * k as f64)).collect(),
        };
        let late = SEGMENT + 2000;
        let parts = [0..20, 20..late, late..places];
        let some = contrast(
            &[3..7, 20..60, SEGMENT - 5..SEGMENT + 9, late - 3..late, late..late + 8, places - 30..places],
            &parts,
        );
        let other = contrast(&[500..540, 700..1900, SEGMENT..2 * SEGMENT], &parts[1..]);
        let circle = |frames: &Range<usize>| Circle::new(frames.clone(), 15);
        let samplers = [
            Sampler::Circles { windows: parts.iter().map(circle).collect(), contrast: some.clone() },
            Sampler::Circles { windows: parts[1..].iter().map(circle).collect(), contrast: other.clone() },
        ];
        let drawing = Drawing::new(&samplers.each_ref().map(|s| (s, 5..45)), &frames, 9);
        assert_eq!(drawing.of(), [0..41, 41..82]);
        let rows: Vec<ArrayView1<f32>> = activity.rows().into_iter().collect();
        let mut space = Space::default();
        drawing.statistics(&rows[..2], &mut space);
        let found = drawing.statistics(&rows, &mut space);
        let mut parted = 0;
        for (contrast, of) in [some, other].iter().zip(drawing.of()) {
            for (draw, Line(statistic)) in found[of.clone()].iter().enumerate() {
                // The activity at each place comes from another one of its circle.
                let mut from: Vec<usize> = (0..places).collect();
                for part in parts.iter().filter(|_| draw > 0) {
                    from[part.clone()].rotate_right(circle(part).shift(9, 4 + draw));
                }
                assert!(draw == 0 || from[20] != 20 && from[..20].is_sorted(), "the first part is too short");
                let mut weight = vec![0.0; places];
                let mut add = |from: &[usize], by: f64| from.iter().for_each(|k| weight[*k] += by);
                contrast.base.iter().for_each(|(range, by)| add(&from[range.clone()], *by));
                for part in &parts {
                    for (piece, by) in contrast.pieces_in(part) {
                        let whole = &from[piece.clone()];
                        let at_end = whole.windows(2).position(|pair| pair[1] < pair[0]).map(|k| k + 1);
                        let nearer: Vec<usize> = match at_end {
                            None => whole.to_vec(),
                            Some(k) if 2 * k >= piece.len() => (part.end - piece.len()..part.end).collect(),
                            Some(_) => (part.start..part.start + piece.len()).collect(),
                        };
                        parted += usize::from(at_end.is_some());
                        add(&nearer, by);
                    }
                }
                for (row, statistic) in rows.iter().zip(statistic) {
                    let expected: f64 = weight.iter().zip(&frames).map(|(w, frame)| w * f64::from(row[*frame])).sum();
                    // Thousands of numbers of about one are summed.
                    assert!((statistic - expected).abs() < 1e-10, "draw {draw}: {statistic}, not {expected}");
                }
            }
        }
        assert!(parted > 0, "no piece is parted");
    }
}
