//! `summary.csv` and `summary.json` of a batch, and its table on the terminal.

use super::notice::Divergence;
use super::summary::RunSummary;
use crate::engine::StopReason;
use crate::error::{Error, Result};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// What became of one network. Numbers that are not defined are absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunRow {
    seed: u64,
    /// Name of its directory.
    run: String,
    pub(super) steps: u32,
    /// `planned`, `target`, `patience` or `diverged`.
    stop_reason: String,
    /// Of the weights that are reported.
    loss: Option<f64>,
    /// Median over neurons of R² over all conditions that are not held out, and bins.
    median_r2: Option<f64>,
    /// The same of its input-only baseline.
    input_only_median_r2: Option<f64>,
    seconds: Option<f64>,
    /// R² of all neurons and bins of the held-out conditions; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_r2: Option<f64>,
}

impl RunRow {
    /// The row of the run in `directory`; none if it has not ended.
    ///
    /// # Errors
    /// If its summary cannot be read or is damaged.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>> {
        Ok(RunSummary::read(directory)?.map(|summary| Self::of(&summary, directory)))
    }

    /// The row of the run in `directory`.
    pub(super) fn of(summary: &RunSummary, directory: &Path) -> Self {
        Self {
            seed: summary.seed,
            run: name(directory),
            steps: summary.steps,
            stop_reason: summary.stop_reason.clone(),
            loss: summary.loss,
            median_r2: summary.fit.median_r2,
            input_only_median_r2: summary.baseline.input_only.as_ref().and_then(|b| b.fit.median_r2),
            seconds: Some(summary.seconds),
            held_out_r2: summary.held_out.as_ref().and_then(|h| h.model.r2),
        }
    }

    /// The row of a network that diverged.
    pub(super) fn diverged(divergence: &Divergence) -> Self {
        Self {
            seed: divergence.seed,
            run: name(&divergence.directory),
            steps: divergence.step,
            stop_reason: StopReason::Diverged.name().into(),
            loss: None,
            median_r2: None,
            input_only_median_r2: None,
            seconds: None,
            held_out_r2: None,
        }
    }

    /// Whether the fit was held against an input-only baseline.
    pub(super) fn has_baseline(&self) -> bool {
        self.input_only_median_r2.is_some()
    }
}

fn name(directory: &Path) -> String {
    directory.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A batch that has ended.
#[derive(Debug, Serialize)]
pub struct BatchSummary {
    /// Over the networks that did not diverge.
    median: Medians,
    /// Seeds of those that did.
    diverged: Vec<u64>,
    networks: Vec<RunRow>,
}

#[derive(Debug, Serialize)]
struct Medians {
    loss: Option<f64>,
    median_r2: Option<f64>,
    input_only_median_r2: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out_r2: Option<f64>,
}

impl BatchSummary {
    pub(super) fn new(networks: Vec<RunRow>) -> Self {
        let median = Medians {
            loss: median(networks.iter().filter_map(|r| r.loss)),
            median_r2: median(networks.iter().filter_map(|r| r.median_r2)),
            input_only_median_r2: median(networks.iter().filter_map(|r| r.input_only_median_r2)),
            held_out_r2: median(networks.iter().filter_map(|r| r.held_out_r2)),
        };
        let diverged =
            networks.iter().filter(|r| r.stop_reason == StopReason::Diverged.name()).map(|r| r.seed).collect();
        Self { median, diverged, networks }
    }

    /// Seeds of the networks that diverged.
    pub fn diverged(&self) -> &[u64] {
        &self.diverged
    }

    /// Every network.
    pub fn networks(&self) -> &[RunRow] {
        &self.networks
    }

    pub(super) fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self);
        json.map(|j| j + "\n").map_err(|e| Error::run(format!("cannot encode summary.json: {e}")))
    }

    /// One row per network; what is not defined is empty. The last column is there where conditions were held out.
    pub(super) fn to_csv(&self) -> String {
        let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
        let holds_out = self.median.held_out_r2.is_some();
        let mut csv = String::from("seed,run,steps,stop_reason,loss,median_r2,input_only_median_r2,seconds");
        csv.push_str(if holds_out { ",held_out_r2\n" } else { "\n" });
        for r in &self.networks {
            let numbers = [r.loss, r.median_r2, r.input_only_median_r2, r.seconds].map(number).join(",");
            let held_out = if holds_out { format!(",{}", number(r.held_out_r2)) } else { String::new() };
            let _ = writeln!(csv, "{},{},{},{},{numbers}{held_out}", r.seed, r.run, r.steps, r.stop_reason);
        }
        csv
    }

    /// The table, its last line the medians.
    pub fn to_text(&self) -> String {
        let width = self.networks.iter().map(|r| r.seed.to_string().len()).max().unwrap_or(0).max("median".len());
        let holds_out = self.median.held_out_r2.is_some();
        let held_out = |text: &str| if holds_out { format!("  {text:>11}") } else { String::new() };
        let mut text = format!(
            "{:<width$}  {:>7}  {:>8}  {:>10}  {:>9}  {:>13}{}\n",
            "seed",
            "steps",
            "ended",
            "loss",
            "median R²",
            "input-only R²",
            held_out("held-out R²")
        );
        let mut line = |seed: &str, steps: &str, ended: &str, numbers: [Option<f64>; 4]| {
            let number = |value: Option<f64>, digits: usize| value.map_or("–".into(), |v| format!("{v:.digits$}"));
            let [r2, input_only, beyond] = [1, 2, 3].map(|k| number(numbers[k], 3));
            let (loss, beyond) = (number(numbers[0], 4), held_out(&beyond));
            let _ =
                writeln!(text, "{seed:<width$}  {steps:>7}  {ended:>8}  {loss:>10}  {r2:>9}  {input_only:>13}{beyond}");
        };
        for r in &self.networks {
            let numbers = [r.loss, r.median_r2, r.input_only_median_r2, r.held_out_r2];
            line(&r.seed.to_string(), &r.steps.to_string(), &r.stop_reason, numbers);
        }
        let m = &self.median;
        line("median", "", "", [m.loss, m.median_r2, m.input_only_median_r2, m.held_out_r2]);
        text
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| f64::midpoint(values[(n - 1) / 2], values[n / 2]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_leave_out_what_diverged() {
        let diverged = |seed: u64, step: u32| {
            RunRow::diverged(&Divergence { seed, step, checkpoint: 0, directory: format!("out/seed-{seed}").into() })
        };
        let row = |seed: u64, loss: f64| RunRow {
            loss: Some(loss),
            median_r2: Some(1.0 - loss / 10.0),
            stop_reason: "planned".into(),
            ..diverged(seed, 30)
        };
        let rows = vec![row(3, 1.0), diverged(4, 7), row(5, 2.0)];
        let summary = BatchSummary::new(rows);
        assert_eq!((summary.median.loss, summary.median.input_only_median_r2), (Some(1.5), None));
        assert_eq!((summary.diverged(), summary.networks().len()), (&[4][..], 3));
        let csv = summary.to_csv();
        assert_eq!(csv.lines().nth(1), Some("3,seed-3,30,planned,1,0.9,,"));
        assert_eq!(csv.lines().nth(2), Some("4,seed-4,7,diverged,,,,"));
        let text = summary.to_text();
        assert!(text.lines().nth(2).unwrap().contains("diverged") && text.lines().last().unwrap().contains("1.5000"));
    }
}
