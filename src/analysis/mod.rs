//! What a trained network says about the data: how well it reproduces them, how it is wired, what can be read out of it.

mod comparison;
pub mod connectivity;
pub mod currents;
pub mod decoding;
mod fit;
mod fit_table;
mod held_out;
pub mod motifs;
pub mod pca;
pub mod stability;
pub mod statistics;

pub use comparison::{Comparison, GroupFit, Grouping};
pub use fit::{Fit, GOOD_FIT, Recorded, Score, Summary};
pub use fit_table::{fit_csv, fit_text};
pub use held_out::{HeldOut, HeldOutBaselines, HeldOutFit, HeldOutScores, HeldOutSummary};

pub(crate) use fit::{quantile, sorted};
pub(crate) use fit_table::{decimal, percent};
