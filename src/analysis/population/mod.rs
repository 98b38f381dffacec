//! A population of neurons as points in a space with an axis for each: how well points fall into clusters, how much of one
//! set's variance lies along the axes of another, and pictures of it.

mod alignment;
mod embedding;
mod silhouette;
mod trustworthiness;

pub use alignment::{AlignmentTest, PrincipalAxes, alignment_index, alignment_test, soft_factors};
pub use embedding::{MOST_POINTS, embed};
pub use silhouette::{Distances, Influenced, silhouette, silhouettes};
pub use trustworthiness::trustworthiness;
