//! The report of a card: one JSON file, and one page that needs nothing else.

mod figure;
mod page;
mod text;

use super::parts::html::write_page;
use crate::bench::card::CardReport;
use crate::data::write_atomically;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Where the two files of a report go that is asked for as `path`: with or without one of their endings.
pub fn files(path: &Path) -> [PathBuf; 2] {
    let ours = path.extension().is_some_and(|e| e == "json" || e == "html");
    let stem = if ours { path.with_extension("") } else { path.to_path_buf() };
    ["json", "html"].map(|ending| {
        let mut name = stem.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    })
}

/// Writes both files, whose folder is made.
///
/// # Errors
/// If a file cannot be written.
pub fn write(path: &Path, report: &CardReport) -> Result<()> {
    let [json, html] = files(path);
    if let Some(folder) = json.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    let text = serde_json::to_string_pretty(report);
    let text = text.map_err(|e| Error::run(format!("cannot write the report as JSON: {e}.")))?;
    write_page(&html, &page::html(report)?)?;
    write_atomically(&json, |file| file.write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_files_stand_side_by_side() {
        for (asked, json) in [("a/h100", "a/h100.json"), ("h100.html", "h100.json"), ("v1.2", "v1.2.json")] {
            let page = json.replace(".json", ".html");
            assert_eq!(files(Path::new(asked)), [PathBuf::from(json), PathBuf::from(page)]);
        }
    }
}
