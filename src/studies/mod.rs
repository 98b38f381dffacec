//! Studies: the laboratories over runs, resumed, compared and exported.

mod across;
mod perturb;
mod perturb_arrays;
mod resume;
mod settings;
mod student;
mod study;
mod tuning;
mod validate;
mod validate_tables;

pub use perturb::{Studies, perturb};
pub use settings::PerturbSettings;
pub use study::Studied;
pub use tuning::{Also, Training, Tuned, TuningFile, TuningInput, check_recordings, read_tuning_file, tuning};
pub use validate::{ValidateSettings, validate};
pub use validate_tables::{Calibration, Validation};
