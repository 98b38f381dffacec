//! Classes before covariates are in the model, and with them.

use super::super::classes::{Class, classify};
use super::super::session_tests::SessionTests;
use super::session::SessionEncoding;

/// A neuron and its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reclassed {
    /// The number of its session.
    pub session: usize,
    /// Its number in the session.
    pub neuron: usize,
    /// By models without covariates.
    pub before: Class,
    /// By models with them.
    pub given: Class,
}

impl Reclassed {
    /// Whether covariates changed its class.
    pub fn is_changed(&self) -> bool {
        self.before != self.given
    }
}

/// The classes of all neurons of the sessions that could be encoded, in their order; discoveries are controlled at `rate` over all
/// sessions.
pub fn reclassed(sessions: &[SessionEncoding], rate: f64) -> Vec<Reclassed> {
    let encoded: Vec<(usize, &SessionTests, &SessionTests)> = sessions
        .iter()
        .enumerate()
        .filter_map(|(number, s)| Some((number, s.before.as_ref()?, s.given.as_ref()?)))
        .collect();
    let before = classify(&encoded.iter().map(|(_, before, _)| *before).collect::<Vec<_>>(), rate);
    let given = classify(&encoded.iter().map(|(.., given)| *given).collect::<Vec<_>>(), rate);
    let each = encoded.iter().zip(before.iter().zip(&given));
    each.flat_map(|((session, ..), (before, given))| {
        let both = before.class.iter().zip(&given.class).enumerate();
        both.map(|(neuron, (before, given))| Reclassed { session: *session, neuron, before: *before, given: *given })
    })
    .collect()
}
