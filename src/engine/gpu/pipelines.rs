//! Compiled kernels.

use super::device::{GpuDevice, IMMEDIATES};
use super::kernels::{Access, Binding, Id, KERNELS, Kernel};
use super::plan::GpuPlan;
use super::tiles::Loads;
use crate::error::{Error, Result};
use bytemuck::{Pod, Zeroable};

/// `At` in common.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub(super) struct At {
    pub(super) time: u32,
    pub(super) end: u32,
    pub(super) slab: u32,
    pub(super) accumulate: u32,
    pub(super) step: u32,
    pub(super) phases: u32,
}

const _: () = assert!(size_of::<At>() == IMMEDIATES as usize);

/// A compiled kernel.
#[derive(Debug)]
struct Pipeline {
    compiled: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    bindings: Vec<&'static Binding>,
    label: &'static str,
}

/// The kernels that a plan uses.
#[derive(Debug)]
pub(super) struct Pipelines(Vec<(Id, Pipeline)>);

impl Pipelines {
    /// Compiles every kernel that `plan` uses.
    pub(super) fn new(device: &GpuDevice, plan: &GpuPlan) -> Result<Self> {
        let overrides = plan.overrides();
        let used = KERNELS.iter().filter(|kernel| kernel.is_used(plan));
        let make = |kernel: &Kernel| {
            let what = format!("compiling {}", kernel.entry);
            device.checked(&what, || Ok((kernel.id, compile(device, plan, kernel, &overrides))))
        };
        let made = Self(used.map(make).collect::<Result<_>>()?);
        // Kept or not, it is compiled.
        let _ = device.keep_compiled();
        Ok(made)
    }

    /// A kernel with these resources, found by the names of its bindings.
    pub(super) fn bind(
        &self,
        device: &wgpu::Device,
        loads: Loads,
        id: Id,
        resources: &[(&str, Resource)],
    ) -> Result<Bound> {
        let Some((_, pipeline)) = self.0.iter().find(|(other, _)| *other == id) else {
            return Err(Error::run(format!("kernel {id:?} was not compiled.")));
        };
        let group = pipeline.bind(device, loads, resources)?;
        Ok(Bound { id, label: pipeline.label, pipeline: pipeline.compiled.clone(), group })
    }
}

/// A kernel and what it works on.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) id: Id,
    pub(super) label: &'static str,
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) group: wgpu::BindGroup,
}

fn compile(device: &GpuDevice, plan: &GpuPlan, kernel: &Kernel, overrides: &[(&'static str, f64)]) -> Pipeline {
    let (device, known) = (&device.device, device.compiled());
    let bindings: Vec<&'static Binding> = kernel.bindings(plan.loads).collect();
    let entries: Vec<_> = bindings.iter().map(|b| layout_entry(b, plan.loads)).collect();
    let layout = device
        .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(kernel.entry), entries: &entries });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(kernel.entry),
        bind_group_layouts: &[Some(&layout)],
        immediate_size: IMMEDIATES,
    });
    let module = shader_module(device, kernel.file, kernel.text(plan).into());
    let compiled = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(kernel.entry),
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some(kernel.entry),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants: overrides,
            // Every kernel writes its workgroup memory before it reads it.
            zero_initialize_workgroup_memory: false,
        },
        cache: known.as_ref().map(|known| &known.cache),
    });
    Pipeline { compiled, layout, bindings, label: kernel.entry }
}

/// A shader of this crate, compiled as it is.
pub(super) fn shader_module(device: &wgpu::Device, label: &str, text: std::borrow::Cow<'_, str>) -> wgpu::ShaderModule {
    let description = wgpu::ShaderModuleDescriptor { label: Some(label), source: wgpu::ShaderSource::Wgsl(text) };
    let checks = wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() };
    // SAFETY: only the bounding of loops is turned off (it costs real compilers up to 45 %). Every loop in shaders/
    // counts up to a bound that is constant for the pipeline or that the host sets, or halves to zero, so all of them
    // end; the shaders are part of this crate.
    unsafe { device.create_shader_module_trusted(description, checks) }
}

fn layout_entry(binding: &Binding, loads: Loads) -> wgpu::BindGroupLayoutEntry {
    let buffer = |ty, has_dynamic_offset| wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None };
    let texture = |view_dimension| wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: false },
        view_dimension,
        multisampled: false,
    };
    let ty = match (binding.access, loads) {
        (Access::Weights, Loads::Texture) => texture(wgpu::TextureViewDimension::D2Array),
        (Access::Trajectory, Loads::Texture) => texture(wgpu::TextureViewDimension::D2),
        (Access::Slice, Loads::Texture) => buffer(wgpu::BufferBindingType::Uniform, true),
        (Access::Write, _) => buffer(wgpu::BufferBindingType::Storage { read_only: false }, false),
        (_, _) => buffer(wgpu::BufferBindingType::Storage { read_only: true }, false),
    };
    wgpu::BindGroupLayoutEntry { binding: binding.number, visibility: wgpu::ShaderStages::COMPUTE, ty, count: None }
}

/// What a binding is bound to.
#[derive(Clone, Copy)]
pub(super) enum Resource<'a> {
    /// A whole buffer.
    Buffer(&'a wgpu::Buffer),
    /// A buffer of slices of that many bytes; whole where operands come from storage buffers.
    Slices(&'a wgpu::Buffer, u64),
    /// A texture.
    Texture(&'a wgpu::TextureView),
}

impl Pipeline {
    fn bind(&self, device: &wgpu::Device, loads: Loads, resources: &[(&str, Resource)]) -> Result<wgpu::BindGroup> {
        let mut entries = Vec::with_capacity(self.bindings.len());
        for binding in &self.bindings {
            let Some((_, resource)) = resources.iter().find(|(name, _)| *name == binding.name) else {
                return Err(Error::run(format!("kernel {}: nothing is bound to {}.", self.label, binding.name)));
            };
            entries.push(wgpu::BindGroupEntry { binding: binding.number, resource: bound(*resource, loads) });
        }
        let layout = &self.layout;
        Ok(device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(self.label), layout, entries: &entries }))
    }
}

fn bound(resource: Resource<'_>, loads: Loads) -> wgpu::BindingResource<'_> {
    match resource {
        Resource::Slices(buffer, bytes) if loads == Loads::Texture => {
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size: wgpu::BufferSize::new(bytes) })
        }
        Resource::Buffer(buffer) | Resource::Slices(buffer, _) => buffer.as_entire_binding(),
        Resource::Texture(view) => wgpu::BindingResource::TextureView(view),
    }
}
