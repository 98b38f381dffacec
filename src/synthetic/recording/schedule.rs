//! When what is done.

use super::settings::{Contexts, Draw, Objects, RecordingSynthesis, has_object};
use crate::data::recording::{Agent, Bout};
use crate::rng::Draws;
use std::ops::Range;

/// Objects that are acted upon, alike often.
const OBJECTS: [&str; 2] = ["small", "large"];
/// A movement of the observer begins up to this long after that of the other, in s.
const REACTION_S: f64 = 0.3;

/// Something that the animal does itself.
pub(super) struct Movement {
    pub(super) behaviour: usize,
    pub(super) start: f64,
    pub(super) stop: f64,
}

/// What is done in a session.
pub(super) struct Schedule {
    /// Everything that is listed, in the order of time.
    pub(super) bouts: Vec<Bout>,
    /// What the animal does while it watches.
    pub(super) movements: Vec<Movement>,
}

/// Something that has to find its time: an action, or the onset of an object alone (`None`).
struct Item {
    agent: Agent,
    behaviour: Option<usize>,
    object: Option<&'static str>,
    /// From the onset of the object to the begin of the action, in s.
    lead: f64,
    /// Of the action, or of the object, in s.
    length: f64,
}

impl Schedule {
    /// Draws the bouts of a session. `arousal` has a value for each frame.
    pub(super) fn draw(settings: &RecordingSynthesis, animal: usize, session: usize, arousal: &[f64]) -> Self {
        let mut draws = settings.draws(Draw::Bouts, animal, Some(session), 0);
        let mut bouts = Vec::new();
        for (agents, time) in contexts(settings) {
            let mut items: Vec<Item> = agents.iter().flat_map(|agent| items(settings, *agent, &mut draws)).collect();
            draws.shuffle(&mut items);
            let starts = starts(settings, &items, time, arousal, &mut draws);
            bouts.extend(items.iter().zip(starts).flat_map(|(item, start)| item.bouts(settings, start)));
        }
        let movements = movements(settings, &bouts, settings.draws(Draw::Movements, animal, Some(session), 0));
        if settings.nuisance.movements.is_some_and(|m| m.listed) {
            bouts.extend(movements.iter().map(|m| Bout {
                agent: Agent::Own,
                behaviour: settings.behaviours[m.behaviour].clone(),
                start: m.start,
                stop: m.stop,
                object: None,
            }));
        }
        bouts.sort_by(|a, b| a.start.total_cmp(&b.start));
        Self { bouts, movements }
    }
}

/// Who acts from when to when.
fn contexts(settings: &RecordingSynthesis) -> Vec<(&'static [Agent], Range<f64>)> {
    let (half, whole) = (settings.duration_s / 2.0, settings.duration_s);
    match settings.contexts {
        Contexts::One => vec![(&Agent::ALL, 0.0..whole)],
        Contexts::Two | Contexts::Untold => vec![(&[Agent::Own], 0.0..half), (&[Agent::Other], half..whole)],
    }
}

/// What `agent` does in a session.
fn items(settings: &RecordingSynthesis, agent: Agent, draws: &mut Draws) -> Vec<Item> {
    let (shortest, longest) = settings.bout_s;
    let onsets = settings.objects.filter(|_| agent == Agent::Other);
    let mut items = Vec::new();
    for (behaviour, name) in settings.behaviours.iter().enumerate() {
        for _ in 0..settings.bouts {
            let object = has_object(name).then(|| OBJECTS[draws.below(OBJECTS.len())]);
            let lead = onsets.filter(|_| object.is_some()).map_or(0.0, |o| o.lead_s);
            let length = longest - (longest - shortest) * draws.uniform();
            items.push(Item { agent, behaviour: Some(behaviour), object, lead, length });
        }
    }
    items.extend(onsets.into_iter().flat_map(|o| vec![o.seen_s; o.alone]).map(|length| {
        let object = Some(OBJECTS[draws.below(OBJECTS.len())]);
        Item { agent, behaviour: None, object, lead: 0.0, length }
    }));
    items
}

impl Item {
    /// The bouts of an item whose time begins at `start`.
    fn bouts(&self, settings: &RecordingSynthesis, start: f64) -> Vec<Bout> {
        let bout = |behaviour: &str, start: f64, length: f64| Bout {
            agent: self.agent,
            behaviour: behaviour.into(),
            start: milliseconds(start),
            stop: milliseconds(start + length),
            object: self.object.map(String::from),
        };
        let action = self.behaviour.map(|b| bout(&settings.behaviours[b], start + self.lead, self.length));
        let seen = settings.objects.filter(|_| self.lead > 0.0 || self.behaviour.is_none()).map(|o| o.seen_s);
        seen.map(|seen| bout(Objects::NAME, start, seen)).into_iter().chain(action).collect()
    }
}

/// When each of `items`, in their order, begins: times at random, more of them where more is done, and where two would
/// overlap, the later one waits.
fn starts(
    settings: &RecordingSynthesis,
    items: &[Item],
    time: Range<f64>,
    arousal: &[f64],
    draws: &mut Draws,
) -> Vec<f64> {
    let n = &settings.nuisance;
    let frames = (time.start * settings.rate_hz) as usize..((time.end * settings.rate_hz) as usize).min(arousal.len());
    let density = |frame: usize| {
        let begun = frame as f64 / arousal.len() as f64;
        n.behaviour_end.powf(begun) * (n.arousal.behaviour * arousal[frame]).exp()
    };
    let mut total = 0.0;
    let passed: Vec<f64> = frames
        .clone()
        .map(|frame| {
            total += density(frame);
            total
        })
        .collect();
    let mut starts: Vec<f64> = items
        .iter()
        .map(|_| {
            let drawn = draws.uniform() * total;
            let frame = frames.start + passed.partition_point(|p| *p < drawn);
            (frame as f64 + draws.uniform()) / settings.rate_hz
        })
        .collect();
    starts.sort_by(f64::total_cmp);
    let taken = |item: &Item| item.lead + item.length + settings.pause_s;
    let mut free = time.start;
    for (start, item) in starts.iter_mut().zip(items) {
        *start = start.max(free);
        free = *start + taken(item);
    }
    let mut free = time.end;
    for (start, item) in starts.iter_mut().zip(items).rev() {
        *start = start.min(free - taken(item));
        free = *start;
    }
    starts
}

/// What the observer does in some of the observed bouts: the same.
fn movements(settings: &RecordingSynthesis, bouts: &[Bout], mut draws: Draws) -> Vec<Movement> {
    let Some(chosen) = settings.nuisance.movements else { return Vec::new() };
    let mut movements = Vec::new();
    for bout in bouts.iter().filter(|b| b.agent == Agent::Other) {
        let (moves, delay) = (draws.uniform() <= chosen.share, draws.uniform() * REACTION_S);
        let behaviour = settings.behaviours.iter().position(|name| *name == bout.behaviour);
        if let Some(behaviour) = behaviour.filter(|_| moves) {
            let start = milliseconds(bout.start + delay.min((bout.stop - bout.start) / 2.0));
            movements.push(Movement { behaviour, start, stop: bout.stop });
        }
    }
    movements
}

/// As annotations have times, and files of them.
fn milliseconds(time: f64) -> f64 {
    (time * 1000.0).round() / 1000.0
}
