//! Which engine a run gets.

use super::cpu::{self, CpuEngine};
use super::gpu::{self, AdapterInfo, GpuDevice, GpuEngine, GpuOptions, Strategy, Trajectory, Weights, adapters};
use super::{
    BatchState, DeviceNotice, Engine, EngineDescription, MemoryNeed, NetworkSettings, Peak, Problem, available_memory,
};
use crate::error::{Error, Result, ensure};

/// Measures a device's limit for about so many seconds: 10⁹ operations per second.
pub type PeakMeter = Box<dyn FnMut(f64) -> f64>;

/// What computes.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineConfig {
    /// The kind of engine.
    pub engine: EngineKind,
    /// A GPU adapter, by a part of its name or by its number in `aon devices`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Threads of the CPU engine; absent means one per processor. The results do not depend on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads: Option<usize>,
    /// How a GPU advances in time; absent means what is fastest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// How a GPU keeps trajectories; absent means f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trajectory: Option<Trajectory>,
    /// How a GPU loads weights; absent means f32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_format: Option<Weights>,
}

impl EngineConfig {
    /// The settings that ask for 16-bit numbers.
    fn halved(&self) -> Vec<&'static str> {
        let trajectory = (self.trajectory == Some(Trajectory::F16)).then_some("trajectory");
        let weights = (self.weight_format == Some(Weights::F16)).then_some("weight_format");
        trajectory.into_iter().chain(weights).collect()
    }
}

/// The kind of engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// A hardware GPU where there is one, else the CPU. Never a software adapter, which is slower than the CPU engine.
    #[default]
    Auto,
    /// A GPU: hardware, or with a warning a software adapter.
    Gpu,
    /// The CPU engine.
    Cpu,
}

/// What `auto` takes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// The CPU, for a reason.
    Cpu(&'static str),
    /// The hardware adapter of this number, for a reason.
    Gpu(usize, String),
}

/// What `auto` takes on a machine with these adapters.
pub fn automatic(adapters: &[AdapterInfo]) -> Automatic {
    if let Some(chosen) = gpu::choose(adapters, None, false) {
        let chosen = &adapters[chosen];
        Automatic::Gpu(chosen.index, why(adapters, &chosen.kind))
    } else if adapters.is_empty() {
        Automatic::Cpu("no graphics adapter was found")
    } else {
        Automatic::Cpu("there are only software adapters, which are slower than the CPU engine")
    }
}

/// Why the first adapter of this kind is taken.
fn why(adapters: &[AdapterInfo], kind: &str) -> String {
    match adapters.iter().filter(|a| a.kind == kind).count() {
        1 if kind == "discrete" => "the discrete GPU".into(),
        _ if kind == "discrete" => "the first discrete GPU; another is named by `adapter`".into(),
        _ => format!("there is no discrete GPU, and of the others the first is {kind}"),
    }
}

/// A device that was chosen, before anything is allocated on it.
#[derive(Clone, Debug)]
pub enum Device {
    /// The processor.
    Cpu {
        /// Threads; 0 for one per core.
        threads: usize,
    },
    /// A GPU.
    Gpu {
        /// Opened.
        device: Box<GpuDevice>,
        /// What is asked of its engine.
        options: GpuOptions,
    },
}

/// Refuses a number of threads that no machine has.
///
/// # Errors
/// Naming the setting.
pub fn check_threads(threads: Option<usize>) -> Result<()> {
    let sound = threads.is_none_or(|threads| (1..=1024).contains(&threads));
    ensure!(sound, "`threads`: expected 1 to 1024, found {}.", threads.unwrap_or_default());
    Ok(())
}

impl Device {
    /// The device that `config` asks for.
    ///
    /// `auto` takes a hardware GPU where there is one, else the CPU; `gpu` takes a hardware GPU, else with a warning a
    /// software adapter; an adapter that is named is taken as it is.
    ///
    /// # Errors
    /// If there is no such device, or it is asked for what it does not do.
    pub fn choose(config: &EngineConfig, hear: &mut dyn FnMut(&DeviceNotice)) -> Result<Self> {
        check_threads(config.threads)?;
        if let Some(device) = open_gpu(config, hear)? {
            let options = GpuOptions {
                strategy: config.strategy,
                trajectory: config.trajectory.unwrap_or_default(),
                weights: config.weight_format.unwrap_or_default(),
                ..GpuOptions::default()
            };
            return Ok(Self::Gpu { device: Box::new(device), options });
        }
        for setting in config.halved() {
            if config.engine == EngineKind::Cpu {
                return Err(Error::input(format!(
                    "`{setting} = f16`: the CPU engine computes in 32-bit numbers, and keeps trajectories of one network a thread. \
                     Leave the flag out, or use `engine = gpu`."
                )));
            }
            hear(&DeviceNotice::HalvesIgnored(setting));
        }
        Ok(Self::Cpu { threads: config.threads.unwrap_or(0) })
    }

    /// The device with what is fastest for `problem`, measured if `work` floating point operations are worth it.
    pub fn tuned(self, problem: &Problem, work: f64, hear: &mut dyn FnMut(&DeviceNotice)) -> Self {
        match self {
            Self::Gpu { device, options } => {
                let options = gpu::tuned(&device, problem, &options, work, hear);
                Self::Gpu { device, options }
            }
            cpu @ Self::Cpu { .. } => cpu,
        }
    }

    /// The engine that [`Self::open`] will make.
    ///
    /// # Errors
    /// If the device cannot hold a network of the problem.
    pub fn describe(&self, problem: &Problem) -> Result<EngineDescription> {
        match self {
            Self::Cpu { threads } => Ok(CpuEngine::<f32>::description(*threads)),
            Self::Gpu { device, options } => GpuEngine::description(device, problem, options),
        }
    }

    /// What networks of `problem` will take.
    ///
    /// # Errors
    /// If the device cannot hold one.
    pub fn memory(&self, problem: &Problem) -> Result<MemoryNeed> {
        match self {
            Self::Cpu { threads } => Ok(CpuEngine::<f32>::memory(problem, *threads)),
            Self::Gpu { device, options } => GpuEngine::memory(device, problem, options),
        }
    }

    /// Refuses so many networks of `problem` where the system says that it has less memory. Of a GPU it does not say;
    /// the states that networks start from are made on the processor.
    ///
    /// # Errors
    /// Saying how many networks fit.
    pub fn check_memory(&self, problem: &Problem, networks: usize) -> Result<()> {
        let Some(limit) = available_memory() else { return Ok(()) };
        let need = match self {
            Self::Cpu { .. } => self.memory(problem)?,
            Self::Gpu { .. } => {
                MemoryNeed { network: problem.dims.start_bytes(), workspace: 0, workspaces: 0, shared: 0 }
            }
        };
        need.check(networks, limit, "the CPU")
    }

    /// Networks of `problem` that share a set of buffers on a GPU.
    ///
    /// # Errors
    /// If the device cannot hold one.
    pub fn bank(&self, problem: &Problem) -> Result<Option<usize>> {
        match self {
            Self::Cpu { .. } => Ok(None),
            Self::Gpu { device, options } => Ok(Some(gpu::GpuPlan::new(problem, device.info(), options)?.bank)),
        }
    }

    /// What it can do at most, measured.
    ///
    /// # Errors
    /// If the device fails, or has no room for the measurement.
    pub fn peak(&self) -> Result<Peak> {
        match self {
            Self::Cpu { threads } => cpu::peak::measure(*threads),
            Self::Gpu { device, .. } => gpu::peak::measure(device),
        }
    }

    /// What measures the first limit again and again, in turns with steps. None for a GPU, which is seldom shared.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn peak_meter(&self) -> Result<Option<PeakMeter>> {
        let Self::Cpu { threads } = self else { return Ok(None) };
        let mut meter = cpu::peak::Meter::new(*threads)?;
        Ok(Some(Box::new(move |seconds| meter.gflops(seconds))))
    }

    /// An engine.
    ///
    /// # Errors
    /// If the device cannot hold the problem.
    pub fn open(&self, problem: &Problem, settings: &[NetworkSettings], state: &BatchState) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Self::Cpu { threads } => {
                Box::new(CpuEngine::<f32>::new(problem.clone(), settings.to_vec(), state, *threads)?)
            }
            Self::Gpu { device, options } => Box::new(GpuEngine::new(device, problem, settings, state, options)?),
        })
    }
}

/// The GPU that `config` asks for, or none for the CPU.
fn open_gpu(config: &EngineConfig, hear: &mut dyn FnMut(&DeviceNotice)) -> Result<Option<GpuDevice>> {
    match config.engine {
        EngineKind::Gpu => {
            let device = GpuDevice::open(config.adapter.as_deref(), true)?;
            if device.info().software && config.adapter.is_none() {
                hear(&DeviceNotice::SoftwareAdapter(device.info().name.clone()));
            }
            Ok(Some(device))
        }
        EngineKind::Auto if matches!(automatic(&adapters()), Automatic::Gpu(..)) => {
            match GpuDevice::open(None, false) {
                Ok(device) => Ok(Some(device)),
                Err(error) => {
                    hear(&DeviceNotice::OnCpu(error));
                    Ok(None)
                }
            }
        }
        EngineKind::Auto | EngineKind::Cpu => Ok(None),
    }
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
        assert!(matches!(automatic(&[]), Automatic::Cpu(_)));
        assert!(matches!(automatic(&[adapter(true)]), Automatic::Cpu(_)));
        let card = |index, kind: &str| AdapterInfo { index, kind: kind.into(), ..adapter(false) };
        let taken = |adapters: &[AdapterInfo]| match automatic(adapters) {
            Automatic::Gpu(number, why) => format!("{number}, {why}"),
            Automatic::Cpu(why) => why.into(),
        };
        assert_eq!(taken(&[adapter(true), card(4, "discrete")]), "4, the discrete GPU");
        assert!(taken(&[card(2, "discrete"), card(3, "discrete")]).starts_with("2, the first discrete GPU"));
        assert!(taken(&[card(2, "integrated"), card(3, "discrete")]).starts_with('3'));
        assert!(taken(&[adapter(true), card(1, "integrated")]).ends_with("the first is integrated"));
    }
}
