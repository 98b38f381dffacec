//! The learning rate of each step.

use std::collections::VecDeque;

/// How the learning rate moves over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    /// The same at every step (published).
    Constant,
    /// Half a cosine from the learning rate at the first step down to 2 % of it at the last planned one.
    #[default]
    Cosine,
    /// Halved each time the loss has not improved for a number of steps.
    Plateau,
}

impl ScheduleKind {
    /// Whether the rate depends on losses.
    fn follows_losses(self) -> bool {
        match self {
            Self::Constant | Self::Cosine => false,
            Self::Plateau => true,
        }
    }
}

/// What the cosine ends at, as a fraction of the learning rate.
const COSINE_FLOOR: f64 = 0.02;
/// What the plateau schedule counts as an improvement, as a fraction of the lowest loss.
const PLATEAU_IMPROVEMENT: f64 = 1e-4;
/// How many steps a loss must be old before a decision may use it. The device's records lag; a fixed age makes the
/// decision the same on every engine, and the same after a resume.
pub const DECISION_LAG: u32 = 2;

/// The learning rate of one network: a pure function of the step and of the losses at least [`DECISION_LAG`] steps old.
#[derive(Clone, Debug)]
pub struct Schedule {
    kind: ScheduleKind,
    base: f64,
    planned_steps: u32,
    plateau: Plateau,
}

/// Where the plateau schedule stands.
#[derive(Clone, Debug)]
struct Plateau {
    patience: u32,
    factor: f64,
    lowest: f64,
    waited: u32,
    /// Losses that arrived and are too young to be used.
    young: VecDeque<(u32, f64)>,
    /// The latest step whose loss arrived.
    seen: u32,
}

impl Schedule {
    /// The schedule of a run of `planned_steps` that starts at learning rate `base`.
    pub fn new(kind: ScheduleKind, base: f64, planned_steps: u32, plateau_patience: u32) -> Self {
        let plateau = Plateau {
            patience: plateau_patience,
            factor: 1.0,
            lowest: f64::INFINITY,
            waited: 0,
            young: VecDeque::new(),
            seen: 0,
        };
        Self { kind, base, planned_steps, plateau }
    }

    /// Hands over the loss of `step`; steps come in order. A resumed run hands over the losses of its history first.
    pub fn observe(&mut self, step: u32, loss: f64) {
        if self.kind.follows_losses() {
            self.plateau.young.push_back((step, loss));
        }
        self.plateau.seen = step;
    }

    /// Whether the rate of `step` can be known from the losses that arrived so far.
    pub fn is_ready(&self, step: u32) -> bool {
        !self.kind.follows_losses() || self.plateau.seen + DECISION_LAG >= step
    }

    /// The learning rate of `step`, counted from 1. Steps come in order, each once [`Self::is_ready`].
    pub fn rate(&mut self, step: u32) -> f64 {
        match self.kind {
            ScheduleKind::Constant => self.base,
            ScheduleKind::Cosine => {
                let last = self.planned_steps.saturating_sub(1).max(1);
                let progress = f64::from(step.saturating_sub(1).min(last)) / f64::from(last);
                let fall = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                self.base * (COSINE_FLOOR + (1.0 - COSINE_FLOOR) * fall)
            }
            ScheduleKind::Plateau => self.base * self.plateau.factor_at(step),
        }
    }
}

impl Plateau {
    fn factor_at(&mut self, step: u32) -> f64 {
        while let Some((_, loss)) = self.young.front().copied().filter(|(s, _)| *s + DECISION_LAG <= step) {
            self.young.pop_front();
            if loss < self.lowest * (1.0 - PLATEAU_IMPROVEMENT) || self.lowest.is_infinite() {
                self.lowest = loss;
                self.waited = 0;
            } else {
                self.waited += 1;
            }
            if self.waited >= self.patience {
                self.factor *= 0.5;
                self.waited = 0;
            }
        }
        self.factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_goes_from_the_learning_rate_to_two_percent_of_it() {
        let mut s = Schedule::new(ScheduleKind::Cosine, 0.1, 101, 0);
        assert!((s.rate(1) - 0.1).abs() < 1e-15);
        assert!((s.rate(51) - 0.051).abs() < 1e-15);
        assert!((s.rate(101) - 0.002).abs() < 1e-15);
        // A single step, and steps beyond the plan, are in range.
        assert!((Schedule::new(ScheduleKind::Cosine, 0.1, 1, 0).rate(1) - 0.1).abs() < 1e-15);
        assert!((s.rate(500) - 0.002).abs() < 1e-15);
    }

    /// Losses arriving late, early, or all at once (as after a resume) lead to the same rates.
    #[test]
    fn a_plateau_decides_from_losses_two_steps_old_however_they_arrive() {
        let losses: Vec<f64> =
            (1..=40u32).map(|k| if k < 5 { 10.0 - f64::from(k) } else { 6.0 + 0.1 * f64::from(k % 3) }).collect();
        let rates = |lag: usize| {
            let mut s = Schedule::new(ScheduleKind::Plateau, 1.0, 40, 6);
            let mut given = 0;
            (1..=40u32)
                .map(|step| {
                    let known = (step as usize - 1).saturating_sub(lag);
                    while given < known {
                        s.observe(given as u32 + 1, losses[given]);
                        given += 1;
                    }
                    assert!(s.is_ready(step));
                    s.rate(step)
                })
                .collect::<Vec<_>>()
        };
        let prompt = rates(0);
        assert_eq!(prompt, rates(1));
        // Lowest at step 4; steps 5…10 do not improve on it; the decision that knows step 10 is step 12's.
        assert!((prompt[10] - 1.0).abs() < 1e-15 && (prompt[11] - 0.5).abs() < 1e-15, "{prompt:?}");

        let mut resumed = Schedule::new(ScheduleKind::Plateau, 1.0, 40, 6);
        for k in 1..=20u32 {
            resumed.observe(k, losses[k as usize - 1]);
        }
        assert_eq!(resumed.rate(21).to_bits(), prompt[20].to_bits());
        assert!(!Schedule::new(ScheduleKind::Plateau, 1.0, 40, 6).is_ready(3));
    }
}
