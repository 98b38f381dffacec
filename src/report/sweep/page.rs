//! The page around the figures.

use super::factors::shown;
use super::failures::reasons;
use super::rungs;
use super::shares::Shares;
use super::standings::{Replicates, Standing, beside, runs_of};
use super::summary::sentences;
use super::view::{View, between, value};
use crate::report::parts::figure::Figure;
use crate::report::parts::html::{
    begin, begin_table, choices, end, end_table, escape, headline, number_cells, section,
};
use crate::report::parts::words::{duration, short};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Settings in the table of the best.
const BEST: usize = 15;
/// Reasons in their table.
const REASONS: usize = 20;
/// Seeds whose values are written out.
const SEEDS: usize = 12;

pub(super) fn html(view: &View, shares: &Shares, figures: &[Figure]) -> String {
    let title = escape(&shown(&view.report.title));
    let mut page = begin(&title);
    let found = sentences(view, shares);
    let _ = writeln!(page, "<h1><bdi>{title}</bdi></h1>\n<p class=\"lead\">{}</p>", escape(&found[0]));
    headline(&mut page, &numbers(view));
    for note in &view.report.notes {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(&shown(note)));
    }
    if found.len() > 1 {
        page.push_str("<section>\n<h2>What was found</h2>\n<ul>\n");
        for sentence in &found[1..] {
            let _ = writeln!(page, "<li>{}</li>", escape(sentence));
        }
        page.push_str("</ul>\n</section>\n");
    }
    best(&mut page, view);
    for figure in figures {
        section(&mut page, figure);
    }
    failed(&mut page, view);
    halving(&mut page, view);
    time(&mut page, view);
    choices(&mut page, "What was done", &view.report.choices);
    end(&mut page);
    page
}

fn numbers(view: &View) -> Vec<(String, String)> {
    use super::data::RunState;
    let label = escape(&view.objective());
    let first = view.ranked().next();
    let mut numbers = vec![(first.map_or("–".into(), |s| value(s.decisive().median)), format!("best {label}"))];
    let input_only = first.map(|s| beside(view.report, s, |r| r.input_only(&view.report.objective.name)));
    if let Some(v) = input_only.filter(|v| v.is_finite()) {
        numbers.push((value(v), "the same, input-only".into()));
    }
    let seconds: f64 = view.report.runs.iter().map(|r| r.seconds).filter(|s| s.is_finite()).sum();
    numbers.extend([
        (view.report.settings.len().to_string(), "settings".into()),
        (view.report.runs.len().to_string(), "runs".into()),
        (view.count(RunState::Ended).to_string(), "ended".into()),
        (view.count(RunState::Diverged).to_string(), "diverged".into()),
        (duration(seconds), "in engines, all runs together".into()),
    ]);
    numbers
}

fn best(page: &mut String, view: &View) {
    let ranked: Vec<&Standing> = view.ranked().take(BEST).collect();
    if ranked.is_empty() {
        return;
    }
    let (all, label) = (view.ranked().count(), escape(&view.objective()));
    let confirmed = ranked.iter().any(|s| s.is_confirmed());
    let has = |value: fn(&super::data::Run) -> Option<f64>| view.report.runs.iter().any(|r| value(r).is_some());
    let held_out = has(|r| r.held_out_r2);
    let mut columns = vec!["##".to_string()];
    columns.extend(view.factors.iter().map(|f| escape(&f.name)));
    let of = |phase: &str| [format!("#{phase}: median"), "#Mean (95 % interval)".into(), "Each seed".into()];
    if confirmed {
        columns.extend(of("Confirmed"));
    }
    columns.extend(of("Search"));
    columns.extend(["#Median R²", "#Input-only"].map(String::from));
    if held_out {
        columns.extend(["#Held-out R²", "#Input-only"].map(String::from));
    }
    columns.push("A run".into());
    let mut caption = format!(
        "Objective: {label}, {} is better. ",
        if view.report.objective.lower_is_better { "lower" } else { "higher" }
    );
    if confirmed {
        caption.push_str("Settings that were confirmed on fresh seeds come first, ranked by these. ");
    }
    caption.push_str(
        "Medians count seeds that diverged as worst; means and Student's t intervals are of those that ended. R² beside it \
         are medians over seeds, input-only: the network without recurrent connections. The run is the one nearest the \
         median, for aon perturb.",
    );
    if all > ranked.len() {
        let _ = write!(caption, " {} of {all} settings; all of them: aon sweep table.", ranked.len());
    }
    begin_table(page, "The best settings", &caption, &columns.iter().map(String::as_str).collect::<Vec<_>>());
    for (rank, standing) in ranked.iter().enumerate() {
        let mut cells = format!("<td class=\"number\">{}</td>", rank + 1);
        for factor in &view.factors {
            let setting = standing.setting;
            cells.push_str(&value_cell(&view.text(factor, setting), &view.whole_text(factor, setting)));
        }
        if confirmed {
            cells.push_str(&replicate_cells(&standing.confirmation));
        }
        cells.push_str(&replicate_cells(&standing.search));
        let beside = |f: fn(&super::data::Run) -> Option<f64>| value(beside(view.report, standing, f));
        cells.push_str(&number_cells([beside(|r| r.median_r2), beside(|r| r.input_only_r2)]));
        if held_out {
            cells.push_str(&number_cells([beside(|r| r.held_out_r2), beside(|r| r.input_only_held_out_r2)]));
        }
        let _ = write!(cells, "<td class=\"whole\"><bdi>{}</bdi></td>", escape(&typical_path(view, standing)));
        let _ = writeln!(page, "<tr>{cells}</tr>");
    }
    end_table(page);
}

/// A value of a setting; long ones by their end, which tells paths apart.
fn value_cell(text: &str, whole: &str) -> String {
    const LONGEST: usize = 40;
    let length = text.chars().count();
    let cut = if length > LONGEST {
        format!("…{}", text.chars().skip(length - LONGEST + 1).collect::<String>())
    } else {
        text.to_string()
    };
    let title = if cut == whole { String::new() } else { format!(" title=\"{}\"", escape(whole)) };
    format!("<td class=\"whole\"{title}><bdi>{}</bdi></td>", escape(&cut))
}

/// Median, mean with interval, and each seed.
fn replicate_cells(r: &Replicates) -> String {
    let i = r.interval;
    let median = if r.fails { "diverged".to_string() } else { value(r.median) };
    let mean = match (r.values.len(), i.low.is_finite()) {
        (0, _) => "–".to_string(),
        (_, true) => format!("{} ({})", value(i.mean), between(i.low, i.high)),
        (_, false) => value(i.mean),
    };
    let mut seeds: Vec<String> = r.values.iter().take(SEEDS).map(|(_, v)| value(*v)).collect();
    if r.values.len() > SEEDS {
        seeds.push(format!("… ({} seeds)", r.values.len()));
    }
    for (count, what) in [(r.diverged, "diverged"), (r.missing, "missing")] {
        if count > 0 {
            seeds.push(format!("{count} {what}"));
        }
    }
    let seeds = if seeds.is_empty() { "–".to_string() } else { seeds.join(", ") };
    let mean = format!("<td class=\"number whole\">{mean}</td>");
    format!("{}{mean}<td class=\"values\">{seeds}</td>", number_cells([median]))
}

/// The run whose objective is nearest the median.
fn typical_path(view: &View, standing: &Standing) -> String {
    let median = standing.decisive().median;
    let distance = |r: &super::data::Run| r.objective.map_or(f64::INFINITY, |v| (v - median).abs());
    let nearest = runs_of(view.report, standing).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or("–".into(), |r| shown(&r.path.to_string_lossy()))
}

fn failed(page: &mut String, view: &View) {
    let reasons = reasons(view);
    if reasons.is_empty() {
        page.push_str("<section>\n<h2>What failed</h2>\n<p>No run diverged or failed.</p>\n</section>\n");
        return;
    }
    let mut caption =
        "Runs that diverged are results with a reason. Reasons that differ in numbers only are one, with the \
                       words of its first run."
            .to_string();
    if reasons.len() > REASONS {
        let _ = write!(caption, " The {REASONS} most frequent of {}.", reasons.len());
    }
    begin_table(page, "Why runs failed", &caption, &["#Runs", "State", "Reason", "A run"]);
    for reason in reasons.iter().take(REASONS) {
        let words = if reason.words.is_empty() { "no reason is kept" } else { &reason.words };
        let _ = writeln!(
            page,
            "<tr><td class=\"number\">{}</td><td>{}</td><td><bdi>{}</bdi></td><td><bdi>{}</bdi></td></tr>",
            reason.runs,
            reason.state.label(),
            escape(words),
            escape(&reason.example)
        );
    }
    end_table(page);
}

fn halving(page: &mut String, view: &View) {
    let Some(halving) = &view.report.halving else { return };
    let caption = format!(
        "At each rung the {} % of the settings that were best by their median {} over seeds went on. Correlation: Spearman's, \
         between the order there and the order at the end, over the settings that trained to their end: these are the ones \
         that the rung preferred, so it says little about the others. Halving favours settings that start fast: what learns \
         slowly and ends well is lost.",
        (100.0 * halving.keep).round(),
        escape(&shown(&halving.measure.label))
    );
    let columns =
        ["#Step", "#Settings that reached it", "#Halved there", "#Correlation with the end", "#Settings compared"];
    begin_table(page, "Halving", &caption, &columns);
    for row in rungs::rows(view.report) {
        let numbers = [
            row.step.to_string(),
            row.reached.to_string(),
            row.halved.to_string(),
            short(row.correlation, 2),
            row.compared.to_string(),
        ];
        let _ = writeln!(page, "<tr>{}</tr>", number_cells(numbers));
    }
    end_table(page);
}

fn time(page: &mut String, view: &View) {
    let mut places: BTreeMap<(String, String), (usize, u64, f64)> = BTreeMap::new();
    for run in view.report.runs.iter().filter(|r| r.steps > 0 || r.seconds > 0.0) {
        // Where a run is trained stands in what it leaves at its end.
        let host = if run.host.is_empty() { "not ended".into() } else { shown(&run.host) };
        let place = places.entry((host, shown(&run.engine))).or_default();
        place.0 += 1;
        place.1 += u64::from(run.steps);
        place.2 += if run.seconds.is_finite() { run.seconds } else { 0.0 };
    }
    if places.is_empty() {
        return;
    }
    let caption = "Time is what each run was in an engine for, summed: networks train side by side, so that it is more than the \
                   clock's.";
    begin_table(page, "Time", caption, &["Host", "Engine", "#Runs", "#Steps", "#Time", "#Seconds per 100 steps"]);
    for ((host, engine), (runs, steps, seconds)) in places {
        let rate = if steps > 0 { short(100.0 * seconds / steps as f64, 3) } else { "–".into() };
        let numbers = number_cells([runs.to_string(), steps.to_string(), duration(seconds), rate]);
        let names = [host, engine].map(|name| format!("<td><bdi>{}</bdi></td>", escape(&name))).concat();
        let _ = writeln!(page, "<tr>{names}{numbers}</tr>");
    }
    end_table(page);
}
