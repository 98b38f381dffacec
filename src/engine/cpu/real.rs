//! The two number types of the engine, and the choice of vector instructions at run time.

use super::simd::{self, Vector};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// f32 (the product) or f64 (the oracle).
pub trait Real:
    bytemuck::Pod
    + Send
    + Sync
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// The larger of two numbers.
    fn max(self, other: Self) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// The best instruction set of this processor for this type.
    #[doc(hidden)]
    fn detect() -> Isa;

    /// Runs `kernel` compiled for `isa`.
    #[doc(hidden)]
    fn dispatch<K: Kernel<Self>>(isa: Isa, kernel: K) -> K::Output;
}

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Isa {
    /// x86-64 with AVX-512 F, DQ and VL.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// x86-64 with AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 64-bit Arm.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// Arrays of numbers, vectorised as far as the compiler sees fit.
    Portable,
}

impl Isa {
    /// The name that reports show.
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }

    /// Every instruction set that this processor has, best first.
    pub fn available() -> Vec<Self> {
        let mut list = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let has_512 = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq");
            if has_512 && is_x86_feature_detected!("avx512vl") {
                list.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                list.push(Self::Avx2);
            }
        }
        #[cfg(target_arch = "aarch64")]
        list.push(Self::Neon);
        list.push(Self::Portable);
        list
    }
}

/// A computation that is compiled once per instruction set.
///
/// `run` must be `#[inline(always)]`: it takes on the instructions of the function it is inlined into.
#[doc(hidden)]
pub trait Kernel<T: Real> {
    /// What it returns.
    type Output;
    /// The computation.
    ///
    /// # Safety
    /// The processor must have the instructions of `V`.
    unsafe fn run<V: Vector<Real = T>>(self) -> Self::Output;
}

macro_rules! real {
    ($type:ty) => {
        const ZERO: Self = 0.0;
        const ONE: Self = 1.0;
        #[inline(always)]
        fn from_f64(value: f64) -> Self {
            value as $type
        }
        #[inline(always)]
        fn to_f64(self) -> f64 {
            f64::from(self)
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            self.sqrt()
        }
        #[inline(always)]
        fn abs(self) -> Self {
            self.abs()
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            if self > other { self } else { other }
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            self.is_finite()
        }
    };
}

impl Real for f32 {
    real!(f32);

    fn detect() -> Isa {
        Isa::available()[0]
    }

    fn dispatch<K: Kernel<Self>>(isa: Isa, kernel: K) -> K::Output {
        // SAFETY: an `Isa` other than `Portable` is only made by `Isa::available`, which asks the processor.
        unsafe {
            match isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => simd::x86::with_avx512(kernel),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => simd::x86::with_avx2(kernel),
                #[cfg(target_arch = "aarch64")]
                Isa::Neon => kernel.run::<simd::neon::Neon>(),
                Isa::Portable => kernel.run::<simd::Portable<f32, 8>>(),
            }
        }
    }
}

impl Real for f64 {
    real!(f64);

    fn detect() -> Isa {
        Isa::Portable
    }

    fn dispatch<K: Kernel<Self>>(_: Isa, kernel: K) -> K::Output {
        // SAFETY: the portable vectors need no instructions that a processor may lack.
        unsafe { kernel.run::<simd::Portable<f64, 8>>() }
    }
}
