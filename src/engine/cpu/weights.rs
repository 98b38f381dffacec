//! Stage `weights`: trained parameters → W, W_eff, α (docs/model.md#parameters, docs/model.md#effective-weights,
//! docs/model.md#three-ways-to-keep-a-sign).

use super::aligned::Aligned;
use super::real::{Kernel, Real};
use super::shape::{Panel, Shape};
use super::simd::Vector;
use crate::engine::TimeConstants;
use crate::network::{Group, Layout, SignConstraint};

/// Everything that a step derives from the parameters of one network.
pub(super) struct Derived<T> {
    /// W, `[N post × padded pre]`.
    pub weights: Aligned<T>,
    /// W_eff, `[N post × padded pre]`.
    pub effective: Aligned<T>,
    /// W_eff packed for the forward product: `[panel of post][pre][rows]`.
    pub forward: Aligned<T>,
    /// W_eff packed for the adjoint product: `[panel of pre][post][rows]`.
    pub adjoint: Aligned<T>,
    /// Input matrices, `[G][U][padded]`.
    pub inputs: Aligned<T>,
    /// α, `[padded]`.
    pub alpha: Aligned<T>,
    /// dα/dθ, `[padded]`.
    pub alpha_slope: Aligned<T>,
    /// I_ext, `[padded]`.
    pub current: Aligned<T>,
    /// ‖W‖² of each row, `[N]`.
    pub row_squares: Vec<f64>,
    /// Σ ‖W_in‖².
    pub input_squares: f64,
}

impl<T: Real> Derived<T> {
    pub(super) fn new(shape: &Shape) -> Self {
        let (n, np) = (shape.dims.neurons, shape.padded);
        Self {
            weights: Aligned::zeros(n * np),
            effective: Aligned::zeros(n * np),
            forward: Aligned::zeros(shape.packed_len(n)),
            adjoint: Aligned::zeros(shape.packed_len(n)),
            inputs: Aligned::zeros(shape.dims.input_groups * shape.dims.channels * np),
            alpha: Aligned::zeros(np),
            alpha_slope: Aligned::zeros(np),
            current: Aligned::zeros(np),
            row_squares: vec![0.0; n],
            input_squares: 0.0,
        }
    }

    /// ‖W‖² + Σ ‖W_in‖².
    pub(super) fn squares(&self) -> f64 {
        self.row_squares.iter().sum::<f64>() + self.input_squares
    }
}

/// W and W_eff of the rows of one panel, and their packed copy for the forward product.
pub(super) struct WeightRows<'a, T> {
    pub shape: &'a Shape,
    pub panel: Panel,
    pub constraint: SignConstraint,
    /// `sign · M`, `[N × N]`; read under `softplus`.
    pub signed_mask: &'a [T],
    /// Area of each neuron, `[N]`.
    pub area: &'a [u32],
    /// W or V, `[N × N]`.
    pub stored: &'a [T],
    /// The panel's rows of W, `[rows × padded]`.
    pub weights: &'a mut [T],
    /// The panel's rows of W_eff, `[rows × padded]`.
    pub effective: &'a mut [T],
    /// The panel's packed weights, `[pre][rows]`.
    pub packed: &'a mut [T],
    /// ‖W‖² of the panel's rows.
    pub squares: &'a mut [f64],
}

impl<T: Real> Kernel<T> for WeightRows<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(self) {
        let (n, np, start) = (self.shape.dims.neurons, self.shape.padded, self.panel.start);
        let rows = self.weights.chunks_exact_mut(np).zip(self.effective.chunks_exact_mut(np)).zip(self.squares);
        for (local, ((weights, effective), square)) in rows.enumerate() {
            let i = start + local;
            let stored = &self.stored[i * n..(i + 1) * n];
            match self.constraint {
                SignConstraint::Reflect | SignConstraint::Clamp => weights[..n].copy_from_slice(stored),
                // SAFETY: the caller's promise about V.
                SignConstraint::Softplus => unsafe {
                    softplus_row::<V>(stored, &self.signed_mask[i * n..(i + 1) * n], &mut weights[..n]);
                },
            }
            let mut sum = 0.0;
            for j in 0..n {
                let w = weights[j];
                sum += w.to_f64() * w.to_f64();
                let between_areas = self.area[i] != self.area[j];
                let w_eff = if between_areas { w.max(T::ZERO) } else { w };
                effective[j] = w_eff;
                self.packed[j * self.panel.rows + local] = w_eff;
            }
            *square = sum;
        }
    }
}

/// `out = sign · M · softplus(V)`.
///
/// # Safety
/// The processor must have V's instructions.
#[inline(always)]
unsafe fn softplus_row<V: Vector>(stored: &[V::Real], mask: &[V::Real], out: &mut [V::Real]) {
    let lanes = V::LANES;
    let whole = stored.len() / lanes * lanes;
    // SAFETY: `whole` numbers are in each slice, and the buffer holds one vector of at most 16.
    unsafe {
        for j in (0..whole).step_by(lanes) {
            let w = V::load(stored.as_ptr().add(j)).softplus().mul(V::load(mask.as_ptr().add(j)));
            w.store(out.as_mut_ptr().add(j));
        }
        let mut buffer = [V::Real::ZERO; 16];
        let rest = stored.len() - whole;
        buffer[..rest].copy_from_slice(&stored[whole..]);
        V::load(buffer.as_ptr()).softplus().store(buffer.as_mut_ptr());
        for k in 0..rest {
            out[whole + k] = buffer[k] * mask[whole + k];
        }
    }
}

/// Copies one panel of columns of W_eff for the adjoint product: `packed[post][row] = W_eff[post][start + row]`.
pub(super) fn pack_adjoint<T: Real>(shape: &Shape, panel: Panel, effective: &[T], packed: &mut [T]) {
    for (row, out) in effective.chunks_exact(shape.padded).zip(packed.chunks_exact_mut(panel.rows)) {
        out.copy_from_slice(&row[panel.start..panel.start + panel.rows]);
    }
}

/// Input matrices with neurons innermost, I_ext, `α = Δt/τ(θ)` and `dα/dθ`.
pub(super) fn small_parameters<T: Real>(
    layout: &Layout,
    time_constants: &TimeConstants,
    parameters: &[T],
    padded: usize,
    out: &mut Derived<T>,
) {
    let (n, u) = (layout.neurons, layout.channels);
    let mut squares = 0.0;
    for g in 0..layout.input_groups {
        let matrix = &parameters[layout.range(Group::Input(g))];
        for (k, w) in matrix.iter().enumerate() {
            out.inputs[(g * u + k % u) * padded + k / u] = *w;
            squares += w.to_f64() * w.to_f64();
        }
    }
    out.input_squares = squares;
    out.current[..n].copy_from_slice(&parameters[layout.range(Group::Current)]);
    let [min, max, dt] = [time_constants.min, time_constants.max, time_constants.dt].map(f64::from);
    for (i, theta) in parameters[layout.range(Group::TimeConstant)].iter().enumerate() {
        let s = 1.0 / (1.0 + (-theta.to_f64()).exp());
        let tau = min + (max - min) * s;
        out.alpha[i] = T::from_f64(dt / tau);
        out.alpha_slope[i] = T::from_f64(-dt / (tau * tau) * (max - min) * s * (1.0 - s));
    }
}
