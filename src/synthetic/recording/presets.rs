//! Recordings that others ask for by name.

use super::settings::{Arousal, Bursts, Contexts, Kind, Movements, Nuisance, Objects, RecordingSynthesis, Shares};

impl Default for RecordingSynthesis {
    /// One session of 20 min at 20 Hz, 400 untuned neurons, calcium; 40 bouts of 2 s of grasping and of grooming, executed and
    /// observed each, in one context.
    fn default() -> Self {
        Self {
            seed: 0,
            animals: 1,
            sessions: 1,
            neurons: 400,
            areas: Vec::new(),
            duration_s: 1200.0,
            rate_hz: 20.0,
            kind: Kind::Calcium,
            decay_s: 0.7,
            noise: 0.3,
            refractory_s: 0.002,
            event_rate: Kind::Calcium.usual_event_rate(),
            event_rate_spread: 0.8,
            behaviours: ["grasping", "grooming"].map(String::from).to_vec(),
            bouts: 40,
            bout_s: (2.0, 2.0),
            pause_s: 0.5,
            contexts: Contexts::One,
            shares: Shares::default(),
            effect: 2.0,
            effect_spread: 0.0,
            suppressed: 0.0,
            observed_ratio: 1.0,
            behaviours_per_cell: 1,
            objects: None,
            nuisance: Nuisance::default(),
        }
    }
}

/// Recordings by name: one to try things on, and those in which nothing is tuned and something misleads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Scenario {
    /// Two animals, two contexts, cells of every class, and a little of all that misleads.
    #[default]
    Demonstration,
    /// Nothing is tuned and nothing misleads.
    Stationary,
    /// The baseline falls, and behaviours get rarer.
    Bleaching,
    /// Event rates fall, and behaviours get rarer.
    Rundown,
    /// Two contexts in which event rates differ, and that the recording does not tell.
    Joined,
    /// Arousal drives activity and behaviour.
    Arousal,
    /// Neurons share population bursts.
    Bursts,
}

impl RecordingSynthesis {
    /// The settings of a scenario.
    pub fn of(scenario: Scenario, seed: u64) -> Self {
        match scenario {
            Scenario::Demonstration => Self::demonstration(seed),
            Scenario::Stationary => Self::stationary(seed),
            Scenario::Bleaching => Self::bleaching(seed),
            Scenario::Rundown => Self::rundown(seed),
            Scenario::Joined => Self::joined(seed),
            Scenario::Arousal => Self::arousal(seed),
            Scenario::Bursts => Self::bursts(seed),
        }
    }

    /// The same with another kind of recording and its usual event rate; what cannot be in it, bleaching, is left out.
    #[must_use]
    pub fn recorded_as(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self.event_rate = kind.usual_event_rate();
        if kind != Kind::Calcium {
            self.nuisance.baseline_end = 1.0;
        }
        self
    }

    /// Something of everything: two animals, 120 neurons each in two areas; five behaviours, executed alone and then observed;
    /// cells of every class; weak run-down, bleaching and arousal; and the observer moves in a tenth of the bouts.
    pub fn demonstration(seed: u64) -> Self {
        Self {
            seed,
            animals: 2,
            neurons: 120,
            areas: ["M2", "PPC"].map(String::from).to_vec(),
            duration_s: 2400.0,
            behaviours: ["reaching", "grasping", "eating", "grooming", "wheel running"].map(String::from).to_vec(),
            bouts: 30,
            bout_s: (1.0, 3.0),
            contexts: Contexts::Two,
            shares: Shares {
                execution: 0.3,
                observation: 0.05,
                mirror: 0.1,
                opposite: 0.025,
                elsewhere: 0.025,
                visual: 0.05,
            },
            effect_spread: 0.3,
            suppressed: 0.2,
            objects: Some(Objects { lead_s: 1.5, seen_s: 1.0, alone: 30 }),
            nuisance: Nuisance {
                rate_end: 0.8,
                baseline_end: 0.8,
                behaviour_end: 0.7,
                arousal: Arousal { activity: 0.2, behaviour: 0.3, ..Arousal::default() },
                movements: Some(Movements { share: 0.1, listed: true }),
                ..Nuisance::default()
            },
            ..Self::default()
        }
    }

    /// Nothing is tuned and nothing misleads: the default with a seed.
    pub fn stationary(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    /// Untuned neurons; the baseline falls to 0.4 of its begin, and behaviours get rarer, to a tenth of how often.
    pub fn bleaching(seed: u64) -> Self {
        let nuisance = Nuisance { baseline_end: 0.4, behaviour_end: 0.1, ..Nuisance::default() };
        Self { nuisance, ..Self::stationary(seed) }
    }

    /// Untuned neurons of high event rates, which fall to a tenth, and so does how often something is done.
    pub fn rundown(seed: u64) -> Self {
        let nuisance = Nuisance { rate_end: 0.1, behaviour_end: 0.1, ..Nuisance::default() };
        Self { nuisance, event_rate: 1.0, ..Self::stationary(seed) }
    }

    /// Untuned neurons; executed in one half and observed in the other, with event rates that differ between the halves, and
    /// no context is told. With `contexts: Contexts::Two` the same recording tells them.
    pub fn joined(seed: u64) -> Self {
        let nuisance = Nuisance { context_change: 1.0, ..Nuisance::default() };
        Self { contexts: Contexts::Untold, nuisance, ..Self::stationary(seed) }
    }

    /// Untuned neurons; arousal, slower than a bout, drives activity and behaviour, and the pupil shows it.
    pub fn arousal(seed: u64) -> Self {
        let arousal = Arousal { time_s: 7.0, activity: 0.5, behaviour: 1.0, ..Arousal::default() };
        Self { nuisance: Nuisance { arousal, ..Nuisance::default() }, ..Self::stationary(seed) }
    }

    /// The same, with a pupil that follows arousal with a time constant of 3 s, and is measured with as much noise as it varies.
    pub fn slow_pupil(seed: u64) -> Self {
        let mut settings = Self::arousal(seed);
        settings.nuisance.arousal.pupil_lag_s = 3.0;
        settings.nuisance.arousal.pupil_noise = 1.0;
        settings
    }

    /// Untuned neurons, half of which take part in each of six population bursts a minute.
    pub fn bursts(seed: u64) -> Self {
        let bursts = Some(Bursts { per_minute: 6.0, duration_s: 1.0, size: 4.0, share: 0.5 });
        Self { nuisance: Nuisance { bursts, ..Nuisance::default() }, ..Self::stationary(seed) }
    }

    /// All neurons are tuned to execution, of every behaviour, and none to observation, in two contexts.
    pub fn all_executing(seed: u64) -> Self {
        let shares = Shares { execution: 1.0, ..Shares::default() };
        let behaviours_per_cell = Self::default().behaviours.len();
        Self { contexts: Contexts::Two, shares, behaviours_per_cell, ..Self::stationary(seed) }
    }
}
