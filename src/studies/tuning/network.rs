//! Trained networks in place of recordings: noisy trials of them are studied as those of an animal would be, and what is found
//! is held against the labels that their run knows.

use super::file::TuningFile;
use crate::analysis::statistics::overlap;
use crate::data::recording::{Agent, Session};
use crate::data::{csv, csv_number, csv_text};
use crate::engine::{BatchState, Device, NetworkSettings, Problem};
use crate::error::{Result, ensure};
use crate::lab::{NetworkTrials, baseline_ms, bin_times, recording};
use crate::run::{Opening, TrainedRun, members, subject};
use crate::studies::study::name_of;
use crate::task::{Condition, ConditionClass};
use crate::tuning::population::{AreaAlignment, AveragedCondition, align_averages};
use crate::tuning::{Class, Null, SessionStudy, TuningSettings, TuningStudy};
use ndarray::Array2;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Whether `path` is the directory of a run.
pub(super) fn is_run(path: &Path) -> bool {
    path.join("config.toml").is_file() && path.join("manifest.json").is_file()
}

/// `recordings` with each batch of runs as its runs.
///
/// # Errors
/// If a batch cannot be read.
pub(super) fn each_run(recordings: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let each = |path: &PathBuf| if is_run(path) { members(std::slice::from_ref(path)) } else { Ok(vec![path.clone()]) };
    Ok(recordings.iter().map(each).collect::<Result<Vec<_>>>()?.concat())
}

/// What a network is called: its run, and before it the batch that the run is of.
fn called(run: &Path) -> String {
    let batch = run.parent().filter(|parent| is_run(parent)).map(|parent| format!("{} ", name_of(parent)));
    batch.unwrap_or_default() + &name_of(run)
}

/// The settings for `recordings`: networks are tested by the criterion `trials`, since their trials do not follow from one
/// another, so that activity shifted in time would be that of no network; against the time before anything is shown, unless
/// a baseline is set.
///
/// # Errors
/// If runs and recordings are mixed, or another criterion is asked for runs.
pub(super) fn settings_for(recordings: &[PathBuf], settings: &TuningFile) -> Result<TuningFile> {
    let runs = recordings.iter().filter(|path| is_run(path)).count();
    if runs == 0 {
        return Ok(settings.clone());
    }
    let other = recordings.iter().find(|path| !is_run(path));
    ensure!(
        other.is_none(),
        "{} is no run: expected runs of `aon train` alone, or recordings alone, as units of a network must not be counted among recorded neurons. Study them apart.",
        other.map(|path| path.display().to_string()).unwrap_or_default()
    );
    let null = settings.tuning.null;
    ensure!(
        matches!(null, Null::Window | Null::Trials),
        "`null = {}`: expected `null = trials` for trained networks, whose trials do not follow from one another.",
        format!("{null:?}").to_lowercase()
    );
    let mut settings = settings.clone();
    settings.tuning.null = Null::Trials;
    if settings.tuning.baseline_ms == TuningSettings::default().baseline_ms {
        // An animal's default would be the time of the cue.
        let found: Vec<_> = recordings.iter().map(|run| baseline_of(run)).collect::<Result<_>>()?;
        let all = found.into_iter().flatten().reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1])]);
        settings.tuning.baseline_ms = all.unwrap_or(settings.tuning.baseline_ms);
    }
    Ok(settings)
}

fn baseline_of(run: &Path) -> Result<Option<[f64; 2]>> {
    let plan = TrainedRun::open(run, &Opening::default())?.plan;
    Ok(baseline_ms(&plan.task, &plan.problem.bins))
}

/// Noisy trials of the network of the run in `directory`, which is the animal.
///
/// # Errors
/// If the run cannot be opened, or its engine fails.
pub(super) fn read_run(directory: &Path, wanted: &NetworkTrials) -> Result<Session> {
    let run = TrainedRun::open(directory, &Opening::default())?;
    let device = Device::choose(&run.plan.config.engine, &mut |_| ())?;
    let network = subject(&run.plan, run.parameters.clone(), &|p, s, state| device.open(p, s, state))?;
    let origin = (called(directory), directory.to_path_buf());
    let open = |p: &Problem, s: &[NetworkSettings], state: &BatchState| device.open(p, s, state);
    let mut session = recording(&network, &run.plan.task, wanted, origin, &open)?;
    session.remarks.extend(run.remarks);
    Ok(session)
}

/// The alignment of axes in the average rates that the run in `directory` was trained on, and in those of its network, both in
/// spikes/s of which a rate of 1 is `peak_hz`: `[data, model][areas]`. `None` if it was asked to stop.
///
/// # Errors
/// If the run cannot be opened, its engine fails, or its conditions do not last through the window.
pub(super) fn data_and_model(
    directory: &Path,
    settings: &TuningFile,
    stop: &AtomicBool,
) -> Result<Option<[Vec<AreaAlignment>; 2]>> {
    let run = TrainedRun::open(directory, &Opening::default())?;
    let plan = &run.plan;
    let device = Device::choose(&plan.config.engine, &mut |_| ())?;
    let network = subject(plan, run.parameters.clone(), &|p, s, state| device.open(p, s, state))?;
    let (d, population) = (plan.problem.dims, &plan.problem.population);
    let times = bin_times(&plan.task, &plan.problem.bins);
    let areas: Vec<_> = (0..d.neurons).map(|i| Some(population.area_name(i).to_string())).collect();
    let scale = if settings.network.peak_hz > 0.0 { settings.network.peak_hz } else { 1.0 };
    let mut found = [Vec::new(), Vec::new()];
    for (found, values) in found.iter_mut().zip([&plan.problem.targets, &network.intact]) {
        let rates = |c: usize| {
            let at = |(i, b): (usize, usize)| scale * f64::from(values[(c * d.bins + b) * d.neurons + i]);
            Array2::from_shape_fn((d.neurons, times[c].len()), at)
        };
        let rates: Vec<_> = (0..d.conditions).map(rates).collect();
        let condition = |c: usize| AveragedCondition {
            // Without a movement they only show how large rates are.
            agent: acts(&plan.task.conditions[c]),
            what: plan.task.conditions[c].object.as_deref().unwrap_or(&plan.task.conditions[c].name),
            rates: rates[c].view(),
            times: &times[c],
        };
        let conditions: Vec<_> = (0..d.conditions).map(condition).collect();
        let key = settings.tuning.seed;
        let Some(aligned) = align_averages(&conditions, &areas, &settings.population, key, stop)? else {
            return Ok(None);
        };
        *found = aligned;
    }
    Ok(Some(found))
}

fn acts(condition: &Condition) -> Option<Agent> {
    match condition.class {
        _ if condition.go == Some(false) => None,
        ConditionClass::Execution => Some(Agent::Own),
        ConditionClass::Observation => Some(Agent::Other),
        ConditionClass::Other => None,
    }
}

/// `crossed.csv`: the classes of the networks' units, crossed with the labels of mirror neurons that their runs were given, a row
/// for each network and class, and whether units are of the class more often where the recorded neuron is mirror. `None`
/// where no run has labels.
///
/// # Errors
/// If a run cannot be opened.
pub(super) fn crossed_csv(runs: &[PathBuf], study: &TuningStudy) -> Result<Option<String>> {
    let mut rows = Vec::new();
    for directory in runs {
        let run = TrainedRun::open(directory, &Opening::default())?;
        let animal = called(directory);
        let studied = study.sessions.iter().zip(&study.classes).find(|(session, _)| session.animal == animal);
        if let (Some(mirror), Some((session, classes))) = (run.plan.problem.population.mirror(), studied) {
            rows.extend(Class::ALL.map(|class| crossed(session, &classes.class, class, mirror)));
        }
    }
    Ok((!rows.is_empty()).then(|| csv("network,class,units,recorded_mirror,expected,odds_ratio,p", rows.into_iter())))
}

fn crossed(session: &SessionStudy, classes: &[Class], class: Class, mirror: &[bool]) -> Vec<String> {
    let own: Vec<bool> = classes.iter().map(|c| *c == class).collect();
    // Areas differ in both labels: units are held against those of their own.
    let found = overlap(&own, mirror, &areas(session));
    vec![
        csv_text(&session.animal),
        class.name().into(),
        own.iter().filter(|is| **is).count().to_string(),
        found.observed.to_string(),
        csv_number(found.expected),
        csv_number(found.odds_ratio),
        csv_number(found.p),
    ]
}

/// The number of each unit's area.
fn areas(session: &SessionStudy) -> Vec<usize> {
    let mut areas: Vec<_> = session.neurons.iter().map(|n| &n.area).collect();
    areas.sort();
    areas.dedup();
    session.neurons.iter().map(|n| areas.partition_point(|area| **area < n.area)).collect()
}
