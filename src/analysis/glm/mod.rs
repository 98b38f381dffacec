//! Generalised linear models of many responses (neurons) that share one design.
//!
//! Maximised is the mean log-likelihood over frames, less `ridge / 2` times the squared coefficients; the constant is not penalised.
//! Columns that others make up, in the frames that have a weight, leave coefficients undetermined: of all that fit alike well, those
//! with the smallest squared sum are given. Fitted values are unique whatever the columns. The Gaussian family is solved at once from
//! moments that all responses and all choices of columns share ([`Moments`]); the others by Newton's method, in coordinates in which
//! the columns are uncorrelated. The gradient is in 64 bits, its zero is what is found; the curvature, which only shows the way there,
//! is summed up in 32.

mod basis;
mod curve;
mod design;
mod dispersion;
mod family;
mod fit;
mod moments;
mod newton;
mod problem;
mod score;

pub use design::Design;
pub use family::Family;
pub use fit::{fit, linear_predictors, uncorrelated};
pub use moments::Moments;
pub use problem::{Fit, FitSettings, Penalty, Problem, Status};
pub use score::{Score, score, score_gaussian};
