//! What synthetic recordings are made from.

use crate::error::{Error, Result, at_most, ensure};
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
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Fluorescence: a baseline of 1, on it the events, decaying exponentially, and noise.
    Calcium {
        /// Time constant of the decay, in s.
        decay_s: f64,
        /// Standard deviation of the noise of a frame.
        noise: f64,
    },
    /// Events as a deconvolution gives them: spread over three frames, with noise, never below 0.
    Deconvolved {
        /// Standard deviation of the noise of a frame.
        noise: f64,
    },
    /// Times of spikes.
    Spikes {
        /// Least time between two spikes of a neuron, in s.
        refractory_s: f64,
    },
}

impl Kind {
    /// Fluorescence with a decay of 0.7 s and noise of a third of an event.
    pub const CALCIUM: Self = Self::Calcium { decay_s: 0.7, noise: 0.3 };
    /// Deconvolved events with noise of a tenth of an event.
    pub const DECONVOLVED: Self = Self::Deconvolved { noise: 0.1 };
    /// Spikes at least 2 ms apart.
    pub const SPIKES: Self = Self::Spikes { refractory_s: 0.002 };

    /// A usual median event rate: 0.3 calcium events or 4 spikes a second.
    pub fn usual_event_rate(self) -> f64 {
        match self {
            Self::Calcium { .. } | Self::Deconvolved { .. } => 0.3,
            Self::Spikes { .. } => 4.0,
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
    /// Refuses settings out of their range, and bouts that do not fit into the session.
    ///
    /// # Errors
    /// Naming the setting, what was expected and what was found.
    pub fn check(&self) -> Result<()> {
        self.check_sizes()?;
        self.check_rates()?;
        self.check_behaviours()?;
        self.check_tuning()?;
        self.check_nuisance()?;
        self.check_room()
    }

    fn check_sizes(&self) -> Result<()> {
        for (name, value, most) in [
            ("animals", self.animals, 1000),
            ("sessions", self.sessions, 1000),
            ("neurons", self.neurons, 100_000),
            ("bouts", self.bouts, 100_000),
        ] {
            ensure!(value > 0, "`{name} = 0`: expected at least 1.");
            at_most(name, value, most)?;
        }
        above_0("minutes", self.duration_s / 60.0)?;
        above_0("rate_hz", self.rate_hz)?;
        // Four gigabytes in single precision.
        let most = 1e9;
        let frames = self.duration_s * self.rate_hz;
        ensure!(
            frames >= 1.0 && frames * self.neurons as f64 <= most,
            "`minutes = {}`: expected a frame at least, and at most {most} values a session, found {} neurons × {frames:.0} frames. \
             Make sessions shorter, or `neurons` fewer.",
            self.duration_s / 60.0,
            self.neurons
        );
        let mut areas = self.areas.clone();
        areas.sort();
        areas.dedup();
        let is_plain = |name: &String| !name.trim().is_empty() && !name.contains(char::is_control);
        ensure!(
            areas.len() == self.areas.len() && areas.iter().all(is_plain),
            "`areas = {:?}`: expected different names, each in one line.",
            self.areas
        );
        Ok(())
    }

    fn check_rates(&self) -> Result<()> {
        above_0("event_rate", self.event_rate)?;
        ensure!(self.event_rate <= 1000.0, "`event_rate = {}`: expected at most 1000 a second.", self.event_rate);
        within("event_rate_spread", self.event_rate_spread, 0.0, 3.0)?;
        let mean = self.event_rate * (self.event_rate_spread.powi(2) / 2.0).exp();
        let (events, most) = (mean * self.duration_s * self.neurons as f64, 2e8);
        ensure!(
            events <= most,
            "`event_rate = {}`: expected at most {most} events a session, found about {events:.0}. Make sessions shorter, or \
             `neurons` fewer.",
            self.event_rate
        );
        match self.kind {
            Kind::Calcium { decay_s, noise } => {
                above_0("decay_s", decay_s)?;
                at_least_0("noise", noise)
            }
            Kind::Deconvolved { noise } => at_least_0("noise", noise),
            Kind::Spikes { refractory_s } => within("refractory_s", refractory_s, 0.0, 0.1),
        }
    }

    fn check_behaviours(&self) -> Result<()> {
        ensure!(!self.behaviours.is_empty(), "`behaviours = []`: expected at least one name.");
        at_most("behaviours", self.behaviours.len(), 1000)?;
        for (k, name) in self.behaviours.iter().enumerate() {
            let is_plain = name.trim() == name && !name.is_empty() && !name.contains(char::is_control);
            ensure!(
                is_plain && name != Objects::NAME && !self.behaviours[..k].contains(name),
                "`behaviours`: expected different names, each in one line and none of them `{}`, found {name:?}.",
                Objects::NAME
            );
        }
        above_0("bout_s", self.bout_s.0)?;
        within("bout_s", self.bout_s.1, self.bout_s.0, self.duration_s)?;
        // Times are rounded to 1 ms: bouts that touch would overlap.
        within("pause_s", self.pause_s, 0.01, self.duration_s)?;
        let Some(Objects { lead_s, seen_s, alone }) = self.objects else { return Ok(()) };
        at_most("alone", alone, 100_000)?;
        within("lead_s", lead_s, 0.01, self.duration_s)?;
        within("seen_s", seen_s, 0.01, lead_s)
    }

    fn check_tuning(&self) -> Result<()> {
        let shares = self.shares.named();
        for (name, share) in shares {
            within(name, share, 0.0, 1.0)?;
        }
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        // Shares in decimals add up to 1 but for rounding.
        ensure!(sum <= 1.0 + 1e-9, "`mirror_share = {}`: expected shares of at most 1 together, found {sum}.", self.shares.mirror);
        above_0("effect", self.effect)?;
        within("effect", self.effect, 0.0, 1000.0)?;
        within("effect_spread", self.effect_spread, 0.0, 3.0)?;
        within("suppressed", self.suppressed, 0.0, 1.0)?;
        within("observed_ratio", self.observed_ratio, 0.0, 1000.0)?;
        let needed = if self.shares.elsewhere > 0.0 { 2 } else { 1 };
        ensure!(
            (1..=self.behaviours.len() / needed).contains(&self.behaviours_per_cell),
            "`behaviours_per_cell = {}`: expected 1 to {} of {} behaviours{}.",
            self.behaviours_per_cell,
            self.behaviours.len() / needed,
            self.behaviours.len(),
            if needed == 2 { ", since some cells are tuned to others in observation" } else { "" }
        );
        ensure!(
            self.shares.visual == 0.0 || self.objects.is_some(),
            "`visual_share = {}`: visual cells respond to objects. Set `objects`.",
            self.shares.visual
        );
        Ok(())
    }

    fn check_nuisance(&self) -> Result<()> {
        let n = &self.nuisance;
        let ends = [("rate_end", n.rate_end), ("baseline_end", n.baseline_end), ("behaviour_end", n.behaviour_end)];
        for (name, share) in ends {
            within(name, share, 0.001, 1000.0)?;
        }
        ensure!(
            n.baseline_end == 1.0 || matches!(self.kind, Kind::Calcium { .. }),
            "`baseline_end = {}`: only fluorescence has a baseline that bleaches. Leave it at 1.",
            n.baseline_end
        );
        within("context_change", n.context_change, 0.0, 3.0)?;
        ensure!(
            n.context_change == 0.0 || self.contexts != Contexts::One,
            "`context_change = {}`: expected 0, since there is one context.",
            n.context_change
        );
        above_0("time_s", n.arousal.time_s)?;
        within("activity", n.arousal.activity, -2.0, 2.0)?;
        within("behaviour", n.arousal.behaviour, -3.0, 3.0)?;
        at_least_0("pupil_lag_s", n.arousal.pupil_lag_s)?;
        at_least_0("pupil_noise", n.arousal.pupil_noise)?;
        if let Some(bursts) = n.bursts {
            within("per_minute", bursts.per_minute, 0.0, 6000.0)?;
            within("duration_s", bursts.duration_s, 0.001, self.duration_s)?;
            within("size", bursts.size, -1.0, 1000.0)?;
            within("share", bursts.share, 0.0, 1.0)?;
        }
        n.movements.map_or(Ok(()), |m| within("share", m.share, 0.0, 1.0))
    }

    /// Refuses more bouts than find room: they would follow each other without choice.
    fn check_room(&self) -> Result<()> {
        const MOST: f64 = 0.8;
        let of_one = self.bout_s.1 + self.pause_s;
        let (lead, alone) = self.objects.map_or((0.0, 0.0), |o| (o.lead_s, o.alone as f64 * (o.seen_s + self.pause_s)));
        let executed = (self.bouts * self.behaviours.len()) as f64 * of_one;
        let with_object = self.behaviours.iter().filter(|name| has_object(name)).count();
        let observed = executed + (self.bouts * with_object) as f64 * lead + alone;
        let (taken, room) = match self.contexts {
            Contexts::One => (executed + observed, self.duration_s),
            Contexts::Two | Contexts::Untold => (observed, self.duration_s / 2.0),
        };
        ensure!(
            taken <= MOST * room,
            "`bouts = {}`: expected bouts and pauses that take up to {MOST} of the time for them, found {taken:.0} of {room:.0} s. \
             Ask for fewer or shorter ones, or give `minutes = {}`.",
            self.bouts,
            (self.duration_s * taken / room / MOST / 60.0).ceil()
        );
        Ok(())
    }

    /// The random numbers for a purpose: of one session of an animal, both counted from 0, or of the animal (`None`); of one
    /// neuron, or of all (0).
    pub(super) fn draws(&self, draw: Draw, animal: usize, session: Option<usize>, neuron: usize) -> Draws {
        let network = (animal << 16 | session.map_or(0, |s| s + 1)) as u32;
        Draws::new(Rng::new(self.seed, network, Stream::Recording).at_step((neuron as u32) << 4 | draw as u32))
    }
}

impl Shares {
    /// Each by the name under which it is refused.
    fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("execution_share", self.execution),
            ("observation_share", self.observation),
            ("mirror_share", self.mirror),
            ("opposite_share", self.opposite),
            ("elsewhere_share", self.elsewhere),
            ("visual_share", self.visual),
        ]
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

fn above_0(name: &str, value: f64) -> Result<()> {
    ensure!(value.is_finite() && value > 0.0, "`{name} = {value}`: expected a number above 0.");
    Ok(())
}

fn at_least_0(name: &str, value: f64) -> Result<()> {
    ensure!(value.is_finite() && value >= 0.0, "`{name} = {value}`: expected 0 or more.");
    Ok(())
}

fn within(name: &str, value: f64, least: f64, most: f64) -> Result<()> {
    let is_within = (least..=most).contains(&value);
    is_within.then_some(()).ok_or_else(|| Error::input(format!("`{name} = {value}`: expected {least} to {most}.")))
}
