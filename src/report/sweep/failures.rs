//! What failed where.

use super::by_setting::stretches;
use super::data::{Run, RunState};
use super::factors::{Factor, Values, shown};
use super::view::View;
use crate::error::Result;
use crate::report::parts::canvas::{Drawn, EXCITATORY, HPos, Panel, SHADE, draw};
use crate::report::parts::figure::{Figure, WIDTH};
use crate::report::parts::marks::{Words, fitted, rectangle};
use crate::report::parts::words::short;
use plotters::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const COLUMNS: usize = 3;
const ROW: f64 = 20.0;
const HEAD: f64 = 30.0;
const NAMES: f64 = 112.0;
const COUNTS: f64 = 84.0;
/// Values of a choice that have a bar, at most.
const BARS: usize = 16;

/// How many of so many runs diverged at a value.
type Bar = (String, usize, usize);

pub(super) fn figure(view: &View) -> Result<Option<Figure>> {
    if view.count(RunState::Diverged) == 0 || view.factors.is_empty() {
        return Ok(None);
    }
    let mut panels: Vec<(&str, Vec<Bar>)> = view.factors.iter().map(|f| (f.name.as_str(), bars(view, f))).collect();
    panels.sort_by(|a, b| spread(&b.1).total_cmp(&spread(&a.1)));
    let (width, mut top, mut places) = (WIDTH / COLUMNS as f64, 0.0, Vec::new());
    for row in panels.chunks(COLUMNS) {
        places.extend((0..row.len()).map(|k| (k as f64 * width, top)));
        top += HEAD + ROW * row.iter().map(|(_, bars)| bars.len()).max().unwrap_or(0) as f64 + 14.0;
    }
    let drawing = draw(WIDTH, top, |root, _| {
        for ((name, bars), (left, top)) in panels.iter().zip(&places) {
            let name = fitted(name, 13.0, width - 20.0);
            Words::ink(13.0, HPos::Left).bold(true).below().draw(root, &name, left + 2.0, top + 4.0)?;
            for (k, bar) in bars.iter().enumerate() {
                one(root, bar, left + 2.0, top + HEAD + ROW * k as f64, width - 24.0)?;
            }
        }
        Ok(())
    })?;
    let mut caption =
        "Runs that diverged, of the runs that trained there until they ended, were halved or diverged. Axes whose \
                       values differ most come first. Numbers of many values are in groups of neighbours."
            .to_string();
    if panels.iter().any(|(_, bars)| bars.len() == BARS) {
        let _ = write!(caption, " Of choices of many values those {BARS} are shown where the largest share diverged.");
    }
    caption.push_str(" Numbers: runs.csv.");
    Ok(Some(Figure { name: "failures", title: "What failed where", caption, drawing }))
}

/// The largest difference of the shares.
fn spread(bars: &[Bar]) -> f64 {
    let shares = || bars.iter().filter(|b| b.2 > 0).map(|b| b.1 as f64 / b.2 as f64);
    shares().fold(0.0, f64::max) - shares().fold(1.0, f64::min)
}

fn bars(view: &View, factor: &Factor) -> Vec<Bar> {
    let is_over = |r: &&Run| matches!(r.state, RunState::Ended | RunState::Halved | RunState::Diverged);
    let count = |is: &dyn Fn(usize) -> bool| {
        let runs: Vec<&Run> = view.report.runs.iter().filter(is_over).filter(|r| is(r.setting)).collect();
        (runs.iter().filter(|r| r.state == RunState::Diverged).count(), runs.len())
    };
    match &factor.values {
        Values::Choices { of, labels } => {
            let mut all: Vec<Bar> = Vec::new();
            for (k, label) in labels.iter().enumerate() {
                let (diverged, runs) = count(&|s| of[s] == k);
                all.push((label.clone(), diverged, runs));
            }
            if all.len() > BARS {
                let share = |b: &Bar| b.1 as f64 / b.2.max(1) as f64;
                all.sort_by(|a, b| share(b).total_cmp(&share(a)));
                all.truncate(BARS);
            }
            all
        }
        Values::Numbers { of, .. } => {
            let bar = |(low, high): (f64, f64)| {
                let (diverged, runs) = count(&|s| (low..=high).contains(&of[s]));
                let text =
                    if low == high { short(low, 3) } else { format!("{} … {}", short(low, 2), short(high, 2)) };
                (text, diverged, runs)
            };
            stretches(of).into_iter().map(bar).collect()
        }
    }
}

fn one(root: &Panel, (label, diverged, runs): &Bar, left: f64, top: f64, width: f64) -> Drawn<()> {
    let middle = top + ROW / 2.0;
    Words::ink(11.0, HPos::Right).draw(root, &fitted(label, 11.0, NAMES), left + NAMES, middle)?;
    let (x, room) = (left + NAMES + 8.0, width - NAMES - COUNTS - 8.0);
    rectangle(root, (x, top + 4.0, room, ROW - 8.0), SHADE.filled())?;
    let share = *diverged as f64 / (*runs).max(1) as f64;
    if share > 0.0 {
        rectangle(root, (x, top + 4.0, room * share, ROW - 8.0), EXCITATORY.mix(0.85).filled())?;
    }
    Words::ink(11.0, HPos::Left).draw(root, &format!("{diverged} of {runs}"), x + room + 8.0, middle)
}

/// Why runs diverged or could not be trained.
pub(super) struct Reason {
    pub(super) state: RunState,
    /// What the first of them says.
    pub(super) words: String,
    pub(super) runs: usize,
    /// The directory of that one.
    pub(super) example: String,
}

/// The reasons, the most frequent first: those that differ in numbers only are one.
pub(super) fn reasons(view: &View) -> Vec<Reason> {
    let mut found: BTreeMap<(RunState, String), Reason> = BTreeMap::new();
    for run in view.report.runs.iter().filter(|r| matches!(r.state, RunState::Diverged | RunState::Failed)) {
        let words = shown(&run.why());
        let key = (run.state, without_numbers(&words));
        let example = shown(&run.path.to_string_lossy());
        let reason = found.entry(key).or_insert(Reason { state: run.state, words, runs: 0, example });
        reason.runs += 1;
    }
    let mut all: Vec<Reason> = found.into_values().collect();
    all.sort_by_key(|r| std::cmp::Reverse(r.runs));
    all
}

fn without_numbers(words: &str) -> String {
    let mut kept = String::new();
    for word in words.split_whitespace() {
        if !word.contains(|c: char| c.is_ascii_digit()) {
            kept.push_str(word);
            kept.push(' ');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_differ_in_numbers_are_one() {
        let a = without_numbers("step 12: loss NaN, gradient norm 3.1e5 before");
        assert_eq!(a, without_numbers("step 7: loss NaN, gradient norm 9e12 before"));
        assert_ne!(a, without_numbers("step 7: gradient NaN"));
    }
}
