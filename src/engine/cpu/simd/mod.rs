//! Vectors of numbers: one trait, one implementation per instruction set.

/// The functions of a [`Vector`]: inlined, and as unsafe as their trait says.
macro_rules! operations {
    ($(fn $name:ident($($arguments:tt)*) $(-> $out:ty)? { $($body:tt)* })*) => {$(
        #[inline(always)]
        #[allow(unused_unsafe)] // Plain arithmetic needs none.
        unsafe fn $name($($arguments)*) $(-> $out)? {
            // SAFETY: the caller promises the instructions, and valid memory for loads and stores.
            unsafe { $($body)* }
        }
    )*};
}

#[cfg(target_arch = "aarch64")]
pub mod neon;
#[cfg(target_arch = "x86_64")]
pub mod x86;

use super::real::Real;
use super::tile::{Tile, run_tile};

/// A register full of numbers.
///
/// Every function is `unsafe` because it may only run on a processor that has the instructions; loads and stores
/// also need `LANES` valid numbers behind the pointer. Nothing here allocates, panics or branches on data.
#[allow(clippy::missing_safety_doc, missing_docs)] // the contract above holds for each
#[doc(hidden)]
pub trait Vector: Copy {
    type Real: Real;
    /// Numbers in a register.
    const LANES: usize;
    /// Full tiles, `(registers of rows, columns)`, from many rows to many columns. The accumulators, the weights of all
    /// rows and one broadcast fit into the registers.
    const TILES: &'static [(usize, usize)];

    unsafe fn load(from: *const Self::Real) -> Self;
    unsafe fn store(self, to: *mut Self::Real);
    unsafe fn splat(value: Self::Real) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    /// `1 / self` for finite numbers from 1 on, rounded as a division rounds; NaN stays NaN.
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        // SAFETY: the caller's promise covers every operation of the same vector type.
        unsafe { Self::splat(Self::Real::ONE).div(self) }
    }
    /// `self · factor + summand`.
    unsafe fn mul_add(self, factor: Self, summand: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// The nearest integer.
    unsafe fn round(self) -> Self;
    /// `self · 2ⁿ` for integers n in −126…127.
    unsafe fn times_power_of_two(self, n: Self) -> Self;
    /// Runs a tile, compiled for this instruction set.
    unsafe fn tile(tile: &Tile<Self::Real>);
    /// Asks for the cache line of `_at` in the second-level cache, where there is an instruction for it; any address will do.
    /// (In the first, many at once keep out what the products need.)
    #[inline(always)]
    unsafe fn prefetch(_at: *const Self::Real) {}

    /// `eˣ`, x clamped to −87…87: `x = n ln 2 + f`, a polynomial in f, and `2ⁿ` by the exponent bits. Good to f32
    /// (largest error 1.2 units in its last place); f64 vectors have their own.
    #[inline(always)]
    unsafe fn exp(self) -> Self {
        // SAFETY: the caller's promise covers every operation of the same vector type.
        unsafe {
            let constant = |c: f64| Self::splat(Self::Real::from_f64(c));
            // NaN comes through: minimum and maximum of x86 return their second operand then.
            let x = constant(-87.0).max(constant(87.0).min(self));
            let n = x.mul(constant(std::f64::consts::LOG2_E)).round();
            // ln 2 in two parts, the first exact in the product with any n.
            let f = n.mul_add(constant(-0.693_359_375), x);
            let f = n.mul_add(constant(2.121_944_4e-4), f);
            let mut p = constant(1.987_569_15e-4);
            for c in [1.398_199_950_7e-3, 8.333_451_907_3e-3, 4.166_579_589_4e-2, 0.166_666_654_59, 0.500_000_012_01] {
                p = p.mul_add(f, constant(c));
            }
            p.mul_add(f.mul(f), f.add(constant(1.0))).times_power_of_two(n)
        }
    }

    /// `ln(1 + x)` for x in 0…1: `2 artanh(x / (2 + x))` as a series, good to f32; f64 vectors have their own.
    #[inline(always)]
    unsafe fn ln_1p(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let constant = |c: f64| Self::splat(Self::Real::from_f64(c));
            let s = self.div(self.add(constant(2.0)));
            let s2 = s.mul(s);
            let mut p = constant(2.0 / 17.0);
            for k in [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
                p = p.mul_add(s2, constant(2.0 / k));
            }
            s.mul(p)
        }
    }

    /// `ln(1 + eˣ)` without overflow.
    #[inline(always)]
    unsafe fn softplus(self) -> Self {
        // SAFETY: as above.
        unsafe {
            let zero = Self::splat(Self::Real::ZERO);
            let positive = self.max(zero);
            let negative_magnitude = self.sub(positive).sub(positive);
            positive.add(negative_magnitude.exp().ln_1p())
        }
    }

    /// `1 / (1 + e⁻ˣ)`.
    #[inline(always)]
    unsafe fn sigmoid(self) -> Self {
        // SAFETY: the caller's promise covers every operation of the same vector type.
        unsafe {
            let one = Self::splat(Self::Real::ONE);
            let e = Self::splat(Self::Real::ZERO).sub(self).exp();
            one.add(e).reciprocal()
        }
    }
}

/// An array of numbers that the compiler may vectorise with whatever every processor of the architecture has.
#[derive(Clone, Copy)]
pub struct Portable<T, const L: usize>([T; L]);

macro_rules! portable {
    ($type:ty) => {
        impl<const L: usize> Portable<$type, L> {
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn($type, $type) -> $type) -> Self {
                let mut out = self;
                for l in 0..L {
                    out.0[l] = f(self.0[l], other.0[l]);
                }
                out
            }
        }

        impl<const L: usize> Vector for Portable<$type, L> {
            type Real = $type;
            const LANES: usize = L;
            const TILES: &'static [(usize, usize)] = &[(1, 6)];

            operations! {
                fn load(from: *const $type) -> Self { Self(from.cast::<[$type; L]>().read_unaligned()) }
                fn store(self, to: *mut $type) { to.cast::<[$type; L]>().write_unaligned(self.0) }
                fn splat(value: $type) -> Self { Self([value; L]) }
                fn add(self, other: Self) -> Self { self.zip(other, |a, b| a + b) }
                fn sub(self, other: Self) -> Self { self.zip(other, |a, b| a - b) }
                fn mul(self, other: Self) -> Self { self.zip(other, |a, b| a * b) }
                fn div(self, other: Self) -> Self { self.zip(other, |a, b| a / b) }
                // Two roundings: a fused one is a function call where the instruction is missing.
                fn mul_add(self, factor: Self, summand: Self) -> Self {
                    self.zip(factor, |a, b| a * b).zip(summand, |a, b| a + b)
                }
                fn min(self, other: Self) -> Self { self.zip(other, |a, b| if a < b { a } else { b }) }
                fn max(self, other: Self) -> Self { self.zip(other, |a, b| if a > b { a } else { b }) }
                fn round(self) -> Self { self.zip(self, |a, _| a.round_ties_even()) }
                fn times_power_of_two(self, n: Self) -> Self { self.zip(n, |a, n| a * n.exp2()) }
                fn exp(self) -> Self { self.zip(self, |a, _| a.exp()) }
                fn ln_1p(self) -> Self { self.zip(self, |a, _| a.ln_1p()) }
            }
            unsafe fn tile(tile: &Tile<$type>) {
                // SAFETY: the caller's promise is the tile's.
                unsafe { run_tile::<Self>(tile) }
            }
        }
    };
}

portable!(f32);
portable!(f64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::cpu::real::{Isa, Kernel};

    /// Applies sigmoid, softplus and exp to sixteen numbers.
    struct Functions([f32; 16]);

    impl Kernel<f32> for Functions {
        type Output = [[f32; 16]; 3];
        #[inline(always)]
        unsafe fn run<V: Vector<Real = f32>>(self) -> Self::Output {
            let mut out = [[0.0; 16]; 3];
            for k in (0..16).step_by(V::LANES) {
                // SAFETY: k + LANES ≤ 16, and the dispatcher has asked the processor for V.
                unsafe {
                    let x = V::load(self.0.as_ptr().add(k));
                    x.sigmoid().store(out[0].as_mut_ptr().add(k));
                    x.softplus().store(out[1].as_mut_ptr().add(k));
                    x.exp().store(out[2].as_mut_ptr().add(k));
                }
            }
            out
        }
    }

    #[test]
    fn vector_functions_are_good_to_a_few_units_in_the_last_place() {
        for isa in Isa::available() {
            for block in -560..560 {
                let x: [f32; 16] = std::array::from_fn(|k| (block * 16 + k as i32) as f32 * 0.009_765);
                let [sigmoid, softplus, exp] = f32::dispatch(isa, Functions(x));
                for k in 0..16 {
                    let z = f64::from(x[k]);
                    let expected = [1.0 / (1.0 + (-z).exp()), z.max(0.0) + (-z.abs()).exp().ln_1p(), z.exp()];
                    for (found, expected) in [sigmoid[k], softplus[k], exp[k]].into_iter().zip(expected) {
                        // f32 has 6e-8 per unit; below 1.2e-38 numbers lose digits.
                        let limit = 4e-7 * expected + 1e-37;
                        assert!(
                            (f64::from(found) - expected).abs() <= limit || z.abs() > 86.9,
                            "{isa:?}, {z}: {found} for {expected}"
                        );
                    }
                }
            }
        }
    }

    /// The reciprocals of sixteen numbers.
    struct Reciprocals([f32; 16]);

    impl Kernel<f32> for Reciprocals {
        type Output = [f32; 16];
        #[inline(always)]
        unsafe fn run<V: Vector<Real = f32>>(self) -> [f32; 16] {
            let mut out = [0.0; 16];
            for k in (0..16).step_by(V::LANES) {
                // SAFETY: k + LANES ≤ 16, and the dispatcher has asked the processor for V.
                unsafe { V::load(self.0.as_ptr().add(k)).reciprocal().store(out.as_mut_ptr().add(k)) };
            }
            out
        }
    }

    /// Of every mantissa: those of other exponents differ by a power of two.
    #[test]
    fn reciprocals_are_those_of_a_division() {
        for isa in Isa::available() {
            for block in 0..1 << 19 {
                let x: [f32; 16] = std::array::from_fn(|k| f32::from_bits((127 << 23) + block * 16 + k as u32));
                assert_eq!(f32::dispatch(isa, Reciprocals(x)), x.map(|x| 1.0 / x), "{isa:?}: {x:?}");
            }
            let largest = [1.0 + 87.0_f32.exp(); 16];
            assert_eq!(f32::dispatch(isa, Reciprocals(largest)), largest.map(|x| 1.0 / x), "{isa:?}");
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for isa in Isa::available() {
            let [sigmoid, softplus, _] = f32::dispatch(isa, Functions([f32::NAN; 16]));
            assert!(sigmoid.iter().chain(&softplus).all(|v| v.is_nan()), "{isa:?}");
        }
    }
}
