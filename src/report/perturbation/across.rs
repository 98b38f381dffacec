//! What holds over several runs.

use super::data::AcrossReport;
use super::effects::column_name;
use super::intervals::{Mark, Strip, chosen, draw_strips, height};
use super::words::{ASTERISK, distinct, key_number, names, short};
use crate::analysis::statistics::Interval;
use crate::error::Result;
use crate::perturb::{ConsistencyRow, FEWEST_RUNS, SIGNIFICANT, SeedRow};
use crate::report::parts::canvas::{COLD, Drawing, HPos, WARM, draw};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::lines::{Legend, Pen, colour};
use crate::report::parts::marks::Words;
use crate::report::parts::matrix::{Cell, Matrix, colour_bar, plain};

const NAMES: f64 = 236.0;
/// Above the cells: colour bar and names of the columns.
const HEAD: f64 = 104.0;
const ROW: f64 = 36.0;
/// Room for the names of the runs.
const RUNS: f64 = 250.0;
/// Between matrices of runs; numbers of the runs stand in it.
const BETWEEN: f64 = 36.0;
/// Above matrices of runs: colour bar, headings, and numbers of the runs.
const TOP: f64 = 92.0;

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
    let rows = plain(names(report.lesions));
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
    let caption = format!(
        "Mean effect of each lesion over all runs: the lesion minus its controls, in the units of the measure, with its own \
         sign; below it the runs whose effect has the sign of the mean. Orange: more harm than the controls (a lower R², \
         accuracy or self–other distance, a larger spectral radius, remaining kick or saturated fraction), blue: less. Effects \
         and agreement are described, not tested: runs share their cells, and agree about them whatever their labels. Bold \
         with an asterisk answers another question, whether the labels say which cells matter: {ASTERISK} (by mean ranks over \
         the runs, labels dealt once for all of them). Grey: no comparison. Numbers: seeds.csv (setting “all”)."
    );
    Ok(Some(Figure { name: "across-effects", title: "Effects over runs", caption, drawing }))
}

fn effect_cell(report: &AcrossReport, lesion: usize, measure: usize, scale: f64) -> Cell {
    if report.lesions[lesion].neurons.is_empty() {
        return Cell::without("empty");
    }
    let found = row(report, lesion, measure, "all").filter(|r| r.effect.mean.is_finite());
    let Some(r) = found else { return Cell::without("–") };
    let harm = report.keys[measure].harm * r.effect.mean;
    let strength = if scale > 0.0 { harm.abs() / scale } else { 0.0 };
    let lines = vec![format!("{}{}", short(r.effect.mean, 2), star(r)), agreement(r)];
    Cell { bold: r.q < SIGNIFICANT, ..Cell::signed(harm, strength, lines) }
}

/// Behind a number, where labels say which cells matter in the measure.
fn star(row: &SeedRow) -> &'static str {
    if row.q < SIGNIFICANT { " *" } else { "" }
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
    if columns.is_empty() || report.lesions.is_empty() || report.rows.is_empty() {
        return Ok(None);
    }
    let strip = |measure: &usize| {
        let rows = marks(report, *measure, &|r| r.effect, &|_| String::new());
        Strip::of(&report.keys[*measure], "lesion − controls", rows)
    };
    let drawing = by_setting(report, &columns.iter().map(strip).collect::<Vec<Strip>>())?;
    let caption = format!(
        "The lesion minus its controls: mean over the runs of each setting (tick) and 95 % interval (bar) of Student's t over \
         runs, joint for all lesions and scopes of the measure (Bonferroni; normal distribution of runs assumed). {RUNS_ONLY} \
         Numbers: seeds.csv."
    );
    Ok(Some(Figure { name: "across-settings", title: "Effects by setting", caption, drawing }))
}

/// Whether labels say which cells matter, by setting.
pub(super) fn superiority(report: &AcrossReport) -> Result<Option<Figure>> {
    let Some(measure) = key_number(report.keys, "r2_change", "all") else { return Ok(None) };
    if !report.rows.iter().any(|r| r.measure == measure && r.superiority.mean.is_finite()) {
        return Ok(None);
    }
    let note = |found: Option<&SeedRow>| {
        let Some(r) = found else { return "–".into() };
        let s = r.superiority;
        let ends =
            if s.low.is_finite() { format!(" ({}–{})", short(s.low, 2), short(s.high, 2)) } else { String::new() };
        format!("{}{ends}{}", short(s.mean, 2), star(r))
    };
    let title = "ΔR², all neurons".into();
    let axis = "superiority of the lesion's cells over like cells (harm →)".into();
    let rows = marks(report, measure, &|r| r.superiority, &note);
    let drawing = by_setting(report, &[Strip { title, axis, rows, origin: 0.5 }])?;
    let caption = format!(
        "Do the labels say which cells matter? The probability that a cell of the lesion, lesioned alone, does more harm to R² \
         of all other neurons than a like cell that the lesion spares; grey line, 0.5: the labels say nothing. Mean over the runs \
         of each setting (tick) and 95 % interval (bar) of Student's t over runs, joint for all lesions and scopes of the \
         measure. {RUNS_ONLY} An interval beside 0.5 is not what says that labels matter. Asterisk: {ASTERISK} (by mean ranks \
         over the runs, labels dealt once for all of them). –: no like cells, or none with a value. Numbers: seeds.csv \
         (superiority, p, q)."
    );
    Ok(Some(Figure { name: "across-cells", title: "Single cells over runs", caption, drawing }))
}

/// What intervals over runs are about.
const RUNS_ONLY: &str = "It says how much networks differ that training of the setting makes of these data from other seeds; cells, \
    labels and controls are the same in each. Fewer than five runs have none.";

/// The settings, or `all` where there is one.
pub(super) fn settings_of(report: &AcrossReport) -> Vec<String> {
    let several: Vec<String> = distinct(report.rows.iter().map(|r| r.setting.clone()).filter(|s| s != "all"));
    if several.is_empty() { vec!["all".to_string()] } else { several }
}

/// How many runs of the report have the setting.
pub(super) fn runs_of(report: &AcrossReport, setting: &str) -> usize {
    report.settings.iter().filter(|s| setting == "all" || *s == setting).count()
}

/// An interval of each lesion and setting, `[lesions][settings]`, with a note about it.
fn marks(
    report: &AcrossReport,
    measure: usize,
    of: &dyn Fn(&SeedRow) -> Interval,
    note: &dyn Fn(Option<&SeedRow>) -> String,
) -> Vec<Vec<Mark>> {
    let settings = settings_of(report);
    let mark = |lesion: usize, k: usize| {
        let none = Interval { mean: f64::NAN, low: f64::NAN, high: f64::NAN };
        let found = row(report, lesion, measure, &settings[k]);
        let note = note(found);
        let found = found.map_or(none, of);
        let bar = (found.low, found.mean, found.high);
        Mark { bar, dot: f64::NAN, ring: f64::NAN, colour: colour(k), note }
    };
    (0..report.lesions.len()).map(|l| (0..settings.len()).map(|k| mark(l, k)).collect()).collect()
}

/// Strips of [`marks`] below what their colours mean.
fn by_setting(report: &AcrossReport, strips: &[Strip]) -> Result<Drawing> {
    let names = plain(names(report.lesions));
    let entry = |(k, s): (usize, String)| {
        let runs = runs_of(report, &s);
        let (noun, few) =
            (if runs == 1 { "run" } else { "runs" }, if runs < FEWEST_RUNS { ": too few for an interval" } else { "" });
        (format!("{s} ({runs} {noun}{few})"), Pen::solid(colour(k), 6.0))
    };
    let legend = Legend::new(settings_of(report).into_iter().enumerate().map(entry));
    let top = legend.height() + 8.0;
    draw(WIDTH, top + height(strips), |root, _| {
        legend.draw(root, 0.0)?;
        draw_strips(root, strips, &names, top)
    })
}

/// Whether runs found the same weights, whether lesions do the same to them, and whether the same cells matter.
pub(super) fn consistency(report: &AcrossReport) -> Result<Option<Figure>> {
    if report.consistency.is_empty() {
        return Ok(None);
    }
    let (runs, width) = (report.names.len(), (WIDTH - RUNS - 2.0 * BETWEEN) / 3.0);
    let side = (width / runs as f64).min(52.0);
    let cell = (side, side.max(15.0));
    let named = |(k, (name, setting)): (usize, (&String, &String))| format!("{} {name} · {setting}", k + 1);
    let names: Vec<String> = report.names.iter().zip(report.settings).enumerate().map(named).collect();
    let numbers: Vec<String> = (1..=runs).map(|k| k.to_string()).collect();
    let matrices: [(&str, Correlation); 3] = [
        ("weights (Pearson's r)", |r| r.weights),
        ("effects of lesions (Spearman's ρ)", |r| r.effects),
        ("harm of single cells (Spearman's ρ)", |r| r.cells),
    ];
    let drawing = draw(WIDTH, TOP + cell.1 * runs as f64 + 6.0, |root, _| {
        colour_bar(root, (RUNS, 2.0), ((COLD, "−1"), (WARM, "1")), "correlation")?;
        for (k, (title, value)) in matrices.into_iter().enumerate() {
            let left = RUNS + (width + BETWEEN) * k as f64;
            Words::ink(13.0, HPos::Left).bold(true).draw(root, title, left, TOP - 32.0)?;
            // Not every number, where there is no room.
            for c in (0..runs).step_by((13.0 / side).ceil() as usize) {
                Words::ink(10.0, HPos::Center).draw(root, &numbers[c], left + (c as f64 + 0.5) * side, TOP - 10.0)?;
            }
            let (rows, room) = if k == 0 { (&names, RUNS) } else { (&numbers, BETWEEN - 8.0) };
            let (rows, cells) = (plain(rows.clone()), pairs(report, value, side >= 34.0));
            Matrix { origin: (left, TOP), names: room, cell, rows: &rows, columns: &[], cells: &cells }.draw(root)?;
        }
        Ok(())
    })?;
    let caption = "Every pair of runs. Left: correlation of their effective weights over pairs of different neurons. Middle: \
                   rank correlation of what the lesions do to the fit of each scope. Right: rank correlation of what each \
                   cell, lesioned alone, does to R² of all other neurons: whether the same cells matter. Described, not \
                   tested: runs see the same data, and alike ones need not be right. Numbers: consistency.csv."
        .into();
    Ok(Some(Figure { name: "consistency", title: "Consistency of the runs", caption, drawing }))
}

/// How alike two runs are in one respect.
type Correlation = fn(&ConsistencyRow) -> f64;

/// A correlation of every pair of runs, `[runs][runs]`, written where there is room.
fn pairs(report: &AcrossReport, value: Correlation, written: bool) -> Vec<Vec<Cell>> {
    let runs = report.names.len();
    let of = |a: usize, b: usize| report.consistency.iter().find(|r| r.runs == (a, b) || r.runs == (b, a)).map(value);
    let cell = |a: usize, b: usize| match of(a, b) {
        _ if a == b => Cell::default(),
        Some(r) if r.is_finite() => Cell::signed(r, r.abs(), if written { vec![short(r, 2)] } else { Vec::new() }),
        _ => Cell::without("–"),
    };
    (0..runs).map(|a| (0..runs).map(|b| cell(a, b)).collect()).collect()
}
