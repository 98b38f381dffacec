//! Recordings of behaving animals whose truth is known: which cells are tuned to what, and what misleads. How they are made,
//! and by which equations, is in docs/tasks.md#synthetic-recordings.

mod activity;
mod check;
mod files;
mod presets;
mod scene;
mod schedule;
mod settings;
mod truth;

pub use presets::Scenario;
pub use settings::{Arousal, Bursts, Contexts, Kind, Movements, Nuisance, Objects, RecordingSynthesis, Shares};
pub use truth::{CellClass, TrueCell};

use crate::data::recording::{Neuron, Session};
use crate::error::Result;
use scene::Scene;
use settings::Draw;

/// Recordings and their truth.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticRecording {
    /// What they were made from.
    pub settings: RecordingSynthesis,
    /// The sessions, those of an animal one after another. An animal is `mouse1` …, a session of it `day1` ….
    pub sessions: Vec<Session>,
    /// The cells, those of an animal one after another.
    pub cells: Vec<TrueCell>,
    /// Which of them each neuron of a session is, `[sessions][N]`.
    pub cell_of: Vec<Vec<usize>>,
}

impl SyntheticRecording {
    /// Generates recordings in memory. The same settings give the same bits.
    ///
    /// # Errors
    /// If a setting is out of its range.
    pub fn generate(settings: &RecordingSynthesis) -> Result<Self> {
        settings.check()?;
        let mut made = Self { settings: settings.clone(), sessions: vec![], cells: vec![], cell_of: vec![] };
        for animal in 0..settings.animals {
            let cells = TrueCell::draw_all(settings, animal);
            for number in 0..settings.sessions {
                let (session, order) = session(settings, (animal, number), &cells);
                made.sessions.push(session);
                made.cell_of.push(order.iter().map(|i| made.cells.len() + i).collect());
            }
            made.cells.extend(cells);
        }
        Ok(made)
    }

    /// Who the neurons of a session are, counted from 0, in their order.
    pub fn truth_of(&self, session: usize) -> impl Iterator<Item = &TrueCell> {
        self.cell_of[session].iter().map(|i| &self.cells[*i])
    }
}

/// A session of an animal, and which of its cells each neuron is.
fn session(
    settings: &RecordingSynthesis,
    (animal, number): (usize, usize),
    cells: &[TrueCell],
) -> (Session, Vec<usize>) {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    if number > 0 {
        settings.draws(Draw::Order, animal, Some(number), 0).shuffle(&mut order);
    }
    let scene = Scene::draw(settings, animal, number);
    let listed: Vec<(usize, &TrueCell)> = order.iter().map(|i| (*i, &cells[*i])).collect();
    let activity = activity::record(settings, (animal, number), &scene, &listed);
    let neuron = |(row, (_, cell)): (usize, &(usize, &TrueCell))| Neuron {
        name: (row + 1).to_string(),
        area: cell.area.clone(),
        identity: Some(cell.identity.clone()),
    };
    let session = Session {
        source: format!("{}.npz", settings.file_stem(animal, number)).into(),
        animal: settings.animal_name(animal),
        name: settings.session_name(number),
        neurons: listed.iter().enumerate().map(neuron).collect(),
        activity,
        bouts: scene.bouts,
        trials: Vec::new(),
        contexts: scene.contexts,
        covariates: scene.covariates,
        remarks: Vec::new(),
    };
    (session, order)
}
