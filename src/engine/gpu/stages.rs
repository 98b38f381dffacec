//! What the stages leave on the device, in the natural order of axes.

use super::engine::GpuEngine;
use super::transfer::read;
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
                let padded = read::<f32>(&self.device, &buffers.weights_adjoint, (4 * k * count) as u64, count)?;
                Ok(padded.chunks_exact(plan.weight_stride).take(n).flat_map(|row| row[..n].to_vec()).collect())
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
        let slice = rows * 4 * self.plan.quads;
        let count = self.plan.condition_tiles * slots * slice;
        let (format, bytes) = (self.plan.trajectory, count / 4 * self.plan.trajectory.quad_bytes());
        let one = |parity: usize| -> Result<Vec<f32>> {
            let stored = read::<u8>(&self.device, &pair[parity], (k * bytes) as u64, bytes)?;
            Ok(format.decode(&stored))
        };
        let halves = [one(0)?, one(1)?];
        Ok(self.natural(self.plan.dims.time_steps, |tile, t| {
            let at = (tile * slots + slot(t) / 2) * slice;
            halves[slot(t) % 2].get(at..at + slice)
        }))
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
