//! Copies of weights and trajectories as textures, for software adapters (loads_texture.wgsl, gradient_loads_texture.wgsl).

use super::buffers::Buffers;
use super::plan::GpuPlan;
use wgpu::{CommandEncoder, Extent3d, Texture, TextureFormat, TextureView};

/// The textures of a bank: weights of all its networks; the trajectories of one slab and parity at a time.
#[derive(Debug)]
pub(super) struct Textures {
    weights: [(Texture, TextureView); 2],
    deltas: (Texture, TextureView),
    inputs: (Texture, TextureView),
}

impl Textures {
    pub(super) fn new(device: &wgpu::Device, plan: &GpuPlan, networks: usize) -> Self {
        let quads = (plan.weight_stride / 4) as u32;
        let weights =
            |label, rows: usize| make(device, label, [quads, rows as u32, networks as u32], plan.weights.texel(), true);
        let trajectory = |label, rows: usize, slots: usize| {
            make(device, label, [(rows * plan.quads) as u32, slots as u32, 1], plan.trajectory.texel(), false)
        };
        Self {
            weights: [weights("weights forward", plan.z_rows), weights("weights adjoint", plan.d_rows)],
            deltas: trajectory("deltas", plan.d_rows, plan.d_slots()),
            inputs: trajectory("inputs", plan.z_rows, plan.z_slots()),
        }
    }

    pub(super) fn weights(&self, forward: bool) -> &TextureView {
        &self.weights[usize::from(!forward)].1
    }

    pub(super) fn deltas(&self) -> &TextureView {
        &self.deltas.1
    }

    pub(super) fn inputs(&self) -> &TextureView {
        &self.inputs.1
    }

    /// Records the copies of both weight matrices of all networks.
    pub(super) fn copy_weights(
        &self,
        encoder: &mut CommandEncoder,
        plan: &GpuPlan,
        buffers: &Buffers,
        networks: usize,
    ) {
        let row = (plan.weights.bytes() * plan.weight_stride) as u32;
        let size = |rows: usize| [plan.weight_stride as u32 / 4, rows as u32, networks as u32];
        let [forward, adjoint] = buffers.loaded_weights(plan);
        copy(encoder, forward, 0, row, &self.weights[0].0, size(plan.z_rows));
        copy(encoder, adjoint, 0, row, &self.weights[1].0, size(plan.d_rows));
    }

    /// Records the copies of one slab's deltas and inputs in slots of `parity`.
    pub(super) fn copy_trajectories(
        &self,
        encoder: &mut CommandEncoder,
        plan: &GpuPlan,
        buffers: &Buffers,
        parity: usize,
        slab: usize,
    ) {
        let mut one = |buffer, slice: u64, slots: usize, texture| {
            let size = [(slice / plan.trajectory.quad_bytes() as u64) as u32, slots as u32, 1];
            copy(encoder, buffer, slab as u64 * slots as u64 * slice, slice as u32, texture, size);
        };
        one(&buffers.deltas[parity], plan.delta_slice(), plan.d_slots(), &self.deltas.0);
        one(&buffers.inputs[parity], plan.z_slice(), plan.z_slots(), &self.inputs.0);
    }
}

fn make(
    device: &wgpu::Device,
    label: &str,
    [width, height, layers]: [u32; 3],
    format: TextureFormat,
    array: bool,
) -> (Texture, TextureView) {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: Extent3d { width, height, depth_or_array_layers: layers },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let view = texture.create_view(&wgpu::TextureViewDescriptor {
        label: Some(label),
        dimension: Some(if array { wgpu::TextureViewDimension::D2Array } else { wgpu::TextureViewDimension::D2 }),
        ..Default::default()
    });
    (texture, view)
}

fn copy(encoder: &mut CommandEncoder, buffer: &wgpu::Buffer, offset: u64, row: u32, texture: &Texture, size: [u32; 3]) {
    let [width, height, depth_or_array_layers] = size;
    let layout = wgpu::TexelCopyBufferLayout { offset, bytes_per_row: Some(row), rows_per_image: Some(height) };
    encoder.copy_buffer_to_texture(
        wgpu::TexelCopyBufferInfo { buffer, layout },
        texture.as_image_copy(),
        Extent3d { width, height, depth_or_array_layers },
    );
}
