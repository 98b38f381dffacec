//! The one inner loop of the engine: a small block of a matrix product with all its sums in registers.
//!
//! `out[col][row] (+)= Σ_d a[d][row] · b[d][col]`, d in order. Both recurrences and the weight gradient are made of
//! such tiles. A sum's order never depends on the tile's shape, so neither do its bits.

use super::real::Real;
use super::simd::Vector;
use std::hint::black_box;

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
    /// Registers of rows.
    pub vectors: usize,
    /// Columns; with the rows within one of `Vector::TILES`.
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
/// The pointers must cover the shape, and the processor must have V's instructions.
#[inline(always)]
pub(super) unsafe fn run_tile<V: Vector>(t: &Tile<V::Real>) {
    debug_assert!(is_tile::<V>(t.vectors, t.cols));
    macro_rules! arms {
        ($($r:literal: $($c:literal)*),*) => {
            match (t.vectors, t.cols) {
                // SAFETY: the caller's promise.
                $($(($r, $c) if const { is_tile::<V>($r, $c) } => unsafe { tile::<V, $r, $c>(t) },)*)*
                _ => {}
            }
        };
    }
    arms!(
        1: 1 2 3 4 5 6 7 8 9 10 11 12,
        2: 1 2 3 4 5 6 7 8 9 10 11 12,
        3: 1 2 3 4 5 6 7 8,
        4: 1 2 3 4 5 6
    );
}

/// Whether a tile of this shape is within one of V's.
const fn is_tile<V: Vector>(vectors: usize, cols: usize) -> bool {
    let mut k = 0;
    while k < V::TILES.len() {
        if vectors >= 1 && vectors <= V::TILES[k].0 && cols >= 1 && cols <= V::TILES[k].1 {
            return true;
        }
        k += 1;
    }
    false
}

/// Most columns of a tile, in fours.
const GROUPS: usize = 3;

/// One term of every sum.
///
/// # Safety
/// The processor must have V's instructions; `a` holds `R` registers.
#[inline(always)]
unsafe fn add_depth<V: Vector, const R: usize, const C: usize>(
    sums: &mut [[V; R]; C],
    a: *const V::Real,
    b: impl Fn(usize) -> V::Real,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut rows = [V::splat(V::Real::ZERO); R];
        for r in 0..R {
            rows[r] = V::load(a.add(r * V::LANES));
        }
        for c in 0..C {
            let factor = V::splat(b(c));
            for r in 0..R {
                sums[c][r] = rows[r].mul_add(factor, sums[c][r]);
            }
        }
    }
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
        let mut a = t.a;
        if t.b_col_stride == 1 {
            let mut b = t.b;
            for _ in 0..t.depth {
                add_depth(&mut sums, a, |c| *b.add(c));
                a = a.add(t.a_stride);
                b = b.add(t.b_depth_stride);
            }
        } else {
            // Of four columns each. A compiler that knew how they follow from each other would find each column by an
            // addition to the one before: as long a chain as all the multiply-adds.
            let mut b = [t.b; GROUPS];
            for g in 1..C.div_ceil(4) {
                b[g] = black_box(t.b.add(4 * g * t.b_col_stride));
            }
            let strides = [0, 1, 2, 3].map(|c| c * t.b_col_stride);
            for _ in 0..t.depth {
                add_depth(&mut sums, a, |c| *b[c / 4].add(strides[c % 4]));
                a = a.add(t.a_stride);
                for g in 0..C.div_ceil(4) {
                    b[g] = b[g].add(t.b_depth_stride);
                }
            }
        }
        for c in 0..C {
            for r in 0..R {
                sums[c][r].store(t.out.add(c * t.out_stride + r * V::LANES));
            }
        }
    }
}
