//! `aon tuning` without the command line.

use super::input::TuningInput;
use super::sessions::{Keeper, Known, key_of};
use super::shown::{Shown, Training, title};
use crate::data::recording::{Activity, Framed, Outline, Session, Understood, unanswered_by_averages, understood};
use crate::data::{ArrayFormat, NamedArray, write_arrays, write_atomically};
use crate::error::{Error, Result, ensure};
use crate::report::tuning::{text, write_check};
use crate::run::{Listener, Notice, Progress};
use crate::tuning::{
    Class, SessionStudy, Summary, TimedBouts, TuningStudy, controls_csv, labels_csv, mirror_csv, study_session,
    tuning_csv, untested, untested_csv,
};
use ndarray::Array1;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
    /// What networks can be trained on.
    pub training: Training,
}

/// Reads recordings and says what was understood; tests nothing. A page of it goes to `check.html` in `directory`.
///
/// # Errors
/// If one cannot be read, or the page cannot be written.
pub fn check_recordings(directory: &Path, input: &TuningInput) -> Result<Understood> {
    input.check()?;
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
    let settings = &input.settings.tuning;
    input.check()?;
    std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
    let held = Held::new(input)?;
    let total = held.known.len();
    let mut studies: Vec<SessionStudy> = Vec::new();
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
            let what = format!("{} {}", session.animal, session.name);
            let done = studies.len();
            listener.notice(&Notice::Progress(Progress { unit: "sessions", total, found, done, what: &what }));
        }
    }
    let study = TuningStudy::new(studies, settings);
    let shown = Shown::new(directory, input, &study, |path| held.sessions(input, path))?;
    shown.report(directory, input, &study, listener)?;
    write_tables(directory, &study, &shown, input)?;
    Ok(Some(Tuned { text: text(&study, settings), study, training: shown.training }))
}

/// What is known of all sessions, and the sessions of recordings that memory holds.
struct Held {
    known: Vec<Known>,
    sessions: BTreeMap<PathBuf, Vec<Session>>,
}

/// Bytes of activity that are held; the other recordings are read again where they are needed.
const HELD: usize = 512 << 20;

impl Held {
    fn new(input: &TuningInput) -> Result<Self> {
        let (mut known, mut held, mut bytes) = (Vec::<Known>::new(), BTreeMap::new(), 0);
        for path in &input.recordings {
            let sessions = input.read(path)?;
            for session in &sessions {
                if let Activity::Averages(_) = session.activity {
                    return Err(Error::input(unanswered_by_averages(session).join(" ")));
                }
                let again = known.iter().any(|k| (&k.animal, &k.session) == (&session.animal, &session.name));
                ensure!(
                    !again,
                    "{}: expected each session once, found session {:?} of animal {:?} again. Give each recording once, or name its `session`.",
                    path.display(),
                    session.name,
                    session.animal
                );
                known.push(Known::of(session));
            }
            let more = sessions.iter().map(|s| s.activity.bytes()).sum::<usize>();
            if bytes + more <= HELD {
                bytes += more;
                held.insert(path.clone(), sessions);
            }
        }
        is_there(input, &known)?;
        Ok(Self { known, sessions: held })
    }

    fn sessions(&self, input: &TuningInput, path: &Path) -> Result<Vec<Session>> {
        self.sessions.get(path).cloned().map_or_else(|| input.read(path), Ok)
    }

    /// The bouts of the other sessions of the animal, the next first.
    fn others(&self, session: &Session) -> Vec<TimedBouts> {
        let of_animal: Vec<&Known> = self.known.iter().filter(|k| k.animal == session.animal).collect();
        let own = of_animal.iter().position(|k| k.session == session.name).unwrap_or(0);
        let next = (1..of_animal.len()).map(|k| of_animal[(own + k) % of_animal.len()]);
        next.map(|k| k.bouts.clone()).collect()
    }
}

/// Refuses to look for neurons that no recording has.
fn is_there(input: &TuningInput, known: &[Known]) -> Result<()> {
    let mut all = known.iter().flat_map(|k| &k.neurons);
    let Some(absent) = input.asked.iter().find(|name| !known.iter().any(|k| k.neurons.contains(name))) else {
        return Ok(());
    };
    let (first, last) = (all.next().map_or("", |n| n), all.last().map_or("", |n| n));
    Err(Error::input(format!(
        "`--neuron {absent}`: expected the name of a neuron as its recording gives it, found none of that name. They are called {first:?} to {last:?}; `--check` reads them."
    )))
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
    let classes = study.classes.iter().flat_map(|c| c.class.iter());
    let mirror: Array1<f64> = classes.map(|class| f64::from(u8::from(*class == Class::Mirror))).collect();
    write_arrays(&directory.join(ArrayFormat::Mat.file_name("Mirror")), &[NamedArray::new("mirror", mirror)])?;
    // Last: what has it is whole.
    write_atomically(&directory.join("summary.json"), |w| w.write_all(json.as_bytes()))
}
