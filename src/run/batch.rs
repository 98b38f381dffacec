//! A batch: networks of several seeds that are trained together, each in a run directory of its own.

use super::baseline::{BaselineResult, has_baseline, train_baselines};
use super::batch_summary::{BatchSummary, RunRow};
use super::finish;
use super::one::{divergence, say_pause, warn};
use super::session::{Member, Options, Session, Trained, introduce, register, warn_of_another_engine};
use super::waves::{MemoryPlan, wave_size};
use crate::cli::{interrupt, output};
use crate::config::Plan;
use crate::engine::EngineDescription;
use crate::engine::device::Device;
use crate::error::{Error, Result};
use crate::train::{CONFIG, RunDirectory};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

/// Trains the networks of `plan` that have not ended yet, in as few waves as the device's memory allows, and sums up.
///
/// All that a resume needs is in the runs' directories: what a network has done does not depend on its batch, so runs
/// that a crash left at different steps are brought together (see [`Session::advance`]), and those that ended stay.
///
/// # Errors
/// If the device or a directory fails; at the end, if a network diverged.
pub(crate) fn run(plan: &Plan, directory: &RunDirectory, options: Options) -> Result<()> {
    let problem = plan.training_problem(plan.seeds.len());
    let device = Device::choose(&plan.config.engine)?.tuned(&problem, plan.work(), options.quiet);
    let engine = device.describe(&problem)?;
    let memory = MemoryPlan::new(&device, &plan.problem, options.memory)?;
    if !directory.holds_a_run() {
        refuse_runs_of_others(plan, directory)?;
    }
    let Standing { ended: mut rows, pending, step } = Standing::read(plan, directory)?;
    let before = register(plan, None, directory, &engine, step)?;
    warn_of_another_engine(before.as_ref(), &engine);
    if !options.quiet {
        introduce(plan, directory, &engine, step);
        if !rows.is_empty() {
            output::say(format!("networks   {} of {} have ended already", rows.len(), plan.seeds.len()));
        }
        if !pending.is_empty() {
            memory.say(pending.len());
        }
    }
    warn(plan);
    let interrupt = interrupt::flag()?;
    let batch = Batch { plan, directory, device: &device, engine, options, interrupt: &interrupt };
    match in_waves(&pending, memory.most(), |networks, label| batch.train_wave(networks, label))? {
        Trainings::Paused { step } => say_pause(step, plan, directory),
        Trainings::Ended(diverged) => {
            rows.extend(diverged);
            batch.sum_up(rows)?;
        }
    }
    Ok(())
}

/// Runs that lie where those of a new batch would, and are none of it.
fn refuse_runs_of_others(plan: &Plan, directory: &RunDirectory) -> Result<()> {
    match plan.seeds.iter().map(|seed| directory.member(*seed)).find(|path| path.join(CONFIG).is_file()) {
        None => Ok(()),
        Some(path) => Err(Error::input(format!(
            "{} holds a run already, which is of no batch. Choose another --output-dir, or --overwrite.",
            path.display()
        ))),
    }
}

/// Where the runs of a batch stand.
struct Standing {
    /// Those that have ended, by number of the network: they did all their steps, and their fit was reported.
    ended: BTreeMap<usize, RunRow>,
    /// The others.
    pending: Vec<usize>,
    /// The step of the one that is furthest behind.
    step: u32,
}

impl Standing {
    fn read(plan: &Plan, directory: &RunDirectory) -> Result<Self> {
        let (mut ended, mut pending, mut step) = (BTreeMap::new(), Vec::new(), u32::MAX);
        for (network, seed) in plan.seeds.iter().enumerate() {
            let path = directory.member(*seed);
            if !path.join(CONFIG).is_file() {
                pending.push(network);
                step = 0;
                continue;
            }
            let run = RunDirectory::open(&path)?;
            let member = Member::read(plan, network, &run)?;
            let row = RunRow::read(&path)?;
            let is_reported = |r: &RunRow| r.steps == member.step && r.has_baseline() == has_baseline(plan);
            if let Some(row) = row.filter(|r| member.has_ended(plan) && is_reported(r)) {
                ended.insert(network, row);
            } else {
                pending.push(network);
                step = step.min(member.step);
            }
        }
        let step = if pending.is_empty() { plan.config.training.n_trials } else { step };
        Ok(Self { ended, pending, step })
    }
}

struct Batch<'a> {
    plan: &'a Plan,
    directory: &'a RunDirectory,
    device: &'a Device,
    engine: EngineDescription,
    options: Options,
    interrupt: &'a AtomicBool,
}

/// How the trainings of a batch went.
enum Trainings {
    /// They were asked to pause; the network that is furthest behind is at this step.
    Paused { step: u32 },
    /// Results by number of the network.
    Ended(BTreeMap<usize, RunRow>),
}

/// Has `train` train `pending` networks wave by wave, at most `most` at once, each wave with a name. A wave for which a
/// device has too little memory is trained again in halves: what was trained before is in the checkpoints.
fn in_waves(
    pending: &[usize],
    mut most: usize,
    mut train: impl FnMut(&[usize], String) -> Result<Trainings>,
) -> Result<Trainings> {
    let (mut rest, mut rows, mut wave) = (pending, BTreeMap::new(), 1);
    while !rest.is_empty() {
        let (networks, others) = rest.split_at(wave_size(rest.len(), most));
        let waves = wave - 1 + rest.len().div_ceil(networks.len());
        let label = if waves == 1 { "training".into() } else { format!("wave {wave} of {waves}, training") };
        match train(networks, label) {
            Ok(Trainings::Ended(ended)) => {
                rows.extend(ended);
                (rest, wave) = (others, wave + 1);
            }
            Ok(paused) => return Ok(paused),
            Err(Error::OutOfMemory(message)) if networks.len() > 1 => {
                most = networks.len().div_ceil(2);
                output::warn(format!("{message} Going on with at most {most} at once."));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Trainings::Ended(rows))
}

impl Batch<'_> {
    /// Trains these networks together to their end, and leaves the results in their directories.
    fn train_wave(&self, networks: &[usize], label: String) -> Result<Trainings> {
        let plan = self.plan;
        let open = |k: &usize| RunDirectory::open_or_create(&self.directory.member(plan.seeds[*k]));
        let directories: Vec<RunDirectory> = networks.iter().map(open).collect::<Result<_>>()?;
        let read = |(k, directory): (&usize, _)| Member::read(plan, *k, directory);
        let mut members: Vec<Member> = networks.iter().zip(&directories).map(read).collect::<Result<_>>()?;
        for member in &members {
            register(plan, Some(member.network), member.directory, &self.engine, member.step)?;
        }
        let session = Session {
            plan,
            device: self.device,
            options: self.options,
            interrupt: self.interrupt,
            label,
            way_back: self.directory.path(),
        };
        let advance = session.advance(&mut members)?;
        if advance.paused {
            let step = members.iter().filter(|m| !m.has_ended(plan)).map(|m| m.step).min().unwrap_or(0);
            return Ok(Trainings::Paused { step });
        }
        let trained = session.evaluate(&mut members, advance)?;
        self.say_wave(&members);
        self.finish(&members, trained).map(Trainings::Ended)
    }

    /// Trains the baselines, and reports the fit of every network that did not diverge.
    fn finish(&self, members: &[Member], trained: Vec<Trained>) -> Result<BTreeMap<usize, RunRow>> {
        let plan = self.plan;
        let (diverged, good): (Vec<_>, Vec<_>) = members.iter().zip(trained).partition(|(m, _)| m.has_diverged());
        let networks: Vec<usize> = good.iter().map(|(m, _)| m.network).collect();
        let baselines = train_baselines(plan, &networks, self.interrupt, self.options.quiet)?;
        let baselines: Vec<Option<BaselineResult>> = match baselines {
            Some(results) => results.into_iter().map(Some).collect(),
            None => networks.iter().map(|_| None).collect(),
        };
        let report = |((member, trained), baseline): ((&Member, Trained), Option<BaselineResult>)| {
            finish::finish(&plan.run_of(member.network), member.directory, &trained, baseline.as_ref())?;
            let row = RunRow::read(member.directory.path())?;
            Ok(row.map(|row| (member.network, row)))
        };
        let rows: Vec<_> = good.into_par_iter().zip(baselines).map(report).collect::<Result<_>>()?;
        let mut rows: BTreeMap<usize, RunRow> = rows.into_iter().flatten().collect();
        for (member, _) in diverged {
            let seed = plan.seeds[member.network];
            output::warn(format!("the network of seed {seed} diverged: {}", divergence(member)));
            rows.insert(member.network, RunRow::diverged(seed, member.step, member.directory.path()));
        }
        Ok(rows)
    }

    fn say_wave(&self, members: &[Member]) {
        if self.options.quiet {
            return;
        }
        let steps: f64 = members.iter().map(|m| f64::from(m.step)).sum();
        let seconds = members.iter().map(|m| m.seconds).fold(0.0, f64::max);
        let trials = steps * self.plan.training_conditions().len() as f64 / seconds.max(1e-9);
        output::say(format!("trained    {} networks in {seconds:.1} s ({trials:.0} trials/s)", members.len()));
    }

    /// Writes and prints the summary of all networks.
    fn sum_up(&self, rows: BTreeMap<usize, RunRow>) -> Result<()> {
        let summary = BatchSummary::new(rows.into_values().collect());
        self.directory.write("summary.csv", &summary.to_csv())?;
        self.directory.write("summary.json", &summary.to_json()?)?;
        if !self.options.quiet {
            output::say(format!("\n{}", summary.to_text()));
            output::say(format!("summary    {}", self.directory.file("summary.csv").display()));
        }
        match summary.diverged() {
            [] => Ok(()),
            seeds => {
                let seeds = seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                Err(Error::run(format!(
                    "of {} networks, {} diverged (seed {seeds}); the others are complete. Start again with a smaller --learning-rate or --clip-norm.",
                    summary.len(),
                    summary.diverged().len(),
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_that_does_not_fit_is_halved_and_nothing_is_lost() {
        let mut tried = Vec::new();
        let trainings = in_waves(&[0, 1, 2, 3, 4, 5, 6], usize::MAX, |networks, label| {
            tried.push((networks.to_vec(), label));
            if networks.len() > 2 {
                return Err(Error::OutOfMemory("too many.".into()));
            }
            Ok(Trainings::Ended(networks.iter().map(|k| (*k, RunRow::diverged(0, 1, "x".as_ref()))).collect()))
        });
        let Ok(Trainings::Ended(rows)) = trainings else { panic!("the waves end") };
        assert_eq!(rows.into_keys().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
        let sizes: Vec<usize> = tried.iter().map(|(networks, _)| networks.len()).collect();
        assert_eq!(sizes, [7, 4, 2, 2, 2, 1]);
        assert_eq!(tried[3].1, "wave 2 of 4, training");
    }

    #[test]
    fn a_single_network_that_does_not_fit_is_an_error() {
        let refused = in_waves(&[0, 1], 1, |_, _| Err(Error::OutOfMemory("too large.".into())));
        assert!(matches!(refused, Err(Error::OutOfMemory(_))));
    }
}
