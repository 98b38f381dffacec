//! What 16-bit trajectories and weights keep of a number, for every number that could be rounded wrongly.
#![allow(missing_docs)]

mod common;

use aon::rng::{Rng, Stream};
use common::gpu;
use half::f16;
use std::sync::mpsc::channel;

/// Packs what is in `values`, four at a time, as the kernels do.
const KERNEL: &str = "
@group(0) @binding(0) var<storage, read> values: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> stored: array<vec2<u32>>;
@compute @workgroup_size(64)
fn pack(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&values) {
        stored[id.x] = halves(values[id.x]);
    }
}";

/// Every 16-bit number, halfway to the next one, and the numbers on both sides of that; and others at random.
fn values() -> Vec<f32> {
    let mut values = Vec::new();
    for bits in 0..f16::MAX.to_bits() {
        let [here, next] = [bits, bits + 1].map(|b| f16::from_bits(b).to_f32());
        // Exact: a 32-bit number has the bits for it.
        let halfway = f32::midpoint(here, next);
        let beside = [halfway.to_bits() - 1, halfway.to_bits(), halfway.to_bits() + 1].map(f32::from_bits);
        values.extend([here, beside[0], beside[1], beside[2]].iter().flat_map(|v| [*v, -*v]));
    }
    values.extend([65504.0, f32::MIN_POSITIVE, f32::from_bits(1), -f32::from_bits(0x007f_ffff)]);
    let rng = Rng::new(1, 0, Stream::Synthetic);
    values.extend((0..100_000).map(|k| f32::from_bits(rng.words(k)[0])).filter(|v| v.abs() <= 65504.0));
    values.truncate(values.len() / 4 * 4);
    values
}

/// The bits that the adapter packs `values` to.
fn packed(index: usize, values: &[f32]) -> Vec<u16> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let (device, queue) =
        pollster::block_on(adapters[index].request_device(&wgpu::DeviceDescriptor::default())).unwrap();
    let buffer = |size: usize, usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: size as u64,
            usage,
            mapped_at_creation: false,
        })
    };
    let from = buffer(4 * values.len(), wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST);
    let into = buffer(2 * values.len(), wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
    let staging = buffer(2 * values.len(), wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST);
    queue.write_buffer(&from, 0, bytemuck::cast_slice(values));
    let text = [include_str!("../shaders/half.wgsl"), KERNEL].concat();
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: Some("pack"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let entries = [(0, &from), (1, &into)]
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() });
    let layout = pipeline.get_bind_group_layout(0);
    let group =
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups((values.len() / 4).div_ceil(64) as u32, 1, 1);
    }
    encoder.copy_buffer_to_buffer(&into, 0, &staging, 0, 2 * values.len() as u64);
    let submission = queue.submit([encoder.finish()]);
    let (told, heard) = channel();
    staging.slice(..).map_async(wgpu::MapMode::Read, move |mapped| told.send(mapped).unwrap());
    device.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None }).unwrap();
    heard.recv().unwrap().unwrap();
    bytemuck::pod_collect_to_vec(&staging.slice(..).get_mapped_range().unwrap())
}

#[test]
fn numbers_are_rounded_to_the_nearest_and_of_two_to_the_even_one() {
    let Some(device) = gpu::device() else { return };
    let values = values();
    assert!(values.len() > 300_000);
    for (value, found) in values.iter().zip(packed(device.info().index, &values)) {
        let expected = f16::from_f32(*value).to_bits();
        assert_eq!(found, expected, "{value:e} ({:08x})", value.to_bits());
    }
}

#[test]
fn four_numbers_of_which_one_has_no_16_bits_are_all_infinite() {
    let Some(device) = gpu::device() else { return };
    let next = f32::from_bits(65504.0_f32.to_bits() + 1);
    let wrong = [next, -next, 7e4, f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -f32::NAN];
    let values: Vec<f32> = wrong
        .iter()
        .flat_map(|v| (0..4).flat_map(move |place| (0..4).map(move |k| if k == place { *v } else { 1.0 })))
        .collect();
    assert!(packed(device.info().index, &values).iter().all(|bits| *bits == f16::INFINITY.to_bits()));
    assert_eq!(packed(device.info().index, &[65504.0, -65504.0, 0.0, -0.0]), [0x7bff, 0xfbff, 0, 0x8000]);
}
