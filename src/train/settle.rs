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

/// Measures the loss of each network after its last update and at its best step, and leaves the engine evaluated at
/// the better weights of each, `[K]`.
///
/// Both are measured, since a loss of training may be that of a stimulus with fresh noise, and evaluations see none.
///
/// The engine's state is no longer that of a training that goes on: a longer run must resume from the checkpoint, so
/// that it knows no more than an uninterrupted one.
///
/// # Errors
/// If the device fails.
pub fn settle(engine: &mut dyn Engine) -> Result<Vec<Settled>> {
    let mut state = engine.state()?;
    let last_losses = engine.evaluate()?;
    let better = |network: &mut NetworkState| {
        let best = network.best_parameters.clone();
        std::mem::replace(&mut network.parameters, best)
    };
    let last: Vec<Vec<f32>> = state.networks.iter_mut().map(better).collect();
    engine.load_state(&state)?;
    let best_losses = engine.evaluate()?;
    let step = state.step;
    let settled: Vec<Settled> = last
        .into_iter()
        .zip(&mut state.networks)
        .zip(last_losses.iter().zip(&best_losses))
        .map(|((last, network), (last_loss, best_loss))| choose(last, network, step, last_loss.loss, best_loss.loss))
        .collect();
    if state.networks.iter().any(|n| n.parameters != n.best_parameters) {
        engine.load_state(&state)?;
        engine.evaluate()?;
    }
    Ok(settled)
}

/// Leaves the weights that evaluate better in `network`, which holds its best ones.
fn choose(last: Vec<f32>, network: &mut NetworkState, step: u32, last_loss: f64, best_loss: f64) -> Settled {
    let last_note = WeightsNote { updates: updates(network, step), loss: Some(last_loss) };
    let mut best_note = WeightsNote { updates: network.best_step.saturating_sub(1), loss: Some(best_loss) };
    if last_loss <= best_loss {
        network.parameters.clone_from(&last);
        best_note = last_note;
    }
    Settled { best: network.parameters.clone(), best_note, last, last_note }
}
