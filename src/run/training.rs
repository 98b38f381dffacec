//! The training of a plan's networks, one or several, from their checkpoints to their reports.

use super::batch_summary::{BatchSummary, RunRow};
use super::context::{Context, Options};
use super::data_of_training::check_data;
use super::feed::RunFeed;
use super::finish::Reported;
use super::fit::has_baseline;
use super::member::Member;
use super::memory::{MOST_NETWORKS, MemoryPlan};
use super::notice::{Divergence, Extent, Listener, Notice, TrainingStage};
use super::places::Places;
use super::register::register;
use super::stored::StoredRun;
use crate::config::Plan;
use crate::engine::{Device, DeviceNotice};
use crate::error::{Error, Result};
use crate::train::{CONFIG, RunDirectory};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// How a training ended.
#[derive(Debug)]
pub enum Ending {
    /// It was asked to pause; the network that is furthest behind is at this step.
    Paused {
        /// Its last step.
        step: u32,
    },
    /// It was asked to stop before the first step of a run that was to replace another: that one is as it was.
    Withdrawn,
    /// The network of a single run was trained, and its fit reported.
    Reported(Box<Reported>),
    /// The network of a single run diverged.
    Diverged(Divergence),
    /// The networks of a batch were trained; some may have diverged.
    Batch(BatchSummary),
}

/// Trains the networks of `plan` that have not ended yet, as many at once as the device's memory holds, until `stop` is
/// set or all is done, and reports the fit of each. One network is kept in `directory` itself, several in directories of
/// their own in it. One that ends makes room for the next.
///
/// All that a resume needs is in these directories: what a network has done does not depend on its batch, so those that a
/// crash left at different steps go on side by side, and of a batch those that ended stay.
///
/// # Errors
/// If the device or a directory fails.
pub fn train(
    plan: &Plan,
    directory: &RunDirectory,
    options: Options,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Ending> {
    let problem = plan.training_problem(plan.seeds.len().min(MOST_NETWORKS));
    let mut hear = |notice: &DeviceNotice| listener.notice(&Notice::Device(notice));
    let device = Device::choose(&plan.config.engine, &mut hear)?.tuned(&problem, plan.work(), &mut hear);
    let engine = device.describe(&problem)?;
    drop(problem);
    let memory = MemoryPlan::new(&device, &plan.problem, options.memory)?;
    let (ended, steps) = standing(plan, directory)?;
    let training = Context { plan, directory, engine, options, stop, steps };
    training.begin(&ended, &memory, listener)?;
    training.run(&device, memory.most(), ended, listener)
}

/// The networks of a batch that have ended, by number: they did all their steps, and their fit was reported. And the steps
/// of the others. A single run that has ended is evaluated and reported again; of a batch, those that ended stay.
fn standing(plan: &Plan, directory: &RunDirectory) -> Result<(BTreeMap<usize, RunRow>, BTreeMap<usize, u32>)> {
    if plan.seeds.len() == 1 {
        let step = Member::read(plan, 0, directory)?.state.step;
        return Ok((BTreeMap::new(), BTreeMap::from([(0, step)])));
    }
    if !directory.holds_a_run() {
        refuse_runs_of_others(plan, directory)?;
    }
    let (mut ended, mut steps) = (BTreeMap::new(), BTreeMap::new());
    for (network, seed) in plan.seeds.iter().enumerate() {
        let run = directory.member(*seed);
        if !run.holds_a_run() {
            steps.insert(network, 0);
            continue;
        }
        check_member(plan, directory, network, &run)?;
        let member = Member::read(plan, network, &run)?;
        let row = RunRow::read(run.path())?;
        let is_reported = |r: &RunRow| r.steps == member.state.step && r.has_baseline() == has_baseline(plan);
        if let Some(row) = row.filter(|r| member.has_ended(plan) && is_reported(r)) {
            ended.insert(network, row);
        } else {
            steps.insert(network, member.state.step);
        }
    }
    Ok((ended, steps))
}

/// Refuses a run of the batch that was trained with other settings, or on other data.
fn check_member(plan: &Plan, directory: &RunDirectory, network: usize, run: &RunDirectory) -> Result<()> {
    let (stored, own) = (StoredRun::read_settings(run.path())?, plan.config_of(network));
    // Labels are those of the batch.
    let then = stored.manifest.settings.clone().map_or_else(|| stored.config.to_json(), Ok)?;
    let checked = own
        .check_trained_with(&then, &directory.path().join(CONFIG))
        .and_then(|_| check_data(&own, &plan.inputs, &stored.manifest, run.path()));
    checked.map_err(|e| Error::input(format!("{} is no run of this batch. {e}", run.path().display())))
}

/// Runs that lie where those of a new batch would, and are none of it.
fn refuse_runs_of_others(plan: &Plan, directory: &RunDirectory) -> Result<()> {
    let mut members = plan.seeds.iter().map(|seed| directory.member(*seed));
    match members.find(RunDirectory::holds_a_run) {
        None => Ok(()),
        Some(run) => Err(Error::input(format!(
            "{} holds a run already, which is of no batch. Choose another `output_dir`.",
            run.path().display()
        ))),
    }
}

impl Context<'_> {
    /// Writes down and says what is about to happen.
    fn begin(&self, ended: &BTreeMap<usize, RunRow>, memory: &MemoryPlan, listener: &mut dyn Listener) -> Result<()> {
        let (plan, now) = (self.plan, &self.engine);
        let step = self.steps.values().copied().min().unwrap_or(plan.config.training.n_trials);
        let network = self.is_single().then_some(0);
        if let Some(before) = register(plan, network, self.directory, now, step)? {
            listener.notice(&Notice::AnotherEngine { before: &before, now });
        }
        listener.notice(&Notice::Begun { plan, directory: self.directory.path(), engine: now, step });
        if !ended.is_empty() {
            listener.notice(&Notice::Ended { networks: ended.len(), of: plan.seeds.len() });
        }
        if !self.steps.is_empty() {
            listener.notice(&Notice::Memory { memory, networks: self.steps.len() });
        }
        self.directory.warnings().for_each(|text| listener.notice(&Notice::Advice(text)));
        let start = plan.config.network.init.as_deref().filter(|_| step == 0).and_then(Path::parent);
        let of_start = start.and_then(|run| StoredRun::read_settings(run).ok()?.state().ok()?.warning(run));
        plan.warnings().iter().chain(&of_start).for_each(|text| listener.notice(&Notice::Advice(text)));
        Ok(())
    }

    /// Trains the networks that have not ended, and reports them.
    fn run(
        &self,
        device: &Device,
        most: usize,
        ended: BTreeMap<usize, RunRow>,
        listener: &mut dyn Listener,
    ) -> Result<Ending> {
        let pending: Vec<usize> = self.steps.keys().copied().collect();
        let planned = u64::from(self.plan.config.training.n_trials) * pending.len() as u64;
        let done = self.steps.values().copied().map(u64::from).sum();
        let trains = !pending.is_empty();
        let extent = Extent { networks: pending.len(), planned, done };
        let progress = if trains { listener.observer(TrainingStage::Networks, extent) } else { None };
        let mut feed = RunFeed::new(self, &pending, progress, listener);
        let interrupted = trains && self.convey(device, most, &mut feed)?;
        if interrupted || !feed.paused.is_empty() {
            let step = feed.pause()?;
            return Ok(if self.directory.awaits_commit() { Ending::Withdrawn } else { Ending::Paused { step } });
        }
        feed.end_of_training();
        feed.report()?;
        let RunFeed { reported, diverged, .. } = feed;
        if !self.is_single() {
            return self.sum_up(ended, &reported, &diverged).map(Ending::Batch);
        }
        let reported = reported.into_iter().map(|(_, reported)| Ending::Reported(Box::new(reported)));
        let diverged = diverged.into_iter().map(|(_, divergence)| Ending::Diverged(divergence));
        reported.chain(diverged).next().ok_or_else(|| Error::run("there was no network to train."))
    }

    /// Trains the networks of `feed`, at most so many at once; fewer where a device turns out to have too little memory: what
    /// was trained before is in the checkpoints. Whether it was interrupted.
    fn convey(&self, device: &Device, mut most: usize, feed: &mut RunFeed) -> Result<bool> {
        let whole = (!self.plan.held_out.is_empty()).then(|| self.plan.problem_for(1));
        let places = Places { device, problem: self.plan.training_problem(1), whole, keeps_states: true };
        loop {
            let at_once = most.min(feed.unfinished());
            let trained = places.open(at_once).and_then(|mut engine| {
                feed.engine = engine.describe();
                places.train(engine.as_mut(), feed, self.stop)
            });
            match trained {
                Err(Error::OutOfMemory(why)) if at_once > 1 => {
                    most = at_once.div_ceil(2);
                    feed.listener().notice(&Notice::FewerPlaces { why: &why, most });
                    feed.take_back();
                }
                Err(error) => return Err(self.with_way_back(error, feed.kept())),
                interrupted => return interrupted,
            }
        }
    }

    fn with_way_back(&self, error: Error, step: u32) -> Error {
        match error {
            // Too large for this device, and not begun.
            Error::OutOfMemory(_) => error,
            _ if self.directory.awaits_commit() => error,
            _ => Error::run(format!(
                "{error} The checkpoint of step {step} is kept; continue with `resume = {}`.",
                self.directory.path().display()
            )),
        }
    }

    /// Writes the summary of all networks.
    fn sum_up(
        &self,
        mut rows: BTreeMap<usize, RunRow>,
        reported: &[(usize, Reported)],
        diverged: &[(usize, Divergence)],
    ) -> Result<BatchSummary> {
        rows.extend(reported.iter().map(|(network, r)| (*network, RunRow::of(&r.summary, &r.directory))));
        rows.extend(diverged.iter().map(|(network, divergence)| (*network, RunRow::diverged(divergence))));
        let summary = BatchSummary::new(rows.into_values().collect());
        self.directory.write("summary.csv", &summary.to_csv())?;
        self.directory.write("summary.json", &summary.to_json()?)?;
        Ok(summary)
    }
}
