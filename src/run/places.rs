//! Places in an engine, in which networks are trained one after another.

use crate::engine::{BatchState, Device, Engine, NetworkSettings, Problem};
use crate::error::Result;
use crate::network::Layout;
use crate::train::{Feed, Training, train};
use std::sync::atomic::AtomicBool;

/// What networks that share an engine have in common.
pub(crate) struct Places<'a> {
    /// What computes.
    pub(crate) device: &'a Device,
    /// The conditions that are trained on, and everything else that is the same for all of them.
    pub(crate) problem: Problem,
    /// All conditions, where some are held out.
    pub(crate) whole: Option<Problem>,
    /// Whether states are kept from time to time.
    pub(crate) keeps_states: bool,
}

/// On a graphics device weights are settled of this part of the networks together: for one alone most of it would idle.
const SETTLE_TOGETHER: usize = 8;

impl Places<'_> {
    /// An engine with so many places, which are empty.
    ///
    /// # Errors
    /// If they do not fit.
    pub(crate) fn open(&self, places: usize) -> Result<Box<dyn Engine>> {
        open_empty(self.device, &self.problem, places)
    }

    /// Trains the networks of `feed` in `engine`; whether it was interrupted.
    ///
    /// # Errors
    /// If the engine or the feed fails.
    pub(crate) fn train(&self, engine: &mut dyn Engine, feed: &mut dyn Feed, stop: &AtomicBool) -> Result<bool> {
        let settle_together = match self.device {
            Device::Cpu { .. } => 1,
            Device::Gpu { .. } => (engine.dims().networks / SETTLE_TOGETHER).max(1),
        };
        let whole = self.whole.as_ref().map(|whole| open_empty(self.device, whole, settle_together)).transpose()?;
        train(engine, feed, Training { interrupt: stop, keeps_states: self.keeps_states, settle_together, whole })
    }
}

fn open_empty(device: &Device, problem: &Problem, places: usize) -> Result<Box<dyn Engine>> {
    let mut problem = problem.clone();
    problem.dims.networks = places;
    let nothing = vec![0.0; Layout::new(&problem.dims).len()];
    let empty = BatchState::fresh(vec![nothing; places]);
    device.open(&problem, &vec![NetworkSettings::default(); places], &empty)
}
