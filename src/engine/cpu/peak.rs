//! What this processor can do at most: fused multiply-adds from registers, and copies through memory, measured.

use super::real::{Isa, Kernel, Real};
use super::simd::Vector;
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// The measured limits of `threads` threads together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Floating point operations per second in chains of fused multiply-adds that never leave the registers, in 10⁹.
    pub gflops: f64,
    /// Bytes read plus bytes written per second in a copy far larger than the caches, in 10⁹.
    pub copy_gb_per_s: f64,
}

/// Accumulators that run at once: more than latency × throughput of any processor's multiply-add.
const CHAINS: usize = 16;

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

/// Measures both limits with the best instruction set: the best of five rounds of about 20 ms each.
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
    let best = |round: &(dyn Fn() -> f64 + Sync)| (0..5).map(|_| round()).fold(0.0, f64::max);
    Ok(pool
        .install(|| Peak { gflops: best(&|| fma_round(isa, threads)), copy_gb_per_s: best(&|| copy_round(threads)) }))
}

fn fma_round(isa: Isa, threads: usize) -> f64 {
    let start = Instant::now();
    let work = |_| f32::dispatch(isa, MultiplyAdd { rounds: 1_000_000 });
    let operations: f64 = (0..threads).into_par_iter().map(work).sum();
    operations / start.elapsed().as_secs_f64() / 1e9
}

fn copy_round(threads: usize) -> f64 {
    const NUMBERS: usize = 16 << 20;
    let share = NUMBERS.div_ceil(threads);
    let from = vec![1.0_f32; NUMBERS];
    let mut to = vec![0.0_f32; NUMBERS];
    let start = Instant::now();
    to.par_chunks_mut(share).zip(from.par_chunks(share)).for_each(|(to, from)| to.copy_from_slice(from));
    let seconds = start.elapsed().as_secs_f64();
    black_box(&to);
    2.0 * size_of_val(from.as_slice()) as f64 / seconds / 1e9
}
