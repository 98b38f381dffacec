//! What a validation says at its end.

use crate::analysis::statistics::{Interval, clopper_pearson, ks_uniform};
use crate::data::write_atomically;
use crate::error::Result;
use crate::perturb::validate::{Kind, Observed, Row, Verdict};
use std::fmt::Write as _;
use std::path::Path;

/// What students and lesions that mean nothing said.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Of each kind of teacher and of what was recorded of it.
    pub verdicts: Vec<Verdict>,
    /// What became of lesions that mean nothing; `None` where none were made.
    pub calibration: Option<Calibration>,
}

/// p values of random lesions of null teachers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// How many lesions.
    pub lesions: usize,
    /// p of the Kolmogorov–Smirnov test that they are uniform.
    pub uniformity: f64,
    /// The share below 0.05, with its interval.
    pub below: Interval,
}

impl Validation {
    /// Of the rows of students, and the p values of lesions that mean nothing.
    pub(super) fn of(rows: &[Row], null: &[f64]) -> Self {
        let settings = [
            (Kind::Planted, Observed::All),
            (Kind::Planted, Observed::Half),
            (Kind::Null, Observed::All),
            (Kind::Null, Observed::Half),
        ];
        let calibration = (!null.is_empty()).then(|| Calibration {
            lesions: null.len(),
            uniformity: ks_uniform(null),
            below: clopper_pearson(null.iter().filter(|p| **p < 0.05).count(), null.len(), 0.95),
        });
        Self { verdicts: settings.into_iter().filter_map(|(k, o)| Verdict::of(rows, k, o)).collect(), calibration }
    }

    /// As a table for the terminal.
    pub fn to_text(&self) -> String {
        let mut text = String::from(
            "teachers       students      R²  input-only           power (q)             false (p)             false (q)  correlation   contrast  matched",
        );
        for v in &self.verdicts {
            let who = format!("{}, {}", v.kind.name(), v.observed.name());
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n{who:<14}{:>9}{:>8.3}{:>12.3}{:>20}{:>22}{:>22}{:>13.2}{:>11.2}{:>9.2}",
                v.teachers,
                v.r2,
                v.input_only,
                rate(&v.power),
                rate(&v.false_p),
                rate(&v.false_q),
                v.correlation,
                v.contrast_correlation,
                v.matched
            );
        }
        if let Some(c) = &self.calibration {
            let (lesions, p, below) = (c.lesions, c.uniformity, rate(&c.below));
            let _ = write!(
                text,
                "\n\n{lesions} random lesions of null teachers: p uniform, Kolmogorov–Smirnov p {p:.3}; below 0.05 {below}"
            );
        }
        text
    }

    /// Writes it as `summary.csv`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let plain = |mean: f64| Interval { mean, low: f64::NAN, high: f64::NAN };
        let mut csv = String::from("setting,quantity,value,low,high\n");
        let mut line = |setting: &str, quantity: &str, i: &Interval| {
            let numbers = [i.mean, i.low, i.high].map(|v| if v.is_finite() { v.to_string() } else { String::new() });
            // Writing to a String cannot fail.
            let _ = writeln!(csv, "{setting},{quantity},{}", numbers.join(","));
        };
        for v in &self.verdicts {
            let setting = format!("{} {}", v.kind.name(), v.observed.name());
            v.quantities().iter().for_each(|(quantity, interval)| line(&setting, quantity, interval));
        }
        if let Some(c) = &self.calibration {
            line("calibration", "lesions", &plain(c.lesions as f64));
            line("calibration", "ks_p", &plain(c.uniformity));
            line("calibration", "false_positives_p", &c.below);
        }
        write_atomically(&directory.join("summary.csv"), |w| w.write_all(csv.as_bytes()))
    }
}

/// A share with its interval; a dash where there is none.
fn rate(interval: &Interval) -> String {
    if interval.mean.is_nan() {
        return "–".into();
    }
    format!("{:.3} ({:.3}–{:.3})", interval.mean, interval.low, interval.high)
}
