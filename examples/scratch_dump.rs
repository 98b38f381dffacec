#![allow(missing_docs, dead_code, clippy::all, clippy::pedantic)]
#[path = "../tests/common/mod.rs"]
mod common;
use aon::engine::LossKind;
use aon::engine::gpu::*;
use aon::network::Constraint;
fn main() {
    let (mut problem, _) = common::awkward_problem(1, Constraint::default(), LossKind::L2);
    problem.dims = aon::dims::Dims {
        networks: 1,
        neurons: 355,
        conditions: 12,
        time_steps: 800,
        thermal: 100,
        steps_per_bin: 4,
        bins: 175,
        channels: 10,
        sequences: 6,
        input_groups: 2,
    };
    let adapter = AdapterInfo {
        max_buffer_bytes: 1 << 31,
        max_storage_binding_bytes: 1 << 31,
        max_uniform_binding_bytes: 1 << 16,
        workgroup_memory_bytes: 1 << 15,
        max_workgroup_invocations: 1024,
        max_workgroups: 65535,
        max_texture_layers: 2048,
        ..AdapterInfo::default()
    };
    let out = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let v: Vec<u32> = std::env::args().nth(2).unwrap().split(',').map(|x| x.parse().unwrap()).collect();
    let tiles = Tiles {
        row_quads: v[0],
        tile_quads: v[1],
        workgroup: v[2],
        resident_rows: v[3],
        unroll: v[4],
        gradient_tile: v[5],
        gradient_workgroup: (v[6], v[7]),
        block: 100,
    };
    for strategy in [Strategy::Stepwise, Strategy::Resident] {
        let plan = Plan::new(
            &problem,
            &adapter,
            &GpuOptions { strategy: Some(strategy), loads: Some(Loads::Storage), tiles: Some(tiles) },
        )
        .unwrap();
        let args: String = plan.overrides().iter().map(|(n, v)| format!("{n}={v} ")).collect();
        std::fs::write(out.join("overrides"), args).unwrap();
        for k in KERNELS.iter().filter(|k| plan.uses(k)) {
            std::fs::write(out.join(format!("{}.wgsl", k.entry)), k.text(&plan)).unwrap();
        }
    }
}
