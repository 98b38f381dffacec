//! Moments, quantiles, ranks and correlations. A NaN among the values makes the result NaN: nothing is skipped silently.

/// The arithmetic mean; NaN of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation with n − 1 in the denominator; NaN of fewer than two values.
pub fn sd(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return f64::NAN;
    }
    let mean = mean(values);
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

/// The `q` quantile of `values`, linear between neighbours (NumPy's default, type 7 of Hyndman and Fan 1996); NaN of
/// nothing, of values with a NaN, and for q outside 0 … 1.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    if !(0.0..=1.0).contains(&q) || values.iter().any(|v| v.is_nan()) {
        return f64::NAN;
    }
    crate::analysis::quantile(&crate::analysis::sorted(values.iter().copied()), q)
}

/// Pearson's correlation of pairs; NaN where the lengths differ, there are fewer than two pairs, or one side is constant.
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    // The means of equal numbers round, which would leave a constant side a variance.
    let constant = |values: &[f64]| values.iter().all(|v| *v == values[0]);
    if x.len() != y.len() || x.len() < 2 || constant(x) || constant(y) {
        return f64::NAN;
    }
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)
}

/// Spearman's correlation of pairs: Pearson's of the ranks, equal values sharing their mean rank; NaN as [`pearson`]'s,
/// and where a value is NaN.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    if x.iter().chain(y).any(|v| v.is_nan()) { f64::NAN } else { pearson(&ranks(x), &ranks(y)) }
}

/// The rank of each value, from 1; equal values share their mean rank. NaNs rank last.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for tie in order.chunk_by(|a, b| values[*a] == values[*b]) {
        // The mean of the ranks from + 1 … from + tie.len().
        let rank = from as f64 + f64::midpoint(1.0, tie.len() as f64);
        for i in tie {
            ranks[*i] = rank;
        }
        from += tie.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_quantiles_of_nothing_one_and_nan_are_undefined() {
        assert!(mean(&[]).is_nan() && sd(&[1.0]).is_nan() && quantile(&[], 0.5).is_nan());
        assert!(quantile(&[1.0, f64::NAN], 0.5).is_nan() && quantile(&[1.0], 1.5).is_nan());
        assert_eq!((mean(&[1.0, 4.0]), quantile(&[3.0], 0.9)), (2.5, 3.0));
    }

    #[test]
    fn correlations_with_a_constant_or_unequal_lengths_are_undefined() {
        assert!(pearson(&[0.1; 3], &[1.0, 2.0, 4.0]).is_nan());
        assert!(pearson(&[1.0, 2.0], &[1.0]).is_nan() && pearson(&[1.0], &[1.0]).is_nan());
        assert!(spearman(&[1.0, f64::NAN, 2.0], &[1.0, 2.0, 3.0]).is_nan());
        // Monotone, not linear.
        assert!((spearman(&[1.0, 2.0, 3.0, 4.0], &[1.0, 10.0, 100.0, 1e9]) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn equal_values_share_their_mean_rank() {
        assert_eq!(ranks(&[2.0, 1.0, 2.0, 0.0, 2.0]), [4.0, 2.0, 4.0, 1.0, 4.0]);
        // Zeros of both signs are equal.
        assert_eq!(ranks(&[0.0, -0.0]), [1.5, 1.5]);
    }
}
