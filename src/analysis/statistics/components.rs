//! Variance components of a table.

use super::summary::mean;

/// How much of the variance of a table's values is between its rows, between its columns, and neither.
///
/// The model is y_ij = μ + a_i + b_j + e_ij, with independent a, b and e: rows are settings, say, columns seeds. Without
/// repeated cells, e holds what a row and a column do only together as well. With I rows, J columns and mean squares MS,
///
/// ```text
/// σ²_e = MS_e        σ²_a = (MS_a − MS_e) / J        σ²_b = (MS_b − MS_e) / I
/// ```
///
/// are unbiased whatever the distributions (the estimators of analysis of variance; Searle, Casella and McCulloch 1992,
/// chapter 4), which is why those of rows and of columns may come out below zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// σ²_a
    pub rows: f64,
    /// σ²_b
    pub columns: f64,
    /// σ²_e
    pub rest: f64,
}

impl Components {
    /// Those of `[rows][columns]`; none of fewer than two rows or columns, of rows of unequal lengths, or of values that are
    /// not all finite.
    pub fn of(table: &[Vec<f64>]) -> Option<Self> {
        let (rows, columns) = (table.len(), table.first()?.len());
        let whole = table.iter().all(|row| row.len() == columns && row.iter().all(|v| v.is_finite()));
        if rows < 2 || columns < 2 || !whole {
            return None;
        }
        let first = table[0][0];
        if table.iter().flatten().all(|v| *v == first) {
            // The mean of equal numbers rounds, which would leave them a variance.
            return Some(Self { rows: 0.0, columns: 0.0, rest: 0.0 });
        }
        let of_rows: Vec<f64> = table.iter().map(|row| mean(row)).collect();
        let column = |j: usize| table.iter().map(|row| row[j]).sum::<f64>() / rows as f64;
        let of_columns: Vec<f64> = (0..columns).map(column).collect();
        let all = mean(&of_rows);
        let squares = |means: &[f64]| means.iter().map(|m| (m - all).powi(2)).sum::<f64>() / (means.len() - 1) as f64;
        let (ms_rows, ms_columns) = (columns as f64 * squares(&of_rows), rows as f64 * squares(&of_columns));
        let mut left = 0.0;
        for (row, of_row) in table.iter().zip(&of_rows) {
            left +=
                row.iter().zip(&of_columns).map(|(v, of_column)| (v - of_row - of_column + all).powi(2)).sum::<f64>();
        }
        let rest = left / ((rows - 1) * (columns - 1)) as f64;
        Some(Self { rows: (ms_rows - rest) / columns as f64, columns: (ms_columns - rest) / rows as f64, rest })
    }

    /// The shares of rows, columns and rest in their sum, components below zero counting as zero; NaN where all are zero.
    pub fn shares(&self) -> [f64; 3] {
        let parts = [self.rows, self.columns, self.rest].map(|part| part.max(0.0));
        let sum: f64 = parts.iter().sum();
        parts.map(|part| if sum > 0.0 { part / sum } else { f64::NAN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Rng, Stream};

    /// By hand: row means 2, 6, column means 3, 4, 5: MS_a = 3 · 8, MS_b = 2 · 1, nothing is left.
    #[test]
    fn sums_of_rows_and_columns_leave_no_rest() {
        let found = Components::of(&[vec![1.0, 2.0, 3.0], vec![5.0, 6.0, 7.0]]).unwrap();
        assert_eq!(found, Components { rows: 8.0, columns: 1.0, rest: 0.0 });
        assert_eq!(found.shares(), [8.0 / 9.0, 1.0 / 9.0, 0.0]);
    }

    /// By hand: 1 2 / 4 3 has row means 1.5, 3.5, column means 2.5, 2.5, residuals ±0.5: MS_a = 4, MS_b = 0, MS_e = 1.
    #[test]
    fn components_below_zero_are_told_and_have_no_share() {
        let found = Components::of(&[vec![1.0, 2.0], vec![4.0, 3.0]]).unwrap();
        assert_eq!(found, Components { rows: 1.5, columns: -0.5, rest: 1.0 });
        assert_eq!(found.shares(), [0.6, 0.0, 0.4]);
    }

    /// Means over 400 tables of 6 × 4 with σ² 4, 1 and 0.25; their standard errors are below 0.15, 0.05 and 0.005.
    #[test]
    fn the_estimators_are_unbiased() {
        let mut sums = [0.0; 3];
        for table in 0..400 {
            let rng = Rng::new(8, table, Stream::Synthetic);
            let value = |i: u32, j: u32| {
                2.0 * rng.normal(i) + rng.at_step(1).normal(j) + 0.5 * rng.at_step(2).normal(10 * i + j)
            };
            let rows: Vec<Vec<f64>> = (0..6).map(|i| (0..4).map(|j| value(i, j)).collect()).collect();
            let found = Components::of(&rows).unwrap();
            for (sum, part) in sums.iter_mut().zip([found.rows, found.columns, found.rest]) {
                *sum += part / 400.0;
            }
        }
        assert!(
            (sums[0] - 4.0).abs() < 0.4 && (sums[1] - 1.0).abs() < 0.15 && (sums[2] - 0.25).abs() < 0.015,
            "{sums:?}"
        );
    }

    #[test]
    fn tables_that_cannot_be_parted_have_none() {
        assert_eq!(Components::of(&[]), None);
        assert_eq!(Components::of(&[vec![1.0, 2.0]]), None);
        assert_eq!(Components::of(&[vec![1.0], vec![2.0]]), None);
        assert_eq!(Components::of(&[vec![1.0, 2.0], vec![1.0]]), None);
        assert_eq!(Components::of(&[vec![1.0, f64::NAN], vec![1.0, 2.0]]), None);
        let equal = Components::of(&[vec![0.1; 3], vec![0.1; 3], vec![0.1; 3]]).unwrap();
        assert!(equal.rest == 0.0 && equal.shares().iter().all(|s| s.is_nan()));
    }
}
