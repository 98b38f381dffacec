//! `aon tuning` without the command line.

use super::beyond::Beyond;
use super::input::{Also, TuningInput};
use super::known::Held;
use super::network::{crossed_csv, each_run, is_run, settings_for};
use super::sessions::{Keeper, key_of};
use super::shown::{Shown, Training, title};
use crate::data::recording::{Framed, Outline, Understood, understood};
use crate::data::{ArrayFormat, NamedArray, write_arrays, write_atomically};
use crate::error::{Error, Result, ensure};
use crate::report::tuning::{text, write_check};
use crate::run::{Listener, Notice, Progress};
use crate::tuning::{
    Class, SessionStudy, Summary, TuningStudy, controls_csv, labels_csv, mirror_csv, study_session, tuning_csv,
    untested, untested_csv,
};
use ndarray::Array1;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The page of what was understood.
const CHECK: &str = "check.html";

/// What came of a study.
#[derive(Debug)]
pub struct Tuned {
    /// What was found.
    pub study: TuningStudy,
    /// It, for a terminal.
    pub text: String,
    /// What was assumed, mended or left out where recordings were read, and of which sessions.
    pub remarks: Vec<String>,
    /// What networks can be trained on.
    pub training: Training,
}

/// Reads recordings and says what was understood; tests nothing. A page of it goes to `check.html` in `directory`.
///
/// # Errors
/// If one cannot be read, or the page cannot be written.
pub fn check_recordings(directory: &Path, input: &TuningInput) -> Result<Understood> {
    input.settings.check()?;
    let (mut all, mut outlines) = (Understood { sessions: Vec::new() }, Vec::new());
    for path in &input.recordings {
        let sessions = input.read(path)?;
        all.sessions.extend(understood(&sessions, input.bin_s())?.sessions);
        for session in &sessions {
            outlines.extend(Outline::new(session, input.bin_s())?);
        }
    }
    std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    write_check(&directory.join(CHECK), &title(directory), &all, &outlines)?;
    Ok(all)
}

/// Studies recordings, session by session; what is found of one is kept in `directory`, and not found again. `None` if it was
/// asked to stop before the end.
///
/// # Errors
/// If a recording cannot be read or tested, or a file cannot be written.
pub fn tuning(
    directory: &Path,
    input: &TuningInput,
    stop: &AtomicBool,
    listener: &mut dyn Listener,
) -> Result<Option<Tuned>> {
    input.settings.check()?;
    let recordings = each_run(&input.recordings)?;
    let settings = settings_for(&recordings, &input.settings)?;
    let input = &TuningInput { recordings, settings, ..input.clone() };
    let settings = &input.settings.tuning;
    let is_other = directory.exists() && !directory.is_dir();
    ensure!(!is_other, "{} is no directory. Choose another `output_dir`.", directory.display());
    ensure!(
        !input.also.contains(&Also::Encoding) || !input.recordings.iter().any(|path| is_run(path)),
        "`also = encoding`: expected recordings, found trained networks, whose trials do not follow from one another, so that no bout can be moved. Leave it out."
    );
    let held = Held::new(input)?;
    std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    let total = held.len();
    let (mut studies, mut beyond): (Vec<SessionStudy>, _) = (Vec::new(), Beyond::default());
    let mut found = 0;
    for path in &input.recordings {
        for session in held.sessions(input, path)? {
            let framed = Framed::new(&session, input.bin_s())?;
            let others = held.others(&session);
            let keeper = Keeper::new(directory, &session, &framed, &others, total, settings);
            let kept = keeper.kept();
            found += usize::from(kept.is_some());
            let study = if let Some(study) = kept {
                study
            } else {
                let key = key_of(settings, &session);
                let Some(study) = study_session(&session, &framed, &others, key, total, settings, stop)? else {
                    return Ok(None);
                };
                keeper.keep(study)?
            };
            studies.push(study);
            if !beyond.add(directory, input, &session, &framed, stop)? {
                return Ok(None);
            }
            let what = format!("{} {}", session.animal, session.name);
            let done = studies.len();
            listener.notice(&Notice::Progress(Progress { unit: "sessions", total, found, done, what: &what }));
        }
    }
    let study = TuningStudy::new(studies, settings);
    let shown = Shown::new(directory, input, &study, |path| held.sessions(input, path))?;
    let remarks = held.remarks();
    shown.report(directory, input, &study, &remarks, listener)?;
    let beyond = beyond.write(directory, input)?;
    write_tables(directory, &study, &shown, input)?;
    Ok(Some(Tuned { text: text(&study, settings) + &beyond, study, remarks, training: shown.training }))
}

fn write_tables(directory: &Path, study: &TuningStudy, shown: &Shown, input: &TuningInput) -> Result<()> {
    let settings = &input.settings;
    let resolved = toml::to_string(settings).map_err(|e| Error::run(format!("cannot encode the settings: {e}.")))?;
    let json = serde_json::to_string_pretty(&Summary::of(study));
    let json = json.map_err(|e| Error::run(format!("cannot encode the summary: {e}.")))? + "\n";
    let texts = [
        ("settings.toml", resolved),
        ("tuning.csv", tuning_csv(study)),
        ("labels.csv", labels_csv(study)),
        ("mirror.csv", mirror_csv(study)),
        ("controls.csv", controls_csv(study, settings.tuning.count_level)),
        ("untested.csv", untested_csv(study, &untested(study, &shown.activity(), &settings.tuning))),
    ];
    for (name, text) in texts {
        write_atomically(&directory.join(name), |w| w.write_all(text.as_bytes()))?;
    }
    if input.recordings.iter().all(|path| is_run(path))
        && let Some(crossed) = crossed_csv(&input.recordings, study)?
    {
        write_atomically(&directory.join("crossed.csv"), |w| w.write_all(crossed.as_bytes()))?;
    }
    let classes = study.classes.iter().flat_map(|c| c.class.iter());
    let mirror: Array1<f64> = classes.map(|class| f64::from(u8::from(*class == Class::Mirror))).collect();
    write_arrays(&directory.join(ArrayFormat::Mat.file_name("Mirror")), &[NamedArray::new("mirror", mirror)])?;
    // Last: what has it is whole.
    write_atomically(&directory.join("summary.json"), |w| w.write_all(json.as_bytes()))
}
