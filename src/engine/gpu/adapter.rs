//! The adapters of a machine: what each offers, and which one is taken.

use super::compiler;
use super::memory::memory_bytes;
use crate::engine::memory::memory_text;
use crate::error::Error;

/// An adapter as `aon devices` lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct AdapterInfo {
    /// Its number, for `--adapter`.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The programming interface: Vulkan, Metal or Dx12.
    pub backend: String,
    /// Discrete, integrated, virtual, software or other.
    pub kind: String,
    /// The driver and its version.
    pub driver: String,
    /// Whether it is a program on the processor: never chosen without being named.
    pub software: bool,
    /// Largest buffer in bytes.
    pub max_buffer_bytes: u64,
    /// Largest storage binding in bytes.
    pub max_storage_binding_bytes: u64,
    /// Largest uniform binding in bytes.
    pub max_uniform_binding_bytes: u64,
    /// Workgroup memory in bytes.
    pub workgroup_memory_bytes: u32,
    /// Largest workgroup.
    pub max_workgroup_invocations: u32,
    /// Most workgroups in one dimension of a dispatch.
    pub max_workgroups: u32,
    /// Most layers of a texture.
    pub max_texture_layers: u32,
    /// Largest width and height of a texture.
    pub max_texture_size: u32,
    /// Bytes of its own memory, or of the system's where it has none; nothing where its interface does not tell.
    pub memory_bytes: Option<u64>,
    /// What compiles the kernels, where that is not a part of the driver (DirectX 12).
    pub compiler: Option<String>,
}

impl AdapterInfo {
    /// What it is, its memory and its limits, a line each.
    pub fn to_text(&self) -> String {
        let a = self;
        let mut lines = vec![format!("gpu {:>2}  {} ({}, {}, {})", a.index, a.name, a.backend, a.kind, a.driver)];
        let of = if a.kind == "discrete" { "of its own" } else { "shared with the system" };
        let memory = a.memory_bytes.map_or("unknown".into(), |bytes| format!("{} {of}", memory_text(bytes)));
        lines.push(format!("        memory {memory}; buffers to {}", memory_text(a.max_buffer_bytes)));
        lines.push(format!(
            "        bindings to {} (uniform {}), workgroups of {} invocations with {}, {} a dimension; textures to {}",
            memory_text(a.max_storage_binding_bytes),
            memory_text(a.max_uniform_binding_bytes),
            a.max_workgroup_invocations,
            memory_text(a.workgroup_memory_bytes.into()),
            a.max_workgroups,
            a.max_texture_size
        ));
        lines.extend(a.compiler.iter().map(|compiler| format!("        kernels are compiled by {compiler}")));
        lines.join("\n")
    }
}

/// A card such as many have, for tests of what is planned without one.
#[cfg(test)]
pub(super) fn typical(software: bool) -> AdapterInfo {
    AdapterInfo {
        software,
        max_buffer_bytes: 1 << 33,
        max_storage_binding_bytes: 1 << 31,
        max_uniform_binding_bytes: 1 << 16,
        workgroup_memory_bytes: 1 << 15,
        max_workgroup_invocations: 1024,
        max_workgroups: 65535,
        max_texture_layers: 2048,
        max_texture_size: 16384,
        ..AdapterInfo::default()
    }
}

/// What has no buffer limit of its own in `wgpu::Limits`: storage bindings end at 2³¹ − 1 bytes whatever the adapter says.
const STORAGE_BINDING_CAP: u64 = (1 << 31) - 256;

fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        // Beyond what the system grants, memory would be paged in and out without a word.
        memory_budget_thresholds: wgpu::MemoryBudgetThresholds {
            for_resource_creation: Some(95),
            for_device_loss: None,
        },
        backend_options: wgpu::BackendOptions {
            dx12: wgpu::Dx12BackendOptions { shader_compiler: compiler::chosen(), ..Default::default() },
            ..Default::default()
        },
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

pub(super) fn enumerate() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let found = pollster::block_on(instance().enumerate_adapters(wgpu::Backends::PRIMARY));
    let described = |(index, adapter): (usize, wgpu::Adapter)| (describe(index, &adapter, &adapter.limits()), adapter);
    found.into_iter().enumerate().map(described).collect()
}

pub(super) fn describe(index: usize, adapter: &wgpu::Adapter, limits: &wgpu::Limits) -> AdapterInfo {
    let info = adapter.get_info();
    let software = info.device_type == wgpu::DeviceType::Cpu;
    AdapterInfo {
        index,
        name: info.name,
        backend: format!("{:?}", info.backend),
        kind: match info.device_type {
            wgpu::DeviceType::DiscreteGpu => "discrete",
            wgpu::DeviceType::IntegratedGpu => "integrated",
            wgpu::DeviceType::VirtualGpu => "virtual",
            wgpu::DeviceType::Cpu => "software",
            wgpu::DeviceType::Other => "other",
        }
        .into(),
        driver: format!("{} {}", info.driver, info.driver_info).trim().into(),
        software,
        max_buffer_bytes: limits.max_buffer_size,
        max_storage_binding_bytes: limits.max_storage_buffer_binding_size.min(STORAGE_BINDING_CAP),
        max_uniform_binding_bytes: limits.max_uniform_buffer_binding_size,
        workgroup_memory_bytes: limits.max_compute_workgroup_storage_size,
        max_workgroup_invocations: limits.max_compute_invocations_per_workgroup,
        max_workgroups: limits.max_compute_workgroups_per_dimension,
        max_texture_layers: limits.max_texture_array_layers,
        max_texture_size: limits.max_texture_dimension_2d,
        memory_bytes: memory_bytes(adapter),
        compiler: (info.backend == wgpu::Backend::Dx12).then(compiler::name),
    }
}

/// All adapters of this machine; empty where there is no driver.
pub fn adapters() -> Vec<AdapterInfo> {
    enumerate().into_iter().map(|(info, _)| info).collect()
}

/// The adapter that `selector` (an index, or part of a name) means; without one, the first discrete, integrated or other
/// hardware adapter in that order, and software only where `allow_software`.
pub fn choose(found: &[AdapterInfo], selector: Option<&str>, allow_software: bool) -> Option<usize> {
    if let Some(selector) = selector {
        if let Ok(index) = selector.trim().parse::<usize>() {
            return found.iter().position(|a| a.index == index);
        }
        let wanted = selector.to_lowercase();
        return found.iter().position(|a| a.name.to_lowercase().contains(&wanted));
    }
    let rank = |a: &AdapterInfo| match a.kind.as_str() {
        "discrete" => 0,
        "integrated" => 1,
        "software" => 3,
        _ => 2,
    };
    let allowed = found.iter().enumerate().filter(|(_, a)| allow_software || !a.software);
    allowed.min_by_key(|(_, a)| rank(a)).map(|(k, _)| k)
}

pub(super) fn no_device(found: &[AdapterInfo], selector: Option<&str>, hidden_by: &str) -> Error {
    let list: Vec<String> =
        found.iter().map(|a| format!("{}: {} ({}, {})", a.index, a.name, a.backend, a.kind)).collect();
    let list = list.join("; ");
    Error::NoDevice(match (selector, found.is_empty()) {
        (_, true) => format!(
            "no graphics adapter was found. Install the graphics driver (on Linux its Vulkan part too), \
             or run on the processor with `engine = cpu`.{hidden_by}"
        ),
        (Some(s), false) => {
            format!(
                "no adapter matches '{s}'. Adapters: {list}. Name one of these (`adapter`), or use `engine = cpu`.{hidden_by}"
            )
        }
        (None, false) => format!(
            "only software adapters were found ({list}), and the CPU engine is several times faster. \
             Use `engine = cpu`, or name the adapter (`adapter`).{hidden_by}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(index: usize, name: &str, kind: &str) -> AdapterInfo {
        AdapterInfo {
            index,
            name: name.into(),
            backend: "Vulkan".into(),
            kind: kind.into(),
            software: kind == "software",
            ..AdapterInfo::default()
        }
    }

    #[test]
    fn hardware_is_preferred_and_software_must_be_named() {
        let all = [
            adapter(0, "llvmpipe (LLVM)", "software"),
            adapter(1, "Iris", "integrated"),
            adapter(2, "RTX", "discrete"),
        ];
        assert_eq!(choose(&all, None, false), Some(2));
        assert_eq!(choose(&all[..2], None, false), Some(1));
        assert_eq!(choose(&all[..1], None, false), None);
        assert_eq!(choose(&all[..1], None, true), Some(0));
        assert_eq!(choose(&all, Some("LLVMpipe"), false), Some(0));
        assert_eq!(choose(&all, Some("1"), false), Some(1));
        assert_eq!(choose(&all, Some("Radeon"), true), None);
    }

    #[test]
    fn a_missing_device_is_explained_with_what_there_is() {
        let software = [adapter(0, "llvmpipe", "software")];
        assert!(no_device(&software, None, "").to_string().contains("0: llvmpipe (Vulkan, software)"));
        assert!(no_device(&software, Some("RTX"), "").to_string().contains("no adapter matches 'RTX'"));
        assert!(no_device(&[], None, "").to_string().contains("`engine = cpu`"));
        assert_eq!(no_device(&[], None, "").exit_code(), 3);
        let software = no_device(&software, None, " It is hidden.").to_string();
        assert!(software.ends_with("(`adapter`). It is hidden."), "{software}");
    }

    #[test]
    fn an_adapter_is_described_with_what_it_offers() {
        let card = AdapterInfo {
            index: 1,
            name: "RTX".into(),
            kind: "discrete".into(),
            backend: "Vulkan".into(),
            driver: "NVIDIA 550".into(),
            memory_bytes: Some(24 << 30),
            max_buffer_bytes: 1 << 40,
            compiler: Some("FXC".into()),
            ..AdapterInfo::default()
        };
        let text = card.to_text();
        for part in ["gpu  1  RTX (Vulkan, discrete, NVIDIA 550)", "25.8 GB of its own", "compiled by FXC"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let unknown = AdapterInfo { memory_bytes: None, ..card };
        assert!(unknown.to_text().contains("memory unknown"));
    }
}
