//! What is known of all sessions before any is tested.

use super::input::TuningInput;
use crate::data::recording::{Activity, Session, only_averages};
use crate::error::{Error, Result, ensure};
use crate::tuning::{Null, TimedBouts};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What is known of a session before it is tested.
#[derive(Clone, Debug)]
struct Known {
    source: PathBuf,
    animal: String,
    session: String,
    bouts: TimedBouts,
    /// What its neurons are called.
    neurons: Vec<String>,
    remarks: Vec<String>,
}

/// Bytes of activity that are held; the other recordings are read again where they are needed.
const HELD: usize = 512 << 20;

impl Known {
    fn of(session: &Session) -> Self {
        let begin = |name: &str| {
            let own = session.contexts.iter().filter(|c| c.name == name).map(|c| c.start);
            (name.to_string(), own.fold(f64::INFINITY, f64::min))
        };
        let mut names: Vec<&str> = session.contexts.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut contexts: Vec<_> = names.into_iter().map(begin).collect();
        if contexts.is_empty() {
            contexts.push((String::new(), session.span().map_or(0.0, |(begin, _)| begin)));
        }
        Self {
            source: session.source.clone(),
            animal: session.animal.clone(),
            session: session.name.clone(),
            bouts: TimedBouts { contexts, bouts: session.bouts.clone() },
            neurons: session.neurons.iter().map(|n| n.name.clone()).collect(),
            remarks: session.remarks.clone(),
        }
    }
}

/// What is known of all sessions, and the sessions of recordings that memory holds.
pub(super) struct Held {
    known: Vec<Known>,
    sessions: BTreeMap<PathBuf, Vec<Session>>,
}

impl Held {
    /// Reads all recordings once.
    ///
    /// # Errors
    /// If one cannot be read or studied, two sessions are of one name, no animal has the sessions that `null` needs, or no
    /// recording a neuron that is asked for.
    pub(super) fn new(input: &TuningInput) -> Result<Self> {
        let (mut known, mut read, mut bytes) = (Vec::<Known>::new(), BTreeMap::new(), 0);
        for path in &input.recordings {
            let sessions = input.read(path)?;
            for session in &sessions {
                if let Activity::Averages(_) = session.activity {
                    return Err(only_averages(session));
                }
                refuse_again(&known, session)?;
                known.push(Known::of(session));
            }
            let more = sessions.iter().map(|s| s.activity.bytes()).sum::<usize>();
            if bytes + more <= HELD {
                bytes += more;
                read.insert(path.clone(), sessions);
            }
        }
        let held = Self { known, sessions: read };
        held.check_others(input.settings.tuning.null)?;
        held.check_asked(&input.asked)?;
        Ok(held)
    }

    /// How many sessions there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// The sessions of the recording at `path`.
    ///
    /// # Errors
    /// If it cannot be read again.
    pub(super) fn sessions(&self, input: &TuningInput, path: &Path) -> Result<Vec<Session>> {
        self.sessions.get(path).cloned().map_or_else(|| input.read(path), Ok)
    }

    /// The bouts of the other sessions of the animal, the next first.
    pub(super) fn others(&self, session: &Session) -> Vec<TimedBouts> {
        let of_animal: Vec<&Known> = self.known.iter().filter(|k| k.animal == session.animal).collect();
        let own = of_animal.iter().position(|k| k.session == session.name).unwrap_or(0);
        let next = (1..of_animal.len()).map(|k| of_animal[(own + k) % of_animal.len()]);
        next.map(|k| k.bouts.clone()).collect()
    }

    /// What was assumed, mended or left out where sessions were read: each remark once, and of which sessions it is.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut of: Vec<(&str, Vec<&Known>)> = Vec::new();
        for known in &self.known {
            for remark in &known.remarks {
                match of.iter_mut().find(|(text, _)| text == remark) {
                    Some((_, sessions)) => sessions.push(known),
                    None => of.push((remark, vec![known])),
                }
            }
        }
        let told = |(remark, sessions): (&str, Vec<&Known>)| match (&sessions[..], self.known.len()) {
            (all, n) if all.len() == n && n > 1 => format!("all {n} sessions: {remark}"),
            ([first], _) => format!("{} {}: {remark}", first.animal, first.session),
            ([first, more @ ..], _) => format!("{} {} and {} more: {remark}", first.animal, first.session, more.len()),
            ([], _) => remark.to_string(),
        };
        of.into_iter().map(told).collect()
    }

    /// Refuses a null distribution of other sessions where no animal has any.
    fn check_others(&self, null: Null) -> Result<()> {
        let has_another = |one: &Known| self.known.iter().filter(|k| k.animal == one.animal).count() > 1;
        ensure!(
            null != Null::Sessions || self.known.iter().any(has_another),
            "`null = sessions`: expected several sessions of an animal, found one of each. Give more recordings, name the animal alike in all (`source.animal`), or choose another null distribution."
        );
        Ok(())
    }

    /// Refuses to look for neurons that no recording has.
    fn check_asked(&self, asked: &[String]) -> Result<()> {
        let absent = asked.iter().find(|name| !self.known.iter().any(|k| k.neurons.contains(name)));
        let Some(absent) = absent else { return Ok(()) };
        let mut all = self.known.iter().flat_map(|k| &k.neurons);
        let (first, last) = (all.next().map_or("", |n| n), all.last().map_or("", |n| n));
        Err(Error::input(format!(
            "`--neuron {absent}`: expected the name of a neuron as its recording gives it, found none of that name. They are called {first:?} to {last:?}."
        )))
    }
}

/// Refuses a session that is named as one before.
fn refuse_again(known: &[Known], session: &Session) -> Result<()> {
    let again = known.iter().find(|k| (&k.animal, &k.session) == (&session.animal, &session.name));
    ensure!(
        again.is_none(),
        "{}: expected each session once, found session {:?} of animal {:?} again, as in {}. Give each recording once; sessions of one animal need names of their own: `session` in the files, or other names of files.",
        session.source.display(),
        session.name,
        session.animal,
        again.map(|k| k.source.display().to_string()).unwrap_or_default()
    );
    Ok(())
}
