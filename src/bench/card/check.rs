//! A card's losses and gradients against known ones.

use super::Reference;
use crate::engine::gpu::{GpuDevice, GpuEngine, GpuOptions, Trajectory};
use crate::engine::{Engine, StepRecord};
use crate::error::{Error, Result};
use crate::network::{Group, Layout};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// How far one quantity is from its reference.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Quantity {
    /// What it is, in words.
    pub name: String,
    /// Relative error: of a gradient, the norm of the error over the norm; of several numbers, the largest. Infinite where
    /// something is not a number, which JSON writes as null.
    pub error: f64,
    /// The largest error that is borne.
    pub tolerance: f64,
    /// Whether the error is within it.
    pub within: bool,
}

/// One reference, computed in one way.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Check {
    /// The reference, in words.
    pub reference: String,
    /// Where its numbers are from.
    pub source: String,
    /// How recurrences advance.
    pub strategy: String,
    /// How trajectories are kept.
    pub trajectory: String,
    /// The comparisons.
    pub quantities: Vec<Quantity>,
    /// The first digits of the SHA-256 of the gradient: the same wherever the same bits come out.
    pub gradient_bits: String,
}

impl Check {
    /// Whether everything is within its tolerance.
    pub fn holds(&self) -> bool {
        self.quantities.iter().all(|q| q.within)
    }
}

/// Errors that are borne. 32-bit trajectories: those of `tests/golden/README.md`, four times what two independent
/// single-precision programs came to. 16-bit ones: those of `tests/gpu_trajectory.rs`, eleven bits of each rate; they average
/// out over what a loss and a gradient sum, which is known of the golden case, and may be little in another.
struct Tolerances {
    loss: f64,
    losses: f64,
    norm: f64,
    norms: f64,
    gradient: f64,
    tau_gradient: f64,
}

impl Tolerances {
    fn of(trajectory: Trajectory, golden: bool) -> Self {
        match trajectory {
            Trajectory::F32 => {
                Self { loss: 2e-6, losses: 5e-6, norm: 1e-5, norms: 2e-5, gradient: 1e-5, tau_gradient: 3e-5 }
            }
            Trajectory::F16 if golden => {
                Self { loss: 1e-5, losses: 1e-5, norm: 1e-3, norms: 1e-3, gradient: 3e-3, tau_gradient: 3e-3 }
            }
            Trajectory::F16 => {
                Self { loss: 2e-4, losses: 2e-4, norm: 1.5e-2, norms: 1.5e-2, gradient: 1.5e-2, tau_gradient: 1.5e-2 }
            }
        }
    }
}

/// Computes `reference` on `device` as `options` say, and compares.
///
/// # Errors
/// If it does not fit the device, or the device fails.
pub(super) fn check(device: &GpuDevice, options: &GpuOptions, reference: &Reference) -> Result<Check> {
    let (settings, state) = ([reference.settings.clone()], reference.state());
    let mut engine = GpuEngine::new(device, &reference.problem, &settings, &state, options)?;
    // Updates are known of the golden case alone.
    let limits = Tolerances::of(options.trajectory, !reference.norms.is_empty());
    let (losses, gradients) = engine.gradients()?;
    let (Some(loss), Some(gradient)) = (losses.first(), gradients.first()) else {
        return Err(Error::run("the engine returned no gradient."));
    };
    let mut quantities = vec![quantity("loss at the start", relative(loss.loss, reference.losses[0]), limits.loss)];
    let layout = Layout::new(engine.dims());
    for group in layout.groups() {
        let limit = if group == Group::TimeConstant { limits.tau_gradient } else { limits.gradient };
        let error = distance(&gradient[layout.range(group)], &reference.gradient[layout.range(group)]);
        quantities.push(quantity(&format!("gradient of {}", group.name()), error, limit));
    }
    if !reference.norms.is_empty() {
        updates(&mut engine, reference, &limits, &mut quantities)?;
    }
    Ok(Check {
        reference: reference.name.into(),
        source: reference.source.into(),
        strategy: engine.plan().strategy.name().into(),
        trajectory: options.trajectory.name().into(),
        quantities,
        gradient_bits: bits(gradient),
    })
}

/// Losses and norms over the updates that are known.
fn updates(engine: &mut GpuEngine, known: &Reference, limits: &Tolerances, list: &mut Vec<Quantity>) -> Result<()> {
    for _ in &known.norms {
        engine.step(&[Some(Reference::LEARNING_RATE)])?;
    }
    let records: Vec<StepRecord> = engine.take_records(true)?.into_iter().filter_map(|r| r.first().copied()?).collect();
    let last = engine.evaluate()?.first().map_or(f64::NAN, |l| l.loss);
    let losses = records.iter().map(|r| r.loss.loss).chain([last]);
    let norms: Vec<f64> = records.iter().map(|r| r.grad_norm).collect();
    let worst = |found: Vec<f64>, expected: &[f64]| {
        // A network that stopped early lacks some.
        if found.len() == expected.len() {
            found.iter().zip(expected).map(|(f, e)| relative(*f, *e)).fold(0.0, f64::max)
        } else {
            f64::INFINITY
        }
    };
    let first = norms.first().map_or(f64::INFINITY, |norm| relative(*norm, known.norms[0]));
    list.push(quantity("norm of the gradient at the start", first, limits.norm));
    let count = known.norms.len();
    list.push(quantity(&format!("losses over {count} updates"), worst(losses.collect(), &known.losses), limits.losses));
    list.push(quantity(&format!("norms over {count} updates"), worst(norms, &known.norms), limits.norms));
    Ok(())
}

fn quantity(name: &str, error: f64, tolerance: f64) -> Quantity {
    Quantity { name: name.into(), error, tolerance, within: error <= tolerance }
}

fn relative(found: f64, expected: f64) -> f64 {
    defined(((found - expected) / expected).abs())
}

/// Infinite where something is not a number, so that no comparison overlooks it.
fn defined(error: f64) -> f64 {
    if error.is_nan() { f64::INFINITY } else { error }
}

/// The norm of the error over the norm.
fn distance(found: &[f32], expected: &[f64]) -> f64 {
    let square = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|v| v * v).sum::<f64>();
    let error = square(&mut found.iter().zip(expected).map(|(f, e)| f64::from(*f) - e));
    defined((error / square(&mut expected.iter().copied())).sqrt())
}

fn bits(numbers: &[f32]) -> String {
    let digest = Sha256::digest(bytemuck::cast_slice::<f32, u8>(numbers));
    digest.iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_never_within() {
        for error in [relative(f64::NAN, 1.0), relative(f64::INFINITY, 1.0), distance(&[f32::NAN], &[1.0])] {
            assert!(!quantity("x", error, 1e9).within);
        }
        assert!((distance(&[1.0, 2.0], &[1.0, 2.2]) - 0.2 / (1.0 + 2.2_f64.powi(2)).sqrt()).abs() < 1e-9);
        assert_eq!(distance(&[3.0], &[3.0]), 0.0);
    }
}
