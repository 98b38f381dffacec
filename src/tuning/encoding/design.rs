//! What is known of a session, as a design.

use super::super::axis::Axis;
use super::super::settings::TuningSettings;
use super::regressors::{Unit, lagged, natural_spline};
use super::settings::EncodingSettings;
use crate::analysis::glm::Design;
use crate::data::recording::{Agent, Bout, Framed, Session};
use crate::error::Result;
use std::collections::BTreeMap;
use std::ops::Range;

/// Regressors of a session over the frames of an axis.
pub(super) struct SessionDesign {
    /// The frames in which all covariates were measured.
    pub(super) axis: Axis,
    pub(super) design: Design,
    /// `[columns]`.
    pub(super) names: Vec<String>,
    /// Columns of contexts: those that every model has.
    pub(super) contexts: Range<usize>,
    /// Columns of contexts, covariates and objects: those of the model `covariates`.
    pub(super) base: Range<usize>,
    /// Behaviours that have enough bouts.
    pub(super) units: Vec<Unit>,
    /// Columns of each unit.
    pub(super) columns: Vec<Range<usize>>,
    /// The covariates that are used, by their names.
    pub(super) covariates: Vec<String>,
    /// Behaviours that have too few bouts.
    pub(super) left_out: Vec<String>,
}

impl SessionDesign {
    /// Of `session`; `None` where no frame is left, or no behaviour has enough bouts.
    pub(super) fn new(
        session: &Session,
        framed: &Framed,
        tuning: &TuningSettings,
        settings: &EncodingSettings,
    ) -> Result<Option<Self>> {
        let covariates = covariate_columns(session, framed, tuning, settings);
        let measured: Vec<bool> =
            (0..framed.frames()).map(|t| covariates.iter().all(|(_, column)| column[t].is_finite())).collect();
        let axis = Axis::new(session, framed)?.only(&measured);
        if axis.is_empty() {
            return Ok(None);
        }
        let windows = windows(session, &axis, tuning.window_s);
        let is_object = |agent: Agent, name: &str| agent == Agent::Other && tuning.objects.iter().any(|o| o == name);
        let mut kinds: BTreeMap<(Agent, String), usize> = BTreeMap::new();
        for bout in &session.bouts {
            *kinds.entry((bout.agent, bout.behaviour.clone())).or_default() += 0;
        }
        let unit = |(agent, name): &(Agent, String), boxcar: bool| {
            Unit::new(*agent, name, &session.bouts, &axis, &windows, boxcar, settings)
        };
        let mut columns = context_columns(&axis);
        let contexts = 0..columns.len();
        for (name, values) in covariates {
            columns.push((name, axis.frames.iter().map(|f| values[*f]).collect()));
        }
        let objects = kinds.keys().filter(|(agent, name)| is_object(*agent, name));
        for object in objects.map(|kind| unit(kind, false)).filter(|u| !u.events.is_empty()) {
            columns.extend(object.names().into_iter().zip(object.columns(axis.len())));
        }
        let base = 0..columns.len();
        let (mut units, mut ranges, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
        for kind in kinds.keys().filter(|(agent, name)| !is_object(*agent, name)) {
            let unit = unit(kind, true);
            if unit.events.len() < tuning.least_bouts {
                left_out.push(format!("{} {}", kind.0, kind.1));
                continue;
            }
            let first = columns.len();
            columns.extend(unit.names().into_iter().zip(unit.columns(axis.len())));
            ranges.push(first..columns.len());
            units.push(unit);
        }
        if units.is_empty() {
            return Ok(None);
        }
        let (names, values): (Vec<String>, Vec<Vec<f64>>) = columns.into_iter().unzip();
        let covariates = used(framed).into_iter().map(|k| session.covariates[k].name.clone()).collect();
        let design = Design::new(&values, axis.len())?;
        Ok(Some(Self { axis, design, names, contexts, base, units, columns: ranges, covariates, left_out }))
    }

    /// The columns of units that are `chosen`.
    pub(super) fn of_units(&self, chosen: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.units.len()).filter(|u| chosen(*u)).flat_map(|u| self.columns[u].clone()).collect()
    }

    /// The columns of an agent's units.
    pub(super) fn of_agent(&self, agent: Agent) -> Vec<usize> {
        self.of_units(|u| self.units[u].agent == agent)
    }
}

/// The covariates that were measured more often than not: others would leave hardly any frame.
fn used(framed: &Framed) -> Vec<usize> {
    let enough = |values: &[f64]| 2 * values.iter().filter(|v| v.is_finite()).count() > values.len();
    (0..framed.covariates.len()).filter(|k| enough(&framed.covariates[*k])).collect()
}

/// Splines of covariates, and as they were and will be up to `lags` steps earlier and later, over the frames of the recording.
fn covariate_columns(
    session: &Session,
    framed: &Framed,
    tuning: &TuningSettings,
    settings: &EncodingSettings,
) -> Vec<(String, Vec<f64>)> {
    let step = tuning.lag_ms / 1000.0 / framed.interval / tuning.lags.max(1) as f64;
    let step = (step.round() as isize).max(1);
    let lags = tuning.lags as isize;
    let mut columns = Vec::new();
    for k in used(framed) {
        let name = &session.covariates[k].name;
        for (bend, spline) in natural_spline(&framed.covariates[k], settings.knots).iter().enumerate() {
            for lag in -lags..=lags {
                columns.push((format!("{name} spline {bend} lag {}", lag * step), lagged(spline, lag * step)));
            }
        }
    }
    columns
}

/// Each context but the first, as a column.
fn context_columns(axis: &Axis) -> Vec<(String, Vec<f64>)> {
    let column = |frames: &Range<usize>| (0..axis.len()).map(|t| f64::from(u8::from(frames.contains(&t)))).collect();
    axis.parts.iter().skip(1).map(|part| (format!("context {}", part.name), column(&part.frames))).collect()
}

/// The windows that bouts are shifted in: of `seconds`, or of ten median bouts.
fn windows(session: &Session, axis: &Axis, seconds: f64) -> Vec<Range<usize>> {
    let bouts: Vec<Range<usize>> = session.bouts.iter().flat_map(|b: &Bout| axis.between(b.start, b.stop)).collect();
    let mut lengths: Vec<usize> = bouts.iter().map(ExactSizeIterator::len).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0) as f64 * axis.interval;
    axis.parts.iter().flat_map(|part| axis.windows(&part.frames, seconds.max(10.0 * median), &bouts)).collect()
}
