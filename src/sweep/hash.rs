//! What a run is called by: a hash of all that decides its numbers, wherever its files lie and whatever computes it.

use super::keys::HOLD_OUT;
use super::runs::{Run, Sweep};
use super::spec::NUMERICS;
use crate::config::{Config, TaskSource};
use crate::error::{Error, Result};
use crate::train::{hash_file, sha256};
use serde_json::Value;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Hexadecimal characters of a hash.
const LENGTH: usize = 16;

/// Settings that change no number of a run.
const INCIDENTAL: [&str; 3] = ["engine", "networks", "training.checkpoint_every"];

/// Settings in which networks of one engine may differ. Those that are not here make a group of their own.
const FREE: [&str; 17] = [
    "preset",
    "seed",
    "network.init",
    "network.init_scheme",
    "network.weight_distribution",
    "network.gain",
    "network.freeze",
    "training.n_trials",
    "training.learning_rate",
    "training.schedule",
    "training.plateau_patience",
    "training.regularisation",
    "training.clip_norm",
    "training.target",
    "training.patience",
    "training.min_improvement",
    "training.baseline",
];

/// SHA-256 of files, each read once, since a sweep names the same file a thousand times.
#[derive(Clone, Debug, Default)]
pub struct FileHashes(BTreeMap<PathBuf, String>);

impl FileHashes {
    /// That of a file, in hexadecimal.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(&mut self, path: &Path) -> Result<&str> {
        if !self.0.contains_key(path) {
            self.0.insert(path.to_path_buf(), hash_file(path)?);
        }
        Ok(self.0.get(path).map_or("", String::as_str))
    }
}

/// Runs that one engine can train side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// A hash of what they share.
    pub key: String,
    /// Their numbers in [`Sweep::runs`], rising.
    pub runs: Vec<usize>,
    /// Planned steps of all of them together.
    pub steps: u64,
    /// What tells this group from others: settings, and what their values are called.
    pub apart: Vec<(String, String)>,
}

/// The name of a run: 16 hexadecimal characters of the SHA-256 of its resolved settings as JSON with sorted keys, with input
/// files as the SHA-256 of their content, and of [`NUMERICS`]. What computes it, where files lie, and how often a state is
/// kept are no part of it.
///
/// # Errors
/// If a file that it names cannot be read, or the task cannot.
pub fn run_hash(config: &Config, files: &mut FileHashes) -> Result<String> {
    Ok(digest(&settings(config, files)?))
}

/// The name of what networks must have in common to be trained in one engine: sizes, population, data, task, constraints,
/// loss and Adam's constants.
///
/// # Errors
/// As [`run_hash`].
pub fn group_key(config: &Config, files: &mut FileHashes) -> Result<String> {
    Ok(digest(&shared(settings(config, files)?)))
}

/// All settings that decide the numbers of a run.
fn settings(config: &Config, files: &mut FileHashes) -> Result<Value> {
    let mut config = config.clone();
    if let TaskSource::Named(_) = config.task {
        let task = config.task.load()?;
        config.settle_task(task)?;
    }
    for (_, path) in config.files() {
        *path = files.of(path)?.into();
    }
    let mut settings = config.to_json()?;
    for key in INCIDENTAL {
        remove(&mut settings, key);
    }
    Ok(settings)
}

/// Those that networks of one engine share.
fn shared(mut settings: Value) -> Value {
    for key in FREE {
        remove(&mut settings, key);
    }
    settings
}

fn remove(settings: &mut Value, key: &str) {
    match (key.split_once('.'), settings) {
        (Some((section, rest)), Value::Object(all)) => {
            if let Some(section) = all.get_mut(section) {
                remove(section, rest);
            }
        }
        (None, Value::Object(all)) => {
            all.remove(key);
        }
        _ => {}
    }
}

fn digest(settings: &Value) -> String {
    let mut text = format!("aon numerics {NUMERICS}\n");
    write_sorted(settings, &mut text);
    let mut hash = sha256(text.as_bytes());
    hash.truncate(LENGTH);
    hash
}

/// JSON with sorted keys, whatever order a library keeps them in.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(table) => {
            text.push('{');
            for (key, value) in table.iter().collect::<BTreeMap<_, _>>() {
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for value in list {
                write_sorted(value, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

impl Sweep {
    /// The names of `runs` of this sweep, of its own or of its [`confirmation`](Sweep::confirmation).
    ///
    /// # Errors
    /// If a file cannot be read, or two runs are the same one under other names.
    pub fn hashes(&self, runs: &[Run], files: &mut FileHashes) -> Result<Vec<String>> {
        let hashes = runs.iter().map(|run| run_hash(&self.config(run), files)).collect::<Result<Vec<_>>>()?;
        let mut known: HashMap<&str, &Run> = HashMap::new();
        for (run, hash) in runs.iter().zip(&hashes) {
            if let Some(other) = known.insert(hash, run) {
                let label = |run: &Run| &self.settings[run.setting].label;
                return Err(Error::input(format!(
                    "the settings “{}” and “{}” are the same: their files have the same content. Leave one out.",
                    label(other),
                    label(run)
                )));
            }
        }
        Ok(hashes)
    }

    /// The runs in groups, the one with the most planned steps first.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn groups(&self, files: &mut FileHashes) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        // What a setting shares depends on what it holds out, and not on the seed.
        let mut keys: HashMap<(usize, &[String]), String> = HashMap::new();
        for (number, run) in self.runs.iter().enumerate() {
            let of = (run.setting, run.hold_out.as_slice());
            let key = match keys.entry(of) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(group_key(&self.config(run), files)?),
            };
            let place = *known.entry(key.clone()).or_insert_with(|| {
                groups.push(Group { key: key.clone(), runs: Vec::new(), steps: 0, apart: Vec::new() });
                groups.len() - 1
            });
            groups[place].runs.push(number);
            groups[place].steps += u64::from(self.settings[run.setting].planned_steps());
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.steps));
        self.tell_apart(&mut groups);
        Ok(groups)
    }

    /// Says of each group by which settings it is one of its own: those that are shared in an engine and of which groups have
    /// different values.
    fn tell_apart(&self, groups: &mut [Group]) {
        let first = |group: &Group| &self.runs[group.runs[0]];
        let of_axis = |a: usize, group: &Group| {
            let setting = &self.settings[first(group).setting];
            (self.axes[a].key.clone(), self.value_label(setting, a).to_string())
        };
        let held_out = |group: &Group| {
            let names = &first(group).hold_out;
            (HOLD_OUT.to_string(), if names.is_empty() { "none".into() } else { names.join(", ") })
        };
        let mut columns: Vec<Vec<(String, String)>> = Vec::new();
        for a in (0..self.axes.len()).filter(|a| !FREE.contains(&self.axes[*a].key.as_str())) {
            columns.push(groups.iter().map(|group| of_axis(a, group)).collect());
        }
        columns.push(groups.iter().map(held_out).collect());
        columns.retain(|column| column.iter().any(|value| *value != column[0]));
        for (g, group) in groups.iter_mut().enumerate() {
            group.apart = columns.iter().map(|column| column[g].clone()).collect();
        }
    }

    /// The hashes of all input files, tasks among them.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn input_files(&self, files: &mut FileHashes) -> Result<BTreeMap<PathBuf, String>> {
        let mut paths: BTreeSet<PathBuf> = self.task_files.clone();
        for setting in &self.settings {
            let mut config = setting.config().clone();
            paths.extend(config.files().into_iter().map(|(_, path)| path.clone()));
        }
        paths.into_iter().map(|path| Ok((path.clone(), files.of(&path)?.to_string()))).collect()
    }
}
