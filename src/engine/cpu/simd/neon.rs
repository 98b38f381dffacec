//! 64-bit Arm: every such processor has these instructions.

use super::super::tile::{Tile, run_tile};
use super::Vector;
#[allow(clippy::wildcard_imports)] // names that cannot clash
use std::arch::aarch64::*;

/// Four f32.
#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

// SAFETY (all of these): NEON is part of the aarch64 baseline; the caller promises valid memory for loads and stores.
impl Vector for Neon {
    type Real = f32;
    const LANES: usize = 4;
    const ROWS: usize = 4;
    const COLS: usize = 6;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vld1q_f32(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { vst1q_f32(to, self.0) }
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdupq_n_f32(value) })
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmulq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vdivq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vfmaq_f32(summand.0, self.0, factor.0) })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vminq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vmaxq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    unsafe fn times_power_of_two(self, n: Self) -> Self {
        // SAFETY: see above.
        unsafe {
            let exponent = vshlq_n_s32::<23>(vaddq_s32(vcvtnq_s32_f32(n.0), vdupq_n_s32(127)));
            Self(vmulq_f32(self.0, vreinterpretq_f32_s32(exponent)))
        }
    }
    unsafe fn tile(tile: &Tile<f32>) {
        // SAFETY: the caller's promise is the tile's.
        unsafe { run_tile::<Self>(tile) }
    }
}
