//! What a real GPU compiler makes of every kernel, without a GPU: Mesa's AMD driver compiles for a family of cards that
//! is not there (`RADV_FORCE_FAMILY`) and reports registers, spills, workgroup memory, waves per SIMD, its own estimates of
//! time, and the assembly. The table in docs/hardware.md is what it said last; the test fails when a kernel gets worse than that.
#![allow(missing_docs)]

mod amd_assembly;
mod common;

use aon::engine::Problem;
use aon::engine::gpu::peak::PEAK_KERNELS;
use aon::engine::gpu::{
    Access, AdapterInfo, GpuOptions, GpuPlan, Id, KERNELS, Kernel, Loads, Strategy, Tiles, Trajectory, Weights,
    Workgroup, candidates,
};
use ash::vk;
use naga::back::spv;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The driver's manifest: the loader is told of it alone, as the driver refuses to share its process with others.
const MANIFESTS: [&str; 2] =
    ["/usr/share/vulkan/icd.d/radeon_icd.x86_64.json", "/usr/share/vulkan/icd.d/radeon_icd.json"];
/// RDNA 2, RDNA 1 and RDNA 3.
const FAMILIES: [&str; 3] = ["navi21", "navi10", "gfx1100"];
const TABLE: &str = include_str!("../docs/hardware.md");

/// What the compiler says of one kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Verdict {
    registers: u64,
    spills: u64,
    scratch: u64,
    workgroup_memory: u64,
    waves: u64,
    instructions: u64,
    /// Cycles of one wave, and of the work of many, as the compiler estimates them: for comparisons of like with like, since it
    /// takes every loop to run a few times.
    latency: u64,
    inverse_throughput: u64,
    /// Of a resident recurrence: see docs/hardware.md.
    exposed: Option<u64>,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Self { registers, spills, scratch, workgroup_memory, waves, instructions, latency, .. } = self;
        write!(f, "{registers} | {spills} | {scratch} | {workgroup_memory} | {waves} | {instructions} | {latency} | ")?;
        let exposed = self.exposed.map_or_else(|| "–".into(), |loads| loads.to_string());
        write!(f, "{} | {exposed}", self.inverse_throughput)
    }
}

/// The reference size, 355 neurons, 12 conditions, 800 steps, on hardware.
fn reference() -> (Problem, AdapterInfo) {
    let (mut problem, _) = common::sized_problem(355, 12, 10, 2);
    problem.dims = aon::dims::Dims { time_steps: 800, thermal: 100, steps_per_bin: 4, bins: 175, ..problem.dims };
    (problem, common::card())
}

/// What the table is of.
fn plans() -> Vec<GpuPlan> {
    let (problem, adapter) = reference();
    let plan = |strategy, (trajectory, weights)| {
        // The tiles of a batch; a network alone gets smaller ones.
        let tiles = Some(Tiles::HARDWARE);
        let options = GpuOptions { strategy: Some(strategy), trajectory, weights, tiles, ..GpuOptions::default() };
        GpuPlan::new(&problem, &adapter, &options).unwrap()
    };
    let both = |formats| [plan(Strategy::Resident, formats), plan(Strategy::Stepwise, formats)];
    FORMATS.into_iter().flat_map(both).collect()
}

/// Of trajectories and of weights.
const FORMATS: [(Trajectory, Weights); 3] =
    [(Trajectory::F32, Weights::F32), (Trajectory::F16, Weights::F32), (Trajectory::F32, Weights::F16)];

/// A kernel as text.
struct Source {
    /// Its row in the table.
    row: String,
    entry: &'static str,
    text: String,
    overrides: Vec<(&'static str, f64)>,
    /// Numbers of its storage buffers.
    bindings: Vec<u32>,
    /// Of a resident recurrence, presynaptic rows, and multiply-adds of an invocation for each of them in a time step.
    products: Option<[u64; 2]>,
}

impl Source {
    fn stage(kernel: &'static Kernel, plan: &GpuPlan) -> Self {
        assert_eq!(plan.loads, Loads::Storage);
        assert!(kernel.bindings(plan.loads).all(|b| b.access != Access::Trajectory), "plans for hardware bind buffers");
        let bindings = kernel.bindings(plan.loads).map(|b| b.number).collect();
        Self {
            row: row_name(kernel, plan),
            entry: kernel.entry,
            text: kernel.text(plan),
            overrides: plan.overrides(),
            bindings,
            products: products(kernel, plan),
        }
    }
}

fn products(kernel: &Kernel, plan: &GpuPlan) -> Option<[u64; 2]> {
    let (d, t) = (&plan.dims, &plan.tiles);
    let rows = match kernel.id {
        Id::ForwardResident => d.neurons + d.input_groups * d.channels,
        Id::AdjointResident => d.neurons,
        _ => return None,
    };
    Some([(rows as u64).next_multiple_of(t.unroll.into()), (t.resident_rows * 4 * t.tile_quads).into()])
}

/// Every stage at the reference size, and what measures the device's limits.
fn kernels() -> Vec<Source> {
    let plans = plans();
    let mut seen = HashSet::new();
    let used = |plan: GpuPlan| KERNELS.iter().filter(move |k| k.is_used(&plan)).map(move |kernel| (kernel, plan));
    let stages = plans.into_iter().flat_map(used).filter(|(kernel, plan)| seen.insert(row_name(kernel, plan)));
    let stages: Vec<Source> = stages.map(|(kernel, plan)| Source::stage(kernel, &plan)).collect();
    let [fma, copy] = PEAK_KERNELS;
    let peak = |(entry, text): (&'static str, &str), overrides: &[(&'static str, f64)]| Source {
        row: entry.into(),
        entry,
        text: text.into(),
        overrides: overrides.to_vec(),
        bindings: vec![0, 1],
        products: None,
    };
    stages.into_iter().chain(tuned_kernels()).chain([peak(fma, &[("FUSED", 1.0)]), peak(copy, &[])]).collect()
}

/// What tuning may choose of the kernels that depend on it: held to the same limits, but not listed. At the reference size, and
/// where a resident recurrence gets more neurons or fewer conditions an invocation, up to the widest network that it fits.
fn tuned_kernels() -> Vec<Source> {
    let sizes = [355, 700, 1420, 2000];
    FORMATS.into_iter().flat_map(|formats| sizes.into_iter().flat_map(move |n| tuned_to(n, formats))).collect()
}

fn tuned_to(neurons: usize, (trajectory, weights): (Trajectory, Weights)) -> Vec<Source> {
    let (mut problem, adapter) = reference();
    problem.dims.neurons = neurons;
    let usual = GpuOptions { trajectory, weights, ..GpuOptions::default() };
    let choices = candidates(&problem, &adapter, &usual).into_iter().filter(|c| c.loads == Loads::Storage);
    let plans = choices.map(|choice| (choice, GpuPlan::new(&problem, &adapter, &choice.apply(&usual)).unwrap()));
    let stages = plans.flat_map(|(choice, plan)| {
        let tiled = |k: &&Kernel| !matches!(k.workgroup, Workgroup::Fixed(_)) && k.is_used(&plan);
        let source = move |k: &'static Kernel| Source {
            row: format!("{} [{neurons} neurons, {}, {}, {choice}]", k.entry, trajectory.name(), weights.name()),
            ..Source::stage(k, &plan)
        };
        KERNELS.iter().filter(tiled).map(source).collect::<Vec<_>>()
    });
    stages.collect()
}

/// A row's name: the kernel, and its format where it touches trajectories that are not 32-bit.
fn row_name(kernel: &Kernel, plan: &GpuPlan) -> String {
    let touches = |name: &str| ["inputs", "deltas", "state", "rates"].iter().any(|start| name.starts_with(start));
    if plan.trajectory == Trajectory::F16 && kernel.bindings.iter().any(|b| touches(b.name)) {
        return format!("{} f16", kernel.entry);
    }
    if plan.weights == Weights::F16 && kernel.bindings.iter().any(|b| b.name == "weights") {
        return format!("{} f16 weights", kernel.entry);
    }
    kernel.entry.to_string()
}

/// The kernel as wgpu hands it to a Vulkan driver.
fn spir_v(source: &Source) -> Vec<u32> {
    let module = naga::front::wgsl::parse_str(&source.text).unwrap();
    let capabilities = Capabilities::IMMEDIATES | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    let info = Validator::new(ValidationFlags::all(), capabilities).validate(&module).unwrap();
    let constants = source.overrides.iter().map(|(name, value)| (name.to_string(), *value)).collect();
    let entry = Some((naga::ShaderStage::Compute, source.entry));
    let (module, info) = naga::back::pipeline_constants::process_overrides(&module, &info, entry, &constants).unwrap();
    let checks = naga::proc::BoundsCheckPolicies {
        index: naga::proc::BoundsCheckPolicy::Restrict,
        ..naga::proc::BoundsCheckPolicies::default()
    };
    let options = spv::Options {
        lang_version: (1, 3),
        bounds_check_policies: checks,
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: false,
        ..spv::Options::default()
    };
    spv::write_vec(&module, &info, &options, None).unwrap()
}

/// A device of the family that the environment names, which can compile but not run.
struct NullDevice {
    _entry: ash::Entry,
    instance: ash::Instance,
    device: ash::Device,
    properties: ash::khr::pipeline_executable_properties::Device,
}

impl NullDevice {
    fn open() -> Self {
        // SAFETY: plain Vulkan calls with structures that live until the call returns; the loader's library and the
        // objects are kept alive by `Self`. Nothing is ever submitted.
        unsafe {
            let entry = ash::Entry::load().unwrap();
            let version = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_2);
            let info = vk::InstanceCreateInfo::default().application_info(&version);
            let instance = entry.create_instance(&info, None).unwrap();
            let physical = instance.enumerate_physical_devices().unwrap()[0];
            let queue = [vk::DeviceQueueCreateInfo::default().queue_priorities(&[1.0])];
            let extensions = [ash::khr::pipeline_executable_properties::NAME.as_ptr()];
            let mut reports =
                vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default().pipeline_executable_info(true);
            let info = vk::DeviceCreateInfo::default()
                .queue_create_infos(&queue)
                .enabled_extension_names(&extensions)
                .push_next(&mut reports);
            let device = instance.create_device(physical, &info, None).unwrap();
            let properties = ash::khr::pipeline_executable_properties::Device::new(&instance, &device);
            Self { _entry: entry, instance, device, properties }
        }
    }

    fn compile(&self, source: &Source) -> Verdict {
        let bindings: Vec<_> = source.bindings.iter().map(|number| layout(*number)).collect();
        let code = spir_v(source);
        let name = std::ffi::CString::new(source.entry).unwrap();
        // SAFETY: as in `open`; the objects are not destroyed, they end with the process that compiles one family.
        unsafe {
            let sets = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
            let sets = [self.device.create_descriptor_set_layout(&sets, None).unwrap()];
            let constants = [vk::PushConstantRange::default().size(32).stage_flags(vk::ShaderStageFlags::COMPUTE)];
            let layout = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets).push_constant_ranges(&constants);
            let layout = self.device.create_pipeline_layout(&layout, None).unwrap();
            let module = vk::ShaderModuleCreateInfo::default().code(&code);
            let module = self.device.create_shader_module(&module, None).unwrap();
            let stage = vk::PipelineShaderStageCreateInfo::default()
                .stage(vk::ShaderStageFlags::COMPUTE)
                .module(module)
                .name(&name);
            let info = vk::ComputePipelineCreateInfo::default().stage(stage).layout(layout).flags(
                vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR
                    | vk::PipelineCreateFlags::CAPTURE_INTERNAL_REPRESENTATIONS_KHR,
            );
            let pipeline = self.device.create_compute_pipelines(vk::PipelineCache::null(), &[info], None).unwrap()[0];
            let executable = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline);
            let statistics = self.properties.get_pipeline_executable_statistics(&executable).unwrap();
            let named: BTreeMap<String, u64> = statistics
                .iter()
                .map(|s| (s.name_as_c_str().unwrap().to_str().unwrap().to_string(), s.value.u64))
                .collect();
            Verdict {
                registers: named["VGPRs"],
                spills: named["Spilled VGPRs"] + named["Spilled SGPRs"],
                scratch: named["Scratch size"],
                workgroup_memory: named["LDS size"],
                waves: named["Subgroups per SIMD"],
                instructions: named["Instructions"],
                latency: named["Latency"],
                inverse_throughput: named["Inverse Throughput"],
                exposed: source.products.map(|[rows, each]| {
                    let about = vk::PipelineInfoKHR::default().pipeline(pipeline);
                    let wave = self.properties.get_pipeline_executable_properties(&about).unwrap()[0].subgroup_size;
                    amd_assembly::exposed_loads(&self.assembly(&executable), wave, rows * each)
                }),
            }
        }
    }

    fn assembly(&self, executable: &vk::PipelineExecutableInfoKHR) -> String {
        let mut forms = [vk::PipelineExecutableInternalRepresentationKHR::default(); 8];
        let mut count = forms.len() as u32;
        let read = self.properties.fp().get_pipeline_executable_internal_representations_khr;
        // SAFETY: as in `open`; called for the sizes first, then with room for as much.
        let texts: Vec<Vec<u8>> = unsafe {
            read(self.device.handle(), executable, &raw mut count, forms.as_mut_ptr()).result().unwrap();
            let forms = &mut forms[..count as usize];
            let mut texts: Vec<Vec<u8>> = forms.iter().map(|form| vec![0; form.data_size]).collect();
            forms.iter_mut().zip(&mut texts).for_each(|(form, text)| form.p_data = text.as_mut_ptr().cast());
            read(self.device.handle(), executable, &raw mut count, forms.as_mut_ptr()).result().unwrap();
            texts
        };
        let is_assembly = |form: &&vk::PipelineExecutableInternalRepresentationKHR| {
            form.name_as_c_str().is_ok_and(|name| name == c"Assembly")
        };
        let at = forms[..count as usize].iter().position(|form| is_assembly(&form)).expect("the driver gives assembly");
        String::from_utf8_lossy(&texts[at]).into_owned()
    }
}

impl Drop for NullDevice {
    fn drop(&mut self) {
        // SAFETY: nothing uses the device any more; its objects go with it.
        unsafe {
            self.device.destroy_device(None);
            self.instance.destroy_instance(None);
        }
    }
}

fn layout(number: u32) -> vk::DescriptorSetLayoutBinding<'static> {
    vk::DescriptorSetLayoutBinding::default()
        .binding(number)
        .descriptor_type(vk::DescriptorType::STORAGE_BUFFER)
        .descriptor_count(1)
        .stage_flags(vk::ShaderStageFlags::COMPUTE)
}

/// Not a test by itself: run by the test below, in a process whose environment names driver and family.
#[test]
#[ignore = "run by every_kernel_compiles_well_for_amd_cards"]
fn compile_for_the_family_of_the_environment() {
    let device = NullDevice::open();
    for source in kernels() {
        let verdict = device.compile(&source);
        println!("| {} | {verdict} |", source.row);
        // Half as often as turns of four rows would wait that loaded their weights and waited for them once.
        let most = source.products.map_or(0, |[rows, _]| rows / 8);
        assert!(verdict.exposed.unwrap_or(0) <= most, "a wave waits for weights too often, {most} would be right");
    }
}

fn rows(text: &str) -> BTreeMap<String, Verdict> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let numbers: Vec<u64> = cells.get(2..10)?.iter().filter_map(|c| c.parse().ok()).collect();
        let [registers, spills, scratch, workgroup_memory, waves, instructions, latency, inverse_throughput] =
            numbers.try_into().ok()?;
        let exposed = cells.get(10)?.parse().ok();
        let verdict = Verdict {
            registers,
            spills,
            scratch,
            workgroup_memory,
            waves,
            instructions,
            latency,
            inverse_throughput,
            exposed,
        };
        Some((cells[1].to_string(), verdict))
    };
    text.lines().filter_map(row).collect()
}

/// The rows of the table under the heading of a family.
fn documented(family: &str) -> BTreeMap<String, Verdict> {
    let start = TABLE.find(&format!("### {family}")).unwrap_or_else(|| panic!("hardware.md has no table of {family}"));
    let rest = &TABLE[start + 4..];
    rows(&rest[..rest.find("### ").unwrap_or(rest.len())])
}

#[test]
fn every_kernel_compiles_well_for_amd_cards() {
    let Some(manifest) = MANIFESTS.into_iter().find(|path| Path::new(path).exists()) else {
        eprintln!("NOT TESTED: Mesa's AMD driver is not installed (Debian: mesa-vulkan-drivers).");
        return;
    };
    for family in FAMILIES {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "compile_for_the_family_of_the_environment", "--nocapture"])
            .envs([("VK_ICD_FILENAMES", manifest), ("VK_DRIVER_FILES", manifest), ("RADV_FORCE_FAMILY", family)])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{family}: {text}{}", String::from_utf8_lossy(&output.stderr));
        println!("### {family}\n{text}");
        let (found, expected) = (rows(&text), documented(family));
        assert_eq!(found.len(), kernels().len());
        for (kernel, v) in &found {
            assert_eq!((v.spills, v.scratch), (0, 0), "{family}: {kernel} does not fit the registers");
            let recurrence = kernel.starts_with("forward") || kernel.starts_with("adjoint");
            let least = match (recurrence, kernel.contains('[')) {
                (false, _) => 4,
                (true, true) => 6,
                (true, false) => 8,
            };
            assert!(v.waves >= least, "{family}: {kernel} runs {} waves per SIMD, not {least}", v.waves);
            if kernel.contains('[') {
                continue;
            }
            let before = expected.get(kernel).unwrap_or_else(|| panic!("hardware.md lacks {kernel} for {family}"));
            // Versions of the compiler differ by a little.
            let worse = |now: u64, before: u64| now > before + before / 4 + 8;
            assert!(!worse(v.registers, before.registers), "{family}: {kernel} grew to {} registers", v.registers);
            assert!(!worse(v.instructions, before.instructions), "{family}: {kernel}: {} instructions", v.instructions);
            assert!(!worse(v.latency, before.latency), "{family}: {kernel}: {} cycles", v.latency);
            assert!(v.waves + 2 >= before.waves, "{family}: {kernel} fell to {} waves", v.waves);
        }
    }
}
