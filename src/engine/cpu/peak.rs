//! What this processor can do at most: fused multiply-adds from registers, and copies through memory, measured.

use super::real::{Isa, Kernel, Real};
use super::simd::Vector;
use crate::engine::Peak;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// Accumulators that run at once: more than latency × throughput of any processor's multiply-add.
const CHAINS: usize = 16;

/// Runs of which the fastest counts: other programs disturb short ones.
const RUNS: usize = 10;
/// Numbers of each of the two arrays of a copy: 64 MiB, more than caches hold.
const COPIED: usize = 16 << 20;

struct MultiplyAdd {
    rounds: usize,
}

impl<T: Real> Kernel<T> for MultiplyAdd {
    /// Operations done.
    type Output = f64;

    #[inline(always)]
    unsafe fn run<V: Vector<Real = T>>(self) -> f64 {
        // SAFETY: the caller's promise about V; `sums` holds one register of at most 16 numbers.
        unsafe {
            let factor = V::splat(black_box(T::from_f64(0.999)));
            let summand = V::splat(black_box(T::from_f64(0.001)));
            let mut chains = [factor; CHAINS];
            for _ in 0..self.rounds {
                for chain in &mut chains {
                    *chain = chain.mul_add(factor, summand);
                }
            }
            let mut total = chains[0];
            for chain in &chains[1..] {
                total = total.add(*chain);
            }
            let mut sums = [T::ZERO; 16];
            total.store(sums.as_mut_ptr());
            black_box(sums);
        }
        (2 * CHAINS * V::LANES * self.rounds) as f64
    }
}

/// Measures both limits of `threads` threads together (0: one per processor) with the best instruction set: the best of
/// ten runs of about 10 ms each.
///
/// # Errors
/// If the threads cannot be started.
pub fn measure(threads: usize) -> crate::error::Result<Peak> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| crate::error::Error::run(format!("cannot start {threads} threads: {e}")))?;
    let isa = <f32 as Real>::detect();
    let threads = pool.current_num_threads();
    let best = |round: &mut (dyn FnMut() -> f64 + Send)| (0..RUNS).map(|_| round()).fold(0.0, f64::max);
    let from = vec![1.0_f32; COPIED];
    // Written once: memory that was never touched would be handed out by the system during the first copy.
    let mut to = vec![2.0_f32; COPIED];
    Ok(pool.install(|| Peak {
        gflops: best(&mut || fma_round(isa, threads)),
        copy_gb_per_s: best(&mut || copy_round(threads, &from, &mut to)),
    }))
}

fn fma_round(isa: Isa, threads: usize) -> f64 {
    let start = Instant::now();
    let work = |_| f32::dispatch(isa, MultiplyAdd { rounds: 4_000_000 });
    let operations: f64 = (0..threads).into_par_iter().map(work).sum();
    operations / start.elapsed().as_secs_f64() / 1e9
}

fn copy_round(threads: usize, from: &[f32], to: &mut [f32]) -> f64 {
    let share = from.len().div_ceil(threads);
    let start = Instant::now();
    to.par_chunks_mut(share).zip(from.par_chunks(share)).for_each(|(to, from)| to.copy_from_slice(from));
    let seconds = start.elapsed().as_secs_f64();
    black_box(&to);
    2.0 * size_of_val(from) as f64 / seconds / 1e9
}
