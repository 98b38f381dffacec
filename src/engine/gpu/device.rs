//! Opening an adapter, and hearing of its errors.

use super::adapter::{AdapterInfo, choose, describe, enumerate, no_device};
use super::compiled::Compiled;
use super::flight::Flight;
use super::injected::{Fault, Injection};
use super::unseen::unseen;
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A device to run engines on.
#[derive(Clone, Debug)]
pub struct GpuDevice {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) shared: Arc<Shared>,
    info: AdapterInfo,
}

/// What all handles of a device share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The adapter's name.
    name: String,
    /// The first error that was heard of.
    fault: Mutex<Option<String>>,
    pub(super) flight: Mutex<Flight>,
    allocations: AtomicU64,
    /// Where compiled kernels are looked up.
    pub(super) compiled: Mutex<Option<Compiled>>,
    pub(super) injection: Option<Injection>,
}

/// Bytes of immediates: `At` in common.wgsl.
pub(super) const IMMEDIATES: u32 = 24;
/// What a device needs to tell how long its work takes.
pub(super) const CLOCK: wgpu::Features =
    wgpu::Features::TIMESTAMP_QUERY.union(wgpu::Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);
/// Most storage buffers that a kernel binds: adjoint_resident.
const STORAGE_BUFFERS: u32 = 10;

impl GpuDevice {
    /// Opens the adapter that `selector` names (its index or a part of its name), or the best hardware adapter.
    ///
    /// # Errors
    /// [`Error::NoDevice`] if there is none that fits (software adapters only fit when they are named, or with
    /// `allow_software`), or if it cannot be opened.
    pub fn open(selector: Option<&str>, allow_software: bool) -> Result<Self> {
        // Everything that the adapter has: the limits of WebGPU would hold large problems back for nothing.
        Self::open_within(selector, allow_software, wgpu::Adapter::limits)
    }

    /// The same with no more than every device of WebGPU offers, but for the bindings of a kernel: what the weakest have, for
    /// tests.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub fn open_within_default_limits(selector: Option<&str>, allow_software: bool) -> Result<Self> {
        Self::open_within(selector, allow_software, |_| wgpu::Limits {
            max_immediate_size: IMMEDIATES,
            max_storage_buffers_per_shader_stage: STORAGE_BUFFERS,
            ..wgpu::Limits::default()
        })
    }

    fn open_within(
        selector: Option<&str>,
        allow_software: bool,
        limits: impl FnOnce(&wgpu::Adapter) -> wgpu::Limits,
    ) -> Result<Self> {
        let found = enumerate();
        let infos: Vec<AdapterInfo> = found.iter().map(|(info, _)| info.clone()).collect();
        let chosen = choose(&infos, selector, allow_software).ok_or_else(|| {
            let hidden_by = [vec![String::new()], unseen()].concat().join(" ");
            no_device(&infos, selector, &hidden_by)
        })?;
        let adapter = &found[chosen].1;
        Self::from_adapter(infos[chosen].index, adapter, limits(adapter))
    }

    fn from_adapter(index: usize, adapter: &wgpu::Adapter, limits: wgpu::Limits) -> Result<Self> {
        let info = describe(index, adapter, &limits);
        let refused = |why: String| {
            let name = &info.name;
            Error::NoDevice(format!(
                "the adapter {name} cannot be used: {why}. Choose another (`adapter`), or use `engine = cpu`."
            ))
        };
        if !adapter.features().contains(wgpu::Features::IMMEDIATES) {
            return Err(refused("its driver does not offer immediates (push constants)".into()));
        }
        let buffers = limits.max_storage_buffers_per_shader_stage;
        if buffers < STORAGE_BUFFERS {
            return Err(refused(format!(
                "a kernel binds up to {STORAGE_BUFFERS} buffers, and its driver offers {buffers}"
            )));
        }
        let request = adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("aon"),
            required_features: wgpu::Features::IMMEDIATES
                | (adapter.features() & (CLOCK | wgpu::Features::PIPELINE_CACHE)),
            required_limits: limits,
            memory_hints: wgpu::MemoryHints::Performance,
            ..Default::default()
        });
        let (device, queue) = pollster::block_on(request).map_err(|e| refused(e.to_string()))?;
        let shared = Arc::new(Shared {
            name: info.name.clone(),
            fault: Mutex::new(None),
            flight: Mutex::default(),
            allocations: AtomicU64::new(0),
            compiled: Mutex::new(None),
            injection: Injection::of_environment()?,
        });
        let made = Self { device, queue, shared, info };
        let heard = Arc::downgrade(&made.shared);
        made.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            if let Some(heard) = heard.upgrade() {
                heard.fail(&format!("reports: {}", in_a_line(&error)));
            }
        }));
        let heard = Arc::downgrade(&made.shared);
        made.device.set_device_lost_callback(move |_, message| {
            // Of a device that is no longer used nobody hears.
            if let Some(heard) = heard.upgrade() {
                heard.fail(&format!("was lost: {message}"));
            }
        });
        Ok(made)
    }

    /// The adapter behind it.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// The first error that the device reported since it was opened; it stays.
    pub(super) fn check(&self) -> Result<()> {
        let fault = self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match fault.as_ref() {
            None => Ok(()),
            Some(message) => Err(Error::run(message.clone())),
        }
    }

    /// Looks up in `file` whatever is compiled from now on, where the device hands that out.
    pub(super) fn compile_with(&self, file: PathBuf) {
        *self.compiled() = Compiled::open(&self.device, file);
    }

    pub(super) fn compiled(&self) -> MutexGuard<'_, Option<Compiled>> {
        self.shared.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was compiled since [`Self::compile_with`].
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn keep_compiled(&self) -> Result<()> {
        self.compiled().as_mut().map_or(Ok(()), Compiled::keep)
    }

    /// Whether a fault of this kind is to happen now, for tests.
    pub(super) fn injected(&self, fault: Fault, now: u64) -> bool {
        self.shared.injection.is_some_and(|injection| injection.is(fault, now))
    }

    /// Notes for [`Self::check`] what the device did.
    pub(super) fn fail(&self, what: &str) {
        self.shared.fail(what);
    }

    /// Runs `make`, and turns what the device reports about it into an error that begins with `what`.
    pub(super) fn checked<T>(&self, what: &str, make: impl FnOnce() -> Result<T>) -> Result<T> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let made = make();
        let errors = [pollster::block_on(internal.pop()), pollster::block_on(validation.pop())];
        let full = pollster::block_on(memory.pop()).map(|error| in_a_line(&error));
        let number = 1 + self.shared.allocations.fetch_add(1, Ordering::Relaxed);
        let full = full.or_else(|| self.injected(Fault::Memory, number).then(|| "as was asked for".into()));
        if let Some(error) = full {
            drop(made);
            // What was made goes back to the device only when it is asked; if it fails, it says so again.
            let _ = self.wait(None);
            return Err(Error::OutOfMemory(format!(
                "{what}: the device {} ran out of memory ({error}). Use fewer networks, or `engine = cpu`.",
                self.info.name
            )));
        }
        if let Some(error) = errors.into_iter().flatten().next() {
            let sentence = self.shared.sentence(&format!("reports: {}", in_a_line(&error)));
            return Err(Error::run(format!("{what}: {sentence}")));
        }
        made
    }
}

impl Shared {
    /// A sentence of what the device did, and of what is left to do.
    fn sentence(&self, what: &str) -> String {
        let what = what.trim_end_matches('.');
        format!(
            "the graphics device {} {what}. Go on there, on another (`adapter`), or with `engine = cpu`.",
            self.name
        )
    }

    fn fail(&self, what: &str) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| self.sentence(what));
    }
}

/// What the library writes as an indented list of causes.
fn in_a_line(error: &wgpu::Error) -> String {
    let text = error.to_string();
    let causes: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    causes.join(" ").trim_end_matches('.').into()
}
