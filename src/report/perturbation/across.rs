//! What holds over several runs.

use super::super::canvas::{COLD, WARM, draw, heading};
use super::super::figures::{Figure, WIDTH, part};
use super::AcrossReport;
use super::effects::column_name;
use super::intervals::{Mark, Strip, chosen, draw_strips, height};
use super::lines::{Legend, Pen, colour};
use super::matrix::{Cell, Matrix, colour_bar};
use super::summary::excludes_zero;
use super::words::{distinct, key_number, short};
use crate::error::Result;
use crate::perturb::SeedRow;

const NAMES: f64 = 236.0;
/// Above the cells: colour bar and names of the columns.
const HEAD: f64 = 104.0;
const ROW: f64 = 36.0;
/// Room for the names of the runs.
const RUNS: f64 = 226.0;

/// The row of a lesion, measure and setting.
fn row<'a>(report: &'a AcrossReport, lesion: usize, measure: usize, setting: &str) -> Option<&'a SeedRow> {
    report.rows.iter().find(|r| r.lesion == lesion && r.measure == measure && r.setting == setting)
}

/// The measures of the matrix.
pub(super) fn columns(report: &AcrossReport) -> Vec<usize> {
    let mut columns = chosen(report.keys);
    for extra in ["kick_remaining", "saturated_fraction_change"] {
        columns.extend(key_number(report.keys, extra, "all"));
    }
    columns
}

/// Mean effects over all runs.
pub(super) fn effects(report: &AcrossReport) -> Result<Option<Figure>> {
    let columns = columns(report);
    if columns.is_empty() || report.lesions.is_empty() || report.rows.is_empty() {
        return Ok(None);
    }
    let lesions = 0..report.lesions.len();
    let rows: Vec<(String, String)> = report.lesions.iter().map(|l| (l.name.clone(), String::new())).collect();
    let largest = |measure: usize| {
        let means = lesions.clone().filter_map(|l| row(report, l, measure, "all")).map(|r| r.effect.mean.abs());
        means.filter(|m| m.is_finite()).fold(0.0, f64::max)
    };
    let scales: Vec<f64> = columns.iter().map(|m| largest(*m)).collect();
    let cells: Vec<Vec<Cell>> = lesions
        .clone()
        .map(|l| columns.iter().zip(&scales).map(|(m, scale)| effect_cell(report, l, *m, *scale)).collect())
        .collect();
    let names: Vec<(String, String)> = columns.iter().map(|m| column_name(&report.keys[*m])).collect();
    let cell = (((WIDTH - NAMES) / columns.len() as f64).min(110.0), ROW);
    let drawing = draw(WIDTH, HEAD + ROW * rows.len() as f64 + 4.0, |root, _| {
        let title = "effect, relative to the largest of its column";
        colour_bar(root, (NAMES, 6.0), ((COLD, "less harm"), (WARM, "more harm")), title)?;
        Matrix { origin: (NAMES, HEAD), names: NAMES, cell, rows: &rows, columns: &names, cells: &cells }.draw(root)
    })?;
    let caption = "Mean effect of each lesion over all runs: the lesion minus its controls, in the units of the measure, with \
                   its own sign; below it the runs whose effect has the sign of the mean. Orange: more harm than the \
                   controls (a lower R², accuracy or self–other distance, a larger spectral radius, remaining kick or \
                   saturated fraction), blue: less. Bold with an asterisk: the 95 % interval of the hierarchical bootstrap \
                   (runs, then controls) excludes zero; intervals are not corrected for their number. Grey: no \
                   comparison. Numbers: seeds.csv (setting “all”)."
        .into();
    Ok(Some(Figure { name: "across-effects", title: "Effects over runs", caption, drawing }))
}

fn effect_cell(report: &AcrossReport, lesion: usize, measure: usize, scale: f64) -> Cell {
    let none = |words: &str| Cell { lines: vec![words.into()], ..Cell::default() };
    if report.lesions[lesion].neurons.is_empty() {
        return none("empty");
    }
    let found = row(report, lesion, measure, "all").filter(|r| r.effect.mean.is_finite());
    let Some(r) = found else { return none("–") };
    let harm = report.keys[measure].harm * r.effect.mean;
    let bold = excludes_zero(r);
    let strength = if scale > 0.0 { harm.abs() / scale } else { 0.0 };
    Cell {
        tint: Some((if harm < 0.0 { COLD } else { WARM }, strength)),
        lines: vec![format!("{}{}", short(r.effect.mean, 2), if bold { " *" } else { "" }), agreement(r)],
        bold,
        framed: false,
    }
}

/// `4/5` runs, or a share where that is no whole number of them.
fn agreement(row: &SeedRow) -> String {
    let runs = row.same_sign * row.runs as f64;
    if !runs.is_finite() {
        "–".into()
    } else if (runs - runs.round()).abs() < 1e-6 {
        format!("{runs:.0}/{}", row.runs)
    } else {
        format!("{:.0} %", 100.0 * row.same_sign)
    }
}

/// Effects of each setting with intervals.
pub(super) fn settings(report: &AcrossReport) -> Result<Option<Figure>> {
    let columns = chosen(report.keys);
    let several: Vec<String> = distinct(report.rows.iter().map(|r| r.setting.clone()).filter(|s| s != "all"));
    let settings = if several.is_empty() { vec!["all".to_string()] } else { several };
    if columns.is_empty() || report.lesions.is_empty() || report.rows.is_empty() {
        return Ok(None);
    }
    let mark = |lesion: usize, measure: usize, k: usize| {
        let found = row(report, lesion, measure, &settings[k]);
        let (mean, low, high) =
            found.map_or((f64::NAN, f64::NAN, f64::NAN), |r| (r.effect.mean, r.effect.low, r.effect.high));
        Mark { bar: (low, mean, high), dot: f64::NAN, ring: f64::NAN, colour: colour(k), note: String::new() }
    };
    let marks = |lesion: usize, measure: usize| (0..settings.len()).map(|k| mark(lesion, measure, k)).collect();
    let strip = |measure: &usize| {
        let rows = (0..report.lesions.len()).map(|l| marks(l, *measure)).collect();
        Strip::of(&report.keys[*measure], "lesion − controls", rows)
    };
    let strips: Vec<Strip> = columns.iter().map(strip).collect();
    let names: Vec<(String, String)> = report.lesions.iter().map(|l| (l.name.clone(), String::new())).collect();
    let entry =
        |(k, s): (usize, &String)| (if s == "all" { "all runs".into() } else { s.clone() }, Pen::solid(colour(k), 6.0));
    let legend = Legend::new(settings.iter().enumerate().map(entry));
    let top = legend.height() + 8.0;
    let drawing = draw(WIDTH, top + height(&strips), |root, _| {
        legend.draw(root, 0.0)?;
        draw_strips(root, &strips, &names, top)
    })?;
    let caption = "The lesion minus its controls: mean over the runs of each setting (tick) and 95 % interval of the \
                   hierarchical bootstrap over runs and controls (bar). One run has no interval. Numbers: seeds.csv."
        .into();
    Ok(Some(Figure { name: "across-settings", title: "Effects by setting", caption, drawing }))
}

/// Whether runs found the same weights, and whether lesions do the same to them.
pub(super) fn consistency(report: &AcrossReport) -> Result<Option<Figure>> {
    let runs = report.names.len();
    if report.consistency.is_empty() {
        return Ok(None);
    }
    let half = WIDTH / 2.0;
    let side = ((half - RUNS - 10.0) / runs as f64).min(52.0);
    let rows: Vec<(String, String)> = report
        .names
        .iter()
        .zip(report.settings)
        .enumerate()
        .map(|(k, (name, setting))| (format!("{} {name} · {setting}", k + 1), String::new()))
        .collect();
    let columns: Vec<(String, String)> =
        (0..runs).map(|k| (if side >= 14.0 { (k + 1).to_string() } else { String::new() }, String::new())).collect();
    let cells = |value: &dyn Fn((usize, usize)) -> Option<f64>| -> Vec<Vec<Cell>> {
        let cell = |a: usize, b: usize| match (a == b, value((a.min(b), a.max(b)))) {
            (true, _) => Cell::default(),
            (_, Some(r)) if r.is_finite() => Cell {
                tint: Some((if r < 0.0 { COLD } else { WARM }, r.abs())),
                lines: if side >= 34.0 { vec![short(r, 2)] } else { Vec::new() },
                ..Cell::default()
            },
            _ => Cell { lines: vec!["–".into()], ..Cell::default() },
        };
        (0..runs).map(|a| (0..runs).map(|b| cell(a, b)).collect()).collect()
    };
    let of = |pair: (usize, usize)| {
        report.consistency.iter().find(|r| (r.runs.0.min(r.runs.1), r.runs.0.max(r.runs.1)) == pair)
    };
    let weights = cells(&|pair| of(pair).map(|r| r.weights));
    let effects = cells(&|pair| of(pair).map(|r| r.effects));
    let drawing = draw(WIDTH, HEAD + side.max(15.0) * runs as f64 + 6.0, |root, _| {
        let both = [("weights (Pearson's r)", &weights), ("effects of lesions on the fit (Spearman's ρ)", &effects)];
        for (k, (title, cells)) in both.into_iter().enumerate() {
            let panel = part(root, half * k as f64, 0.0, half, HEAD + side.max(15.0) * runs as f64 + 6.0);
            heading(&panel, title)?;
            if k == 0 {
                colour_bar(&panel, (2.0, 32.0), ((COLD, "−1"), (WARM, "1")), "correlation")?;
            }
            let (origin, cell) = ((RUNS, HEAD), (side, side.max(15.0)));
            Matrix { origin, names: RUNS, cell, rows: &rows, columns: &columns, cells }.draw(&panel)?;
        }
        Ok(())
    })?;
    let caption =
        "Every pair of runs. Left: correlation of their effective weights over pairs of different neurons. Right: \
         rank correlation of what the lesions do to the fit of each scope. Numbers: consistency.csv."
            .into();
    Ok(Some(Figure { name: "consistency", title: "Consistency of the runs", caption, drawing }))
}
