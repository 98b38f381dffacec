//! Tables in a terminal.

/// The widest column; longer texts lose their beginning, for paths differ at their end.
const WIDEST: usize = 32;

/// A cell, and whether it is a number.
pub(crate) type Cell = (String, bool);

/// Columns as wide as their widest cell, numbers to the right.
pub(crate) fn aligned(table: &[Vec<Cell>]) -> String {
    let columns = table.first().map_or(0, Vec::len);
    let cut = |text: &str| {
        let length = text.chars().count();
        if length <= WIDEST {
            text.to_string()
        } else {
            format!("…{}", text.chars().skip(length + 1 - WIDEST).collect::<String>())
        }
    };
    let width = |c: usize| table.iter().map(|row| cut(&row[c].0).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<Cell>| {
        let cell = |((text, number), width): (&Cell, &usize)| {
            let (text, width) = (cut(text), *width);
            if *number { format!("{text:>width$}") } else { format!("{text:<width$}") }
        };
        let cells: Vec<String> = row.iter().zip(&widths).map(cell).collect();
        cells.join("  ").trim_end().to_string() + "\n"
    };
    table.iter().map(line).collect::<Vec<_>>().concat()
}
