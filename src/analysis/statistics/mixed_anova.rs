//! Trials of several kinds, each measured in several epochs: mixed analysis of variance, and epochs against a baseline.

use super::beta;
use super::summary::mean;

/// An F test.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct FTest {
    /// The ratio of mean squares.
    pub f: f64,
    /// Degrees of freedom of the effect and of its error.
    pub df: [f64; 2],
    /// The probability of a ratio as large, if there is no effect.
    pub p: f64,
}

/// A mixed (split-plot) analysis of variance: epochs within trials, kinds of trials between them.
///
/// The sums of squares are those of type II, as pingouin's `mixed_anova` has them: means over epochs count each trial once,
/// so that a kind of many trials counts more. Since every trial has every epoch, the types differ only in `within`, and only
/// where kinds have unequal numbers of trials. The error of `between` is the variation of trials about the mean of their
/// kind, that of the others is what is left of each value when its trial, kind and epoch are accounted for.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct MixedAnova {
    /// Whether kinds differ, over all epochs.
    pub between: FTest,
    /// Whether epochs differ, over all kinds.
    pub within: FTest,
    /// Whether kinds differ in how epochs differ.
    pub interaction: FTest,
    /// How far differences of epochs are from varying alike, 1 / (epochs − 1) … 1 = alike (Greenhouse and Geisser 1959), of the
    /// covariance within kinds.
    pub epsilon: f64,
    /// The p of `within` with degrees of freedom times `epsilon`: valid also where differences of epochs do not vary alike.
    pub within_corrected: f64,
    /// The same of `interaction`.
    pub interaction_corrected: f64,
}

/// A paired t test, two-sided.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct PairedT {
    /// The mean difference.
    pub difference: f64,
    /// Student's t.
    pub t: f64,
    /// Pairs − 1.
    pub df: f64,
    /// The probability of a t as far from 0, if the mean difference is 0.
    pub p: f64,
}

/// Values that are equal leave differences of at most so many roundings of the largest.
const ROUNDINGS: f64 = 8.0;

impl FTest {
    const NONE: Self = Self { f: f64::NAN, df: [f64::NAN; 2], p: f64::NAN };

    /// That of sums of squares; none where an error below `nothing` is left.
    fn of(effect: f64, df: f64, error: f64, error_df: f64, nothing: f64) -> Self {
        if df < 1.0 || error_df < 1.0 || error.is_nan() || error <= nothing {
            return Self::NONE;
        }
        let f = (effect / df) / (error / error_df);
        Self { f, df: [df, error_df], p: upper_tail(f, df, error_df) }
    }

    /// The p with both degrees of freedom times `epsilon`, and at least 1.
    fn corrected(&self, epsilon: f64) -> f64 {
        let [df, error_df] = self.df.map(|df| (df * epsilon).max(1.0));
        upper_tail(self.f, df, error_df)
    }
}

/// P(F > f) with d1 and d2 degrees of freedom.
fn upper_tail(f: f64, d1: f64, d2: f64) -> f64 {
    beta::cdf(d2 / 2.0, d1 / 2.0, d2 / (d2 + d1 * f))
}

impl MixedAnova {
    /// Of values `[trials][epochs]`, trial i being of kind `kinds[i]`.
    ///
    /// A test is NaN where it cannot be made: all where lengths differ, a value is not finite, there are fewer than two
    /// epochs, or no kind has two trials; `between` and `interaction` where there is one kind (`within` is the repeated-measures
    /// analysis then); each where its error is nothing but rounding.
    pub fn of(trials: &[Vec<f64>], kinds: &[usize]) -> Self {
        let none = Self {
            between: FTest::NONE,
            within: FTest::NONE,
            interaction: FTest::NONE,
            epsilon: f64::NAN,
            within_corrected: f64::NAN,
            interaction_corrected: f64::NAN,
        };
        let Some(means) = Means::of(trials, kinds) else { return none };
        let Squares { between, within, interaction, between_error, within_error, epsilon } = means.squares();
        let (n, k, g) = (trials.len() as f64, means.epochs.len() as f64, means.kinds.len() as f64);
        let rest = (n - g) * (k - 1.0);
        let nothing = means.nothing;
        let within = FTest::of(within, k - 1.0, within_error, rest, nothing);
        let interaction = FTest::of(interaction, (k - 1.0) * (g - 1.0), within_error, rest, nothing);
        Self {
            between: FTest::of(between, g - 1.0, between_error, n - g, nothing),
            within,
            interaction,
            epsilon: if within.f.is_nan() { f64::NAN } else { epsilon },
            within_corrected: within.corrected(epsilon),
            interaction_corrected: interaction.corrected(epsilon),
        }
    }
}

/// Values less the mean of all, and what is a mean of them.
struct Means {
    /// `[trials][epochs]`
    values: Vec<Vec<f64>>,
    /// The place of each trial's kind in `kinds`, `[trials]`.
    kind_of: Vec<usize>,
    kinds: Vec<KindMeans>,
    /// `[epochs]`
    epochs: Vec<f64>,
    /// Sums of squares up to this are rounding.
    nothing: f64,
}

#[derive(Clone)]
struct KindMeans {
    trials: f64,
    /// `[epochs]`
    cells: Vec<f64>,
    mean: f64,
}

struct Squares {
    between: f64,
    within: f64,
    interaction: f64,
    between_error: f64,
    within_error: f64,
    epsilon: f64,
}

impl Means {
    fn of(trials: &[Vec<f64>], kinds: &[usize]) -> Option<Self> {
        let epochs = trials.first()?.len();
        let whole = trials.iter().all(|t| t.len() == epochs && t.iter().all(|v| v.is_finite()));
        if !whole || epochs < 2 || kinds.len() != trials.len() {
            return None;
        }
        let count = (trials.len() * epochs) as f64;
        // The mean of the means: the sum of all might overflow where theirs do not.
        let grand = mean(&trials.iter().map(|t| mean(t)).collect::<Vec<_>>());
        let largest = trials.iter().flatten().fold(0.0_f64, |largest, v| largest.max(v.abs()));
        let values: Vec<Vec<f64>> = trials.iter().map(|t| t.iter().map(|v| v - grand).collect()).collect();
        let mut names = kinds.to_vec();
        names.sort_unstable();
        names.dedup();
        let kind_of: Vec<usize> = kinds.iter().map(|kind| names.partition_point(|name| name < kind)).collect();
        let of_kind = |kind: usize| {
            let own = || values.iter().zip(&kind_of).filter(move |(_, k)| **k == kind).map(|(values, _)| values);
            let cells = column_means(own, epochs);
            KindMeans { trials: own().count() as f64, mean: mean(&cells), cells }
        };
        let kinds = (0..names.len()).map(of_kind).collect();
        let epochs = column_means(|| values.iter(), epochs);
        let nothing = count * (ROUNDINGS * f64::EPSILON * largest).powi(2);
        Some(Self { values, kind_of, kinds, epochs, nothing })
    }

    /// Each is summed from its own terms: differences of sums would lose digits.
    fn squares(&self) -> Squares {
        let k = self.epochs.len() as f64;
        let (mut between, mut interaction, mut between_error) = (0.0, 0.0, 0.0);
        for kind in &self.kinds {
            between += kind.trials * k * kind.mean.powi(2);
            let beyond = kind.cells.iter().zip(&self.epochs).map(|(cell, epoch)| (cell - kind.mean - epoch).powi(2));
            interaction += kind.trials * beyond.sum::<f64>();
        }
        let mut left = Vec::with_capacity(self.values.len());
        for (values, kind) in self.values.iter().zip(&self.kind_of) {
            let kind = &self.kinds[*kind];
            let of_trial = mean(values) - kind.mean;
            between_error += k * of_trial.powi(2);
            left.push(values.iter().zip(&kind.cells).map(|(v, cell)| v - cell - of_trial).collect::<Vec<f64>>());
        }
        let within = self.values.len() as f64 * self.epochs.iter().map(|epoch| epoch.powi(2)).sum::<f64>();
        let within_error = left.iter().flatten().map(|v| v * v).sum();
        Squares { between, within, interaction, between_error, within_error, epsilon: epsilon(&left, within_error) }
    }
}

fn column_means<'a, I: Iterator<Item = &'a Vec<f64>>>(rows: impl Fn() -> I, columns: usize) -> Vec<f64> {
    let count = rows().count() as f64;
    (0..columns).map(|j| rows().map(|row| row[j]).sum::<f64>() / count).collect()
}

/// Greenhouse and Geisser's ε: (tr S)² / ((k − 1) tr S²) of the covariance S of what is left, `[trials][epochs]`, whose rows
/// and columns have no mean, so that S is that of all contrasts. `squares` is its trace, up to a factor that cancels.
fn epsilon(left: &[Vec<f64>], squares: f64) -> f64 {
    let k = left.first().map_or(0, Vec::len);
    if k <= 2 {
        return 1.0;
    }
    let mut of_square = 0.0;
    for i in 0..k {
        for j in 0..k {
            of_square += left.iter().map(|row| row[i] * row[j]).sum::<f64>().powi(2);
        }
    }
    (squares.powi(2) / ((k - 1) as f64 * of_square)).min(1.0)
}

/// Tests whether the mean of a − b is 0, over pairs.
///
/// NaN where lengths differ, of fewer than two pairs, of values that are not finite, and where all differences are equal up
/// to rounding.
pub fn paired_t(a: &[f64], b: &[f64]) -> PairedT {
    let n = a.len() as f64;
    let none = PairedT { difference: f64::NAN, t: f64::NAN, df: f64::NAN, p: f64::NAN };
    if a.len() != b.len() || a.len() < 2 || a.iter().chain(b).any(|v| !v.is_finite()) {
        return none;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let difference = mean(&differences);
    let squares: f64 = differences.iter().map(|d| (d - difference).powi(2)).sum();
    let largest = a.iter().chain(b).fold(0.0_f64, |largest, v| largest.max(v.abs()));
    let df = n - 1.0;
    if squares.is_nan() || squares <= n * (ROUNDINGS * f64::EPSILON * largest).powi(2) {
        return PairedT { difference, df, ..none };
    }
    let t = difference / (squares / df / n).sqrt();
    PairedT { difference, t, df, p: upper_tail(t * t, 1.0, df) }
}

/// Each epoch of values `[trials][epochs]` against epoch `baseline` of the same trials, epoch − baseline, `[epochs]`; NaN at
/// `baseline` itself and where [`paired_t`] is. Families of tests are corrected by the caller.
pub fn against_baseline(trials: &[Vec<f64>], baseline: usize) -> Vec<PairedT> {
    let epochs = trials.iter().map(Vec::len).min().unwrap_or(0);
    let column = |j: usize| trials.iter().filter_map(|t| t.get(j).copied()).collect::<Vec<f64>>();
    let before = column(baseline);
    (0..epochs).map(|j| paired_t(if j == baseline { &[] } else { &before }, &column(j)).reversed()).collect()
}

impl PairedT {
    /// The test of b − a.
    fn reversed(self) -> Self {
        Self { difference: -self.difference, t: -self.t, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By hand: kinds 0 0 1 1 of two epochs.
    #[test]
    fn a_small_table_has_the_sums_of_squares_done_by_hand() {
        let trials = [vec![1.0, 3.0], vec![2.0, 6.0], vec![5.0, 5.0], vec![8.0, 10.0]];
        let found = MixedAnova::of(&trials, &[0, 0, 1, 1]);
        // Means of trials 2 4 5 9, of kinds 3 7, of all 5: SS 32 with 1, error 2 (1 + 1 + 4 + 4) = 20 with 2.
        assert!((found.between.f - 3.2).abs() < 1e-14 && found.between.df == [1.0, 2.0]);
        // Differences 2 4 0 2, mean 2: SS 8; kinds 3 and 1: interaction 2; error (1 + 1 + 1 + 1) / 2 = 2 with 2.
        assert!((found.within.f - 8.0).abs() < 1e-14 && (found.interaction.f - 2.0).abs() < 1e-14);
        assert_eq!((found.epsilon, found.within_corrected), (1.0, found.within.p));
    }

    #[test]
    fn constants_nan_and_tables_that_are_none_are_not_tested() {
        let kinds = [0, 0, 1, 1];
        let all_nan = |a: &MixedAnova| a.between.p.is_nan() && a.within.p.is_nan() && a.interaction_corrected.is_nan();
        assert!(all_nan(&MixedAnova::of(&[], &[])) && all_nan(&MixedAnova::of(&vec![vec![]; 4], &kinds)));
        assert!(all_nan(&MixedAnova::of(&vec![vec![0.1; 3]; 4], &kinds)));
        assert!(all_nan(&MixedAnova::of(&vec![vec![0.1, 0.3, 1e9]; 4], &kinds)));
        assert!(all_nan(&MixedAnova::of(&[vec![1.0, 2.0], vec![1.0], vec![3.0, 4.0]], &[0, 0, 1])));
        assert!(all_nan(&MixedAnova::of(&[vec![1.0, 2.0], vec![3.0, 9.0]], &[4, 7])));
        assert!(all_nan(&MixedAnova::of(&vec![vec![1.0, 2.0]; 3], &kinds)));
        for odd in [f64::NAN, f64::INFINITY] {
            assert!(all_nan(&MixedAnova::of(
                &[vec![1.0, odd], vec![2.0, 1.0], vec![0.0, 3.0], vec![5.0, 1.0]],
                &kinds
            )));
        }
        let one_kind = MixedAnova::of(&[vec![1.0, 2.0], vec![3.0, 9.0], vec![3.0, 2.0]], &[7; 3]);
        assert!(one_kind.between.f.is_nan() && one_kind.interaction_corrected.is_nan() && one_kind.within.p < 1.0);
    }

    #[test]
    fn pairs_without_variation_and_without_partners_are_not_tested() {
        assert!(paired_t(&[0.1, 0.2, 0.3], &[1.1, 1.2, 1.3]).p.is_nan());
        assert!(paired_t(&[1.0], &[2.0]).p.is_nan() && paired_t(&[1.0, 2.0], &[1.0]).difference.is_nan());
        assert!(paired_t(&[1.0, f64::NAN], &[1.0, 4.0]).t.is_nan());
        let tests = against_baseline(&[vec![1.0, 4.0], vec![2.0, 4.5], vec![1.5, 6.0]], 0);
        assert!(tests[0].p.is_nan() && tests[1].t > 0.0 && (tests[1].difference - 10.0 / 3.0).abs() < 1e-14);
        assert!(against_baseline(&[], 0).is_empty());
        assert!(against_baseline(&[vec![1.0, 4.0], vec![2.0, 4.5]], 9).iter().all(|t| t.p.is_nan()));
        assert!(against_baseline(&[vec![1.0, 4.0], vec![2.0]], 1).iter().all(|t| t.p.is_nan()));
    }

    fn table() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<usize>)> {
        (2..6_usize, 4..20_usize).prop_flat_map(|(epochs, trials)| {
            (
                prop::collection::vec(prop::collection::vec(-9.0..9.0, epochs), trials),
                prop::collection::vec(0..3_usize, trials),
            )
        })
    }

    fn numbers(a: &MixedAnova) -> [f64; 9] {
        let (within, interaction) = (a.within_corrected, a.interaction_corrected);
        [
            a.between.f,
            a.between.p,
            a.within.f,
            a.within.p,
            a.interaction.f,
            a.interaction.p,
            a.epsilon,
            within,
            interaction,
        ]
    }

    proptest! {
        #[test]
        fn scale_shift_and_order_of_trials_change_nothing(
            (trials, kinds) in table(), scale in 0.01..100.0, shift in -1e3..1e3, turn in 0..20_usize
        ) {
            let mut other: Vec<Vec<f64>> =
                trials.iter().map(|t| t.iter().map(|v| scale * v + shift).collect()).collect();
            let mut others = kinds.iter().map(|kind| 10 - kind).collect::<Vec<_>>();
            let turn = turn % trials.len();
            other.rotate_left(turn);
            others.rotate_left(turn);
            let (found, turned) = (MixedAnova::of(&trials, &kinds), MixedAnova::of(&other, &others));
            for (a, b) in numbers(&found).iter().zip(numbers(&turned)) {
                // A shift of 10⁵ times the values costs five of sixteen digits.
                prop_assert!(a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-7 * a.abs().max(1.0), "{a} {b}");
            }
        }

        #[test]
        fn epsilon_and_p_keep_their_limits((trials, kinds) in table()) {
            let found = MixedAnova::of(&trials, &kinds);
            let least = 1.0 / (trials[0].len() - 1) as f64;
            prop_assert!(found.epsilon.is_nan() || (least - 1e-9..=1.0).contains(&found.epsilon));
            for p in [found.between.p, found.within.p, found.interaction.p, found.within_corrected] {
                prop_assert!(p.is_nan() || (0.0..=1.0).contains(&p), "{p}");
            }
        }
    }
}
