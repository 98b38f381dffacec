//! Time-resolved linear read-outs of a population: what can be decoded from the rates in each window of a trial.
//!
//! A decoder centres each window, projects all of them onto common whitened principal components, and classifies the scores
//! of each window by a logistic regression (docs/perturbation.md#read-outs). Everything after the rates is linear, and
//! [`Linear`] is the three steps folded into one product. Accuracy is the plain fraction of correct trials: design trials
//! with balanced classes, or compare with [`chance`], which keeps their proportions.

mod cross_validation;
mod decoder;
mod folds;
mod logistic;
mod projection;
mod score;
mod trials;

pub use cross_validation::{Chance, HeldOutDecoding, chance, cross_validate, cross_validate_on};
pub use decoder::{Decoder, Linear};
pub use folds::stratified_folds;
pub use score::{DecodingScore, auc, balanced_accuracy, decisions, probabilities};
pub use trials::{Settings, Trials};
