//! The device's own clock, where it has one: what a stage takes without what the host needs to ask for it.

use super::buffers::buffer;
use super::device::{CLOCK, GpuDevice};
use super::transfer::read;
use crate::error::Result;
use wgpu::{BufferUsages as Usage, CommandEncoder};

/// Two moments on the device.
#[derive(Debug)]
pub(super) struct Stamps {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    /// Nanoseconds of a tick.
    period: f64,
}

impl Stamps {
    /// None on devices that have no clock.
    pub(super) fn new(device: &GpuDevice) -> Result<Option<Self>> {
        if !device.device.features().contains(CLOCK) {
            return Ok(None);
        }
        device.checked("making a clock", || {
            let ty = wgpu::QueryType::Timestamp;
            let description = wgpu::QuerySetDescriptor { label: Some("stamps"), ty, count: 2 };
            Ok(Some(Self {
                queries: device.device.create_query_set(&description),
                resolved: buffer(&device.device, "stamps", 16, Usage::QUERY_RESOLVE | Usage::COPY_SRC),
                period: device.queue.get_timestamp_period().into(),
            }))
        })
    }

    pub(super) fn begin(&self, encoder: &mut CommandEncoder) {
        encoder.write_timestamp(&self.queries, 0);
    }

    pub(super) fn end(&self, encoder: &mut CommandEncoder) {
        encoder.write_timestamp(&self.queries, 1);
        encoder.resolve_query_set(&self.queries, 0..2, &self.resolved, 0);
    }

    /// Seconds between them, once what lies between has ended; none if the clock did not run.
    pub(super) fn seconds(&self, device: &GpuDevice) -> Result<Option<f64>> {
        let ticks = read::<u64>(device, &self.resolved, 0, 2)?;
        Ok((ticks[1] > ticks[0]).then(|| (ticks[1] - ticks[0]) as f64 * self.period / 1e9))
    }
}
