//! The fields of a section, taken out one by one; what is left is refused.

use super::nearest::nearest;
use crate::error::{Error, Result, ensure};
use toml::{Table, Value};

/// A section, and how errors name it.
pub(super) struct Fields {
    /// `[halving]`, or nothing for the whole specification.
    place: String,
    known: &'static [&'static str],
    table: Table,
}

impl Fields {
    /// The fields of a section, which may have those that are `known`.
    ///
    /// # Errors
    /// If it is no section, or has a field of another name.
    pub(super) fn of(place: &str, value: Value, known: &'static [&'static str]) -> Result<Self> {
        let Value::Table(table) = value else {
            return Err(Error::input(format!("{place} must be a section of its own, found `{value}`.")));
        };
        if let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) {
            let near = nearest(unknown, known.iter().copied());
            return Err(Error::input(format!(
                "{place} has no `{unknown}`. Did you mean `{near}`? It takes {}.",
                known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")
            )));
        }
        Ok(Self { place: place.into(), known, table })
    }

    /// The value of a field, if it is given.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        debug_assert!(self.known.contains(&name), "{name} is no field of {}", self.place);
        self.table.remove(name)
    }

    /// A field that must be there.
    pub(super) fn required(&mut self, name: &str) -> Result<Value> {
        self.take(name).ok_or_else(|| Error::input(format!("{} lacks `{name}`.", self.place)))
    }

    /// A whole number from `least` on, if it is given.
    pub(super) fn count(&mut self, name: &str, least: u64) -> Result<Option<u64>> {
        self.take(name).map(|value| whole(&format!("{} `{name}`", self.place), &value, least)).transpose()
    }
}

/// A whole number from `least` on.
pub(super) fn whole(place: &str, value: &Value, least: u64) -> Result<u64> {
    let number = value.as_integer().and_then(|n| u64::try_from(n).ok()).filter(|n| *n >= least);
    number.ok_or_else(|| Error::input(format!("{place}: expected a whole number from {least} on, found {value}.")))
}

/// A list of at least one entry.
pub(super) fn list(place: &str, value: Value) -> Result<Vec<Value>> {
    let Value::Array(list) = value else {
        return Err(Error::input(format!("{place}: expected a list in square brackets, found {value}.")));
    };
    ensure!(!list.is_empty(), "{place}: the list is empty. Give at least one value, or leave it out.");
    Ok(list)
}

/// Refuses a list that has a value twice.
pub(super) fn check_repeated<T: std::fmt::Display>(place: &str, values: &[T]) -> Result<()> {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    let mut seen = std::collections::HashSet::new();
    match texts.iter().find(|text| !seen.insert(text.as_str())) {
        Some(text) => Err(Error::input(format!("{place}: {text} is repeated. Give each value once."))),
        None => Ok(()),
    }
}

/// Says where in the specification a fault of input is.
pub(super) fn within(place: &str) -> impl Fn(Error) -> Error {
    move |error| match error {
        Error::Input(sentence) => Error::Input(format!("{place}: {sentence}")),
        unreadable @ Error::Io { .. } => Error::Input(format!("{place}: {unreadable}.")),
        other => other,
    }
}
