//! Bouts and seconds as points in the space of all neurons.

use crate::data::recording::{Agent, Bout, Framed};
use crate::tuning::axis::Axis;
use crate::tuning::contrast::Contrast;
use crate::tuning::ranges::length;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;

/// A bout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BoutPoint {
    pub(super) agent: Agent,
    /// Its number among [`Points::behaviours`].
    pub(super) behaviour: usize,
    /// The number of its context.
    pub(super) part: usize,
    /// When its first frame begins, in s.
    pub(super) start: f64,
    /// How long the frames that count are together, in s.
    pub(super) seconds: f64,
    frames: Vec<Range<usize>>,
}

/// The population in each bout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Points {
    /// Neurons that have numbers in all frames that count, and change.
    pub(super) neurons: Vec<usize>,
    /// Standard deviation of each of these over the frames that count.
    sd: Vec<f64>,
    pub(super) behaviours: Vec<String>,
    pub(super) bouts: Vec<BoutPoint>,
    /// Mean activity over each bout, in standard deviations of the neuron, `[bouts][neurons]`.
    pub(super) values: Vec<f64>,
}

impl Points {
    /// The usable bouts of all kinds: frames count as they do in [`Contrast`].
    pub(super) fn new(bouts: &[Bout], framed: &Framed, axis: &Axis) -> Self {
        let kinds: BTreeSet<(Agent, &str)> = bouts.iter().map(|b| (b.agent, b.behaviour.as_str())).collect();
        let names: BTreeSet<&str> = kinds.iter().map(|(_, behaviour)| *behaviour).collect();
        let behaviours: Vec<String> = names.into_iter().map(Into::into).collect();
        let parts: Vec<Range<usize>> = axis.parts.iter().map(|part| part.frames.clone()).collect();
        let of_kind = |(agent, behaviour): &(Agent, &str)| {
            let number = behaviours.iter().position(|b| b == behaviour).unwrap_or(0);
            let contrast = Contrast::new(*agent, behaviour, bouts, axis, &parts);
            let point = |frames: &Vec<Range<usize>>| {
                let first = frames.first()?.start;
                let part = parts.iter().position(|part| part.contains(&first))?;
                let seconds = length(frames) as f64 * axis.interval;
                let (agent, start, frames) = (*agent, axis.times[first], frames.clone());
                Some(BoutPoint { agent, behaviour: number, part, start, seconds, frames })
            };
            contrast.of_bouts.iter().filter_map(point).collect::<Vec<_>>()
        };
        let bouts: Vec<BoutPoint> = kinds.iter().flat_map(of_kind).collect();
        let all: Vec<Vec<Range<usize>>> = bouts.iter().map(|b| b.frames.clone()).collect();
        let rows = (0..framed.activity.nrows()).into_par_iter().map(|i| (i, of_neuron(framed, axis, i, &all)));
        let usable: Vec<(usize, (f64, Vec<f64>))> = rows.filter_map(|(i, row)| Some((i, row?))).collect();
        let values = (0..bouts.len()).flat_map(|b| usable.iter().map(move |(_, (_, row))| row[b])).collect();
        Self {
            neurons: usable.iter().map(|(i, _)| *i).collect(),
            sd: usable.iter().map(|(_, (sd, _))| *sd).collect(),
            behaviours,
            bouts,
            values,
        }
    }

    /// The bouts of an agent, by number.
    pub(super) fn of(&self, agent: Agent) -> Vec<usize> {
        (0..self.bouts.len()).filter(|b| self.bouts[*b].agent == agent).collect()
    }

    /// Behaviours that have at least so many bouts among `bouts`.
    pub(super) fn frequent(&self, bouts: &[usize], least: usize) -> Vec<usize> {
        let count = |behaviour: usize| bouts.iter().filter(|b| self.bouts[**b].behaviour == behaviour).count();
        (0..self.behaviours.len()).filter(|behaviour| count(*behaviour) >= least.max(1)).collect()
    }

    /// Means over windows of about `seconds` each, `[windows][neurons]`, with the bout that most of each lies in; at most `most`
    /// windows, evenly taken.
    pub(super) fn windows(
        &self,
        framed: &Framed,
        axis: &Axis,
        seconds: f64,
        most: usize,
    ) -> (Vec<f64>, Vec<(f64, Option<usize>)>) {
        let of_part = |part: &crate::tuning::axis::Part| axis.windows(&part.frames, seconds, &[]);
        let all: Vec<Range<usize>> = axis.parts.iter().flat_map(of_part).collect();
        let step = all.len().div_ceil(most.max(1)).max(1);
        let windows: Vec<Vec<Range<usize>>> = all.into_iter().step_by(step).map(|w| vec![w]).collect();
        let overlap = |bout: &BoutPoint, window: &Range<usize>| {
            let shared = |r: &Range<usize>| r.end.min(window.end).saturating_sub(r.start.max(window.start));
            bout.frames.iter().map(shared).sum::<usize>()
        };
        let bout_in = |window: &Range<usize>| {
            let shared = (0..self.bouts.len()).map(|b| (overlap(&self.bouts[b], window), b));
            shared
                .max_by_key(|(frames, b)| (*frames, std::cmp::Reverse(*b)))
                .filter(|(n, _)| 2 * n > window.len())
                .map(|(_, b)| b)
        };
        let labels = windows.iter().map(|w| (axis.times[w[0].start], bout_in(&w[0]))).collect();
        let row = |(i, sd): (&usize, &f64)| means(framed, axis, *i, &windows).into_iter().map(|v| v / sd).collect();
        let rows: Vec<Vec<f64>> = self.neurons.par_iter().zip(&self.sd).map(row).collect();
        let values = (0..windows.len()).flat_map(|w| rows.iter().map(move |row| row[w])).collect();
        (values, labels)
    }
}

/// The standard deviation of a neuron and its means over bouts in units of it; `None` for one without numbers or changes.
fn of_neuron(framed: &Framed, axis: &Axis, neuron: usize, bouts: &[Vec<Range<usize>>]) -> Option<(f64, Vec<f64>)> {
    let row = framed.activity.row(neuron);
    let values = || axis.frames.iter().map(|f| f64::from(row[*f]));
    let mean = values().sum::<f64>() / axis.len() as f64;
    let sd = (values().map(|v| (v - mean).powi(2)).sum::<f64>() / axis.len() as f64).sqrt();
    let changes = sd.is_finite() && sd > 1e-12 * mean.abs();
    changes.then(|| (sd, means(framed, axis, neuron, bouts).into_iter().map(|v| (v - mean) / sd).collect()))
}

/// Means of a neuron's activity over sets of places.
fn means(framed: &Framed, axis: &Axis, neuron: usize, sets: &[Vec<Range<usize>>]) -> Vec<f64> {
    let row = framed.activity.row(neuron);
    let mean = |places: &Vec<Range<usize>>| {
        let frames = places.iter().flat_map(|r| &axis.frames[r.clone()]);
        frames.map(|f| f64::from(row[*f])).sum::<f64>() / length(places) as f64
    };
    sets.iter().map(mean).collect()
}
