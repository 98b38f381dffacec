//! Names and numbers as people read them.

pub(super) use crate::report::parts::words::{listed, probability, short, shown};

use crate::data::recording::Agent;
use crate::report::parts::canvas::{GREEN, GRID, INPUT_ONLY, MODEL, MUTED, tick};
use crate::report::parts::lines::Pen;
use crate::tuning::{Class, Verdict};
use plotters::style::RGBColor;

/// What is executed, in every figure.
pub(super) const EXECUTED: RGBColor = MODEL;
/// What is observed, in every figure.
pub(super) const OBSERVED: RGBColor = INPUT_ONLY;

/// What the tests of an agent, or of both, are about.
pub(super) fn side(agent: Option<Agent>) -> &'static str {
    match agent {
        Some(Agent::Own) => "executed",
        Some(Agent::Other) => "observed",
        None => "executed and observed",
    }
}

/// Its colour.
pub(super) fn side_colour(agent: Option<Agent>) -> RGBColor {
    match agent {
        Some(Agent::Own) => EXECUTED,
        Some(Agent::Other) => OBSERVED,
        None => GREEN,
    }
}

/// What a class is called.
pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::Own => "self (execution)",
        Class::Other => "other (observation)",
        Class::Mirror => "mirror",
        Class::None => "none",
        Class::Untestable => "untestable",
    }
}

/// How a class is drawn.
pub(super) fn class_pen(class: Class) -> Pen {
    let colour = match class {
        Class::Own => EXECUTED,
        Class::Other => OBSERVED,
        Class::Mirror => GREEN,
        Class::None => GRID,
        Class::Untestable => MUTED,
    };
    Pen::solid(colour, 9.0)
}

/// A verdict in a word or a few.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Found => "found",
        Verdict::Absent => "absent at this sensitivity",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// A share as people say it.
pub(super) fn percent(share: f64) -> String {
    let value = 100.0 * share;
    match value {
        v if !v.is_finite() => "–".into(),
        v if v.abs() < 9.95 => format!("{} %", tick((10.0 * v).round() / 10.0)),
        v => format!("{v:.0} %"),
    }
}

/// `p < 0.001`, `p = 0.02`.
pub(super) fn p_is(p: f64) -> String {
    match probability(p) {
        small if small.starts_with('<') => format!("p {small}"),
        other => format!("p = {other}"),
    }
}

/// `1 neuron`, `2 neurons`.
pub(super) fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// What an asterisk means, wherever there is one.
pub(super) fn asterisk(rate: f64) -> String {
    format!(
        "An asterisk means q ≤ {rate}: tuned, after Benjamini and Hochberg over all neurons and behaviours of that agent"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_numbers_read_well() {
        assert_eq!([0.0, 0.034, 0.05, 0.5, 1.0, f64::NAN].map(percent), ["0 %", "3.4 %", "5 %", "50 %", "100 %", "–"]);
        assert_eq!([0.0001, 0.25, f64::NAN].map(p_is), ["p < 0.001", "p = 0.25", "p = –"]);
        assert_eq!((count(1, "neuron"), count(0, "neuron")), ("1 neuron".into(), "0 neurons".into()));
    }
}
