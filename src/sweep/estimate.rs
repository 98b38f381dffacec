//! What a sweep would take, without beginning it.

use super::checks::{check_shard, checked_plan, choose};
use super::event::SweepListener;
use super::hash::FileHashes;
use super::home::Home;
use super::options::SweepOptions;
use super::outcome::Outcome;
use super::spec::Specification;
use crate::bench::measure;
use crate::dims::Dims;
use crate::engine::{BatchState, EngineDescription};
use crate::error::Result;
use crate::run::MemoryPlan;
use std::time::{Duration, Instant};

/// What the networks of a group would take.
#[derive(Clone, Debug)]
pub struct GroupEstimate {
    /// What tells the group from others: settings and values.
    pub apart: Vec<(String, String)>,
    /// Runs that are left.
    pub runs: usize,
    /// Networks at once.
    pub places: usize,
    /// Bytes of these.
    pub memory: u64,
    /// Time at most, since runs may stop early.
    pub time: Duration,
}

/// What a sweep would take.
#[derive(Clone, Debug)]
pub struct Estimate {
    /// Settings.
    pub settings: usize,
    /// Seeds.
    pub seeds: usize,
    /// Runs of the search.
    pub runs: usize,
    /// Runs that have ended before.
    pub ended: usize,
    /// Points that are excluded.
    pub excluded: usize,
    /// Runs of the confirmation.
    pub confirming: usize,
    /// What would compute.
    pub engine: Option<EngineDescription>,
    /// The groups, one engine after another.
    pub groups: Vec<GroupEstimate>,
    /// Time at most, the confirmation's included.
    pub time: Duration,
    /// What its author should know.
    pub warnings: Vec<String>,
}

/// Steps that are timed.
const STEPS: usize = 3;

/// Checks a specification, and estimates what it would take, from a measurement of three steps for each size of networks.
///
/// # Errors
/// As [`train`](super::train()), which would do nothing either then.
pub fn estimate(
    specification: &Specification,
    home: &Home,
    options: &SweepOptions,
    listener: &mut dyn SweepListener,
) -> Result<Estimate> {
    let mut files = FileHashes::default();
    let sweep = specification.runs(options.are_many_allowed)?;
    check_shard(specification, options)?;
    let jobs = sweep.jobs(&mut files)?;
    let groups = sweep.groups(&mut files)?;
    home.check(specification, &sweep, &mut files, options.change)?;
    let is_open: Vec<bool> = jobs.iter().map(|job| !Outcome::is_there(&home.run(&job.hash))).collect();
    let device = choose(specification, options, listener)?;
    let (mut estimates, mut engine, mut known): (Vec<GroupEstimate>, _, Vec<(Dims, f64)>) =
        (Vec::new(), None, Vec::new());
    let (mut seconds_per_step, mut planned) = (0.0, 0);
    for group in &groups {
        let plan = checked_plan(&sweep, &jobs, group, options)?;
        let runs: Vec<usize> = group.runs.iter().copied().filter(|run| is_open[*run]).collect();
        let memory = MemoryPlan::new(&device, &plan.problem, options.memory)?;
        let places = memory.most().min(options.places.unwrap_or(usize::MAX)).min(runs.len());
        if places == 0 {
            continue;
        }
        let problem = plan.training_problem(places);
        let speed = known.iter().find(|(dims, _)| *dims == problem.dims).map(|(_, speed)| *speed);
        let speed = match speed {
            Some(speed) => speed,
            None => {
                let (state, settings) = (BatchState::fresh(vec![plan.initial(0); places]), plan.settings[0].clone());
                let mut opened = device.open(&problem, &vec![settings; places], &state)?;
                engine.get_or_insert(opened.describe());
                let speed = measure(opened.as_mut(), STEPS, Instant::now())?.seconds_per_step / places as f64;
                known.push((problem.dims, speed));
                speed
            }
        };
        let steps: u64 = runs.iter().map(|run| u64::from(sweep.settings[jobs[*run].run.setting].planned_steps())).sum();
        (seconds_per_step, planned) = (speed, planned.max(steps / runs.len() as u64));
        let time =
            Duration::from_secs_f64(speed * steps as f64 * share_of_steps(specification, steps / runs.len() as u64));
        let (apart, memory) = (group.apart.clone(), memory.need.bytes(places));
        estimates.push(GroupEstimate { apart, runs: runs.len(), places, memory, time });
    }
    let held_out = sweep.settings.iter().map(|s| s.hold_outs.len()).max().unwrap_or(1);
    let confirming = specification.confirm.as_ref().map_or(0, |c| c.top * c.seeds.len() * held_out);
    let confirmation = Duration::from_secs_f64(seconds_per_step * planned as f64 * confirming as f64);
    Ok(Estimate {
        settings: sweep.settings.len(),
        seeds: sweep.seeds.len(),
        runs: jobs.len(),
        ended: is_open.iter().filter(|open| !**open).count(),
        excluded: sweep.excluded,
        confirming,
        engine,
        time: estimates.iter().map(|group| group.time).sum::<Duration>() + confirmation,
        groups: estimates,
        warnings: sweep.warnings,
    })
}

/// The share of its planned steps that a halved search does.
fn share_of_steps(specification: &Specification, planned: u64) -> f64 {
    let Some(halving) = &specification.halving else { return 1.0 };
    let (mut share, mut before, mut kept) = (0.0, 0.0, 1.0);
    for rung in halving.rungs.iter().map(|rung| f64::from(*rung)).chain([planned as f64]) {
        share += kept * (rung - before) / planned as f64;
        (before, kept) = (rung, kept * halving.keep);
    }
    share
}
