//! Cells of CSV tables (RFC 4180).

/// A table of `rows` of cells.
pub(crate) fn csv(header: &str, rows: impl Iterator<Item = Vec<String>>) -> String {
    let lines: Vec<String> = rows.map(|cells| cells.join(",") + "\n").collect();
    format!("{header}\n{}", lines.concat())
}

/// A number to seven digits; empty where it is undefined.
pub(crate) fn csv_number(value: f64) -> String {
    if value.is_finite() { format!("{value:.6e}") } else { String::new() }
}

/// A text, quoted where it holds what would end it.
pub(crate) fn csv_text(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into() }
}
