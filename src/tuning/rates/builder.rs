//! From sessions, one after the other, to the rates of one population.

use super::cell_types::cell_types;
use super::conditions::{Kind, readable};
use super::files::{TrainingFiles, TrainingNeuron};
use super::session::{Row, SessionRates, Shown, rates, unit_of};
use super::settings::RatesSettings;
use super::task::{AllShown, task};
use super::unit::RateUnit;
use crate::data::recording::{Framed, Session};
use crate::error::{Error, Result};
use crate::network::Area;
use crate::tuning::alignment::{Alignment, align, label};
use crate::tuning::{Class, SessionClasses};
use ndarray::Array2;
use std::collections::{BTreeMap, BTreeSet};

/// The area of neurons for which files name none.
const NO_AREA: &str = "unnamed area";

/// Collects rates session by session: no session needs to stay in memory.
pub struct RatesBuilder {
    settings: RatesSettings,
    seed: u64,
    sessions: Vec<SessionRates>,
    /// Conditions that were met, whatever became of them.
    met: BTreeSet<String>,
    remarks: Vec<String>,
}

/// The rates of all sessions, with the classes of their neurons.
///
/// # Errors
/// As [`RatesBuilder::add`] and [`RatesBuilder::finish`].
pub fn training_files(
    sessions: &[(&Session, &Framed, &SessionClasses)],
    settings: &RatesSettings,
    seed: u64,
) -> Result<TrainingFiles> {
    let mut builder = RatesBuilder::new(settings, seed)?;
    for (session, framed, classes) in sessions {
        builder.add(session, framed, classes)?;
    }
    builder.finish()
}

impl RatesBuilder {
    /// A builder without sessions; `seed` is that of types that are drawn.
    ///
    /// # Errors
    /// If a setting cannot be meant.
    pub fn new(settings: &RatesSettings, seed: u64) -> Result<Self> {
        settings.check()?;
        let (sessions, met, remarks) = (Vec::new(), BTreeSet::new(), Vec::new());
        Ok(Self { settings: settings.clone(), seed, sessions, met, remarks })
    }

    /// Adds a session. One that has nothing to align, or only averages, is left out and told.
    ///
    /// # Errors
    /// If classes or activity are of another number of neurons, bins do not fill the window, or sessions of spikes and of
    /// frames come together.
    pub fn add(&mut self, session: &Session, framed: &Framed, classes: &SessionClasses) -> Result<()> {
        let Some(unit) = unit_of(session) else {
            self.remarks.push(format!("{} is left out: it has averages over trials, and no trials.", label(session)));
            return Ok(());
        };
        if let Some(first) = self.sessions.first().filter(|first| first.unit != unit) {
            let name = |unit| match unit {
                RateUnit::SpikesPerSecond => "spikes",
                RateUnit::Recorded => "frames",
            };
            return Err(Error::input(format!(
                "{}: expected {} as in the sessions before, found {}. Rates of both are in different units: make networks of each.",
                session.source.display(),
                name(first.unit),
                name(unit)
            )));
        }
        let settings = &self.settings;
        match align(session, settings.align.as_deref(), settings.fallback.as_deref()) {
            Err(why) => self.remarks.push(format!("A session is left out. {why}")),
            Ok(aligned) => {
                self.met.extend(aligned.each.iter().map(|trial| Kind::of(trial).name()));
                self.sessions.push(rates(session, framed, classes, aligned, unit, settings)?);
            }
        }
        Ok(())
    }

    /// Puts the sessions together.
    ///
    /// # Errors
    /// If no neuron has enough trials of any condition, a condition that is to be left out does not occur, or names of areas
    /// and conditions cannot be told apart.
    pub fn finish(mut self) -> Result<TrainingFiles> {
        let met: Vec<String> = self.met.iter().map(|name| format!("`{name}`")).collect();
        if let Some(odd) = self.settings.leave_out.iter().find(|name| !self.met.contains(*name)) {
            return Err(Error::input(format!(
                "`leave_out`: expected conditions that occur ({}), found `{odd}`.",
                met.join(", ")
            )));
        }
        let (alignment, bins) = self.one_alignment()?;
        let unit = self.sessions.first().map_or(RateUnit::Recorded, |s| s.unit);
        let (mut rows, mut shown) = (Vec::new(), AllShown::new());
        for session in std::mem::take(&mut self.sessions) {
            self.remarks.extend(session.remarks);
            rows.extend(session.rows);
            session.shown.into_iter().for_each(|(kind, own)| shown.entry(kind).or_default().merge(own));
        }
        let kinds = self.choose(&rows, &shown)?;
        let complete = self.complete(rows, &kinds);
        let mut rows = self.once(complete, &kinds);
        rows.sort_by_key(area_of);
        let areas = areas(&rows);
        let (task, channels) = task(areas, &kinds, &shown, &alignment, &bins, &self.settings)?;
        let align = self.tell_alignment(&alignment, &bins.told(), &channels);
        let rates = self.rates(&rows, &kinds);
        let neurons = self.neurons(rows, &kinds, &task.areas);
        let (times, bin_ms, smoothing_ms) = (bins.axis().middles(), bins.bin_ms, bins.smoothing_ms);
        let remarks = self.remarks;
        Ok(TrainingFiles { task, channels, rates, unit, neurons, times, align, bin_ms, smoothing_ms, remarks })
    }

    /// Keeps the sessions with trials, or else those with bouts.
    fn one_alignment(&mut self) -> Result<(Alignment, super::session::Bins)> {
        let is_of_trials = |s: &SessionRates| matches!(s.alignment, Alignment::Trials { .. });
        let of_trials = self.sessions.iter().any(is_of_trials);
        let before = self.sessions.len();
        self.sessions.retain(|s| is_of_trials(s) == of_trials);
        if self.sessions.len() < before {
            let left_out = before - self.sessions.len();
            self.remarks.push(format!(
                "{left_out} of {before} sessions are left out: they have bouts and no trials, others have trials."
            ));
        }
        // Of sessions that have No-Go trials to align, where only some have.
        let has_fallback = |s: &&SessionRates| matches!(s.alignment, Alignment::Trials { fallback: Some(_), .. });
        let first = self.sessions.iter().find(has_fallback).or(self.sessions.first());
        first.map(|s| (s.alignment.clone(), s.bins)).ok_or_else(|| self.nothing())
    }

    fn nothing(&self) -> Error {
        let why: Vec<&str> = self.remarks.iter().take(3).map(String::as_str).collect();
        let why = if why.is_empty() { "No session was given.".into() } else { why.join(" ") };
        Error::input(format!("expected trials or bouts to make rates of, found none. {why}"))
    }

    /// The conditions for which the most rates (neurons × conditions) can be given: the most common ones, as many as that
    /// takes.
    fn choose(&mut self, rows: &[Row], shown: &AllShown) -> Result<Vec<Kind>> {
        let least = self.settings.least_trials;
        let has = |row: &Row, kind: &Kind| row.trials(kind) >= least;
        let count = |kind: &Kind| rows.iter().filter(|row| has(row, kind)).count();
        let mut common: Vec<(usize, &Kind)> = shown.keys().map(|kind| (count(kind), kind)).collect();
        common.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let value = |taken: usize| {
            let all = |row: &&Row| common[..taken].iter().all(|(_, kind)| has(row, kind));
            taken * rows.iter().filter(all).count()
        };
        let best = (1..=common.len()).max_by_key(|taken| value(*taken)).filter(|taken| value(*taken) > 0);
        let Some(best) = best else {
            let most = rows.iter().flat_map(|row| row.means.values().map(|(trials, _)| *trials)).max().unwrap_or(0);
            return Err(Error::input(format!(
                "expected neurons with {least} trials of a condition (`least_trials`), found none: the most are {most}. {}",
                self.remarks.iter().take(3).cloned().collect::<Vec<_>>().join(" ")
            )));
        };
        for (count, kind) in &common[best..] {
            self.remarks.push(format!(
                "`{}` is no condition of the task: {count} of {} neurons have {least} trials of it (`least_trials`).",
                kind.name(),
                rows.len()
            ));
        }
        let mut kinds: Vec<Kind> = common[..best].iter().map(|(_, kind)| (*kind).clone()).collect();
        kinds.sort();
        Ok(kinds)
    }

    /// The neurons that have all conditions.
    fn complete(&mut self, rows: Vec<Row>, kinds: &[Kind]) -> Vec<Row> {
        let least = self.settings.least_trials;
        let mut lacking: BTreeMap<(String, String), (usize, usize, String)> = BTreeMap::new();
        for row in &rows {
            let entry = lacking.entry((row.animal.clone(), row.session.clone())).or_default();
            entry.1 += 1;
            if let Some(kind) = kinds.iter().find(|kind| row.trials(kind) < least) {
                entry.0 += 1;
                entry.2 = kind.name();
            }
        }
        for ((animal, session), (without, of, kind)) in lacking.into_iter().filter(|(_, (without, ..))| *without > 0) {
            self.remarks.push(format!(
                "{animal} {session}: {without} of {of} neurons are left out, with fewer than {least} trials of `{kind}` or of others."
            ));
        }
        rows.into_iter().filter(|row| kinds.iter().all(|kind| row.trials(kind) >= least)).collect()
    }

    /// Each neuron once: of one that was recorded in several sessions, the one with the most trials is kept.
    fn once(&mut self, rows: Vec<Row>, kinds: &[Kind]) -> Vec<Row> {
        let trials = |row: &Row| kinds.iter().map(|kind| row.trials(kind)).sum::<usize>();
        let mut best: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
        let named = |row: &Row| row.neuron.identity.clone().map(|identity| (row.animal.clone(), identity));
        for (i, row) in rows.iter().enumerate() {
            let Some(name) = named(row) else { continue };
            let entry = best.entry(name).or_insert((i, trials(row)));
            if trials(row) > entry.1 {
                *entry = (i, trials(row));
            }
        }
        let before = rows.len();
        let is_kept = |(i, row): (usize, &Row)| named(row).is_none_or(|name| best.get(&name).is_some_and(|b| b.0 == i));
        let kept: Vec<bool> = rows.iter().enumerate().map(is_kept).collect();
        let rows: Vec<Row> = rows.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(row, _)| row).collect();
        if rows.len() < before {
            self.remarks.push(format!(
                "{} rows are left out: the same neurons, in sessions with fewer trials than another.",
                before - rows.len()
            ));
        }
        rows
    }

    fn tell_alignment(&mut self, alignment: &Alignment, window: &str, channels: &[String]) -> String {
        let (align, more) = match alignment {
            Alignment::Bouts => ("the start of the bout".to_string(), "Each behaviour is shown while it usually lasts, in execution too, where the network is told so what to do.".to_string()),
            Alignment::Trials { event, fallback } => {
                let by = fallback.as_ref().map_or(String::new(), |fallback| {
                    format!(" No-Go trials without it are aligned by `{fallback}`: their 0 is as long after it as `{event}` is in others.")
                });
                let shown = "In the stimulus, events are at their median times, each that is neither edge of the signal nor the begin of the view for 200 ms; the animal's own movement is not shown.";
                (format!("`{event}`"), format!("{shown}{by}"))
            }
        };
        self.remarks.push(format!(
            "Rates are aligned to {align}, {window}. {more} The stimulus has {} channels, listed in `task.toml`: leave out what the animals did not perceive.",
            channels.len()
        ));
        align
    }

    /// `[C][N × bins]`; a neuron that goes below 0 is shifted up.
    fn rates(&mut self, rows: &[Row], kinds: &[Kind]) -> Vec<Array2<f64>> {
        let lowest = |row: &Row| {
            let all = kinds.iter().filter_map(|kind| row.means.get(kind)).flat_map(|(_, mean)| mean);
            all.copied().fold(0.0_f64, f64::min)
        };
        let shifts: Vec<f64> = rows.iter().map(lowest).collect();
        let shifted = shifts.iter().filter(|s| **s < 0.0).count();
        if shifted > 0 {
            self.remarks.push(format!(
                "The mean activity of {shifted} of {} neurons goes below 0, as no rate does: theirs is shifted so that the lowest value is 0.",
                rows.len()
            ));
        }
        let of = |kind: &Kind| {
            let bins = rows.first().and_then(|row| row.means.get(kind)).map_or(0, |(_, mean)| mean.len());
            let value = |(i, b): (usize, usize)| rows[i].means.get(kind).map_or(0.0, |(_, mean)| mean[b] - shifts[i]);
            Array2::from_shape_fn((rows.len(), bins), value)
        };
        kinds.iter().map(of).collect()
    }

    fn neurons(&mut self, rows: Vec<Row>, kinds: &[Kind], areas: &[Area]) -> Vec<TrainingNeuron> {
        let types: Vec<Option<String>> = rows.iter().map(|row| row.neuron.cell_type.clone()).collect();
        let sizes: Vec<usize> = areas.iter().map(|a| a.size).collect();
        let types = cell_types(&types, &sizes, self.settings.inhibitory_share, self.seed);
        self.remarks.extend(types.remarks);
        let count = |class| rows.iter().filter(|row| row.class == class).count();
        let (mirror, untestable) = (count(Class::Mirror), count(Class::Untestable));
        self.remarks.push(format!(
            "{mirror} of {} neurons are mirror neurons; {untestable} could not be tested, and count as others in `Mirror.mat`.",
            rows.len()
        ));
        let neuron = |(i, row): (usize, Row)| TrainingNeuron {
            area: area_of(&row),
            trials: kinds.iter().map(|kind| row.trials(kind)).collect(),
            animal: row.animal,
            session: row.session,
            class: row.class,
            inhibitory: types.inhibitory[i],
            drawn: types.drawn[i],
            neuron: row.neuron,
        };
        rows.into_iter().enumerate().map(neuron).collect()
    }
}

impl Shown {
    fn merge(&mut self, other: Self) {
        self.trials += other.trials;
        for (event, times) in other.events {
            self.events.entry(event).or_default().extend(times);
        }
    }
}

fn area_of(row: &Row) -> String {
    let named = row.neuron.area.as_deref().map(readable).filter(|name| !name.is_empty());
    named.unwrap_or_else(|| NO_AREA.into())
}

/// The areas of rows that are sorted by area.
fn areas(rows: &[Row]) -> Vec<Area> {
    let names: Vec<String> = rows.iter().map(area_of).collect();
    names.chunk_by(|a, b| a == b).map(|same| Area { name: same[0].clone(), size: same.len() }).collect()
}
