//! What an engine keeps between steps, and a checkpoint stores.

use crate::error::{Result, ensure};
use crate::network::Layout;

/// Why the training of a network ended before its planned steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u32)]
pub enum StopReason {
    /// The loss reached its target.
    Target = 1,
    /// The loss had not improved for `patience` steps.
    Patience = 2,
    /// The loss or the gradient was not finite.
    Diverged = 3,
}

impl StopReason {
    /// The reason with that number; 0 means still running.
    pub fn from_code(code: u32) -> Option<Self> {
        [Self::Target, Self::Patience, Self::Diverged].into_iter().find(|reason| *reason as u32 == code)
    }

    /// As tables and files write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Patience => "patience",
            Self::Diverged => "diverged",
        }
    }
}

/// One network's part of a [`BatchState`]. Vectors are flat as [`Layout`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkState {
    /// Steps done, the one included that found a reason to stop.
    pub step: u32,
    /// Trained parameters (V in place of W under `softplus`).
    pub parameters: Vec<f32>,
    /// Adam's first moments.
    pub first_moment: Vec<f32>,
    /// Adam's second moments.
    pub second_moment: Vec<f32>,
    /// Parameters at the lowest loss seen.
    pub best_parameters: Vec<f32>,
    /// The lowest loss seen; infinity before the first step.
    pub best_loss: f32,
    /// The step whose loss that was (the parameters before its update); 0 before the first.
    pub best_step: u32,
    /// Steps since then.
    pub steps_since_best: u32,
    /// Set once training has ended early.
    pub stop: Option<StopReason>,
}

impl NetworkState {
    /// The state before the first step.
    pub fn fresh(parameters: Vec<f32>) -> Self {
        let zeros = vec![0.0; parameters.len()];
        Self {
            step: 0,
            first_moment: zeros.clone(),
            second_moment: zeros,
            best_parameters: parameters.clone(),
            parameters,
            best_loss: f32::INFINITY,
            best_step: 0,
            steps_since_best: 0,
            stop: None,
        }
    }

    /// How often the parameters were updated: the step that stops a network leaves them alone.
    pub fn updates(&self) -> u32 {
        self.step.saturating_sub(u32::from(self.stop.is_some()))
    }

    /// Refuses a state that is not that of a network of `layout`.
    ///
    /// # Errors
    /// Naming the first array of another length.
    pub fn check(&self, layout: &Layout) -> Result<()> {
        let arrays = [
            ("parameters", &self.parameters),
            ("first moments", &self.first_moment),
            ("second moments", &self.second_moment),
            ("best parameters", &self.best_parameters),
        ];
        for (name, array) in arrays {
            let (found, needed) = (array.len(), layout.len());
            ensure!(found == needed, "{name}: {found} elements, but the network needs {needed}.");
        }
        Ok(())
    }
}

/// The state of a batch of networks, each after its own steps.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchState {
    /// One state per network.
    pub networks: Vec<NetworkState>,
}

impl BatchState {
    /// The state before the first step, from each network's initial parameters.
    pub fn fresh(parameters: Vec<Vec<f32>>) -> Self {
        Self { networks: parameters.into_iter().map(NetworkState::fresh).collect() }
    }

    /// Refuses a state that does not belong to `networks` networks of `layout`.
    ///
    /// # Errors
    /// Naming the first array of another length.
    pub fn check(&self, layout: &Layout, networks: usize) -> Result<()> {
        let held = self.networks.len();
        ensure!(held == networks, "the state holds {held} networks, the engine {networks}.");
        self.networks.iter().try_for_each(|network| network.check(layout))
    }
}
