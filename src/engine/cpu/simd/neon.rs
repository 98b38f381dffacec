//! 64-bit Arm: every such processor has these instructions.

use super::super::tile::{Tile, run_tile};
use super::Vector;
#[allow(clippy::wildcard_imports)] // names that cannot clash
use std::arch::aarch64::*;

/// Four f32.
#[derive(Clone, Copy)]
pub struct Neon(float32x4_t);

// NEON is part of the aarch64 baseline.
impl Vector for Neon {
    type Real = f32;
    const LANES: usize = 4;
    const TILES: &'static [(usize, usize)] = &[(4, 6)];

    operations! {
        fn load(from: *const f32) -> Self { Self(vld1q_f32(from)) }
        fn store(self, to: *mut f32) { vst1q_f32(to, self.0) }
        fn splat(value: f32) -> Self { Self(vdupq_n_f32(value)) }
        fn add(self, other: Self) -> Self { Self(vaddq_f32(self.0, other.0)) }
        fn sub(self, other: Self) -> Self { Self(vsubq_f32(self.0, other.0)) }
        fn mul(self, other: Self) -> Self { Self(vmulq_f32(self.0, other.0)) }
        fn div(self, other: Self) -> Self { Self(vdivq_f32(self.0, other.0)) }
        fn mul_add(self, factor: Self, summand: Self) -> Self { Self(vfmaq_f32(summand.0, self.0, factor.0)) }
        fn min(self, other: Self) -> Self { Self(vminq_f32(self.0, other.0)) }
        fn max(self, other: Self) -> Self { Self(vmaxq_f32(self.0, other.0)) }
        fn round(self) -> Self { Self(vrndnq_f32(self.0)) }
        fn times_power_of_two(self, n: Self) -> Self {
            let exponent = vshlq_n_s32::<23>(vaddq_s32(vcvtnq_s32_f32(n.0), vdupq_n_s32(127)));
            Self(vmulq_f32(self.0, vreinterpretq_f32_s32(exponent)))
        }
    }
    unsafe fn tile(tile: &Tile<f32>) {
        // SAFETY: the caller's promise is the tile's.
        unsafe { run_tile::<Self>(tile) }
    }
}
