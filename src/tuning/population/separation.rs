//! How well the behaviours of one agent part.

use super::measure::{Draw, Measure, Measured, Who, dealt, draws, weights};
use super::settings::PopulationSettings;
use super::vectors::Points;
use crate::analysis::pca::product_transposed;
use crate::analysis::population::{Distances, PrincipalAxes, silhouette, silhouettes};
use crate::data::recording::Agent;
use crate::error::Result;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bouts on axes of their own: distances are those in the space of all neurons.
pub(super) struct Space {
    pub(super) distances: Distances,
    /// `[bouts][features]`.
    pub(super) values: Vec<f64>,
    pub(super) features: usize,
}

/// Some bouts, with their behaviours counted from 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Labelled {
    pub(super) who: Who,
    /// Numbers of bouts.
    pub(super) items: Vec<usize>,
    pub(super) labels: Vec<usize>,
    /// The context of each: labels are dealt anew within it.
    pub(super) parts: Vec<usize>,
    pub(super) classes: usize,
}

impl Space {
    /// Of fewer bouts than neurons, the axes are those along which bouts differ: nothing is lost but nothing.
    ///
    /// # Errors
    /// If a number is not finite.
    pub(super) fn new(points: &Points) -> Result<Self> {
        let (n, features) = (points.bouts.len(), points.neurons.len());
        if n < 2 || n >= features {
            let distances = Distances::new(&points.values, features);
            return Ok(Self { distances, values: points.values.clone(), features });
        }
        let axes = PrincipalAxes::of(&points.values, features, n)?;
        let values = product_transposed(&points.values, &axes.axes, features);
        Ok(Self { distances: Distances::new(&values, axes.len()), values, features: axes.len() })
    }

    /// The bouts numbered `items`, less their mean where `centred`, `[items][features]`.
    pub(super) fn rows(&self, items: &[usize], centred: bool) -> Vec<f32> {
        let row = |b: &usize| &self.values[b * self.features..(b + 1) * self.features];
        let mut mean = vec![0.0; self.features];
        if centred {
            let of_row = |b| mean.iter_mut().zip(row(b)).for_each(|(m, v)| *m += v / items.len() as f64);
            items.iter().for_each(of_row);
        }
        items.iter().flat_map(|b| row(b).iter().zip(&mean).map(|(v, m)| (v - m) as f32)).collect()
    }
}

impl Labelled {
    /// The bouts of `agent` of `behaviours`.
    pub(super) fn of(points: &Points, agent: Agent, behaviours: &[usize]) -> Self {
        let class = |b: &usize| behaviours.iter().position(|k| *k == points.bouts[*b].behaviour);
        let (items, labels): (Vec<usize>, Vec<usize>) =
            points.of(agent).into_iter().filter_map(|b| Some((b, class(&b)?))).unzip();
        let who = match agent {
            Agent::Own => Who::Own,
            Agent::Other => Who::Other,
        };
        let parts = items.iter().map(|b| points.bouts[*b].part).collect();
        Self { who, items, labels, parts, classes: behaviours.len() }
    }
}

/// The mean silhouette of bouts by behaviour; `None` if it was asked to stop.
pub(super) fn silhouette_of(
    space: &Space,
    bouts: &Labelled,
    settings: &PopulationSettings,
    key: u64,
    stop: &AtomicBool,
) -> Option<Measured> {
    let Labelled { who, items, labels, parts, classes } = bouts;
    let even = vec![1.0; items.len()];
    let mean = |labels: &[usize], weights: &[f64]| {
        let each = silhouettes(&space.distances, items, labels, weights);
        each.iter().zip(weights).map(|(s, w)| s * w).sum::<f64>() / weights.iter().sum::<f64>()
    };
    let draw = |number: usize| {
        (!stop.load(Ordering::Relaxed)).then(|| {
            let drawn = weights(&mut draws(key, Draw::Weights, *who as u32, number), items.len());
            let dealt = dealt(labels, parts, &mut draws(key, Draw::Labels, *who as u32, number));
            (mean(labels, &drawn), mean(&dealt, &even))
        })
    };
    let drawn: Vec<(f64, f64)> = (0..settings.draws).into_par_iter().map(draw).collect::<Option<_>>()?;
    let (spread, null) = drawn.into_iter().unzip();
    Some(Measured {
        who: *who,
        measure: Measure::Silhouette,
        bouts: items.len(),
        behaviours: *classes,
        value: silhouette(&space.distances, items, labels, &even).mean,
        error: None,
        spread,
        null,
        null_error: Vec::new(),
    })
}
