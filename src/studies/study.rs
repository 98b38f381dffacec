//! The study of one run.

use super::perturb_arrays;
use super::resume::{examine_all, set_up};
use super::settings::PerturbSettings;
use crate::analysis::{Comparison, HeldOutSummary};
use crate::config::Plan;
use crate::engine::{BatchState, Device, NetworkSettings, Problem};
use crate::error::Result;
use crate::lab::Subject;
use crate::perturb::{
    Anatomy, Experiment, ExperimentSettings, Finished, Lesion, RecurrenceRow, Study, balance_csv, cells_csv,
    connectivity_csv, currents_csv, decoding_csv, default_lesions, effects, effects_csv, motifs_csv, read_lesions,
    recurrence_csv,
};
use crate::report::perturbation::{self, PerturbationReport};
use crate::run::{Listener, Notice, Opening, RunState, RunSummary, TrainedRun, WhichWeights, subject, train_baselines};
use crate::train::RunDirectory;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The directory in a run's own where its study goes.
pub(super) const PERTURB: &str = "perturb";

/// A run that was studied.
#[derive(Debug)]
pub struct Studied {
    /// What was found.
    pub study: Study,
    /// What runs like it have in common.
    pub setting: String,
    /// What was done, as label and text.
    pub choices: Vec<(String, String)>,
    /// What its reader should know, a sentence each.
    pub remarks: Vec<String>,
}

/// Studies the run in `directory` and writes what was found; `None` if it was asked to stop before the end.
///
/// # Errors
/// If the run or a file cannot be read, or the engine fails.
pub(super) fn study(
    directory: &Path,
    asked: &PerturbSettings,
    opening: &Opening,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Studied>> {
    let run = RunDirectory::open(directory)?;
    let trained = TrainedRun::open(directory, opening)?;
    run.warnings().for_each(|text| listener.notice(&Notice::Advice(text)));
    trained.say_remarks(listener);
    let plan = &trained.plan;
    let device = Device::choose(&plan.config.engine, &mut |notice| listener.notice(&Notice::Device(notice)))?;
    let open =
        |problem: &Problem, settings: &[NetworkSettings], state: &BatchState| device.open(problem, settings, state);
    device.check_memory(&plan.problem, asked.at_once)?;
    let subject = subject(plan, trained.parameters.clone(), &open)?;
    let lesions = lesions(asked, &subject, listener)?;
    let settings = ExperimentSettings { controls: asked.controls, readouts: asked.readouts, slots: asked.at_once };
    let choices = choices(asked, &trained, &device)?;
    listener.notice(&Notice::Choices(&choices));
    let place = run.file(PERTURB);
    let (mut experiment, keys) = set_up(&place, &trained, &subject, settings, &open)?;
    say_missing_labels(&experiment, listener);
    let Some(found) = examine_all(&lesions, &mut experiment, &keys, stop, listener)? else { return Ok(None) };

    let (recurrence, paused) = recurrence(plan, &experiment, stop, listener)?;
    if paused {
        return Ok(None);
    }
    let decoding = experiment.readouts().map_or_else(Vec::new, |readouts| {
        let of = |(l, f): (&Lesion, &Finished)| readouts.rows(&l.name, &f.decoding);
        readouts.intact_rows().into_iter().chain(lesions.iter().zip(&found.lesions).flat_map(of)).collect()
    });
    let (measured, intact) = (experiment.keys().to_vec(), experiment.intact());
    let lesioned_rates = experiment.rates(&lesions)?;
    drop(experiment);
    let outcomes: Vec<_> = found.lesions.into_iter().map(|f| f.outcome).collect();
    let study = Study {
        effects: effects(&lesions, &outcomes, &found.cells, &measured, &subject.problem.population, asked.seed),
        anatomy: Anatomy::of(&subject, asked.seed)?,
        held_out: held_out(&trained, opening, directory, &subject.intact)?,
        keys: measured,
        subject,
        lesions,
        intact,
        outcomes,
        cells: found.cells,
        lesioned_rates,
        decoding,
        recurrence,
    };
    write_tables(&place, &study)?;
    if let Some(format) = asked.export {
        perturb_arrays::write(&place, format, &study)?;
    }
    let report =
        PerturbationReport { title: &name_of(directory), choices: &choices, study: &study, notes: &trained.remarks };
    let page = place.join("report.html");
    perturbation::write(&page, &report)?;
    listener.notice(&Notice::Report(&page));
    let c = &plan.problem.constraint;
    let setting = format!("{:?} {:?}, λ {}", c.dale, c.sign, plan.config.training.regularisation).to_lowercase();
    let remarks = trained.remarks;
    Ok(Some(Studied { study, setting, choices, remarks }))
}

/// How well the network predicts the conditions that its run held out: as the run said at its end, if these are the weights
/// that it spoke of.
fn held_out(
    trained: &TrainedRun,
    opening: &Opening,
    directory: &Path,
    intact: &[f32],
) -> Result<Option<HeldOutSummary>> {
    let plan = &trained.plan;
    if plan.held_out.is_empty() {
        return Ok(None);
    }
    if trained.state == RunState::Finished && opening.weights == WhichWeights::Best {
        return Ok(RunSummary::read(directory)?.and_then(|ended| ended.held_out));
    }
    let comparison = Comparison::new(&plan.recorded()?, intact, None)?;
    Ok(HeldOutSummary::of(&comparison, &plan.condition_names()))
}

/// Read-outs need labels, which tasks may leave out.
fn say_missing_labels(experiment: &Experiment, listener: &mut dyn Listener) {
    if experiment.readouts().is_none() {
        return;
    }
    let is_read = |measure: &str| experiment.keys().iter().any(|k| k.measure == measure);
    for measure in ["agent_accuracy_change", "go_accuracy_change", "object_accuracy_change"] {
        if !is_read(measure) {
            listener.notice(&Notice::NotReadOut(measure));
        }
    }
}

fn lesions(asked: &PerturbSettings, subject: &Subject, listener: &mut dyn Listener) -> Result<Vec<Lesion>> {
    let lesions = if let Some(path) = &asked.lesions {
        read_lesions(path, subject, asked.seed)?
    } else {
        if subject.problem.population.mirror().is_none() {
            listener.notice(&Notice::NoMirrorMask);
        }
        default_lesions(subject)
    };
    lesions.iter().filter(|l| l.neurons.is_empty()).for_each(|l| listener.notice(&Notice::EmptyLesion(&l.name)));
    Ok(lesions)
}

/// The fit beside that of a network without recurrence, and whether it was interrupted.
fn recurrence(
    plan: &Plan,
    experiment: &Experiment,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<(Vec<RecurrenceRow>, bool)> {
    let baselines = train_baselines(plan, &[0], stop, listener)?;
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

fn choices(asked: &PerturbSettings, trained: &TrainedRun, device: &Device) -> Result<Vec<(String, String)>> {
    let plan = &trained.plan;
    let engine = device.describe(&plan.problem)?;
    let mut choices = vec![
        ("weights".to_string(), trained.file.display().to_string()),
        ("run".into(), trained.state.to_string()),
        ("engine".into(), engine.to_string()),
        (
            "controls".into(),
            match asked.controls.count {
                0 => "none, and no comparison".into(),
                count => format!(
                    "{count} sets of like cells a lesion{}, and every cell alone, seed {}",
                    if asked.controls.matched { ", matched in rate and outgoing weight" } else { ", not matched" },
                    asked.controls.seed
                ),
            },
        ),
    ];
    if let Some(r) = &asked.readouts {
        choices.push((
            "read-outs".into(),
            format!(
                "{} noisy trials a condition ({} for controls), noise {} on the stimulus and {} on the start, windows of {} ms",
                r.trials, r.control_trials, r.stimulus_sd, r.initial_sd, r.window_ms
            ),
        ));
    }
    Ok(choices)
}

fn write_tables(place: &Path, study: &Study) -> Result<()> {
    let tables = [
        ("effects.csv", effects_csv(study)),
        ("cells.csv", cells_csv(&study.subject, &study.keys, &study.cells)),
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

/// The last part of a path.
pub(super) fn name_of(directory: &Path) -> String {
    directory.file_name().map_or_else(|| directory.display().to_string(), |n| n.to_string_lossy().into_owned())
}
