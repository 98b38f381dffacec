//! The frames that count, part by part.

use crate::data::recording::{Framed, Session};
use crate::error::{Result, ensure};
use std::ops::Range;

/// The frames of a session that belong to one of its contexts, those of one context side by side. What is shifted never
/// leaves its part.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Their numbers in the recording.
    pub frames: Vec<usize>,
    /// When each begins, in s.
    pub times: Vec<f64>,
    /// The contexts, in the order of their first frames.
    pub parts: Vec<Part>,
    /// The usual distance of two frames, in s.
    pub interval: f64,
}

/// The frames of one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The context's name; empty where a session has none.
    pub name: String,
    /// Places on the axis.
    pub frames: Range<usize>,
}

impl Axis {
    /// The axis of `session`; frames for which more than half of the neurons that have any number have none are left out.
    ///
    /// # Errors
    /// If no frame is left.
    pub fn new(session: &Session, framed: &Framed) -> Result<Self> {
        // Neurons that have no number in any frame say nothing of frames.
        let has_numbers = |row: &ndarray::ArrayView1<f32>| row.iter().any(|v| v.is_finite());
        let (mut neurons, mut lost) = (0, vec![0_usize; framed.frames()]);
        for row in framed.activity.rows().into_iter().filter(has_numbers) {
            neurons += 1;
            row.iter().zip(&mut lost).for_each(|(v, lost)| *lost += usize::from(!v.is_finite()));
        }
        let kept = |frame: &usize| 2 * lost[*frame] <= neurons;
        let (mut frames, mut parts) = (Vec::new(), Vec::<Part>::new());
        let mut names: Vec<&str> = Vec::new();
        for context in &session.contexts {
            if !names.contains(&context.name.as_str()) {
                names.push(&context.name);
            }
        }
        for name in names {
            let first = frames.len();
            let mut own: Vec<usize> = session
                .contexts
                .iter()
                .filter(|c| c.name == name)
                .flat_map(|c| framed.between(c.start, c.stop))
                .filter(kept)
                .collect();
            own.sort_unstable();
            own.dedup();
            frames.extend(own);
            parts.push(Part { name: name.into(), frames: first..frames.len() });
        }
        if session.contexts.is_empty() {
            frames.extend((0..framed.frames()).filter(kept));
            parts.push(Part { name: String::new(), frames: 0..frames.len() });
        }
        parts.retain(|part| !part.frames.is_empty());
        ensure!(
            !frames.is_empty(),
            "{}: expected frames within its contexts, found none. Give `contexts` that lie within the recording.",
            session.source.display()
        );
        let times = frames.iter().map(|f| framed.times[*f]).collect();
        Ok(Self { frames, times, parts, interval: framed.interval })
    }

    /// The axis without the frames of the recording that are not `kept`.
    #[must_use]
    pub fn only(&self, kept: &[bool]) -> Self {
        let places: Vec<usize> = (0..self.len()).filter(|k| kept[self.frames[*k]]).collect();
        let place = |k: usize| places.partition_point(|p| *p < k);
        let of =
            |part: &Part| Part { name: part.name.clone(), frames: place(part.frames.start)..place(part.frames.end) };
        Self {
            frames: places.iter().map(|k| self.frames[*k]).collect(),
            times: places.iter().map(|k| self.times[*k]).collect(),
            parts: self.parts.iter().map(of).filter(|part| !part.frames.is_empty()).collect(),
            interval: self.interval,
        }
    }

    /// The number of frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The places of the frames that begin from `start` on and before `stop`, both in s, part by part.
    pub fn between(&self, start: f64, stop: f64) -> impl Iterator<Item = Range<usize>> + '_ {
        self.parts.iter().filter_map(move |part| {
            let times = &self.times[part.frames.clone()];
            let first = times.partition_point(|t| *t < start);
            let last = times.partition_point(|t| *t < stop);
            (first < last).then(|| part.frames.start + first..part.frames.start + last)
        })
    }

    /// The frames of `part` in windows of about `seconds`, all of one stretch about alike long, and none over a pause of more
    /// than half of that. A border within one of `bouts` is moved out of it, by up to a quarter of a window.
    pub fn windows(&self, part: &Range<usize>, seconds: f64, bouts: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut windows = Vec::new();
        let mut first = part.start;
        for place in part.start + 1..=part.end {
            let ends = place == part.end || self.times[place] - self.times[place - 1] > seconds / 2.0;
            if ends {
                let frames = place - first;
                let count = ((frames as f64 * self.interval / seconds).round() as usize).clamp(1, frames);
                let border = |k: usize| match first + k * frames / count {
                    at if k == 0 || k == count => at,
                    at => beside(bouts, at, frames / count / 4),
                };
                windows.extend((0..count).map(|k| border(k)..border(k + 1)));
                first = place;
            }
        }
        windows
    }
}

/// The place nearest to `at`, and at most `reach` from it, that lies within none of `bouts`; `at` if there is none.
fn beside(bouts: &[Range<usize>], at: usize, reach: usize) -> usize {
    let near: Vec<&Range<usize>> = bouts.iter().filter(|b| b.start < at + reach && at < b.end + reach).collect();
    let ends = near.iter().flat_map(|b| [b.start, b.end]).filter(|place| place.abs_diff(at) <= reach);
    let outside = |place: &usize| !near.iter().any(|b| b.start < *place && *place < b.end);
    std::iter::once(at).chain(ends).filter(outside).min_by_key(|place| (place.abs_diff(at), *place)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_alike_long_but_for_borders_that_bouts_and_pauses_move() {
        let frames = 400;
        // A pause of 30 s before frame 320.
        let times: Vec<f64> = (0..frames).map(|k| f64::from(k) + if k < 320 { 0.0 } else { 30.0 }).collect();
        let frames: Vec<usize> = (0..times.len()).collect();
        let axis = Axis { frames, times, parts: Vec::new(), interval: 1.0 };
        let windows = |bouts: &[Range<usize>]| axis.windows(&(0..400), 40.0, bouts);
        let starts = |bouts: &[Range<usize>]| windows(bouts).iter().map(|w| w.start).collect::<Vec<_>>();
        assert_eq!(starts(&[]), [0, 40, 80, 120, 160, 200, 240, 280, 320, 360]);
        // At a bout's end or begin a border stays; it goes to the nearer one, the earlier of two; out of two bouts that overlap; and not
        // out of one that is too long.
        let bouts = [30..40, 40..45, 73..81, 115..125, 155..163, 150..162, 191..203, 202..206, 229..251, 310..330];
        assert_eq!(starts(&bouts), [0, 40, 81, 115, 163, 206, 240, 280, 320, 360]);
        let found = windows(&bouts);
        assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start) && found[9].end == 400);
    }
}
