//! The report of a sweep, of made-up ones. Pages stay in the build directory (`sweep/*/report.html` under
//! `CARGO_TARGET_TMPDIR`), to be looked at.

mod common;
mod made_up_sweeps;

use aon::report::sweep::{SweepReport, write};
use made_up_sweeps::{Kind, large};
use std::path::PathBuf;

/// Writes the report, checks what holds for all, and returns the page.
fn page(name: &str, report: &SweepReport) -> (PathBuf, String) {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sweep").join(name);
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    write(&directory.join("report.html"), report).unwrap();
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    common::assert_well_formed(&html);
    for outside in ["http:", "https:", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "{name}: the page refers to {outside}");
    }
    (directory, html)
}

const LARGE: Kind = Kind { points: 24, seeds: 3, steps: 300, halves: false, confirms: true };

#[test]
fn looks() {
    let start = std::time::Instant::now();
    let (d, html) = page("large", &large(LARGE));
    eprintln!("{:?} {} kB {}", start.elapsed(), html.len() / 1000, d.display());
    page("halved", &large(Kind { halves: true, confirms: false, ..LARGE }));
}
