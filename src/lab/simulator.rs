//! Many trials of one network, as batches of networks.

use crate::dims::Dims;
use crate::engine::{BatchState, Engine, NetworkSettings, Perturbation, Problem, TrialNoise};
use crate::error::Result;
use std::sync::{Mutex, PoisonError};

/// Makes an engine for a problem with a network per setting, starting from the state.
pub type OpenEngine<'a> = dyn Fn(&Problem, &[NetworkSettings], &BatchState) -> Result<Box<dyn Engine>> + 'a;

/// One simulation of all conditions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// What is done to the network.
    pub perturbation: Perturbation,
    /// Its noise; none is the simulation that training sees.
    pub noise: Option<TrialNoise>,
}

impl Trial {
    /// The simulation that training sees, with this done to the network.
    pub fn of(perturbation: Perturbation) -> Self {
        Self { perturbation, noise: None }
    }
}

/// A batch of copies of one network.
pub struct Simulator {
    engine: Box<dyn Engine>,
    slots: usize,
}

impl Simulator {
    /// Room for `slots` simulations at once of the network with `parameters`.
    ///
    /// # Errors
    /// If the engine cannot be made.
    pub fn new(problem: &Problem, parameters: &[f32], slots: usize, open: &OpenEngine) -> Result<Self> {
        let problem = Problem { dims: Dims { networks: slots, ..problem.dims }, ..problem.clone() };
        let state = BatchState::fresh(vec![parameters.to_vec(); slots]);
        Ok(Self { engine: open(&problem, &vec![settings(); slots], &state)?, slots })
    }

    /// How many simulations run at once.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Simulates `trials` and shows the binned rates `[C][B][N]` of each, with its number, to `read`: from several threads,
    /// in any order.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn run(&mut self, trials: &[Trial], read: &(dyn Fn(usize, &[f32]) + Sync)) -> Result<()> {
        for (wave, part) in trials.chunks(self.slots).enumerate() {
            // The last wave may have slots to spare: they repeat its last trial, and rest.
            let filled = || part.iter().chain(std::iter::repeat(&part[part.len() - 1])).take(self.slots);
            self.engine.set_perturbations(&filled().map(|t| t.perturbation.clone()).collect::<Vec<_>>())?;
            self.engine.set_trial_noise(&filled().map(|t| t.noise).collect::<Vec<_>>())?;
            let slots: Vec<usize> = (0..part.len()).collect();
            self.engine.evaluate_each(&slots, &|k, rates| read(wave * self.slots + k, rates))?;
        }
        Ok(())
    }
}

/// Simulates `trials` and gathers what `read` makes of each, in their order.
///
/// # Errors
/// If the engine fails.
pub fn collect<R: Send>(
    simulator: &mut Simulator,
    trials: &[Trial],
    read: &(dyn Fn(usize, &[f32]) -> R + Sync),
) -> Result<Vec<R>> {
    let found: Mutex<Vec<Option<R>>> = Mutex::new(trials.iter().map(|_| None).collect());
    simulator.run(trials, &|k, rates| {
        let value = read(k, rates);
        found.lock().unwrap_or_else(PoisonError::into_inner)[k] = Some(value);
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect())
}

/// Settings of a network that is only simulated.
fn settings() -> NetworkSettings {
    NetworkSettings { regularisation: 0.0, ..NetworkSettings::default() }
}
