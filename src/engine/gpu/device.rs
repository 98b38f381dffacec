//! Finding an adapter, opening it, and hearing of its errors.

use super::unseen::unseen;
use crate::error::{Error, Result};
use std::sync::{Arc, Mutex, PoisonError};

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
        ..AdapterInfo::default()
    }
}

/// A device to run engines on.
#[derive(Clone, Debug)]
pub struct GpuDevice {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    info: AdapterInfo,
    fault: Arc<Mutex<Option<String>>>,
}

/// What has no buffer limit of its own in `wgpu::Limits`: storage bindings end at 2³¹ − 1 bytes whatever the adapter says.
const STORAGE_BINDING_CAP: u64 = (1 << 31) - 256;

fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

fn enumerate() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let found = pollster::block_on(instance().enumerate_adapters(wgpu::Backends::PRIMARY));
    found.into_iter().enumerate().map(|(index, adapter)| (describe(index, &adapter), adapter)).collect()
}

fn describe(index: usize, adapter: &wgpu::Adapter) -> AdapterInfo {
    let (info, limits) = (adapter.get_info(), adapter.limits());
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
    }
}

/// All adapters of this machine; empty where there is no driver.
pub fn adapters() -> Vec<AdapterInfo> {
    enumerate().into_iter().map(|(info, _)| info).collect()
}

/// The adapter that `selector` (an index, or part of a name) means; without one, the first discrete, integrated or other
/// hardware adapter in that order, and software only where `allow_software`.
fn choose(found: &[AdapterInfo], selector: Option<&str>, allow_software: bool) -> Option<usize> {
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

fn no_device(found: &[AdapterInfo], selector: Option<&str>, hidden_by: &str) -> Error {
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

impl GpuDevice {
    /// Opens the adapter that `selector` names (its index or a part of its name), or the best hardware adapter.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if there is none that fits (software adapters only fit when they are named, or with
    /// `allow_software`), or if it cannot be opened.
    pub fn open(selector: Option<&str>, allow_software: bool) -> Result<Self> {
        let found = enumerate();
        let infos: Vec<AdapterInfo> = found.iter().map(|(info, _)| info.clone()).collect();
        let chosen = choose(&infos, selector, allow_software).ok_or_else(|| {
            let hidden_by = [vec![String::new()], unseen()].concat().join(" ");
            no_device(&infos, selector, &hidden_by)
        })?;
        Self::from_adapter(infos[chosen].clone(), &found[chosen].1)
    }

    fn from_adapter(info: AdapterInfo, adapter: &wgpu::Adapter) -> Result<Self> {
        let refused = |why: String| {
            let name = &info.name;
            Error::NoDevice(format!(
                "the adapter {name} cannot be used: {why}. Choose another (`adapter`), or use `engine = cpu`."
            ))
        };
        if !adapter.features().contains(wgpu::Features::IMMEDIATES) {
            return Err(refused("its driver does not offer immediates (push constants)".into()));
        }
        let request = adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("aon"),
            required_features: wgpu::Features::IMMEDIATES,
            // Everything that the adapter has: the limits of WebGPU would hold large problems back for nothing.
            required_limits: adapter.limits(),
            memory_hints: wgpu::MemoryHints::Performance,
            ..Default::default()
        });
        let (device, queue) = pollster::block_on(request).map_err(|e| refused(e.to_string()))?;
        let fault = Arc::new(Mutex::new(None));
        let heard = Arc::clone(&fault);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            set_first(&heard, format!("the graphics device reports: {error}"));
        }));
        let heard = Arc::clone(&fault);
        device.set_device_lost_callback(move |reason, message| {
            // An engine that is dropped destroys its device, which is no fault.
            if reason != wgpu::DeviceLostReason::Destroyed {
                set_first(&heard, format!("the graphics device was lost: {message}"));
            }
        });
        Ok(Self { device, queue, info, fault })
    }

    /// The adapter behind it.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// The first error that the device reported since it was opened; it stays.
    pub(super) fn check(&self) -> Result<()> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match fault.as_ref() {
            None => Ok(()),
            Some(message) => Err(Error::run(message.clone())),
        }
    }

    /// Runs `make`, and turns what the device reports about it into an error that begins with `what`.
    pub(super) fn checked<T>(&self, what: &str, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = make();
        let errors = [pollster::block_on(internal.pop()), pollster::block_on(validation.pop())];
        if let Some(error) = pollster::block_on(memory.pop()) {
            drop(made);
            // What was made goes back to the device only when it is asked.
            let _ = self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout: None });
            return Err(Error::OutOfMemory(format!(
                "{what}: the device {} ran out of memory ({error}). Use fewer networks, or `engine = cpu`.",
                self.info.name
            )));
        }
        if let Some(error) = errors.into_iter().flatten().next() {
            return Err(Error::run(format!("{what}: {error}")));
        }
        made
    }

    /// Waits for a submission, or for all.
    pub(super) fn wait(&self, submission: Option<wgpu::SubmissionIndex>) -> Result<()> {
        let polled = self.device.poll(wgpu::PollType::Wait { submission_index: submission, timeout: None });
        self.check()?;
        polled.map(|_| ()).map_err(|e| Error::run(format!("the graphics device does not answer: {e}.")))
    }
}

fn set_first(fault: &Mutex<Option<String>>, message: String) {
    fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
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
}
