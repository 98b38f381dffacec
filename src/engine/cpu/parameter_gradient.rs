//! Stage `parameter_gradient`: from `∂W_eff`, `∂W_in`, Σ s and Σ λ(x_t − x_{t−1}) to the flat gradient of what is
//! trained: the rectifier's gate, the regulariser, the chain through softplus, I_ext and θ
//! (docs/model.md#reverse-time-gradient).

use super::real::{Kernel, Real};
use super::shape::{Panel, Shape};
use super::shared::Shared;
use super::simd::Vector;
use super::weights::Derived;
use crate::network::{Group, Layout, SignConstraint};

/// The gradient of the recurrent weights of one panel of rows.
pub(super) struct RecurrentRows<'a, T> {
    pub shape: &'a Shape,
    pub shared: &'a Shared<T>,
    pub derived: &'a Derived<T>,
    pub panel: Panel,
    pub constraint: SignConstraint,
    /// W or V, `[N × N]`.
    pub stored: &'a [T],
    /// `∂W_eff`, `[N pre][rows]`.
    pub product: &'a [T],
    /// Factor of W in the regulariser's gradient, `λ / √(‖W‖² + …)`.
    pub shrink: T,
    /// The panel's rows, `[rows × N]`.
    pub out: &'a mut [T],
    /// Squared norm of each row, `[rows]`.
    pub squares: &'a mut [f64],
}

impl<T: Real> Kernel<T> for RecurrentRows<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(self) {
        let (n, np, rows) = (self.shape.dims.neurons, self.shape.padded, self.panel.rows);
        for (local, (out, square)) in self.out.chunks_exact_mut(n).zip(self.squares).enumerate() {
            let i = self.panel.start + local;
            let weights = &self.derived.weights[i * np..i * np + n];
            for j in 0..n {
                let w = weights[j];
                let open = self.shared.area[i] == self.shared.area[j] || w > T::ZERO;
                let data = if open { self.product[j * rows + local] } else { T::ZERO };
                out[j] = data + self.shrink * w;
            }
            match self.constraint {
                SignConstraint::Reflect | SignConstraint::Clamp => {}
                // SAFETY: the caller's promise about V.
                SignConstraint::Softplus => unsafe {
                    through_softplus::<V>(
                        &self.stored[i * n..(i + 1) * n],
                        &self.shared.signs[i * n..(i + 1) * n],
                        out,
                    );
                },
            }
            *square = out.iter().map(|g| g.to_f64() * g.to_f64()).sum();
        }
    }
}

/// `∂V = ∂W · sign · M · σ(V)`, in place.
///
/// # Safety
/// The processor must have V's instructions.
#[inline(always)]
unsafe fn through_softplus<V: Vector>(stored: &[V::Real], mask: &[V::Real], gradient: &mut [V::Real]) {
    let mut buffer = [V::Real::ZERO; 16];
    for ((v, m), g) in stored.chunks(V::LANES).zip(mask.chunks(V::LANES)).zip(gradient.chunks_mut(V::LANES)) {
        buffer[..v.len()].copy_from_slice(v);
        // SAFETY: the buffer holds one vector of at most 16 numbers.
        unsafe { V::load(buffer.as_ptr()).sigmoid().store(buffer.as_mut_ptr()) };
        for l in 0..v.len() {
            g[l] = g[l] * m[l] * buffer[l];
        }
    }
}

/// The gradients of the input matrices, I_ext and θ. Every panel's `∂W_in` is `[G][U][rows]`, panels one after another.
pub(super) fn small_groups<T: Real>(
    shape: &Shape,
    layout: &Layout,
    derived: &Derived<T>,
    parameters: &[T],
    input_product: &[T],
    d_current: &[T],
    d_alpha: &[T],
    shrink: T,
    gradient: &mut [T],
) {
    let (n, u, np) = (layout.neurons, layout.channels, shape.padded);
    let columns = layout.input_groups * u;
    for panel in &shape.panels {
        let product = &input_product[panel.start * columns..(panel.start + panel.rows) * columns];
        for g in 0..layout.input_groups {
            let matrix = layout.range(Group::Input(g)).start;
            for i in panel.start..(panel.start + panel.rows).min(n) {
                for channel in 0..u {
                    let at = matrix + i * u + channel;
                    let data = product[(g * u + channel) * panel.rows + i - panel.start];
                    gradient[at] = data + shrink * parameters[at];
                }
            }
        }
    }
    let over_conditions = |sums: &[T], i: usize| sums.chunks_exact(np).fold(T::ZERO, |total, c| total + c[i]);
    for (i, g) in gradient[layout.range(Group::Current)].iter_mut().enumerate() {
        *g = over_conditions(d_current, i);
    }
    for (i, g) in gradient[layout.range(Group::TimeConstant)].iter_mut().enumerate() {
        *g = over_conditions(d_alpha, i) / derived.alpha[i] * derived.alpha_slope[i];
    }
}
