//! A session on one clock: frames.

use super::averages::only_averages;
use super::session::{Activity, Session, usual_interval};
use crate::error::{Result, ensure};
use ndarray::Array2;
use std::ops::Range;
use std::sync::Arc;

/// What neurons did and what else was measured, in frames that all begin and end at the same times.
#[derive(Clone, Debug, PartialEq)]
pub struct Framed {
    /// `[N × frames]`; counts of spikes in bins, or the file's values.
    pub activity: Arc<Array2<f32>>,
    /// When each frame begins, in s, ascending, `[frames]`.
    pub times: Vec<f64>,
    /// The usual distance of two frames, in s.
    pub interval: f64,
    /// Pauses between frames.
    pub gaps: Vec<Gap>,
    /// The covariates of the session at the middle of each frame, `[covariates][frames]`; NaN where none was measured.
    pub covariates: Vec<Vec<f64>>,
    /// The longest time between two samples of a covariate over which it was interpolated, in s, `[covariates]`.
    pub interpolated: Vec<f64>,
}

/// A pause between two frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// The frame after it.
    pub frame: usize,
    /// From the begin of one frame to that of the next, in s.
    pub seconds: f64,
}

/// Frames that are farther apart than this many usual intervals have a gap between them.
pub(crate) const GAP: f64 = 1.5;
/// Samples of a covariate that are farther apart than this many frames, or than this many seconds, are not joined.
const JOINED_FRAMES: f64 = 5.0;
const JOINED_S: f64 = 1.0;

impl Framed {
    /// Brings `session` to the clock of its activity: spikes are counted in bins of `bin_s`, covariates are interpolated
    /// linearly between samples that are at most 1 s (or five frames, where these last longer) apart.
    ///
    /// # Errors
    /// If there is no frame, or more than memory can hold, or the session has only averages.
    pub fn new(session: &Session, bin_s: f64) -> Result<Self> {
        let (activity, times) = match &session.activity {
            Activity::Frames { values, times } => (Arc::clone(values), times.clone()),
            Activity::Spikes { times, span } => counted(session, times, *span, bin_s)?,
            Activity::Averages(_) => return Err(only_averages(session)),
        };
        ensure!(!times.is_empty(), "{}: expected activity, found a session of no frames.", session.source.display());
        let interval = usual_interval(&times).unwrap_or(bin_s);
        let gap = |(i, pair): (usize, &[f64])| {
            let seconds = pair[1] - pair[0];
            (seconds > GAP * interval).then_some(Gap { frame: i + 1, seconds })
        };
        let gaps = times.windows(2).enumerate().filter_map(gap).collect();
        let joined = JOINED_S.max(JOINED_FRAMES * interval);
        let (covariates, interpolated) = session
            .covariates
            .iter()
            .map(|c| interpolate(&c.times, &c.values, times.iter().map(|t| t + interval / 2.0), joined))
            .unzip();
        Ok(Self { activity, times, interval, gaps, covariates, interpolated })
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.times.len()
    }

    /// The frames that begin from `start` on and before `stop`, both in s.
    pub fn between(&self, start: f64, stop: f64) -> Range<usize> {
        let first = self.times.partition_point(|t| *t < start);
        first..self.times.partition_point(|t| *t < stop).max(first)
    }
}

/// Spikes in bins of `bin_s` from the begin of the span on; the last, incomplete one is left out.
fn counted(
    session: &Session,
    times: &[Vec<f64>],
    span: (f64, f64),
    bin_s: f64,
) -> Result<(Arc<Array2<f32>>, Vec<f64>)> {
    const MOST: f64 = 4e9;
    let source = session.source.display();
    ensure!(bin_s.is_finite() && bin_s > 0.0, "`bin_ms = {}`: expected a time above 0.", bin_s * 1000.0);
    // A span of a whole number of bins keeps its last one in spite of rounding.
    let bins = ((span.1 - span.0) / bin_s + 1e-6).floor();
    ensure!(
        (..=MOST).contains(&(bins * times.len().max(1) as f64)),
        "{source}: expected at most {MOST} bins of all neurons, found {} neurons × {bins} bins of {} ms. Choose a larger `bin_ms`.",
        times.len(),
        bin_s * 1000.0
    );
    let bins = bins.max(0.0) as usize;
    let mut counts = Array2::zeros((times.len(), bins));
    for (i, spikes) in times.iter().enumerate() {
        for t in spikes {
            let bin = ((t - span.0) / bin_s).floor();
            if bin >= 0.0 && (bin as usize) < bins {
                counts[[i, bin as usize]] += 1.0;
            }
        }
    }
    Ok((counts.into(), (0..bins).map(|b| span.0 + b as f64 * bin_s).collect()))
}

/// Values at `at`, ascending, from samples at `times`: linear between two that are at most `joined` apart, NaN elsewhere;
/// and the longest distance that was joined.
fn interpolate(times: &[f64], values: &[f64], at: impl Iterator<Item = f64>, joined: f64) -> (Vec<f64>, f64) {
    let measured: Vec<(f64, f64)> =
        times.iter().copied().zip(values.iter().copied()).filter(|(_, v)| v.is_finite()).collect();
    let mut longest = 0.0_f64;
    let value = |t: f64| {
        let after = measured.partition_point(|(time, _)| *time <= t);
        let (t0, v0) = *measured.get(after.checked_sub(1)?)?;
        if t0 == t {
            return Some(v0);
        }
        let (t1, v1) = *measured.get(after)?;
        if t1 - t0 > joined {
            return None;
        }
        longest = longest.max(t1 - t0);
        Some(v0 + (v1 - v0) * (t - t0) / (t1 - t0))
    };
    let found = at.map(value).map(|v| v.unwrap_or(f64::NAN)).collect();
    (found, longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::recording::{Covariate, Neuron};

    fn session(activity: Activity, covariates: Vec<Covariate>) -> Session {
        Session {
            source: "made up".into(),
            animal: "a".into(),
            name: "s".into(),
            neurons: vec![Neuron::default(); 2],
            activity,
            bouts: Vec::new(),
            trials: Vec::new(),
            contexts: Vec::new(),
            covariates,
            remarks: Vec::new(),
        }
    }

    #[test]
    fn spikes_are_counted_in_bins_and_none_is_counted_twice() {
        let times = vec![vec![-1.0, 10.0, 10.05, 10.099, 10.25], vec![10.3, 99.0]];
        let framed = Framed::new(&session(Activity::Spikes { times, span: (10.0, 10.3) }, Vec::new()), 0.1).unwrap();
        assert_eq!(*framed.activity, ndarray::array![[3.0, 0.0, 1.0], [0.0, 0.0, 0.0]]);
        assert_eq!((framed.frames(), framed.between(10.05, 10.2)), (3, 1..2));
        assert!(framed.gaps.is_empty());
    }

    #[test]
    fn covariates_are_brought_to_the_frames_by_time_and_not_over_pauses() {
        let covariate = Covariate {
            name: "pupil".into(),
            times: vec![0.0, 0.5, 1.0, 1.5, 8.0, 9.0],
            values: vec![0.0, 1.0, f64::NAN, 3.0, 4.0, 5.0],
        };
        let values = Array2::zeros((2, 6)).into();
        let times = vec![0.0, 0.5, 1.0, 4.0, 8.25, 9.0];
        let framed = Framed::new(&session(Activity::Frames { values, times }, vec![covariate]), 0.1).unwrap();
        // The usual distance is 0.75 … 3: the median of 0.5, 0.5, 3, 4.25, 0.75 is 0.75; middles are 0.375 later.
        let expected = [0.75, 1.0 + 2.0 * 0.375, 1.0 + 2.0 * 0.875, f64::NAN, 4.625, f64::NAN];
        for (found, expected) in framed.covariates[0].iter().zip(expected) {
            assert!(found.to_bits() == expected.to_bits() || (found - expected).abs() < 1e-12, "{framed:?}");
        }
        assert_eq!(framed.interpolated, [1.0]);
        assert_eq!(framed.gaps, [Gap { frame: 3, seconds: 3.0 }, Gap { frame: 4, seconds: 4.25 }]);
    }
}
