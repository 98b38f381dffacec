//! The weights that a finished training reports.

use super::WeightsNote;
use crate::engine::{Engine, NetworkSettings, NetworkState};
use crate::error::Result;
use std::sync::{Mutex, PoisonError};

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

/// A loss, and rates `[C][B][N]`.
type Evaluated = (f64, Vec<f32>);

/// Measures the loss of each network after its last update and at its best step, in `places` of `engine` that are free, one
/// for each of them; the others are not touched. With the weights of each come their rates, of the conditions of `whole`
/// where that is another engine.
///
/// Both are measured, since a loss of training may be that of a stimulus with fresh noise, and evaluations see none.
///
/// # Errors
/// If the device fails.
pub(super) fn settle(
    engine: &mut dyn Engine,
    places: &[usize],
    networks: &[(&NetworkSettings, &NetworkState)],
    whole: Option<&mut (dyn Engine + 'static)>,
) -> Result<Vec<(Settled, Vec<f32>)>> {
    let last: Vec<_> = networks.iter().map(|(settings, state)| (*settings, &state.parameters)).collect();
    let best: Vec<_> = networks.iter().map(|(settings, state)| (*settings, &state.best_parameters)).collect();
    let (last, best) = (evaluate(engine, places, &last)?, evaluate(engine, places, &best)?);
    let chosen =
        networks.iter().zip(last.into_iter().zip(best)).map(|((_, state), (last, best))| choose(state, last, best));
    let mut chosen: Vec<_> = chosen.collect();
    if let Some(whole) = whole {
        let places: Vec<usize> = (0..whole.dims().networks.min(networks.len())).collect();
        for (some, networks) in chosen.chunks_mut(places.len()).zip(networks.chunks(places.len())) {
            let best: Vec<_> =
                networks.iter().zip(&*some).map(|((settings, _), (s, _))| (*settings, &s.best)).collect();
            let evaluated = evaluate(whole, &places[..best.len()], &best)?;
            some.iter_mut().zip(evaluated).for_each(|((_, rates), (_, of_all))| *rates = of_all);
        }
    }
    Ok(chosen)
}

/// The loss and the rates of networks with these parameters.
fn evaluate(
    engine: &mut dyn Engine,
    places: &[usize],
    networks: &[(&NetworkSettings, &Vec<f32>)],
) -> Result<Vec<Evaluated>> {
    for (place, (settings, parameters)) in places.iter().zip(networks) {
        engine.replace(*place, settings, &NetworkState::fresh((*parameters).clone()))?;
    }
    let rates = Mutex::new(vec![Vec::new(); networks.len()]);
    let losses = engine.evaluate_each(places, &|place, seen| {
        let number = places.iter().position(|p| *p == place);
        let mut rates = rates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(k) = number {
            rates[k] = seen.to_vec();
        }
    })?;
    let rates = rates.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(losses.into_iter().map(|record| record.loss).zip(rates).collect())
}

/// The weights that evaluate better, and their rates.
fn choose(state: &NetworkState, last: Evaluated, best: Evaluated) -> (Settled, Vec<f32>) {
    let last_note = WeightsNote { updates: state.updates(), loss: Some(last.0) };
    let best_note = WeightsNote { updates: state.best_step.saturating_sub(1), loss: Some(best.0) };
    let parameters = state.parameters.clone();
    if last.0 <= best.0 {
        return (Settled { best: parameters.clone(), best_note: last_note, last: parameters, last_note }, last.1);
    }
    (Settled { best: state.best_parameters.clone(), best_note, last: parameters, last_note }, best.1)
}
