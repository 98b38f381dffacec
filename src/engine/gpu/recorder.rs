//! Commands on their way to the device: recorded dispatch by dispatch, submitted in pieces of about a tenth of a second.

use super::device::GpuDevice;
use super::kernels::Id;
use super::pace::{Pace, SUBMISSION};
use super::pipelines::{At, Bound};
use crate::error::Result;
use std::time::Instant;
use wgpu::{CommandEncoder, ComputePass};

/// Records the dispatches of an engine, and submits them. Where the pace of a kernel is not known yet, its first
/// submissions are waited for and measured.
#[derive(Debug)]
pub(super) struct Recorder {
    device: GpuDevice,
    pace: Pace,
    /// Dispatches of a submission, where that is not left to the pace.
    dispatches: Option<usize>,
    encoder: Option<CommandEncoder>,
    pass: Option<(Id, ComputePass<'static>)>,
    /// What the present piece holds.
    piece: Piece,
}

#[derive(Clone, Copy, Debug, Default)]
struct Piece {
    dispatches: usize,
    /// The kernel of its dispatches, if it is one alone, and their work.
    kernel: Option<Id>,
    work: f64,
    /// Seconds that are expected of it.
    seconds: f64,
}

/// One dispatch.
#[derive(Clone, Copy)]
pub(super) struct Dispatch<'a> {
    pub(super) kernel: &'a Bound,
    /// Dynamic offsets of its slices.
    pub(super) offsets: &'a [u32],
    pub(super) at: At,
    pub(super) extent: [usize; 3],
    /// Its operations.
    pub(super) work: f64,
}

impl Recorder {
    /// A recorder that submits so many dispatches at a time, or as the device's pace asks.
    pub(super) fn new(device: &GpuDevice, dispatches: Option<usize>) -> Self {
        Self {
            device: device.clone(),
            pace: Pace::default(),
            dispatches,
            encoder: None,
            pass: None,
            piece: Piece::default(),
        }
    }

    /// Most work that one dispatch of a kernel may have.
    pub(super) fn longest(&self, id: Id) -> f64 {
        match self.dispatches {
            Some(_) => f64::INFINITY,
            None => self.pace.longest(id, self.device.slowness()),
        }
    }

    /// Records a dispatch. What fails meanwhile is heard of by [`GpuDevice::check`].
    pub(super) fn dispatch(&mut self, dispatch: &Dispatch) {
        let (id, work) = (dispatch.kernel.id, dispatch.work);
        let trial = self.trial(id);
        let seconds = self.pace.seconds(id, work);
        if self.is_full(id, trial.is_some(), seconds) {
            self.submit();
        }
        self.encode(dispatch);
        let piece = &mut self.piece;
        piece.kernel = (piece.dispatches == 0 || piece.kernel == Some(id)).then_some(id);
        piece.dispatches += 1;
        piece.work += work;
        piece.seconds += seconds;
        if trial.is_some_and(|least| self.piece.work >= least) {
            self.submit();
        }
    }

    /// Work after which a submission of a kernel is to be measured, if that is to be done.
    fn trial(&self, id: Id) -> Option<f64> {
        self.pace.trial(id).filter(|_| self.dispatches.is_none())
    }

    /// Whether the piece ends before a dispatch of `id`, which is tried out or takes so many seconds.
    fn is_full(&self, id: Id, is_trial: bool, seconds: f64) -> bool {
        let piece = &self.piece;
        if let Some(most) = self.dispatches {
            return piece.dispatches >= most;
        }
        // What is measured is measured alone.
        let apart = is_trial || piece.kernel.is_some_and(|held| self.trial(held).is_some());
        let is_long = (piece.seconds + seconds) * self.device.slowness() > SUBMISSION;
        piece.dispatches > 0 && (is_long || (apart && piece.kernel != Some(id)))
    }

    fn encode(&mut self, dispatch: &Dispatch) {
        let Dispatch { kernel, offsets, at, extent, .. } = dispatch;
        if self.pass.as_ref().is_none_or(|(of, _)| *of != kernel.id) {
            let description = wgpu::ComputePassDescriptor { label: Some(kernel.label), timestamp_writes: None };
            // Apart from its encoder by type, not in time: whatever needs the encoder ends the pass before.
            let pass = self.encoder().begin_compute_pass(&description).forget_lifetime();
            self.pass = Some((kernel.id, pass));
        }
        let Some((_, pass)) = &mut self.pass else { return };
        pass.set_pipeline(&kernel.pipeline);
        pass.set_bind_group(0, &kernel.group, offsets);
        pass.set_immediates(0, bytemuck::bytes_of(at));
        let [x, y, z] = extent.map(|e| e as u32);
        pass.dispatch_workgroups(x, y, z);
    }

    /// The encoder, for copies.
    pub(super) fn encoder(&mut self) -> &mut CommandEncoder {
        self.pass = None;
        let label = Some("stages");
        let begin = || self.device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label });
        self.encoder.get_or_insert_with(begin)
    }

    /// Submits what was recorded, and measures it where the pace is not known.
    fn submit(&mut self) {
        self.pass = None;
        let piece = std::mem::take(&mut self.piece);
        let Some(commands) = self.encoder.take().map(CommandEncoder::finish) else { return };
        let Some(id) = piece.kernel.filter(|id| self.trial(*id).is_some()) else {
            self.device.submit(commands, piece.seconds);
            return;
        };
        // Errors stay with the device, where whoever recorded finds them.
        let is_free = self.device.wait(None).is_ok();
        let began = Instant::now();
        let number = self.device.submit(commands, 0.0);
        if is_free && self.device.wait(Some(number)).is_ok() {
            self.pace.learn(id, piece.work, began.elapsed().as_secs_f64());
        }
    }

    /// Submits what is left. Returns the number of the last submission.
    ///
    /// # Errors
    /// If the device has failed.
    pub(super) fn finish(&mut self) -> Result<u64> {
        self.submit();
        self.device.check()?;
        Ok(self.device.last_submission())
    }
}
