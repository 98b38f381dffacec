//! Sums over many presynaptic neurons: the same bits, however they are divided among invocations, and those that the order in
//! docs/model.md#where-each-equation-is asks for.
#![allow(missing_docs)]

mod common;

use aon::engine::gpu::{GpuEngine, GpuOptions, Loads, Strategy, Tiles};
use aon::engine::{BatchState, Engine, NetworkSettings, Problem, StopReason};
use aon::network::Group;
use common::{gpu, sized_problem};

/// Ways to divide sums: not at all, among invocations of a workgroup, or never, as a workgroup keeps the state.
fn ways() -> Vec<(Strategy, Loads, Tiles)> {
    let hard = Tiles::HARDWARE;
    let divided = |tile_quads, row_quads, workgroup, split, unroll| {
        let tiles = Tiles { tile_quads, row_quads, workgroup, split, unroll, ..hard };
        (Strategy::Stepwise, Loads::Storage, tiles)
    };
    vec![
        (Strategy::Stepwise, Loads::Storage, hard),
        (Strategy::Stepwise, Loads::Texture, Tiles::SOFTWARE),
        (Strategy::Resident, Loads::Storage, hard),
        divided(1, 1, 32, 8, 8),
        divided(1, 1, 64, 4, 16),
        divided(3, 1, 64, 8, 4),
        divided(1, 2, 16, 2, 1),
    ]
}

/// Parameters after two steps, of which one network rests through all.
fn trained(problem: &Problem, starts: &[Vec<f32>], way: (Strategy, Loads, Tiles)) -> Option<BatchState> {
    let device = gpu::device()?;
    let (strategy, loads, tiles) = way;
    let options =
        GpuOptions { strategy: Some(strategy), loads: Some(loads), tiles: Some(tiles), ..GpuOptions::default() };
    let mut state = BatchState::fresh(starts.to_vec());
    state.networks[0].stop = Some(StopReason::Target);
    let freeze = if problem.recurrent { Vec::new() } else { vec![Group::Recurrent] };
    let settings = vec![NetworkSettings { freeze, ..NetworkSettings::default() }; starts.len()];
    let mut engine = GpuEngine::new(&device, problem, &settings, &state, &options).unwrap();
    (0..2).for_each(|_| engine.step(&vec![Some(0.01); starts.len()]).unwrap());
    Some(engine.state().unwrap())
}

/// Of more and fewer segments than invocations share a sum, whole and not, with and without recurrent weights.
#[test]
fn dividing_sums_changes_no_bit() {
    for (neurons, recurrent) in [(64, true), (150, true), (530, true), (150, false)] {
        let (mut problem, mut starts) = sized_problem(neurons, 12, 5, 2);
        problem.dims.networks = 2;
        problem.recurrent = recurrent;
        if !recurrent {
            starts[0][..neurons * neurons].fill(0.0);
        }
        let starts = vec![starts[0].clone(); 2];
        let mut first = None;
        for way in ways() {
            let Some(found) = trained(&problem, &starts, way) else { return };
            assert!(found.networks[0].parameters == starts[0], "the first network has stopped");
            assert!(found.networks[1].parameters != starts[1], "the second one trains");
            assert!(*first.get_or_insert_with(|| found.clone()) == found, "{neurons} neurons, {recurrent}, {way:?}");
        }
    }
}
