//! Activity around the starts of bouts.

use super::axis::Axis;
use super::ranges::united;
use crate::data::recording::{Agent, Bout, Framed};
use crate::error::{Result, ensure};
use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Bins at most; where frames are shorter than that, several are one bin.
const MOST_BINS: usize = 120;
/// A bout whose start is farther from every frame than this many usual intervals was not recorded: half of what is a gap.
const NEAR: f64 = 0.75;
/// No clock is finer than this, in s.
const SHORTEST: f64 = 1e-9;
/// Whole numbers of intervals stay whole in spite of rounding.
const ROUNDING: f64 = 1e-6;

/// From when to when activity around the start of a bout is shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlignSettings {
    /// How long before the start, in s.
    pub before_s: f64,
    /// How long after it, in s.
    pub after_s: f64,
}

impl Default for AlignSettings {
    fn default() -> Self {
        Self { before_s: 2.0, after_s: 4.0 }
    }
}

impl AlignSettings {
    /// Refuses what cannot be shown.
    ///
    /// # Errors
    /// In a sentence that names the setting.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("before_s", self.before_s), ("after_s", self.after_s)] {
            ensure!(
                value > 0.0 && value <= 3600.0,
                "`{name} = {value}`: expected a time above 0 and up to 3600, in s."
            );
        }
        Ok(())
    }
}

/// Which frames lie when around the starts of the bouts of one agent's behaviour.
///
/// All is by time, and no frame is counted over a gap. The *onset frame* of a bout is the frame that begins nearest its
/// start (the later of two that are alike near); bouts whose start is more than 0.75 usual intervals from any frame are
/// left out. A frame has the *lag* round((its begin − begin of the onset frame) / usual interval), half-way values away
/// from zero. A bin holds the recorded frames of `k` successive lags: bin `j` those from `k (j − before)` on and before
/// `k (j + 1 − before)`, so that the onset frame is the first of bin `before`; `before` = ⌈`before_s` / (k interval)⌉,
/// after it come ⌈`after_s` / (k interval)⌉, and `k` is the smallest with at most 120 bins.
///
/// With an axis, only frames in the context of the onset frame count, and while the animal observes what it does
/// itself, its own bouts of that behaviour do not; bouts of which no frame counts are left out, as in
/// [`super::Contrast`].
#[derive(Clone, Debug)]
pub struct Alignment<'a> {
    /// Whose behaviour.
    pub agent: Agent,
    /// Which.
    pub behaviour: String,
    /// When each bin begins, in s from the onset frame, `[T]`.
    pub times: Vec<f64>,
    /// Length of a bin, in s.
    pub width: f64,
    /// Start and stop of each bout that was aligned, in s, by start.
    pub bouts: Vec<(f64, f64)>,
    /// What lies in the bins around each bout: a frame of the recording, and its bin.
    pub frames: Vec<Vec<(usize, usize)>>,
    /// The context of each frame, counted from 1; 0 where it does not count.
    counts: Vec<u32>,
    /// That of each bout, `[bouts]`.
    contexts: Vec<u32>,
    framed: &'a Framed,
}

/// Mean activity of all neurons around the starts of bouts, in units of the activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// Whose behaviour.
    pub agent: Agent,
    /// Which.
    pub behaviour: String,
    /// When each bin begins, in s from the onset, `[T]`.
    pub times: Vec<f64>,
    /// Length of a bin, in s.
    pub width: f64,
    /// Bouts that were aligned.
    pub bouts: usize,
    /// Mean over the first, third, … bout by start, `[N × T]`; NaN where none has a frame.
    pub odd: Array2<f32>,
    /// Mean over the second, fourth, … bout, `[N × T]`.
    pub even: Array2<f32>,
}

impl<'a> Alignment<'a> {
    /// Aligns the bouts of `agent` and `behaviour` among `bouts`; without an axis, every frame counts.
    pub fn new(
        agent: Agent,
        behaviour: &str,
        bouts: &[Bout],
        framed: &'a Framed,
        axis: Option<&Axis>,
        settings: &AlignSettings,
    ) -> Self {
        let interval = framed.interval.max(SHORTEST);
        let bins = |seconds: f64, k: usize| ((seconds / (k as f64 * interval) - ROUNDING).ceil().max(1.0)) as usize;
        let all = |k: usize| bins(settings.before_s, k) + bins(settings.after_s, k);
        let guess = ((settings.before_s + settings.after_s) / (interval * MOST_BINS as f64)).floor().max(1.0) as usize;
        let per_bin = (guess..=2 * guess + 2).find(|k| all(*k) <= MOST_BINS).unwrap_or(guess);
        let before = bins(settings.before_s, per_bin);
        let width = per_bin as f64 * interval;
        let of = |who: Agent| {
            let own = bouts.iter().filter(move |b| b.agent == who && b.behaviour == behaviour);
            own.map(|b| (b.start, b.stop))
        };
        let mut counts = contexts(framed, axis);
        let whole = counts.clone();
        if agent == Agent::Other && axis.is_some() {
            for own in united(of(Agent::Own).map(|(start, stop)| framed.between(start, stop))) {
                counts[own].fill(0);
            }
        }
        let mut found = Self {
            agent,
            behaviour: behaviour.into(),
            times: (0..all(per_bin)).map(|j| width * (j as f64 - before as f64)).collect(),
            width,
            bouts: Vec::new(),
            frames: Vec::new(),
            counts,
            contexts: Vec::new(),
            framed,
        };
        let mut starts: Vec<(f64, f64)> = of(agent).collect();
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (start, stop) in starts {
            let Some(onset) = nearest(&framed.times, start, NEAR * interval) else { continue };
            let usable = axis.is_none() || framed.between(start, stop).any(|f| found.counts[f] != 0);
            if usable && whole[onset] != 0 {
                let frames = found.around(onset, whole[onset], per_bin, before);
                found.frames.push(frames);
                found.bouts.push((start, stop));
                found.contexts.push(whole[onset]);
            }
        }
        found
    }

    /// The frames around `onset` that count in its `context`, and their bins.
    fn around(&self, onset: usize, context: u32, per_bin: usize, before: usize) -> Vec<(usize, usize)> {
        let (times, interval) = (&self.framed.times, self.framed.interval.max(SHORTEST));
        let lag = |f: usize| ((times[f] - times[onset]) / interval).round() as i64;
        let first = -((per_bin * before) as i64);
        let end = first + (per_bin * self.times.len()) as i64;
        // Lags do not fall from one frame to the next.
        let from = (0..onset).rev().take_while(|f| lag(*f) >= first).last().unwrap_or(onset);
        (from..times.len())
            .map(|f| (f, lag(f)))
            .take_while(|(_, lag)| *lag < end)
            .filter(|(f, _)| self.counts[*f] == context)
            .map(|(f, lag)| (f, (lag - first) as usize / per_bin))
            .collect()
    }

    /// The activity of a neuron around each bout, `[bouts × T]`: the mean over the frames of a bin that have a number,
    /// NaN where none has.
    pub fn traces(&self, neuron: usize) -> Array2<f64> {
        let row = self.framed.activity.row(neuron);
        let mut sums = Array2::<f64>::zeros((self.bouts.len(), self.times.len()));
        let mut counts = sums.clone();
        for (bout, frames) in self.frames.iter().enumerate() {
            for (frame, bin) in frames.iter().filter(|(frame, _)| row[*frame].is_finite()) {
                sums[[bout, *bin]] += f64::from(row[*frame]);
                counts[[bout, *bin]] += 1.0;
            }
        }
        // Nothing over nothing is not a number.
        sums / counts
    }

    /// The mean activity of a neuron before and in each bout: over the frames that count and begin within `baseline_ms`
    /// from its start, and over those that count and begin in it; NaN where there is none. Other bouts in the baseline
    /// are no exception.
    pub fn responses(&self, neuron: usize, baseline_ms: [f64; 2]) -> Vec<[f64; 2]> {
        let row = self.framed.activity.row(neuron);
        let [from, to] = baseline_ms.map(|ms| ms / 1000.0);
        let mean = |frames: Range<usize>, context: u32| {
            let counted = frames.filter(|f| self.counts[*f] == context).map(|f| f64::from(row[f]));
            let (sum, n) = counted.filter(|v| v.is_finite()).fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
            sum / n
        };
        let of = |((start, stop), context): (&(f64, f64), &u32)| {
            let between = |from: f64, to: f64| mean(self.framed.between(from, to), *context);
            [between(start + from, start + to), between(*start, *stop)]
        };
        self.bouts.iter().zip(&self.contexts).map(of).collect()
    }

    /// The means of all neurons over odd and over even bouts.
    pub fn halves(&self) -> Aligned {
        let (neurons, bins) = (self.framed.activity.nrows(), self.times.len());
        let (mut odd, mut even) = (Array2::zeros((neurons, bins)), Array2::zeros((neurons, bins)));
        let rows = odd.as_slice_mut().unwrap_or_default().par_chunks_mut(bins.max(1));
        let rows = rows.zip(even.as_slice_mut().unwrap_or_default().par_chunks_mut(bins.max(1)));
        rows.enumerate().for_each(|(neuron, (odd, even))| {
            let traces = self.traces(neuron);
            for (first, half) in [(0, odd), (1, even)] {
                let mean = mean_over(&traces, (first..self.bouts.len()).step_by(2));
                half.iter_mut().zip(mean).for_each(|(to, mean)| *to = mean as f32);
            }
        });
        Aligned {
            agent: self.agent,
            behaviour: self.behaviour.clone(),
            times: self.times.clone(),
            width: self.width,
            bouts: self.bouts.len(),
            odd,
            even,
        }
    }
}

/// The mean of some rows of `[bouts × T]`, `[T]`: in each bin over the bouts that have a number there, NaN where none has.
pub fn mean_over(traces: &Array2<f64>, bouts: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); traces.ncols()];
    for bout in bouts {
        for ((sum, n), value) in sums.iter_mut().zip(traces.row(bout)).filter(|(_, value)| value.is_finite()) {
            *sum += value;
            *n += 1.0;
        }
    }
    sums.into_iter().map(|(sum, n)| sum / n).collect()
}

/// Rows by when each is farthest from zero, after a mean over `smooth` neighbouring bins; rows without numbers last.
/// Sort by some bouts and draw from others: sorted by what is drawn, noise shows a sequence.
pub fn peak_order(rows: &[Vec<f32>], smooth: usize) -> Vec<usize> {
    let half = smooth / 2;
    let peak = |row: &Vec<f32>| {
        let near = |t: usize| {
            let window = &row[t.saturating_sub(half)..(t + half + 1).min(row.len())];
            let finite = window.iter().filter(|v| v.is_finite());
            (finite.clone().sum::<f32>() / finite.count() as f32).abs()
        };
        let values = (0..row.len()).map(|t| (t, near(t))).filter(|(_, v)| v.is_finite());
        values.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map_or(usize::MAX, |(t, _)| t)
    };
    let peaks: Vec<usize> = rows.iter().map(peak).collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|k| peaks[*k]);
    order
}

/// The context of each frame, counted from 1; 0 for those of none. Without an axis, all are of one.
fn contexts(framed: &Framed, axis: Option<&Axis>) -> Vec<u32> {
    let Some(axis) = axis else { return vec![1; framed.frames()] };
    let mut contexts = vec![0; framed.frames()];
    for (number, part) in axis.parts.iter().enumerate() {
        axis.frames[part.frames.clone()].iter().for_each(|f| contexts[*f] = number as u32 + 1);
    }
    contexts
}

/// The place of the time nearest to `at`, if it is at most `most` away; the later of two that are alike near.
fn nearest(times: &[f64], at: f64, most: f64) -> Option<usize> {
    let after = times.partition_point(|t| *t < at);
    let candidates = [Some(after).filter(|k| *k < times.len()), after.checked_sub(1)];
    let distance = |k: &usize| (times[*k] - at).abs();
    let near = candidates.into_iter().flatten().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(&near) <= most).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};
    use crate::tuning::Part;

    /// Frames of 0.1 s; `values` of each neuron.
    fn framed(activity: Array2<f32>, times: Vec<f64>) -> Framed {
        Framed {
            activity: activity.into(),
            times,
            interval: 0.1,
            gaps: vec![],
            covariates: vec![],
            interpolated: vec![],
        }
    }

    fn bout(agent: Agent, start: f64, stop: f64) -> Bout {
        Bout { agent, behaviour: "eating".into(), start, stop, object: None }
    }

    fn numbered(frames: usize) -> Framed {
        let times = (0..frames).map(|t| t as f64 / 10.0).collect();
        framed(Array2::from_shape_fn((1, frames), |(_, t)| t as f32), times)
    }

    const SHORT: AlignSettings = AlignSettings { before_s: 0.2, after_s: 0.3 };

    #[test]
    fn frames_are_those_around_the_nearest_and_beyond_the_ends_there_are_none() {
        let framed = numbered(100);
        let bouts = [bout(Agent::Own, 5.04, 5.5), bout(Agent::Own, 0.06, 0.3), bout(Agent::Own, 9.8, 9.9)];
        let found = Alignment::new(Agent::Own, "eating", &bouts, &framed, None, &SHORT);
        let expected_times = [-0.2, -0.1, 0.0, 0.1, 0.2];
        assert!(found.times.iter().zip(expected_times).all(|(a, b)| (a - b).abs() < 1e-12) && found.times.len() == 5);
        let traces = found.traces(0);
        let nan = f64::NAN;
        let expected = [[nan, 0.0, 1.0, 2.0, 3.0], [48.0, 49.0, 50.0, 51.0, 52.0], [96.0, 97.0, 98.0, 99.0, nan]];
        for (found, expected) in traces.iter().zip(expected.as_flattened()) {
            assert!(found == expected || found.is_nan() && expected.is_nan(), "{traces}");
        }
        assert_eq!(found.bouts[0], (0.06, 0.3));
        let halves = found.halves();
        assert!(halves.bouts == 3 && halves.odd[[0, 1]] == 48.5 && halves.odd[[0, 0]] == 96.0);
        assert!(halves.even[[0, 0]] == 48.0);
    }

    /// Frames 50 … 59 were not recorded: row 50 is frame 60.
    #[test]
    fn rows_are_not_counted_over_gaps() {
        let all = numbered(100);
        let kept: Vec<usize> = (0..50).chain(60..100).collect();
        let activity = Array2::from_shape_fn((1, kept.len()), |(_, t)| kept[t] as f32);
        let framed = framed(activity, kept.iter().map(|t| all.times[*t]).collect());
        let bouts = [bout(Agent::Own, 4.8, 6.5), bout(Agent::Own, 6.1, 6.2), bout(Agent::Own, 5.5, 5.8)];
        let settings = AlignSettings { before_s: 0.3, after_s: 1.4 };
        let found = Alignment::new(Agent::Own, "eating", &bouts, &framed, None, &settings);
        assert_eq!(found.bouts, [(4.8, 6.5), (6.1, 6.2)], "the third starts where nothing was recorded");
        let traces = found.traces(0);
        for (bout, onset) in [48, 61].into_iter().enumerate() {
            for (bin, value) in traces.row(bout).iter().enumerate() {
                let frame = onset + bin - 3;
                let recorded = kept.contains(&frame);
                assert!(if recorded { *value == frame as f64 } else { value.is_nan() }, "{traces}");
            }
        }
    }

    #[test]
    fn short_frames_share_bins_and_lost_ones_are_not_in_means() {
        let mut framed = numbered(1000);
        std::sync::Arc::make_mut(&mut framed.activity)[[0, 501]] = f32::NAN;
        let settings = AlignSettings { before_s: 10.0, after_s: 20.0 };
        let bouts = [bout(Agent::Own, 50.0, 51.0)];
        let found = Alignment::new(Agent::Own, "eating", &bouts, &framed, None, &settings);
        // 300 lags in bins of 3: 34 before the onset, 67 from it on.
        assert_eq!((found.times.len(), found.width.to_bits()), (101, (3.0 * 0.1_f64).to_bits()));
        let traces = found.traces(0);
        assert_eq!((traces[[0, 34]], traces[[0, 33]], traces[[0, 35]]), (501.0, 498.0, 504.0));
        assert!(found.frames[0].iter().all(|(frame, bin)| (frame + 102 - 500) / 3 == *bin));
    }

    /// Contexts end at frame 50; the animal does itself what it observes in frames 72 … 73.
    #[test]
    fn contexts_are_not_left_and_own_behaviour_is_no_observation() {
        let framed = numbered(100);
        let part = |name: &str, frames: Range<usize>| Part { name: name.into(), frames };
        let axis = Axis {
            frames: (0..100).collect(),
            times: framed.times.clone(),
            parts: vec![part("alone", 0..50), part("watching", 50..100)],
            interval: 0.1,
        };
        let other = |start, stop| bout(Agent::Other, start, stop);
        let bouts = [bout(Agent::Own, 7.2, 7.4), other(5.1, 5.5), other(7.1, 7.5), other(7.2, 7.3)];
        let found = Alignment::new(Agent::Other, "eating", &bouts, &framed, Some(&axis), &SHORT);
        assert_eq!(found.bouts, [(5.1, 5.5), (7.1, 7.5)]);
        let traces = found.traces(0);
        assert!(traces[[0, 0]].is_nan() && traces[[0, 1]] == 50.0, "{traces}");
        assert!(traces[[1, 2]] == 71.0 && traces[[1, 3]].is_nan() && traces[[1, 4]].is_nan());
        // 5.0 … 5.1 is frame 50; of 7.1 … 7.5 frames 71 and 74 count.
        let responses = found.responses(0, [-1000.0, 0.0]);
        assert_eq!(responses, [[50.0, 52.5], [65.5, 72.5]]);
    }

    /// Spearman's correlation of place in the order with the time of the largest value of what is drawn.
    fn sequence(sorted: &[Vec<f32>], drawn: &[Vec<f32>], smooth: usize) -> f64 {
        let order = peak_order(sorted, smooth);
        let peak = |row: &Vec<f32>| {
            let largest = (0..row.len()).max_by(|a, b| row[*a].abs().total_cmp(&row[*b].abs()));
            largest.unwrap() as f64
        };
        let peaks: Vec<f64> = order.iter().map(|k| peak(&drawn[*k])).collect();
        let places: Vec<f64> = (0..order.len()).map(|k| k as f64).collect();
        crate::analysis::statistics::spearman(&places, &peaks)
    }

    #[test]
    fn noise_shows_a_sequence_only_if_it_is_sorted_by_what_is_drawn() {
        let rng = Rng::new(1, 0, Stream::Synthetic);
        let framed = framed(
            Array2::from_shape_fn((2000, 2000), |(i, t)| rng.at_step(i as u32).normal(t as u32) as f32),
            (0..2000).map(|t| f64::from(t) / 10.0).collect(),
        );
        let bouts: Vec<Bout> =
            (1..20).map(|k| bout(Agent::Own, 10.0 * f64::from(k), 10.0 * f64::from(k) + 2.0)).collect();
        let halves = Alignment::new(Agent::Own, "eating", &bouts, &framed, None, &AlignSettings::default()).halves();
        let rows = |half: &Array2<f32>| half.rows().into_iter().map(|r| r.to_vec()).collect::<Vec<_>>();
        let (odd, even) = (rows(&halves.odd), rows(&halves.even));
        assert!(sequence(&odd, &odd, 1) > 0.999);
        // As the report draws them, and without a mean over neighbouring bins; standard error 0.022.
        for smooth in [5, 1] {
            let found = sequence(&odd, &even, smooth);
            assert!(found.abs() < 0.1, "{found}");
        }
    }

    #[test]
    fn nothing_is_aligned_where_there_is_nothing() {
        let framed = numbered(100);
        let none = Alignment::new(Agent::Other, "eating", &[], &framed, None, &SHORT);
        let halves = none.halves();
        assert!(none.traces(0).is_empty() && halves.bouts == 0 && halves.odd.iter().all(|v| v.is_nan()));
        assert_eq!(peak_order(&[vec![f32::NAN; 3], vec![0.0, -2.0, 1.0], vec![3.0, 0.0, 0.0]], 1), [2, 1, 0]);
        assert!(AlignSettings { before_s: f64::NAN, ..SHORT }.check().unwrap_err().to_string().contains("before_s"));
    }
}
