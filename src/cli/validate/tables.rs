//! What `aon validate` says at its end.

use crate::analysis::statistics::{Interval, clopper_pearson};
use crate::cli::output;
use crate::data::write_atomically;
use crate::error::Result;
use crate::perturb::validate::{Kind, NullLesion, Observed, Row, Verdict, uniformity};
use std::fmt::Write as _;
use std::path::Path;

/// p values of lesions that mean nothing.
pub(super) struct Calibration {
    /// How their controls were drawn.
    pub(super) name: &'static str,
    pub(super) lesions: Vec<NullLesion>,
}

/// Prints the verdicts and writes them as `summary.csv`.
pub(super) fn write(directory: &Path, rows: &[Row], calibrations: &[Calibration]) -> Result<()> {
    let settings = [
        (Kind::Planted, Observed::All),
        (Kind::Planted, Observed::Half),
        (Kind::Null, Observed::All),
        (Kind::Null, Observed::Half),
    ];
    let verdicts: Vec<Verdict> = settings.into_iter().filter_map(|(k, o)| Verdict::of(rows, k, o)).collect();
    let parts: Vec<Part> = calibrations.iter().flat_map(parts).collect();
    verdict_table(&verdicts);
    calibration_table(&parts);
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
    let plain = |mean: f64| Interval { mean, low: f64::NAN, high: f64::NAN };
    for part in &parts {
        let setting = format!("calibration {}", part.name);
        line(&setting, "lesions", &plain(part.count as f64));
        line(&setting, "ks_p", &plain(part.uniformity));
        line(&setting, "false_positives_p", &part.below);
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

/// Some lesions of a calibration.
struct Part {
    name: String,
    count: usize,
    uniformity: f64,
    below: Interval,
}

/// All of them, those that are compared whole, and those that are subsampled.
fn parts(calibration: &Calibration) -> [Part; 3] {
    let of = |name: &str, keep: &dyn Fn(&NullLesion) -> bool| {
        let lesions: Vec<NullLesion> = calibration.lesions.iter().copied().filter(keep).collect();
        Part {
            name: format!("{} {name}", calibration.name),
            count: lesions.len(),
            uniformity: uniformity(&lesions),
            below: clopper_pearson(lesions.iter().filter(|l| l.p < 0.05).count(), lesions.len(), 0.95),
        }
    };
    [of("all", &|_| true), of("whole", &|l| !l.subsampled), of("subsampled", &|l| l.subsampled)]
}

fn calibration_table(parts: &[Part]) {
    if parts.is_empty() {
        return;
    }
    output::say(format!("\n{:<20}{:>9}{:>16}{:>22}", "null lesions", "number", "KS p (uniform)", "share of p < 0.05"));
    for part in parts {
        output::say(format!("{:<20}{:>9}{:>16.4}{:>22}", part.name, part.count, part.uniformity, rate(&part.below)));
    }
}

/// A share with its interval; a dash where there is none.
fn rate(interval: &Interval) -> String {
    if interval.mean.is_nan() {
        return "–".into();
    }
    format!("{:.3} ({:.3}–{:.3})", interval.mean, interval.low, interval.high)
}
