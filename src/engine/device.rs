//! Which engine a run gets.

use crate::cli::{autotune, output};
use crate::config::{EngineConfig, EngineKind};
use crate::engine::cpu::{self, CpuEngine};
use crate::engine::gpu::{self, AdapterInfo, GpuDevice, GpuEngine, GpuOptions, Trajectory, adapters};
use crate::engine::{BatchState, Engine, EngineDescription, MemoryNeed, NetworkSettings, Peak, Problem};
use crate::error::{Error, Result};

/// What `auto` takes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The CPU, for a reason.
    Cpu(&'static str),
    /// A hardware adapter.
    Gpu,
}

/// What `auto` takes on a machine with these adapters.
pub(crate) fn automatic(adapters: &[AdapterInfo]) -> Choice {
    if adapters.iter().any(|a| !a.software) {
        Choice::Gpu
    } else if adapters.is_empty() {
        Choice::Cpu("no graphics adapter was found")
    } else {
        Choice::Cpu("there are only software adapters, which are slower than the CPU engine")
    }
}

/// A device that was chosen, before anything is allocated on it.
#[derive(Debug)]
pub(crate) enum Device {
    /// The processor, with so many threads (0: one per core).
    Cpu { threads: usize },
    /// A GPU, and what is asked of its engine.
    Gpu { device: Box<GpuDevice>, options: GpuOptions },
}

impl Device {
    /// The device that `config` asks for.
    ///
    /// `auto` takes a hardware GPU where there is one, else the CPU; `gpu` takes a hardware GPU, else with a warning a
    /// software adapter; an adapter that is named is taken as it is.
    ///
    /// # Errors
    /// If there is no such device, or it is asked for what it does not do.
    pub(crate) fn choose(config: &EngineConfig) -> Result<Self> {
        if let Some(device) = open_gpu(config)? {
            let trajectory = config.trajectory.unwrap_or_default();
            let options = GpuOptions { strategy: config.strategy, trajectory, ..GpuOptions::default() };
            return Ok(Self::Gpu { device: Box::new(device), options });
        }
        if config.trajectory == Some(Trajectory::F16) {
            if config.engine == EngineKind::Cpu {
                return Err(Error::input(
                    "--trajectory f16: the CPU engine keeps the trajectories of one network a thread, in 32-bit numbers, \
                     whatever the number of networks. Leave the flag out, or use --engine gpu.",
                ));
            }
            output::warn(
                "the CPU engine keeps its trajectories in 32-bit numbers; --trajectory f16 does nothing here.",
            );
        }
        Ok(Self::Cpu { threads: config.threads.unwrap_or(0) })
    }

    /// The device with what is fastest for `problem`, measured if `work` floating point operations are worth it.
    pub(crate) fn tuned(self, problem: &Problem, work: f64, quiet: bool) -> Self {
        match self {
            Self::Gpu { device, options } => {
                let options = autotune::tuned(&device, problem, &options, work, quiet);
                Self::Gpu { device, options }
            }
            cpu @ Self::Cpu { .. } => cpu,
        }
    }

    /// The engine that [`Self::open`] will make.
    ///
    /// # Errors
    /// If the device cannot hold a network of the problem.
    pub(crate) fn describe(&self, problem: &Problem) -> Result<EngineDescription> {
        match self {
            Self::Cpu { threads } => Ok(CpuEngine::<f32>::description(*threads)),
            Self::Gpu { device, options } => GpuEngine::description(device, problem, options),
        }
    }

    /// What networks of `problem` will take.
    ///
    /// # Errors
    /// If the device cannot hold one.
    pub(crate) fn memory(&self, problem: &Problem) -> Result<MemoryNeed> {
        match self {
            Self::Cpu { threads } => Ok(CpuEngine::<f32>::memory(problem, *threads)),
            Self::Gpu { device, options } => GpuEngine::memory(device, problem, options),
        }
    }

    /// Networks of `problem` that share a set of buffers on a GPU.
    ///
    /// # Errors
    /// If the device cannot hold one.
    pub(crate) fn bank(&self, problem: &Problem) -> Result<Option<usize>> {
        match self {
            Self::Cpu { .. } => Ok(None),
            Self::Gpu { device, options } => Ok(Some(gpu::Plan::new(problem, device.info(), options)?.bank)),
        }
    }

    /// What it can do at most, measured.
    ///
    /// # Errors
    /// If the device fails, or has no room for the measurement.
    pub(crate) fn peak(&self) -> Result<Peak> {
        match self {
            Self::Cpu { threads } => cpu::peak::measure(*threads),
            Self::Gpu { device, .. } => gpu::peak::measure(device),
        }
    }

    /// An engine.
    ///
    /// # Errors
    /// If the device cannot hold the problem.
    pub(crate) fn open(
        &self,
        problem: &Problem,
        settings: &[NetworkSettings],
        state: &BatchState,
    ) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Cpu { threads } => {
                Box::new(CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), state, *threads)?)
            }
            Self::Gpu { device, options } => Box::new(GpuEngine::new(device, problem, settings, state, options)?),
        })
    }
}

/// The engine that `config` asks for; see [`Device::choose`].
///
/// # Errors
/// If there is no such device, or it cannot hold the problem.
pub(crate) fn open(
    config: &EngineConfig,
    problem: &Problem,
    settings: &[NetworkSettings],
    state: &BatchState,
) -> Result<Box<dyn Engine>> {
    Device::choose(config)?.open(problem, settings, state)
}

/// The GPU that `config` asks for, or none for the CPU.
fn open_gpu(config: &EngineConfig) -> Result<Option<GpuDevice>> {
    match config.engine {
        EngineKind::Gpu => {
            let device = GpuDevice::open(config.adapter.as_deref(), true)?;
            if device.info().software && config.adapter.is_none() {
                output::warn(format!(
                    "there is no hardware GPU; {} computes on the processor, several times slower than --engine cpu.",
                    device.info().name
                ));
            }
            Ok(Some(device))
        }
        EngineKind::Auto if automatic(&adapters()) == Choice::Gpu => match GpuDevice::open(None, false) {
            Ok(device) => Ok(Some(device)),
            Err(error) => {
                output::warn(format!("{error} Running on the CPU."));
                Ok(None)
            }
        },
        EngineKind::Auto | EngineKind::Cpu => Ok(None),
    }
}

/// An engine in words: `cpu (2 threads, avx2)`.
pub(crate) fn text(engine: &EngineDescription) -> String {
    format!("{} ({}, {})", engine.engine, engine.adapter, engine.strategy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_takes_hardware_and_never_a_software_adapter() {
        let adapter = |software| AdapterInfo {
            index: 0,
            name: "adapter".into(),
            backend: "Vulkan".into(),
            kind: "other".into(),
            driver: String::new(),
            software,
            ..AdapterInfo::default()
        };
        assert!(matches!(automatic(&[]), Choice::Cpu(_)));
        assert!(matches!(automatic(&[adapter(true)]), Choice::Cpu(_)));
        assert_eq!(automatic(&[adapter(true), adapter(false)]), Choice::Gpu);
    }
}
