//! One statistic among the draws of its null distribution.

/// Sums over many frames round at about 1e-12 of the largest activity: statistics that are closer are equal.
pub(super) const TIE: f64 = 1e-9;

/// How an observed value stands among draws.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Draws.
    pub draws: usize,
    /// Draws that are as large or larger.
    pub above: usize,
    /// Draws that are as small or smaller.
    pub below: usize,
}

impl Tally {
    /// Of `values`, of which the first was observed. Values that differ by no more than `tie` are equal: sums that are equal
    /// but were added up in another order may differ by a rounding.
    pub(super) fn of(values: &[f64], tie: f64) -> Self {
        let Some((observed, drawn)) = values.split_first() else { return Self::default() };
        Self::among(*observed, drawn.iter().copied(), tie)
    }

    /// Of `observed` among values that were drawn.
    pub(super) fn among(observed: f64, drawn: impl Iterator<Item = f64>, tie: f64) -> Self {
        let mut found = Self::default();
        for value in drawn {
            found.draws += 1;
            found.above += usize::from(value >= observed - tie);
            found.below += usize::from(value <= observed + tie);
        }
        found
    }

    /// With further draws.
    pub(super) fn and(self, more: Self) -> Self {
        Self { draws: self.draws + more.draws, above: self.above + more.above, below: self.below + more.below }
    }
}

/// Which of `values` would be among the extreme ones if each in turn were the observed one: those which at most `most` others
/// reach, on either side. The first was observed, but all are treated alike, so that the number of extreme values over
/// many neurons can be compared between what was observed and what was drawn.
pub(super) fn extreme(values: &[f64], most: usize, tie: f64) -> Vec<bool> {
    if values.len() < most + 2 || values.iter().any(|v| v.is_nan()) {
        return vec![false; values.len()];
    }
    let mut sorted = values.to_vec();
    let low = *sorted.select_nth_unstable_by(most + 1, f64::total_cmp).1;
    let high = *sorted.select_nth_unstable_by(values.len() - most - 2, f64::total_cmp).1;
    values.iter().map(|v| *v > high + tie || *v < low - tie).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_on_both_sides() {
        let tally = Tally::of(&[2.0, 1.0, 2.0, 3.0, 2.0 + 1e-13], 1e-12);
        assert_eq!(tally, Tally { draws: 4, above: 3, below: 3 });
        assert_eq!(tally.and(tally).draws, 8);
    }

    /// Against the definition, by counting.
    #[test]
    fn extreme_values_are_those_that_few_others_reach() {
        let values: Vec<f64> = (0..40).map(|k| f64::from((k * 17) % 23)).collect();
        for most in 0..5 {
            for (k, found) in extreme(&values, most, 1e-9).into_iter().enumerate() {
                let others = |reaches: &dyn Fn(f64) -> bool| {
                    values.iter().enumerate().filter(|(j, v)| *j != k && reaches(**v)).count()
                };
                let expected = others(&|v| v >= values[k]) <= most || others(&|v| v <= values[k]) <= most;
                assert_eq!(found, expected, "{k} of {values:?}");
            }
        }
        assert_eq!(extreme(&[1.0, 2.0], 1, 0.0), [false, false]);
    }
}
