//! Trains the runs of a sweep: group by group, rung by rung, then those that confirm the best.

use super::baselines::Baselines;
use super::checks::{check_shard, checked_plan, choose, plan_of};
use super::claims::Claims;
use super::event::{Notices, SweepEvent, SweepListener, SweepProgress};
use super::feed::SweepFeed;
use super::halving::{Replicate, cost, survivors};
use super::home::{Home, Job};
use super::leftovers::clear;
use super::options::{SweepEnd, SweepOptions, places};
use super::outcome::Outcome;
use super::rank::best_settings;
use super::reporter::report_all;
use super::results::{ranked_runs, thin_out, write_results};
use super::specification::{FileHashes, Group, Specification};
use super::work::{AtRung, Goal, Task, Work};
use crate::config::Plan;
use crate::engine::{Device, EngineConfig, Problem};
use crate::error::{Error, Result};
use crate::report::sweep::SweepReport;
use crate::run::{Listener, MemoryPlan, Notice, Opening, Places, TrainedRun, write_page};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant};

/// Networks whose reports wait for a thread to write them.
const QUEUE: usize = 16;

/// How often it is looked whether the last reports are written, or are not waited for any more.
const MOMENT: Duration = Duration::from_millis(5);

/// How often it is looked whether other processes have ended their runs.
const LOOK: Duration = Duration::from_secs(1);

/// Trains what the specification asks for and the directory has not, until all is done, `stop` is set, or time is up.
///
/// # Errors
/// If a setting, a file or a combination of both cannot be used: then nothing was written. Or if a device or a directory
/// fails: then the sweep can be gone on with.
pub fn train(
    specification: &Specification,
    home: &Home,
    options: &SweepOptions,
    stop: &AtomicBool,
    listener: &mut dyn SweepListener,
) -> Result<SweepEnd> {
    let (start, mut files) = (Instant::now(), FileHashes::default());
    let sweep = specification.runs(options.are_many_allowed)?;
    check_shard(specification, options)?;
    let jobs = sweep.jobs(&mut files)?;
    let groups = sweep.groups(&mut files)?;
    home.check(specification, &sweep, &mut files, options.change)?;
    let device = choose(specification, options, listener)?;
    // Whatever cannot be trained is to be known before anything is written.
    for group in &groups {
        let plan = checked_plan(&sweep, &jobs, group, options)?;
        MemoryPlan::new(&device, &plan.problem, options.memory)?;
    }
    home.settle(specification, &sweep, &mut files, options.change)?;
    let claims = Claims::join(&home.path, &options.claims)?;
    let work = Work {
        home,
        sweep: &sweep,
        claims: &claims,
        jobs,
        inputs: sweep.input_files(&mut files)?,
        stop,
        // A time beyond all times is none.
        deadline: options.budget.and_then(|budget| start.checked_add(budget)),
        halt: AtomicBool::new(false),
    };
    let progress = SweepProgress::default();
    let mut training =
        Training { specification, options, device, work, groups, halved: BTreeMap::new(), listener, progress };
    training.begin()?;
    training.search()?;
    if options.shard.is_some() {
        clear(&training.work)?;
        return Ok(if training.work.is_over() { SweepEnd::Paused } else { SweepEnd::ShardComplete });
    }
    training.confirm(&mut files)?;
    if training.work.is_over() {
        return Ok(SweepEnd::Paused);
    }
    clear(&training.work)?;
    let report = write_results(home, false)?;
    training.keep(&report)?;
    Ok(SweepEnd::Complete)
}

/// Why a device failed, and what is not done yet.
type Failed = (Error, VecDeque<Task>);

struct Training<'a> {
    specification: &'a Specification,
    options: &'a SweepOptions,
    device: Device,
    work: Work<'a>,
    groups: Vec<Group>,
    /// Settings that go no further, and than which rung.
    halved: BTreeMap<usize, u32>,
    listener: &'a mut dyn SweepListener,
    progress: SweepProgress,
}

impl Training<'_> {
    fn begin(&mut self) -> Result<()> {
        self.count()?;
        let (path, warnings) = (&self.work.home.path, &self.work.sweep.warnings);
        let (settings, runs) = (self.work.sweep.settings.len(), self.work.jobs.len());
        self.listener.event(&SweepEvent::Begun { path, settings, runs, ended: self.progress.ended, warnings });
        Ok(())
    }

    /// Counts what has ended, and what is left at most.
    fn count(&mut self) -> Result<()> {
        let (work, objective) = (&self.work, self.work.sweep.objective);
        (self.progress.ended, self.progress.runs, self.progress.steps_left) = (0, work.jobs.len(), 0);
        let mut values = Vec::new();
        for (number, job) in work.jobs.iter().enumerate() {
            match work.outcome(number)? {
                Some(outcome) => {
                    self.progress.ended += 1;
                    values.extend(outcome.value(objective));
                }
                None => self.progress.steps_left += u64::from(work.sweep.settings[job.run.setting].planned_steps()),
            }
        }
        let lowest = objective.lower_is_better();
        self.progress.best = values.into_iter().reduce(|a, b| if lowest { a.min(b) } else { a.max(b) });
        Ok(())
    }

    /// Whether a job is this process's business.
    fn is_in_shard(&self, job: usize) -> bool {
        self.options.shard.is_none_or(|(i, n)| job % n == i - 1)
    }

    /// The runs of the specification.
    fn search(&mut self) -> Result<()> {
        let mut groups_of: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.work.sweep.settings.len()];
        for (g, group) in self.groups.iter().enumerate() {
            for run in &group.runs {
                groups_of[self.work.sweep.runs[*run].setting].insert(g);
            }
        }
        let mut families: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (setting, groups) in groups_of.into_iter().enumerate() {
            families.entry(groups.into_iter().collect()).or_default().push(setting);
        }
        // Groups are sorted by size: so are the families that begin with them.
        for (groups, settings) in families {
            let halving = self.specification.halving.clone();
            let cohort = halving.as_ref().and_then(|h| h.cohort).unwrap_or(settings.len());
            for cohort in settings.chunks(cohort.max(1)) {
                self.cohort(&groups, cohort.to_vec())?;
                if self.work.is_over() {
                    return Ok(());
                }
            }
        }
        self.wait(|_| true)
    }

    /// Settings that are compared with each other, from rung to rung to their end.
    fn cohort(&mut self, groups: &[usize], mut settings: Vec<usize>) -> Result<()> {
        if let Some(halving) = self.specification.halving.clone() {
            for rung in halving.rungs.iter().copied() {
                self.groups(groups, |setting| settings.contains(&setting).then_some(Goal::Rung(rung)), Some(rung))?;
                self.wait_for_rung(&settings, rung)?;
                if self.work.is_over() {
                    return Ok(());
                }
                let costs = settings.iter().map(|s| Ok((*s, self.cost_at(*s, rung)?))).collect::<Result<Vec<_>>>()?;
                let kept = survivors(&costs, &halving);
                self.listener.event(&SweepEvent::Rung { step: rung, settings: settings.len(), kept: kept.len() });
                let left_out: BTreeSet<usize> = settings.iter().copied().filter(|s| !kept.contains(s)).collect();
                self.groups(groups, |setting| left_out.contains(&setting).then_some(Goal::Halved(rung)), Some(rung))?;
                // Those too that another process has now: it may die before it has ended them.
                self.halved.extend(left_out.iter().map(|setting| (*setting, rung)));
                settings = kept;
            }
        }
        self.groups(groups, |setting| settings.contains(&setting).then_some(Goal::End), None)
    }

    /// What a setting is ranked by at a rung.
    fn cost_at(&self, setting: usize, rung: u32) -> Result<f64> {
        let work = &self.work;
        let own = work.jobs.iter().enumerate().filter(|(_, job)| job.run.setting == setting && !job.confirmation);
        let replicates: Vec<Replicate> =
            own.map(|(number, job)| Ok((job.run.seed, work.value_at(number, rung)?.value()))).collect::<Result<_>>()?;
        Ok(cost(&replicates, work.sweep.objective))
    }

    /// Trains the jobs of some groups, group by group, towards the goals of their settings.
    fn groups(&mut self, groups: &[usize], goal: impl Fn(usize) -> Option<Goal>, until: Option<u32>) -> Result<()> {
        for g in groups {
            let runs = self.groups[*g].runs.clone();
            let task = |job: usize| goal(self.work.jobs[job].run.setting).map(|goal| Task { job, goal });
            let tasks: Vec<Task> = runs.into_iter().filter(|job| self.is_in_shard(*job)).filter_map(task).collect();
            self.convey(*g, tasks, until)?;
            if self.work.is_over() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Trains tasks of one group: the longest first, as many at once as fit.
    fn convey(&mut self, g: usize, tasks: Vec<Task>, until: Option<u32>) -> Result<()> {
        let mut tasks = self.pending(tasks)?;
        let Some(first) = tasks.front() else { return Ok(()) };
        let plan = plan_of(self.work.sweep, &self.work.jobs[first.job], self.options)?;
        self.work.check_inputs(&plan)?;
        let problem = plan.training_problem(1);
        // What holds for one network need not hold for the others.
        let mut recurrent = problem.recurrent;
        for task in tasks.iter().take_while(|_| !problem.recurrent) {
            recurrent |= plan.variant(self.work.sweep.config_of(&self.work.jobs[task.job]))?.problem.recurrent;
        }
        let problem = Problem { recurrent, ..problem };
        let memory = MemoryPlan::new(&self.device, &plan.problem, self.options.memory)?;
        let mut most = places(self.options, &self.device, &problem, &memory);
        let work_ahead = problem.dims.flops_per_step() * self.progress.steps_left as f64;
        let mut tuned_for = problem.clone();
        tuned_for.dims.networks = most.min(tasks.len());
        let device = {
            let mut notices = Notices(self.listener);
            self.device.clone().tuned(&tuned_for, work_ahead, &mut |n| notices.notice(&Notice::Device(n)))
        };
        let whole = (!plan.held_out.is_empty()).then(|| plan.problem_for(1));
        let engines = Places { device: &device, problem, whole, keeps_states: true };
        loop {
            let at_once = most.min(tasks.len());
            self.progress.places = at_once;
            let (number, of) = (g + 1, self.groups.len());
            let (group, networks) = (&self.groups[g], tasks.len());
            self.listener.event(&SweepEvent::Group { group, number, of, networks, places: at_once, until });
            match self.at_once(&engines, &plan, g, tasks, at_once) {
                Ok(()) => return Ok(()),
                Err(failed) => match *failed {
                    (Error::OutOfMemory(why), rest) if at_once > 1 => {
                        most = at_once.div_ceil(2);
                        tasks = rest;
                        Notices(self.listener).notice(&Notice::FewerPlaces { why: &why, most });
                    }
                    (error, _) => return Err(error),
                },
            }
        }
    }

    /// Those that are not done yet, the longest first.
    fn pending(&self, tasks: Vec<Task>) -> Result<VecDeque<Task>> {
        let mut pending = Vec::new();
        for task in tasks {
            if !self.work.is_done(task)? {
                pending.push(task);
            }
        }
        let planned = |task: &Task| self.work.sweep.settings[self.work.jobs[task.job].run.setting].planned_steps();
        pending.sort_by_key(|task| std::cmp::Reverse(planned(task)));
        Ok(pending.into())
    }

    /// Trains tasks in so many places, while what has ended is reported beside. Gives back what is not done if the device
    /// fails.
    fn at_once(
        &mut self,
        places: &Places,
        plan: &Plan,
        g: usize,
        tasks: VecDeque<Task>,
        at_once: usize,
    ) -> std::result::Result<(), Box<Failed>> {
        let mut engine = match places.open(at_once) {
            Ok(engine) => engine,
            Err(error) => return Err(Box::new((error, tasks))),
        };
        let (work, group) = (&self.work, self.groups[g].key.clone());
        let threads = plan.config.engine.threads.unwrap_or(0);
        let baselines = Baselines { home: work.home, group: &group, threads };
        let ((items, received), (telling, told)) = (sync_channel(QUEUE), channel());
        std::thread::scope(|scope| {
            let (baselines, halt) = (&baselines, &work.halt);
            let reporter = scope.spawn(move || report_all(&received, &telling, baselines, halt));
            let (listener, progress) = (&mut *self.listener, &mut self.progress);
            let mut feed = SweepFeed::new(work, plan, engine.describe(), tasks, (items, &told), listener, progress);
            let trained = places.train(engine.as_mut(), &mut feed, &work.halt);
            // Its end tells the reporter that nothing comes any more.
            drop(std::mem::replace(&mut feed.items, sync_channel(0).0));
            while !reporter.is_finished() && !work.is_over() {
                std::thread::sleep(MOMENT);
            }
            let ended = reporter.join().map_err(|_| Error::run("the reports of runs failed."));
            let heard = feed.hear();
            let result = trained.map(drop).and(heard).and(ended);
            result.map_err(|error| Box::new((error, feed.into_tasks())))
        })
    }

    /// Waits until the runs of these settings have a value at a rung, and takes over those of dead processes.
    fn wait_for_rung(&mut self, settings: &[usize], rung: u32) -> Result<()> {
        loop {
            let is_meant = |job: &Job| settings.contains(&job.run.setting) && !job.confirmation;
            let jobs: Vec<usize> =
                (0..self.work.jobs.len()).filter(|number| is_meant(&self.work.jobs[*number])).collect();
            let mut missing = Vec::new();
            for job in jobs {
                if self.work.value_at(job, rung)? == AtRung::Missing {
                    missing.push(Task { job, goal: Goal::Rung(rung) });
                }
            }
            if !self.take_over(&missing, Some(rung))? {
                return Ok(());
            }
        }
    }

    /// Waits until these jobs have ended, and takes over those of dead processes.
    fn wait(&mut self, is_meant: impl Fn(&Job) -> bool) -> Result<()> {
        loop {
            let meant = |number: &usize| is_meant(&self.work.jobs[*number]) && self.is_in_shard(*number);
            let all: Vec<usize> = (0..self.work.jobs.len()).filter(meant).collect();
            let is_missing = |number: &usize| !Outcome::is_there(&self.work.home.run(&self.work.jobs[*number].hash));
            let mut open: Vec<usize> = all.iter().copied().filter(is_missing).collect();
            if open.is_empty() {
                // What is there may be damaged.
                open = all.into_iter().filter(|number| !matches!(self.work.outcome(*number), Ok(Some(_)))).collect();
            }
            let goal = |job: usize| {
                let halved = self.halved.get(&self.work.jobs[job].run.setting);
                halved.map_or(Goal::End, |rung| Goal::Halved(*rung))
            };
            let open: Vec<Task> = open.into_iter().map(|job| Task { job, goal: goal(job) }).collect();
            if !self.take_over(&open, None)? {
                return Ok(());
            }
        }
    }

    /// Whether there is something to wait for. What nobody does any more is done here.
    fn take_over(&mut self, tasks: &[Task], until: Option<u32>) -> Result<bool> {
        if tasks.is_empty() || self.work.is_over() {
            return Ok(false);
        }
        let mut free: BTreeMap<usize, Vec<Task>> = BTreeMap::new();
        for task in tasks {
            if !self.work.is_held(task.job)? {
                free.entry(self.group_of(task.job)).or_default().push(*task);
            }
        }
        if free.is_empty() {
            self.listener.event(&SweepEvent::Waiting { runs: tasks.len() });
            std::thread::sleep(LOOK);
        }
        for (group, tasks) in free {
            self.convey(group, tasks, until)?;
        }
        Ok(true)
    }

    fn group_of(&self, job: usize) -> usize {
        self.groups.iter().position(|group| group.runs.contains(&job)).unwrap_or(0)
    }

    /// Writes the pages of the best runs, and removes the weights of all but the best, as far as that is asked for.
    fn keep(&mut self, report: &SweepReport) -> Result<()> {
        let keep = self.specification.keep;
        for path in ranked_runs(report)
            .into_iter()
            .take(keep.reports)
            .filter(|path| !path.join("report.html").exists() && path.join("best.safetensors").exists())
        {
            if self.work.is_over() {
                return Ok(());
            }
            let engine = self.options.engine.clone();
            let apply = |config: &mut EngineConfig| engine.clone().into_iter().for_each(|own| *config = own);
            let run = TrainedRun::open(&path, &Opening { engine: &apply, ..Opening::default() })?;
            write_page(&run, self.work.stop, &mut Notices(self.listener))?;
        }
        keep.weights.map_or(Ok(()), |weights| thin_out(self.work.claims, weights, report))
    }

    /// Trains the best settings again, on fresh seeds.
    fn confirm(&mut self, files: &mut FileHashes) -> Result<()> {
        if self.work.is_over() || self.specification.confirm.is_none() {
            return Ok(());
        }
        let outcomes = (0..self.work.jobs.len()).map(|job| self.work.outcome(job)).collect::<Result<Vec<_>>>()?;
        let best = best_settings(self.work.sweep, &self.work.jobs, &outcomes);
        let top = self.specification.confirm.as_ref().map_or(0, |confirm| confirm.top);
        let chosen: Vec<usize> = best.into_iter().take(top).collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let jobs = self.work.sweep.confirming_jobs(&chosen, files)?;
        let labels: Vec<String> = chosen.iter().map(|s| self.work.sweep.settings[*s].label.clone()).collect();
        self.listener.event(&SweepEvent::Confirming { settings: &labels, runs: jobs.len() });
        let first = self.work.jobs.len();
        self.work.jobs.extend(jobs);
        for number in first..self.work.jobs.len() {
            let job = &self.work.jobs[number];
            let like =
                |run: &super::specification::Run| run.setting == job.run.setting && run.hold_out == job.run.hold_out;
            let group =
                self.groups.iter().position(|g| g.runs.iter().any(|r| self.work.sweep.runs.get(*r).is_some_and(like)));
            self.groups[group.unwrap_or(0)].runs.push(number);
        }
        self.count()?;
        for g in 0..self.groups.len() {
            let runs = self.groups[g].runs.iter().copied().filter(|run| *run >= first);
            let tasks = runs.map(|job| Task { job, goal: Goal::End }).collect();
            self.convey(g, tasks, None)?;
            if self.work.is_over() {
                return Ok(());
            }
        }
        self.wait(|job| job.confirmation)
    }
}
