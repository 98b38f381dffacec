//! Buffers that start at a cache line, so that no vector load straddles two.

use super::real::Real;
use std::ops::{Deref, DerefMut};

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

// SAFETY: a `Line` is 64 bytes without padding, and any bytes are valid ones.
unsafe impl bytemuck::Zeroable for Line {}
// SAFETY: as above.
unsafe impl bytemuck::Pod for Line {}

/// A zeroed slice of numbers aligned to 64 bytes.
#[derive(Clone)]
pub(super) struct Aligned<T> {
    lines: Vec<Line>,
    len: usize,
    number: std::marker::PhantomData<T>,
}

impl<T: Real> Aligned<T> {
    pub(super) fn zeros(len: usize) -> Self {
        let lines = vec![Line([0; 64]); (len * size_of::<T>()).div_ceil(64)];
        Self { lines, len, number: std::marker::PhantomData }
    }

    /// Converts `values` of shape `[rows][columns]` to rows of `padded` numbers, the rest zero.
    pub(super) fn padded(values: &[f32], columns: usize, padded: usize) -> Self {
        let mut out = Self::zeros(values.len() / columns * padded);
        for (to, from) in out.chunks_exact_mut(padded).zip(values.chunks_exact(columns)) {
            to.iter_mut().zip(from).for_each(|(t, f)| *t = T::from_f64(f64::from(*f)));
        }
        out
    }
}

impl<T: Real> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl<T: Real> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}
