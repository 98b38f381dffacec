//! `aon validate`: whether lesions of trained networks find what was planted in the networks that they were trained on.

use super::progress::Progress;
use super::{interrupt, output};
use crate::data::write_atomically;
use crate::engine::cpu::CpuEngine;
use crate::engine::{BatchState, Engine, NetworkSettings, Problem};
use crate::error::{Error, Result};
use crate::lab::OpenEngine;
use crate::perturb::validate::{Kind, Observed, Row, Teacher, examine, null_lesions, read_rows, rows_csv};
use crate::perturb::{Comparison, ControlSettings, Effect, default_lesions};
use crate::studies::student::{Recipe, student};
use crate::studies::validate_tables as tables;
use clap::Args;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// The flags of `aon validate`.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Teacher networks with a planted class, and as many without
    #[arg(long, value_name = "K", default_value_t = 10)]
    teachers: u32,
    /// What is recorded of a teacher: all of its neurons, or half of twice as many
    #[arg(long, value_delimiter = ',', default_values = ["all", "half"])]
    observed: Vec<Observed>,
    /// Neurons of a student
    #[arg(long, default_value_t = 288)]
    neurons: usize,
    /// Training steps of a student
    #[arg(long, default_value_t = 600)]
    steps: u32,
    /// Sets of like cells that each lesion of a student is compared with (those of teachers: a quarter of it)
    #[arg(long, default_value_t = 100)]
    controls: usize,
    /// Networks whose random lesions say whether p values are uniform (0 leaves that out)
    #[arg(long, value_name = "K", default_value_t = 40)]
    calibration: u32,
    /// Seed of teachers, students and controls
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads [default: one per processor]
    #[arg(long)]
    threads: Option<usize>,
    /// Where tables go. What they hold of the same settings is not done again
    #[arg(long, value_name = "DIR", default_value = "out/validate")]
    output_dir: PathBuf,
    /// Print nothing but warnings, errors and the tables
    #[arg(long)]
    quiet: bool,
}

/// Simulations at once.
const SLOTS: usize = 32;

/// Subsets of a lesion that must be subsampled, as in `aon perturb`.
const SUBSETS: usize = 10;

/// The table that everything else is made from.
const ROWS: &str = "validate.csv";

/// How rows are judged: raised when p or q change their meaning.
const RULE: u32 = 3;

/// What the rows belong to.
const SETTINGS: &str = "settings.txt";

/// A student that is to be trained.
type Job = (Observed, Kind, u32);

impl ValidateArgs {
    fn check(&self) -> Result<()> {
        if self.teachers == 0 || self.steps == 0 {
            return Err(Error::input("--teachers and --steps: give at least 1."));
        }
        if self.controls < 20 {
            return Err(Error::input(
                "--controls: fewer than 20 sets say little about what like cells do. Give at least 20.",
            ));
        }
        if self.neurons < 48 {
            return Err(Error::input(format!(
                "--neurons {}: classes would have fewer than 3 neurons. Give at least 48.",
                self.neurons
            )));
        }
        if self.neurons < 192 {
            output::warn(
                "with fewer than 192 neurons, classes have so few cells that many planted ones are not found.",
            );
        }
        Ok(())
    }

    /// What a row depends on.
    fn settings(&self) -> String {
        let (neurons, steps, controls, seed) = (self.neurons, self.steps, self.controls, self.seed);
        format!("rule {RULE}\nneurons {neurons}\nsteps {steps}\ncontrols {controls}\nseed {seed}\n")
    }

    fn jobs(&self) -> Vec<Job> {
        let kinds = [Kind::Planted, Kind::Null];
        let of = |o: &Observed| {
            kinds
                .into_iter()
                .flat_map(|k| (0..self.teachers).map(move |n| (k, n)))
                .map(|(k, n)| (*o, k, n))
                .collect::<Vec<_>>()
        };
        self.observed.iter().flat_map(of).collect()
    }

    fn threads(&self) -> usize {
        self.threads.unwrap_or(0)
    }

    fn controls_of(&self, number: u32, count: usize) -> ControlSettings {
        ControlSettings { count, subsets: SUBSETS, matched: false, seed: self.seed + u64::from(number) }
    }
}

/// Trains and lesions every student that the tables do not hold yet, calibrates, and says what was found.
pub(crate) fn run(args: &ValidateArgs) -> Result<()> {
    args.check()?;
    let stop = interrupt::flag()?;
    let threads = args.threads();
    let open = move |problem: &Problem, settings: &[NetworkSettings], state: &BatchState| {
        let engine = CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), state, threads)?;
        Ok(Box::new(engine) as Box<dyn Engine>)
    };
    std::fs::create_dir_all(&args.output_dir).map_err(Error::io("create", &args.output_dir))?;
    let mut rows = found(args)?;
    let jobs = args.jobs();
    let is_done = |rows: &[Row], job: &Job| rows.iter().any(|r| (r.observed, r.kind, r.teacher) == *job);
    let done = jobs.iter().filter(|job| is_done(&rows, job)).count();
    let total = jobs.len() + args.calibration as usize;
    let mut progress = Progress::new("networks", total, done, args.quiet);
    let path = args.output_dir.join(ROWS);
    for job in &jobs {
        if is_done(&rows, job) {
            continue;
        }
        let Some(new) = validate(args, *job, &open, &stop)? else { return paused() };
        rows.extend(new);
        write_atomically(&path, |w| w.write_all(rows_csv(&rows).as_bytes()))?;
        progress.advance(1, &format!("{} teacher {}, {} observed", job.1.name(), job.2, job.0.name()));
    }
    let Some(null) = calibrate(args, &open, &stop, &mut progress)? else { return paused() };
    drop(progress);
    rows.retain(|r| jobs.contains(&(r.observed, r.kind, r.teacher)));
    tables::write(&args.output_dir, &rows, &null)
}

/// Says so. What was asked for is done.
#[allow(clippy::unnecessary_wraps)]
fn paused() -> Result<()> {
    output::say("paused; the students that are finished are kept, and the same command goes on from there.");
    Ok(())
}

/// The rows of an earlier start.
fn found(args: &ValidateArgs) -> Result<Vec<Row>> {
    let (path, settings) = (args.output_dir.join(ROWS), args.output_dir.join(SETTINGS));
    if !path.exists() {
        write_atomically(&settings, |w| w.write_all(args.settings().as_bytes()))?;
        return Ok(Vec::new());
    }
    let theirs = std::fs::read_to_string(&settings).map_err(Error::io("read", &settings))?;
    if theirs != args.settings() {
        let text = |settings: &str| settings.trim_end().replace('\n', ", ");
        return Err(Error::input(format!(
            "{} holds results of other settings ({}; now {}). Choose another --output-dir, or remove it.",
            args.output_dir.display(),
            text(&theirs),
            text(&args.settings())
        )));
    }
    read_rows(&path)
}

/// Makes a teacher, trains a student on it, and lesions both; `None` if it was interrupted.
fn validate(args: &ValidateArgs, job: Job, open: &OpenEngine, stop: &AtomicBool) -> Result<Option<Vec<Row>>> {
    let (observed, kind, number) = job;
    let teacher = Teacher::new(kind, observed.teacher_neurons(args.neurons), args.seed, number, open)?;
    let directory = tempfile::tempdir().map_err(Error::io("create", &std::env::temp_dir()))?;
    let files = teacher.record(&teacher.observed(observed), directory.path())?;
    let recipe = Recipe { steps: args.steps, seed: args.seed + u64::from(number), threads: args.threads() };
    let Some(student) = student(files, recipe, open, stop)? else { return Ok(None) };
    let lesions = default_lesions(&teacher.subject);
    let of_teacher = args.controls_of(number, (args.controls / 4).max(20));
    let truth = examine(&teacher.subject, &lesions, &of_teacher, SLOTS, open)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let of_student = args.controls_of(number, args.controls);
    let found = examine(&student.subject, &default_lesions(&student.subject), &of_student, SLOTS, open)?;
    let row = |(k, lesion): (usize, &crate::perturb::Lesion)| {
        let ((value, own), (teacher_value, true_one)) = (compared(&found, k), compared(&truth, k));
        Row {
            teacher: number,
            kind,
            observed,
            r2: student.r2,
            input_only: student.input_only,
            lesion: lesion.name.clone(),
            planted: kind == Kind::Planted && lesion.neurons == teacher.generator,
            value,
            control_mean: own.map_or(f64::NAN, |c| c.mean),
            superiority: own.map_or(f64::NAN, |c| c.superiority),
            p: own.map_or(f64::NAN, |c| c.p),
            q: own.map_or(f64::NAN, |c| c.q),
            effect_size: own.map_or(f64::NAN, |c| c.effect_size),
            matched: own.is_some_and(|c| c.matched),
            teacher_value,
            teacher_control_mean: true_one.map_or(f64::NAN, |c| c.mean),
            teacher_p: true_one.map_or(f64::NAN, |c| c.p),
        }
    };
    Ok(Some(lesions.iter().enumerate().map(row).collect()))
}

/// The effect of a lesion as it is compared with its controls, where it is.
fn compared(effects: &[Effect], lesion: usize) -> (f64, Option<Comparison>) {
    // Where a lesion is subsampled, the comparison follows the whole.
    let effect = effects.iter().rfind(|e| e.lesion == lesion);
    effect.map_or((f64::NAN, None), |e| (e.value, e.comparison))
}

/// p values of random lesions of null teachers; `None` if it was interrupted.
fn calibrate(
    args: &ValidateArgs,
    open: &OpenEngine,
    stop: &AtomicBool,
    progress: &mut Progress,
) -> Result<Option<Vec<f64>>> {
    let mut null = Vec::new();
    for number in 0..args.calibration {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        null.extend(null_lesions(number, args.neurons, args.seed, SLOTS, open)?);
        progress.advance(1, "calibration");
    }
    Ok(Some(null))
}
