//! AVX2 with FMA, and AVX-512.

use super::super::real::Kernel;
use super::super::tile::{Tile, run_tile};
use super::Vector;
#[allow(clippy::wildcard_imports)] // thirty intrinsics with names that cannot clash
use std::arch::x86_64::*;

/// Runs `kernel` with 512-bit vectors.
///
/// # Safety
/// The processor must have AVX-512 F, DQ and VL.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
pub unsafe fn with_avx512<K: Kernel<f32>>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    unsafe { kernel.run::<Avx512>() }
}

/// Runs `kernel` with 256-bit vectors.
///
/// # Safety
/// The processor must have AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn with_avx2<K: Kernel<f32>>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    unsafe { kernel.run::<Avx2>() }
}

/// Sixteen f32.
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

/// Eight f32.
#[derive(Clone, Copy)]
pub struct Avx2(__m256);

macro_rules! x86_vector {
    ($name:ident, $features:literal, $lanes:expr, $tiles:expr,
     $load:ident, $store:ident, $set1:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $fma:ident, $min:ident,
     $max:ident, |$x:ident| $round:expr, |$p:ident, $n:ident| $scale:expr
     $(, |$d:ident| $reciprocal:expr)?) => {
        impl Vector for $name {
            type Real = f32;
            const LANES: usize = $lanes;
            const TILES: &'static [(usize, usize)] = &$tiles;

            operations! {
                fn load(from: *const f32) -> Self { Self($load(from)) }
                fn store(self, to: *mut f32) { $store(to, self.0) }
                fn splat(value: f32) -> Self { Self($set1(value)) }
                fn add(self, other: Self) -> Self { Self($add(self.0, other.0)) }
                fn sub(self, other: Self) -> Self { Self($sub(self.0, other.0)) }
                fn mul(self, other: Self) -> Self { Self($mul(self.0, other.0)) }
                fn div(self, other: Self) -> Self { Self($div(self.0, other.0)) }
                fn mul_add(self, factor: Self, summand: Self) -> Self { Self($fma(self.0, factor.0, summand.0)) }
                fn min(self, other: Self) -> Self { Self($min(self.0, other.0)) }
                fn max(self, other: Self) -> Self { Self($max(self.0, other.0)) }
                fn round(self) -> Self { let $x = self.0; Self($round) }
                fn times_power_of_two(self, n: Self) -> Self { let ($p, $n) = (self.0, n.0); Self($scale) }
                $(fn reciprocal(self) -> Self { let $d = self.0; Self($reciprocal) })?
                fn prefetch(at: *const f32) { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
            }
            unsafe fn tile(tile: &Tile<f32>) {
                #[target_feature(enable = $features)]
                unsafe fn run(tile: &Tile<f32>) {
                    // SAFETY: the caller's promise is the tile's.
                    unsafe { run_tile::<$name>(tile) }
                }
                // SAFETY: see above.
                unsafe { run(tile) }
            }
        }
    };
}

x86_vector! {
    Avx512, "avx512f,avx512dq,avx512vl,avx2,fma", 16, [(4, 6), (3, 8), (2, 12)],
    _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps, _mm512_div_ps,
    _mm512_fmadd_ps, _mm512_min_ps, _mm512_max_ps,
    |x| _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x),
    |p, n| _mm512_scalef_ps(p, n),
    // A division of sixteen numbers takes as long as thirty-two multiply-adds. From 14 bits, Newton's first step comes within
    // a unit in the last place, from above; the second, whose residual is exact, rounds as a division does.
    |d| {
        const UP: i32 = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
        let (one, near) = (_mm512_set1_ps(1.0), _mm512_rcp14_ps(d));
        let nearer = _mm512_fmadd_round_ps::<UP>(_mm512_fnmadd_ps(d, near, one), near, near);
        _mm512_fmadd_ps(_mm512_fnmadd_ps(d, nearer, one), nearer, nearer)
    }
}

x86_vector! {
    Avx2, "avx2,fma", 8, [(2, 6)],
    _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps,
    _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps,
    |x| _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x),
    |p, n| {
        let exponent = _mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)));
        _mm256_mul_ps(p, _mm256_castsi256_ps(exponent))
    }
}
