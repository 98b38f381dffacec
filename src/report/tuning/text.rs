//! A study in a terminal.

use super::power::judged;
use super::words::{class, percent, probability, short, shown, side};
use crate::report::parts::terminal::{Cell, aligned};
use crate::tuning::{Class, Counted, TuningSettings, TuningStudy};
use std::fmt::Write as _;

/// The verdict, numbers of tuned neurons beside what chance gives, the classes, and the bound.
pub fn text(study: &TuningStudy, settings: &TuningSettings) -> String {
    let mut text = format!("{}\n", shown(&study.judgement.sentence));
    if !study.counts.is_empty() {
        let others = study.counts.iter().any(|c| c.mismatched.is_some());
        let mut table = vec![header(settings, others)];
        table.extend(study.counts.iter().map(|c| row(c, others)));
        let _ = write!(text, "\n{}", aligned(&table));
    }
    let classes: Vec<String> = Class::ALL.iter().map(|c| format!("{} {}", study.of_class(*c), class(*c))).collect();
    let _ = writeln!(text, "\nclasses  {}", classes.join(", "));
    let together = &study.judgement.together;
    let bound = match judged(together) {
        None => "no neuron is tuned to an executed behaviour that was observed, too".to_string(),
        Some(bound) => format!(
            "at {} of the executed response: power {}, mirror neurons are at most {} of {} execution-tuned neurons (95 \
             %)",
            bound.scale,
            percent(bound.power),
            percent(bound.upper),
            together.tuned
        ),
    };
    let _ = writeln!(text, "bound    {bound}");
    text
}

fn header(settings: &TuningSettings, others: bool) -> Vec<Cell> {
    let mut cells = vec![("agent".to_string(), false), ("behaviour".into(), false)];
    cells.extend([
        ("tested".to_string(), true),
        (format!("p < {}", settings.count_level), true),
        ("expected".into(), true),
        ("p".into(), true),
        (format!("q ≤ {}", settings.false_discoveries), true),
    ]);
    cells.extend(others.then(|| ("other session".to_string(), true)));
    cells
}

fn row(counted: &Counted, others: bool) -> Vec<Cell> {
    let mut cells = vec![(side(counted.agent).to_string(), false), (shown(&counted.behaviour), false)];
    cells.extend([
        (counted.tested.to_string(), true),
        (counted.observed.to_string(), true),
        (short(counted.expected, 3), true),
        (probability(counted.p), true),
        (counted.discovered.to_string(), true),
    ]);
    cells.extend(others.then(|| (counted.mismatched.map_or("–".into(), |n| n.to_string()), true)));
    cells
}
