//! Lesions and their controls, measured by what they do to the fit.

use crate::engine::Perturbation;
use crate::error::Result;
use crate::perturb::lesion::marked;
use crate::perturb::{
    ControlSettings, Effect, Lesion, MeasureKey, Measures, OpenEngine, Outcome, Simulator, Subject, Trial,
    draw_controls, effects,
};
use std::sync::{Mutex, PoisonError};

/// Measures `lesions` of `subject` and their controls by the change of R² over all spared neurons, and compares them as
/// `aon perturb` does; q is over these lesions.
///
/// # Errors
/// If the engine fails.
pub fn examine(
    subject: &Subject,
    lesions: &[Lesion],
    controls: &ControlSettings,
    slots: usize,
    open: &OpenEngine,
) -> Result<Vec<Effect>> {
    let measures = Measures::new(subject);
    let mut simulator = Simulator::new(&subject.problem, &subject.parameters, slots, open)?;
    let mut outcomes = Vec::with_capacity(lesions.len());
    for (number, lesion) in lesions.iter().enumerate() {
        let drawn = draw_controls(lesion, number, subject, controls);
        let mut sets = vec![lesion.neurons.clone()];
        sets.extend(drawn.iter().flat_map(|d| d.simulated(lesion)).cloned());
        let perturbations: Vec<Perturbation> = sets.iter().map(|set| lesion.perturbation(set, subject)).collect();
        let trials: Vec<Trial> =
            perturbations.into_iter().map(|perturbation| Trial { perturbation, noise: None }).collect();
        let changes = Mutex::new(vec![f64::NAN; sets.len()]);
        simulator.run(&trials, &|k, rates| {
            let change = measures.of(rates, &marked(&sets[k], subject.dims().neurons))[0];
            changes.lock().unwrap_or_else(PoisonError::into_inner)[k] = change;
        })?;
        let changes = changes.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcomes.push(Outcome::of(lesion.neurons.len(), drawn, changes.into_iter().map(|v| vec![v]).collect()));
    }
    let key: Vec<MeasureKey> = measures.keys()[..1].to_vec();
    Ok(effects(&outcomes, &key))
}
