//! What synthetic data are made from.

use crate::error::{Error, Result, ensure};
use crate::network::Area;
use crate::rng::{Rng, Stream};

/// Bins of every condition: 3.5 s of the built-in task.
pub(super) const BINS: usize = 175;

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticSettings {
    /// The areas, in the row order of the rates.
    pub areas: Vec<Area>,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Fraction of inhibitory neurons in every area.
    pub inhibitory: f64,
    /// Fraction of mirror neurons in every area.
    pub mirror: f64,
    /// Standard deviation of the observation noise on each binned rate.
    pub noise: f64,
    /// The circuit that makes the rates.
    pub circuit: CircuitSettings,
    /// Who the neurons are, where that is given and not drawn.
    pub masks: Option<Masks>,
}

/// Cell types and classes that are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masks {
    /// Which neurons are inhibitory, `[N]`.
    pub inhibitory: Vec<bool>,
    /// Which are mirror neurons, `[N]`.
    pub mirror: Vec<bool>,
}

/// The circuit that makes the rates. Times in ms; inputs and couplings in units of the argument of the logistic function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CircuitSettings {
    /// Mean argument of a neuron at rest.
    pub rest: f64,
    /// Period of the wave where it is small.
    pub period: f64,
    /// Time constant of the ring.
    pub ring_time: f64,
    /// Gain of the ring at rest; the wave keeps itself up above 1.
    pub gain: f64,
    /// Standard deviation of the input weights.
    pub input: f64,
    /// What the Go tone adds to every neuron, and the No-Go tone takes away.
    pub support: f64,
    /// What tone and object each take away from neurons in the class that is not theirs.
    pub suppression: f64,
    /// Shortest and longest time constant of the neurons' inputs.
    pub input_time: (f64, f64),
}

impl Default for CircuitSettings {
    fn default() -> Self {
        Self {
            rest: -1.0,
            period: 2000.0,
            ring_time: 100.0,
            gain: 1.5,
            input: 0.9,
            support: 0.3,
            suppression: 3.0,
            input_time: (60.0, 300.0),
        }
    }
}

impl SyntheticSettings {
    /// The reference size: AIP 86, F5 106, F6 163.
    pub fn reference(seed: u64) -> Self {
        Self::with_sizes([86, 106, 163], seed)
    }

    /// Eighty neurons, which train in seconds: AIP 20, F5 24, F6 36.
    pub fn small(seed: u64) -> Self {
        Self::with_sizes([20, 24, 36], seed)
    }

    fn with_sizes(sizes: [usize; 3], seed: u64) -> Self {
        let areas = ["AIP", "F5", "F6"].into_iter().zip(sizes).map(|(name, size)| Area { name: name.into(), size });
        Self {
            areas: areas.collect(),
            seed,
            inhibitory: 0.2,
            mirror: 0.45,
            noise: 0.01,
            circuit: CircuitSettings::default(),
            masks: None,
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        for (name, fraction) in [("inhibitory", self.inhibitory), ("mirror", self.mirror)] {
            ensure!(
                (0.0..=1.0).contains(&fraction),
                "the fraction of {name} neurons is {fraction}. Give one from 0 to 1."
            );
        }
        let neurons: usize = self.areas.iter().map(|a| a.size).sum();
        let given = self.masks.as_ref().map(|masks| (masks.inhibitory.len(), masks.mirror.len()));
        let (inhibitory, mirror) = given.unwrap_or((neurons, neurons));
        ensure!(
            (inhibitory, mirror) == (neurons, neurons),
            "the masks have {inhibitory} and {mirror} values, but the areas hold {neurons} neurons."
        );
        ensure!(
            self.noise.is_finite() && self.noise >= 0.0,
            "the observation noise is {}. Give 0 or more.",
            self.noise
        );
        let CircuitSettings { period, ring_time, input_time: (shortest, longest), .. } = self.circuit;
        let times = [("period", period), ("ring time", ring_time), ("input time", shortest), ("input time", longest)];
        if let Some((name, time)) = times.into_iter().find(|(_, t)| !(t.is_finite() && *t > 0.0)) {
            return Err(Error::input(format!("the circuit's {name} is {time} ms. Give more than 0.")));
        }
        Ok(())
    }

    /// The random numbers for a purpose.
    pub(super) fn rng(&self, draw: Draw) -> Rng {
        Rng::new(self.seed, 0, Stream::Synthetic).at_step(draw as u32)
    }
}

/// What a set of random numbers is for: the step in the key of [`Stream::Synthetic`].
#[derive(Clone, Copy)]
pub(super) enum Draw {
    Inhibitory,
    Mirror,
    Class,
    Rest,
    Phase,
    Coupling,
    Input,
    InputTime,
    Rates,
    InitialRates,
}
