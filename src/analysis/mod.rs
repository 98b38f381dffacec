//! What a trained network says about the data: so far, how well it reproduces them.

mod comparison;
pub mod decoding;
mod fit;
mod fit_table;
pub mod pca;
pub mod statistics;

pub use comparison::{Comparison, GroupFit, Grouping};
pub use fit::{Fit, GOOD_FIT, Recorded, Score, Summary};
pub use fit_table::{fit_csv, fit_text};
pub use held_out::{HeldOut, HeldOutBaselines, HeldOutFit, HeldOutScores, HeldOutSummary};

pub(crate) use fit::{quantile, sorted};
pub(crate) use fit_table::{decimal, percent};
