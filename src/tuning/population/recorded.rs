//! Averages around the starts of bouts, for alignment.

use super::areas::{AreaAlignment, Windowed, align};
use super::settings::PopulationSettings;
use super::vectors::Points;
use crate::analysis::population::soft_factors;
use crate::analysis::statistics::quantile;
use crate::data::recording::{Activity, Agent, Bout, Framed, Session};
use crate::error::Result;
use crate::tuning::aligned::{AlignSettings, Alignment, mean_over};
use crate::tuning::axis::Axis;
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::atomic::AtomicBool;

/// The window where none is given, in s from the start of a bout.
const OF_BOUTS: [f64; 2] = [0.0, 2.0];
/// How long before and after the window activity counts for the range of a neuron, in s.
const AROUND: f64 = 1.0;
/// What is added to ranges in units that are not spikes/s: this part of the median range for the usual `soften`.
const SHARE: f64 = 0.1;
const USUAL: f64 = 5.0;
/// Times differ by so little through rounding alone, in s.
const ROUNDING: f64 = 1e-6;

/// The alignment of averages around the starts of the bouts of `behaviours`, `(agent, number)`; none without both agents, `None`
/// if it was asked to stop.
pub(super) fn align_bouts(
    (session, framed, axis): (&Session, &Framed, &Axis),
    bouts: &[Bout],
    points: &Points,
    behaviours: &[(Agent, usize)],
    (settings, key): (&PopulationSettings, u64),
    stop: &AtomicBool,
) -> Result<Option<Vec<AreaAlignment>>> {
    let [from, to] = settings.window.unwrap_or(OF_BOUTS);
    let span =
        AlignSettings { before_s: (AROUND - from).max(framed.interval), after_s: (to + AROUND).max(framed.interval) };
    let averages: Vec<(Agent, &str, Vec<f64>, Array2<f64>)> = behaviours
        .iter()
        .map(|(agent, number)| {
            let name = points.behaviours[*number].as_str();
            let around = Alignment::new(*agent, name, bouts, framed, Some(axis), &span);
            let mean = |i: &usize| mean_over(&around.traces(*i), 0..around.bouts.len());
            let rows: Vec<Vec<f64>> = points.neurons.par_iter().map(mean).collect();
            let rates = Array2::from_shape_fn((rows.len(), around.times.len()), |(i, b)| rows[i][b]);
            let middle = around.times.iter().map(|t| t + around.width / 2.0).collect();
            (*agent, name, middle, rates)
        })
        .collect();
    // Frames are missing of all neurons at once.
    let measured = |rates: &Array2<f64>, b: usize| rates.column(b).iter().all(|v| v.is_finite());
    let per_second = if is_in_spikes(session) { framed.interval } else { 1.0 };
    let bins = averages
        .iter()
        .flat_map(|(.., rates)| (0..rates.ncols()).filter(|b| measured(rates, *b)).map(move |b| rates.column(b)));
    let all: Vec<f64> = bins.flat_map(|bin| bin.iter().map(|v| v / per_second).collect::<Vec<_>>()).collect();
    let factors = factors(session, &all, points.neurons.len(), settings.soften);
    let windowed = |(agent, what, times, rates): &(Agent, &str, Vec<f64>, Array2<f64>)| {
        let inside = |t: f64| t > from - ROUNDING && t < to + ROUNDING;
        let kept: Vec<usize> = (0..times.len()).filter(|b| inside(times[*b]) && measured(rates, *b)).collect();
        let rates = Array2::from_shape_fn((rates.nrows(), kept.len()), |(i, b)| {
            rates[[i, kept[b]]] / (per_second * factors[i])
        });
        Windowed { agent: *agent, what: (*what).into(), rates }
    };
    let windowed: Vec<Windowed> = averages.iter().map(windowed).filter(|w| w.rates.ncols() > 1).collect();
    let areas: Vec<Option<String>> = points.neurons.iter().map(|i| session.neurons[*i].area.clone()).collect();
    let usable: Vec<usize> = (0..factors.len()).filter(|i| factors[*i].is_finite() && factors[*i] > 0.0).collect();
    align(&windowed, &usable, &areas, settings, key, stop)
}

fn is_in_spikes(session: &Session) -> bool {
    match session.activity {
        Activity::Spikes { .. } => true,
        Activity::Frames { .. } | Activity::Averages(_) => false,
    }
}

fn factors(session: &Session, rows: &[f64], neurons: usize, soften: f64) -> Vec<f64> {
    if is_in_spikes(session) {
        return soft_factors(rows, neurons, soften);
    }
    let ranges = soft_factors(rows, neurons, 0.0);
    let softened = SHARE * soften / USUAL * quantile(&ranges, 0.5);
    ranges.iter().map(|range| range + softened).collect()
}
