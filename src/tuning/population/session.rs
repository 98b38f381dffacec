//! All that is asked of the population of one session.

use super::areas::AreaAlignment;
use super::decoding::{across, within};
use super::matched::{Matched, matched};
use super::measure::Measured;
use super::picture::{Picture, pictures};
use super::recorded::align_bouts;
use super::separation::{Labelled, Space, silhouette_of};
use super::settings::PopulationSettings;
use super::vectors::Points;
use crate::data::recording::{Agent, Bout, Framed, Session};
use crate::error::Result;
use crate::tuning::axis::Axis;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// What was found in the population of one session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionPopulation {
    /// Whose it is.
    pub animal: String,
    /// Which.
    pub session: String,
    /// Neurons that were used.
    pub neurons: usize,
    /// Neurons that have frames without a number, or never change.
    pub left_out: usize,
    /// Behaviours of each agent that have bouts enough.
    pub behaviours: Vec<(Agent, String)>,
    /// How well they part, in the space of all neurons.
    pub separation: Vec<Measured>,
    /// Execution against observation; none where they do not have two behaviours in common.
    pub matched: Option<Matched>,
    /// Axes of execution and observation.
    pub alignment: Vec<AreaAlignment>,
    /// Bouts and seconds, for looking at.
    pub pictures: Vec<Picture>,
}

/// Looks at the population of `session`. Observed behaviours that are `objects` are none. `key` is what draws are keyed by, and
/// differs between sessions: the same settings, key and data give the same bits, on any number of threads. `None` if it was
/// asked to stop, which it is within about a second.
///
/// Points are means over bouts, of each neuron in its standard deviations over the session. Of what has too few bouts, or one
/// behaviour, nothing is said.
///
/// # Errors
/// If a setting is impossible, no frame can be used, or numbers are so large that sums overflow.
pub fn population_of_session(
    session: &Session,
    framed: &Framed,
    objects: &[String],
    key: u64,
    settings: &PopulationSettings,
    stop: &AtomicBool,
) -> Result<Option<SessionPopulation>> {
    settings.check()?;
    let axis = Axis::new(session, framed)?;
    let is_action = |b: &&Bout| b.agent == Agent::Own || !objects.contains(&b.behaviour);
    let actions: Vec<Bout> = session.bouts.iter().filter(is_action).cloned().collect();
    let points = Points::new(&actions, framed, &axis);
    let frequent = |agent: Agent| points.frequent(&points.of(agent), settings.least_bouts);
    let [own, other] = Agent::ALL.map(frequent);
    let kinds: Vec<(Agent, usize)> = [(Agent::Own, &own), (Agent::Other, &other)]
        .into_iter()
        .flat_map(|(a, ks)| ks.iter().map(move |k| (a, *k)))
        .collect();
    let shared: Vec<usize> = own.iter().copied().filter(|k| other.contains(k)).collect();
    let mut found = SessionPopulation {
        animal: session.animal.clone(),
        session: session.name.clone(),
        neurons: points.neurons.len(),
        left_out: session.neurons.len() - points.neurons.len().min(session.neurons.len()),
        behaviours: kinds.iter().map(|(agent, k)| (*agent, points.behaviours[*k].clone())).collect(),
        separation: Vec::new(),
        matched: None,
        alignment: Vec::new(),
        pictures: Vec::new(),
    };
    if points.neurons.is_empty() || points.bouts.is_empty() {
        return Ok(Some(found));
    }
    let space = Space::new(&points)?;
    for (agent, behaviours) in [(Agent::Own, &own), (Agent::Other, &other)] {
        if behaviours.len() < 2 || space.features == 0 {
            continue;
        }
        let bouts = Labelled::of(&points, agent, behaviours);
        let Some(silhouette) = silhouette_of(&space, &bouts, settings, key, stop) else { return Ok(None) };
        let Some(decoded) = within(&space, &bouts, settings, key, stop)? else { return Ok(None) };
        found.separation.extend([silhouette, decoded]);
    }
    if shared.len() > 1 && space.features > 0 {
        let [own, other] = Agent::ALL.map(|agent| Labelled::of(&points, agent, &shared));
        found.separation.push(across(&space, &own, &other, settings, key)?);
        found.separation.push(across(&space, &other, &own, settings, key)?);
        let Some(compared) = matched(&points, &space, &shared, settings, key, stop) else { return Ok(None) };
        found.matched = Some(compared);
    }
    let all = (session, framed, &axis);
    let Some(alignment) = align_bouts(all, &actions, &points, &kinds, (settings, key), stop)? else { return Ok(None) };
    let Some(pictures) = pictures(&points, framed, &axis, settings, stop)? else { return Ok(None) };
    Ok(Some(SessionPopulation { alignment, pictures, ..found }))
}
