//! The one inner loop of the engine: a small block of a matrix product with all its sums in registers.
//!
//! `out[col][row] (+)= Σ_d a[d][row] · b[d][col]`, d in order. Both recurrences and the weight gradient are made of
//! such tiles. A sum's order never depends on the tile's shape, so neither do its bits.

use super::real::Real;
use super::simd::Vector;

/// Operands of one tile. Strides count numbers.
#[doc(hidden)]
pub struct Tile<T> {
    /// `[depth][rows]`, rows contiguous.
    pub a: *const T,
    /// From one depth to the next.
    pub a_stride: usize,
    /// `[depth][cols]` or `[cols][depth]`.
    pub b: *const T,
    /// From one depth to the next.
    pub b_depth_stride: usize,
    /// From one column to the next.
    pub b_col_stride: usize,
    /// Length of the sums.
    pub depth: usize,
    /// Registers of rows, 1…`Vector::ROWS`.
    pub vectors: usize,
    /// Columns, 1…`Vector::COLS`.
    pub cols: usize,
    /// `[cols][rows]`.
    pub out: *mut T,
    /// From one column to the next.
    pub out_stride: usize,
    /// Whether the sums start at what `out` holds, rather than at zero.
    pub accumulate: bool,
}

/// Picks the tile compiled for the runtime shape.
///
/// # Safety
/// The pointers must cover the shape, `vectors ≤ V::ROWS`, `cols ≤ V::COLS`, and the processor must have V's instructions.
#[inline(always)]
pub(super) unsafe fn run_tile<V: Vector>(t: &Tile<V::Real>) {
    debug_assert!((1..=V::ROWS).contains(&t.vectors) && (1..=V::COLS).contains(&t.cols));
    macro_rules! arms {
        ($($r:literal: $($c:literal)*),*) => {
            match (t.vectors, t.cols) {
                // SAFETY: the caller's promise.
                $($(($r, $c) if const { $r <= V::ROWS && $c <= V::COLS } => unsafe { tile::<V, $r, $c>(t) },)*)*
                _ => {}
            }
        };
    }
    arms!(1: 1 2 3 4 5 6 7 8, 2: 1 2 3 4 5 6 7 8, 3: 1 2 3 4 5 6 7 8, 4: 1 2 3 4 5 6 7 8);
}

/// # Safety
/// As for [`run_tile`], with the shape `R`, `C`.
#[inline(always)]
unsafe fn tile<V: Vector, const R: usize, const C: usize>(t: &Tile<V::Real>) {
    // SAFETY: every pointer stays inside the shape that the caller promised.
    unsafe {
        let mut sums = [[V::splat(V::Real::ZERO); R]; C];
        if t.accumulate {
            for c in 0..C {
                for r in 0..R {
                    sums[c][r] = V::load(t.out.add(c * t.out_stride + r * V::LANES));
                }
            }
        }
        let (mut a, mut b) = (t.a, t.b);
        for _ in 0..t.depth {
            let mut rows = [V::splat(V::Real::ZERO); R];
            for r in 0..R {
                rows[r] = V::load(a.add(r * V::LANES));
            }
            for c in 0..C {
                let factor = V::splat(*b.add(c * t.b_col_stride));
                for r in 0..R {
                    sums[c][r] = rows[r].mul_add(factor, sums[c][r]);
                }
            }
            a = a.add(t.a_stride);
            b = b.add(t.b_depth_stride);
        }
        for c in 0..C {
            for r in 0..R {
                sums[c][r].store(t.out.add(c * t.out_stride + r * V::LANES));
            }
        }
    }
}
