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
    let last = engine.state()?;
    let last_losses = engine.evaluate()?;
    let mut better = last.clone();
    for network in &mut better.networks {
        network.parameters.clone_from(&network.best_parameters);
    }
    engine.load_state(&better)?;
    let best_losses = engine.evaluate()?;
    let settled: Vec<Settled> = last
        .networks
        .into_iter()
        .zip(last_losses.iter().zip(&best_losses))
        .map(|(network, (last_loss, best_loss))| settled(network, last.step, last_loss.loss, best_loss.loss))
        .collect();
    let changed = better.networks.iter_mut().zip(&settled).filter(|(n, s)| n.parameters != s.best);
    if changed.map(|(network, settled)| network.parameters.clone_from(&settled.best)).count() > 0 {
        engine.load_state(&better)?;
        engine.evaluate()?;
    }
    Ok(settled)
}

fn settled(network: NetworkState, step: u32, last_loss: f64, best_loss: f64) -> Settled {
    let last_note = WeightsNote { updates: updates(&network, step), loss: Some(last_loss) };
    let best_note = WeightsNote { updates: network.best_step.saturating_sub(1), loss: Some(best_loss) };
    let (best, best_note) = if last_loss <= best_loss {
        (network.parameters.clone(), last_note)
    } else {
        (network.best_parameters, best_note)
    };
    Settled { best, best_note, last: network.parameters, last_note }
}
