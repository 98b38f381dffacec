//! The settings that can be swept.

use super::nearest::nearest;
use crate::config::{Config, Preset};
use crate::error::{Error, Result, ensure};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// The setting that is averaged over as seeds are.
pub(super) const HOLD_OUT: &str = "training.hold_out";

/// The setting of the task.
pub(super) const TASK: &str = "task";

/// Settings, and sections of them, that cannot be swept, and why.
const NOT_SWEPT: [(&str, &str); 5] = [
    ("engine", "what computes is chosen once, for all runs, in [base] or on the command line"),
    ("networks", "a sweep trains as many networks as it has settings and seeds. Give `seeds`"),
    ("preset", "it stands for many settings. Sweep these, or choose it in [base]"),
    ("seed", "every setting is trained with all seeds. Give `seeds = 3`, or a list, at the top of the specification"),
    ("training.checkpoint_every", "it changes no network. Give it in [base]"),
];

/// What the values of a setting are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// Whole numbers.
    Integer,
    /// Numbers.
    Number,
    /// Lists of words, for which one word may stand.
    List,
    /// Anything else.
    Other,
}

/// All settings of a configuration, by their dotted names.
pub(super) struct Keys {
    kinds: BTreeMap<String, KeyKind>,
    /// What values are tried on.
    defaults: Table,
}

/// The settings that can be swept, by their dotted names, sorted.
///
/// # Errors
/// If the settings cannot be listed, which is a fault of this program.
pub fn sweepable_keys() -> Result<Vec<String>> {
    let keys = Keys::new()?;
    Ok(keys.kinds.into_keys().filter(|key| why_not(key).is_none()).collect())
}

impl Keys {
    pub(super) fn new() -> Result<Self> {
        let mut kinds = BTreeMap::new();
        gather("", &Config::of_every_setting().to_table()?, &mut kinds);
        Ok(Self { kinds, defaults: Preset::Default.config().to_table()? })
    }

    /// Refuses a setting that there is not, or that cannot be swept; else says what its values are.
    pub(super) fn check(&self, key: &str) -> Result<KeyKind> {
        if let Some(why) = why_not(key) {
            return Err(Error::input(format!("`{key}` cannot be swept: {why}.")));
        }
        ensure!(
            !is_in(key, TASK),
            "`{key}` cannot be swept: a task is swept whole. Give `task = [\"a.toml\", \"b.toml\"]`, names or files."
        );
        self.kinds.get(key).copied().ok_or_else(|| {
            let known = self.kinds.keys().map(String::as_str).filter(|key| why_not(key).is_none());
            Error::input(format!("there is no setting `{key}`. Did you mean `{}`?", nearest(key, known)))
        })
    }

    /// The settings of a section with their values, whether `"network.gain" = …` was written or `network.gain = …`.
    ///
    /// # Errors
    /// If a setting cannot be swept, or stands there twice.
    pub(super) fn settings(&self, section: Table) -> Result<Vec<(String, KeyKind, Value)>> {
        let mut found = Vec::new();
        self.flatten("", section, &mut found);
        found.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(pair) = found.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::input(format!("`{}` stands there twice. Leave one out.", pair[0].0)));
        }
        found.into_iter().map(|(key, value)| Ok((key.clone(), self.check(&key)?, value))).collect()
    }

    fn flatten(&self, prefix: &str, section: Table, found: &mut Vec<(String, Value)>) {
        for (name, value) in section {
            let key = joined(prefix, &name);
            match value {
                Value::Table(inner) if !self.kinds.contains_key(&key) && !inner.is_empty() => {
                    self.flatten(&key, inner, found);
                }
                value => found.push((key, value)),
            }
        }
    }

    /// A value as a configuration holds it, so that equal values look the same: numbers of their kind, paths absolute, the
    /// weights of a run in place of its directory, a list in place of one word.
    ///
    /// # Errors
    /// If the setting does not take it.
    pub(super) fn canonical(&self, key: &str, value: &Value) -> Result<Value> {
        let kind = self.check(key)?;
        let refused = |why: &dyn std::fmt::Display| Error::input(format!("`{key} = {value}`: {}.", ended(why)));
        let taken = match (kind, value) {
            (KeyKind::List, Value::Array(list)) => Value::Array(list.iter().map(word).collect()),
            (KeyKind::List, one) => Value::Array(vec![word(one)]),
            (_, value) => value.clone(),
        };
        if key == TASK && !taken.is_str() {
            return Err(refused(&"expected the name or the file of a task"));
        }
        let mut table = self.defaults.clone();
        set(&mut table, key, taken);
        let mut config = Config::from_table(table).map_err(|why| refused(&why))?;
        config.resolve_files()?;
        if key == TASK {
            config.task.load()?;
            config.task.resolve_path()?;
        }
        // An empty list is left out of files.
        Ok(get(&config.to_table()?, key).cloned().unwrap_or_else(|| Value::Array(Vec::new())))
    }
}

/// Conditions have numbers, too.
fn word(value: &Value) -> Value {
    match value {
        Value::Integer(number) => Value::String(number.to_string()),
        other => other.clone(),
    }
}

fn ended(why: &dyn std::fmt::Display) -> String {
    why.to_string().trim_end_matches('.').to_string()
}

fn why_not(key: &str) -> Option<&'static str> {
    NOT_SWEPT.iter().find(|(name, _)| key == *name || is_in(key, name)).map(|(_, why)| *why)
}

fn is_in(key: &str, section: &str) -> bool {
    key.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'))
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
}

fn gather(prefix: &str, table: &Table, kinds: &mut BTreeMap<String, KeyKind>) {
    for (name, value) in table {
        let key = joined(prefix, name);
        match value {
            Value::Table(inner) if key != TASK => gather(&key, inner, kinds),
            value => {
                kinds.insert(key, kind(value));
            }
        }
    }
}

fn kind(value: &Value) -> KeyKind {
    match value {
        Value::Integer(_) => KeyKind::Integer,
        Value::Float(_) => KeyKind::Number,
        Value::Array(_) => KeyKind::List,
        Value::String(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => KeyKind::Other,
    }
}

/// The value of a setting.
pub(super) fn get<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => get(table.get(section)?.as_table()?, rest),
        None => table.get(key),
    }
}

/// Gives a setting a value.
pub(super) fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        Some((section, rest)) => {
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                set(section, rest, value);
            }
        }
        None => {
            table.insert(key.into(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_a_configuration_is_known() {
        let keys = sweepable_keys().unwrap();
        assert_eq!(keys.len(), 31, "{keys:?}");
        for key in ["task", "data.stimulus", "network.init", HOLD_OUT, "training.adam.epsilon", "training.baseline"] {
            assert!(keys.iter().any(|k| k == key), "{key}");
        }
    }

    #[test]
    fn what_cannot_be_swept_says_why() {
        let keys = Keys::new().unwrap();
        for (key, words) in [
            ("engine.threads", "chosen once"),
            ("engine", "chosen once"),
            ("networks", "`seeds`"),
            ("seed", "`seeds = 3`"),
            ("preset", "[base]"),
            ("training.checkpoint_every", "changes no network"),
            ("task.stimulus.noise", "swept whole"),
            ("learning_rate", "mean `training.learning_rate`"),
            ("network.gian", "mean `network.gain`"),
            ("sead", "no setting `sead`"),
            ("training.adam", "no setting"),
            ("", "no setting"),
        ] {
            let error = keys.check(key).unwrap_err();
            assert!(error.to_string().contains(words) && error.exit_code() == 2, "{error}");
        }
    }

    #[test]
    fn equal_values_look_the_same() {
        let keys = Keys::new().unwrap();
        let canonical = |text: &str, key: &str| {
            let table: Table = format!("v = {text}").parse().unwrap();
            keys.canonical(key, &table["v"]).map(|v| v.to_string())
        };
        assert_eq!(canonical("1", "network.gain").unwrap(), "1.0");
        assert_eq!(canonical("7", HOLD_OUT).unwrap(), "[\"7\"]");
        assert_eq!(canonical("['a', 3]", HOLD_OUT).unwrap(), "[\"a\", \"3\"]");
        assert_eq!(canonical("[]", HOLD_OUT).unwrap(), "[]");
        assert_eq!(canonical("'W'", "network.freeze").unwrap(), "[\"W\"]");
        assert_eq!(canonical("'go-nogo'", TASK).unwrap(), "\"go-nogo\"");
        let file = canonical("'x/FR.mat'", "data.firing_rates").unwrap();
        assert!(file.ends_with("x/FR.mat\"") && file.len() > 12, "{file}");
        for (text, key) in [
            ("'much'", "network.gain"),
            ("0.5", "training.n_trials"),
            ("-1", "training.n_trials"),
            ("5000000000", "training.patience"),
            ("'sideways'", "network.dale"),
            ("'no-such-task'", TASK),
            ("{ name = 'x' }", TASK),
            ("[1.5]", HOLD_OUT),
            ("1", "training.baseline"),
        ] {
            let error = canonical(text, key).unwrap_err();
            assert!(error.exit_code() == 2, "{key} = {text}: {error}");
        }
    }
}
