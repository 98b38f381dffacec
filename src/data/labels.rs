//! Labels of neurons from a CSV table with a row for each: `labels.csv` and `training/neurons.csv` of a tuning study, or any like
//! them.

use crate::data::read_text;
use crate::error::{Error, Result};
use std::path::Path;

/// The column of classes.
pub const CLASS: &str = "class";

/// Whether `path` is a table of labels, by its name.
pub(super) fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

/// The labels of `neurons` neurons in `column` of the table at `path`, `[N]`; its rows are in the order of the neurons.
///
/// # Errors
/// If the file cannot be read, is no table of UTF-8 text with such a column, or has another number of rows.
pub fn read_labels(path: &Path, column: &str, neurons: usize) -> Result<Vec<String>> {
    let table = Table::read(path)?;
    let Some(place) = table.place(column) else {
        return Err(table.wrong(&format!("a column {column:?}"), &format!("the columns {}", table.names.join(", "))));
    };
    table.labels(place, neurons)
}

/// Which neurons have the label `name`, `[N]`: where there is a column of that name, those with 1, or `true`, in it; else those whose
/// class it is.
pub(super) fn read_mask(path: &Path, name: &str, neurons: usize) -> Result<Vec<bool>> {
    let table = Table::read(path)?;
    if let Some(place) = table.place(name) {
        let is = |(row, label): (usize, &String)| match label.to_lowercase().as_str() {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err(table.wrong(&format!("0 or 1 in column {name:?}"), &format!("{label:?} for neuron {}", row + 1))),
        };
        return table.labels(place, neurons)?.iter().enumerate().map(is).collect();
    }
    let Some(place) = table.place(CLASS) else {
        let columns = table.names.join(", ");
        return Err(table.wrong(&format!("a column {name:?} or {CLASS:?}"), &format!("the columns {columns}")));
    };
    Ok(table.labels(place, neurons)?.iter().map(|label| label == name).collect())
}

/// A table with named columns.
struct Table<'a> {
    path: &'a Path,
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl<'a> Table<'a> {
    fn read(path: &'a Path) -> Result<Self> {
        let text = read_text(path)?;
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.trim(csv::Trim::All).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let fault = |e: csv::Error| Error::input(format!("{} is no table: {e}.", path.display()));
        let names = reader.headers().map_err(fault)?.iter().map(String::from).collect();
        Ok(Self { path, names, rows: reader.records().collect::<csv::Result<_>>().map_err(fault)? })
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }

    fn labels(&self, place: usize, neurons: usize) -> Result<Vec<String>> {
        if self.rows.len() != neurons {
            return Err(self.wrong(
                &format!("{neurons} rows, one for each neuron in the order of the rates"),
                &format!("{} (`training/neurons.csv` has those that networks are trained on)", self.rows.len()),
            ));
        }
        Ok(self.rows.iter().map(|row| row.get(place).unwrap_or_default().to_string()).collect())
    }

    fn wrong(&self, expected: &str, found: &str) -> Error {
        Error::input(format!("{}: expected {expected}, found {found}.", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\u{feff}neuron, class ,reward\n1,mirror,1\n\"2, left\",self,FALSE\n3,none,0\n";

    fn with<T>(text: &str, read: impl Fn(&Path) -> Result<T>) -> Result<T> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn labels_and_masks_are_read_by_column() {
        assert_eq!(with(TABLE, |p| read_labels(p, "class", 3)).unwrap(), ["mirror", "self", "none"]);
        assert_eq!(with(TABLE, |p| read_labels(p, "neuron", 3)).unwrap()[1], "2, left");
        assert_eq!(with(TABLE, |p| read_mask(p, "mirror", 3)).unwrap(), [true, false, false]);
        assert_eq!(with(TABLE, |p| read_mask(p, "reward", 3)).unwrap(), [true, false, false]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, words) in [
            (TABLE.replace("none,0", "none,2"), "expected 0 or 1 in column \"reward\", found \"2\" for neuron 3"),
            (
                TABLE.replace("3,none,0\n", ""),
                "expected 3 rows, one for each neuron in the order of the rates, found 2",
            ),
            (TABLE.replace("reward", "other").replace("class", "kind"), "a column \"reward\" or \"class\""),
            (TABLE.replace("3,none,0", "3,none"), "is no table"),
            (String::new(), "a column \"reward\" or \"class\""),
        ] {
            let error = with(&text, |p| read_mask(p, "reward", 3)).unwrap_err();
            assert!(error.to_string().contains(words) && error.exit_code() == 2, "{error}");
        }
        assert!(with("a\n1\n", |p| read_labels(p, "class", 1)).unwrap_err().to_string().contains("the columns a"));
    }
}
