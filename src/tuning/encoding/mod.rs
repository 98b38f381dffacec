//! Encoding models: executed and observed behaviours compete with covariates for the activity of each neuron.

mod classes;
mod compare;
mod contributions;
mod design;
mod folds;
mod helps;
mod matched;
mod models;
mod neurons;
mod proxy;
mod regressors;
mod session;
mod settings;
mod shifts;
mod tables;

pub use classes::{Reclassed, reclassed};
pub use compare::{Compared, Comparison, executed_against_observed};
pub use contributions::Contribution;
pub use proxy::Proxy;
pub use session::{Matched, Model, ModelScores, SessionEncoding, encode_session};
pub use settings::{EncodingSettings, FamilyChoice};
pub use tables::{contributions_csv, encoding_csv};
