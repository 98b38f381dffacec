//! The wiring of a teacher.
//!
//! A ring of excitatory neurons carries a wave: each excites those ahead of it. The inhibitory neurons of their area hold
//! their mean rate. Every other neuron receives the wave, at a phase and with a time constant of its own, and the stimulus;
//! what it sends is small.

use crate::dims::Dims;
use crate::engine::TimeConstants;
use crate::network::{Constraint, Group, Layout, Population};
use crate::rng::Rng;
use std::f64::consts::{PI, TAU};

/// What a random number of a teacher is for: the step in the key of its stream.
#[derive(Clone, Copy)]
pub(super) enum Draw {
    Generator,
    Rest,
    Phase,
    Background,
    Input,
    SharedInput,
    TimeConstant,
    Observed,
    Noise,
    Lesion,
}

/// What a neuron does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// One of the generator, at its place on the ring.
    Generator(usize),
    /// Inhibition that keeps the generator's mean rate.
    Stabiliser,
    /// Everybody else.
    Follower,
}

impl Role {
    /// The roles of all neurons, `[N]`.
    pub(super) fn of(population: &Population, generator: &[usize]) -> Vec<Self> {
        let area = generator.first().map(|i| population.area_of()[*i]);
        let role = |i: usize| match generator.binary_search(&i) {
            Ok(place) => Self::Generator(place),
            Err(_) if population.inhibitory()[i] && Some(population.area_of()[i]) == area => Self::Stabiliser,
            Err(_) => Self::Follower,
        };
        (0..population.len()).map(role).collect()
    }
}

/// Everything that the wiring of a teacher depends on.
pub(super) struct Wiring<'a> {
    pub(super) population: &'a Population,
    pub(super) constraint: &'a Constraint,
    /// `[N]`.
    pub(super) role: Vec<Role>,
    pub(super) rng: Rng,
}

/// Gain of the ring. A wave grows while a quarter of half of it, the slope of the sigmoid times the share of the first
/// harmonic, is above 1.
const RING: f64 = 18.0;

/// How far the ring's connections are turned, in radians: with the generator's time constant this makes a period of about
/// 1.2 s.
const TURN: f64 = 0.5;

/// What the generator gives the stabilisers; they give back twice as much. The product over 16, the slopes of two
/// sigmoids, is what it takes from the gain of the generator's mean, which would otherwise run away.
const STABILISATION: f64 = 6.0;

/// What the generator gives a follower.
const FOLLOWING: f64 = 8.0;

/// Size of all other weights: times |Normal(0, 1)| / √N.
const BACKGROUND: f64 = 0.3;

/// Standard deviation of all input weights.
const INPUT: f64 = 0.3;

/// Mean and standard deviation of the sigmoid's argument at rest.
const REST: (f64, f64) = (-0.5, 0.3);

/// Time constants in steps: the generator's, the stabilisers', the shortest and the longest of followers.
const GENERATOR_TAU: f64 = 10.0;
const STABILISER_TAU: f64 = 2.0;
const FOLLOWER_TAU: (f64, f64) = (3.0, 21.0);

impl Wiring<'_> {
    fn normal(&self, draw: Draw, index: usize) -> f64 {
        self.rng.at_step(draw as u32).normal(index as u32)
    }

    fn uniform(&self, draw: Draw, index: usize) -> f64 {
        self.rng.at_step(draw as u32).uniform(index as u32)
    }

    fn count(&self, is: impl Fn(&Role) -> bool) -> f64 {
        self.role.iter().filter(|r| is(r)).count() as f64
    }

    /// Place on the ring of a generator neuron, preferred phase of a follower, in radians.
    fn phase(&self, i: usize) -> f64 {
        match self.role[i] {
            Role::Generator(place) => TAU * place as f64 / self.count(|r| matches!(r, Role::Generator(_))),
            _ => TAU * self.uniform(Draw::Phase, i),
        }
    }

    /// W, `[N × N]`.
    fn weights(&self) -> Vec<f32> {
        let n = self.role.len();
        let generators = self.count(|r| matches!(r, Role::Generator(_)));
        let stabilisers = self.count(|r| *r == Role::Stabiliser);
        let phase: Vec<f64> = (0..n).map(|i| self.phase(i)).collect();
        let weight = |post: usize, pre: usize| {
            if !self.constraint.is_connection(self.population, post, pre) {
                return 0.0;
            }
            let wave = |shift: f64| 1.0 + (phase[post] - phase[pre] - shift).cos();
            match (self.role[post], self.role[pre]) {
                (Role::Generator(_), Role::Generator(_)) => RING / generators * wave(TURN),
                (Role::Stabiliser, Role::Generator(_)) => STABILISATION / generators,
                (Role::Generator(_), Role::Stabiliser) => -2.0 * STABILISATION / stabilisers,
                (Role::Follower, Role::Generator(_)) => FOLLOWING / generators * wave(0.0),
                _ => {
                    let sign = f64::from(self.constraint.sign_of(self.population, post, pre));
                    let index = post * n + pre;
                    sign * BACKGROUND / (n as f64).sqrt() * self.normal(Draw::Background, index).abs()
                }
            }
        };
        (0..n * n).map(|k| weight(k / n, k % n) as f32).collect()
    }

    /// Argument of the sigmoid at rest.
    fn rest(&self, i: usize) -> f64 {
        REST.0 + REST.1 * self.normal(Draw::Rest, i)
    }

    fn rest_rate(&self, i: usize) -> f64 {
        1.0 / (1.0 + (-self.rest(i)).exp())
    }

    /// I_ext that puts every neuron at rest when all others are.
    fn currents(&self, weights: &[f32]) -> Vec<f64> {
        let n = self.role.len();
        let effective = Constraint::effective_weights(self.population, weights);
        let rates: Vec<f64> = (0..n).map(|j| self.rest_rate(j)).collect();
        let drive = |i: usize| effective[i * n..][..n].iter().zip(&rates).map(|(w, r)| f64::from(*w) * r).sum::<f64>();
        (0..n).map(|i| self.rest(i) - drive(i)).collect()
    }

    /// τ in steps.
    fn tau(&self, i: usize) -> f64 {
        match self.role[i] {
            Role::Generator(_) => GENERATOR_TAU,
            Role::Stabiliser => STABILISER_TAU,
            Role::Follower => {
                FOLLOWER_TAU.0 * (FOLLOWER_TAU.1 / FOLLOWER_TAU.0).powf(self.uniform(Draw::TimeConstant, i))
            }
        }
    }

    /// Parameters, flat as [`Layout`] says.
    pub(super) fn parameters(&self, dims: &Dims, time_constants: &TimeConstants) -> Vec<f32> {
        let layout = Layout::new(dims);
        let mut parameters = vec![0.0_f32; layout.len()];
        let weights = self.weights();
        parameters[layout.range(Group::Recurrent)].copy_from_slice(&self.constraint.stored(&weights));
        for group in 0..dims.input_groups {
            let values = &mut parameters[layout.range(Group::Input(group))];
            for (index, value) in values.iter_mut().enumerate() {
                let shared = self.normal(Draw::SharedInput, index);
                let own = self.normal(Draw::Input, group * dims.neurons * dims.channels + index);
                *value = (INPUT * (shared + own) / 2.0_f64.sqrt()) as f32;
            }
        }
        let currents = self.currents(&weights);
        parameters[layout.range(Group::Current)].iter_mut().zip(currents).for_each(|(to, from)| *to = from as f32);
        let (min, max) = (f64::from(time_constants.min), f64::from(time_constants.max));
        for (i, theta) in parameters[layout.range(Group::TimeConstant)].iter_mut().enumerate() {
            let fraction = (self.tau(i) - min) / (max - min);
            *theta = (fraction / (1.0 - fraction)).ln() as f32;
        }
        parameters
    }

    /// x and r at t = 0, `[N]` each: the wave at phase 0, everybody else at rest.
    pub(super) fn start(&self) -> (Vec<f32>, Vec<f32>) {
        let weights = self.weights();
        let currents = self.currents(&weights);
        let wave = |i: usize| match self.role[i] {
            Role::Generator(_) => 2.0 * (self.phase(i) + PI / 4.0).cos(),
            _ => 0.0,
        };
        let argument = |i: usize| self.rest(i) + wave(i);
        let x = |i: usize| (argument(i) - currents[i]) as f32;
        let r = |i: usize| (1.0 / (1.0 + (-argument(i)).exp())) as f32;
        ((0..self.role.len()).map(x).collect(), (0..self.role.len()).map(r).collect())
    }
}
