//! What is recorded of a teacher.

use super::Teacher;
use super::wiring::Draw;
use crate::data::{NamedArray, mat};
use crate::error::Result;
use crate::task::TaskSpec;
use ndarray::Array2;
use std::path::{Path, PathBuf};

/// Which of a teacher's neurons are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
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

/// A recording of a teacher, as the files that a recording comes in.
#[derive(Clone, Debug)]
pub struct RecordingFiles {
    /// Rates, with the state at t = 0.
    pub firing_rates: PathBuf,
    /// Which neurons are inhibitory.
    pub inhibitory: PathBuf,
    /// Which are mirror neurons.
    pub mirror: PathBuf,
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

    /// Writes the binned rates of `neurons`, with noise, and who they are into `directory`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn record(&self, neurons: &[usize], directory: &Path) -> Result<RecordingFiles> {
        let population = &self.subject.problem.population;
        let of = |mask: &[bool]| Array2::from_shape_fn((neurons.len(), 1), |(k, _)| u8::from(mask[neurons[k]]));
        let mut task = self.task.clone();
        for (a, area) in task.areas.iter_mut().enumerate() {
            area.size = neurons.iter().filter(|i| population.area_of()[**i] as usize == a).count();
        }
        let files = RecordingFiles {
            firing_rates: directory.join("Firing_Rates.mat"),
            inhibitory: directory.join("InhibitoryMask.mat"),
            mirror: directory.join("Mirror.mat"),
            task,
        };
        mat::write(&files.firing_rates, &self.rate_arrays(neurons))?;
        mat::write(&files.inhibitory, &[NamedArray::new("inhibitory", of(population.inhibitory()))])?;
        mat::write(&files.mirror, &[NamedArray::new("mirror", of(population.mirror().unwrap_or_default()))])?;
        Ok(files)
    }

    fn rate_arrays(&self, neurons: &[usize]) -> Vec<NamedArray> {
        let (d, noise) = (self.subject.dims(), self.rng.at_step(Draw::Noise as u32));
        let mut arrays = Vec::with_capacity(3 * d.conditions);
        for (c, condition) in self.task.conditions.iter().enumerate() {
            let rates = Array2::from_shape_fn((neurons.len(), d.bins), |(k, b)| {
                let at = (c * d.bins + b) * d.neurons + neurons[k];
                (f64::from(self.subject.intact[at]) + NOISE * noise.normal(at as u32)).clamp(0.0, 1.0)
            });
            let start = Array2::from_shape_fn((neurons.len(), 1), |(k, _)| {
                f64::from(self.subject.problem.initial_r[c * d.neurons + neurons[k]])
            });
            let number = condition.firing_rates.trim_start_matches("FR");
            arrays.push(NamedArray::new(&condition.firing_rates, rates));
            arrays.push(NamedArray::new(format!("IC_X{number}"), start.mapv(|r| (r / (1.0 - r)).ln())));
            arrays.push(NamedArray::new(format!("IC_FR{number}"), start));
        }
        arrays
    }
}
