//! Axes that outliers do not flatten.

use crate::report::parts::canvas::tick;
use std::cmp::Ordering;

/// A range of values along an axis, linear or logarithmic.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    pub(super) log: bool,
    /// Values that lie beyond either end, and the farthest of them.
    pub(super) beyond: (usize, f64),
}

/// From this ratio of the largest to the smallest value on, quantities above zero get a logarithmic axis.
const LOG_FROM: f64 = 20.0;
/// A range is clipped where it is wider than so many times the middle eight tenths of the values.
const FLAT_FROM: f64 = 5.0;
/// How far it reaches then, in widths of the middle eight tenths beyond these.
const FENCE: f64 = 1.5;
/// Room at the ends, as a share of the range.
const AIR: f64 = 0.04;

impl Scale {
    /// All of `values`, the finite ones; logarithmic if asked for and all are above zero.
    pub(super) fn whole(values: &[f64], log: bool) -> Self {
        let sorted = crate::analysis::sorted(values.iter().copied().filter(|v| v.is_finite()));
        let log = log && sorted.first().is_some_and(|v| *v > 0.0);
        let ends = (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(1.0));
        Self::between(ends, log, (0, f64::NAN))
    }

    /// What is ordinary among `values`: the whole range, unless it is five times as wide as the middle eight tenths; then
    /// these and one and a half of their widths on either side.
    pub(super) fn robust(values: &[f64], log: bool) -> Self {
        let sorted = crate::analysis::sorted(values.iter().copied().filter(|v| v.is_finite()));
        let log = log && sorted.first().is_some_and(|v| *v > 0.0);
        let [Some(first), Some(last)] = [sorted.first(), sorted.last()] else { return Self::whole(&[], false) };
        let to = |v: f64| if log { v.log10() } else { v };
        // Order statistics inside the tenths: a single outlier among four is outside.
        let n = sorted.len() - 1;
        let (low, high) = (to(sorted[(0.1 * n as f64).ceil() as usize]), to(sorted[(0.9 * n as f64).floor() as usize]));
        let width = high - low;
        if width <= 0.0 || to(*last) - to(*first) <= FLAT_FROM * width {
            return Self::between((*first, *last), log, (0, f64::NAN));
        }
        let inside = |v: &f64| to(*v) >= low - FENCE * width && to(*v) <= high + FENCE * width;
        let ordinary: Vec<f64> = sorted.iter().copied().filter(inside).collect();
        let ends = (ordinary[0], ordinary[ordinary.len() - 1]);
        let distance = |v: f64| (to(ends.0) - to(v)).max(to(v) - to(ends.1));
        let farthest = if distance(*first) > distance(*last) { *first } else { *last };
        Self::between(ends, log, (sorted.len() - ordinary.len(), farthest))
    }

    /// The same for a quantity that is looked at: logarithmic where that is the better view.
    pub(super) fn of_quantity(values: &[f64]) -> Self {
        let middle = Self::robust(values, false);
        let positive = values.iter().copied().filter(|v| v.is_finite()).fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        if positive > 0.0 && largest / positive >= LOG_FROM { Self::robust(values, true) } else { middle }
    }

    /// The same, widened to show `value` as well, unless that would halve what is seen of the rest.
    pub(super) fn including(mut self, value: f64) -> Self {
        let v = if self.log { value.log10() } else { value };
        let (low, high) = (self.low.min(v), self.high.max(v));
        if high - low <= 2.0 * (self.high - self.low) {
            let air = AIR * (high - low);
            self.low = if v < self.low { v - air } else { self.low };
            self.high = if v > self.high { v + air } else { self.high };
        }
        self
    }

    fn between((low, high): (f64, f64), log: bool, beyond: (usize, f64)) -> Self {
        let (a, b) = if log { (low.log10(), high.log10()) } else { (low, high) };
        let air = if b > a { AIR * (b - a) } else { 0.05 * a.abs().max(1e-6) };
        Self { low: a - air, high: b + air, log, beyond }
    }

    /// The place of a value, from 0 to 1; at an end where it lies beyond.
    pub(super) fn at(&self, value: f64) -> f64 {
        let v = if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        ((v - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// On which side a value lies beyond the ends.
    pub(super) fn side(&self, value: f64) -> Ordering {
        let v = if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        if v < self.low {
            Ordering::Less
        } else if v > self.high {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// A value, or the end that it lies beyond.
    pub(super) fn within(&self, value: f64) -> f64 {
        let end = |v: f64| if self.log { 10f64.powf(v) } else { v };
        match self.side(value) {
            Ordering::Less => end(self.low),
            Ordering::Equal => value,
            Ordering::Greater => end(self.high),
        }
    }

    /// Places and labels of about `most` ticks, at most.
    pub(super) fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let linear = || {
            let (low, high) = self.ends();
            let count = |step: f64| (high / step).floor() - (low / step).ceil() + 1.0;
            let mut step = nice((high - low) / (most as f64 + 1.0));
            while count(step) > most as f64 + 1.0 {
                step = nice(1.5 * step);
            }
            let first = (low / step).ceil();
            (0..=most).map(|k| (first + k as f64) * step).take_while(|v| *v <= high).collect::<Vec<f64>>()
        };
        let values = if self.log { self.decades(most).unwrap_or_else(linear) } else { linear() };
        values.into_iter().map(|v| (self.at(v), tick(rounded(v)))).collect()
    }

    fn ends(&self) -> (f64, f64) {
        if self.log { (10f64.powf(self.low), 10f64.powf(self.high)) } else { (self.low, self.high) }
    }

    /// Multiples of powers of ten that neither crowd nor are too few.
    fn decades(&self, most: usize) -> Option<Vec<f64>> {
        let powers = || self.low.floor() as i32..=self.high.ceil() as i32;
        let tries: [(&[f64], i32); 5] =
            [(&[1.0, 2.0, 5.0], 1), (&[1.0, 3.0], 1), (&[1.0], 1), (&[1.0], 2), (&[1.0], 5)];
        let ticks = |(multiples, every): (&[f64], i32)| -> Vec<f64> {
            let powers = powers().filter(|k| k % every == 0);
            let all = powers.flat_map(|k| multiples.iter().map(move |m| m * 10f64.powi(k)));
            all.filter(|v| (self.low..=self.high).contains(&v.log10())).collect()
        };
        tries.into_iter().map(ticks).find(|t| t.len() <= most + 1).filter(|t| t.len() >= 2)
    }

    /// What is said below a figure of what lies beyond its axis.
    pub(super) fn beyond_words(&self, what: &str) -> String {
        match self.beyond {
            (0, _) => String::new(),
            (1, farthest) => {
                format!(" One {what} lies beyond the axis, at {}: a triangle at its edge.", tick(rounded(farthest)))
            }
            (n, farthest) => format!(
                " {n} {what}s lie beyond the axis, the farthest at {}: triangles at its edge.",
                tick(rounded(farthest))
            ),
        }
    }
}

/// The next larger of 1, 2, 5 × 10ᵏ.
fn nice(step: f64) -> f64 {
    if !step.is_finite() || step <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|m| m * power).find(|s| *s >= step * 0.999).unwrap_or(10.0 * power)
}

/// To four digits, as labels are.
fn rounded(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<String> {
        scale.ticks(5).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn outliers_do_not_flatten_an_axis() {
        let mut values: Vec<f64> = (0..40).map(|k| 0.5 + 0.01 * f64::from(k)).collect();
        let ordinary = Scale::robust(&values, false);
        assert_eq!(ordinary.beyond.0, 0);
        values.extend([-53.0, -20.0, f64::NAN, f64::INFINITY]);
        let scale = Scale::robust(&values, false);
        assert_eq!(scale.beyond, (2, -53.0));
        assert_eq!((scale.low, scale.high), (ordinary.low, ordinary.high));
        assert_eq!((scale.at(-53.0), scale.side(-53.0), scale.side(0.7)), (0.0, Ordering::Less, Ordering::Equal));
        assert!(scale.beyond_words("run").contains("2 runs lie beyond the axis, the farthest at −53"));
        assert!(scale.within(-53.0) < 0.5 && scale.within(0.7) == 0.7);
        // One among four, on either side.
        assert_eq!(Scale::robust(&[1.0, 1.1, 1.2, 1e9], false).beyond, (1, 1e9));
    }

    #[test]
    fn a_cluster_apart_is_no_outlier() {
        let values: Vec<f64> = (0..50).map(|k| if k < 10 { 0.1 } else { 0.8 + 0.001 * f64::from(k) }).collect();
        assert_eq!(Scale::robust(&values, false).beyond.0, 0);
    }

    #[test]
    fn ticks_are_few_and_round() {
        assert_eq!(labels(&Scale::whole(&[0.0, 1.0], false)), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels(&Scale::whole(&[0.01, 1.0], true)), ["0.01", "0.03", "0.1", "0.3", "1"]);
        assert_eq!(labels(&Scale::whole(&[1e-9, 1e6], true)), ["1e−5", "1", "1e5"]);
        assert!(labels(&Scale::whole(&[1.0, 1.5], true)).len() >= 2);
        for values in [vec![], vec![0.3], vec![0.0, 0.0], vec![f64::NAN], vec![-2.0, 5.0], vec![1e300, -1e300]] {
            for scale in [Scale::whole(&values, true), Scale::robust(&values, false), Scale::of_quantity(&values)] {
                assert!(scale.high > scale.low && scale.ticks(5).len() <= 6, "{scale:?}");
                assert!(scale.ticks(5).iter().all(|(at, _)| (0.0..=1.0).contains(at)), "{scale:?}");
            }
        }
    }

    #[test]
    fn wide_ranges_above_zero_are_logarithmic() {
        assert!(Scale::of_quantity(&[1.0, 5.0, 100.0]).log && !Scale::of_quantity(&[0.0, 5.0, 100.0]).log);
        assert!(!Scale::of_quantity(&[0.5, 0.9]).log);
    }
}
