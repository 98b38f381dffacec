//! How commands are submitted changes nothing but when: a dispatch at a time, seven, all at once, or by the device's pace.
#![allow(missing_docs)]

mod common;

use aon::engine::gpu::{GpuOptions, Loads, Strategy, Tiles, Trajectory, Weights};
use common::{exercise, gpu};

#[test]
fn pieces_of_any_size_give_the_same_bits() {
    let Some(device) = gpu::device() else { return };
    let short = Tiles { block: 5, ..Tiles::HARDWARE };
    for (strategy, loads, tiles) in [
        (Strategy::Stepwise, Loads::Texture, None),
        (Strategy::Stepwise, Loads::Storage, None),
        (Strategy::Resident, Loads::Storage, Some(short)),
    ] {
        for (trajectory, bank) in [(Trajectory::F32, None), (Trajectory::F32, Some(2)), (Trajectory::F16, None)] {
            let options = GpuOptions {
                strategy: Some(strategy),
                loads: Some(loads),
                tiles,
                trajectory,
                bank,
                weights: if bank.is_some() { Weights::F16 } else { Weights::F32 },
                ..GpuOptions::default()
            };
            let by_pace = exercise::on(&device, &options);
            for dispatches in [1, 7, usize::MAX] {
                let found = exercise::on(&device, &GpuOptions { dispatches: Some(dispatches), ..options });
                assert!(found == by_pace, "{strategy:?} from {loads:?}: {dispatches} dispatches at once change a bit");
            }
        }
    }
}
