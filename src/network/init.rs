//! Initial values of the parameters.

use super::{Constraint, Group, Layout, Population, SignConstraint};
use crate::rng::{Rng, Stream};

/// A way to start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum InitScheme {
    /// The published start: `|W| = gain/√N · a`, no current. Saturates most excitatory neurons of a large network.
    Published,
    /// Small weights whose excitation and inhibition cancel in each row, and a current that puts every neuron at
    /// its mean recorded rate.
    #[default]
    Balanced,
}

/// Distribution of the magnitudes `a` of the published start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum MagnitudeDistribution {
    /// The absolute value of a standard normal number.
    #[default]
    Normal,
    /// Gamma, shape 2, scale 1.
    Gamma,
}

/// What the initial values depend on besides the population.
#[derive(Clone, Copy, Debug)]
pub struct InitSettings<'a> {
    /// The way to start.
    pub scheme: InitScheme,
    /// Magnitudes of the published start.
    pub distribution: MagnitudeDistribution,
    /// `gain` of the weights (1 published, 0.1 balanced).
    pub gain: f32,
    /// Mean recorded rate of each neuron over training conditions and bins, `[N]`; the balanced start needs it.
    pub mean_rate: &'a [f32],
    /// Seed of the run.
    pub seed: u64,
    /// Number of the network under that seed.
    pub network: u32,
    /// Start with `W = 0` (the input-only baseline, with `W` frozen).
    pub without_recurrence: bool,
}

/// The initial parameters of one network, flat as [`Layout`] says.
///
/// docs/model.md#initial-values. In the balanced scheme each row's inhibitory entries are scaled so that the row sums
/// to zero, `I_ext = logit(mean rate) − W_eff · mean rate`, θ = −1.4 + Normal(0, 0.1), input weights Normal(0, 0.05).
pub fn initial_parameters(
    layout: &Layout,
    population: &Population,
    constraint: &Constraint,
    settings: &InitSettings,
) -> Vec<f32> {
    let n = layout.neurons;
    let mut p = vec![0.0; layout.len()];
    let weights = if settings.without_recurrence {
        vec![0.0; n * n]
    } else {
        initial_weights(n, population, constraint, settings)
    };

    let input = Rng::new(settings.seed, settings.network, Stream::InputWeights);
    for (k, value) in p[layout.inputs()].iter_mut().enumerate() {
        *value = (0.05 * input.normal(k as u32)) as f32;
    }
    let theta = Rng::new(settings.seed, settings.network, Stream::TimeConstants);
    let centre = if settings.scheme == InitScheme::Balanced { -1.4 } else { 0.0 };
    for (k, value) in p[layout.range(Group::TimeConstant)].iter_mut().enumerate() {
        *value = (centre + 0.1 * theta.normal(k as u32)) as f32;
    }
    if settings.scheme == InitScheme::Balanced {
        let effective = Constraint::effective_weights(population, &weights);
        for (i, current) in p[layout.range(Group::Current)].iter_mut().enumerate() {
            let drive: f32 = effective[i * n..(i + 1) * n].iter().zip(settings.mean_rate).map(|(w, r)| w * r).sum();
            let rate = settings.mean_rate[i].clamp(0.01, 0.99);
            *current = (rate / (1.0 - rate)).ln() - drive;
        }
    }
    p[layout.range(Group::Recurrent)].copy_from_slice(&constraint.stored(&weights));
    match constraint.sign {
        // softplus never reaches zero; far below, it rounds to exactly zero in f32.
        SignConstraint::Softplus if settings.without_recurrence => p[layout.range(Group::Recurrent)].fill(-200.0),
        SignConstraint::Softplus | SignConstraint::Reflect | SignConstraint::Clamp => {}
    }
    p
}

fn initial_weights(n: usize, population: &Population, constraint: &Constraint, settings: &InitSettings) -> Vec<f32> {
    let rng = Rng::new(settings.seed, settings.network, Stream::Weights);
    let scale = f64::from(settings.gain) / (n as f64).sqrt();
    let balanced = settings.scheme == InitScheme::Balanced;
    let mut weights = vec![0.0_f32; n * n];
    for i in 0..n {
        for j in 0..n {
            let index = (i * n + j) as u32;
            let normal = || rng.normal(index);
            let sign = f64::from(constraint.sign_of(population, i, j));
            let value = match settings.distribution {
                _ if sign == 0.0 => normal(),
                MagnitudeDistribution::Gamma if !balanced => sign * rng.gamma2(index),
                _ => sign * normal().abs(),
            };
            let kept = if balanced { constraint.is_connection(population, i, j) } else { i != j };
            weights[i * n + j] = if kept { (scale * value) as f32 } else { 0.0 };
        }
        if balanced {
            balance_row(&mut weights[i * n..(i + 1) * n]);
        }
    }
    weights
}

/// Scales the negative entries of a row so that it sums to zero, where it has entries of both signs.
fn balance_row(row: &mut [f32]) {
    let excitation: f32 = row.iter().filter(|w| **w > 0.0).sum();
    let inhibition: f32 = -row.iter().filter(|w| **w < 0.0).sum::<f32>();
    if excitation > 0.0 && inhibition > 0.0 {
        let factor = excitation / inhibition;
        row.iter_mut().filter(|w| **w < 0.0).for_each(|w| *w *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Area, Dale};

    fn population(n: usize) -> Population {
        let half = n / 2;
        let areas = vec![Area { name: "A".into(), size: half }, Area { name: "B".into(), size: n - half }];
        Population::new(areas, (0..n).map(|i| i % 4 == 0).collect(), None).unwrap()
    }

    fn settings(scheme: InitScheme, mean_rate: &[f32]) -> InitSettings<'_> {
        InitSettings {
            scheme,
            distribution: MagnitudeDistribution::Normal,
            gain: if scheme == InitScheme::Balanced { 0.1 } else { 1.0 },
            mean_rate,
            seed: 3,
            network: 0,
            without_recurrence: false,
        }
    }

    #[test]
    fn balanced_rows_sum_to_zero_and_the_current_sets_the_mean_rate() {
        let (n, population) = (40, population(40));
        let layout = Layout { neurons: n, channels: 2, input_groups: 1 };
        let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Softplus };
        let mean: Vec<f32> = (0..n).map(|i| 0.05 + 0.02 * i as f32).collect();
        let p = initial_parameters(&layout, &population, &constraint, &settings(InitScheme::Balanced, &mean));
        let w = constraint.weights(&population, &p[layout.range(Group::Recurrent)]);
        for i in 0..n {
            let row = &w[i * n..(i + 1) * n];
            assert!(row.iter().sum::<f32>().abs() < 1e-4, "row {i} sums to {}", row.iter().sum::<f32>());
            let drive: f32 = row.iter().zip(&mean).map(|(w, r)| w * r).sum();
            let rate = 1.0 / (1.0 + (-(drive + p[layout.range(Group::Current)][i])).exp());
            assert!((rate - mean[i]).abs() < 1e-4, "neuron {i} starts at {rate}, recorded {}", mean[i]);
        }
    }

    #[test]
    fn the_published_start_is_signed_scaled_and_has_no_self_connections() {
        let (n, population) = (60, population(60));
        let layout = Layout { neurons: n, channels: 2, input_groups: 2 };
        let constraint = Constraint { dale: Dale::Postsynaptic, sign: SignConstraint::Reflect };
        let p = initial_parameters(&layout, &population, &constraint, &settings(InitScheme::Published, &[]));
        let w = &p[layout.range(Group::Recurrent)];
        for i in 0..n {
            for j in 0..n {
                let sign = if i == j { 0.0 } else { constraint.sign_of(&population, i, j) };
                assert!(w[i * n + j] * sign >= 0.0 && (w[i * n + j] == 0.0) == (i == j));
            }
        }
        let mean_square = w.iter().map(|w| w * w).sum::<f32>() / (n * (n - 1)) as f32;
        // E[a²]/N = 1/60, standard error 2.4 %.
        assert!((mean_square * 60.0 - 1.0).abs() < 0.1, "mean square {mean_square}");
        assert!(p[layout.range(Group::Current)].iter().all(|c| *c == 0.0));
    }

    #[test]
    fn without_recurrence_every_weight_is_exactly_zero() {
        let population = population(8);
        let layout = Layout { neurons: 8, channels: 1, input_groups: 1 };
        let mean = [0.5; 8];
        for sign in [SignConstraint::Reflect, SignConstraint::Clamp, SignConstraint::Softplus] {
            let constraint = Constraint { dale: Dale::Presynaptic, sign };
            let s = InitSettings { without_recurrence: true, ..settings(InitScheme::Balanced, &mean) };
            let p = initial_parameters(&layout, &population, &constraint, &s);
            assert!(constraint.weights(&population, &p[..64]).iter().all(|w| *w == 0.0));
        }
    }
}
