//! A network: its population, its parameters, their initial values and the constraints they obey.

mod constraints;
mod init;
mod parameter_file;
mod parameters;
mod population;

pub use constraints::{Constraint, Dale, SignConstraint};
pub use init::{InitScheme, InitSettings, MagnitudeDistribution, initial_parameters};
pub use parameter_file::{read_parameters, write_parameters};
pub use parameters::{Group, Layout};
pub use population::{Area, Population};
