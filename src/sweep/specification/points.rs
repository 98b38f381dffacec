//! Points that are drawn, at random or along a Sobol sequence.
//!
//! Value `point` of axis `axis` is a function of these two and of the seed alone, so that more points contain the fewer.

use crate::rng::{Rng, Stream};
use toml::Value;

/// Most points of a sequence, which has no more.
pub(super) const MOST_DRAWN: usize = 1 << 16;

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawing {
    /// Independently of each other.
    Random,
    /// Spread evenly, in every axis and all together: Owen-scrambled Sobol points (Burley 2020).
    Sobol,
}

impl Drawing {
    /// A number in 0…1, 1 excluded.
    fn unit(self, point: u32, axis: u32, seed: u64) -> f64 {
        match self {
            Self::Random => 1.0 - Rng::new(seed, axis, Stream::Points).uniform(point),
            Self::Sobol => f64::from(sobol_burley::sample(point, axis, seed as u32)),
        }
    }

    /// The largest seed.
    pub(super) fn last_seed(self) -> u64 {
        match self {
            Self::Random => i64::MAX as u64,
            Self::Sobol => u64::from(u32::MAX),
        }
    }

    /// `count` points of these axes.
    pub(super) fn points(self, axes: &[Draw], count: usize, seed: u64) -> Vec<Vec<Value>> {
        let point = |p: u32| axes.iter().zip(0..).map(|(axis, a)| axis.at(self.unit(p, a, seed))).collect();
        (0..count as u32).map(point).collect()
    }
}

/// What an axis is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Draw {
    /// Values, all alike likely.
    Choice(Vec<Value>),
    /// Numbers in a range, both ends included.
    Range {
        /// The smallest.
        from: f64,
        /// The largest.
        to: f64,
        /// Whether it is their logarithm that is drawn evenly; then `from` is above 0.
        is_log: bool,
        /// Whether the setting takes whole numbers only.
        is_integer: bool,
        /// Whether only whole numbers are drawn.
        is_whole: bool,
    },
}

impl Draw {
    /// The value at `unit`, of 0…1.
    fn at(&self, unit: f64) -> Value {
        match self {
            Self::Choice(values) => values[((unit * values.len() as f64) as usize).min(values.len() - 1)].clone(),
            Self::Range { from, to, is_log, is_integer, is_whole } => {
                // A whole number stands for all numbers up to the next one, the last one too.
                let end = if *is_whole { to + 1.0 } else { *to };
                let drawn = if *is_log {
                    (from.ln() + unit * (end.ln() - from.ln())).exp()
                } else {
                    from + unit * (end - from)
                };
                let whole = if *is_whole { drawn.floor() } else { drawn };
                let value = four_digits(whole).clamp(*from, *to);
                if *is_integer { Value::Integer(value as i64) } else { Value::Float(value) }
            }
        }
    }
}

/// A number that people can retype. It also hides in which last bit the logarithms of machines differ.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: f64, to: f64, is_log: bool, is_whole: bool) -> Draw {
        Draw::Range { from, to, is_log, is_integer: is_whole, is_whole }
    }

    fn number(value: &Value) -> f64 {
        value.as_float().or(value.as_integer().map(|n| n as f64)).unwrap()
    }

    #[test]
    fn numbers_have_four_digits() {
        for (value, expected) in [
            (0.123_456, 0.1235),
            (123_456.0, 123_500.0),
            (-9.999_96e-7, -1e-6),
            (0.0, 0.0),
            (1e300, 1e300),
            (0.1 + 0.2, 0.3),
        ] {
            assert_eq!(four_digits(value), expected);
        }
        let axes = [range(0.01, 1.0, true, false), range(0.05, 0.5, false, false)];
        for value in Drawing::Sobol.points(&axes, 256, 0).iter().flatten().map(number) {
            assert!(value.to_string().trim_start_matches(['0', '.']).len() <= 5, "{value}");
        }
    }

    #[test]
    fn more_points_contain_the_fewer() {
        let axes =
            [range(0.01, 1.0, true, false), Draw::Choice(vec![1.into(), 2.into()]), range(1.0, 9.0, false, true)];
        for drawing in [Drawing::Random, Drawing::Sobol] {
            let (few, many) = (drawing.points(&axes, 64, 5), drawing.points(&axes, 128, 5));
            assert_eq!(few, many[..64]);
            assert_ne!(few, drawing.points(&axes, 64, 6));
            drawing.points(&axes, MOST_DRAWN, drawing.last_seed());
        }
    }

    /// Of 2^k points of a Sobol sequence each axis has one in each of 2^k equal parts.
    #[test]
    fn sobol_points_are_spread_evenly_in_every_axis() {
        let axes = vec![range(0.0, 64.0, false, false); 5];
        let points = Drawing::Sobol.points(&axes, 64, 0);
        for axis in 0..axes.len() {
            // Rounding may lift a number into the next part, from the last hundredth of its own.
            let mut parts: Vec<usize> = points.iter().map(|p| (number(&p[axis]) - 0.005) as usize).collect();
            parts.sort_unstable();
            let missing = (0..64).filter(|k| !parts.contains(k)).count();
            assert!(missing <= 1, "axis {axis}: {parts:?}");
        }
    }

    #[test]
    fn ranges_are_kept_and_their_ends_are_reached() {
        for drawing in [Drawing::Random, Drawing::Sobol] {
            for is_log in [false, true] {
                let drawn = drawing.points(&[range(3.0, 6.0, is_log, true)], 500, 1);
                let counts = [3, 4, 5, 6].map(|n| drawn.iter().filter(|p| p[0] == Value::Integer(n)).count());
                assert_eq!(counts.iter().sum::<usize>(), 500);
                assert!(counts.iter().all(|c| *c > 50), "{drawing:?} {counts:?}");
                let narrow = range(0.123_456, 0.123_457, is_log, false);
                for point in drawing.points(&[narrow], 50, 1) {
                    assert!((0.123_456..=0.123_457).contains(&number(&point[0])), "{point:?}");
                }
            }
        }
    }

    #[test]
    fn logarithms_are_drawn_evenly() {
        let drawn = Drawing::Sobol.points(&[range(0.01, 1.0, true, false)], 1024, 0);
        let below = drawn.iter().filter(|p| number(&p[0]) < 0.1).count();
        assert!((510..=514).contains(&below), "{below}");
    }
}
