//! Networks of a plan that are trained in memory: fits that others look at, and input-only baselines.

use super::{Plan, Preset};
use crate::engine::{NetworkSettings, Perturbation, Problem};
use crate::network::Group;
use crate::train::Schedule;

/// Networks to train in memory, with nothing kept on disk.
#[derive(Debug)]
pub struct FitPlan {
    /// The conditions that are trained on.
    pub problem: Problem,
    /// All conditions, for the evaluation, where some are held out.
    pub whole: Option<Problem>,
    /// What each network has for itself, `[K]`.
    pub networks: Vec<FitNetwork>,
}

/// One network of a [`FitPlan`].
#[derive(Clone, Debug)]
pub struct FitNetwork {
    /// Its settings.
    pub settings: NetworkSettings,
    /// Its initial parameters.
    pub initial: Vec<f32>,
    /// Its steps.
    pub steps: u32,
    /// Its learning rates.
    pub schedule: Schedule,
}

/// The baseline has converged by then.
const BASELINE_STEPS: u32 = 300;

impl Plan {
    /// Its networks, to be trained in memory.
    pub fn fit(&self) -> FitPlan {
        let networks = self.seeds.len();
        let network = |k: usize| FitNetwork {
            settings: self.settings[k].clone(),
            initial: self.initial(k),
            steps: self.config.training.n_trials,
            schedule: self.schedule(),
        };
        FitPlan {
            problem: self.training_problem(networks),
            whole: self.whole(networks),
            networks: (0..networks).map(network).collect(),
        }
    }

    fn whole(&self, networks: usize) -> Option<Problem> {
        (!self.held_out.is_empty()).then(|| self.problem_for(networks))
    }

    /// The input-only baselines of some of its networks: the run's data, task, loss and network settings with W held at
    /// zero, trained by the default recipe, since the question is how much can be explained without recurrence, not how
    /// far a slow optimiser gets.
    pub fn baseline(&self, networks: &[usize]) -> FitPlan {
        let recipe = Preset::Default.config();
        let t = &recipe.training;
        let problem = Problem { recurrent: false, ..self.training_problem(networks.len()) };
        let whole = self.whole(networks.len()).map(|whole| Problem { recurrent: false, ..whole });
        let settings = |network: &usize| NetworkSettings {
            freeze: vec![Group::Recurrent],
            clip_norm: t.clip_norm as f32,
            target: 0.0,
            perturbation: Perturbation::default(),
            ..self.settings[*network].clone()
        };
        let steps = self.config.training.n_trials.min(BASELINE_STEPS);
        let network = |k: &usize| FitNetwork {
            settings: settings(k),
            initial: self.drawn(*k, &recipe.network, true),
            steps,
            schedule: Schedule::new(t.schedule, t.learning_rate, steps, t.plateau_patience),
        };
        FitPlan { problem, whole, networks: networks.iter().map(network).collect() }
    }
}
