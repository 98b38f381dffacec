//! Submissions on their way, and how what they take compares with what was expected.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::time::{Duration, Instant};

/// Shorter submissions say more of the host than of the device.
const TELLING: f64 = 0.01;
/// A wait that is shorter than this was for what had ended before.
const AT_ONCE: Duration = Duration::from_micros(200);
/// How many times faster or slower than it was measured the device may seem to have become.
const SLOWNESS: [f64; 2] = [0.25, 16.0];

/// Submissions that were not waited for yet.
#[derive(Debug)]
pub(super) struct Flight {
    pieces: VecDeque<Piece>,
    /// The number of the last one.
    pub(super) submitted: u64,
    /// When the last wait that had to wait ended: what is in flight then has the device to itself.
    freed: Option<Instant>,
    /// How many times longer submissions take than was expected of them.
    pub(super) slowness: f64,
}

/// A submission.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Its number, from 1.
    pub(super) number: u64,
    pub(super) index: wgpu::SubmissionIndex,
    /// Seconds that it was expected to take, at a slowness of 1; 0 where that is not known.
    expected: f64,
    submitted: Instant,
}

impl Default for Flight {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), submitted: 0, freed: None, slowness: 1.0 }
    }
}

impl Flight {
    /// Takes in the submission of that number, which is expected to take so many seconds.
    pub(super) fn left(&mut self, number: u64, index: wgpu::SubmissionIndex, expected: f64) {
        self.pieces.push_back(Piece { number, index, expected, submitted: Instant::now() });
    }

    /// The oldest submission that was not waited for, of those up to a number.
    pub(super) fn oldest(&self, until: Option<u64>) -> Option<Piece> {
        self.pieces.front().filter(|piece| until.is_none_or(|until| piece.number <= until)).cloned()
    }

    /// Takes in that `piece` has ended, which was waited for since `waited`.
    pub(super) fn done(&mut self, piece: &Piece, waited: Instant) {
        self.pieces.retain(|other| other.number > piece.number);
        let ended = Instant::now();
        if ended - waited < AT_ONCE {
            return;
        }
        let began = self.freed.filter(|freed| *freed > piece.submitted);
        self.freed = Some(ended);
        if let Some(began) = began.filter(|_| piece.expected >= TELLING) {
            self.learn((ended - began).as_secs_f64() / piece.expected);
        }
    }

    /// Takes in that a submission took `ratio` times as long as was expected: half the way on a logarithmic scale, since one
    /// disturbance is not the rule.
    fn learn(&mut self, ratio: f64) {
        self.slowness = (self.slowness * ratio).sqrt().clamp(SLOWNESS[0], SLOWNESS[1]);
    }
}

thread_local! {
    /// Whether a panic on this thread is caught, and told as an error.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// `wait`, or what it panicked with: wgpu panics where it finds a device lost while it waits. Nothing is printed then.
pub(super) fn guarded<T>(wait: impl FnOnce() -> T) -> std::result::Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                usual(info);
            }
        }));
    });
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(wait));
    GUARDED.set(false);
    result.map_err(|panic| match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or_else(|| "for an unknown reason".into(), |s| (*s).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_waiting_is_an_error_and_others_stay_panics() {
        assert_eq!(guarded(|| 3), Ok(3));
        assert_eq!(guarded(|| -> u8 { panic!("lost {}", "now") }), Err("lost now".into()));
        assert_eq!(guarded(|| -> u8 { panic!("plain") }), Err("plain".into()));
        assert!(!GUARDED.get());
    }

    #[test]
    fn slowness_follows_what_submissions_take_and_stays_within_bounds() {
        let mut flight = Flight::default();
        (0..40).for_each(|_| flight.learn(3.0));
        assert!((flight.slowness - 3.0).abs() < 1e-6);
        flight.learn(300.0);
        assert!(flight.slowness <= 16.0);
        (0..40).for_each(|_| flight.learn(1e-3));
        assert_eq!(flight.slowness, 0.25);
    }
}
