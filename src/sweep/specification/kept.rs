//! The copy of a specification that a sweep keeps, and what differs between two.

use super::spec::{NUMERICS, Specification};
use crate::error::{Error, Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// What decides nothing of the runs.
const INCIDENTAL: [&str; 3] = ["base.engine", "base.training.checkpoint_every", "keep"];

impl Specification {
    /// The specification as a sweep keeps it: the base whole, paths absolute, with the hashes of the input files. It is read
    /// back by [`Self::read`], and means the same from any directory.
    ///
    /// # Errors
    /// If it cannot be written as TOML.
    pub fn to_toml(&self, files: &BTreeMap<PathBuf, String>) -> Result<String> {
        let mut document = self.document.clone();
        document.insert("numerics".into(), Value::Integer(i64::from(NUMERICS)));
        let hash = |(path, hash): (&PathBuf, &String)| (path.display().to_string(), Value::String(hash.clone()));
        document.insert("files".into(), Value::Table(files.iter().map(hash).collect()));
        let text =
            toml::to_string(&document).map_err(|e| Error::run(format!("cannot write the specification: {e}.")))?;
        Ok(format!("# A resolved sweep: `aon sweep run` of this file goes on with it.\n\n{text}"))
    }

    /// What of this specification is not as in `earlier`, a sentence each. Where results are kept and what computes are not
    /// asked.
    pub fn differences(&self, earlier: &Self) -> Vec<String> {
        let (now, then) = (flat(&self.document), flat(&earlier.document));
        let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
        let sentence = |name: &String| match (now.get(name), then.get(name)) {
            (Some(now), Some(then)) if now == then => None,
            (Some(now), Some(then)) => Some(format!("`{name}` is {now}, and was {then}.")),
            (Some(now), None) => Some(format!("`{name}` is {now}, and was not there.")),
            (None, then) => Some(format!("`{name}` is not there, and was {}.", then.map_or("", String::as_str))),
        };
        names.into_iter().filter_map(sentence).collect()
    }

    /// Refuses input files that have changed since the sweep began of which this is the kept copy.
    ///
    /// # Errors
    /// Naming the first that has another hash `now`.
    pub fn check_files(&self, now: &BTreeMap<PathBuf, String>) -> Result<()> {
        let is_other = |path: &Path, hash: &String| now.get(path).is_some_and(|now| now != hash);
        let changed = self.files.iter().find(|(path, hash)| is_other(path, hash));
        ensure!(
            changed.is_none(),
            "{} has changed since the sweep began. Put the file back, or begin another sweep.",
            changed.map(|(path, _)| path.display().to_string()).unwrap_or_default()
        );
        Ok(())
    }
}

/// Every value by its dotted path, as text; sections in double brackets have numbers from 1.
fn flat(document: &Table) -> BTreeMap<String, String> {
    fn gather(path: &str, value: &Value, all: &mut BTreeMap<String, String>) {
        match value {
            Value::Table(table) => {
                table.iter().for_each(|(name, value)| gather(&format!("{path}.{name}"), value, all));
            }
            Value::Array(list) if list.iter().any(Value::is_table) => {
                list.iter().zip(1..).for_each(|(value, k)| gather(&format!("{path}[{k}]"), value, all));
            }
            value => {
                all.insert(path.to_string(), value.to_string());
            }
        }
    }
    let mut all = BTreeMap::new();
    document.iter().for_each(|(name, value)| gather(name, value, &mut all));
    let is_in =
        |path: &str, section: &str| path.strip_prefix(section).is_some_and(|r| r.is_empty() || r.starts_with('.'));
    all.retain(|path, _| !INCIDENTAL.iter().any(|section| is_in(path, section)));
    all
}
