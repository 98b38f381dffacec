//! A report with what several of its parts need.

use super::data::TuningReport;
use crate::data::recording::Agent;
use crate::error::Result;
use crate::report::parts::words::{distinct, shown};
use crate::tuning::{ChosenCell, Class, SessionActivity, SessionTests, TuningSettings, TuningStudy, chosen};

/// A report with what several of its parts need.
pub(super) struct View<'a> {
    pub(super) report: &'a TuningReport<'a>,
    pub(super) study: &'a TuningStudy,
    pub(super) settings: &'a TuningSettings,
    /// `[sessions]`.
    pub(super) activity: Vec<&'a SessionActivity>,
    /// All behaviours that were tested, in the order of names.
    pub(super) behaviours: Vec<String>,
    /// Those to look at one by one.
    pub(super) cells: Vec<ChosenCell>,
}

impl<'a> View<'a> {
    pub(super) fn of(report: &'a TuningReport<'a>) -> Result<Self> {
        let activity = report.activities()?;
        let study = report.study;
        let cells = chosen(study, &|session, neuron| activity[session].traces_of(neuron).is_some());
        let mut behaviours = distinct(study.counts.iter().map(|c| c.behaviour.clone()));
        behaviours.sort();
        Ok(Self { report, study, settings: report.settings, activity, behaviours, cells })
    }

    /// Names of animals, in the order of the study.
    pub(super) fn animals(&self) -> Vec<&'a str> {
        distinct(self.study.sessions.iter().map(|s| s.animal.as_str()))
    }

    /// What a session is called.
    pub(super) fn session(&self, number: usize) -> String {
        let session = &self.study.sessions[number];
        shown(&format!("{} · {}", session.animal, session.session))
    }

    /// What a neuron is called within its session.
    pub(super) fn neuron(&self, session: usize, neuron: usize) -> String {
        let name = &self.study.sessions[session].neurons[neuron].name;
        if name.is_empty() { format!("#{}", neuron + 1) } else { shown(name) }
    }

    /// The area of a neuron; empty where none is known.
    pub(super) fn area(&self, session: usize, neuron: usize) -> String {
        self.study.sessions[session].neurons[neuron].area.as_deref().map_or_else(String::new, shown)
    }

    pub(super) fn tests(&self, session: usize) -> &'a SessionTests {
        &self.study.sessions[session].examined.tests
    }

    pub(super) fn class(&self, session: usize, neuron: usize) -> Class {
        self.study.classes[session].class[neuron]
    }

    /// p and q of a neuron for a behaviour of an agent.
    pub(super) fn p_and_q(&self, session: usize, neuron: usize, agent: Agent, behaviour: &str) -> Option<(f64, f64)> {
        let tests = &self.tests(session).behaviours;
        let k = tests.iter().position(|t| t.agent == agent && t.behaviour == behaviour)?;
        Some((tests[k].p[neuron], self.study.classes[session].q[k][neuron]))
    }

    /// Whether q is so small that the neuron is called tuned: an asterisk, wherever there is one.
    pub(super) fn is_tuned(&self, q: f64) -> bool {
        q <= self.settings.false_discoveries
    }

    /// All neurons, as session and number.
    pub(super) fn neurons(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.study.sessions.iter().enumerate().flat_map(|(s, session)| (0..session.neurons.len()).map(move |i| (s, i)))
    }
}
