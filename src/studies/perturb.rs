//! The study of one run.

use super::perturb_arrays as export;
use super::resume::{Keys, examine_all};
use crate::analysis::HeldOutSummary;
use crate::cli::eval::Trained;
use crate::cli::output;
use crate::cli::perturb::{PERTURB, PerturbArgs, name_of};
use crate::config::Plan;
use crate::engine::device::{self, Device};
use crate::engine::{BatchState, NetworkSettings, Problem};
use crate::error::Result;
use crate::lab::Subject;
use crate::perturb::{
    Anatomy, Experiment, ExperimentSettings, Finished, Lesion, RecurrenceRow, Study, balance_csv, cells_csv,
    connectivity_csv, currents_csv, decoding_csv, default_lesions, effects, effects_csv, motifs_csv, read_lesions,
    recurrence_csv,
};
use crate::report::perturbation::{self, PerturbationReport};
use crate::run::baseline::train_baselines;
use crate::train::RunDirectory;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// A run that was studied.
pub(crate) struct Studied {
    pub(crate) study: Study,
    /// What runs like it have in common.
    pub(crate) setting: String,
}

/// Studies the run in `directory` and writes what was found; `None` if it was asked to stop before the end.
///
/// # Errors
/// If the run or a file cannot be read, or the engine fails.
pub(crate) fn study(args: &PerturbArgs, directory: &Path, stop: &AtomicBool) -> Result<Option<Studied>> {
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
    let mut experiment = Experiment::new(&subject, settings, &open)?;
    warn_of_missing_labels(&experiment);
    let keys = Keys::new(&place, &trained, &settings, &experiment)?;
    let Some(found) = examine_all(args, &lesions, &mut experiment, &keys, stop)? else { return Ok(None) };

    let (recurrence, paused) = recurrence(args, plan, &experiment, stop)?;
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
        effects: effects(&lesions, &outcomes, &found.cells, &measured, &subject.problem.population, args.seed),
        anatomy: Anatomy::of(&subject, args.seed)?,
        held_out: if plan.held_out.is_empty() { None } else { HeldOutSummary::read(directory)? },
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
            match args.controls {
                0 => "none, and no comparison".into(),
                count => format!(
                    "{count} sets of like cells a lesion{}, and every cell alone, seed {}",
                    if args.matched { ", matched in rate and outgoing weight" } else { ", not matched" },
                    args.seed
                ),
            },
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
