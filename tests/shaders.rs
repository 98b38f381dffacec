//! The kernel table against the shaders, and the shaders against the languages that they are translated to: no device
//! is needed.
#![allow(missing_docs)]

mod common;

use aon::engine::gpu::peak::PEAK_KERNELS;
use aon::engine::gpu::{
    Access, AdapterInfo, GpuOptions, GpuPlan, KERNELS, Kernel, Loads, Strategy, Tiles, Trajectory, Weights, Workgroup,
};
use aon::engine::{LossKind, Problem};
use aon::network::{Constraint, Dale, SignConstraint};
use common::pages::{anchor_at, anchors, page};
use naga::back::{hlsl, msl, spv};
use naga::valid::{Capabilities, GlobalUse, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, GlobalVariable, Module, ShaderStage};

/// Plans that differ in every line that is put before a kernel: both strategies, both ways to load, several tiles,
/// both formats of trajectories, all losses.
fn plans() -> Vec<GpuPlan> {
    let constraint = Constraint { dale: Dale::Presynaptic, sign: SignConstraint::Reflect };
    let (problem, _) = common::awkward_problem(3, constraint, LossKind::L2);
    let other = Tiles {
        row_quads: 2,
        tile_quads: 1,
        workgroup: 32,
        resident_rows: 1,
        split: 4,
        unroll: 2,
        gradient_tile: 8,
        gradient_workgroup: (8, 8),
        ..Tiles::HARDWARE
    };
    let choices = [
        (Strategy::Stepwise, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Stepwise, Loads::Storage, other),
        (Strategy::Stepwise, Loads::Texture, Tiles::SOFTWARE),
        (Strategy::Resident, Loads::Storage, Tiles::HARDWARE),
        (Strategy::Resident, Loads::Storage, other),
    ];
    let plan = |loss, (trajectory, weights), (strategy, loads, tiles)| {
        let (bank, problem) = (None, Problem { loss, ..problem.clone() });
        let options = GpuOptions {
            strategy: Some(strategy),
            loads: Some(loads),
            tiles: Some(tiles),
            trajectory,
            weights,
            bank,
            ..GpuOptions::default()
        };
        GpuPlan::new(&problem, &common::card(), &options).unwrap()
    };
    let exact = (Trajectory::F32, Weights::F32);
    let formats = [exact, (Trajectory::F16, Weights::F32), (Trajectory::F32, Weights::F16)];
    let plans = formats.into_iter().flat_map(|format| choices.map(|choice| plan(LossKind::L2, format, choice)));
    plans
        .chain(LossKind::ALL.into_iter().flat_map(|loss| [choices[2], choices[3]].map(|c| plan(loss, exact, c))))
        .collect()
}

/// Every kernel under every plan that uses it.
fn variants() -> Vec<(&'static Kernel, GpuPlan)> {
    let used =
        |plan: GpuPlan| KERNELS.iter().filter(move |kernel| kernel.is_used(&plan)).map(move |kernel| (kernel, plan));
    plans().into_iter().flat_map(used).collect()
}

/// The entry point alone, its overrides filled in, validated with no more than the device is asked for.
fn compiled_text(entry: &str, text: &str, constants: &[(&str, f64)]) -> (Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(text).unwrap_or_else(|e| panic!("{}", e.emit_to_string(text)));
    let mut validator =
        Validator::new(ValidationFlags::all(), Capabilities::IMMEDIATES | Capabilities::SHADER_FLOAT16_IN_FLOAT32);
    let info = validator.validate(&module).unwrap_or_else(|e| panic!("{entry}: {}", e.emit_to_string(text)));
    let constants = constants.iter().map(|(name, value)| (name.to_string(), *value)).collect();
    let entry = Some((ShaderStage::Compute, entry));
    let (module, info) = naga::back::pipeline_constants::process_overrides(&module, &info, entry, &constants).unwrap();
    (module.into_owned(), info.into_owned())
}

fn compiled(kernel: &Kernel, plan: &GpuPlan) -> (Module, ModuleInfo) {
    compiled_text(kernel.entry, &kernel.text(plan), &plan.overrides())
}

/// The kernels that measure a device's limits, each in every way that it is used.
fn compiled_peaks() -> Vec<(&'static str, (Module, ModuleInfo))> {
    let [(fma, fma_text), (copy, copy_text)] = PEAK_KERNELS;
    let chains = |fused| (fma, compiled_text(fma, fma_text, &[("FUSED", fused)]));
    vec![chains(0.0), chains(1.0), (copy, compiled_text(copy, copy_text, &[]))]
}

fn is_peak(file: &str) -> bool {
    PEAK_KERNELS.iter().any(|(entry, _)| *entry == file)
}

fn shader_files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/shaders");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().into(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn the_table_names_every_binding_as_the_shader_uses_it() {
    for (kernel, plan) in variants() {
        let (module, info) = compiled(kernel, &plan);
        let usage = info.get_entry_point(0);
        let mut found: Vec<(u32, String, Access)> = Vec::new();
        for (handle, variable) in module.global_variables.iter().filter(|(h, _)| !usage[*h].is_empty()) {
            let Some(binding) = variable.binding else { continue };
            assert_eq!(binding.group, 0, "{}: all bindings are in group 0", kernel.entry);
            let written = usage[handle].contains(GlobalUse::WRITE);
            let name = variable.name.clone().unwrap();
            let access = kernel.bindings.iter().find(|b| b.number == binding.binding).map(|b| b.access);
            let access = match (variable.space, access, plan.loads) {
                (AddressSpace::Storage { access }, Some(Access::Write), _) => {
                    assert!(access.contains(naga::StorageAccess::STORE));
                    Access::Write
                }
                (AddressSpace::Storage { access }, Some(a), loads) if a == Access::Read || loads == Loads::Storage => {
                    assert!(!written && !access.contains(naga::StorageAccess::STORE), "{}: {name}", kernel.entry);
                    a
                }
                (AddressSpace::Uniform, Some(Access::Slice), Loads::Texture) => Access::Slice,
                (AddressSpace::Handle, Some(a @ (Access::Weights | Access::Trajectory)), Loads::Texture) => a,
                other => panic!("{}: binding {} ({name}) is {other:?}", kernel.entry, binding.binding),
            };
            found.push((binding.binding, name, access));
        }
        found.sort_by_key(|(number, ..)| *number);
        let expected: Vec<_> = kernel.bindings(plan.loads).map(|b| (b.number, b.name.to_string(), b.access)).collect();
        assert_eq!(found, expected, "{} with {:?} loads", kernel.entry, plan.loads);
    }
}

#[test]
fn the_table_names_every_entry_point_and_its_workgroup() {
    for (kernel, plan) in variants() {
        let (module, _) = compiled(kernel, &plan);
        let expected = match kernel.workgroup {
            Workgroup::Fixed(x) => [x, 1, 1],
            Workgroup::Recurrence => [plan.tiles.workgroup, 1, 1],
            Workgroup::Resident => [plan.resident_lanes, 1, 1],
            Workgroup::Gradient => [plan.tiles.gradient_workgroup.0, plan.tiles.gradient_workgroup.1, 1],
        };
        assert_eq!(module.entry_points[0].workgroup_size, expected, "{}", kernel.entry);
    }
    for (file, text) in shader_files() {
        let in_table = KERNELS.iter().filter(|k| k.file == file).count() + usize::from(is_peak(&file));
        assert_eq!(text.matches("@compute").count(), in_table, "entry points of {file}.wgsl in the table");
    }
    for kernel in &KERNELS {
        let name: String = kernel.entry.split('_').map(|w| w[..1].to_uppercase() + &w[1..]).collect();
        assert_eq!(format!("{:?}", kernel.id), name, "the id of {}", kernel.entry);
        assert!(variants().iter().any(|(other, _)| other.id == kernel.id), "{name} is in no plan");
    }
}

/// What the engine relies on where it binds these kernels without a table.
#[test]
fn kernels_that_measure_limits_read_binding_0_and_write_binding_1() {
    for (name, (module, info)) in compiled_peaks() {
        let written = |(handle, variable): (naga::Handle<GlobalVariable>, &GlobalVariable)| {
            let binding = variable.binding.unwrap();
            (binding.group, binding.binding, info.get_entry_point(0)[handle].contains(GlobalUse::WRITE))
        };
        let bindings: Vec<_> = module.global_variables.iter().map(written).collect();
        assert_eq!(bindings, [(0, 0, false), (0, 1, true)], "{name}");
        assert_eq!(module.entry_points[0].workgroup_size, [256, 1, 1], "{name}");
    }
}

#[test]
fn the_overrides_of_the_shaders_are_those_of_the_plan() {
    let declared: Vec<String> = shader_files()
        .iter()
        .filter(|(file, _)| !is_peak(file))
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| line.trim().strip_prefix("override "))
        .map(|rest| rest.split(':').next().unwrap().to_string())
        .collect();
    let given: Vec<&str> = plans()[0].overrides().into_iter().map(|(name, _)| name).collect();
    assert_eq!(declared, given);
}

#[test]
fn every_shader_states_what_it_does_and_every_binding_its_shape_and_access() {
    let sections = anchors(&page("docs/model.md"));
    for (file, text) in shader_files() {
        assert!(text.lines().count() <= 150, "{file}.wgsl is longer than 150 lines");
        assert!(text.starts_with("// "), "{file}.wgsl begins with a comment");
        if text.contains("@compute") {
            assert!(text.starts_with(&format!("// {file}: ")), "{file}.wgsl begins with its name");
            let sourced = text.contains("docs/model.md#") || is_peak(&file);
            assert!(sourced && text.contains("Extent: "), "{file}.wgsl names source and extent");
        }
        for anchor in text.split("docs/model.md#").skip(1).map(anchor_at) {
            assert!(sections.contains(&anchor), "{file}.wgsl cites docs/model.md#{anchor}, which is no heading there");
        }
        for line in text.lines().filter(|l| l.starts_with("@group")) {
            let comment = line.split_once("//").unwrap_or_else(|| panic!("{file}.wgsl: no comment on {line}")).1;
            let access = ["read", "write"].iter().any(|a| comment.contains(&format!("· {a}")));
            assert!(comment.contains('[') && access, "{file}.wgsl: shape or access missing on {line}");
        }
    }
}

/// On software adapters the state must fit a uniform binding (64 KiB here): tiles of conditions get smaller first, then
/// operands come from storage buffers. The resident strategy ends where workgroup memory does.
#[test]
fn wide_networks_get_smaller_tiles_then_other_loads_and_strategies() {
    let batch = |networks: usize, neurons: usize, software: bool| {
        let (mut problem, _) = common::awkward_problem(networks, Constraint::default(), LossKind::L2);
        (problem.dims.neurons, problem.dims.conditions) = (neurons, 12);
        let kind = AdapterInfo { software, ..common::card() };
        let plan = GpuPlan::new(&problem, &kind, &GpuOptions::default()).unwrap();
        (plan.strategy, plan.loads, plan.quads, plan.tiles.tile_quads)
    };
    let choice = |neurons, software| batch(64, neurons, software);
    assert_eq!(choice(355, true), (Strategy::Stepwise, Loads::Texture, 3, 3));
    assert_eq!(choice(1400, true), (Strategy::Stepwise, Loads::Texture, 2, 2));
    assert_eq!(choice(4096, true), (Strategy::Stepwise, Loads::Storage, 3, 3));
    assert_eq!(choice(355, false), (Strategy::Resident, Loads::Storage, 3, 3));
    assert_eq!(choice(1400, false), (Strategy::Resident, Loads::Storage, 3, 1));
    assert_eq!(choice(4096, false).0, Strategy::Stepwise);
    // The conditions of a network alone are spread over workgroups.
    assert_eq!(batch(1, 355, false), (Strategy::Resident, Loads::Storage, 3, 1));
}

#[test]
fn every_kernel_translates_to_spir_v_msl_and_hlsl() {
    let stages = variants().into_iter().map(|(kernel, plan)| (kernel.entry, compiled(kernel, &plan)));
    for (name, (module, info)) in stages.chain(compiled_peaks()) {
        let options = spv::Options { force_loop_bounding: false, ..spv::Options::default() };
        let words = spv::write_vec(&module, &info, &options, None).unwrap_or_else(|e| panic!("{name}: SPIR-V: {e}"));
        assert!(words.len() > 100);

        let options = msl::Options {
            lang_version: (2, 4),
            force_loop_bounding: false,
            fake_missing_bindings: true,
            ..msl::Options::default()
        };
        let (text, translated) = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default())
            .unwrap_or_else(|e| panic!("{name}: MSL: {e}"));
        assert!(text.contains("kernel void"), "{name}: MSL has no kernel");
        assert!(translated.entry_point_names.iter().all(Result::is_ok), "{name}: MSL");

        let slot = |register| hlsl::BindTarget { space: 1, register, ..hlsl::BindTarget::default() };
        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V6_0,
            fake_missing_bindings: true,
            special_constants_binding: Some(slot(0)),
            immediates_target: Some(slot(1)),
            force_loop_bounding: false,
            ..hlsl::Options::default()
        };
        let (mut text, pipeline) = (String::new(), hlsl::PipelineOptions::default());
        let translated = hlsl::Writer::new(&mut text, &options, &pipeline)
            .write(&module, &info, None)
            .unwrap_or_else(|e| panic!("{name}: HLSL: {e}"));
        assert!(text.contains("[numthreads("), "{name}: HLSL has no kernel");
        assert!(translated.entry_point_names.iter().all(Result::is_ok), "{name}: HLSL");
    }
}
