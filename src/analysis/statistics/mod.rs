//! Statistics of comparisons: null distributions, families of tests, and intervals that respect the statistical unit.

mod agreement;
mod beta;
mod components;
mod interval;
mod kolmogorov;
mod mixed_anova;
mod overlap;
mod predictors;
mod prevalence;
mod rank_sum;
mod regression;
mod signed_rank;
mod significance;
mod summary;

pub use agreement::{Agreement, agreement};
pub use components::Components;
pub use interval::{Interval, clopper_pearson, t_interval};
pub use kolmogorov::ks_uniform;
pub use mixed_anova::{FTest, MixedAnova, PairedT, against_baseline, paired_t};
pub use overlap::{Overlap, overlap, strata_of_like};
pub use predictors::{Explained, Predictor, explained};
pub use prevalence::{Posterior, Power, prevalence_lower, prevalence_posterior, prevalence_upper};
pub use rank_sum::{RankSum, Ranked, labellings};
pub use regression::{Covariates, residuals};
pub use signed_rank::{SignedRank, signed_rank};
pub use significance::{benjamini_hochberg, effect_size, holm, permutation_p, standardised_difference};
pub use summary::{mean, pearson, quantile, sd, spearman};

pub(crate) use summary::ranks;
