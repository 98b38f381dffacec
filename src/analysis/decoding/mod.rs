//! Time-resolved linear read-outs of a population: what can be decoded from the rates in each window of a trial.
//!
//! The pipeline of one decoder, for training trials i, windows w and neurons n:
//!
//! 1. Each window is centred on its own mean over the training trials, x̃ᵢw = xᵢw − mw.
//! 2. One projection serves all windows: the first K principal components of the pooled rows x̃ (of all training trials
//!    and windows), each score divided by its standard deviation over the pooled rows (n − 1 in the denominator); this is
//!    scikit-learn's `PCA(K, whiten=True)` fitted to the pooled rows. K is at most the rank.
//! 3. In each window a logistic regression on the K scores and an intercept: binomial for two classes, softmax over all
//!    classes for more. The loss is Σᵢ −ln p(labelᵢ) + ½ l2 ‖coefficients‖², the intercepts not penalised; this is
//!    scikit-learn's `LogisticRegression(C=1/l2)`. The intercepts of a softmax, which have a common constant to spare,
//!    sum to zero.
//!
//! Everything after the rates is linear, and [`Linear`] is the three steps folded into one product.
//!
//! Accuracy is the plain fraction of correct trials: design trials with balanced classes, or compare with [`chance`],
//! which keeps their proportions.

mod cross_validation;
mod decoder;
mod folds;
mod logistic;
mod projection;
mod score;
mod trials;

pub use cross_validation::{Chance, chance, cross_validate, cross_validate_on};
pub use decoder::{Decoder, Linear};
pub use folds::stratified_folds;
pub use score::{Score, auc, probabilities};
pub use trials::{Settings, Trials};
