//! What synthetic recordings are made from.

use crate::rng::{Draws, Rng, Stream};

/// What to generate. Without nuisances and tuned cells unless they are set: [`Default`] is a recording in which nothing is to
/// be found, and nothing misleads. The equations are in docs/tasks.md#synthetic-recordings.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingSynthesis {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Animals, each with cells of its own.
    pub animals: usize,
    /// Sessions of each animal, in which its cells are recorded again, in another order.
    pub sessions: usize,
    /// Neurons of each animal.
    pub neurons: usize,
    /// Areas, which get equal numbers of neighbouring neurons; without any, neurons have none.
    pub areas: Vec<String>,
    /// Length of a session, in s.
    pub duration_s: f64,
    /// Frames a second. What an animal does, and with it the event rates, changes from one frame to another.
    pub rate_hz: f64,
    /// What is recorded of the neurons' events.
    pub kind: Kind,
    /// Time constant with which fluorescence decays, in s.
    pub decay_s: f64,
    /// Standard deviation of the noise of a frame of fluorescence or of deconvolved events, in events.
    pub noise: f64,
    /// Least time between two spikes of a neuron, in s.
    pub refractory_s: f64,
    /// Median over neurons of the events (spikes) a second outside bouts, at the begin of a session.
    pub event_rate: f64,
    /// Standard deviation over neurons of the logarithm of their event rates.
    pub event_rate_spread: f64,
    /// What is done. All but `grooming` and `wheel running` is done to an object.
    pub behaviours: Vec<String>,
    /// Bouts of each behaviour, executed and observed each.
    pub bouts: usize,
    /// The shortest and the longest bout, in s.
    pub bout_s: (f64, f64),
    /// The shortest pause between two bouts, in s.
    pub pause_s: f64,
    /// When behaviours are executed and when they are observed.
    pub contexts: Contexts,
    /// Tuned cells, as shares of all.
    pub shares: Shares,
    /// Relative change `e` of the event rate of a tuned cell in bouts that it executes: times `1 + e` where it is facilitated,
    /// divided by `1 + e` where it is suppressed.
    pub effect: f64,
    /// Standard deviation over cells of the logarithm of `effect`.
    pub effect_spread: f64,
    /// Share of the tuned cells that are suppressed in execution (of those without execution: in observation).
    pub suppressed: f64,
    /// Observed effects in units of executed ones: with 0.5 the mean rate changes by half as much.
    pub observed_ratio: f64,
    /// Behaviours to which each tuned cell is tuned.
    pub behaviours_per_cell: usize,
    /// Objects that come in sight before they are acted upon.
    pub objects: Option<Objects>,
    /// What misleads.
    pub nuisance: Nuisance,
}

/// What is recorded of events. An event has size 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Kind {
    /// Fluorescence: a baseline of 1, on it the events, decaying exponentially, and noise.
    Calcium,
    /// Calcium events as a deconvolution gives them: spread over three frames, with noise, never below 0.
    Deconvolved,
    /// Times of spikes.
    Spikes,
}

impl Kind {
    /// A usual median event rate: 0.3 calcium events or 4 spikes a second.
    pub fn usual_event_rate(self) -> f64 {
        match self {
            Self::Calcium | Self::Deconvolved => 0.3,
            Self::Spikes => 4.0,
        }
    }
}

/// When behaviours are executed and when they are observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// One context: executed and observed bouts alternate at random all the time.
    One,
    /// Two, told by the recording: `alone`, in which all bouts are executed, and then `watching`, in which all are observed.
    Two,
    /// The same two, with the same activity, but the recording does not tell them.
    Untold,
}

impl Contexts {
    /// The names of the two contexts.
    pub const NAMES: [&str; 2] = ["alone", "watching"];
}

/// Shares of cells that are tuned, to `behaviours_per_cell` behaviours each; the others are not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// Tuned to execution alone.
    pub execution: f64,
    /// Tuned to observation alone.
    pub observation: f64,
    /// Mirror cells: tuned to the same behaviours executed and observed, with the same sign.
    pub mirror: f64,
    /// Incongruent mirror cells: tuned to the same behaviours with opposite signs.
    pub opposite: f64,
    /// Tuned to some behaviours executed and to others observed.
    pub elsewhere: f64,
    /// Tuned to the onset of an object, not to actions.
    pub visual: f64,
}

/// Objects that come in sight before they are acted upon. What is seen of an object before the action is an observed bout
/// of the behaviour [`Objects::NAME`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objects {
    /// Time from the onset of the object to the observed action, in s.
    pub lead_s: f64,
    /// How long the onset drives visual cells, in s: the length of its bout.
    pub seen_s: f64,
    /// Onsets that no action follows.
    pub alone: usize,
}

impl Objects {
    /// The behaviour under which onsets of objects are listed.
    pub const NAME: &str = "object";
}

/// What misleads. Without any by default; shares at the end are those of the begin, and change exponentially in between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nuisance {
    /// Run-down: event rates at the end of a session, as a share of those at its begin.
    pub rate_end: f64,
    /// Bleaching: baseline of the fluorescence at the end of a session, as a share of that at its begin.
    pub baseline_end: f64,
    /// How often something is done at the end of a session, as a share of how often at its begin.
    pub behaviour_end: f64,
    /// Standard deviation over neurons of the logarithm of what watching multiplies their event rates by (two contexts).
    pub context_change: f64,
    /// How awake the animal is, a slow process.
    pub arousal: Arousal,
    /// Population bursts.
    pub bursts: Option<Bursts>,
    /// The observer's own movements.
    pub movements: Option<Movements>,
}

impl Default for Nuisance {
    fn default() -> Self {
        Self {
            rate_end: 1.0,
            baseline_end: 1.0,
            behaviour_end: 1.0,
            context_change: 0.0,
            arousal: Arousal::default(),
            bursts: None,
            movements: None,
        }
    }
}

/// Arousal: a normal process of variance 1, whose autocorrelation falls exponentially. It shows in the pupil, and drives
/// activity and behaviour where it is asked to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arousal {
    /// Its time constant, in s.
    pub time_s: f64,
    /// Change of the logarithm of event rates with a standard deviation of arousal; that of a neuron is 0.5 to 1.5 times it.
    pub activity: f64,
    /// Change of the logarithm of how often something is done, executed or observed, with a standard deviation of arousal.
    pub behaviour: f64,
    /// Time constant with which the pupil follows arousal, in s; 0 for at once.
    pub pupil_lag_s: f64,
    /// Standard deviation of the noise of a sample of the pupil, in standard deviations of arousal.
    pub pupil_noise: f64,
}

impl Default for Arousal {
    fn default() -> Self {
        Self { time_s: 10.0, activity: 0.0, behaviour: 0.0, pupil_lag_s: 0.0, pupil_noise: 0.05 }
    }
}

/// Population bursts: moments in which many neurons fire more at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// How many there are.
    pub per_minute: f64,
    /// How long each lasts, in s.
    pub duration_s: f64,
    /// Relative change of the event rate of a neuron that takes part.
    pub size: f64,
    /// Share of the neurons that take part in a burst, drawn anew for each.
    pub share: f64,
}

/// The observer's own movements: in some of the observed bouts it does the same, and its cells respond as if it were alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Movements {
    /// Share of the observed bouts in which it moves.
    pub share: f64,
    /// Whether the movements are listed as executed bouts. The covariate `running` shows them either way.
    pub listed: bool,
}

impl RecordingSynthesis {
    /// The random numbers for a purpose: of one session of an animal, both counted from 0, or of the animal (`None`); of one
    /// neuron, or of all (0).
    pub(super) fn draws(&self, draw: Draw, animal: usize, session: Option<usize>, neuron: usize) -> Draws {
        let network = (animal << 16 | session.map_or(0, |s| s + 1)) as u32;
        Draws::new(Rng::new(self.seed, network, Stream::Recording).at_step((neuron as u32) << 4 | draw as u32))
    }
}

/// What a set of random numbers is for: a part of the step in the key of [`Stream::Recording`]; below 16.
#[derive(Clone, Copy)]
pub(super) enum Draw {
    /// Classes of the cells of an animal.
    Classes,
    /// The order in which a session lists them.
    Order,
    /// Rate, effects and gains of a cell.
    Cell,
    Arousal,
    Pupil,
    Running,
    Bouts,
    Movements,
    Bursts,
    /// Whether a cell takes part in each burst.
    Participation,
    Events,
    Noise,
}

/// Whether something is done to an object.
pub(super) fn has_object(behaviour: &str) -> bool {
    !["grooming", "wheel running"].contains(&behaviour)
}
