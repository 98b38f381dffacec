//! Whether a configuration still says what a run was trained with.

use super::{Config, Plan, TaskSource};
use crate::error::{Error, Result};
use crate::train::{Stamp, sha256};
use serde_json::{Map, Value};
use std::path::Path;

/// Settings that change no network or are held against something else: where files lie (their content is known by its
/// hash), what computes, how often a state is kept, how many steps are
/// planned, whether a baseline is trained beside.
const INCIDENTAL: [&str; 9] = [
    "data.firing_rates",
    "data.inhibitory_mask",
    "data.mirror",
    "data.stimulus",
    "network.init",
    "engine",
    "training.checkpoint_every",
    "training.baseline",
    // Each start of a run says how many it planned.
    "training.n_trials",
];

/// What the task calls things, which a network knows nothing of.
const LABELS: [&str; 6] = [
    "task.name",
    "task.areas.name",
    "task.conditions.name",
    "task.conditions.class",
    "task.conditions.go",
    "task.conditions.object",
];

impl Config {
    /// The settings as a manifest keeps them. (A setting that a later version adds is to be left out of files where it has
    /// the value that earlier versions meant, or their runs would seem changed.)
    ///
    /// # Errors
    /// If they cannot be written as JSON.
    pub fn to_json(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(|e| Error::run(format!("cannot write the settings: {e}.")))
    }

    /// Holds out what the run that was `trained` with these settings held out, also where conditions have new names.
    pub fn rename_held_out(&mut self, trained: &Value) {
        let TaskSource::Spec(task) = &self.task else { return };
        let names: Vec<&str> = names_of(trained, "held_out");
        let known = names_of(trained, "conditions");
        let renamed = names.iter().map(|name| {
            let number = known.iter().position(|k| k == name)?;
            task.conditions.get(number).map(|c| c.name.clone())
        });
        let renamed: Option<Vec<String>> = renamed.collect();
        if names == self.training.hold_out {
            self.training.hold_out = renamed.unwrap_or_else(|| self.training.hold_out.clone());
        }
    }

    /// The settings that decide what network comes of them, however long it is trained, as text.
    ///
    /// # Errors
    /// As [`Self::to_json`].
    fn essence(&self) -> Result<String> {
        let once = Self { networks: 1, ..self.clone() };
        let mut settings = flat(&with_numbers(&once.to_json()?));
        settings.retain(|name, _| !is_in(name, &INCIDENTAL) && !is_in(name, &LABELS));
        Ok(Value::Object(settings).to_string())
    }

    /// Refuses this configuration, which `file` holds, if it is not the one that a run was `trained` with. Labels may have
    /// changed: then it says which.
    ///
    /// # Errors
    /// Naming the first setting that differs.
    pub fn check_trained_with(&self, trained: &Value, file: &Path) -> Result<Option<String>> {
        let (then, now) = (flat(&with_numbers(trained)), flat(&with_numbers(&self.to_json()?)));
        let names = then.keys().chain(now.keys().filter(|name| !then.contains_key(*name)));
        let differing: Vec<&String> =
            names.filter(|name| then.get(*name) != now.get(*name) && !is_in(name, &INCIDENTAL)).collect();
        let text = |value: Option<&Value>| value.map_or("nothing".to_string(), Value::to_string);
        if let Some(name) = differing.iter().find(|name| !is_in(name, &LABELS)) {
            return Err(Error::input(format!(
                "{}: {name} is {}, but the run was trained with {}. Put it back, or start a new run.",
                file.display(),
                text(now.get(*name)),
                text(then.get(*name))
            )));
        }
        Ok(differing.first().map(|name| {
            format!(
                "{}: labels of the task have changed since the training, such as {name} from {} to {}; they are taken as they are now.",
                file.display(),
                text(then.get(*name)),
                text(now.get(*name))
            )
        }))
    }
}

impl Plan {
    /// What the files of one network's run carry of it. Its name is a digest of the settings that decide what the network
    /// becomes, and of the data.
    ///
    /// # Errors
    /// If the settings cannot be written as text.
    pub fn stamp(&self, network: usize) -> Result<Stamp> {
        let data = &self.config.data;
        let files = [&data.firing_rates, &data.inhibitory_mask, &data.stimulus, &self.config.network.init];
        let hashes = files.map(|path| path.as_ref().and_then(|p| self.inputs.get(p)).map_or("", String::as_str));
        let run = sha256(format!("{} {}", self.config_of(network).essence()?, hashes.join(" ")).as_bytes());
        Ok(Stamp { run, divisors: self.factors.as_ref().map(|f| f.0.clone()) })
    }
}

/// The names of `held_out` conditions in settings, or of all `conditions`.
fn names_of<'a>(settings: &'a Value, which: &str) -> Vec<&'a str> {
    let list = match which {
        "held_out" => &settings["training"]["hold_out"],
        _ => &settings["task"]["conditions"],
    };
    let name = |value: &'a Value| value.as_str().or_else(|| value["name"].as_str());
    list.as_array().into_iter().flatten().filter_map(name).collect()
}

/// Settings in which the conditions that are held out have numbers, whatever they are called.
fn with_numbers(settings: &Value) -> Value {
    let known = names_of(settings, "conditions");
    // By name, or else by number, as the setting is read.
    let number = |name: &str| {
        let named = known.iter().position(|k| *k == name).map(|k| k + 1);
        named.or_else(|| name.parse().ok()).map_or_else(|| Value::from(name), Value::from)
    };
    let numbers: Vec<Value> = names_of(settings, "held_out").into_iter().map(number).collect();
    let mut settings = settings.clone();
    if !numbers.is_empty() {
        settings["training"]["hold_out"] = Value::from(numbers);
    }
    settings
}

/// Every value that is no table or list of tables, by its path: `task.conditions[2].name`.
fn flat(settings: &Value) -> Map<String, Value> {
    fn gather(path: &str, value: &Value, all: &mut Map<String, Value>) {
        match value {
            Value::Object(table) => {
                let name = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                table.iter().for_each(|(key, value)| gather(&name(key), value, all));
            }
            Value::Array(list) if list.iter().any(Value::is_object) => {
                list.iter().zip(1..).for_each(|(value, k)| gather(&format!("{path}[{k}]"), value, all));
            }
            value => {
                all.insert(path.to_string(), value.clone());
            }
        }
    }
    let mut all = Map::new();
    gather("", settings, &mut all);
    all
}

/// Whether `name` is one of `settings`, or in one.
fn is_in(name: &str, settings: &[&str]) -> bool {
    let plain = name.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect::<String>();
    settings.iter().any(|s| plain == *s || plain.strip_prefix(s).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::super::Preset;
    use super::*;
    use crate::task::TaskSpec;

    type Change = fn(&mut Config);

    fn config() -> Config {
        let task = TaskSource::Spec(Box::new(TaskSpec::load("go-nogo").unwrap()));
        Config { task, ..Preset::Default.config() }
    }

    fn task(config: &mut Config) -> &mut TaskSpec {
        match &mut config.task {
            TaskSource::Spec(task) => task,
            TaskSource::Named(_) => unreachable!(),
        }
    }

    #[test]
    fn what_decides_the_network_is_refused_and_what_does_not_is_taken() {
        // As a manifest brings it back.
        let trained: Value = serde_json::from_str(&config().to_json().unwrap().to_string()).unwrap();
        let refused: [(Change, &str); 6] = [
            (|c| c.network.tau_max = 30.0, "network.tau_max is 30"),
            (|c| c.training.regularisation *= 1.0 + 1e-15, "training.regularisation"),
            (|c| task(c).areas[1].size += 1, "task.areas[2].size"),
            (|c| task(c).conditions[3].input = 7, "task.conditions[4].input"),
            (|c| c.training.hold_out = vec!["1".into()], "training.hold_out"),
            (|c| c.seed = 9, "seed is 9"),
        ];
        for (change, named) in refused {
            let mut changed = config();
            change(&mut changed);
            let error = changed.check_trained_with(&trained, Path::new("config.toml")).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("trained with"), "{error}");
        }
        let taken: [(Change, bool); 5] = [
            (|_| (), false),
            (|c| c.data.firing_rates = Some("elsewhere.mat".into()), false),
            (|c| c.engine.threads = Some(3), false),
            (|c| task(c).conditions[3].object = Some("ring".into()), true),
            (|c| task(c).areas[0].name = "PFG".into(), true),
        ];
        for (change, is_said) in taken {
            let mut changed = config();
            change(&mut changed);
            let remark = changed.check_trained_with(&trained, Path::new("config.toml")).unwrap();
            assert_eq!(remark.is_some(), is_said, "{remark:?}");
        }
    }
}
