//! Reading buffers back: on demand, and the ring of step records that never stalls the queue.

use super::buffers::{RECORD_BYTES, Record, buffer};
use super::device::GpuDevice;
use super::trajectory::Trajectory;
use crate::error::{Error, Result};
use bytemuck::Pod;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use wgpu::BufferUsages as Usage;

/// The contents of part of a buffer, after everything that was submitted before.
pub(super) fn read<T: Pod>(device: &GpuDevice, source: &wgpu::Buffer, offset: u64, count: usize) -> Result<Vec<T>> {
    let bytes = (count * size_of::<T>()) as u64;
    device.checked("reading back", || {
        let staging = buffer(&device.device, "staging", bytes, Usage::MAP_READ | Usage::COPY_DST);
        let mut encoder = device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("read") });
        encoder.copy_buffer_to_buffer(source, offset, &staging, 0, bytes);
        let submission = device.submit(encoder.finish(), 0.0);
        let mapping = Mapping::start(&staging);
        device.wait(Some(submission))?;
        mapping.take(&staging, count)
    })
}

/// Numbers `first` to `first + count` of a stored trajectory.
pub(super) fn read_trajectory(
    device: &GpuDevice,
    source: &wgpu::Buffer,
    format: Trajectory,
    first: usize,
    count: usize,
) -> Result<Vec<f32>> {
    let offset = (first / 4 * format.quad_bytes()) as u64;
    match format {
        Trajectory::F32 => read(device, source, offset, count),
        Trajectory::F16 => {
            Ok(read::<half::f16>(device, source, offset, count)?.into_iter().map(half::f16::to_f32).collect())
        }
    }
}

/// A requested mapping of a whole staging buffer.
#[derive(Debug)]
struct Mapping(Arc<Mutex<Option<bool>>>);

impl Mapping {
    fn start(staging: &wgpu::Buffer) -> Self {
        let done = Arc::new(Mutex::new(None));
        let told = Arc::clone(&done);
        staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.is_ok());
        });
        Self(done)
    }

    /// The first `count` values, once the device has been waited for; unmaps the buffer.
    fn take<T: Pod>(&self, staging: &wgpu::Buffer, count: usize) -> Result<Vec<T>> {
        if *self.0.lock().unwrap_or_else(PoisonError::into_inner) != Some(true) {
            return Err(Error::run("the graphics device did not hand over its results."));
        }
        let view = staging
            .slice(..)
            .get_mapped_range()
            .map_err(|e| Error::run(format!("the graphics device did not hand over its results: {e}.")))?;
        let values = bytemuck::pod_collect_to_vec(&view[..count * size_of::<T>()]);
        drop(view);
        staging.unmap();
        Ok(values)
    }
}

/// Steps that may be in flight: the one just enqueued and one earlier.
const IN_FLIGHT: usize = 2;

/// A step whose records were not taken yet.
#[derive(Debug)]
struct Pending {
    slot: usize,
    mapping: Mapping,
    submission: u64,
    asked: Vec<u32>,
}

/// The records of a step, one a network, and the number of the step that each was asked to do: 0 where it rested.
pub(super) type Arrived = (Vec<Record>, Vec<u32>);

/// Records of enqueued steps on their way to the host.
#[derive(Debug)]
pub(super) struct RecordRing {
    staging: [wgpu::Buffer; IN_FLIGHT],
    next: usize,
    pending: VecDeque<Pending>,
    networks: usize,
}

impl RecordRing {
    pub(super) fn new(device: &GpuDevice, networks: usize) -> Self {
        let bytes = RECORD_BYTES * networks as u64;
        let usage = Usage::MAP_READ | Usage::COPY_DST;
        let staging = ["records a", "records b"].map(|label| buffer(&device.device, label, bytes, usage));
        Self { staging, next: 0, pending: VecDeque::new(), networks }
    }

    /// Waits for records until the next step has a free slot, and returns them, oldest first.
    pub(super) fn make_room(&mut self, device: &GpuDevice) -> Result<Option<Arrived>> {
        if self.pending.len() < IN_FLIGHT { Ok(None) } else { self.take(device) }
    }

    /// The oldest pending records, after waiting for them; `None` if none are pending.
    pub(super) fn take(&mut self, device: &GpuDevice) -> Result<Option<Arrived>> {
        let Some(Pending { slot, mapping, submission, asked }) = self.pending.pop_front() else { return Ok(None) };
        device.wait(Some(submission))?;
        Ok(Some((mapping.take(&self.staging[slot], self.networks)?, asked)))
    }

    /// The staging buffer that the next step copies its records to.
    pub(super) fn slot(&self) -> &wgpu::Buffer {
        &self.staging[self.next]
    }

    /// Notes that the submission, of a step with these numbers, copies records to [`Self::slot`].
    pub(super) fn submitted(&mut self, submission: u64, asked: Vec<u32>) {
        let mapping = Mapping::start(&self.staging[self.next]);
        self.pending.push_back(Pending { slot: self.next, mapping, submission, asked });
        self.next = (self.next + 1) % IN_FLIGHT;
    }
}
