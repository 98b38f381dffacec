//! The loop over training steps: places in an engine, and networks that take them one after another.

use super::settle::settle;
use super::{Schedule, Settled};
use crate::engine::{Engine, NetworkSettings, NetworkState, StepRecord};
use crate::error::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Hears of the steps of networks while they train.
pub trait Observer {
    /// `network` has done the step of `record`, `seconds` into its training.
    ///
    /// # Errors
    /// Ends the training.
    fn on_step(&mut self, network: usize, record: &StepRecord, seconds: f64) -> Result<()>;

    /// `network` has ended, with so many of its planned steps left.
    fn on_end(&mut self, network: usize, left: u32) {
        let _ = (network, left);
    }
}

/// A network that takes a place.
#[derive(Debug)]
pub struct Entrant {
    /// The feed's number of it.
    pub network: usize,
    /// Its settings.
    pub settings: NetworkSettings,
    /// What it goes on from.
    pub state: NetworkState,
    /// Its learning rates, told of the losses until now.
    pub schedule: Schedule,
    /// It leaves after this step, if nothing ends its training before.
    pub until: u32,
    /// Its state is kept after every so many steps, besides from time to time.
    pub keep_every: u32,
}

/// Where networks come from, and where they go.
pub trait Feed {
    /// The next network for a free place, if there is one.
    ///
    /// # Errors
    /// Ends the training.
    fn next(&mut self) -> Result<Option<Entrant>>;

    /// The places are taken, and a step is about to be done.
    ///
    /// # Errors
    /// Ends the training.
    fn on_filled(&mut self) -> Result<()> {
        Ok(())
    }

    /// `network` has done the step of `record`.
    ///
    /// # Errors
    /// Ends the training.
    fn on_step(&mut self, network: usize, record: &StepRecord) -> Result<()>;

    /// `network` is at rest in `state`, and goes on; all records of its steps were handed over.
    ///
    /// # Errors
    /// Ends the training.
    fn on_checkpoint(&mut self, network: usize, state: &NetworkState) -> Result<()>;

    /// Whether `network` is to go on; one that is not leaves after the step that is being done.
    fn is_wanted(&self, network: usize) -> bool {
        let _ = network;
        true
    }

    /// `network` leaves in `state`: all records of its steps were handed over. Whether its weights are to be settled.
    ///
    /// # Errors
    /// Ends the training.
    fn on_leave(&mut self, network: usize, state: &NetworkState) -> Result<bool>;

    /// The weights that `network` reports, and their rates `[C][B][N]`.
    ///
    /// # Errors
    /// Ends the training.
    fn on_settled(&mut self, network: usize, settled: Settled, rates: Vec<f32>) -> Result<()>;
}

/// How networks are trained.
pub struct Training<'a> {
    /// Ends the training when it is set, with the state of every network kept.
    pub interrupt: &'a AtomicBool,
    /// Whether states are kept from time to time.
    pub keeps_states: bool,
    /// Networks whose weights are settled together: one where that is cheap, more where a device is busy with several.
    pub settle_together: usize,
    /// Where rates are simulated that are not those of the training's conditions: an engine of one place or more.
    pub whole: Option<Box<dyn Engine>>,
}

/// States are kept so often that it takes about this part of the time, …
const KEEPING: f64 = 0.02;
/// … within these bounds.
const OFTEN: Duration = Duration::from_secs(10);
const SELDOM: Duration = Duration::from_secs(120);

/// Steps for which a network that has left waits for others to be settled with.
const LONGEST_WAIT: u32 = 32;

/// Trains the networks of `feed` in the places of `engine`, whatever those hold, until none comes any more, or `interrupt`
/// is set. Whether it was.
///
/// Records of a device lag behind its steps; a feed gets each exactly once, in order. A network that diverged leaves as one
/// that has ended does.
///
/// # Errors
/// If the engine or the feed fails.
pub fn train(engine: &mut dyn Engine, feed: &mut dyn Feed, training: Training) -> Result<bool> {
    let seats = (0..engine.dims().networks).map(|_| None).collect();
    let (now, waiting) = (Instant::now(), Vec::new());
    Trainer { engine, feed, training, seats, waiting, waited: 0, kept: now, cost: Duration::ZERO }.run()
}

/// A place that is taken.
struct Seat {
    network: usize,
    settings: NetworkSettings,
    schedule: Schedule,
    until: u32,
    keep_every: u32,
    /// Its last step that was enqueued.
    step: u32,
    stopped: bool,
}

impl Seat {
    fn is_training(&self) -> bool {
        !self.stopped && self.step < self.until
    }
}

/// A network that has left.
struct Waiting {
    network: usize,
    settings: NetworkSettings,
    state: NetworkState,
}

struct Trainer<'a> {
    engine: &'a mut dyn Engine,
    feed: &'a mut dyn Feed,
    training: Training<'a>,
    seats: Vec<Option<Seat>>,
    waiting: Vec<Waiting>,
    /// Steps since the first of them left.
    waited: u32,
    /// When states were kept last, and how long that took.
    kept: Instant,
    cost: Duration,
}

impl Trainer<'_> {
    fn run(mut self) -> Result<bool> {
        loop {
            self.see_off()?;
            let interrupted = self.training.interrupt.load(Ordering::Relaxed);
            if interrupted {
                self.keep(|_| true)?;
                return Ok(true);
            }
            self.fill()?;
            if self.is_time_to_settle() {
                self.settle()?;
                continue;
            }
            if self.seats.iter().all(Option::is_none) {
                return Ok(false);
            }
            self.feed.on_filled()?;
            self.step()?;
            self.keep_in_time()?;
        }
    }

    /// Takes in networks, but for the places in which others are to be settled.
    fn fill(&mut self) -> Result<()> {
        let mut free: Vec<usize> = self.free().collect();
        free.truncate(free.len() - self.waiting.len().min(free.len()));
        for place in free {
            let Some(entrant) = self.feed.next()? else { break };
            let Entrant { network, settings, state, schedule, until, keep_every } = entrant;
            self.engine.replace(place, &settings, &state)?;
            let (step, stopped) = (state.step, state.stop.is_some());
            self.seats[place] = Some(Seat { network, settings, schedule, until, keep_every, step, stopped });
        }
        // Some may have ended before they came.
        self.see_off()
    }

    fn free(&self) -> impl Iterator<Item = usize> {
        (0..self.seats.len()).filter(|place| self.seats[*place].is_none())
    }

    fn step(&mut self) -> Result<()> {
        if self.seats.iter().flatten().any(|s| s.is_training() && !s.schedule.is_ready(s.step + 1)) {
            self.hand_over(true)?;
        }
        let mut rate = |seat: &mut Option<Seat>| {
            let seat = seat.as_mut().filter(|seat| seat.is_training())?;
            seat.step += 1;
            Some(seat.schedule.rate(seat.step))
        };
        let rates: Vec<Option<f64>> = self.seats.iter_mut().map(&mut rate).collect();
        self.waited += 1;
        self.engine.step(&rates)?;
        self.hand_over(false)
    }

    /// Passes on the records that arrived, with `wait` those of all steps.
    fn hand_over(&mut self, wait: bool) -> Result<()> {
        for records in self.engine.take_records(wait)? {
            for (seat, record) in self.seats.iter_mut().zip(&records) {
                if let (Some(seat), Some(record)) = (seat, record) {
                    seat.schedule.observe(record.step, record.loss.loss);
                    seat.stopped |= record.stop.is_some();
                    self.feed.on_step(seat.network, record)?;
                }
            }
        }
        Ok(())
    }

    /// Takes their places from the networks that have ended.
    fn see_off(&mut self) -> Result<()> {
        let feed = &*self.feed;
        let has_ended = |seat: &Seat| !seat.is_training() || !feed.is_wanted(seat.network);
        let leaving: Vec<bool> = self.seats.iter().map(|seat| seat.as_ref().is_some_and(has_ended)).collect();
        if !leaving.contains(&true) {
            return Ok(());
        }
        self.hand_over(true)?;
        for (place, is_leaving) in leaving.into_iter().enumerate() {
            // A record may have ended more of them.
            let leaves = |seat: &mut Seat| is_leaving || !seat.is_training();
            let Some(Seat { network, settings, .. }) = self.seats[place].take_if(leaves) else { continue };
            let state = self.engine.state_of(place)?;
            if self.feed.on_leave(network, &state)? {
                if self.waiting.is_empty() {
                    self.waited = 0;
                }
                self.waiting.push(Waiting { network, settings, state });
            }
        }
        Ok(())
    }

    fn is_time_to_settle(&self) -> bool {
        let nobody_trains = self.seats.iter().all(Option::is_none);
        let are_many = self.waiting.len() >= self.training.settle_together;
        !self.waiting.is_empty() && (are_many || nobody_trains || self.waited >= LONGEST_WAIT)
    }

    fn settle(&mut self) -> Result<()> {
        let (places, waiting): (Vec<usize>, _) = (self.free().collect(), std::mem::take(&mut self.waiting));
        for some in waiting.chunks(places.len().max(1)) {
            let networks: Vec<_> = some.iter().map(|w| (&w.settings, &w.state)).collect();
            let settled = settle(self.engine, &places[..some.len()], &networks, self.training.whole.as_deref_mut())?;
            for (waiting, (settled, rates)) in some.iter().zip(settled) {
                self.feed.on_settled(waiting.network, settled, rates)?;
            }
        }
        Ok(())
    }

    /// Keeps states where it is time to: of all networks, or of those that ask for it after their step.
    fn keep_in_time(&mut self) -> Result<()> {
        if !self.training.keeps_states {
            return Ok(());
        }
        if self.kept.elapsed() >= self.cost.div_f64(KEEPING).clamp(OFTEN, SELDOM) {
            let start = Instant::now();
            self.keep(|_| true)?;
            (self.kept, self.cost) = (Instant::now(), start.elapsed());
            return Ok(());
        }
        let asks = |seat: &Seat| seat.step.is_multiple_of(seat.keep_every.max(1));
        if self.seats.iter().flatten().any(asks) { self.keep(asks) } else { Ok(()) }
    }

    /// Keeps the states of the networks that go on, and are meant.
    fn keep(&mut self, is_meant: impl Fn(&Seat) -> bool) -> Result<()> {
        self.hand_over(true)?;
        for place in 0..self.seats.len() {
            if let Some(seat) = self.seats[place].as_ref().filter(|seat| seat.is_training() && is_meant(seat)) {
                let state = self.engine.state_of(place)?;
                self.feed.on_checkpoint(seat.network, &state)?;
            }
        }
        Ok(())
    }
}
