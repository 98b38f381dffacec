//! Lesions that are kept when they are finished, so that a study goes on where it was.

use crate::error::{Error, Result};
use crate::lab::{OpenEngine, Subject};
use crate::perturb::{
    CellOutcome, ControlSettings, Controls, Experiment, ExperimentSettings, Finished, Lesion, MeasureKey, Readouts,
    read_cells, read_finished, read_intact, write_cells, write_finished, write_intact,
};
use crate::run::{Listener, Notice, Progress, TrainedRun};
use crate::train::{hex, sha256};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What finished lesions depend on besides the network and their settings: raised when a measure changes its meaning, or
/// an engine its numbers.
const NUMERICS: u32 = 4;

/// The directory of finished lesions.
const LESIONS: &str = "lesions";

/// Where finished lesions are kept, and what they are recognised by.
pub(super) struct Keys {
    of_lesions: String,
    of_cells: String,
    directory: PathBuf,
}

/// Sets up an experiment on `trained`, whose study is in `place`, with what an earlier start found out about the intact
/// network.
///
/// # Errors
/// If the engine fails, or a file cannot be written.
pub(super) fn set_up<'a>(
    place: &Path,
    trained: &TrainedRun,
    subject: &'a Subject,
    settings: ExperimentSettings,
    open: &OpenEngine,
) -> Result<(Experiment<'a>, Keys)> {
    let directory = place.join(LESIONS);
    std::fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
    // How many controls there are, and which, is nothing to single cells.
    let seed = settings.controls.seed;
    let controls = ControlSettings { count: 0, subsets: 0, matched: false, seed };
    let without_controls = ExperimentSettings { controls, ..settings };
    let (path, key) = (directory.join("intact.npz"), base_key(trained, &without_controls, &[]));
    let known = read_intact(&path, &key);
    let experiment = Experiment::with_known(subject, settings, known.as_ref(), open)?;
    if known.is_none() {
        write_intact(&path, &key, &experiment.intact_scores())?;
    }
    let keys = Keys {
        of_lesions: base_key(trained, &settings, experiment.keys()),
        of_cells: base_key(trained, &without_controls, experiment.keys()),
        directory,
    };
    Ok((experiment, keys))
}

impl Keys {
    /// File and key of lesion `number`.
    fn of(&self, lesion: &Lesion, number: usize) -> (PathBuf, String) {
        let path = self.directory.join(format!("{:03}.npz", number + 1));
        (path, sha256(format!("{} {number} {lesion:?}", self.of_lesions).as_bytes()))
    }

    /// The same of single cells in their manner number `number`.
    fn of_cells(&self, manner: &Lesion, number: usize) -> (PathBuf, String) {
        let path = self.directory.join(format!("cells-{:03}.npz", number + 1));
        (path, sha256(format!("{} {manner:?}", self.of_cells).as_bytes()))
    }
}

/// Hash of everything that the result of any lesion depends on, by content: weights, all that reads them, data, stimulus,
/// settings, measures, and what computes.
fn base_key(trained: &TrainedRun, settings: &ExperimentSettings, measured: &[MeasureKey]) -> String {
    let (plan, p, engine) = (&trained.plan, &trained.plan.problem, &trained.plan.config.engine);
    let mut hasher = Sha256::new();
    // What runs at once changes no bit.
    let settings = ExperimentSettings { slots: 0, ..*settings };
    hasher.update(format!("{NUMERICS} {settings:?} {:?} {:?} ", engine.engine, engine.trajectory));
    // Studies of before there was a choice have no more than this.
    hasher.update(engine.weight_format.map_or(String::new(), |weights| format!("{weights:?} ")));
    let network = (p.dims, &p.population, p.constraint, p.time_constants, p.loss, p.recurrent);
    hasher.update(format!("{network:?} {:?} {:?} {:?} ", p.input_group, p.sequence, p.bins));
    for values in [&trained.parameters, &p.stimulus, &p.targets, &p.initial_x, &p.initial_r] {
        hasher.update(format!("{} ", values.len()));
        hasher.update(bytemuck::cast_slice::<f32, u8>(values));
    }
    hasher.update(format!("{:?} {:?} ", plan.task, plan.held_out));
    for key in measured {
        hasher.update(format!("{} {} ", key.measure, key.scope));
    }
    hex(&hasher.finalize())
}

/// Everything that lesions did.
pub(super) struct Found {
    /// By lesion.
    pub(super) lesions: Vec<Finished>,
    /// By manner.
    pub(super) cells: Vec<CellOutcome>,
}

/// What there is to do, and what of it is done.
struct Work<'a> {
    lesions: &'a [Lesion],
    drawn: Vec<Option<Controls>>,
    finished: Vec<Option<Finished>>,
    manners: Vec<Lesion>,
    cells: Vec<Option<CellOutcome>>,
}

impl<'a> Work<'a> {
    fn new(lesions: &'a [Lesion], experiment: &Experiment, keys: &Keys) -> Self {
        let drawn: Vec<_> = lesions.iter().enumerate().map(|(k, l)| experiment.controls(l, k)).collect();
        let manners = experiment.cell_lesions(lesions);
        let scores = experiment.readouts().map_or(0, Readouts::scores_of_lesion);
        let finished = |(k, lesion): (usize, &Lesion)| {
            let (path, key) = keys.of(lesion, k);
            let read = read_finished(&path, &key, drawn[k].clone(), experiment.keys().len());
            read.filter(|finished| finished.decoding.0.len() == scores)
        };
        let cells = |(k, manner): (usize, &Lesion)| {
            let (path, key) = keys.of_cells(manner, k);
            read_cells(&path, &key, manner, experiment.keys().len())
        };
        let finished = lesions.iter().enumerate().map(finished).collect();
        let cells = manners.iter().enumerate().map(cells).collect();
        Self { lesions, drawn, finished, manners, cells }
    }

    fn say_few_controls(&self, asked: usize, listener: &mut dyn Listener) {
        for (lesion, drawn) in self.lesions.iter().zip(&self.drawn) {
            if let Some(c) = drawn.as_ref().filter(|c| c.sets.len() < asked) {
                listener.notice(&Notice::FewControls { lesion: &lesion.name, sets: c.sets.len(), cells: c.size });
            }
        }
    }

    /// Networks to simulate: all, and those that are done.
    fn networks(&self) -> (usize, usize) {
        let sets = |k: usize| 1 + self.drawn[k].as_ref().map_or(0, |c| c.simulated(&self.lesions[k]).count());
        let of_lesions = (0..self.lesions.len()).map(|k| (sets(k), self.finished[k].is_some()));
        let of_cells = (0..self.manners.len()).map(|k| (self.manners[k].neurons.len(), self.cells[k].is_some()));
        of_lesions.chain(of_cells).fold((0, 0), |(all, done), (networks, is_done)| {
            (all + networks, done + if is_done { networks } else { 0 })
        })
    }

    /// Does what is left, and keeps it; false if it was asked to stop.
    fn go_on(
        &mut self,
        experiment: &mut Experiment,
        keys: &Keys,
        advance: &mut dyn FnMut(usize, &str) -> bool,
    ) -> Result<bool> {
        for (k, manner) in self.manners.iter().enumerate() {
            if self.cells[k].is_none() {
                let found = experiment.examine_cells(manner, &mut |networks| advance(networks, &manner.name))?;
                let Some(outcome) = found else { return Ok(false) };
                let (path, key) = keys.of_cells(manner, k);
                write_cells(&path, &key, &outcome)?;
                self.cells[k] = Some(outcome);
            }
        }
        for (k, lesion) in self.lesions.iter().enumerate() {
            if self.finished[k].is_none() {
                let found = experiment.examine(lesion, k, &mut |networks| advance(networks, &lesion.name))?;
                let Some(outcome) = found else { return Ok(false) };
                let finished = Finished { outcome, decoding: experiment.decode(lesion)? };
                let (path, key) = keys.of(lesion, k);
                write_finished(&path, &key, &finished)?;
                self.finished[k] = Some(finished);
            }
        }
        Ok(true)
    }
}

/// Examines every lesion and every single cell that is not finished yet; `None` if it was asked to stop.
///
/// # Errors
/// If the engine fails or a file cannot be written.
pub(super) fn examine_all(
    lesions: &[Lesion],
    experiment: &mut Experiment,
    keys: &Keys,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Found>> {
    let mut work = Work::new(lesions, experiment, keys);
    work.say_few_controls(experiment.settings().controls.count, listener);
    let (total, found) = work.networks();
    let mut done = found;
    let finished = work.go_on(experiment, keys, &mut |networks, what| {
        done += networks;
        listener.notice(&Notice::Progress(Progress { unit: "lesioned networks", total, found, done, what }));
        !stop.load(Ordering::Relaxed)
    })?;
    if !finished || stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let lesions: Option<Vec<Finished>> = work.finished.into_iter().collect();
    let cells: Option<Vec<CellOutcome>> = work.cells.into_iter().collect();
    Ok(lesions.zip(cells).map(|(lesions, cells)| Found { lesions, cells }))
}
