//! Stage `dale`: the projection after an update (docs/model.md#dales-sign, docs/model.md#three-ways-to-keep-a-sign).

use super::real::Real;
use crate::network::SignConstraint;

/// Projects rows of W from row `first`, `[rows × N]`; `signs` are theirs (0 where there is none to keep).
pub(super) fn project<T: Real>(constraint: SignConstraint, n: usize, first: usize, signs: &[T], weights: &mut [T]) {
    match constraint {
        SignConstraint::Reflect => project_by(n, first, signs, weights, |sign, w| sign * w.abs()),
        SignConstraint::Clamp => project_by(n, first, signs, weights, |sign, w| sign * (sign * w).max(T::ZERO)),
        SignConstraint::Softplus => {}
    }
}

fn project_by<T: Real>(n: usize, first: usize, signs: &[T], weights: &mut [T], onto: impl Fn(T, T) -> T) {
    for (local, (row, signs)) in weights.chunks_exact_mut(n).zip(signs.chunks_exact(n)).enumerate() {
        for (w, sign) in row.iter_mut().zip(signs) {
            if *sign != T::ZERO {
                *w = onto(*sign, *w);
            }
        }
        row[first + local] = T::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reflection_mirrors_clamping_cuts_and_the_diagonal_is_zero() {
        let signs = [1.0, -1.0, 1.0, -1.0];
        let start = [3.0, 2.0, -1.0, -4.0];
        for (constraint, expected) in [
            (SignConstraint::Reflect, [0.0, -2.0, 1.0, 0.0]),
            (SignConstraint::Clamp, [0.0, 0.0, 0.0, 0.0]),
            (SignConstraint::Softplus, start),
        ] {
            let mut w = start;
            project(constraint, 2, 0, &signs, &mut w);
            assert_eq!(w, expected, "{constraint:?}");
        }
        let mut w = start;
        project(SignConstraint::Reflect, 2, 0, &[0.0_f64; 4], &mut w);
        assert_eq!(w, [0.0, 2.0, -1.0, 0.0], "without a sign only the diagonal changes");
    }
}
