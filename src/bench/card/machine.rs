//! The machine around a card, as far as it says. No names of hosts, people or files: reports are sent to others.

use crate::engine::available_memory;
use crate::engine::cpu::CpuEngine;

/// What a report says of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Machine {
    /// The operating system with its version.
    pub system: String,
    /// The architecture of the processor.
    pub architecture: String,
    /// The processor's name, empty where the system does not say.
    pub processor: String,
    /// Its threads, and the vectors that the CPU engine uses.
    pub threads: String,
    /// Memory that is free, in bytes, where the system says.
    pub available_memory_bytes: Option<u64>,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let cpu = CpuEngine::<f32>::description(0);
        Self {
            system: system().unwrap_or_else(|| std::env::consts::OS.into()),
            architecture: std::env::consts::ARCH.into(),
            processor: processor().unwrap_or_default(),
            threads: format!("{}, {}", cpu.adapter, cpu.strategy),
            available_memory_bytes: available_memory(),
        }
    }
}

fn system() -> Option<String> {
    let text = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Some(format!("{} (kernel {})", name.trim_matches('"'), kernel.trim()))
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok();
    let named = text.as_deref().and_then(|t| t.lines().find_map(|line| line.strip_prefix("model name")));
    let named = named.and_then(|line| Some(line.split_once(':')?.1.trim().to_string()));
    named.or_else(|| std::env::var("PROCESSOR_IDENTIFIER").ok())
}
