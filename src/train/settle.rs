//! The weights that a finished training reports.

use super::WeightsNote;
use super::trainer::updates;
use crate::engine::{Engine, NetworkState};
use crate::error::Result;

/// The best weights of one network, and the last ones.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Parameters at the lowest loss that was seen, the one after the last update included.
    pub best: Vec<f32>,
    /// Their loss, and the updates that led to them.
    pub best_note: WeightsNote,
    /// Parameters after the last update.
    pub last: Vec<f32>,
    /// The same of them.
    pub last_note: WeightsNote,
}

/// Measures the loss after the last update of `network`, and leaves the engine evaluated at the best weights.
///
/// The engine's state is no longer that of a training that goes on: a longer run must resume from the checkpoint, so
/// that it knows no more than an uninterrupted one.
///
/// # Errors
/// If the device fails.
pub fn settle(engine: &mut dyn Engine, network: usize) -> Result<Settled> {
    let mut state = engine.state()?;
    let NetworkState { parameters, best_parameters, best_loss, best_step, .. } = state.networks[network].clone();
    let last_updates = updates(&state.networks[network], state.step);
    let last_loss = engine.evaluate()?[network].loss;
    let last_note = WeightsNote { updates: last_updates, loss: Some(last_loss) };
    if last_loss <= f64::from(best_loss) {
        return Ok(Settled { best: parameters.clone(), best_note: last_note, last: parameters, last_note });
    }
    state.networks[network].parameters.clone_from(&best_parameters);
    engine.load_state(&state)?;
    let loss = engine.evaluate()?[network].loss;
    let best_note = WeightsNote { updates: best_step.saturating_sub(1), loss: Some(loss) };
    Ok(Settled { best: best_parameters, best_note, last: parameters, last_note })
}
