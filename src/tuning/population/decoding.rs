//! Whether behaviour can be read out of bouts that a decoder did not see, of the same agent or of the other.

use super::measure::{Draw, Measure, Measured, Who, dealt, draws, weights};
use super::separation::{Labelled, Space};
use super::settings::PopulationSettings;
use crate::analysis::decoding::{
    Decoder, HeldOutDecoding, Settings, Trials, balanced_accuracy, decisions, stratified_folds,
};
use crate::error::Result;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

fn decoder(settings: &PopulationSettings, folds: usize, key: u64) -> Settings {
    Settings { components: settings.components, balanced: true, folds, seed: key, ..Settings::default() }
}

fn trials(space: &Space, items: &[usize], centred: bool) -> Result<Trials> {
    Trials::new(space.rows(items, centred), items.len(), 1, space.features)
}

/// The balanced accuracy with which the behaviour of bouts is decoded that were held out whole; `None` if it was asked to stop.
///
/// Labels are dealt anew within folds and contexts, so that every fold keeps its classes. The interval is that of the bouts that
/// were read out: what decoders would have learned from other bouts is not in it.
///
/// # Errors
/// If a decoder cannot be trained.
pub(super) fn within(
    space: &Space,
    bouts: &Labelled,
    settings: &PopulationSettings,
    key: u64,
    stop: &AtomicBool,
) -> Result<Option<Measured>> {
    let Labelled { who, items, labels, parts, classes } = bouts;
    let count = |class: usize| labels.iter().filter(|l| **l == class).count();
    let folds = (0..*classes).map(count).min().unwrap_or(0).min(settings.folds);
    let fold_of = stratified_folds(labels, *classes, folds, key)?;
    let decoding = HeldOutDecoding::new(&trials(space, items, false)?, &fold_of, &decoder(settings, folds, key))?;
    let contexts = parts.iter().max().map_or(1, |last| last + 1);
    let strata: Vec<usize> = fold_of.iter().zip(parts).map(|(fold, part)| fold * contexts + part).collect();
    let draw = |number: usize| {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let dealt = dealt(labels, &strata, &mut draws(key, Draw::Decoded, *who as u32, number));
        Ok(Some(balanced_accuracy(&dealt, &decoding.predict(&dealt, *classes)?)))
    };
    let null = (0..settings.draws).into_par_iter().map(draw).collect::<Result<Option<Vec<f64>>>>()?;
    let predicted = decoding.predict(labels, *classes)?;
    Ok(null.map(|null| measured(*who, labels, &predicted, *classes, null, settings, key)))
}

/// The balanced accuracy in bouts `to` of decoders that learned from bouts `from`, each less the mean of its bouts: what all
/// bouts of an agent share says nothing of behaviours. The labels of `to` are dealt anew within contexts.
///
/// # Errors
/// If a decoder cannot be trained.
pub(super) fn across(
    space: &Space,
    from: &Labelled,
    to: &Labelled,
    settings: &PopulationSettings,
    key: u64,
) -> Result<Measured> {
    let who = if from.who == Who::Own { Who::OwnToOther } else { Who::OtherToOwn };
    let trained = trials(space, &from.items, true)?;
    let decoder = Decoder::fit(&trained, &from.labels, from.classes, &decoder(settings, 2, key))?;
    let scores = decoder.linear().scores(&trials(space, &to.items, true)?)?;
    let predicted = decisions(&scores, to.classes);
    let draw = |number: usize| {
        balanced_accuracy(&dealt(&to.labels, &to.parts, &mut draws(key, Draw::Decoded, who as u32, number)), &predicted)
    };
    let null = (0..settings.draws).map(draw).collect();
    Ok(measured(who, &to.labels, &predicted, to.classes, null, settings, key))
}

fn measured(
    who: Who,
    labels: &[usize],
    predicted: &[usize],
    classes: usize,
    null: Vec<f64>,
    settings: &PopulationSettings,
    key: u64,
) -> Measured {
    let weighted = |number: usize| {
        let drawn = weights(&mut draws(key, Draw::Weights, who as u32 + 8, number), labels.len());
        let recall = |class: usize| {
            let own = || (0..labels.len()).filter(move |i| labels[*i] == class);
            let right: f64 = own().filter(|i| predicted[*i] == class).map(|i| drawn[i]).sum();
            right / own().map(|i| drawn[i]).sum::<f64>()
        };
        (0..classes).map(recall).sum::<f64>() / classes as f64
    };
    Measured {
        who,
        measure: Measure::Decoding,
        bouts: labels.len(),
        behaviours: classes,
        value: balanced_accuracy(labels, predicted),
        error: None,
        spread: (0..settings.draws).map(weighted).collect(),
        null,
        null_error: Vec::new(),
    }
}
