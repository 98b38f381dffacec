//! What a trained network says about the data: how well it reproduces them, how it is wired, what can be read out of it.

mod comparison;
pub mod connectivity;
pub mod currents;
pub mod decoding;
mod fit;
mod fit_table;
pub mod glm;
mod held_out;
mod held_out_summary;
pub mod motifs;
pub mod pca;
pub mod population;
mod score;
pub mod stability;
pub mod statistics;

pub use comparison::{Comparison, GroupFit, Grouping};
pub use fit::{Fit, Recorded};
pub use fit_table::{fit_csv, fit_text};
pub use held_out::{HeldOut, HeldOutFit};
pub use held_out_summary::{HeldOutBaselines, HeldOutScores, HeldOutSummary};
pub use score::{GOOD_FIT, Score, Summary};

pub(crate) use fit_table::{decimal, percent};
pub(crate) use score::{quantile, sorted};
