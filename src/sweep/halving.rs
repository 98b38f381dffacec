//! Successive halving in lockstep: which settings go on at a rung. (Jamieson and Talwalkar 2016; synchronous, since networks
//! of one engine advance together.)

use super::specification::{Halving, Objective};
use std::collections::BTreeMap;

/// What a run of a setting was compared by: its seed, and its value; none of one that diverged.
pub(super) type Replicate = (u64, Option<f64>);

/// What a setting is ranked by: the median over seeds of its value, lower being better; infinite where it has none. What is
/// held out in turn is averaged for each seed first, and a seed of which a run diverged has diverged.
pub(super) fn cost(replicates: &[Replicate], objective: Objective) -> f64 {
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (seed, value) in replicates {
        let value = value.filter(|v| v.is_finite()).unwrap_or(f64::NAN);
        seeds.entry(*seed).or_default().push(if objective.lower_is_better() { value } else { -value });
    }
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let mut values: Vec<f64> = seeds.values().map(mean).map(|v| if v.is_nan() { f64::INFINITY } else { v }).collect();
    values.sort_by(f64::total_cmp);
    // Between two seeds of which one diverged lies nothing.
    let n = values.len();
    if n == 0 { f64::INFINITY } else { f64::midpoint(values[(n - 1) / 2], values[n / 2]) }
}

/// The settings among these, with their costs, that go on: the best share, at least one, of those that have a value. Of equal
/// ones those with the lower number.
pub(super) fn survivors(settings: &[(usize, f64)], halving: &Halving) -> Vec<usize> {
    let count = (halving.keep * settings.len() as f64).ceil().max(1.0) as usize;
    let mut ranked = settings.to_vec();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let mut kept: Vec<usize> =
        ranked.into_iter().filter(|(_, cost)| cost.is_finite()).take(count).map(|(s, _)| s).collect();
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_ranked_by_the_median_over_its_seeds_and_what_diverged_comes_last() {
        let r2 = |values: &[Replicate]| cost(values, Objective::MedianR2);
        assert_eq!(r2(&[(0, Some(0.5)), (1, Some(0.9)), (2, Some(0.7))]), -0.7);
        assert_eq!(r2(&[(0, Some(0.5)), (1, None), (2, Some(0.7))]), -0.5, "a diverged seed is the worst one");
        assert_eq!(r2(&[(0, None), (1, None), (2, Some(0.7))]), f64::INFINITY);
        assert_eq!(r2(&[(0, Some(0.5)), (1, None)]), f64::INFINITY);
        // Held-out conditions of one seed are averaged first.
        assert_eq!(r2(&[(0, Some(0.0)), (0, Some(1.0)), (1, Some(0.2)), (1, Some(0.2)), (2, Some(0.9))]), -0.5);
        assert_eq!(r2(&[(0, Some(0.0)), (0, None), (1, Some(0.2))]), f64::INFINITY);
        assert_eq!(cost(&[(0, Some(3.0)), (1, Some(f64::NAN)), (2, Some(2.0))], Objective::Loss), 3.0);
        assert_eq!(cost(&[], Objective::Loss), f64::INFINITY);
    }

    #[test]
    fn the_best_share_goes_on_and_at_least_one() {
        let halving = |keep| Halving { rungs: vec![1], keep, cohort: None };
        let costs = [(0, 3.0), (1, 1.0), (2, f64::INFINITY), (3, 1.0), (4, 2.0)];
        assert_eq!(survivors(&costs, &halving(0.34)), [1, 3]);
        assert_eq!(survivors(&costs, &halving(0.01)), [1]);
        assert_eq!(survivors(&costs, &halving(0.99)), [0, 1, 3, 4], "what diverged never goes on");
        assert!(survivors(&[(7, f64::INFINITY)], &halving(0.5)).is_empty());
    }
}
