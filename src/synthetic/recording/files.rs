//! Synthetic recordings as the files that a recording would come in.

use super::settings::RecordingSynthesis;
use super::truth::TrueCell;
use crate::data::recording::{Activity, Bout, Context, Covariate, Neuron, Session};
use crate::data::{NamedArray, Values, csv, csv_text, npz, write_atomically};
use crate::error::{Error, Result, ensure};
use ndarray::{Array1, array};
use std::fs;
use std::path::{Path, PathBuf};

/// The files besides those of sessions.
const TRUTH: &str = "truth.csv";
const IDENTITIES: &str = "identities.csv";

impl RecordingSynthesis {
    /// Generates recordings into files in `directory`, which is made where it is not there: of each session `ANIMAL_SESSION.npz`
    /// and the tables `.bouts.csv`, `.covariates.csv` and, with two contexts, `.contexts.csv`; of all, `identities.csv` and
    /// `truth.csv`. Returns the archives. docs/tasks.md#synthetic-recordings says what is in them.
    ///
    /// # Errors
    /// If a setting is out of its range, a file is there that must not be replaced (all may be with `overwrite`) or that would
    /// be taken for one of these recordings, or a file cannot be written.
    pub fn write(&self, directory: &Path, overwrite: bool) -> Result<Vec<PathBuf>> {
        self.check()?;
        self.check_place(directory, overwrite)?;
        fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        let (mut archives, mut cells, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        for animal in 0..self.animals {
            let own = TrueCell::draw_all(self, animal);
            for number in 0..self.sessions {
                let (session, _) = super::session(self, (animal, number), &own);
                archives.push(write_session(&session, directory, &self.file_stem(animal, number))?);
                identities.extend(session.neurons.iter().map(|neuron| identity(&session, neuron)));
            }
            cells.extend(own);
        }
        write_text(&directory.join(IDENTITIES), &csv("animal,session,neuron,identity", identities.into_iter()))?;
        write_text(&directory.join(TRUTH), &self.truth_table(&cells))?;
        Ok(archives)
    }

    /// The names of a session's files without their endings.
    pub(super) fn file_stem(&self, animal: usize, session: usize) -> String {
        format!("{}_{}", self.animal_name(animal), self.session_name(session))
    }

    /// Refuses to replace files unasked, and to put recordings beside others, with which they would be read.
    fn check_place(&self, directory: &Path, overwrite: bool) -> Result<()> {
        let place = directory.display();
        let stems = (0..self.animals).flat_map(|a| (0..self.sessions).map(move |s| (a, s)));
        let ours: Vec<String> = stems.map(|(a, s)| format!("{}.npz", self.file_stem(a, s))).collect();
        let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
        for name in entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()) {
            let is_ours = ours.contains(&name) || [TRUTH, IDENTITIES].contains(&name.as_str());
            ensure!(
                overwrite || !is_ours,
                "{place} holds {name} already. Choose another `output_dir`, or replace it with `overwrite`."
            );
            ensure!(
                is_ours || Path::new(&name).extension().is_none_or(|ending| ending != "npz"),
                "{place} holds {name}, which would be taken for one of these recordings. Choose another `output_dir`."
            );
        }
        Ok(())
    }
}

fn write_session(session: &Session, directory: &Path, stem: &str) -> Result<PathBuf> {
    let path = |ending: &str| directory.join(format!("{stem}.{ending}"));
    write_text(&path("bouts.csv"), &bout_table(&session.bouts))?;
    write_text(&path("covariates.csv"), &covariate_table(&session.covariates))?;
    // A table of before would be read with the recording of now.
    let contexts = path("contexts.csv");
    if session.contexts.is_empty() {
        let removed = fs::remove_file(&contexts);
        removed
            .or_else(|e| if e.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
            .map_err(Error::io("remove", &contexts))?;
    } else {
        write_text(&contexts, &context_table(&session.contexts))?;
    }
    npz::write(&path("npz"), &arrays(session))?;
    Ok(path("npz"))
}

/// A session as named arrays.
fn arrays(session: &Session) -> Vec<NamedArray> {
    let texts = |text: &dyn Fn(&Neuron) -> String| Values::Texts(session.neurons.iter().map(text).collect());
    let mut arrays = vec![
        NamedArray::new("animal", session.animal.as_str()),
        NamedArray::new("session", session.name.as_str()),
        NamedArray::new("neurons", texts(&|n| n.name.clone())),
    ];
    if session.neurons.iter().all(|n| n.area.is_some()) {
        arrays.push(NamedArray::new("areas", texts(&|n| n.area.clone().unwrap_or_default())));
    }
    match &session.activity {
        Activity::Frames { values, times } => {
            arrays.push(NamedArray::new("activity", values.as_ref().clone()));
            arrays.push(NamedArray::new("times", Array1::from_vec(times.clone())));
        }
        Activity::Spikes { times, span } => {
            let ends = times.iter().scan(0, |end, spikes| {
                *end += spikes.len();
                Some(*end as f64)
            });
            arrays.push(NamedArray::new("spike_times", Array1::from_vec(times.concat())));
            arrays.push(NamedArray::new("spike_index", Array1::from_iter(ends)));
            arrays.push(NamedArray::new("span", array![span.0, span.1]));
        }
        Activity::Averages(_) => {}
    }
    arrays
}

fn bout_table(bouts: &[Bout]) -> String {
    let row = |bout: &Bout| {
        let object = bout.object.as_deref().unwrap_or_default();
        vec![
            bout.agent.to_string(),
            csv_text(&bout.behaviour),
            bout.start.to_string(),
            bout.stop.to_string(),
            csv_text(object),
        ]
    };
    csv("agent,behaviour,start,stop,object", bouts.iter().map(row))
}

fn context_table(contexts: &[Context]) -> String {
    let row = |c: &Context| vec![csv_text(&c.name), c.start.to_string(), c.stop.to_string()];
    csv("name,start,stop", contexts.iter().map(row))
}

/// Covariates of one clock.
fn covariate_table(covariates: &[Covariate]) -> String {
    let names: Vec<&str> = covariates.iter().map(|c| c.name.as_str()).collect();
    let times = covariates.first().map_or(&[][..], |c| &c.times);
    let row = |k: usize| {
        let values = covariates.iter().map(|c| c.values.get(k).map_or(String::new(), f64::to_string));
        [times[k].to_string()].into_iter().chain(values).collect()
    };
    csv(&format!("time,{}", names.join(",")), (0..times.len()).map(row))
}

fn identity(session: &Session, neuron: &Neuron) -> Vec<String> {
    let identity = neuron.identity.as_deref().unwrap_or_default();
    [&session.animal, &session.name, &neuron.name, identity].map(csv_text).to_vec()
}

fn write_text(path: &Path, text: &str) -> Result<()> {
    write_atomically(path, |to| to.write_all(text.as_bytes()))
}
