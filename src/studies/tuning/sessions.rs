//! Sessions that are tested, and those that have been.

use crate::data::recording::{Covariate, Framed, Session};
use crate::data::write_atomically;
use crate::error::{Error, Result};
use crate::train::{hex, read_sealed_json, sha256, to_sealed_json};
use crate::tuning::{TimedBouts, TuningSettings};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// To be raised where the same recordings and settings come to give other numbers.
const NUMERICS: u32 = 3;

/// What draws of a session are keyed by: its name, whatever the order of recordings.
pub(super) fn key_of(settings: &TuningSettings, session: &Session) -> u64 {
    let name = format!("{}\0{}\0{}", settings.seed, session.animal, session.name);
    Sha256::digest(name.as_bytes())[..8].iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// A session that was studied, and a hash of everything that decides what was found.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<T> {
    key: String,
    study: T,
}

/// Where what was found of a session is kept.
pub(super) struct Keeper {
    path: PathBuf,
    key: String,
}

impl Keeper {
    /// Of a session among `sessions`, beside `others`.
    pub(super) fn new(
        directory: &Path,
        session: &Session,
        framed: &Framed,
        others: &[TimedBouts],
        sessions: usize,
        settings: &TuningSettings,
    ) -> Self {
        Self { path: place(directory, session, ""), key: key(session, framed, others, sessions, settings) }
    }

    /// Of what else is found of a session alone, by its name and everything that is set for it.
    pub(super) fn of(
        directory: &Path,
        what: &str,
        session: &Session,
        framed: &Framed,
        settings: &impl std::fmt::Debug,
    ) -> Self {
        let path = place(directory, session, &format!(".{what}"));
        Self { path, key: key(session, framed, &[], 1, settings) }
    }

    /// What was kept, if it is of the same recording and settings. What is damaged is found anew.
    pub(super) fn kept<T: DeserializeOwned>(&self) -> Option<T> {
        let kept: Kept<T> = read_sealed_json(&self.path, |_| true).ok()?;
        (kept.key == self.key).then_some(kept.study)
    }

    /// What was kept, or what is found, which is kept then; `None` if nothing was found.
    ///
    /// # Errors
    /// If `find` has one, or it cannot be written.
    pub(super) fn kept_or<T: Serialize + DeserializeOwned>(
        &self,
        find: impl FnOnce() -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        match self.kept() {
            Some(kept) => Ok(Some(kept)),
            None => find()?.map(|found| self.keep(found)).transpose(),
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn keep<T: Serialize>(&self, study: T) -> Result<T> {
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        }
        let kept = Kept { key: self.key.clone(), study };
        let text = to_sealed_json(&self.path, &kept)?;
        write_atomically(&self.path, |w| w.write_all(text.as_bytes()))?;
        Ok(kept.study)
    }
}

fn place(directory: &Path, session: &Session, suffix: &str) -> PathBuf {
    let name = sha256(format!("{}\0{}", session.animal, session.name).as_bytes());
    directory.join("sessions").join(format!("{}{suffix}.json", &name[..16]))
}

fn key(
    session: &Session,
    framed: &Framed,
    others: &[TimedBouts],
    sessions: usize,
    settings: &impl std::fmt::Debug,
) -> String {
    let mut hasher = Sha256::new();
    let Session { animal, name, neurons, bouts, contexts, covariates, .. } = session;
    let of_covariates: Vec<&String> = covariates.iter().map(|Covariate { name, .. }| name).collect();
    hasher
        .update(format!("{NUMERICS} {settings:?} {sessions} {animal:?} {name:?} {neurons:?} {bouts:?} {contexts:?} "));
    hasher.update(format!("{of_covariates:?} {others:?} {} {:?} ", framed.interval, framed.activity.shape()));
    hasher.update(bytemuck::cast_slice::<f64, u8>(&framed.times));
    for row in framed.activity.rows() {
        match row.as_slice() {
            Some(values) => hasher.update(bytemuck::cast_slice::<f32, u8>(values)),
            None => row.iter().for_each(|v| hasher.update(v.to_le_bytes())),
        }
    }
    framed.covariates.iter().for_each(|values| hasher.update(bytemuck::cast_slice::<f64, u8>(values)));
    hex(&hasher.finalize())
}
