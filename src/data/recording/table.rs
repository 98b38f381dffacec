//! Tables of text, as people and programs write them: a header that may not be the first line, and any usual separator.

use crate::data::read_text;
use crate::error::{Error, Result};
use csv::StringRecord;
use std::path::{Path, PathBuf};

/// A table of named columns.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) path: PathBuf,
    /// What stands before the header.
    pub(super) preamble: Vec<StringRecord>,
    /// The names of the columns.
    pub(super) header: StringRecord,
    /// The rows below that are not empty.
    pub(super) rows: Vec<StringRecord>,
    /// Whether a comma in a number is its point.
    decimal_comma: bool,
}

/// Separators, in the order in which they are tried.
const SEPARATORS: [u8; 3] = *b",;\t";
/// A header stands among the first lines.
const HEADER_WITHIN: usize = 200;
/// So many bytes hold these.
const START: usize = 1 << 16;

impl Table {
    /// Reads the table whose header is the first line that `is_header`; `expected` says in an error what that is.
    pub(super) fn read(path: &Path, is_header: impl Fn(&StringRecord) -> bool, expected: &str) -> Result<Self> {
        let text = read_text(path)?;
        let found = SEPARATORS.iter().find_map(|separator| {
            let place = records(start(&text), *separator).take(HEADER_WITHIN).position(|r| is_header(&r))?;
            Some((*separator, place))
        });
        let Some((separator, place)) = found else {
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
            let found = if first.is_empty() { "an empty file".into() } else { quoted(first) };
            return Err(Error::variable(path, "header", expected, found, "Give the table a line with these names."));
        };
        let mut all = records(&text, separator);
        let preamble = all.by_ref().take(place).collect();
        let header = all.next().unwrap_or_default();
        let rows = all.filter(|record| record.iter().any(|cell| !cell.is_empty())).collect();
        let table = Self { path: path.to_path_buf(), preamble, header, rows, decimal_comma: separator != b',' };
        table.check_width()?;
        Ok(table)
    }

    /// Cells beyond the header belong to no column: most often a text with the separator in it that is not quoted.
    fn check_width(&self) -> Result<()> {
        let width = self.header.len();
        let is_wide = |row: &&StringRecord| row.iter().skip(width).any(|cell| !cell.is_empty());
        match self.rows.iter().find(is_wide) {
            None => Ok(()),
            Some(row) => Err(Error::variable(
                &self.path,
                &format!("line {}", line(row)),
                format!("{width} cells, as in the header"),
                row.len().to_string(),
                "Put texts that hold the separator into double quotes.",
            )),
        }
    }

    /// The column that has one of these names, as [`plain`] makes them; the first of `names` that there is.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|column| plain(column) == plain(name)))
    }

    /// As [`Self::column`]; an error where there is none.
    pub(super) fn required(&self, names: &[&str], remedy: &str) -> Result<usize> {
        let found = || format!("the columns {}", self.listing());
        self.column(names)
            .ok_or_else(|| Error::variable(&self.path, names[0], "a column of this name", found(), remedy))
    }

    /// The names of all columns, or of the first of many.
    pub(super) fn listing(&self) -> String {
        let names: Vec<&str> = self.header.iter().take(30).collect();
        names.join(", ")
    }

    /// The error that a cell is not what it should be.
    pub(super) fn error(&self, row: &StringRecord, column: usize, expected: &str, remedy: &str) -> Error {
        let place = format!("line {}, column {}", line(row), self.header.get(column).unwrap_or_default());
        let found = match cell(row, column) {
            "" => "nothing".into(),
            text => quoted(text),
        };
        Error::variable(&self.path, &place, expected, found, remedy)
    }

    /// A number that must be there.
    pub(super) fn number(&self, row: &StringRecord, column: usize, expected: &str) -> Result<f64> {
        match self.sample(row, column, expected)? {
            value if value.is_finite() => Ok(value),
            _ => Err(self.error(row, column, expected, "")),
        }
    }

    /// A number; NaN where the cell is empty or says so.
    pub(super) fn sample(&self, row: &StringRecord, column: usize, expected: &str) -> Result<f64> {
        let text = cell(row, column);
        if text.is_empty() || ["nan", "na", "n/a", "null"].contains(&text.to_lowercase().as_str()) {
            return Ok(f64::NAN);
        }
        let point = || if self.decimal_comma { text.replace(',', ".") } else { text.to_string() };
        text.parse().or_else(|_| point().parse()).map_err(|_| self.error(row, column, expected, ""))
    }

    /// A time in s, or in hours, minutes and s with colons between them.
    pub(super) fn time(&self, row: &StringRecord, column: usize) -> Result<f64> {
        const EXPECTED: &str = "a time in s";
        if !cell(row, column).contains(':') {
            return self.number(row, column, EXPECTED);
        }
        let seconds = cell(row, column).split(':').try_fold(0.0, |sum, part| {
            let part: f64 = part.trim().parse().ok().filter(|p: &f64| p.is_finite() && *p >= 0.0)?;
            Some(60.0 * sum + part)
        });
        seconds.ok_or_else(|| self.error(row, column, EXPECTED, ""))
    }
}

/// The cell of a row in that column; empty where the row is shorter.
pub(super) fn cell(row: &StringRecord, column: usize) -> &str {
    row.get(column).unwrap_or_default()
}

/// The text of a cell, unless it is empty.
pub(super) fn text(row: &StringRecord, column: Option<usize>) -> Option<String> {
    column.map(|c| cell(row, c)).filter(|t| !t.is_empty()).map(Into::into)
}

/// The line of the file that a row begins in.
pub(super) fn line(row: &StringRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A name without what differs between versions and spellings: case, blanks, brackets, and the u of British English.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    letters.collect::<String>().replace("behaviour", "behavior")
}

/// A text of a file in an error, shortened.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

fn records(text: &str, separator: u8) -> impl Iterator<Item = StringRecord> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(separator).trim(csv::Trim::All);
    // Text that is UTF-8 gives no error where rows may differ in length.
    reader.from_reader(text.as_bytes()).into_records().map_while(std::result::Result::ok)
}

/// The first lines.
fn start(text: &str) -> &str {
    let end = (0..=START.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        Table::read(&path, |r| r.iter().any(|c| plain(c) == "start"), "a column start")
    }

    #[test]
    fn separators_preambles_and_decimal_commas_are_found() {
        let table = read("Observation id;x\n\n\"a;b\";\nStart ; Behaviour\n1,5;\"eat; drink\"\n;\n2.5;b\n").unwrap();
        assert_eq!((table.preamble.len(), table.rows.len(), line(&table.rows[1])), (2, 2, 7));
        let (start, behaviour) = (table.column(&["START"]).unwrap(), table.column(&["behavior"]).unwrap());
        assert_eq!(table.number(&table.rows[0], start, "").unwrap(), 1.5);
        assert_eq!(cell(&table.rows[0], behaviour), "eat; drink");
        let table = read("x\tstart\r\n\t01:02:03.5\r\n").unwrap();
        assert_eq!(table.time(&table.rows[0], 1).unwrap(), 3723.5);
        assert_eq!(cell(&table.rows[0], 0), "");
    }

    #[test]
    fn what_is_no_table_or_number_is_named() {
        for (text, words) in [
            ("", "an empty file"),
            ("onset,offset\n1,2\n", "\"onset,offset\""),
            ("start,stop\n1,2,3\n", "line 2: expected 2 cells"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        let table = read("start,stop\n1,\nx,nan\n1:x,-\n").unwrap();
        for (row, column, words) in
            [(0, 1, "line 2, column stop: expected s, found nothing"), (1, 0, "\"x\""), (1, 1, "\"nan\"")]
        {
            let error = table.number(&table.rows[row], column, "s").unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(table.time(&table.rows[2], 0).is_err());
    }
}
