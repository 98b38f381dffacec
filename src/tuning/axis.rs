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

    /// The frames of `part` in windows of about `seconds`, all of one stretch alike long, and none over a pause of more than
    /// half of that.
    pub fn windows(&self, part: &Range<usize>, seconds: f64) -> Vec<Range<usize>> {
        let mut windows = Vec::new();
        let mut first = part.start;
        for place in part.start + 1..=part.end {
            let ends = place == part.end || self.times[place] - self.times[place - 1] > seconds / 2.0;
            if ends {
                let frames = place - first;
                let count = ((frames as f64 * self.interval / seconds).round() as usize).clamp(1, frames);
                windows.extend((0..count).map(|k| first + k * frames / count..first + (k + 1) * frames / count));
                first = place;
            }
        }
        windows
    }
}
