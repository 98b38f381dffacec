//! Whether lesions of trained networks find what was planted in the networks that they were trained on.

use super::student::{Recipe, student};
use super::validate_tables::Validation;
use crate::config::MOST_STEPS;
use crate::data::{read_text, write_atomically};
use crate::engine::{BatchState, Device, NetworkSettings, Problem, check_threads};
use crate::error::{Error, Result, at_most, ensure};
use crate::lab::OpenEngine;
use crate::perturb::validate::{Kind, Observed, Row, Teacher, examine, null_lesions, read_rows, rows_csv};
use crate::perturb::{ControlComparison, ControlSettings, Lesion, LesionEffect, default_lesions};
use crate::run::{Listener, Notice, Progress};
use crate::train::{hash_file, sha256};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// With fewer, classes have so few cells that many planted ones are not found.
const FEW_NEURONS: usize = 192;

/// Simulations at once.
const SLOTS: usize = 32;

/// Subsets of a lesion that must be subsampled, as in `aon perturb`.
const SUBSETS: usize = 10;

/// The table that everything else is made from.
const ROWS: &str = "validate.csv";

/// How rows are judged: raised when p or q change their meaning.
const RULE: u32 = 3;

/// SHA-256 of that table as it is to be, and as it was before: one of them is there, whenever the program ended.
const SUMS: &str = "validate.sha256";

/// What the rows belong to.
const SETTINGS: &str = "settings.txt";

/// A student that is to be trained.
type Job = (Observed, Kind, u32);

/// What teachers and students are made.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidateSettings {
    /// Teacher networks with a planted class, and as many without.
    pub teachers: u32,
    /// What is recorded of a teacher.
    pub observed: Vec<Observed>,
    /// Neurons of a student.
    pub neurons: usize,
    /// Training steps of a student.
    pub steps: u32,
    /// Sets of like cells that each lesion of a student is compared with; those of teachers: a quarter of it.
    pub controls: usize,
    /// Networks whose random lesions say whether p values are uniform.
    pub calibration: u32,
    /// Seed of teachers, students and controls.
    pub seed: u64,
    /// Threads; `None` for one per processor.
    pub threads: Option<usize>,
}

impl ValidateSettings {
    fn check(&self) -> Result<()> {
        ensure!(self.teachers > 0 && self.steps > 0, "`teachers` and `steps`: give at least 1.");
        ensure!(
            self.controls >= 20,
            "`controls`: fewer than 20 sets say little about what like cells do. Give at least 20."
        );
        let neurons = self.neurons;
        ensure!(neurons >= 48, "`neurons = {neurons}`: classes would have fewer than 3 neurons. Give at least 48.");
        // Two of like kind for every student; their matrices have the square of twice as many neurons.
        at_most("neurons", neurons, 5000)?;
        at_most("controls", self.controls, 100_000)?;
        at_most("steps", self.steps as usize, MOST_STEPS)?;
        for (setting, networks) in [("teachers", self.teachers), ("calibration", self.calibration)] {
            at_most(setting, networks as usize, 10_000)?;
        }
        // Teachers take the seeds that follow.
        at_most("seed", self.seed as usize, i64::MAX as usize)?;
        check_threads(self.threads)
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

    fn controls_of(&self, number: u32, count: usize) -> ControlSettings {
        ControlSettings { count, subsets: SUBSETS, matched: false, seed: self.seed + u64::from(number) }
    }
}

/// Trains and lesions every student that the tables in `directory` do not hold yet, and calibrates. `None` if it was asked
/// to stop before the end: what is finished is kept, and the same call goes on from there.
///
/// # Errors
/// If a setting cannot be meant, the tables belong to other settings, a file cannot be written, or the engine fails.
pub fn validate(
    directory: &Path,
    settings: &ValidateSettings,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Validation>> {
    settings.check()?;
    if settings.neurons < FEW_NEURONS {
        listener.notice(&Notice::FewNeurons { fewer_than: FEW_NEURONS });
    }
    let device = Device::Cpu { threads: settings.threads.unwrap_or(0) };
    let open =
        |problem: &Problem, settings: &[NetworkSettings], state: &BatchState| device.open(problem, settings, state);
    std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    let mut rows = earlier_rows(directory, settings)?;
    let jobs = settings.jobs();
    let is_done = |rows: &[Row], job: &Job| rows.iter().any(|r| (r.observed, r.kind, r.teacher) == *job);
    let found = jobs.iter().filter(|job| is_done(&rows, job)).count();
    let total = jobs.len() + settings.calibration as usize;
    let mut done = found;
    let mut advance = |what: &str| {
        done += 1;
        listener.notice(&Notice::Progress(Progress { unit: "networks", total, found, done, what }));
    };
    for job in &jobs {
        if is_done(&rows, job) {
            continue;
        }
        let Some(new) = validate_student(settings, *job, &open, stop)? else { return Ok(None) };
        rows.extend(new);
        write_rows(directory, &rows)?;
        advance(&format!("{} teacher {}, {} observed", job.1.name(), job.2, job.0.name()));
    }
    let Some(null) = calibrate(settings, &open, stop, &mut advance)? else { return Ok(None) };
    rows.retain(|r| jobs.contains(&(r.observed, r.kind, r.teacher)));
    let validation = Validation::of(&rows, &null);
    validation.write(directory)?;
    Ok(Some(validation))
}

/// The rows of an earlier start.
fn earlier_rows(directory: &Path, now: &ValidateSettings) -> Result<Vec<Row>> {
    let (path, settings) = (directory.join(ROWS), directory.join(SETTINGS));
    if !path.exists() {
        write_atomically(&settings, |w| w.write_all(now.settings().as_bytes()))?;
        return Ok(Vec::new());
    }
    let theirs = read_text(&settings)?;
    if theirs != now.settings() {
        let text = |settings: &str| settings.trim_end().replace('\n', ", ");
        return Err(Error::input(format!(
            "{} holds results of other settings ({}; now {}). Choose another `output_dir`, or remove it.",
            directory.display(),
            text(&theirs),
            text(&now.settings())
        )));
    }
    let sums = directory.join(SUMS);
    if sums.exists() && !read_text(&sums)?.contains(&hash_file(&path)?) {
        return Err(Error::run(format!(
            "{} is damaged: its checksum is not that of what was written. Put it back, or remove it to start anew.",
            path.display()
        )));
    }
    read_rows(&path)
}

fn write_rows(directory: &Path, rows: &[Row]) -> Result<()> {
    let (path, text) = (directory.join(ROWS), rows_csv(rows));
    let before = if path.exists() { hash_file(&path)? } else { String::new() };
    let sums = format!("{}\n{before}\n", sha256(text.as_bytes()));
    write_atomically(&directory.join(SUMS), |w| w.write_all(sums.as_bytes()))?;
    write_atomically(&path, |w| w.write_all(text.as_bytes()))
}

/// Makes a teacher, trains a student on it, and lesions both; `None` if it was interrupted.
fn validate_student(
    asked: &ValidateSettings,
    job: Job,
    open: &OpenEngine,
    stop: &AtomicBool,
) -> Result<Option<Vec<Row>>> {
    let (observed, kind, number) = job;
    let teacher = Teacher::new(kind, observed.teacher_neurons(asked.neurons), asked.seed, number, open)?;
    let recording = teacher.record(&teacher.observed(observed));
    let recipe =
        Recipe { steps: asked.steps, seed: asked.seed + u64::from(number), threads: asked.threads.unwrap_or(0) };
    let Some(student) = student(recording, recipe, open, stop)? else { return Ok(None) };
    let lesions = default_lesions(&teacher.subject);
    let of_teacher = asked.controls_of(number, (asked.controls / 4).max(20));
    let truth = examine(&teacher.subject, &lesions, &of_teacher, SLOTS, open)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let of_student = asked.controls_of(number, asked.controls);
    let found = examine(&student.subject, &default_lesions(&student.subject), &of_student, SLOTS, open)?;
    let row = |(k, lesion): (usize, &Lesion)| {
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
fn compared(effects: &[LesionEffect], lesion: usize) -> (f64, Option<ControlComparison>) {
    // Where a lesion is subsampled, the comparison follows the whole.
    let effect = effects.iter().rfind(|e| e.lesion == lesion);
    effect.map_or((f64::NAN, None), |e| (e.value, e.comparison))
}

/// p values of random lesions of null teachers; `None` if it was interrupted.
fn calibrate(
    asked: &ValidateSettings,
    open: &OpenEngine,
    stop: &AtomicBool,
    advance: &mut dyn FnMut(&str),
) -> Result<Option<Vec<f64>>> {
    let mut null = Vec::new();
    for number in 0..asked.calibration {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        null.extend(null_lesions(number, asked.neurons, asked.seed, SLOTS, open)?);
        advance("calibration");
    }
    Ok(Some(null))
}
