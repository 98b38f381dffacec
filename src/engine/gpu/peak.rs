//! What this device can do at most: multiply-adds from registers, and copies through its memory, measured.

use super::buffers::buffer;
use super::device::GpuDevice;
use super::pipelines::shader_module;
use crate::engine::Peak;
use crate::error::Result;
use bytemuck::{Pod, Zeroable};
use std::time::Instant;
use wgpu::BufferUsages as Usage;

/// The kernels that measure: entry point, which is also the shader file and the label, and text. Each reads binding 0
/// and writes binding 1.
pub const PEAK_KERNELS: [(&str, &str); 2] = [
    ("peak_fma", include_str!("../../../shaders/peak_fma.wgsl")),
    ("peak_copy", include_str!("../../../shaders/peak_copy.wgsl")),
];

/// Workgroups of 256 invocations: several for every place on the largest devices (an RTX 4090 holds 768).
const GROUPS: u32 = 4096;
/// Operations of one invocation in one round: CHAINS · 4 · UNROLL · 2 in peak_fma.wgsl.
const OPERATIONS: f64 = 256.0;
/// A run takes at least this long, in seconds: five hundred times what a submission costs.
const LONG_ENOUGH: f64 = 0.05;
/// The work grows by this factor until it takes long enough, so that no run takes longer than that factor times it:
/// drivers end work that seems to hang after about two seconds.
const GROWTH: u32 = 4;
/// Runs of which the fastest counts.
const RUNS: usize = 4;
/// Bytes of each of the two buffers of a copy, where the device has room: larger than any device's caches.
const COPY_BYTES: u64 = 256 << 20;
/// … and where it has not.
const SMALLEST_COPY_BYTES: u64 = 64 << 20;

/// `Work` in peak_fma.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Work {
    factor: f32,
    summand: f32,
    rounds: u32,
}

/// Measures both limits: multiply-adds as `fma()` or as a product and a sum, and copies by a kernel or by the copy
/// command, whichever the device does faster. Takes about two seconds.
///
/// # Errors
/// If the device fails, or has no room for two buffers of 64 MiB.
pub fn measure(device: &GpuDevice) -> Result<Peak> {
    let mut gflops: f64 = 0.0;
    for fused in [true, false] {
        let chains = Chains::new(device, fused, GROUPS)?;
        let rounds_per_second = fastest(|rounds| chains.run(device, rounds))?;
        gflops = gflops.max(rounds_per_second * OPERATIONS * f64::from(256 * GROUPS) / 1e9);
    }
    let copy = Copy::large(device)?;
    let mut copies_per_second: f64 = 0.0;
    for by_kernel in [true, false] {
        copies_per_second = copies_per_second.max(fastest(|times| copy.run(device, times, by_kernel))?);
    }
    Ok(Peak { gflops, copy_gb_per_s: 2.0 * copy.0.read.size() as f64 * copies_per_second / 1e9 })
}

/// The most units of work per second. `run` does that many and returns the seconds that they took.
fn fastest(mut run: impl FnMut(u32) -> Result<f64>) -> Result<f64> {
    // The first run compiles on some drivers, and touches memory for the first time.
    run(1)?;
    let mut amount = 1;
    let mut seconds = run(amount)?;
    while seconds < LONG_ENOUGH && amount < u32::MAX / GROWTH {
        amount *= GROWTH;
        seconds = run(amount)?;
    }
    for _ in 1..RUNS {
        seconds = seconds.min(run(amount)?);
    }
    Ok(f64::from(amount) / seconds)
}

/// Submits what `record` records, and waits for it. Returns the seconds that this took.
fn timed(device: &GpuDevice, record: impl FnOnce(&mut wgpu::CommandEncoder)) -> Result<f64> {
    let mut encoder = device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("peak") });
    record(&mut encoder);
    let commands = encoder.finish();
    let start = Instant::now();
    let submission = device.submit(commands, 0.0);
    device.wait(Some(submission))?;
    Ok(start.elapsed().as_secs_f64())
}

/// A compiled kernel and what it reads and writes.
struct Kernel {
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    read: wgpu::Buffer,
    written: wgpu::Buffer,
}

impl Kernel {
    /// Compiles, and allocates that many bytes to read and to write.
    fn new(
        device: &GpuDevice,
        (entry, text): (&str, &str),
        constants: &[(&str, f64)],
        [read, written]: [u64; 2],
    ) -> Result<Self> {
        device.checked(&format!("preparing {entry}"), || {
            let device = &device.device;
            let storage = Usage::STORAGE | Usage::COPY_SRC | Usage::COPY_DST;
            let read = buffer(device, "peak read", read, storage);
            let written = buffer(device, "peak written", written, storage);
            let compilation_options = wgpu::PipelineCompilationOptions { constants, ..Default::default() };
            let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(entry),
                layout: None,
                module: &shader_module(device, entry, text.into()),
                entry_point: Some(entry),
                compilation_options,
                cache: None,
            });
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(entry),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: read.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 1, resource: written.as_entire_binding() },
                ],
            });
            Ok(Self { pipeline, group, read, written })
        })
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder, groups: u32, times: u32) {
        let description = wgpu::ComputePassDescriptor { label: Some("peak"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&description);
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        for _ in 0..times {
            pass.dispatch_workgroups(groups, 1, 1);
        }
    }
}

/// peak_fma.wgsl with so many workgroups.
struct Chains {
    kernel: Kernel,
    groups: u32,
}

impl Chains {
    fn new(device: &GpuDevice, fused: bool, groups: u32) -> Result<Self> {
        let bytes = [size_of::<Work>() as u64, 16 * 256 * u64::from(groups)];
        let constants = [("FUSED", f64::from(u8::from(fused)))];
        Ok(Self { kernel: Kernel::new(device, PEAK_KERNELS[0], &constants, bytes)?, groups })
    }

    /// Seconds that `rounds` take.
    fn run(&self, device: &GpuDevice, rounds: u32) -> Result<f64> {
        let work = Work { factor: 0.999, summand: 0.001, rounds };
        device.queue.write_buffer(&self.kernel.read, 0, bytemuck::bytes_of(&work));
        timed(device, |encoder| self.kernel.record(encoder, self.groups, 1))
    }
}

/// peak_copy.wgsl, and the copy command between its buffers.
struct Copy(Kernel);

impl Copy {
    /// With buffers as large as the device allows and has room for.
    fn large(device: &GpuDevice) -> Result<Self> {
        let info = device.info();
        let mut bytes = COPY_BYTES.min(info.max_buffer_bytes).min(info.max_storage_binding_bytes);
        loop {
            let made = Self::new(device, bytes);
            if made.is_ok() || bytes / 2 < SMALLEST_COPY_BYTES {
                return made;
            }
            bytes /= 2;
        }
    }

    fn new(device: &GpuDevice, bytes: u64) -> Result<Self> {
        Ok(Self(Kernel::new(device, PEAK_KERNELS[1], &[], [bytes; 2])?))
    }

    /// Seconds that so many copies take.
    fn run(&self, device: &GpuDevice, times: u32, by_kernel: bool) -> Result<f64> {
        let Self(kernel) = self;
        timed(device, |encoder| {
            if by_kernel {
                kernel.record(encoder, GROUPS, times);
            } else {
                for _ in 0..times {
                    encoder.copy_buffer_to_buffer(&kernel.read, 0, &kernel.written, 0, kernel.read.size());
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::transfer::read;
    use super::*;

    fn device() -> Option<GpuDevice> {
        let device = GpuDevice::open(None, true);
        device.inspect_err(|error| eprintln!("NOT TESTED: nothing was measured on a GPU: {error}")).ok()
    }

    /// The operations that are counted are done: after n of them a chain that began at s stands at
    /// 1 + (s − 1) · 0.999ⁿ, and 256 operations a round are 32 chains of 4 multiply-adds.
    #[test]
    fn every_multiply_add_that_is_counted_is_done() {
        let Some(device) = device() else { return };
        for fused in [true, false] {
            let (chains, rounds) = (Chains::new(&device, fused, 2).unwrap(), 50);
            chains.run(&device, rounds).unwrap();
            let sums = read::<f32>(&device, &chains.kernel.written, 0, 4 * 512).unwrap();
            let each = OPERATIONS / 2.0 / 32.0 * f64::from(rounds);
            for (k, sum) in sums.iter().enumerate() {
                let start = |chain: usize| ((k / 4) % 64 + 64 * chain) as f64 + 0.25 * (k % 4) as f64;
                let expected: f64 = (0..8).map(|c| 1.0 + (start(c) - 1.0) * f64::from(0.999_f32).powf(each)).sum();
                // Two roundings each of 200 times 8 chains of values up to 512: 0.1 at most. A round less makes 6.
                assert!((f64::from(*sum) - expected).abs() < 0.1, "{k}: {sum}, not {expected}");
            }
        }
    }

    #[test]
    fn both_ways_to_copy_copy_everything() {
        let Some(device) = device() else { return };
        // More vec4s than invocations, so that the kernel's loop turns.
        let numbers: Vec<u32> = (0..16 * 256 * GROUPS / 4 + 12).collect();
        for by_kernel in [true, false] {
            let copy = Copy::new(&device, 4 * numbers.len() as u64).unwrap();
            device.queue.write_buffer(&copy.0.read, 0, bytemuck::cast_slice(&numbers));
            copy.run(&device, 1, by_kernel).unwrap();
            assert!(
                read::<u32>(&device, &copy.0.written, 0, numbers.len()).unwrap() == numbers,
                "by kernel: {by_kernel}"
            );
        }
    }

    #[test]
    fn work_grows_until_it_is_long_enough_and_never_far_beyond() {
        let mut longest: f64 = 0.0;
        let rate = fastest(|amount| {
            let seconds = 1e-4 + f64::from(amount) / 1e4;
            longest = longest.max(seconds);
            Ok(seconds)
        });
        assert!((LONG_ENOUGH..=GROWTH as f64 * LONG_ENOUGH).contains(&longest), "{longest}");
        assert!((rate.unwrap() / 1e4 - 1.0).abs() < 1e-4 / LONG_ENOUGH);
    }

    #[test]
    fn the_fastest_of_several_runs_counts() {
        let mut runs = 0;
        let rate = fastest(|_| {
            runs += 1;
            Ok(if runs == 4 { 0.5 } else { 1.0 })
        });
        assert_eq!((rate.unwrap(), runs), (2.0, 1 + RUNS));
    }
}
