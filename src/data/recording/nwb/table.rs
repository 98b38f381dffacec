//! Tables of NWB: a group with a dataset per column, and with the ends of its rows where a column is ragged.

use super::super::hdf5::{Column, Hdf5, Object, Target};
use super::walk::label;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::ops::Range;

/// A table of a file.
pub(super) struct Table<'a> {
    pub(super) file: &'a Hdf5,
    pub(super) object: Object,
    columns: BTreeMap<String, Object>,
    pub(super) rows: usize,
}

impl<'a> Table<'a> {
    /// The table in a group; `counting` is the column whose rows count where there is no `id`.
    pub(super) fn open(file: &'a Hdf5, object: &Object, counting: &str) -> Result<Self> {
        let mut columns = BTreeMap::new();
        for (name, target) in file.members(object)? {
            match target {
                Target::Here(column) if column.is_dataset => drop(columns.insert(name, column)),
                Target::Elsewhere(other) => return Err(file.elsewhere(&format!("{}/{name}", object.path), &other)),
                Target::Here(_) | Target::Nowhere => {}
            }
        }
        let rows = match columns.get("id").or_else(|| columns.get(counting)) {
            Some(column) => file.shape(column)?.first().copied().unwrap_or(1),
            None => 0,
        };
        Ok(Self { file, object: object.clone(), columns, rows })
    }

    /// How it is called.
    pub(super) fn label(&self) -> &str {
        label(&self.object.path)
    }

    /// Its columns, without those that only say where rows end.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let is_index = |name: &str| name.strip_suffix("_index").is_some_and(|n| self.columns.contains_key(n));
        self.columns.keys().map(String::as_str).filter(move |name| *name != "id" && !is_index(name))
    }

    /// Its columns in a sentence.
    pub(super) fn listed(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        format!("{} ({})", self.label(), if names.is_empty() { "no columns".into() } else { names.join(", ") })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    pub(super) fn column_object(&self, name: &str) -> Option<&Object> {
        self.columns.get(name)
    }

    /// The rows of a ragged column; `None` if it has one value a row.
    pub(super) fn ends(&self, name: &str) -> Result<Option<Vec<Range<usize>>>> {
        let Some(index) = self.columns.get(&format!("{name}_index")) else {
            return Ok(None);
        };
        let values = match self.columns.get(name) {
            Some(column) => self.file.shape(column)?.first().copied().unwrap_or(0),
            None => 0,
        };
        let ends = self.file.numbers(index)?;
        let mut rows = Vec::with_capacity(ends.len());
        let mut start = 0;
        for end in ends {
            if !(end >= start as f64 && end <= values as f64) {
                let expected = format!("ends of rows that ascend up to {values}, the length of `{name}`");
                return Err(self.file.fault(
                    &index.path,
                    expected,
                    format!("{end} after {start}"),
                    "Write the table again.",
                ));
            }
            rows.push(start..end as usize);
            start = end as usize;
        }
        self.check_rows(index, rows.len())?;
        Ok(Some(rows))
    }

    /// The values of a column that has one a row.
    pub(super) fn column(&self, name: &str) -> Result<Option<Column>> {
        let Some(object) = self.columns.get(name) else {
            return Ok(None);
        };
        let column = self.file.column(object)?;
        self.check_rows(object, column.len())?;
        Ok(Some(column))
    }

    /// As [`Table::column`], of numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>> {
        match (self.column(name)?, self.columns.get(name)) {
            (Some(Column::Numbers(values)), _) => Ok(Some(values)),
            (Some(Column::Texts(_)), Some(object)) => {
                Err(self.file.fault(&object.path, "numbers", "texts", "Save them as numbers."))
            }
            _ => Ok(None),
        }
    }

    /// As [`Table::column`], as texts without blanks around them.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let trimmed = |column: Column| column.texts().iter().map(|t| t.trim().to_string()).collect();
        Ok(self.column(name)?.map(trimmed))
    }

    /// The first number of each row, of a column that has one number or several a row.
    pub(super) fn first_numbers(&self, name: &str) -> Result<Option<Vec<f64>>> {
        let Some(object) = self.columns.get(name) else {
            return Ok(None);
        };
        let shape = self.file.shape(object)?;
        let width = shape.iter().skip(1).product::<usize>().max(1);
        self.check_rows(object, shape.first().copied().unwrap_or(1))?;
        Ok(Some(self.file.numbers(object)?.into_iter().step_by(width).collect()))
    }

    /// The first of `names` that is a column.
    pub(super) fn first_of<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.has(name))
    }

    /// An error about this table.
    pub(super) fn fault(
        &self,
        expected: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Error {
        self.file.fault(&self.object.path, expected, found, remedy)
    }

    fn check_rows(&self, object: &Object, rows: usize) -> Result<()> {
        if rows == self.rows {
            return Ok(());
        }
        let expected = format!("as many rows as the table, {}", self.rows);
        Err(self.file.fault(&object.path, expected, rows.to_string(), "Write the table again."))
    }
}
