//! Return after a kick: whether the network forgets a disturbance.

use super::Lesion;
use crate::engine::{Action, Effect, Perturbation};
use crate::lab::Subject;
use crate::rng::{Rng, Stream};

/// A short current of random sign into every neuron, and when the network is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Kick {
    /// Currents, `[N]`.
    currents: Vec<f32>,
    from: usize,
    to: usize,
    /// The bin right after the kick, and the one some time later.
    bins: [usize; 2],
}

/// Size of the kick, in units of `I_ext`: from a rate of 0.5 to 0.27 or 0.73.
const STRENGTH: f32 = 1.0;

/// Duration of the kick, in bins.
const BINS: usize = 2;

/// Time between the two looks, in ms.
const LATER_MS: f64 = 400.0;

impl Kick {
    /// A kick in the middle of the lesion's window; `None` where the trial is too short for one.
    pub fn new(subject: &Subject, lesion: &Lesion, seed: u64) -> Option<Self> {
        let d = subject.dims();
        let later = (LATER_MS / (subject.step_ms * d.steps_per_bin as f64)).round().max(1.0) as usize;
        let bin_of = |t: usize| t.saturating_sub(d.thermal) / d.steps_per_bin;
        let (first, end) = (bin_of(lesion.from), bin_of(lesion.to).min(subject.common_bins()));
        let needed = BINS + later + 1;
        if first + needed > end {
            return None;
        }
        let bin = first + (end - first - needed) / 2;
        let from = d.thermal + bin * d.steps_per_bin;
        let rng = Rng::new(seed, 0, Stream::Directions);
        let sign = |i: usize| if rng.words(i as u32)[0] & 1 == 0 { STRENGTH } else { -STRENGTH };
        Some(Self {
            currents: (0..d.neurons).map(sign).collect(),
            from,
            to: from + BINS * d.steps_per_bin,
            bins: [bin + BINS, bin + BINS + later],
        })
    }

    /// The kick, to be added to a lesion. It comes first, so that clamped neurons stay where they are.
    pub fn perturbation(&self) -> Perturbation {
        let action = Action::Current(self.currents.clone());
        let neurons = vec![true; self.currents.len()];
        Perturbation { effects: vec![Effect { neurons, from: self.from, to: self.to, action }], cuts: Vec::new() }
    }

    /// The rates in the two bins, `[2][C][N]`, of binned rates `[C][B][N]`.
    pub fn look(&self, subject: &Subject, rates: &[f32]) -> Vec<f32> {
        let d = subject.dims();
        let row = |b: usize, c: usize| &rates[(c * d.bins + b) * d.neurons..][..d.neurons];
        self.bins.iter().flat_map(|b| (0..d.conditions).flat_map(move |c| row(*b, c))).copied().collect()
    }

    /// What is left of the kick in the neurons that `spared` marks: the root mean square difference between kicked and
    /// unkicked rates at the later look over that at the earlier one. Below 1 the network returns, above 1 it runs away.
    pub fn remaining(&self, kicked: &[f32], unkicked: &[f32], spared: &dyn Fn(usize) -> bool) -> f64 {
        let (n, half) = (self.currents.len(), kicked.len() / 2);
        let distance = |range: std::ops::Range<usize>| {
            let squares = range.filter(|k| spared(k % n)).map(|k| f64::from(kicked[k] - unkicked[k]).powi(2));
            squares.sum::<f64>().sqrt()
        };
        distance(half..2 * half) / distance(0..half)
    }
}
