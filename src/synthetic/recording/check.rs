//! Settings of synthetic recordings that are refused.

use super::settings::{Contexts, Kind, Objects, RecordingSynthesis, Shares, has_object};
use crate::error::{Error, Result, at_most, ensure};

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
        within("event_rate", self.event_rate, 0.0, 1000.0)?;
        within("event_rate_spread", self.event_rate_spread, 0.0, 3.0)?;
        let mean = self.event_rate * (self.event_rate_spread.powi(2) / 2.0).exp();
        let (events, most) = (mean * self.duration_s * self.neurons as f64, 2e8);
        ensure!(
            (0.0..=most).contains(&events),
            "`event_rate = {}`: expected at most {most} events a session, found about {events:.0}. Make sessions shorter, or \
             `neurons` fewer.",
            self.event_rate
        );
        above_0("decay_s", self.decay_s)?;
        at_least_0("noise", self.noise)?;
        within("refractory_s", self.refractory_s, 0.0, 0.1)
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
        ensure!(
            (0.0..=1.0 + 1e-9).contains(&sum),
            "`mirror_share = {}`: expected shares of at most 1 together, found {sum}.",
            self.shares.mirror
        );
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
            n.baseline_end == 1.0 || self.kind == Kind::Calcium,
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
            (0.0..=MOST * room).contains(&taken),
            "`bouts = {}`: expected bouts and pauses that take up to {MOST} of the time for them, found {taken:.0} of {room:.0} s. \
             Ask for fewer or shorter ones, or give `minutes = {}`.",
            self.bouts,
            (self.duration_s * taken / room / MOST / 60.0).ceil()
        );
        Ok(())
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
