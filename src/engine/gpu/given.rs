//! What the networks of an engine are given: perturbations, stimulus and start, with whose noise.

use super::bank::Given;
use super::bound::Base;
use super::course::Course;
use super::engine::GpuEngine;
use crate::engine::perturbation::check_batch;
use crate::engine::{Perturbation, TrialNoise};
use crate::error::{Result, ensure};

impl GpuEngine {
    /// As [`Engine::set_perturbations`](crate::engine::Engine::set_perturbations).
    pub(super) fn perturb(&mut self, perturbations: &[Perturbation]) -> Result<()> {
        let d = &self.plan.dims;
        check_batch(perturbations, d.networks, d.neurons)?;
        let parts = perturbations.chunks(self.plan.bank);
        let courses: Result<Vec<_>> = parts.map(|part| Course::new(d, self.device.info(), part)).collect();
        let courses = courses?;
        self.given = None;
        self.simulated.fill(false);
        let base = Base { device: &self.device, plan: &self.plan, pipelines: &self.pipelines, shared: &self.shared };
        self.device.checked("allocating", || {
            self.banks.iter_mut().zip(courses).try_for_each(|(bank, course)| bank.set_course(base, course))
        })?;
        self.perturbations = perturbations.to_vec();
        self.device.check()
    }

    /// As [`Engine::set_trial_noise`](crate::engine::Engine::set_trial_noise).
    pub(super) fn give_noise(&mut self, noise: &[Option<TrialNoise>]) -> Result<()> {
        let networks = self.plan.dims.networks;
        ensure!(noise.len() == networks, "noise for {} of {networks} networks.", noise.len());
        for (bank, part) in self.banks.iter().zip(noise.chunks(self.plan.bank)) {
            bank.set_noise(&self.device, part);
        }
        self.noisy_trials = noise.iter().any(Option::is_some);
        if self.given == Some(Given::Trial) {
            self.given = None;
        }
        self.simulated.fill(false);
        self.device.check()
    }

    /// What the training step that is about to be recorded is given.
    pub(super) fn of_step(&self) -> Given {
        if self.draws_noise.contains(&true) { Given::Fresh(self.submitted) } else { Given::Clean }
    }

    /// What an evaluation is given.
    pub(super) fn of_trial(&self) -> Given {
        if self.noisy_trials { Given::Trial } else { Given::Clean }
    }

    /// Records the stage that writes what is given, as far as the device does not hold it.
    pub(super) fn record_given(&mut self, given: Given) {
        if self.given == Some(given) {
            return;
        }
        // Only trials change the start; only the stimulus of training steps changes from one to the next.
        let with_start = given == Given::Trial || matches!(self.given, None | Some(Given::Trial));
        for bank in &self.banks {
            bank.record_stimulus(&mut self.recorder, given, with_start);
        }
        self.given = Some(given);
    }
}
