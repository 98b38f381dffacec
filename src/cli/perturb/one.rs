//! The study of one run.

use super::{PERTURB, PerturbArgs, export, name_of};
use crate::analysis::HeldOutSummary;
use crate::cli::baseline::train_baselines;
use crate::cli::device::{self, Device};
use crate::cli::eval::Trained;
use crate::cli::output;
use crate::cli::progress::Progress;
use crate::config::Plan;
use crate::engine::{BatchState, NetworkSettings, Problem};
use crate::error::{Error, Result};
use crate::perturb::{
    Anatomy, Experiment, ExperimentSettings, Finished, Lesion, RecurrenceRow, Study, Subject, balance_csv,
    connectivity_csv, currents_csv, decoding_csv, default_lesions, effects, effects_csv, motifs_csv, read_finished,
    read_lesions, recurrence_csv, write_finished,
};
use crate::report::perturbation::{self, PerturbationReport};
use crate::train::RunDirectory;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A run that was studied.
pub(super) struct Studied {
    pub(super) study: Study,
    /// What runs like it have in common.
    pub(super) setting: String,
}

/// What finished lesions depend on besides their settings: raised when a measure changes its meaning.
const FORMAT: u32 = 2;

/// Studies the run in `directory` and writes what was found; `None` if it was asked to stop before the end.
///
/// # Errors
/// If the run or a file cannot be read, or the engine fails.
pub(super) fn study(args: &PerturbArgs, directory: &Path, stop: &AtomicBool) -> Result<Option<Studied>> {
    let run = RunDirectory::open(directory)?;
    let trained = Trained::read(directory, args.weights, |config| {
        args.engine.apply(&mut config.engine);
        if let Some(path) = &args.mirror_mat {
            config.data.mirror = Some(path.clone());
        }
    })?;
    let plan = &trained.plan;
    let device = Device::choose(&plan.config.engine)?;
    let open =
        |problem: &Problem, settings: &[NetworkSettings], state: &BatchState| device.open(problem, settings, state);
    let subject = Subject::new(
        &plan.problem,
        trained.parameters.clone(),
        plan.task.conditions.clone(),
        &plan.held_out.iter().map(|h| h.condition).collect::<Vec<_>>(),
        plan.task.time.step_ms,
        &open,
    )?;
    let lesions = lesions(args, &subject)?;
    let settings = ExperimentSettings { controls: args.controls(), readouts: args.readouts(), slots: args.at_once };
    let choices = choices(args, &trained, &device)?;
    if !args.quiet {
        for (label, value) in &choices {
            output::say(format!("{label:<10} {value}"));
        }
    }
    let place = run.file(PERTURB);
    std::fs::create_dir_all(place.join(LESIONS)).map_err(Error::io("create", &place))?;
    let mut experiment = Experiment::new(&subject, settings, &open)?;
    warn_of_missing_labels(&experiment);
    let keys = Keys { base: base_key(&trained, &settings, &experiment), place: &place };
    let Some(finished) = examine_all(args, &lesions, &mut experiment, &keys, stop)? else { return Ok(None) };

    let (recurrence, paused) = recurrence(args, plan, &experiment, stop)?;
    if paused {
        return Ok(None);
    }
    let decoding = experiment.readouts().map_or_else(Vec::new, |readouts| {
        let of = |(l, f): (&Lesion, &Finished)| readouts.rows(&l.name, &f.decoding);
        readouts.intact_rows().into_iter().chain(lesions.iter().zip(&finished).flat_map(of)).collect()
    });
    let (measured, intact) = (experiment.keys().to_vec(), experiment.intact());
    let lesioned_rates = experiment.rates(&lesions)?;
    drop(experiment);
    let outcomes: Vec<_> = finished.into_iter().map(|f| f.outcome).collect();
    let study = Study {
        effects: effects(&outcomes, &measured),
        anatomy: Anatomy::of(&subject, args.seed)?,
        held_out: if plan.held_out.is_empty() { None } else { HeldOutSummary::read(directory)? },
        keys: measured,
        subject,
        lesions,
        intact,
        outcomes,
        lesioned_rates,
        decoding,
        recurrence,
    };
    write_tables(&place, &study)?;
    if let Some(format) = args.export {
        export::write(&place, format, &study)?;
    }
    let report = PerturbationReport { title: &name_of(directory), choices: &choices, study: &study, notes: &[] };
    perturbation::write(&place.join("report.html"), &report)?;
    if !args.quiet {
        output::say(format!("report     {}", place.join("report.html").display()));
    }
    let c = &plan.problem.constraint;
    let setting = format!("{:?} {:?}, λ {}", c.dale, c.sign, plan.config.training.regularisation).to_lowercase();
    Ok(Some(Studied { study, setting }))
}

/// Read-outs need labels, which tasks may leave out.
fn warn_of_missing_labels(experiment: &Experiment) {
    if experiment.readouts().is_none() {
        return;
    }
    let is_read = |measure: &str| experiment.keys().iter().any(|k| k.measure == measure);
    let labels = [
        (
            "agent_accuracy_change",
            "the agent is not read out: the task has no conditions of class execution and observation",
        ),
        (
            "go_accuracy_change",
            "Go/No-Go is not read out: the conditions of the task do not say `go = true` and `go = false`",
        ),
        (
            "object_accuracy_change",
            "the object is not read out: the conditions of the task do not say `object = \"…\"`",
        ),
    ];
    for (_, sentence) in labels.iter().filter(|(measure, _)| !is_read(measure)) {
        output::warn(format!("{sentence} (docs/tasks.md; the run's task is in its config.toml)."));
    }
}

/// The directory of finished lesions.
const LESIONS: &str = "lesions";

/// What finished lesions are recognised by.
struct Keys<'a> {
    base: String,
    place: &'a Path,
}

impl Keys<'_> {
    fn of(&self, lesion: &Lesion, number: usize) -> (PathBuf, String) {
        let path = self.place.join(LESIONS).join(format!("{:03}.npz", number + 1));
        (path, hex(&Sha256::digest(format!("{} {number} {lesion:?}", self.base))))
    }
}

/// Hash of everything that the result of any lesion depends on: weights, data, settings, measures.
fn base_key(trained: &Trained, settings: &ExperimentSettings, experiment: &Experiment) -> String {
    let mut hasher = Sha256::new();
    hasher.update(bytemuck::cast_slice::<f32, u8>(&trained.parameters));
    // What runs at once changes no bit.
    let settings = ExperimentSettings { slots: 0, ..*settings };
    let (p, engine) = (&trained.plan.problem, &trained.plan.config.engine.engine);
    hasher.update(format!("{FORMAT} {settings:?} {engine:?} {:?} {:?}", trained.plan.inputs, p.population));
    hasher.update(format!("{:?} {:?}", trained.plan.task, trained.plan.held_out));
    experiment.keys().iter().for_each(|k| hasher.update(format!("{} {} ", k.measure, k.scope)));
    hex(&hasher.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

fn lesions(args: &PerturbArgs, subject: &Subject) -> Result<Vec<Lesion>> {
    let lesions = if let Some(path) = &args.lesions {
        read_lesions(path, subject, args.seed)?
    } else {
        if subject.problem.population.mirror().is_none() {
            output::warn(
                "no mirror mask is known, so lesions are areas × cell types. Give --mirror-mat FILE for mirror classes.",
            );
        }
        default_lesions(subject)
    };
    for lesion in lesions.iter().filter(|l| l.neurons.is_empty()) {
        output::warn(format!("{}: there are no such neurons; its rows are empty.", lesion.name));
    }
    Ok(lesions)
}

/// Examines every lesion that is not finished yet; `None` if it was asked to stop.
fn examine_all(
    args: &PerturbArgs,
    lesions: &[Lesion],
    experiment: &mut Experiment,
    keys: &Keys,
    stop: &AtomicBool,
) -> Result<Option<Vec<Finished>>> {
    let drawn: Vec<_> = lesions.iter().enumerate().map(|(k, l)| experiment.controls(l, k)).collect();
    for (lesion, drawn) in lesions.iter().zip(&drawn) {
        if let Some(c) = drawn.as_ref().filter(|c| c.sets.len() < args.controls) {
            output::warn(format!(
                "{}: there are only {} different control sets of {} cells.",
                lesion.name,
                c.sets.len(),
                c.size
            ));
        }
    }
    let networks = |k: usize| 1 + drawn[k].as_ref().map_or(0, |c| c.simulated(&lesions[k]).count());
    let mut finished: Vec<Option<Finished>> = lesions
        .iter()
        .zip(&drawn)
        .enumerate()
        .map(|(k, (lesion, drawn))| {
            let (path, key) = keys.of(lesion, k);
            read_finished(&path, &key, drawn.clone())
        })
        .collect();
    let count = |done: bool| (0..lesions.len()).filter(|k| finished[*k].is_some() || !done).map(networks).sum();
    let mut progress = Progress::new("lesioned networks", count(false), count(true), args.quiet);
    for (k, lesion) in lesions.iter().enumerate().filter(|(k, _)| finished[*k].is_none()).collect::<Vec<_>>() {
        let mut done = |networks: usize| {
            progress.advance(networks, &lesion.name);
            !stop.load(Ordering::Relaxed)
        };
        let Some(outcome) = experiment.examine(lesion, k, &mut done)? else { return Ok(None) };
        let decoding = experiment.decode(lesion)?;
        let (path, key) = keys.of(lesion, k);
        let result = Finished { outcome, decoding };
        write_finished(&path, &key, &result)?;
        finished[k] = Some(result);
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
    }
    Ok(finished.into_iter().collect())
}

/// The fit beside that of a network without recurrence, and whether it was interrupted.
fn recurrence(
    args: &PerturbArgs,
    plan: &Plan,
    experiment: &Experiment,
    stop: &AtomicBool,
) -> Result<(Vec<RecurrenceRow>, bool)> {
    let baselines = train_baselines(plan, &[0], stop, args.quiet)?;
    if stop.load(Ordering::Relaxed) {
        return Ok((Vec::new(), true));
    }
    let Some(baseline) = baselines.and_then(|b| b.into_iter().next()) else { return Ok((Vec::new(), false)) };
    let measures = experiment.measures();
    let row = |((scope, model, _), (input_only, _)): ((&str, f64, f64), (f64, f64))| RecurrenceRow {
        scope: scope.into(),
        model,
        input_only,
    };
    let fits = measures.intact_fit().into_iter().zip(measures.fit_of(&baseline.rates));
    Ok((fits.map(row).collect(), false))
}

fn choices(args: &PerturbArgs, trained: &Trained, device: &Device) -> Result<Vec<(String, String)>> {
    let plan = &trained.plan;
    let engine = device.describe(&plan.problem)?;
    let mut choices = vec![
        ("weights".to_string(), trained.file.display().to_string()),
        ("engine".into(), device::text(&engine)),
        (
            "controls".into(),
            format!(
                "{} sets of like cells a lesion{}, seed {}",
                args.controls,
                if args.matched { ", matched in rate and outgoing weight" } else { ", not matched" },
                args.seed
            ),
        ),
    ];
    if args.trials > 0 {
        choices.push((
            "read-outs".into(),
            format!(
                "{} noisy trials a condition ({} for controls), noise {} on the stimulus and {} on the start, windows of {} ms",
                args.trials, args.control_trials, args.stimulus_sd, args.initial_sd, args.window_ms
            ),
        ));
    }
    Ok(choices)
}

fn write_tables(place: &Path, study: &Study) -> Result<()> {
    let tables = [
        ("effects.csv", effects_csv(study)),
        ("decoding.csv", decoding_csv(&study.decoding)),
        ("connectivity.csv", connectivity_csv(&study.anatomy)),
        ("balance.csv", balance_csv(&study.anatomy)),
        ("currents.csv", currents_csv(&study.subject, &study.anatomy)),
        ("motifs.csv", motifs_csv(&study.anatomy)),
        ("recurrence.csv", recurrence_csv(&study.recurrence)),
    ];
    for (name, text) in tables {
        crate::data::write_atomically(&place.join(name), |w| w.write_all(text.as_bytes()))?;
    }
    Ok(())
}
