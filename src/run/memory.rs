//! What networks need on their device, and what there is.

use crate::engine::{Device, MemoryNeed, Problem, available_memory};
use crate::error::Result;

/// Most networks that are trained at once: a device is busy with far fewer, and drivers that do not say how much memory
/// there is may promise more.
pub(crate) const MOST_NETWORKS: usize = 200;

/// What a batch needs and may use.
#[derive(Debug)]
pub struct MemoryPlan {
    /// What networks take.
    pub need: MemoryNeed,
    /// Bytes to stay within, where they are known.
    pub limit: Option<MemoryLimit>,
    /// The device's name.
    pub device: String,
    /// Networks that share a set of buffers on a GPU.
    pub bank: Option<usize>,
}

/// Bytes to stay within, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// What the system has to give.
    Available(u64),
    /// What [`Options::memory`](super::Options) allows.
    Allowed(u64),
}

impl MemoryLimit {
    /// How many.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Available(bytes) | Self::Allowed(bytes) => bytes,
        }
    }
}

impl MemoryPlan {
    /// The plan for networks of `problem` on `device`, within `budget` bytes if they are given.
    ///
    /// # Errors
    /// If not even one network fits.
    pub(crate) fn new(device: &Device, problem: &Problem, budget: Option<u64>) -> Result<Self> {
        let need = device.memory(problem)?;
        let (name, known) = match device {
            Device::Cpu { .. } => ("the CPU".to_string(), available_memory().map(MemoryLimit::Available)),
            // Graphics drivers do not say how much memory they would hand out.
            Device::Gpu { device, .. } => (device.info().name.clone(), None),
        };
        let limit = budget.map(MemoryLimit::Allowed).or(known);
        if let Some(limit) = limit {
            need.check(1, limit.bytes(), &name)?;
        }
        Ok(Self { need, limit, device: name, bank: device.bank(problem)? })
    }

    /// Most networks at once.
    pub fn most(&self) -> usize {
        self.limit.map_or(usize::MAX, |limit| self.need.most(limit.bytes())).min(MOST_NETWORKS)
    }
}
