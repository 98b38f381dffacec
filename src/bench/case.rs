//! A problem of given sizes with made-up data.

use crate::dims::Dims;
use crate::engine::{
    Adam, BatchState, LossKind, NetworkSettings, Problem, TimeConstants, available_memory, memory_text,
};
use crate::error::{Error, Result, at_most, ensure};
use crate::network::{
    Area, Constraint, InitScheme, InitSettings, Layout, MagnitudeDistribution, Population, initial_parameters,
};
use crate::rng::{Rng, Stream};

/// Sizes of a benchmark. The default is the reference size: 355 neurons in three areas, 12 conditions, 800 steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Case {
    /// K.
    pub networks: usize,
    /// N.
    pub neurons: usize,
    /// C.
    pub conditions: usize,
    /// T; a ninth of it up to 100 steps is warm-up.
    pub time_steps: usize,
}

impl Default for Case {
    fn default() -> Self {
        Self { networks: 1, neurons: 355, conditions: 12, time_steps: 800 }
    }
}

impl Case {
    /// The problem, settings that never stop a network, and the start of each network.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn pose(&self) -> Result<(Problem, Vec<NetworkSettings>, BatchState)> {
        self.check()?;
        let problem = self.problem()?;
        problem.check()?;
        let (layout, mean_rate) = (Layout::new(&problem.dims), problem.mean_rate());
        let start = |network| {
            let settings = InitSettings {
                scheme: InitScheme::Balanced,
                distribution: MagnitudeDistribution::Normal,
                gain: 0.1,
                mean_rate: &mean_rate,
                seed: 1,
                network,
                without_recurrence: false,
            };
            initial_parameters(&layout, &problem.population, &problem.constraint, &settings)
        };
        let state = BatchState::fresh((0..self.networks as u32).map(start).collect());
        let settings = NetworkSettings { target: 0.0, patience: u32::MAX, ..NetworkSettings::default() };
        Ok((problem, vec![settings; self.networks], state))
    }

    /// Refuses what makes no problem, what no machine holds, and what this one does not.
    ///
    /// # Errors
    /// Naming the size.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.networks > 0 && self.neurons >= 3 && self.conditions > 0 && self.time_steps >= 16,
            "a benchmark needs at least 1 network, 3 neurons, 1 condition and 16 steps, not {self:?}."
        );
        at_most("networks", self.networks, 100_000)?;
        at_most("neurons", self.neurons, 100_000)?;
        at_most("conditions", self.conditions, 100_000)?;
        at_most("time_steps", self.time_steps, 10_000_000)?;
        let d = self.dims();
        // The numbers are made, and copied for the engine.
        let numbers = d.sequences * d.time_steps * d.channels + d.conditions * (d.bins + 2) * d.neurons;
        let needed = (8 * numbers as u64).saturating_add((self.networks as u64).saturating_mul(d.start_bytes()));
        let Some(limit) = available_memory().filter(|limit| *limit < needed) else { return Ok(()) };
        Err(Error::input(format!(
            "`networks`, `neurons`, `conditions`, `time_steps`: a benchmark of this size needs {}, but there are {}.",
            memory_text(needed),
            memory_text(limit)
        )))
    }

    /// Floating point operations of one training step of all networks.
    pub(super) fn flops(&self) -> f64 {
        self.networks as f64 * self.dims().flops_per_step()
    }

    fn dims(&self) -> Dims {
        let (t, thermal) = (self.time_steps, 100.min(self.time_steps / 9));
        Dims {
            networks: self.networks,
            neurons: self.neurons,
            conditions: self.conditions,
            time_steps: t,
            thermal,
            steps_per_bin: 4,
            bins: (t - thermal) / 4,
            channels: 10,
            sequences: self.conditions.div_ceil(2),
            input_groups: 2,
        }
    }

    fn problem(&self) -> Result<Problem> {
        let dims = self.dims();
        let (n, c, t, sequences) = (self.neurons, self.conditions, self.time_steps, dims.sequences);
        let rng = Rng::new(1, 0, Stream::Synthetic);
        let uniform =
            |count: usize, from: u32| (0..count).map(|k| rng.uniform(from.wrapping_add(k as u32)) as f32).collect();
        // The areas of the reference network, in proportion.
        let sizes = [n * 86 / 355, n * 106 / 355];
        let areas = [("AIP", sizes[0]), ("F5", sizes[1]), ("F6", n - sizes[0] - sizes[1])];
        let areas = areas.map(|(name, size)| Area { name: name.into(), size }).to_vec();
        Ok(Problem {
            dims,
            population: Population::new(areas, (0..n).map(|i| i % 5 == 0).collect(), None)?,
            constraint: Constraint::default(),
            time_constants: TimeConstants::default(),
            loss: LossKind::L2,
            adam: Adam::default(),
            input_group: (0..c).map(|c| c / sequences).collect(),
            sequence: (0..c).map(|c| c % sequences).collect(),
            bins: vec![dims.bins; c],
            stimulus: uniform(sequences * t * 10, 0),
            targets: uniform(c * dims.bins * n, 1 << 30),
            initial_x: vec![0.0; c * n],
            initial_r: vec![0.5; c * n],
            recurrent: true,
        })
    }
}
