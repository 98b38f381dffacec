//! What is planted, and in whom.

use super::settings::{Draw, RecordingSynthesis};
use crate::data::recording::Agent;
use crate::data::{csv, csv_number, csv_text};
use std::fmt;

/// What a cell is tuned to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellClass {
    /// Execution alone.
    Execution,
    /// Observation alone.
    Observation,
    /// The same behaviours executed and observed, with the same sign.
    Mirror,
    /// The same behaviours executed and observed, with opposite signs.
    Opposite,
    /// Some behaviours executed, and others observed.
    Elsewhere,
    /// The onset of an object.
    Visual,
    /// Nothing.
    Untuned,
}

impl CellClass {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Execution,
        Self::Observation,
        Self::Mirror,
        Self::Opposite,
        Self::Elsewhere,
        Self::Visual,
        Self::Untuned,
    ];

    /// As `truth.csv` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Observation => "observation",
            Self::Mirror => "mirror",
            Self::Opposite => "opposite",
            Self::Elsewhere => "elsewhere",
            Self::Visual => "visual",
            Self::Untuned => "untuned",
        }
    }
}

impl fmt::Display for CellClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A cell, as it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct TrueCell {
    /// Whose it is.
    pub animal: String,
    /// Its name in all sessions.
    pub identity: String,
    /// Its area.
    pub area: Option<String>,
    /// What it is tuned to.
    pub class: CellClass,
    /// Events a second outside bouts, at the begin of a session.
    pub event_rate: f64,
    /// In bouts of each behaviour that the animal executes, its event rate is multiplied by 1 + this; from −1 on.
    pub executed: Vec<f64>,
    /// The same in bouts that it observes.
    pub observed: Vec<f64>,
    /// The same while an object comes in sight.
    pub object: f64,
    /// What its event rate is multiplied by in the second of two contexts.
    pub watching: f64,
    /// How much arousal changes the logarithm of its event rate, in units of the setting.
    pub arousal: f64,
}

impl TrueCell {
    /// The effects in bouts of `agent`, by behaviour.
    pub fn effects(&self, agent: Agent) -> &[f64] {
        match agent {
            Agent::Own => &self.executed,
            Agent::Other => &self.observed,
        }
    }

    /// The behaviours, by their numbers, to which it is tuned both executed and observed.
    pub fn mirrored(&self) -> Vec<usize> {
        (0..self.executed.len()).filter(|b| self.executed[*b] != 0.0 && self.observed[*b] != 0.0).collect()
    }

    /// Draws the cells of an animal.
    pub(super) fn draw_all(settings: &RecordingSynthesis, animal: usize) -> Vec<Self> {
        let classes = classes(settings, animal);
        classes.into_iter().enumerate().map(|(i, class)| Self::draw(settings, animal, i, class)).collect()
    }

    fn draw(settings: &RecordingSynthesis, animal: usize, i: usize, class: CellClass) -> Self {
        let mut draws = settings.draws(Draw::Cell, animal, None, i);
        let event_rate = settings.event_rate * (settings.event_rate_spread * draws.normal()).exp();
        let size = settings.effect * (settings.effect_spread * draws.normal()).exp();
        let (raised, lowered) = (size, -size / (1.0 + size));
        let (effect, opposite) =
            if draws.uniform() <= settings.suppressed { (lowered, raised) } else { (raised, lowered) };
        let seen = |effect: f64| (effect * settings.observed_ratio).max(-1.0);
        let count = settings.behaviours.len();
        let mut order: Vec<usize> = (0..count).collect();
        draws.shuffle(&mut order);
        let k = settings.behaviours_per_cell;
        let tuned = |chosen: &[usize], effect: f64| {
            let mut effects = vec![0.0; count];
            for b in chosen {
                effects[*b] = effect;
            }
            effects
        };
        let none = || vec![0.0; count];
        let (executed, observed) = match class {
            CellClass::Execution => (tuned(&order[..k], effect), none()),
            CellClass::Observation => (none(), tuned(&order[..k], seen(effect))),
            CellClass::Mirror => (tuned(&order[..k], effect), tuned(&order[..k], seen(effect))),
            CellClass::Opposite => (tuned(&order[..k], effect), tuned(&order[..k], seen(opposite))),
            CellClass::Elsewhere => (tuned(&order[..k], effect), tuned(&order[k..2 * k], seen(effect))),
            CellClass::Visual | CellClass::Untuned => (none(), none()),
        };
        Self {
            animal: settings.animal_name(animal),
            identity: format!("{}-{:0width$}", settings.animal_name(animal), i + 1, width = digits(settings.neurons)),
            area: (settings.areas.len() * i).checked_div(settings.neurons).and_then(|a| settings.areas.get(a).cloned()),
            class,
            event_rate,
            executed,
            observed,
            object: if class == CellClass::Visual { effect } else { 0.0 },
            watching: (settings.nuisance.context_change * draws.normal()).exp(),
            arousal: 0.5 + draws.uniform(),
        }
    }
}

/// The classes of an animal's cells, at random places; as many of each as their shares say.
fn classes(settings: &RecordingSynthesis, animal: usize) -> Vec<CellClass> {
    let s = &settings.shares;
    let mut classes = Vec::with_capacity(settings.neurons);
    let mut share = 0.0;
    for (class, of_it) in [
        (CellClass::Execution, s.execution),
        (CellClass::Observation, s.observation),
        (CellClass::Mirror, s.mirror),
        (CellClass::Opposite, s.opposite),
        (CellClass::Elsewhere, s.elsewhere),
        (CellClass::Visual, s.visual),
    ] {
        share += of_it;
        let until = ((share * settings.neurons as f64).round() as usize).min(settings.neurons);
        classes.resize(until.max(classes.len()), class);
    }
    classes.resize(settings.neurons, CellClass::Untuned);
    settings.draws(Draw::Classes, animal, None, 0).shuffle(&mut classes);
    classes
}

impl RecordingSynthesis {
    /// The name of an animal, counted from 0.
    pub(super) fn animal_name(&self, animal: usize) -> String {
        format!("mouse{:0width$}", animal + 1, width = digits(self.animals))
    }

    /// The name of a session, counted from 0.
    pub(super) fn session_name(&self, session: usize) -> String {
        format!("day{:0width$}", session + 1, width = digits(self.sessions))
    }

    /// `cells` as a table: a row for each, and its effects by agent and behaviour.
    pub(super) fn truth_table(&self, cells: &[TrueCell]) -> String {
        let columns = Agent::ALL.iter().flat_map(|agent| self.behaviours.iter().map(move |b| format!("{agent} {b}")));
        let columns: Vec<String> = columns.map(|c| csv_text(&c)).collect();
        let row = |cell: &TrueCell| {
            let named =
                [&cell.animal, &cell.identity, cell.area.as_ref().unwrap_or(&String::new())].map(|t| csv_text(t));
            let effects = cell.executed.iter().chain(&cell.observed).chain([&cell.object]);
            let numbers = [cell.event_rate].into_iter().chain(effects.copied()).map(csv_number);
            named.into_iter().chain([cell.class.to_string()]).chain(numbers).collect()
        };
        let header = format!("animal,identity,area,class,event_rate,{},object", columns.join(","));
        csv(&header, cells.iter().map(row))
    }
}

/// Digits of the largest of `count` numbers from 1 on: with leading zeros, names sort as they count.
fn digits(count: usize) -> usize {
    count.to_string().len()
}
