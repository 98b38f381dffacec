//! Three-node motifs: how often each of the 13 connected patterns of three neurons occurs, and whether that is more or
//! less than in rewired networks of the same degrees and blocks (Milo et al. 2002; Song et al. 2005).
//!
//! Patterns have their MAN names (Holland & Leinhardt 1970): the numbers of mutual, asymmetric and null dyads, then Down,
//! Up, Cyclic or Transitive. `030T` is the feed-forward loop, `030C` the directed cycle.

mod census;
mod graph;
mod rewiring;

pub use census::{CONNECTED, TRIADS, triadic_census};
pub use graph::{Graph, STRONGEST_SHARE};
pub use rewiring::{Rewirer, RewiringSettings};

use crate::error::{Result, ensure};

/// A motif's count beside those of the rewired graphs.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct MotifRow {
    /// MAN name.
    pub motif: &'static str,
    /// How often it occurs in the graph.
    pub count: u64,
    /// Mean count in the rewired graphs.
    pub null_mean: f64,
    /// Standard deviation there (n − 1).
    pub null_sd: f64,
    /// `(count − null_mean) / null_sd`; NaN where the rewired graphs do not differ in it.
    pub z: f64,
    /// Two-sided p of the permutation test, `min(1, 2 (1 + k) / (n + 1))` with k of n rewired graphs at least as extreme on
    /// the side where fewer are; not corrected for the 13 motifs.
    pub p: f64,
}

/// The 13 connected motifs of `graph`, in the order of [`CONNECTED`], against rewirings that preserve the in-degree and
/// out-degree of every neuron and the number of edges from every block to every other (`block_of`, `[N]`). They do not
/// preserve the number of mutual dyads: an excess of reciprocal connections shows in all motifs that hold one.
///
/// # Errors
/// If `block_of` has another length, or fewer than 2 rewirings are asked for.
pub fn motifs(graph: &Graph, block_of: &[usize], settings: &RewiringSettings) -> Result<Vec<MotifRow>> {
    let rewirings = settings.rewirings;
    ensure!(rewirings >= 2, "motifs: {rewirings} rewired graphs have no standard deviation; ask for at least 2.");
    let counts = triadic_census(graph);
    let mut rewirer = Rewirer::new(graph, block_of, settings)?;
    let null: Vec<[u64; 16]> = (0..rewirings).map(|_| triadic_census(rewirer.next_graph())).collect();
    let row = |t: &usize| {
        let null: Vec<u64> = null.iter().map(|counts| counts[*t]).collect();
        compare(TRIADS[*t], counts[*t], &null)
    };
    Ok(CONNECTED.iter().map(row).collect())
}

fn compare(motif: &'static str, count: u64, null: &[u64]) -> MotifRow {
    let n = null.len() as f64;
    let null_mean = null.iter().map(|c| *c as f64).sum::<f64>() / n;
    let null_sd = (null.iter().map(|c| (*c as f64 - null_mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let z = if null_sd > 0.0 { (count as f64 - null_mean) / null_sd } else { f64::NAN };
    let above = null.iter().filter(|c| **c >= count).count();
    let below = null.iter().filter(|c| **c <= count).count();
    let p = (2.0 * (1 + above.min(below)) as f64 / (n + 1.0)).min(1.0);
    MotifRow { motif, count, null_mean, null_sd, z, p }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_beside_known_null_counts() {
        let row = compare("030T", 10, &[4, 6, 5, 10]);
        // Mean 6.25, squared deviations 5.0625 + 0.0625 + 1.5625 + 14.0625 = 20.75; one of four at least as large.
        assert!((row.null_mean - 6.25).abs() < 1e-12 && (row.null_sd - (20.75_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((row.z - 3.75 / (20.75_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((row.p - 0.8).abs() < 1e-12);
        assert!((compare("030T", 3, &[4; 19]).p - 0.1).abs() < 1e-12, "none as small: 2 · 1 / 20");
        let same = compare("300", 0, &[0; 9]);
        assert!(same.z.is_nan() && same.p == 1.0, "{same:?}");
    }
}
