//! Submitting to a device, and waiting for it: every wait ends.

use super::device::GpuDevice;
use super::flight::{Flight, Piece, guarded};
use super::injected::Fault;
use crate::error::Result;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A submission that takes longer than this has hung: it is made to take a tenth of a second, and the first ones of a slow
/// software adapter take some seconds. Drivers with a watchdog of their own end it after 2 to 10 s.
const TIMEOUT: Duration = Duration::from_secs(120);

impl GpuDevice {
    fn flight(&self) -> MutexGuard<'_, Flight> {
        self.shared.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits commands that are expected to take so many seconds (0 where that is not known). Returns the submission's number.
    pub(super) fn submit(&self, commands: wgpu::CommandBuffer, expected: f64) -> u64 {
        let mut flight = self.flight();
        flight.submitted += 1;
        let number = flight.submitted;
        self.inject_at_submission(number);
        flight.left(number, self.queue.submit([commands]), expected);
        number
    }

    /// The number of the last submission.
    pub(super) fn last_submission(&self) -> u64 {
        self.flight().submitted
    }

    /// How many times longer submissions take than was measured when they were first made.
    pub(super) fn slowness(&self) -> f64 {
        self.flight().slowness
    }

    /// Waits for a submission and for those before it, or for all.
    ///
    /// # Errors
    /// If the device has reported an error, or does not answer for [`TIMEOUT`].
    pub(super) fn wait(&self, until: Option<u64>) -> Result<()> {
        loop {
            let oldest = self.flight().oldest(until);
            let Some(piece) = oldest else { break };
            let waited = Instant::now();
            self.wait_for(&piece)?;
            self.flight().done(&piece, waited);
        }
        // What waits for something that had ended before, as mappings do, is told only when the device is asked.
        self.poll(wgpu::PollType::Poll)
    }

    fn wait_for(&self, piece: &Piece) -> Result<()> {
        let index = Some(piece.index.clone());
        if self.injected(Fault::Hang, piece.number) {
            return self.time_out();
        }
        if self.injected(Fault::Gone, piece.number) {
            return guarded(|| panic!("as was asked for")).or_else(|panic| self.lose(&panic));
        }
        self.poll(wgpu::PollType::Wait { submission_index: index, timeout: Some(TIMEOUT) })
    }

    fn poll(&self, how: wgpu::PollType) -> Result<()> {
        match guarded(|| self.device.poll(how)) {
            Ok(Ok(_)) => self.check(),
            Ok(Err(wgpu::PollError::Timeout)) => self.time_out(),
            // What it does not take any more it does not count.
            Ok(Err(wgpu::PollError::WrongSubmissionIndex(..))) => self.lose("it takes no more commands"),
            Err(panic) => self.lose(&panic),
        }
    }

    fn time_out(&self) -> Result<()> {
        self.give_up(&format!("does not answer any more: {} s have passed", TIMEOUT.as_secs()))
    }

    fn lose(&self, panic: &str) -> Result<()> {
        self.give_up(&format!("was lost: {panic}"))
    }

    /// Notes that nothing more is to be had of the device, and returns its first error.
    fn give_up(&self, what: &str) -> Result<()> {
        self.fail(what);
        // What it still works on would be waited for without end where its last handle goes: this one stays.
        std::mem::forget((self.device.clone(), self.queue.clone()));
        self.check()
    }

    /// Makes happen what is to happen at this submission.
    pub(super) fn inject_at_submission(&self, number: u64) {
        if self.injected(Fault::Lost, number) {
            self.device.destroy();
        }
        if self.injected(Fault::Invalid, number) {
            let description = wgpu::BufferDescriptor {
                label: Some("injected"),
                size: 16,
                usage: wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            };
            let buffer = self.device.create_buffer(&description);
            let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            encoder.clear_buffer(&buffer, 32, None);
            self.queue.submit([encoder.finish()]);
        }
    }
}
