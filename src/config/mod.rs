//! What a run is: a preset, overridden by a file, overridden by flags; written to the run directory as `config.toml`,
//! which reruns as it is.

mod check;
mod describe;
mod file;
mod fit_plan;
mod hold_out;
mod input_files;
mod inputs;
mod plan;
mod preset;
mod settings;
mod sizes;
mod task_source;
mod trained_with;
mod warnings;

pub use check::MOST_STEPS;
pub use fit_plan::{FitNetwork, FitPlan};
pub use input_files::INIT;
pub use inputs::Inputs;
pub use plan::Plan;
pub use settings::{Config, DataConfig, NetworkConfig, Preset, StimulusNoise, TrainingConfig};
pub use task_source::TaskSource;
pub use warnings::warnings;
