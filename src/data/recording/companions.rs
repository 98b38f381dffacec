//! What lies beside a recording: tables of bouts, covariates, contexts, trials and neurons.

use super::bouts_table::{self, ReadBouts};
use super::covariates;
use super::identities;
use super::labels;
use super::session::{Activity, Session};
use super::settings::{BoutSettings, RecordingSettings};
use super::tables_beside;
use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Where files that belong to a recording are looked for.
pub(super) struct Places<'a> {
    /// The recording.
    recording: &'a Path,
    /// Folders, the nearest first.
    folders: Vec<PathBuf>,
    /// The folder of the settings.
    settings: Option<&'a Path>,
}

/// Durations that differ by more than this share are those of different things.
const DURATION: f64 = 0.01;

impl<'a> Places<'a> {
    /// Of a recording of which `folders` are parts, or of a file.
    pub(super) fn new(recording: &'a Path, folders: Vec<PathBuf>, settings: Option<&'a Path>) -> Self {
        Self { recording, folders, settings }
    }

    /// The file that a setting names.
    fn named(&self, setting: &str, path: &Path) -> Result<PathBuf> {
        let settings = self.settings.map(Path::to_path_buf);
        let mut tried: Vec<PathBuf> = self.folders.iter().chain(&settings).map(|folder| folder.join(path)).collect();
        tried.dedup();
        if let Some(found) = tried.iter().find(|path| path.is_file()) {
            return Ok(found.clone());
        }
        let listed: Vec<String> = tried.iter().map(|path| path.display().to_string()).collect();
        let found = format!("none at {}", listed.join(", nor at "));
        Err(Error::input(format!(
            "`{setting} = {}`: expected a file, found {found}. Correct the path.",
            path.display()
        )))
    }

    /// A table that is taken without being named: `STEM.KIND.csv` beside a file, `KIND.csv` in a folder.
    fn usual(&self, kind: &str) -> Option<PathBuf> {
        // Names of files need not be text.
        let stem = self.recording.file_stem().filter(|_| !self.recording.is_dir());
        let mut name = stem.map_or_else(OsString::new, |stem| [stem, OsStr::new(".")].into_iter().collect());
        name.push(format!("{kind}.csv"));
        self.folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
    }

    /// Adds all of it to the one session of the recording.
    ///
    /// # Errors
    /// If a file that the settings name is missing, or one says what cannot be.
    pub(super) fn add(&self, settings: &RecordingSettings, session: &mut Session) -> Result<()> {
        self.bouts(&settings.bouts, session)?;
        if let Some(path) = self.usual("trials") {
            session.trials = tables_beside::trials(&path, &settings.bouts)?;
        }
        if let Some(path) = self.usual("contexts") {
            session.contexts = tables_beside::contexts(&path)?;
        }
        if let Some(path) = self.usual("covariates") {
            session.covariates.extend(covariates::all(&path)?);
        }
        for wanted in &settings.covariates {
            let Some(path) = &wanted.file else { continue };
            let path = self.named("covariates.file", path)?;
            let (covariate, lasts) = covariates::one(&path, wanted)?;
            if let Some(lasts) = lasts {
                check_duration(session, &path, &format!("the covariate {}", wanted.name), lasts, wanted.offset_s)?;
            }
            session.covariates.push(covariate);
        }
        Ok(())
    }

    /// The tables of neurons: of this recording, and of all.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub(super) fn identify(&self, settings: &RecordingSettings, session: &mut Session) -> Result<()> {
        for path in ["neurons", "identities"].into_iter().filter_map(|kind| self.usual(kind)) {
            identities::table(&path, session)?;
        }
        if let Some(path) = &settings.identities.file {
            let path = self.named("identities.file", path)?;
            identities::apply(&path, &settings.identities, session)?;
        }
        identities::check(session)
    }

    fn bouts(&self, settings: &BoutSettings, session: &mut Session) -> Result<()> {
        let named = settings.file.as_ref().map(|path| self.named("bouts.file", path)).transpose()?;
        if let Some(path) = named.as_ref().filter(|_| !settings.labels.is_empty()) {
            return labelled(path, settings, session);
        }
        let Some(path) = named.or_else(|| self.usual("bouts")) else { return Ok(()) };
        let ReadBouts { bouts, video_s } = bouts_table::read(&path, settings, &session.name)?;
        if let Some(video_s) = video_s {
            check_duration(session, &path, "the video", video_s, settings.offset_s)?;
        }
        if !session.bouts.is_empty() {
            let remark = format!("Bouts are those of {}; those in the recording are left out.", path.display());
            session.remarks.push(remark);
        }
        session.bouts = bouts;
        Ok(())
    }
}

/// Bouts from columns with a label per frame.
fn labelled(path: &Path, settings: &BoutSettings, session: &mut Session) -> Result<()> {
    session.bouts.clear();
    for (agent, values) in labels::columns(path, settings)? {
        let column = settings.labels.get(&agent).map_or("labels", String::as_str);
        let frames = match &session.activity {
            Activity::Frames { times, .. } => Some(&times[..]),
            Activity::Spikes { .. } | Activity::Averages(_) => None,
        };
        let times = labels::times((path, column), values.len(), frames, settings)?;
        if let Some(rate) = settings.video_rate {
            check_duration(session, path, "the video", values.len() as f64 / rate, settings.offset_s)?;
        }
        session.bouts.extend(labels::bouts((path, column), &values, &times, agent, &settings.label_names)?);
    }
    Ok(())
}

/// Holds how long something lasts against the activity: where both begin together they end together, or the rate of one is
/// wrong. What has an offset may last as long as it likes.
fn check_duration(session: &mut Session, file: &Path, what: &str, lasts: f64, offset: f64) -> Result<()> {
    let Some((begin, end)) = session.span() else { return Ok(()) };
    let activity = end - begin;
    if (lasts / activity - 1.0).abs() <= DURATION {
        return Ok(());
    }
    if offset != 0.0 {
        session.remarks.push(format!("{what} lasts {lasts:.2} s, activity {activity:.2} s; its offset is {offset} s."));
        return Ok(());
    }
    let remedy = "If a rate is wrong, correct it; if they do not begin together, say with `offset_s` when this begins.";
    let expected = format!("a duration of {activity:.2} s, that of the activity in {}", session.source.display());
    Err(Error::variable(file, what, expected, format!("{lasts:.2} s"), remedy))
}
