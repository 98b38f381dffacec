//! From recordings and classes to what networks are trained on: rates, masks, a task.

mod builder;
mod cell_types;
mod conditions;
mod files;
mod peri_event;
mod session;
mod settings;
mod task;
mod unit;

pub use builder::{RatesBuilder, training_files};
pub use files::{TrainingFiles, TrainingNeuron};
pub use settings::RatesSettings;
pub use unit::RateUnit;
