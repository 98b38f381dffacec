//! Tuning: what it finds is remembered and used, and nothing but speed depends on it.

mod cli_support;
mod common;

use aon::bench::Case;
use aon::engine::gpu::{AdapterInfo, Choices, GpuEngine, GpuOptions, Key, Strategy, candidates, tune};
use aon::engine::{BatchState, Engine, NetworkSettings};
use aon::network::Constraint;
use cli_support::aon;
use common::{awkward_problem, gpu};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

#[test]
fn every_candidate_gives_the_bits_of_the_default() {
    let Some(device) = gpu::device() else { return };
    let (problem, start) = awkward_problem(2, Constraint::default(), aon::engine::LossKind::L2);
    let (settings, state) = (vec![NetworkSettings::default(); 2], BatchState::fresh(start));
    let trained = |options: &GpuOptions| {
        let mut engine = GpuEngine::new(&device, &problem, &settings, &state, options).unwrap();
        (0..3).for_each(|_| engine.step(&[Some(0.01); 2]).unwrap());
        engine.state().unwrap()
    };
    let usual = trained(&GpuOptions::default());
    let mut seen = 0;
    let found = tune(&device, &problem, &GpuOptions::default(), |_| seen += 1).unwrap();
    assert!(seen == found.len() && found.is_sorted_by(|a, b| a.seconds <= b.seconds) && found[0].seconds > 0.0);
    // And those of a card with the same limits, whatever their speed here.
    let card = AdapterInfo { software: false, ..device.info().clone() };
    let of_card = candidates(&problem, &card, &GpuOptions::default());
    assert!(of_card.iter().any(|c| c.tiles.unroll == 16) && of_card.iter().any(|c| c.tiles.resident_rows == 3));
    for choice in found.iter().map(|candidate| candidate.choice).chain(of_card) {
        assert!(trained(&choice.apply(&GpuOptions::default())) == usual, "{choice}");
    }
    let forced = GpuOptions { strategy: Some(Strategy::Resident), ..GpuOptions::default() };
    assert!(tune(&device, &problem, &forced, |_| {}).unwrap().iter().all(|c| c.choice.strategy == Strategy::Resident));
}

#[test]
fn what_aon_autotune_finds_is_remembered_and_a_spoilt_file_is_no_error() {
    let Some(device) = gpu::device() else { return };
    let cache = tempfile::tempdir().unwrap();
    let size = ["--neurons", "24", "--conditions", "4", "--time-steps", "60"];
    let tuned = aon().arg("autotune").args(size).env("AON_CACHE_DIR", cache.path()).assert().success();
    let text = String::from_utf8(tuned.get_output().stdout.clone()).unwrap();
    assert!(text.contains("fastest") && text.contains("remembered in"), "{text}");
    let choices = Choices::in_folder(cache.path());
    let case = Case { networks: 1, neurons: 24, conditions: 4, time_steps: 60 };
    let key = Key::new(&case.pose().unwrap().0, device.info(), &GpuOptions::default());
    let choice = choices.find(&key).unwrap().expect("remembered");
    assert!(text.contains(&format!("fastest     {choice}")));

    let bench = |flags: &[&str]| {
        let mut command = aon();
        command.args(["bench", "--engine", "gpu", "--steps", "1", "--json"]).args(size).args(flags);
        command.env("AON_CACHE_DIR", cache.path());
        command.assert().success()
    };
    bench(&[]).stderr(contains("measured anew").not());
    bench(&["--strategy", "resident"]).stdout(contains("\"strategy\":\"resident\""));
    std::fs::write(choices.path(), "spoilt").unwrap();
    bench(&[]).stderr(contains("measured anew"));
    aon().args(["autotune", "--engine", "cpu"]).assert().code(2).stderr(contains("nothing to tune"));
}
