//! Noise on what a network is given: its stimulus, and the state that it starts from.

use super::real::Real;
use crate::rng::Rng;
use rayon::prelude::*;

/// The `clean` stimulus with noise, into the empty `out`. Threads change no bit.
pub(super) fn stimulus<T: Real>(clean: &[T], rng: Rng, sigma: f32, in_parallel: bool, out: &mut Vec<T>) {
    const CHUNK: usize = 4096;
    out.extend_from_slice(clean);
    let add = |(chunk, values): (usize, &mut [T])| {
        for (k, block) in values.chunks_mut(4).enumerate() {
            let drawn = rng.normal_block((chunk * CHUNK / 4 + k) as u32);
            for (value, z) in block.iter_mut().zip(drawn) {
                *value += T::from_f64(f64::from(sigma * z));
            }
        }
    };
    if in_parallel {
        out.par_chunks_mut(CHUNK).enumerate().for_each(add);
    } else {
        out.chunks_mut(CHUNK).enumerate().for_each(add);
    }
}

/// The `given` state at t = 0, `[C][padded]` of `(neurons, padded)`, with noise, into the empty `out`.
pub(super) fn start<T: Real>(given: &[T], (neurons, padded): (usize, usize), rng: Rng, sigma: f32, out: &mut Vec<T>) {
    out.extend_from_slice(given);
    for (c, x) in out.chunks_exact_mut(padded).enumerate() {
        for (i, x) in x[..neurons].iter_mut().enumerate() {
            *x += T::from_f64(f64::from(sigma * rng.normal_element((c * neurons + i) as u32)));
        }
    }
}
