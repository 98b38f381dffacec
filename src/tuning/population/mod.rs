//! What a population does together: how well behaviours part in the space of all neurons, whether execution is better
//! clustered than observation, whether one can be read out by what is learned from the other, and whether both lie along the
//! same axes. docs/tuning.md has the tests and why they are made so.

mod areas;
mod decoding;
mod matched;
mod measure;
mod picture;
mod recorded;
mod separation;
mod session;
mod settings;
mod study;
mod tables;
mod vectors;

pub use areas::{AreaAlignment, AveragedCondition, align_averages};
pub use matched::Matched;
pub use measure::{Measure, Measured, Who};
pub use picture::{Picture, PictureOf};
pub use session::{SessionPopulation, population_of_session};
pub use settings::{Pictured, PopulationSettings};
pub use study::{Clustering, Combined, PopulationStudy};
pub use tables::{alignment_csv, separation_csv};
