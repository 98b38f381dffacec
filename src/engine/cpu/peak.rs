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
/// Seconds of each.
const RUN: f64 = 0.01;
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

/// Threads that measure what they can do together with the best instruction set.
pub struct Meter {
    pool: rayon::ThreadPool,
    isa: Isa,
    threads: usize,
    /// Of the last run; what the next one's length is chosen by.
    rounds_per_second: f64,
}

impl Meter {
    /// Of `threads` threads (0: one per processor).
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn new(threads: usize) -> crate::error::Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|e| crate::error::Error::run(format!("cannot start {threads} threads: {e}")))?;
        let threads = pool.current_num_threads();
        let mut meter = Self { pool, isa: <f32 as Real>::detect(), threads, rounds_per_second: 1e8 };
        meter.gflops(RUN);
        Ok(meter)
    }

    /// Operations per second in multiply-adds, in 10⁹, over about so many seconds.
    pub fn gflops(&mut self, seconds: f64) -> f64 {
        let rounds = (seconds * self.rounds_per_second).max(1.0) as usize;
        let (isa, threads) = (self.isa, self.threads);
        let start = Instant::now();
        let work = |_| f32::dispatch(isa, MultiplyAdd { rounds });
        let operations: f64 = self.pool.install(|| (0..threads).into_par_iter().map(work).sum());
        let seconds = start.elapsed().as_secs_f64().max(1e-9);
        self.rounds_per_second = rounds as f64 / seconds;
        operations / seconds / 1e9
    }
}

/// Measures both limits of `threads` threads together (0: one per processor): the best of ten runs of about 10 ms each.
///
/// # Errors
/// If the threads cannot be started.
pub fn measure(threads: usize) -> crate::error::Result<Peak> {
    let mut meter = Meter::new(threads)?;
    let threads = meter.threads;
    let from = vec![1.0_f32; COPIED];
    // Written once: memory that was never touched would be handed out by the system during the first copy.
    let mut to = vec![2.0_f32; COPIED];
    let copy_gb_per_s = meter.pool.install(|| best((0..RUNS).map(|_| copy_round(threads, &from, &mut to))));
    Ok(Peak { gflops: best((0..RUNS).map(|_| meter.gflops(RUN))), copy_gb_per_s })
}

fn best(runs: impl Iterator<Item = f64>) -> f64 {
    runs.fold(0.0, f64::max)
}

fn copy_round(threads: usize, from: &[f32], to: &mut [f32]) -> f64 {
    let share = from.len().div_ceil(threads);
    let start = Instant::now();
    to.par_chunks_mut(share).zip(from.par_chunks(share)).for_each(|(to, from)| to.copy_from_slice(from));
    let seconds = start.elapsed().as_secs_f64();
    black_box(&to);
    2.0 * size_of_val(from) as f64 / seconds / 1e9
}
