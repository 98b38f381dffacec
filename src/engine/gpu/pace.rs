//! How long the kernels' work takes on a device, measured while the first of it runs.

use super::kernels::{Id, KERNELS};

/// Seconds of a submission: drivers end those that seem to hang, on Windows after two seconds.
pub(super) const SUBMISSION: f64 = 0.1;
/// A submission that takes this long tells how fast the device is.
const TELLING: f64 = 0.02;
/// Submissions of a kernel that are measured at most: of little work there are no longer ones.
const TRIALS: u32 = 3;
/// By how much the work of a trial grows.
const GROWTH: f64 = 4.0;
/// Work of a dispatch while nothing is known: a tenth of a second at 10 · 10⁹ operations a second.
const CAUTIOUS: f64 = 1e9;

/// What is known of one kernel.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The least seconds that a unit of work took; 0 where nothing was measured.
    least: f64,
    /// Work of the largest trial.
    largest: f64,
    trials: u32,
    told: bool,
}

/// The pace of a device at the kernels of a plan. Work is counted in operations, whatever a kernel does in one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace([Known; KERNELS.len()]);

impl Pace {
    /// Seconds that so much work is expected to take; 0 where nothing is known.
    pub(super) fn seconds(&self, id: Id, work: f64) -> f64 {
        self.0[id as usize].least * work
    }

    /// Work after which a submission of `id` is to be measured; none where its pace is known.
    pub(super) fn trial(&self, id: Id) -> Option<f64> {
        let known = &self.0[id as usize];
        (!known.told).then_some(GROWTH * known.largest)
    }

    /// Most work of one dispatch of `id`, where the device is `slowness` times as slow as it was measured.
    pub(super) fn longest(&self, id: Id, slowness: f64) -> f64 {
        let known = &self.0[id as usize];
        if known.least > 0.0 { SUBMISSION / (known.least * slowness) } else { CAUTIOUS }
    }

    /// Takes in that a submission of so much work of `id` alone took so many seconds.
    pub(super) fn learn(&mut self, id: Id, work: f64, seconds: f64) {
        let known = &mut self.0[id as usize];
        let rate = seconds / work.max(1.0);
        // The first one may have compiled the kernel.
        known.least = if known.least > 0.0 { known.least.min(rate) } else { rate };
        known.largest = known.largest.max(work);
        known.trials += 1;
        known.told = known.trials >= TRIALS || (known.trials > 1 && seconds >= TELLING);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_learned_from_a_few_growing_submissions() {
        let mut pace = Pace::default();
        let id = Id::Forward;
        assert_eq!((pace.seconds(id, 1e9), pace.trial(id)), (0.0, Some(0.0)));
        assert_eq!(pace.longest(id, 1.0), CAUTIOUS);
        pace.learn(id, 1e6, 0.5);
        assert_eq!(pace.trial(id), Some(4e6));
        pace.learn(id, 4e6, 0.004);
        assert_eq!(pace.trial(id), Some(1.6e7), "4 ms say little");
        pace.learn(id, 1.6e7, 0.016);
        assert_eq!(pace.trial(id), None, "three trials are enough");
        assert!((pace.seconds(id, 1e8) - 0.1).abs() < 1e-12);
        assert!((pace.longest(id, 2.0) / 5e7 - 1.0).abs() < 1e-9);
        assert_eq!(pace.trial(Id::Total), Some(0.0), "kernels are apart");

        let mut slow = Pace::default();
        slow.learn(id, 1e9, 5.0);
        slow.learn(id, 4e9, 2.0);
        assert_eq!(slow.trial(id), None, "two seconds tell");
    }
}
