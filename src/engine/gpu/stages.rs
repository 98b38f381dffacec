//! What the stages leave on the device, in the natural order of axes.

use super::engine::GpuEngine;
use super::transfer::{read, read_trajectory};
use crate::error::Result;

/// What a stage left on the device, for tests that hold each stage against its CPU twin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageOutput {
    /// weights: W_eff, `[N][N]`.
    EffectiveWeights,
    /// weights: α, `[N]`.
    Alpha,
    /// forward: `d_t = x_t − x_{t−1}`, `[C][T][N]` with zero at t = 0; after an evaluation only.
    Increments,
    /// loss: `y − F`, zero past a condition's bins, `[C][B][N]`.
    Residuals,
    /// adjoint: `δ_t = α ⊙ λ_t`, `[C][T][N]` with zero at t = 0; after a gradient only.
    Deltas,
}

impl GpuEngine {
    /// What a stage left for one network; see [`StageOutput`] for shapes and when they are valid.
    ///
    /// # Errors
    /// If there is no such network, or the device fails.
    pub fn stage_output(&mut self, output: StageOutput, network: usize) -> Result<Vec<f32>> {
        let (bank, k) = self.locate(network)?;
        let buffers = &self.banks[bank].buffers;
        let (plan, d) = (&self.plan, &self.plan.dims);
        let (n, rows) = (d.neurons, plan.d_rows);
        match output {
            StageOutput::EffectiveWeights => {
                let count = rows * plan.weight_stride;
                let stored = read::<f32>(&self.device, &buffers.weights_adjoint, (4 * k * count) as u64, count)?;
                Ok((0..n * n).map(|e| stored[plan.weight_place(e / n, e % n)]).collect())
            }
            StageOutput::Alpha => {
                let cells = read::<[f32; 4]>(&self.device, &buffers.cells, (16 * k * rows) as u64, n)?;
                Ok(cells.iter().map(|cell| cell[0]).collect())
            }
            StageOutput::Residuals => {
                let per_slab = d.bins * rows * 4 * plan.quads;
                let count = plan.condition_tiles * per_slab;
                let slabs = read::<f32>(&self.device, &buffers.residuals, (4 * k * count) as u64, count)?;
                Ok(self.natural(d.bins, |tile, bin| {
                    let at = (tile * d.bins + bin) * rows * 4 * plan.quads;
                    Some(&slabs[at..at + rows * 4 * plan.quads])
                }))
            }
            StageOutput::Increments => self.trajectory(&buffers.deltas, k, plan.d_slots(), rows, |t| t),
            StageOutput::Deltas => {
                let mut deltas = self.trajectory(&buffers.deltas, k, plan.d_slots(), rows, |t| t + 1)?;
                let scale = plan.delta_scale() as f32;
                for delta in &mut deltas {
                    *delta /= scale;
                }
                Ok(deltas)
            }
        }
        .map(|mut values: Vec<f32>| {
            if matches!(output, StageOutput::Increments | StageOutput::Deltas) {
                for condition in values.chunks_exact_mut(d.time_steps * n) {
                    condition[..n].fill(0.0);
                }
            }
            values
        })
    }

    /// A trajectory of network `k` of a bank as `[C][T][N]`; step t stands in slot `slot(t)`.
    pub(super) fn trajectory(
        &self,
        pair: &[wgpu::Buffer; 2],
        k: usize,
        slots: usize,
        rows: usize,
        slot: impl Fn(usize) -> usize,
    ) -> Result<Vec<f32>> {
        let (halves, slice) = (self.halves(pair, k, slots, rows)?, rows * 4 * self.plan.quads);
        Ok(self.natural(self.plan.dims.time_steps, |tile, t| {
            let at = (tile * slots + slot(t) / 2) * slice;
            halves[slot(t) % 2].get(at..at + slice)
        }))
    }

    /// Rates of network `k` of a bank, averaged in bins: `[C][B][N]`. Summed as the CPU engine does.
    pub(super) fn binned(&self, inputs: &[wgpu::Buffer; 2], k: usize) -> Result<Vec<f32>> {
        let (plan, d, wide) = (&self.plan, &self.plan.dims, 4 * self.plan.quads);
        let slots = plan.z_slots();
        let halves = self.halves(inputs, k, slots, plan.z_rows)?;
        let mut binned = Vec::with_capacity(d.conditions * d.bins * d.neurons);
        let mut sums = vec![0.0_f64; d.neurons];
        for row in 0..d.conditions * d.bins {
            let (c, first) = (row / d.bins, d.thermal + row % d.bins * d.steps_per_bin);
            sums.fill(0.0);
            for t in first..first + d.steps_per_bin {
                let at = ((c / wide) * slots + t / 2) * plan.z_rows * wide + c % wide;
                let rates = halves[t % 2][at..].iter().step_by(wide);
                sums.iter_mut().zip(rates).for_each(|(sum, r)| *sum += f64::from(*r));
            }
            binned.extend(sums.iter().map(|sum| (sum / d.steps_per_bin as f64) as f32));
        }
        Ok(binned)
    }

    /// Both parities of a trajectory of network `k` of a bank, `[tile][slots][rows][4·QUADS]`.
    fn halves(&self, pair: &[wgpu::Buffer; 2], k: usize, slots: usize, rows: usize) -> Result<[Vec<f32>; 2]> {
        let count = self.plan.condition_tiles * slots * rows * 4 * self.plan.quads;
        let half = |parity: usize| read_trajectory(&self.device, &pair[parity], self.plan.trajectory, k * count, count);
        Ok([half(0)?, half(1)?])
    }

    /// `[C][slices][N]` from the kernels' slices `[rows][4·QUADS]` of each tile of conditions.
    fn natural<'a>(&self, slices: usize, slice: impl Fn(usize, usize) -> Option<&'a [f32]>) -> Vec<f32> {
        let (d, wide) = (&self.plan.dims, 4 * self.plan.quads);
        let mut values = vec![0.0; d.conditions * slices * d.neurons];
        for (row, out) in values.chunks_exact_mut(d.neurons).enumerate() {
            let (c, s) = (row / slices, row % slices);
            if let Some(from) = slice(c / wide, s) {
                out.iter_mut().enumerate().for_each(|(i, v)| *v = from[i * wide + c % wide]);
            }
        }
        values
    }
}
