//! Dale's principle, the ways to keep a weight's sign, and what is trained in place of `W` under each.

use super::Population;

/// Which neuron a weight's sign belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Dale {
    /// The sending neuron (column): Dale's principle.
    #[default]
    Presynaptic,
    /// The receiving neuron (row): what the published program does; needed for its checkpoints.
    Postsynaptic,
    /// No sign; only the diagonal is held at zero.
    None,
}

/// How a weight keeps its sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum SignConstraint {
    /// `W ← ±|W|` after every update (published).
    Reflect,
    /// `W ← 0` after an update that gave it the wrong sign.
    Clamp,
    /// `W = sign · softplus(V) · M` with V trained: no weight can die at zero.
    #[default]
    Softplus,
}

impl SignConstraint {
    /// Whether weights follow from other numbers, which are trained in their place and have no sign of their own. Otherwise
    /// they are trained themselves, and projected onto their signs after every update.
    pub fn is_implied(self) -> bool {
        match self {
            Self::Reflect | Self::Clamp => false,
            Self::Softplus => true,
        }
    }
}

/// The constraints of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Constraint {
    /// Whose sign.
    pub dale: Dale,
    /// How it is kept.
    pub sign: SignConstraint,
}

impl Constraint {
    /// Dale's sign of the weight from `pre` to `post`: ±1, or 0 where there is none to keep (`Dale::None`).
    pub fn sign_of(&self, population: &Population, post: usize, pre: usize) -> f32 {
        let owner = match self.dale {
            Dale::Presynaptic => pre,
            Dale::Postsynaptic => post,
            Dale::None => return 0.0,
        };
        if population.inhibitory()[owner] { -1.0 } else { 1.0 }
    }

    /// The static mask M of `softplus`: whether the weight from `pre` to `post` can ever be felt.
    /// False on the diagonal and for negative weights between areas, which the rectifier cuts.
    pub fn is_connection(&self, population: &Population, post: usize, pre: usize) -> bool {
        let area = population.area_of();
        post != pre && (area[post] == area[pre] || self.sign_of(population, post, pre) >= 0.0)
    }

    /// `sign · M` for all pairs, `[N post × N pre]`: what multiplies `softplus(V)`, and the factor of its gradient.
    pub fn signed_mask(&self, population: &Population) -> Vec<f32> {
        let n = population.len();
        let entry = |i, j| if self.is_connection(population, i, j) { self.sign_of(population, i, j) } else { 0.0 };
        (0..n * n).map(|k| entry(k / n, k % n)).collect()
    }

    /// The weights that a trained block `stored` (W, or V under `softplus`) stands for, `[N × N]`.
    pub fn weights(&self, population: &Population, stored: &[f32]) -> Vec<f32> {
        match self.sign {
            SignConstraint::Reflect | SignConstraint::Clamp => stored.to_vec(),
            SignConstraint::Softplus => {
                let mask = self.signed_mask(population);
                mask.iter().zip(stored).map(|(m, v)| m * softplus(*v)).collect()
            }
        }
    }

    /// The trained block that stands for `weights`: the inverse of [`Self::weights`], magnitudes below 1e-6 raised to it.
    pub fn stored(&self, weights: &[f32]) -> Vec<f32> {
        match self.sign {
            SignConstraint::Reflect | SignConstraint::Clamp => weights.to_vec(),
            SignConstraint::Softplus => weights.iter().map(|w| softplus_inverse(w.abs().max(1e-6))).collect(),
        }
    }

    /// The effective weights: `W` within an area, `max(W, 0)` between areas, `[N post × N pre]`.
    pub fn effective_weights(population: &Population, weights: &[f32]) -> Vec<f32> {
        let (n, area) = (population.len(), population.area_of());
        let mut effective = weights.to_vec();
        for i in 0..n {
            for j in 0..n {
                if area[i] != area[j] {
                    effective[i * n + j] = effective[i * n + j].max(0.0);
                }
            }
        }
        effective
    }
}

/// `ln(1 + eᵛ)` without overflow.
pub(crate) fn softplus(v: f32) -> f32 {
    v.max(0.0) + (-v.abs()).exp().ln_1p()
}

/// The `v` with `softplus(v) = w`, for `w > 0`: `w + ln(1 − e⁻ʷ)`.
pub(crate) fn softplus_inverse(w: f32) -> f32 {
    let w = f64::from(w);
    (w + (-(-w).exp_m1()).ln()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Area;

    fn population() -> Population {
        let area = |name: &str, size| Area { name: name.into(), size };
        Population::new(vec![area("A", 2), area("B", 2)], vec![false, true, false, true], None).unwrap()
    }

    #[test]
    fn softplus_and_its_inverse_agree_over_the_range_of_weights() {
        for w in [1e-6_f32, 1e-3, 0.1, 1.0, 10.0, 60.0] {
            let back = softplus(softplus_inverse(w));
            assert!((back - w).abs() <= 4e-6 * w, "{w} came back as {back}");
        }
    }

    #[test]
    fn presynaptic_signs_follow_columns_and_cut_inhibition_between_areas() {
        let c = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Softplus };
        let mask = c.signed_mask(&population());
        #[rustfmt::skip]
        let expected = [
            0., -1., 1., 0.,
            1.,  0., 1., 0.,
            1.,  0., 0., -1.,
            1.,  0., 1., 0.,
        ];
        assert_eq!(mask, expected);
    }

    #[test]
    fn postsynaptic_signs_follow_rows() {
        let c = Constraint { dale: Dale::Postsynaptic, sign: SignConstraint::Softplus };
        let mask = c.signed_mask(&population());
        #[rustfmt::skip]
        let expected = [
            0., 1., 1., 1.,
            -1., 0., 0., 0.,
            1., 1., 0., 1.,
            0., 0., -1., 0.,
        ];
        assert_eq!(mask, expected);
    }
}
