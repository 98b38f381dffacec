//! Trained networks in place of recordings: noisy trials of them are studied as those of an animal would be, and what is found
//! is held against the labels that their run knows.

use super::file::TuningFile;
use crate::analysis::statistics::overlap;
use crate::data::recording::Session;
use crate::data::{csv, csv_number, csv_text};
use crate::engine::{BatchState, Device, NetworkSettings, Problem};
use crate::error::{Result, ensure};
use crate::lab::{NetworkTrials, baseline_ms, recording};
use crate::run::{Opening, TrainedRun, members, subject};
use crate::studies::study::name_of;
use crate::tuning::{Class, Null, SessionStudy, TuningSettings, TuningStudy};
use std::path::{Path, PathBuf};

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
    let plan = &run.plan;
    let device = Device::choose(&plan.config.engine, &mut |_| ())?;
    let open =
        |problem: &Problem, settings: &[NetworkSettings], state: &BatchState| device.open(problem, settings, state);
    let network = subject(plan, run.parameters.clone(), &open)?;
    let origin = (called(directory), directory.to_path_buf());
    let mut session = recording(&network, &plan.task, wanted, origin, &open)?;
    session.remarks.extend(run.remarks);
    Ok(session)
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
