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
    /// Those that are known, so that files need not be there.
    pub fn known(hashes: &BTreeMap<PathBuf, String>) -> Self {
        Self(hashes.clone())
    }

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

#[cfg(test)]
mod tests {
    use super::super::keys::{get, set, sweepable_keys};
    use super::*;
    use toml::Table;

    /// Words that some setting takes.
    const WORDS: [&str; 9] = ["none", "postsynaptic", "clamp", "peak", "published", "gamma", "constant", "l1", "fresh"];

    /// A configuration in which every file is given, with a file of its own in `directory`.
    fn config(directory: &Path) -> Config {
        let mut config = Config::of_every_setting();
        (config.networks, config.training.hold_out) = (1, vec!["2".into()]);
        for (setting, path) in config.files() {
            *path = directory.join(setting);
            std::fs::write(&path, setting).unwrap();
        }
        config
    }

    /// The configuration with another value of `key`.
    fn changed(config: &Config, key: &str) -> Config {
        let table = config.to_table().unwrap();
        let with = |value: toml::Value| {
            let mut table: Table = table.clone();
            set(&mut table, key, value);
            Config::from_table(table).ok().filter(|changed| changed != config)
        };
        let one = match get(&table, key).unwrap() {
            toml::Value::Integer(n) => with((n / 2 + 1).into()),
            toml::Value::Float(x) => with((0.5 * x + 0.125).into()),
            toml::Value::Boolean(b) => with((!b).into()),
            toml::Value::Array(list) => {
                let other = if list.is_empty() { "W" } else { "1" };
                with(vec![toml::Value::from(other)].into())
            }
            _ if key == "task" => with("go-nogo-published".into()),
            _ => WORDS.iter().find_map(|word| with((*word).into())),
        };
        one.unwrap_or_else(|| panic!("no other value of {key} is known"))
    }

    #[test]
    fn every_setting_but_the_incidental_ones_changes_the_hash() {
        let directory = tempfile::tempdir().unwrap();
        let (config, mut files) = (config(directory.path()), FileHashes::default());
        let paths: Vec<String> = config.clone().files().iter().map(|(setting, _)| (*setting).to_string()).collect();
        let (hash, group) = (run_hash(&config, &mut files).unwrap(), group_key(&config, &mut files).unwrap());
        assert!(hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{hash}");
        let mut keys = sweepable_keys().unwrap();
        keys.extend(["seed".into(), "preset".into()]);
        for key in keys.iter().filter(|key| !paths.iter().any(|p| key.ends_with(&format!(".{p}")))) {
            let other = changed(&config, key);
            assert_ne!(run_hash(&other, &mut files).unwrap(), hash, "{key}");
            let is_apart = group_key(&other, &mut files).unwrap() != group;
            assert_eq!(is_apart, !FREE.contains(&key.as_str()), "{key}");
        }
        for key in INCIDENTAL {
            let mut other = config.clone();
            match key {
                "engine" => (other.engine.threads, other.engine.adapter) = (Some(3), Some("GPU".into())),
                _ => other = changed(&config, "training.checkpoint_every"),
            }
            other.networks = 5;
            assert_eq!(run_hash(&other, &mut files).unwrap(), hash, "{key}");
        }
    }

    #[test]
    fn files_count_by_their_content() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (config, elsewhere) = (config(here.path()), config(there.path()));
        let mut files = FileHashes::default();
        let (hash, group) = (run_hash(&config, &mut files).unwrap(), group_key(&config, &mut files).unwrap());
        assert_eq!(run_hash(&elsewhere, &mut files).unwrap(), hash);
        for (setting, path) in elsewhere.clone().files() {
            std::fs::write(&*path, "other").unwrap();
            let mut fresh = FileHashes::default();
            assert_ne!(run_hash(&elsewhere, &mut fresh).unwrap(), hash, "{setting}");
            assert_eq!(group_key(&elsewhere, &mut fresh).unwrap() != group, setting != "init", "{setting}");
            // Files are read once.
            assert_eq!(run_hash(&elsewhere, &mut files).unwrap(), hash);
            std::fs::write(&*path, setting).unwrap();
        }
        std::fs::remove_file(there.path().join("mirror")).unwrap();
        let error = run_hash(&elsewhere, &mut FileHashes::default()).unwrap_err();
        assert!(error.exit_code() == 2 && error.to_string().contains("mirror"), "{error}");
    }

    /// Names of runs stand on disks: when this fails, runs of before are no longer found.
    #[test]
    fn the_hash_stays_as_it_is() {
        let mut config = crate::config::Preset::Default.config();
        // As it was when the name was taken.
        config.training.regularisation = 1e-3;
        assert_eq!(run_hash(&config, &mut FileHashes::default()).unwrap(), "2a9a9b469f0436f5");
        let whole = Config { task: TaskSource::Spec(Box::new(config.task.load().unwrap())), ..config.clone() };
        assert_eq!(
            run_hash(&whole, &mut FileHashes::default()).unwrap(),
            run_hash(&config, &mut FileHashes::default()).unwrap()
        );
    }

    #[test]
    fn the_order_of_keys_is_none_of_the_hash() {
        let mut text = String::new();
        write_sorted(&serde_json::json!({ "b": [1, { "z": null, "a": "\"" }], "a": 0.1 }), &mut text);
        assert_eq!(text, r#"{"a":0.1,"b":[1,{"a":"\"","z":null,},],}"#);
    }
}
