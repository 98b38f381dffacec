//! Statistics of comparisons: null distributions, families of tests, and intervals that respect the statistical unit.

mod components;
mod interval;
mod kolmogorov;
mod predictors;
mod rank_sum;
mod significance;
mod summary;

pub use components::Components;
pub use interval::{Interval, clopper_pearson, t_interval};
pub use kolmogorov::ks_uniform;
pub use predictors::{Explained, Predictor, explained};
pub use rank_sum::{RankSum, Ranked, labellings};
pub use significance::{benjamini_hochberg, effect_size, permutation_p, standardised_difference};
pub use summary::{mean, pearson, quantile, sd, spearman};

pub(crate) use summary::ranks;
