//! The tables of a sweep as files: one row a run.

use super::data::{Run, RunState, SweepReport};
use crate::data::{NamedArray, csv, csv_number, csv_text};
use ndarray::{Array1, Array2};

/// Columns of `runs.csv` beside the axes.
const BEFORE: [&str; 2] = ["hash", "setting"];
const AFTER: [&str; 16] = [
    "seed",
    "hold_out",
    "phase",
    "state",
    "reason",
    "steps",
    "objective",
    "loss",
    "median_r2",
    "held_out_r2",
    "input_only_r2",
    "input_only_held_out_r2",
    "seconds",
    "host",
    "engine",
    "path",
];

/// The text of `runs.csv`: a row for each run, in the order of the report (RFC 4180).
///
/// Columns are `hash`, `setting` (its number, from 1), one for each axis under its key, `seed`, `hold_out`, `phase` (`search` or
/// `confirmation`), `state`, `reason`, `steps`, `objective` (as the specification names it), `loss`, `median_r2`, `held_out_r2`,
/// `input_only_r2`, `input_only_held_out_r2`, `seconds`, `host`, `engine`, `path`. A number that there is not is an empty
/// field, which pandas and MATLAB read as NaN; reasons are in one line. An axis whose key is a column's name gets an underscore.
pub fn runs_csv(report: &SweepReport) -> String {
    let fixed = |key: &str| BEFORE.contains(&key) || AFTER.contains(&key);
    let axis = |key: &str| if fixed(key) { format!("{key}_") } else { csv_text(key) };
    let axes = report.axes.iter().map(|a| axis(&a.key));
    let header: Vec<String> =
        BEFORE.iter().map(ToString::to_string).chain(axes).chain(AFTER.map(String::from)).collect();
    csv(&header.join(","), report.runs.iter().map(|run| row(report, run)))
}

fn row(report: &SweepReport, run: &Run) -> Vec<String> {
    let number = |value: Option<f64>| csv_number(value.unwrap_or(f64::NAN));
    let mut cells = vec![csv_text(&run.hash), (run.setting + 1).to_string()];
    cells.extend(report.settings[run.setting].values.iter().map(|v| csv_text(&v.text)));
    cells.extend([
        run.seed.to_string(),
        csv_text(run.hold_out.as_deref().unwrap_or("")),
        if run.confirmation { "confirmation" } else { "search" }.into(),
        run.state.label().into(),
        csv_text(&run.why()),
        run.steps.to_string(),
    ]);
    cells.extend(
        [run.objective, run.loss, run.median_r2, run.held_out_r2, run.input_only_r2, run.input_only_held_out_r2]
            .map(number),
    );
    cells.push(number(Some(run.seconds)));
    cells.extend([&run.host, &run.engine].map(|text| csv_text(text)));
    cells.push(csv_text(&run.path.to_string_lossy()));
    cells
}

/// What `curves.npz` holds, its rows those of `runs.csv`: `losses [runs × steps]` with NaN after the end of a run,
/// `objective [runs]` with NaN where there is none, `setting [runs]` (from 1), `ended [runs]`, and `hash [runs × letters]` as
/// bytes, filled up with zeros.
pub fn curves(report: &SweepReport) -> Vec<NamedArray> {
    let runs = &report.runs;
    let steps = runs.iter().map(|r| r.losses.len()).max().unwrap_or(0);
    let mut losses = Array2::from_elem((runs.len(), steps), f32::NAN);
    let letters = runs.iter().map(|r| r.hash.len()).max().unwrap_or(0);
    let mut hashes = Array2::<u8>::zeros((runs.len(), letters));
    for (k, run) in runs.iter().enumerate() {
        losses.row_mut(k).iter_mut().zip(&run.losses).for_each(|(to, from)| *to = *from);
        hashes.row_mut(k).iter_mut().zip(run.hash.bytes()).for_each(|(to, from)| *to = from);
    }
    let objective: Array1<f64> = runs.iter().map(|r| r.objective.unwrap_or(f64::NAN)).collect();
    let setting: Array1<f64> = runs.iter().map(|r| (r.setting + 1) as f64).collect();
    let ended: Array1<bool> = runs.iter().map(|r| r.state == RunState::Ended).collect();
    vec![
        NamedArray::new("losses", losses),
        NamedArray::new("objective", objective),
        NamedArray::new("setting", setting),
        NamedArray::new("ended", ended),
        NamedArray::new("hash", hashes),
    ]
}
