//! The circuit behind the synthetic rates: a ring that carries a wave, and neurons that mix it with their input
//! (docs/tasks.md#synthetic-data).

use super::settings::{BINS, CircuitSettings, Draw, SyntheticSettings};
use crate::task::{ConditionClass, Stimulus, TaskSpec};

/// Channels of the built-in task at full strength; the others repeat them at half strength.
const GO: usize = 0;
const NO_GO: usize = 4;
const OBJECTS: std::ops::Range<usize> = 1..4;
/// All of them, in the order of a neuron's weights.
const CHANNELS: usize = 5;

/// Time for the wave to settle before the trial, in ms.
const SETTLING: f64 = 10_000.0;

/// A population ready to perform the task.
pub(super) struct Circuit<'a> {
    settings: &'a CircuitSettings,
    task: &'a TaskSpec,
    stimulus: Stimulus,
    neurons: Vec<Neuron>,
    /// `G R(θ)`.
    feedback: [[f64; 2]; 2],
    /// The ring at the first step.
    start: [f64; 2],
}

struct Neuron {
    rest: f64,
    /// `(cos φ, sin φ)`.
    direction: [f64; 2],
    coupling: f64,
    weights: [f64; CHANNELS],
    /// Time constant of the input in ms.
    input_time: f64,
    /// The only class in which it is active.
    only: Option<ConditionClass>,
}

impl<'a> Circuit<'a> {
    /// Draws the neurons and lets the wave settle.
    pub(super) fn new(settings: &'a SyntheticSettings, task: &'a TaskSpec, only: &[Option<ConditionClass>]) -> Self {
        let time_steps = task.time.time_steps(BINS);
        let neurons: Vec<Neuron> = only.iter().enumerate().map(|(i, only)| Neuron::draw(settings, i, *only)).collect();
        let c = &settings.circuit;
        let slope = neurons.iter().map(|n| n.rate(0.0)).map(|r| r * (1.0 - r)).sum::<f64>() / neurons.len() as f64;
        let angle = (std::f64::consts::TAU * c.ring_time / c.period).atan();
        let (diagonal, off) = (c.gain / slope, c.gain / slope * angle.tan());
        let mut circuit = Self {
            settings: c,
            task,
            // Without the noise that a network is shown.
            stimulus: task.stimulus.render_clean(time_steps, task.time.thermal),
            neurons,
            feedback: [[diagonal, -off], [off, diagonal]],
            start: [0.0; 2],
        };
        circuit.start = circuit.settle();
        circuit
    }

    /// N.
    pub(super) fn neurons(&self) -> usize {
        self.neurons.len()
    }

    /// The rates of condition `c` at every step, `[T][N]`.
    pub(super) fn run(&self, c: usize) -> Vec<Vec<f64>> {
        let class = self.task.conditions[c].class;
        let sequence = self.task.sequence_indices()[c];
        let mut ring = self.start;
        let mut inputs = vec![0.0; self.neurons.len()];
        let mut rates = Vec::with_capacity(self.stimulus.time_steps);
        for t in 0..self.stimulus.time_steps {
            let shown = self.shown(sequence, t);
            for (input, neuron) in inputs.iter_mut().zip(&self.neurons) {
                let target = neuron.input(self.settings, class, &shown);
                *input += self.task.time.step_ms / neuron.input_time * (target - *input);
            }
            let now = self.rates(ring, &inputs);
            ring = self.step(ring, &now);
            rates.push(now);
        }
        rates
    }

    /// The channels at full strength at step `t`, in the order of the weights.
    fn shown(&self, sequence: usize, t: usize) -> [f64; CHANNELS] {
        let s = &self.stimulus;
        let at = (sequence * s.time_steps + t) * s.channels;
        let mut shown = [0.0; CHANNELS];
        shown.iter_mut().zip(&s.values[at..]).for_each(|(to, from)| *to = f64::from(*from));
        shown
    }

    fn rates(&self, ring: [f64; 2], inputs: &[f64]) -> Vec<f64> {
        let drive = |n: &Neuron| n.coupling * (n.direction[0] * ring[0] + n.direction[1] * ring[1]);
        self.neurons.iter().zip(inputs).map(|(n, input)| n.rate(drive(n) + input)).collect()
    }

    /// One Euler step of the ring.
    fn step(&self, ring: [f64; 2], rates: &[f64]) -> [f64; 2] {
        let mut overlap = [0.0; 2];
        for (neuron, rate) in self.neurons.iter().zip(rates) {
            let deviation = 2.0 * (rate - neuron.rate(0.0)) / self.neurons.len() as f64;
            overlap.iter_mut().zip(neuron.direction).for_each(|(o, d)| *o += d * deviation);
        }
        let alpha = self.task.time.step_ms / self.settings.ring_time;
        let moved = |k: usize| {
            let target = self.feedback[k][0] * overlap[0] + self.feedback[k][1] * overlap[1];
            ring[k] + alpha * (target - ring[k])
        };
        [moved(0), moved(1)]
    }

    /// The ring without input after [`SETTLING`], at the moment at which the wave passes phase 0, so that every trial
    /// of every population begins alike.
    fn settle(&self) -> [f64; 2] {
        let quiet = vec![0.0; self.neurons.len()];
        let mut ring = [1.0, 0.0];
        let steps = |ms: f64| (ms / self.task.time.step_ms) as usize;
        for t in 0..steps(SETTLING + 4.0 * self.settings.period) {
            let next = self.step(ring, &self.rates(ring, &quiet));
            let passes = ring[1] < 0.0 && next[1] >= 0.0;
            ring = next;
            if t >= steps(SETTLING) && passes {
                break;
            }
        }
        ring
    }
}

impl Neuron {
    fn draw(settings: &SyntheticSettings, i: usize, only: Option<ConditionClass>) -> Self {
        let index = i as u32;
        let c = &settings.circuit;
        let normal = |draw: Draw, index: u32| settings.rng(draw).normal(index);
        // Steps of the golden ratio spread the phases evenly over the ring, in any block of neurons.
        let turn = 0.618_033_988_749_895 * i as f64 + settings.rng(Draw::Phase).uniform(0);
        let (sin, cos) = (std::f64::consts::TAU * turn).sin_cos();
        let mut weights = std::array::from_fn(|u| c.input * normal(Draw::Input, index * CHANNELS as u32 + u as u32));
        weights[GO] += c.support;
        weights[NO_GO] -= c.support;
        let (shortest, longest) = c.input_time;
        Self {
            rest: c.rest + 0.4 * normal(Draw::Rest, index),
            direction: [cos, sin],
            coupling: (0.2 * normal(Draw::Coupling, index)).exp(),
            weights,
            input_time: shortest * (longest / shortest).powf(settings.rng(Draw::InputTime).uniform(index)),
            only,
        }
    }

    /// The rate under `drive` from ring and input.
    fn rate(&self, drive: f64) -> f64 {
        1.0 / (1.0 + (-(self.rest + drive)).exp())
    }

    /// What the stimulus `shown` drives the input towards.
    fn input(&self, settings: &CircuitSettings, class: ConditionClass, shown: &[f64; CHANNELS]) -> f64 {
        let tuned: f64 = self.weights.iter().zip(shown).map(|(w, s)| w * s).sum();
        if self.only.is_none_or(|only| only == class) {
            return tuned;
        }
        let anything = shown[GO] + shown[NO_GO] + shown[OBJECTS].iter().sum::<f64>();
        tuned - settings.suppression * anything
    }
}
