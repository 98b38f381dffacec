//! What all parts of the page ask for, found once.

use super::data::{RunState, SweepReport};
use super::factors::{Factor, axis_names, factors, short_texts, shown};
use super::scale::Scale;
use super::standings::{Standing, standings};
use crate::report::parts::words::{distinct, short};

/// A sweep, with its settings compared.
pub(super) struct View<'a> {
    pub(super) report: &'a SweepReport,
    /// Short names of the axes.
    pub(super) names: Vec<String>,
    /// What is shown of the values of each, `[axes][settings]`.
    texts: Vec<Vec<String>>,
    /// What varies.
    pub(super) factors: Vec<Factor>,
    /// The best first.
    pub(super) standings: Vec<Standing>,
    /// The ordinary range of the objective in the search.
    pub(super) scale: Scale,
}

impl<'a> View<'a> {
    pub(super) fn of(report: &'a SweepReport) -> Self {
        let standings = standings(report);
        let values: Vec<f64> = standings.iter().flat_map(|s| &s.search.values).map(|(_, v)| *v).collect();
        let scale = Scale::of_quantity(&values);
        let texts = (0..report.axes.len()).map(|axis| short_texts(report, axis)).collect();
        Self { report, names: axis_names(report), texts, factors: factors(report), standings, scale }
    }

    /// The settings that have a value, the best first.
    pub(super) fn ranked(&self) -> impl Iterator<Item = &Standing> {
        self.standings.iter().filter(|s| s.is_ranked())
    }

    /// What a setting is, by what varies: `learning_rate 0.1, dale presynaptic`.
    pub(super) fn describe(&self, setting: usize) -> String {
        let part = |f: &Factor| format!("{} {}", f.name, self.text(f, setting));
        let parts: Vec<String> = self.factors.iter().map(part).collect();
        if parts.is_empty() { "the only setting".into() } else { parts.join("; ") }
    }

    /// The values of a setting's axes that a factor stands for; equal ones once.
    pub(super) fn text(&self, factor: &Factor, setting: usize) -> String {
        distinct(factor.axes.iter().map(|axis| self.texts[*axis][setting].as_str())).join(", ")
    }

    /// The same, whole.
    pub(super) fn whole_text(&self, factor: &Factor, setting: usize) -> String {
        let values = &self.report.settings[setting].values;
        factor.axes.iter().map(|axis| shown(&values[*axis].text)).collect::<Vec<_>>().join(", ")
    }

    /// How many runs are in a state.
    pub(super) fn count(&self, state: RunState) -> usize {
        self.report.runs.iter().filter(|r| r.state == state).count()
    }

    /// The objective's label, as a text of the page.
    pub(super) fn objective(&self) -> String {
        shown(&self.report.objective.label)
    }

    /// Median input-only value of the objective over runs, and its range, if it has one.
    pub(super) fn input_only(&self) -> Option<(f64, f64, f64)> {
        let name = &self.report.objective.name;
        let values = self.report.runs.iter().filter(|r| r.state == RunState::Ended).filter_map(|r| r.input_only(name));
        let sorted = crate::analysis::sorted(values.filter(|v| v.is_finite()));
        let (first, last) = (sorted.first()?, sorted.last()?);
        Some((crate::analysis::quantile(&sorted, 0.5), *first, *last))
    }
}

/// Three digits of a value.
pub(super) fn value(v: f64) -> String {
    short(v, 3)
}

/// An interval: `0.78 … 0.83`, `–` where it has no ends.
pub(super) fn between(low: f64, high: f64) -> String {
    if low.is_finite() && high.is_finite() { format!("{} … {}", value(low), value(high)) } else { "–".into() }
}

/// `3 seeds`, `1 seed`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
