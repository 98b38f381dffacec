//! What `aon validate` says at its end.

use crate::analysis::statistics::{Interval, clopper_pearson, ks_uniform};
use crate::cli::output;
use crate::data::write_atomically;
use crate::error::Result;
use crate::perturb::validate::{Kind, Observed, Row, Verdict};
use std::fmt::Write as _;
use std::path::Path;

/// Prints the verdicts, and what became of the p values of lesions that mean nothing (`null`); writes them as `summary.csv`.
pub(crate) fn write(directory: &Path, rows: &[Row], null: &[f64]) -> Result<()> {
    let settings = [
        (Kind::Planted, Observed::All),
        (Kind::Planted, Observed::Half),
        (Kind::Null, Observed::All),
        (Kind::Null, Observed::Half),
    ];
    let verdicts: Vec<Verdict> = settings.into_iter().filter_map(|(k, o)| Verdict::of(rows, k, o)).collect();
    verdict_table(&verdicts);
    let plain = |mean: f64| Interval { mean, low: f64::NAN, high: f64::NAN };
    let mut csv = String::from("setting,quantity,value,low,high\n");
    let mut line = |setting: &str, quantity: &str, i: &Interval| {
        let numbers = [i.mean, i.low, i.high].map(|v| if v.is_finite() { v.to_string() } else { String::new() });
        // Writing to a String cannot fail.
        let _ = writeln!(csv, "{setting},{quantity},{}", numbers.join(","));
    };
    for v in &verdicts {
        let setting = format!("{} {}", v.kind.name(), v.observed.name());
        v.quantities().iter().for_each(|(quantity, interval)| line(&setting, quantity, interval));
    }
    if !null.is_empty() {
        let below = clopper_pearson(null.iter().filter(|p| **p < 0.05).count(), null.len(), 0.95);
        let uniformity = ks_uniform(null);
        output::say(format!(
            "\n{} random lesions of null teachers: p uniform, Kolmogorov–Smirnov p {uniformity:.3}; below 0.05 {}",
            null.len(),
            rate(&below)
        ));
        line("calibration", "lesions", &plain(null.len() as f64));
        line("calibration", "ks_p", &plain(uniformity));
        line("calibration", "false_positives_p", &below);
    }
    write_atomically(&directory.join("summary.csv"), |w| w.write_all(csv.as_bytes()))?;
    output::say(format!("\ntables     {}", directory.display()));
    Ok(())
}

fn verdict_table(verdicts: &[Verdict]) {
    output::say(format!(
        "{:<14}{:>9}{:>8}{:>12}{:>20}{:>22}{:>22}{:>13}{:>11}{:>9}",
        "teachers",
        "students",
        "R²",
        "input-only",
        "power (q)",
        "false (p)",
        "false (q)",
        "correlation",
        "contrast",
        "matched"
    ));
    for v in verdicts {
        output::say(format!(
            "{:<14}{:>9}{:>8.3}{:>12.3}{:>20}{:>22}{:>22}{:>13.2}{:>11.2}{:>9.2}",
            format!("{}, {}", v.kind.name(), v.observed.name()),
            v.teachers,
            v.r2,
            v.input_only,
            rate(&v.power),
            rate(&v.false_p),
            rate(&v.false_q),
            v.correlation,
            v.contrast_correlation,
            v.matched
        ));
    }
}

/// A share with its interval; a dash where there is none.
fn rate(interval: &Interval) -> String {
    if interval.mean.is_nan() {
        return "–".into();
    }
    format!("{:.3} ({:.3}–{:.3})", interval.mean, interval.low, interval.high)
}
