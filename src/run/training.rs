//! The training of a plan's networks, one or several, from their checkpoints to their reports.

use super::batch_summary::{BatchSummary, RunRow};
use super::data_of_training::check_data;
use super::finish::{Reported, finish};
use super::fit::{FittedNetwork, has_baseline, train_baselines};
use super::memory::MemoryPlan;
use super::notice::{Divergence, Listener, Notice, TrainingStage};
use super::register::register;
use super::session::{Member, Options, Session, TrainedNetwork};
use super::stored::StoredRun;
use super::waves::{Trainings, in_waves};
use crate::config::Plan;
use crate::engine::{Device, DeviceNotice, EngineDescription};
use crate::error::{Error, Result};
use crate::train::{CONFIG, End, RunDirectory};
use rayon::prelude::*;
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

/// Trains the networks of `plan` that have not ended yet, in as few waves as the device's memory allows, until `stop` is
/// set or all is done, and reports the fit of each. One network is kept in `directory` itself, several in directories of
/// their own in it.
///
/// All that a resume needs is in these directories: what a network has done does not depend on its batch, so runs that a
/// crash left at different steps are brought together, and of a batch those that ended stay.
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
    let problem = plan.training_problem(plan.seeds.len());
    let mut hear = |notice: &DeviceNotice| listener.notice(&Notice::Device(notice));
    let device = Device::choose(&plan.config.engine, &mut hear)?.tuned(&problem, plan.work(), &mut hear);
    let engine = device.describe(&problem)?;
    drop(problem);
    let memory = MemoryPlan::new(&device, &plan.problem, options.memory)?;
    let training = Training { plan, directory, device: &device, engine, options, stop };
    let Standing { ended, pending, step } = training.standing()?;
    training.begin(&ended, &pending, step, &memory, listener)?;
    let train = |networks: &[usize], stage, listener: &mut dyn Listener| training.wave(networks, stage, listener);
    match in_waves(&pending, memory.most(), listener, train)? {
        Trainings::Paused { .. } if directory.awaits_commit() => Ok(Ending::Withdrawn),
        Trainings::Paused { step } => Ok(Ending::Paused { step }),
        Trainings::Ended(ends) if training.is_single() => {
            let end = ends.into_iter().next().ok_or_else(|| Error::run("there was no network to train."))?;
            Ok(match end.1 {
                Fate::Reported(reported) => Ending::Reported(reported),
                Fate::Diverged(divergence) => Ending::Diverged(divergence),
            })
        }
        Trainings::Ended(ends) => training.sum_up(ended, ends).map(Ending::Batch),
    }
}

/// Where the networks of a plan stand.
struct Standing {
    /// Those of a batch that have ended, by number: they did all their steps, and their fit was reported.
    ended: BTreeMap<usize, RunRow>,
    /// The others.
    pending: Vec<usize>,
    /// The step of the one that is furthest behind.
    step: u32,
}

/// What became of a network.
enum Fate {
    Reported(Box<Reported>),
    Diverged(Divergence),
}

struct Training<'a> {
    plan: &'a Plan,
    directory: &'a RunDirectory,
    device: &'a Device,
    engine: EngineDescription,
    options: Options,
    stop: &'a AtomicBool,
}

impl Training<'_> {
    fn is_single(&self) -> bool {
        self.plan.seeds.len() == 1
    }

    /// A single run that has ended is evaluated and reported again; of a batch, those that ended stay.
    fn standing(&self) -> Result<Standing> {
        let (plan, planned) = (self.plan, self.plan.config.training.n_trials);
        if self.is_single() {
            let step = Member::read(plan, 0, self.directory)?.step;
            return Ok(Standing { ended: BTreeMap::new(), pending: vec![0], step });
        }
        if !self.directory.holds_a_run() {
            self.refuse_runs_of_others()?;
        }
        let (mut ended, mut pending, mut step) = (BTreeMap::new(), Vec::new(), planned);
        for (network, seed) in plan.seeds.iter().enumerate() {
            let run = self.directory.member(*seed);
            if !run.holds_a_run() {
                pending.push(network);
                step = 0;
                continue;
            }
            self.check_member(network, &run)?;
            let member = Member::read(plan, network, &run)?;
            let row = RunRow::read(run.path())?;
            let is_reported = |r: &RunRow| r.steps == member.step && r.has_baseline() == has_baseline(plan);
            if let Some(row) = row.filter(|r| member.has_ended(plan) && is_reported(r)) {
                ended.insert(network, row);
            } else {
                pending.push(network);
                step = step.min(member.step);
            }
        }
        Ok(Standing { ended, pending, step })
    }

    /// Refuses a run of the batch that was trained with other settings, or on other data.
    fn check_member(&self, network: usize, run: &RunDirectory) -> Result<()> {
        let (stored, own) = (StoredRun::read_settings(run.path())?, self.plan.config_of(network));
        // Labels are those of the batch.
        let then = stored.manifest.settings.clone().map_or_else(|| stored.config.to_json(), Ok)?;
        let checked = own
            .check_trained_with(&then, &self.directory.path().join(CONFIG))
            .and_then(|_| check_data(&own, &self.plan.inputs, &stored.manifest, run.path()));
        checked.map_err(|e| Error::input(format!("{} is no run of this batch. {e}", run.path().display())))
    }

    /// Runs that lie where those of a new batch would, and are none of it.
    fn refuse_runs_of_others(&self) -> Result<()> {
        let mut members = self.plan.seeds.iter().map(|seed| self.directory.member(*seed));
        match members.find(RunDirectory::holds_a_run) {
            None => Ok(()),
            Some(run) => Err(Error::input(format!(
                "{} holds a run already, which is of no batch. Choose another `output_dir`.",
                run.path().display()
            ))),
        }
    }

    /// Writes down and says what is about to happen.
    fn begin(
        &self,
        ended: &BTreeMap<usize, RunRow>,
        pending: &[usize],
        step: u32,
        memory: &MemoryPlan,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let (plan, now) = (self.plan, &self.engine);
        let network = self.is_single().then_some(0);
        if let Some(before) = register(plan, network, self.directory, now, step)? {
            listener.notice(&Notice::AnotherEngine { before: &before, now });
        }
        listener.notice(&Notice::Begun { plan, directory: self.directory.path(), engine: now, step });
        if !ended.is_empty() {
            listener.notice(&Notice::Ended { networks: ended.len(), of: plan.seeds.len() });
        }
        if !pending.is_empty() {
            listener.notice(&Notice::Memory { memory, networks: pending.len() });
        }
        self.directory.warnings().for_each(|text| listener.notice(&Notice::Advice(text)));
        let start = plan.config.network.init.as_deref().filter(|_| step == 0).and_then(Path::parent);
        let of_start = start.and_then(|run| StoredRun::read_settings(run).ok()?.state().ok()?.warning(run));
        plan.warnings().iter().chain(&of_start).for_each(|text| listener.notice(&Notice::Advice(text)));
        Ok(())
    }

    /// Trains these networks together to their end, and leaves the results in their directories.
    fn wave(
        &self,
        networks: &[usize],
        stage: TrainingStage,
        listener: &mut dyn Listener,
    ) -> Result<Trainings<(usize, Fate)>> {
        let plan = self.plan;
        let mut members = networks.iter().map(|k| self.member(*k)).collect::<Result<Vec<_>>>()?;
        for member in &members {
            member.say_damage(listener);
        }
        let session = Session {
            plan,
            device: self.device,
            options: self.options,
            stop: self.stop,
            stage,
            directory: self.directory,
        };
        let advance = session.advance(&mut members, listener)?;
        if advance.paused {
            members.iter().try_for_each(|m| m.directory.write_end(End::Paused))?;
            let step = members.iter().filter(|m| !m.has_ended(plan)).map(|m| m.step).min().unwrap_or(0);
            return Ok(Trainings::Paused { step });
        }
        members.iter().filter(|m| m.has_diverged()).try_for_each(|m| m.directory.write_end(End::Diverged))?;
        if self.is_single() && members[0].has_diverged() {
            return Ok(Trainings::Ended(vec![(0, Fate::Diverged(self.divergence(&members[0])))]));
        }
        let trained = session.evaluate(&mut members, advance)?;
        self.say_trained(&members, &trained, listener);
        self.say_never_improved(&members, &trained, listener);
        self.finish(&members, trained, listener).map(Trainings::Ended)
    }

    /// A network of the plan, with what its directory says of its beginning.
    fn member(&self, network: usize) -> Result<Member> {
        if self.is_single() {
            return Member::read(self.plan, network, self.directory);
        }
        let directory = self.directory.member(self.plan.seeds[network]);
        directory.prepare()?;
        let member = Member::read(self.plan, network, &directory)?;
        register(self.plan, Some(network), &directory, &self.engine, member.step)?;
        Ok(member)
    }

    fn say_trained(&self, members: &[Member], trained: &[TrainedNetwork], listener: &mut dyn Listener) {
        let plan = self.plan;
        if let ([TrainedNetwork { settled, steps, stop, seconds, .. }], true) = (trained, self.is_single()) {
            let (steps, seconds, stop) = (*steps, *seconds, *stop);
            return listener.notice(&Notice::Trained { plan, steps, seconds, stop, settled });
        }
        let steps: f64 = members.iter().map(|m| f64::from(m.step)).sum();
        listener.notice(&Notice::TrainedTogether {
            networks: members.len(),
            trials: steps * plan.training_conditions().len() as f64,
            seconds: members.iter().map(|m| m.seconds).fold(0.0, f64::max),
        });
    }

    /// Weights that are reported, and were never trained, look like a fit.
    fn say_never_improved(&self, members: &[Member], trained: &[TrainedNetwork], listener: &mut dyn Listener) {
        let never =
            |(m, t): &(&Member, &TrainedNetwork)| t.settled.best_note.updates == 0 && m.step > 1 && !m.has_diverged();
        let networks = members.iter().zip(trained).filter(never);
        let seeds: Vec<u64> = networks.map(|(m, _)| self.plan.seeds[m.network]).collect();
        if !seeds.is_empty() {
            listener.notice(&Notice::NeverImproved { seeds: &seeds });
        }
    }

    /// Trains the baselines, and reports the fit of every network that did not diverge.
    fn finish(
        &self,
        members: &[Member],
        trained: Vec<TrainedNetwork>,
        listener: &mut dyn Listener,
    ) -> Result<Vec<(usize, Fate)>> {
        let plan = self.plan;
        let (diverged, good): (Vec<_>, Vec<_>) = members.iter().zip(trained).partition(|(m, _)| m.has_diverged());
        let networks: Vec<usize> = good.iter().map(|(m, _)| m.network).collect();
        let baselines = train_baselines(plan, &networks, self.stop, listener)?;
        let baselines = baselines.into_iter().flatten().map(Some).chain(std::iter::repeat_with(|| None));
        let jobs: Vec<_> = good.into_iter().zip(baselines).collect();
        let report = |((member, trained), baseline): ((&Member, TrainedNetwork), Option<FittedNetwork>)| {
            let run = plan.run_of(member.network);
            let reported = finish(&run, &member.directory, &trained, baseline.as_ref(), &member.stamp)?;
            Ok((member.network, Fate::Reported(Box::new(reported))))
        };
        let mut ends: Vec<_> = jobs.into_par_iter().map(report).collect::<Result<_>>()?;
        for (member, _) in diverged {
            let divergence = self.divergence(member);
            listener.notice(&Notice::Diverged(&divergence));
            ends.push((member.network, Fate::Diverged(divergence)));
        }
        Ok(ends)
    }

    fn divergence(&self, member: &Member) -> Divergence {
        Divergence {
            seed: self.plan.seeds[member.network],
            step: member.step,
            checkpoint: member.checkpoint,
            directory: member.directory.path().to_path_buf(),
        }
    }

    /// Writes the summary of all networks.
    fn sum_up(&self, mut rows: BTreeMap<usize, RunRow>, ends: Vec<(usize, Fate)>) -> Result<BatchSummary> {
        for (network, end) in ends {
            let row = match end {
                Fate::Reported(reported) => RunRow::of(&reported.summary, &reported.directory),
                Fate::Diverged(divergence) => RunRow::diverged(&divergence),
            };
            rows.insert(network, row);
        }
        let summary = BatchSummary::new(rows.into_values().collect());
        self.directory.write("summary.csv", &summary.to_csv())?;
        self.directory.write("summary.json", &summary.to_json()?)?;
        Ok(summary)
    }
}
