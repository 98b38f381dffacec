//! The runs of a group on their way through an engine.

use super::claims::{Claim, Taken};
use super::event::{RunEnded, SweepEvent, SweepListener, SweepProgress};
use super::home::Job;
use super::outcome::{
    Diverged, HALVED, Outcome, read_rungs, remove_rungs, what_is_not_finite, write_diverged, write_rungs,
};
use super::reporter::{Item, Told};
use super::specification::Objective;
use super::work::{Goal, Task, Work};
use crate::config::{Config, Plan};
use crate::engine::{EngineDescription, NetworkState, StepRecord, StopReason};
use crate::error::{Error, Result};
use crate::run::{Essentials, Left, Member, OF_TRAINING, Passage, RunSummary, register};
use crate::train::{
    CONFIG, End, Entrant, Feed, Guard, Keeping, MANIFEST, Manifest, RunDirectory, Settled, WeightsNote, write_weights,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::time::{Duration, Instant};

struct Active<'a> {
    passage: Passage<'a>,
    claim: Claim,
    goal: Goal,
    /// Steps that are planned.
    planned: u32,
}

/// A run that has left its place.
struct Departed {
    left: Left,
    claim: Claim,
    goal: Goal,
    planned: u32,
}

/// Feeds runs of a group to an engine.
pub(super) struct SweepFeed<'a, 'l> {
    pub(super) work: &'a Work<'a>,
    /// A plan of the group.
    pub(super) plan: &'a Plan,
    pub(super) engine: EngineDescription,
    pub(super) tasks: VecDeque<Task>,
    /// Those that other processes had when they were asked for.
    pub(super) held: Vec<Task>,
    pub(super) items: SyncSender<Item>,
    pub(super) told: &'l Receiver<Told>,
    pub(super) listener: &'l mut dyn SweepListener,
    pub(super) progress: &'l mut SweepProgress,
    /// When those that others have were asked for last.
    asked: Instant,
    since: Instant,
    before: f64,
    active: BTreeMap<usize, Active<'a>>,
    left: BTreeMap<usize, Departed>,
}

/// A training that is shorter is not worth a state on the disk.
const MOMENT: Duration = Duration::from_secs(5);

/// How long a run that another process has is left alone.
const PATIENCE: Duration = Duration::from_secs(5);

impl<'a, 'l> SweepFeed<'a, 'l> {
    pub(super) fn new(
        work: &'a Work<'a>,
        plan: &'a Plan,
        engine: EngineDescription,
        tasks: VecDeque<Task>,
        (items, told): (SyncSender<Item>, &'l Receiver<Told>),
        listener: &'l mut dyn SweepListener,
        progress: &'l mut SweepProgress,
    ) -> Self {
        let (now, before) = (Instant::now(), progress.seconds);
        Self {
            work,
            plan,
            engine,
            tasks,
            held: Vec::new(),
            items,
            told,
            listener,
            progress,
            asked: now,
            since: now,
            before,
            active: BTreeMap::new(),
            left: BTreeMap::new(),
        }
    }

    /// The tasks that are not done, after an engine failed: they go on from their last states.
    pub(super) fn into_tasks(self) -> VecDeque<Task> {
        let active = self.active.iter().map(|(job, a)| Task { job: *job, goal: a.goal });
        let left = self.left.iter().map(|(job, d)| Task { job: *job, goal: d.goal });
        active.chain(left).chain(self.tasks).chain(self.held).collect()
    }

    /// Hands a run over to the reporter, unless the sweep is over before it has room: then the run is reported another time.
    fn send(&mut self, mut item: Item) -> Result<()> {
        loop {
            match self.items.try_send(item) {
                Err(TrySendError::Full(back)) if !self.work.is_over() => item = back,
                // Why the reporter ended is what it said last.
                Err(TrySendError::Disconnected(_)) if !self.work.is_over() => {
                    return self.hear().and_then(|()| Err(Error::run("the reports of runs ended too early.")));
                }
                Ok(()) | Err(_) => return Ok(()),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Takes in what the reporter says.
    ///
    /// # Errors
    /// If it failed.
    pub(super) fn hear(&mut self) -> Result<()> {
        while let Ok((job, reported)) = self.told.try_recv() {
            if let Some(summary) = reported? {
                self.on_reported(job, &summary);
            }
        }
        Ok(())
    }

    pub(super) fn on_reported(&mut self, job: usize, summary: &RunSummary) {
        let outcome = Outcome::Trained(Box::new(summary.clone()));
        let objective = self.work.sweep.objective;
        let value = outcome.value(objective);
        let state = if outcome.is_halved() { HALVED } else { "ended" };
        self.say_ended(job, state, &summary.stop_reason, (summary.steps, summary.seconds), value);
        self.progress.best = better(objective, self.progress.best, value);
    }

    fn say_ended(
        &mut self,
        job: usize,
        state: &'static str,
        reason: &str,
        (steps, seconds): (u32, f64),
        value: Option<f64>,
    ) {
        self.progress.ended += 1;
        let Job { hash, run, .. } = &self.work.jobs[job];
        let setting = self.work.sweep.settings[run.setting].label.clone();
        let (hash, seed, reason) = (hash.clone(), run.seed, reason.to_string());
        self.listener.event(&SweepEvent::Ended(&RunEnded {
            hash,
            setting,
            seed,
            state,
            reason,
            steps,
            value,
            seconds,
        }));
    }

    /// Takes a run and opens it; `None` if it is done, or another's.
    fn enter(&mut self, task: Task) -> Result<Option<Entrant>> {
        let Task { job, goal } = task;
        let hash = &self.work.jobs[job].hash;
        let path = self.work.home.run(hash);
        if self.work.is_done(task)? {
            return Ok(None);
        }
        let claim = match self.work.claims.take(hash)? {
            Taken::Mine(claim) => claim,
            Taken::Other(_) => {
                self.held.push(task);
                return Ok(None);
            }
        };
        // Another may have ended it between the look and the claim.
        if self.work.is_done(task)? {
            claim.release()?;
            return Ok(None);
        }
        let plan = self.variant(job)?;
        let guard = claim.clone();
        let directory = RunDirectory::guarded(&path, Guard(Arc::new(move || guard.check())))?;
        if Outcome::is_there(&path) {
            begin_anew(&directory)?;
            self.progress.ended = self.progress.ended.saturating_sub(1);
            self.progress.steps_left += u64::from(plan.config.training.n_trials);
        }
        if read_rungs(&path).is_err() {
            remove_rungs(&directory)?;
        }
        let member = self.member(&plan, &directory)?;
        register(&plan, Some(0), &directory, &self.engine, member.state.step)?;
        let until = match goal {
            Goal::End => plan.config.training.n_trials,
            Goal::Rung(step) | Goal::Halved(step) => step.min(plan.config.training.n_trials),
        };
        let (passage, entrant) = Passage::begin(&plan, &self.plan.problem, member, until, Keeping::State)?;
        let planned = plan.config.training.n_trials;
        self.active.insert(job, Active { passage, claim, goal, planned });
        self.progress.in_place += 1;
        Ok(Some(Entrant { network: job, ..entrant }))
    }

    /// The plan of a run.
    fn variant(&self, job: usize) -> Result<Plan> {
        let config = self.work.sweep.config_of(&self.work.jobs[job]);
        let plan = self.plan.variant(Config { engine: self.plan.config.engine.clone(), ..config })?;
        self.work.check_inputs(&plan).map(|()| plan)
    }

    /// The run as its directory has it. One whose states are all damaged begins anew: all that is lost is time.
    fn member(&mut self, plan: &Plan, directory: &RunDirectory) -> Result<Member> {
        if !directory.holds_a_run() {
            return Member::read(plan, 0, directory);
        }
        match own_member(plan, directory) {
            Err(Error::Run(why)) => {
                self.listener.event(&SweepEvent::Advice(&format!("{why} The run begins anew.")));
                begin_anew(directory)?;
                Member::read(plan, 0, directory)
            }
            member => member,
        }
    }

    /// Whether an error is no failure, but the loss of a run to another process: then its network leaves.
    fn unless_lost(&mut self, job: usize, result: Result<()>) -> Result<()> {
        match result {
            Err(_) if self.active.get(&job).is_some_and(|active| active.claim.is_lost()) => {
                if let Some(Active { claim, .. }) = self.active.remove(&job) {
                    self.progress.in_place -= 1;
                    self.say_taken(&claim);
                }
                Ok(())
            }
            result => result,
        }
    }

    /// Gives a run back of which something was written; what failed is no failure where the run is another's by now.
    fn unless_taken(&mut self, written: Result<()>, claim: Claim) -> Result<()> {
        if written.is_err() && claim.is_lost() {
            self.say_taken(&claim);
            return Ok(());
        }
        written.and_then(|()| claim.release())
    }

    fn say_taken(&mut self, claim: &Claim) {
        let text = format!("run {}: another process has taken it over; it is left to that.", claim.hash());
        self.listener.event(&SweepEvent::Advice(&text));
    }

    /// What is written of a run that diverged.
    fn diverge(&mut self, job: usize, left: &Left, state: &NetworkState) -> Result<()> {
        let directory = &left.member.directory;
        let [last, before] = left.records;
        let diverged = Diverged {
            step: state.step,
            what: last.as_ref().map_or("loss or gradient".into(), what_is_not_finite),
            loss_before: before.map(|r| r.loss.loss),
            grad_norm_before: before.map(|r| r.grad_norm),
            seconds: left.seconds,
            seed: self.work.jobs[job].run.seed,
            hash: self.work.jobs[job].hash.clone(),
            engine: self.engine.clone(),
            host: self.work.claims.process().host.clone(),
            rungs: read_rungs(directory.path())?,
        };
        if state.best_step > 0 {
            let note = WeightsNote { updates: state.best_step - 1, loss: Some(state.best_loss.into()) };
            let path = directory.file("best.safetensors");
            write_weights(&path, "best", &self.plan.problem, &state.best_parameters, note, &left.member.stamp)?;
        }
        directory.write_end(End::Diverged)?;
        write_diverged(directory, &diverged)?;
        remove_rungs(directory)?;
        directory.remove(&OF_TRAINING)?;
        self.say_ended(job, "diverged", &diverged.text(), (diverged.step, diverged.seconds), None);
        Ok(())
    }

    /// The value by which a run is compared at a rung.
    fn value(&self, settled: &Settled, rates: &[f32]) -> Result<Option<f64>> {
        let plan = self.plan;
        let value = match self.work.sweep.objective {
            Objective::Loss => settled.best_note.loss,
            Objective::MedianR2 => Some(plan.recorded()?.score(rates)?.summary().median_r2),
            Objective::HeldOutR2 => plan.recorded()?.score(rates)?.held_out.map(|held_out| held_out.r2),
        };
        Ok(value.filter(|v| v.is_finite()))
    }
}

/// The run as its directory has it, if it is this one.
fn own_member(plan: &Plan, directory: &RunDirectory) -> Result<Member> {
    let (path, own) = (directory.file(MANIFEST), plan.stamp(0)?.run);
    if Manifest::read(&path)?.run != own {
        return Err(Error::run(format!("{} is of another run.", path.display())));
    }
    Member::read(plan, 0, directory)
}

/// Removes what there is of a run, first that it has ended.
fn begin_anew(directory: &RunDirectory) -> Result<()> {
    directory.remove(&["summary.json", "diverged.json", "rungs.json"])?;
    directory.remove(
        &[&OF_TRAINING[..], &["history.csv", "best.safetensors", "fit.csv", "report.html", MANIFEST, CONFIG]].concat(),
    )
}

/// The better of two values.
fn better(objective: Objective, a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let pick = |a: f64, b: f64| if objective.lower_is_better() { a.min(b) } else { a.max(b) };
    match (a, b) {
        (Some(a), Some(b)) => Some(pick(a, b)),
        (a, b) => a.or(b),
    }
}

impl Feed for SweepFeed<'_, '_> {
    fn next(&mut self) -> Result<Option<Entrant>> {
        if self.tasks.is_empty() && !self.held.is_empty() && self.asked.elapsed() >= PATIENCE {
            self.asked = Instant::now();
            self.tasks.extend(std::mem::take(&mut self.held));
        }
        while let Some(task) = self.tasks.pop_front() {
            if self.work.is_over() {
                self.tasks.push_front(task);
                return Ok(None);
            }
            if let Some(entrant) = self.enter(task)? {
                return Ok(Some(entrant));
            }
        }
        Ok(None)
    }

    fn on_filled(&mut self) -> Result<()> {
        self.work.is_over();
        self.hear()?;
        self.progress.seconds = self.before + self.since.elapsed().as_secs_f64();
        self.listener.event(&SweepEvent::Progress(self.progress));
        Ok(())
    }

    fn on_step(&mut self, job: usize, record: &StepRecord) -> Result<()> {
        self.progress.steps += 1;
        self.progress.steps_left = self.progress.steps_left.saturating_sub(1);
        self.progress.trials += self.plan.training_conditions().len() as f64;
        let Some(active) = self.active.get_mut(&job) else { return Ok(()) };
        let written = active.passage.on_step(record).map(drop);
        self.unless_lost(job, written)
    }

    fn on_checkpoint(&mut self, job: usize, state: &NetworkState) -> Result<()> {
        let Some(active) = self.active.get_mut(&job) else { return Ok(()) };
        let kept = active.passage.keep(state);
        self.unless_lost(job, kept)
    }

    fn is_wanted(&self, job: usize) -> bool {
        // Not where another process has taken it over.
        self.active.contains_key(&job)
    }

    fn on_leave(&mut self, job: usize, state: &NetworkState) -> Result<bool> {
        let Some(active) = self.active.get_mut(&job) else { return Ok(false) };
        // What took a moment is done again in a moment, should its report be cut off.
        let is_long = matches!(active.goal, Goal::Rung(_)) || active.passage.here() >= MOMENT;
        let kept = if is_long { active.passage.keep(state) } else { active.passage.flush() };
        self.unless_lost(job, kept)?;
        let Some(Active { passage, claim, goal, planned }) = self.active.remove(&job) else { return Ok(false) };
        self.progress.in_place -= 1;
        let left = passage.leave(state);
        if state.stop.is_some() {
            self.progress.steps_left = self.progress.steps_left.saturating_sub(u64::from(planned - state.step));
        }
        if state.stop == Some(StopReason::Diverged) {
            let written = self.diverge(job, &left, state);
            return self.unless_taken(written, claim).map(|()| false);
        }
        self.left.insert(job, Departed { left, claim, goal, planned });
        Ok(true)
    }

    fn on_settled(&mut self, job: usize, settled: Settled, rates: Vec<f32>) -> Result<()> {
        let Some(Departed { left, claim, goal, planned }) = self.left.remove(&job) else { return Ok(()) };
        let has_ended = left.stop.is_some() || left.step >= planned;
        let mut rungs = read_rungs(left.member.directory.path())?;
        if let (Goal::Rung(rung), false) = (goal, has_ended) {
            rungs.push((rung, self.value(&settled, &rates)?));
            let written = write_rungs(&left.member.directory, rungs);
            return self.unless_taken(written, claim);
        }
        let reason = matches!(goal, Goal::Halved(_)).then_some(HALVED).filter(|_| !has_ended);
        if reason.is_some() {
            let unused = u64::from(planned - left.step);
            self.progress.steps_left = self.progress.steps_left.saturating_sub(unused);
        }
        let essentials = Essentials {
            hash: self.work.jobs[job].hash.clone(),
            reason,
            host: self.work.claims.process().host.clone(),
            rungs,
        };
        let (plan, trained) = (self.variant(job)?, left.settled(settled, rates, self.engine.clone()));
        self.send(Item { job, plan, trained, claim, essentials })
    }
}
