//! Sums over frames of several neurons at once.

use super::terms::Term;
use ndarray::{Array2, ArrayView1};

/// Neurons that are summed side by side: their running sums at one frame fill a line of cache.
pub(super) const LANES: usize = 8;

/// The sums of activity over the frames before each, `[frames + 1][LANES]`.
pub(super) struct RunningSums(Vec<[f64; LANES]>);

impl RunningSums {
    /// Of up to `LANES` neurons; `frames` are the numbers of an axis' frames in the recording.
    pub(super) fn new(neurons: &[ArrayView1<f32>], frames: &[usize]) -> Self {
        let mut sums = vec![[0.0; LANES]; frames.len() + 1];
        for (lane, activity) in neurons.iter().enumerate() {
            let mut sum = 0.0;
            for (frame, after) in frames.iter().zip(&mut sums[1..]) {
                sum += f64::from(activity[*frame]);
                after[lane] = sum;
            }
        }
        Self(sums)
    }

    /// The sums over the frames before a place.
    pub(super) fn before(&self, place: usize) -> &[f64; LANES] {
        &self.0[place]
    }

    /// The statistics of `draws` draws, `[draws][LANES]`.
    pub(super) fn statistics(&self, terms: &[Term], draws: usize) -> Vec<[f64; LANES]> {
        let mut found = vec![[0.0; LANES]; draws];
        for term in terms {
            let (sums, statistic) = (&self.0[term.at as usize], &mut found[term.draw as usize]);
            for (s, sum) in statistic.iter_mut().zip(sums) {
                *s += term.weight * sum;
            }
        }
        found
    }
}

/// Rows of `activity`, `LANES` at a time.
pub(super) fn blocks<'a>(activity: &'a Array2<f32>, neurons: &[usize]) -> Vec<(Vec<usize>, Vec<ArrayView1<'a, f32>>)> {
    neurons.chunks(LANES).map(|block| (block.to_vec(), block.iter().map(|i| activity.row(*i)).collect())).collect()
}
