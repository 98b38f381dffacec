//! Every stage of a training step at the reference size, on each engine: `cargo bench --bench stages`.
//!
//! A sample is one whole step timed stage by stage, of which the stage in question counts. The name says engine and
//! networks (`gpu/4`); on a software adapter trials are shorter, and the name says that too.
#![allow(missing_docs)]

use aon::bench::Case;
use aon::engine::Engine;
use aon::engine::cpu::CpuEngine;
use aon::engine::gpu::{GpuDevice, GpuEngine, GpuOptions};
use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

fn stages(criterion: &mut Criterion, name: &str, engine: &mut dyn Engine) {
    let rates = vec![Some(1e-3); engine.dims().networks];
    let warm = engine.profile(&rates).expect("the engine runs");
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(3));
    for (k, stage) in warm.iter().enumerate() {
        group.bench_function(&stage.stage, |bencher| {
            bencher.iter_custom(|steps| {
                let seconds = |_| engine.profile(&rates).expect("the engine runs")[k].seconds;
                Duration::from_secs_f64((0..steps).map(seconds).sum())
            });
        });
    }
    group.finish();
}

fn cpu(criterion: &mut Criterion) {
    for networks in [1, 4] {
        let (problem, settings, state) = Case { networks, ..Case::default() }.pose().expect("the case is sound");
        let mut engine = CpuEngine::<f32>::new(problem, settings, &state, 0).expect("threads start");
        stages(criterion, &format!("cpu/{networks}"), &mut engine);
    }
}

/// The best adapter, a software one if there is no other.
fn gpu(criterion: &mut Criterion) {
    let device = match GpuDevice::open(None, true) {
        Ok(device) => device,
        Err(error) => {
            println!("The stages of the GPU engine were not measured: {error}");
            return;
        }
    };
    let reference = Case::default();
    let cases = if device.info().software {
        vec![("gpu/1/100 steps".to_string(), Case { time_steps: 100, ..reference })]
    } else {
        [1, 4, 64].map(|networks| (format!("gpu/{networks}"), Case { networks, ..reference })).to_vec()
    };
    for (name, case) in cases {
        let (problem, settings, state) = case.pose().expect("the case is sound");
        let mut engine = GpuEngine::new(&device, &problem, &settings, &state, &GpuOptions::default())
            .expect("the device holds the case");
        stages(criterion, &name, &mut engine);
    }
}

criterion_group!(benches, cpu, gpu);
criterion_main!(benches);
