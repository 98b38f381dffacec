//! What is recorded of a teacher.

use super::Teacher;
use super::wiring::Draw;
use crate::data::RecordedCondition;
use crate::task::TaskSpec;
use ndarray::{Array1, Array2};

/// Which of a teacher's neurons are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Observed {
    /// All.
    All,
    /// A random half of each class.
    Half,
}

impl Observed {
    /// As tables write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Half => "half",
        }
    }

    /// Neurons of a teacher of whom `students` are recorded.
    pub fn teacher_neurons(self, students: usize) -> usize {
        match self {
            Self::All => students,
            Self::Half => 2 * students,
        }
    }
}

/// A recording of a teacher: what a student knows of it.
#[derive(Clone, Debug)]
pub struct TeacherRecording {
    /// Rates, with the state at t = 0.
    pub conditions: Vec<RecordedCondition>,
    /// Which neurons are inhibitory.
    pub inhibitory: Vec<bool>,
    /// Which are mirror neurons.
    pub mirror: Vec<bool>,
    /// The task, its areas as large as what was recorded of them.
    pub task: TaskSpec,
}

/// Standard deviation of the noise on each recorded rate.
const NOISE: f64 = 0.01;

impl Teacher {
    /// The neurons that are recorded, ascending. Of each class the same share, so that students have as many like cells to
    /// compare with as their teachers' size promises.
    pub fn observed(&self, observed: Observed) -> Vec<usize> {
        let share = |k: usize, class: &[usize]| match observed {
            Observed::All => class.to_vec(),
            Observed::Half => {
                let rng = self.rng.at_step(Draw::Observed as u32);
                rng.subset(class, class.len().div_ceil(2), (k * self.subject.dims().neurons) as u32)
            }
        };
        let lesions = crate::perturb::default_lesions(&self.subject);
        let mut neurons: Vec<usize> = lesions.iter().enumerate().flat_map(|(k, l)| share(k, &l.neurons)).collect();
        neurons.sort_unstable();
        neurons
    }

    /// The binned rates of `neurons`, with noise, and who they are.
    pub fn record(&self, neurons: &[usize]) -> TeacherRecording {
        let population = &self.subject.problem.population;
        let of = |mask: &[bool]| neurons.iter().map(|i| mask[*i]).collect();
        let mut task = self.task.clone();
        for (a, area) in task.areas.iter_mut().enumerate() {
            area.size = neurons.iter().filter(|i| population.area_of()[**i] as usize == a).count();
        }
        let conditions = (0..self.task.conditions.len()).map(|c| self.condition(c, neurons)).collect();
        let mirror = of(population.mirror().unwrap_or_default());
        TeacherRecording { conditions, inhibitory: of(population.inhibitory()), mirror, task }
    }

    fn condition(&self, c: usize, neurons: &[usize]) -> RecordedCondition {
        let (d, noise) = (self.subject.dims(), self.rng.at_step(Draw::Noise as u32));
        let rates = Array2::from_shape_fn((neurons.len(), d.bins), |(k, b)| {
            let at = (c * d.bins + b) * d.neurons + neurons[k];
            (f64::from(self.subject.intact[at]) + NOISE * noise.normal(at as u32)).clamp(0.0, 1.0)
        });
        let start = Array1::from_shape_fn(neurons.len(), |k| {
            f64::from(self.subject.problem.initial_r[c * d.neurons + neurons[k]])
        });
        RecordedCondition {
            variable: self.task.conditions[c].firing_rates.clone(),
            rates,
            initial_x: Some(start.mapv(|r| (r / (1.0 - r)).ln())),
            initial_r: Some(start),
        }
    }
}
