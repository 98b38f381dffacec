//! Activity around an event: bins, and the filter along them.

use crate::data::recording::Framed;
use std::ops::Range;

/// Bins around an event, with as many before and after them as the filter reaches: what it smooths are data, not edges.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PeriEvent {
    /// Begin of the first bin, in s from the event.
    from: f64,
    /// Length of a bin, in s.
    bin: f64,
    bins: usize,
    /// The filter from its centre outwards.
    taps: Vec<f64>,
}

/// A bin is covered if no more than this share of it lies in no frame.
const UNCOVERED: f64 = 1e-6;

impl PeriEvent {
    pub(super) fn new(from_ms: f64, bin_ms: f64, bins: usize, smoothing_ms: f64) -> Self {
        Self { from: from_ms / 1000.0, bin: bin_ms / 1000.0, bins, taps: gaussian(smoothing_ms / bin_ms) }
    }

    fn pad(&self) -> usize {
        self.taps.len() - 1
    }

    /// The bins, those before and after included.
    pub(super) fn padded(&self) -> usize {
        self.bins + 2 * self.pad()
    }

    /// From when to when activity must be known for an event at `at`, in s.
    pub(super) fn extent(&self, at: f64) -> (f64, f64) {
        let from = at + self.from - self.pad() as f64 * self.bin;
        (from, from + self.padded() as f64 * self.bin)
    }

    /// Adds the spikes around `at` to `counts`, `[padded]`.
    pub(super) fn add_spikes(&self, spikes: &[f64], at: f64, counts: &mut [f64]) {
        let (from, to) = self.extent(at);
        let first = spikes.partition_point(|t| *t < from - self.bin);
        for t in spikes[first..].iter().take_while(|t| **t < to + self.bin) {
            let bin = ((t - at - self.from) / self.bin).floor() + self.pad() as f64;
            if bin >= 0.0 && (bin as usize) < counts.len() {
                counts[bin as usize] += 1.0;
            }
        }
    }

    /// Rates in spikes/s, of counts over `trials`.
    pub(super) fn per_second(&self, counts: &[f64], trials: usize) -> Vec<f64> {
        counts.iter().map(|c| c / (trials as f64 * self.bin)).collect()
    }

    /// The frames that last in each bin around `at`, with the share of the bin in which they do, `[padded]`. `None` where
    /// no frame lasts.
    pub(super) fn frames(&self, framed: &Framed, at: f64) -> Option<Vec<Vec<(usize, f64)>>> {
        let (from, _) = self.extent(at);
        (0..self.padded())
            .map(|b| {
                let begin = from + b as f64 * self.bin;
                let shares = lasting(framed, begin, begin + self.bin);
                let covered = shares.iter().map(|(_, share)| share).sum::<f64>();
                (covered > 1.0 - UNCOVERED).then_some(shares)
            })
            .collect()
    }

    /// The bins of `padded` ones, filtered.
    pub(super) fn smoothed(&self, padded: &[f64]) -> Vec<f64> {
        let reach = self.pad();
        let at = |k: usize| {
            let sides = (1..=reach).map(|j| self.taps[j] * (padded[k - j] + padded[k + j])).sum::<f64>();
            self.taps[0] * padded[k] + sides
        };
        (reach..reach + self.bins).map(at).collect()
    }

    /// The middle of each bin, in s from the event.
    pub(super) fn middles(&self) -> Vec<f64> {
        (0..self.bins).map(|b| self.from + (b as f64 + 0.5) * self.bin).collect()
    }
}

/// One side of a Gaussian of standard deviation `sigma` in bins, cut off at 4σ and normalised, as SciPy's
/// `gaussian_filter1d` has it.
fn gaussian(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma).round() as usize;
    if radius == 0 {
        return vec![1.0];
    }
    let tap = |j: usize| (-0.5 * (j as f64 / sigma).powi(2)).exp();
    let side: f64 = (1..=radius).map(tap).sum();
    (0..=radius).map(|j| tap(j) / (1.0 + 2.0 * side)).collect()
}

/// The frames that last between two times, each with its share of that time. A frame lasts until the next begins, or, before
/// a gap and at the end, for the usual time.
fn lasting(framed: &Framed, from: f64, to: f64) -> Vec<(usize, f64)> {
    let times = &framed.times;
    let first = times.partition_point(|t| *t <= from).saturating_sub(1);
    let frames: Range<usize> = first..times.partition_point(|t| *t < to);
    let is_before_gap = |f: usize| framed.gaps.binary_search_by(|gap| gap.frame.cmp(&(f + 1))).is_ok();
    let end = |f: usize| match times.get(f + 1) {
        Some(next) if !is_before_gap(f) => *next,
        _ => times[f] + framed.interval,
    };
    let share = |f: usize| (end(f).min(to) - times[f].max(from)) / (to - from);
    frames.map(|f| (f, share(f))).filter(|(_, share)| *share > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recording::Gap;
    use ndarray::Array2;

    fn framed(times: Vec<f64>, gaps: Vec<Gap>) -> Framed {
        let activity = Array2::zeros((1, times.len()));
        Framed {
            activity: activity.into(),
            times,
            interval: 1.0,
            gaps,
            covariates: Vec::new(),
            interpolated: Vec::new(),
        }
    }

    #[test]
    fn frames_last_until_the_next_and_not_over_gaps() {
        let framed = framed(vec![0.0, 1.0, 2.0, 5.0], vec![Gap { frame: 3, seconds: 3.0 }]);
        assert_eq!(lasting(&framed, 0.5, 2.5), [(0, 0.25), (1, 0.5), (2, 0.25)]);
        assert_eq!(lasting(&framed, 1.0, 2.0), [(1, 1.0)]);
        assert_eq!(lasting(&framed, 2.5, 4.5), [(2, 0.25)]);
        assert_eq!(lasting(&framed, 5.5, 7.5), [(3, 0.25)]);
        assert!(lasting(&framed, -3.0, -1.0).is_empty());
        let axis = PeriEvent::new(-500.0, 500.0, 2, 0.0);
        assert!(axis.frames(&framed, 1.0).is_some() && axis.frames(&framed, 2.6).is_none());
        assert!(axis.frames(&framed, 0.4).is_none() && axis.frames(&framed, 5.6).is_none());
    }

    #[test]
    fn the_filter_keeps_a_constant_and_sees_beyond_the_window() {
        let axis = PeriEvent::new(0.0, 10.0, 5, 20.0);
        assert_eq!((axis.padded(), axis.extent(1.0).0), (21, 0.92));
        assert!(axis.smoothed(&[3.0; 21]).iter().all(|v| (v - 3.0).abs() < 1e-14));
        let mut before = vec![0.0; 21];
        before[7] = 1.0;
        assert!(axis.smoothed(&before)[0] > axis.smoothed(&before)[1]);
        let narrow = PeriEvent::new(0.0, 10.0, 5, 1.0);
        assert_eq!(narrow.padded(), 5);
    }

    #[test]
    fn spikes_at_a_border_belong_to_the_bin_that_begins_there() {
        let axis = PeriEvent::new(-500.0, 250.0, 4, 0.0);
        let mut counts = vec![0.0; 4];
        axis.add_spikes(&[0.0, 0.49, 0.5, 0.75, 1.0, 1.2, 1.499, 1.5, 9.0], 1.0, &mut counts);
        assert_eq!(counts, [1.0, 1.0, 2.0, 1.0]);
        assert_eq!(axis.per_second(&counts, 2), [2.0, 2.0, 4.0, 2.0]);
        assert_eq!(axis.middles(), [-0.375, -0.125, 0.125, 0.375]);
    }
}
