//! Points that are left out.

use super::fields::{check_repeated, within};
use super::keys::{Keys, get};
use crate::error::{Error, Result, ensure};
use toml::{Table, Value};

/// One `[[exclude]]`: a point that has one of the values of every setting is left out.
#[derive(Clone, Debug)]
pub(super) struct Exclusion {
    /// How errors name it.
    pub(super) place: String,
    conditions: Vec<(String, Vec<Value>)>,
}

impl Exclusion {
    /// The exclusions of a specification, and their section with values as configurations hold them.
    pub(super) fn read_all(keys: &Keys, sections: Value) -> Result<(Vec<Self>, Value)> {
        let Value::Array(sections) = sections else {
            return Err(Error::input("write [[exclude]], in double brackets: there may be several."));
        };
        let all: Vec<Self> =
            sections.into_iter().zip(1..).map(|(s, n)| Self::read(keys, s, n)).collect::<Result<_>>()?;
        let resolved = all.iter().map(|e| {
            let values = e.conditions.iter().map(|(key, values)| (key.clone(), Value::Array(values.clone())));
            Value::Table(values.collect())
        });
        let resolved = Value::Array(resolved.collect());
        Ok((all, resolved))
    }

    fn read(keys: &Keys, section: Value, number: usize) -> Result<Self> {
        let place = format!("[[exclude]] {number}");
        let Value::Table(section) = section else {
            return Err(Error::input("write [[exclude]], in double brackets, and settings below it."));
        };
        let settings = keys.settings(section).map_err(within(&place))?;
        ensure!(
            !settings.is_empty(),
            "{place} is empty, and would leave out everything. Name settings and the values that do not go together."
        );
        let condition = |(key, _, value): (String, _, Value)| {
            let list = match value {
                Value::Array(list) => list,
                one => vec![one],
            };
            let place = format!("{place} `{key}`");
            ensure!(!list.is_empty(), "{place}: the list is empty. Give the values that are left out.");
            let values = list.iter().map(|v| keys.canonical(&key, v).map_err(within(&place)));
            let values = values.collect::<Result<Vec<_>>>()?;
            check_repeated(&place, &values)?;
            Ok((key, values))
        };
        let conditions = settings.into_iter().map(condition).collect::<Result<_>>()?;
        Ok(Self { place, conditions })
    }

    /// Whether a point of these settings is left out.
    pub(super) fn matches(&self, settings: &Table) -> bool {
        let is_one_of =
            |(key, values): &(String, Vec<Value>)| get(settings, key).is_some_and(|value| values.contains(value));
        self.conditions.iter().all(is_one_of)
    }

    /// The settings that it looks at.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.conditions.iter().map(|(key, _)| key.as_str())
    }
}
