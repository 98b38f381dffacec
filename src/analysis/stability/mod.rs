//! How the network responds to a small change of its state: the Jacobian of one step and its spectral radius.
//!
//! One step is `x_t = (1 − α) ⊙ x_{t−1} + α ⊙ (W_eff r_{t−1} + W_in u_{t−1})` with `r = g ⊙ σ(x + I_ext)`
//! (docs/model.md#dynamics; `g` the gain of a lesion), so that a small change of `x_{t−1}` is multiplied by
//!
//! ```text
//! J = diag(1 − α) + diag(α) W_eff diag(g ⊙ s ⊙ (1 − s)),    s = σ(x_{t−1} + I_ext).
//! ```
//!
//! Around a fixed point changes die out where the spectral radius of J is below 1, and grow where it is above. Along a
//! trajectory it describes the moment only. The leak alone gives `1 − α`, close to 1 for slow neurons: what says how
//! strong the recurrence is, is the distance of the radius to that, and [`RESIDUAL_TOLERANCE`] is chosen accordingly.

mod arnoldi;
mod dense;

use super::connectivity::check_square;
use crate::error::{Error, Result};
pub use arnoldi::RESIDUAL_TOLERANCE;
use nalgebra::DMatrixView;

/// How a spectral radius was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Arnoldi's iteration, which converged.
    Arnoldi,
    /// All eigenvalues of the dense matrix: it was small, or the iteration did not converge.
    Dense,
    /// No neuron transmits: the eigenvalues are the leaks `1 − α`.
    Leak,
}

/// The spectral radius of a Jacobian.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralRadius {
    /// Largest magnitude of an eigenvalue.
    pub radius: f64,
    /// Real part of an eigenvalue of that magnitude, per step.
    pub real: f64,
    /// Its imaginary part, not negative; it turns by `atan2(imaginary, real)` per step.
    pub imaginary: f64,
    /// How it was found.
    pub method: Method,
}

impl SpectralRadius {
    fn of((real, imaginary): (f64, f64), method: Method) -> Self {
        Self { radius: real.hypot(imaginary), real, imaginary: imaginary.abs(), method }
    }
}

/// Jacobians of one network, which differ by the state only.
#[derive(Clone, Debug)]
pub struct Linearisation {
    /// N.
    neurons: usize,
    /// α, `[N]`.
    alpha: Vec<f64>,
    /// α_i W_eff[i, j], `[N pre × N post]`: the columns of J one after the other.
    weights: Vec<f64>,
}

impl Linearisation {
    /// The network with effective weights `[N post × N pre]` and `alpha = Δt/τ`, `[N]`.
    ///
    /// # Errors
    /// If the sizes differ, a weight is not finite, or an α is not in 0…1.
    pub fn new(effective: &[f32], alpha: &[f32]) -> Result<Self> {
        let n = alpha.len();
        check_square("effective weights", effective, n)?;
        if let Some(i) = alpha.iter().position(|a| !(0.0..=1.0).contains(a)) {
            return Err(Error::input(format!(
                "time constants: α = Δt/τ should lie in 0…1, but is {} for neuron {}.",
                alpha[i],
                i + 1
            )));
        }
        let alpha: Vec<f64> = alpha.iter().map(|a| f64::from(*a)).collect();
        let weights = (0..n * n).map(|k| alpha[k % n] * f64::from(effective[(k % n) * n + k / n])).collect();
        Ok(Self { neurons: n, alpha, weights })
    }

    /// The Jacobian where the logistic function has the values `sigmoid`, `[N]`, in 0…1. A lesion multiplies the rate of
    /// neuron j by `gain[j]`, `[N]`; for gains of 0 and 1 the network's own rates serve as `sigmoid`.
    ///
    /// A neuron that transmits nothing (`g s (1 − s) = 0`) has a column of zeros but for its leak: J is block triangular,
    /// `1 − α_j` is one of its eigenvalues and the others are those of the matrix without that neuron, which is kept.
    ///
    /// # Errors
    /// If the sizes differ, a value is outside 0…1 or a gain is not finite.
    pub fn jacobian(&self, sigmoid: &[f32], gain: Option<&[f32]>) -> Result<Jacobian> {
        let slope = self.slopes(sigmoid, gain)?;
        let (kept, silent): (Vec<usize>, Vec<usize>) = (0..self.neurons).partition(|j| slope[*j] != 0.0);
        let mut entries = Vec::with_capacity(kept.len() * kept.len());
        for j in &kept {
            let column = &self.weights[j * self.neurons..(j + 1) * self.neurons];
            let start = entries.len();
            entries.extend(kept.iter().map(|i| column[*i] * slope[*j]));
            entries[start + start / kept.len()] += 1.0 - self.alpha[*j];
        }
        let leak =
            silent.iter().map(|j| 1.0 - self.alpha[*j]).fold(None, |m: Option<f64>, l| Some(m.map_or(l, |m| m.max(l))));
        Ok(Jacobian { kept, entries, leak })
    }

    /// `g ⊙ s ⊙ (1 − s)`, `[N]`.
    fn slopes(&self, sigmoid: &[f32], gain: Option<&[f32]>) -> Result<Vec<f64>> {
        let n = self.neurons;
        let wrong = [Some(sigmoid), gain].into_iter().flatten().map(<[f32]>::len).find(|length| *length != n);
        if let Some(length) = wrong {
            return Err(Error::run(format!("Jacobian: expected rates and gains of {n} neurons, found {length}.")));
        }
        if let Some(i) = sigmoid.iter().position(|s| !(0.0..=1.0).contains(s)) {
            return Err(Error::run(format!("Jacobian: the rate of neuron {} is {}, not in 0…1.", i + 1, sigmoid[i])));
        }
        if let Some(i) = gain.and_then(|g| g.iter().position(|g| !g.is_finite())) {
            return Err(Error::input(format!("Jacobian: the gain of neuron {} is not finite.", i + 1)));
        }
        let slope = |i: usize| {
            let s = f64::from(sigmoid[i]);
            gain.map_or(1.0, |g| f64::from(g[i])) * s * (1.0 - s)
        };
        Ok((0..n).map(slope).collect())
    }
}

/// The Jacobian of one step, without the neurons that transmit nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Jacobian {
    /// The neurons kept, ascending, `[M]`.
    kept: Vec<usize>,
    /// `[M pre × M post]`: column by column.
    entries: Vec<f64>,
    /// The largest `1 − α` of the others, if there are any.
    leak: Option<f64>,
}

impl Jacobian {
    /// The neurons that transmit, ascending.
    pub fn neurons(&self) -> &[usize] {
        &self.kept
    }

    /// Change of x of the `post`-th kept neuron by a change of x of the `pre`-th one.
    pub fn entry(&self, post: usize, pre: usize) -> f64 {
        self.entries[pre * self.kept.len() + post]
    }

    /// The spectral radius, by Arnoldi's iteration with all eigenvalues of the dense matrix as its fallback.
    ///
    /// # Errors
    /// If the matrix is not finite, or its eigenvalues cannot be computed.
    pub fn spectral_radius(&self) -> Result<SpectralRadius> {
        self.radius_by(|matrix| match arnoldi::dominant(matrix) {
            Some(eigenvalue) => Ok((eigenvalue, Method::Arnoldi)),
            None => Ok((dense::dominant(matrix.into_owned())?, Method::Dense)),
        })
    }

    /// The same from all eigenvalues of the dense matrix: slow, and independent of [`Self::spectral_radius`].
    ///
    /// # Errors
    /// As [`Self::spectral_radius`].
    pub fn dense_spectral_radius(&self) -> Result<SpectralRadius> {
        self.radius_by(|matrix| Ok((dense::dominant(matrix.into_owned())?, Method::Dense)))
    }

    fn radius_by(&self, find: impl Fn(DMatrixView<f64>) -> Result<((f64, f64), Method)>) -> Result<SpectralRadius> {
        if self.entries.iter().any(|v| !v.is_finite()) {
            return Err(Error::run("Jacobian: its entries overflow; the weights are too large for a linear analysis."));
        }
        let leak = self.leak.map(|l| SpectralRadius::of((l, 0.0), Method::Leak));
        let m = self.kept.len();
        if m == 0 {
            return leak.ok_or_else(|| Error::input("Jacobian: there are no neurons."));
        }
        let (eigenvalue, method) = find(DMatrixView::from_slice(&self.entries, m, m))?;
        let found = SpectralRadius::of(eigenvalue, method);
        Ok(leak.filter(|l| l.radius > found.radius).unwrap_or(found))
    }
}
