//! Responses per epoch of a trial, and the criterion of the macaque work on them.

mod criterion;
mod responses;
mod settings;
mod table;

pub use criterion::{EpochCriterion, EpochResponse, EpochTests, NeuronEpochs, epoch_criterion};
pub use responses::{Responses, responses};
pub use settings::{EpochDefinition, EpochSettings};
pub use table::anova_csv;
